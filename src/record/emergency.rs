//! Emergencies: somebody opens a record that is not open to them, says why, and it ends by itself.
//!
//! An emergency is one account's, for one patient, until a time. It is asked of the policy with every request
//! ([`Facts::break_glass`](crate::access::Facts::break_glass)), so that its end, by the clock or by hand, counts from the next
//! request on. What is read meanwhile stands in the chain with the reason that was given.

use serde::{Deserialize, Serialize};

use super::acting::{ActError, Inside};
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::joined;
use super::kept::Known;
use super::numbers::{find, row};
use super::pace::Pace;
use super::reading::Reading;
use super::rows::State;
use super::{Records, Why, event};
use crate::access::{Actor, BreakGlass, Sensitivity};
use crate::audit::{AuditedTx, Event, Outcome, Purpose, TouchKind, Touched};
use crate::base::{AccountId, ActorRef, FhirId, ResourceRef, Role, Timestamp};
use crate::fhir::ResourceType;
use crate::store::{Desc, Direction, KeyRange, Read, ReadExt, Record, StoreError, Table, tables};

/// By account, newest first.
const EMERGENCIES: Table<(AccountId, Desc<i64>, FhirId), Emergency> = Table::new(tables::EMERGENCIES);

/// The longest that one lasts, in minutes.
pub const LONGEST_MINUTES: u16 = 60;
/// How many of an account's newest are asked for one that holds: more than it can have open.
const NEWEST: usize = 64;
/// The most that a list goes through.
const MOST: usize = 5_000;

/// One emergency, as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    pub id: FhirId,
    pub account: AccountId,
    pub patient: FhirId,
    /// As it was stated; it is never empty.
    pub reason: Box<str>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub since: Timestamp,
    /// The first moment at which it holds no more.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub until: Timestamp,
    /// When it was ended before its time.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    pub ended: Option<Timestamp>,
    pub review: Option<Review>,
}
impl Record for Emergency {}

/// What the health administrator says of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub by: AccountId,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    pub verdict: Verdict,
    pub note: Box<str>,
}

/// Whether it was right to open the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    Justified,
    NotJustified,
}

impl Verdict {
    pub const ALL: [Self; 2] = [Self::Justified, Self::NotJustified];

    /// In forms.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Justified => "justified",
            Self::NotJustified => "not-justified",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.code() == code)
    }
}

impl Emergency {
    /// The first moment at which it holds no more, however that comes.
    pub fn end(&self) -> Timestamp {
        self.ended.map_or(self.until, |ended| ended.min(self.until))
    }

    pub fn holds(&self, now: Timestamp) -> bool {
        self.since <= now && now < self.end()
    }
}

/// Why nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmergencyError {
    #[error("somebody has said already what they think of this")]
    Reviewed,
    #[error("whoever opened a record does not judge it")]
    Own,
}

/// This account's for this patient, if there is one that holds.
pub(super) fn of_account(read: &(impl Read + ?Sized), account: AccountId) -> Result<Vec<Emergency>, StoreError> {
    let rows = read.scan(&EMERGENCIES, KeyRange::prefix(&(account,)), Direction::Up)?;
    rows.take(NEWEST).map(|row| row.map(|(_, one)| one)).collect()
}

/// As the policy takes them.
pub(super) fn facts(read: &dyn Read, known: Known<'_>, who: &ActorRef) -> Result<Vec<BreakGlass>, StoreError> {
    let Some(account) = who.account else { return Ok(Vec::new()) };
    let all = known.emergencies(read, account)?;
    let told = |one: &Emergency| BreakGlass {
        until: one.end(),
        patient: one.patient.clone(),
        reason: one.reason.clone(),
        since: one.since,
    };
    Ok(all.iter().map(told).collect())
}

/// Says in an event that what it touched was open in an emergency, and why.
pub(super) fn mark(
    (read, known): (&dyn Read, Known<'_>),
    actor: &Actor,
    now: Timestamp,
    event: &mut Event,
) -> Result<(), RecordError> {
    let (Some(account), Some(Role::Clinician | Role::Nurse)) = (actor.account(), actor.role()) else { return Ok(()) };
    let all = known.emergencies(read, account)?;
    let mut live = all.iter().filter(|one| one.holds(now)).peekable();
    if live.peek().is_none() {
        return Ok(());
    }
    let opens = |touched: &Touched| match touched.kind {
        TouchKind::Listed => touched.resources.iter().any(|one| one.type_name() != ResourceType::Patient.name()),
        _ => true,
    };
    let about = |one: &&Emergency| {
        event.touched().iter().any(|touched| touched.patient.as_ref() == Some(&one.patient) && opens(touched))
    };
    if let Some(one) = live.find(about) {
        event.purpose = Purpose::Btg;
        event.detail.reason = Some(match event.detail.reason.take() {
            Some(own) => format!("{own}; {}", one.reason),
            None => one.reason.to_string(),
        });
    }
    Ok(())
}

/// What is written down when a record is opened in an emergency.
#[derive(Debug, Clone)]
pub struct Declared {
    pub id: FhirId,
    pub patient: FhirId,
    pub reason: Box<str>,
    /// No more than [`LONGEST_MINUTES`].
    pub minutes: u16,
}

impl Inside<'_, '_, '_> {
    /// Opens a record for an account from now on. An earlier one for the same patient ends.
    pub fn declare(&mut self, account: AccountId, declared: Declared) -> Result<Emergency, RecordError> {
        let now = self.now();
        let Declared { id, patient, reason, minutes } = declared;
        self.end_emergencies(account, &patient)?;
        let minutes = i64::from(minutes.clamp(1, LONGEST_MINUTES));
        let until = now.saturating_add(jiff::SignedDuration::from_mins(minutes)).unwrap_or(now);
        let one = Emergency { id, account, patient, reason, since: now, until, ended: None, review: None };
        self.put_emergency(&one)?;
        Ok(one)
    }

    /// One of before, for the invented life of a demo.
    pub fn invent_emergency(&mut self, one: &Emergency) -> Result<(), RecordError> {
        self.put_emergency(one)
    }

    /// Ends what an account has open of a patient. Answers with how many that were.
    pub fn end_emergencies(&mut self, account: AccountId, patient: &FhirId) -> Result<usize, RecordError> {
        let now = self.now();
        let mut ended = 0;
        for mut one in of_account(self.rows(), account)? {
            if one.patient == *patient && one.holds(now) {
                one.ended = Some(now);
                self.put_emergency(&one)?;
                ended += 1;
            }
        }
        Ok(ended)
    }

    /// Keeps what the health administrator says, once.
    pub fn review_emergency(
        &mut self,
        of: (AccountId, &FhirId),
        review: Review,
    ) -> Result<(), ActError<EmergencyError>> {
        let (account, id) = of;
        let rows = self.rows().scan(&EMERGENCIES, KeyRange::prefix(&(account,)), Direction::Up)?;
        let found = rows.map(|row| row.map(|(_, one)| one)).find(|row| row.as_ref().map_or(true, |one| one.id == *id));
        let mut one = found.transpose()?.ok_or(RecordError::NotFound)?;
        if one.review.is_some() {
            return Err(ActError::Told(EmergencyError::Reviewed));
        }
        if one.account == review.by {
            return Err(ActError::Told(EmergencyError::Own));
        }
        one.review = Some(review);
        Ok(self.put_emergency(&one)?)
    }

    fn put_emergency(&mut self, one: &Emergency) -> Result<(), RecordError> {
        let key = (one.account, Desc(one.since.as_millisecond()), one.id.clone());
        Ok(self.rows().put(&EMERGENCIES, &key, one)?)
    }
}

/// All of them, newest first.
fn all(read: &dyn Read) -> Result<Vec<Emergency>, StoreError> {
    let rows = read.scan(&EMERGENCIES, KeyRange::all(), Direction::Up)?;
    let mut all: Vec<Emergency> = rows.take(MOST).map(|row| row.map(|(_, one)| one)).collect::<Result<_, _>>()?;
    all.sort_by_key(|one| std::cmp::Reverse(one.since));
    Ok(all)
}

impl Reading<'_> {
    /// All emergencies, newest first, for who answers for the log.
    pub fn emergencies(&mut self) -> Result<Undisclosed<Vec<Emergency>>, RecordError> {
        let scope = self.scope(ResourceType::AuditEvent)?;
        if scope.patient().is_some() || !scope.allows(None, Sensitivity::NORMAL) {
            return Err(RecordError::NotFound);
        }
        let found = all(self.read)?;
        Ok(self.covered(found, Vec::new()))
    }

    /// Those in which this patient's record was opened, newest first, for whoever sees who looked at it.
    pub fn emergencies_about(&mut self, patient: &FhirId) -> Result<Undisclosed<Vec<Emergency>>, RecordError> {
        if !self.scope(ResourceType::AuditEvent)?.allows(Some(patient), Sensitivity::NORMAL) {
            self.refuse(patient);
            return Err(RecordError::NotFound);
        }
        let mut found = all(self.read)?;
        found.retain(|one| one.patient == *patient);
        Ok(self.covered(found, Vec::new()))
    }
}

impl Records {
    /// The emergency in which this actor has a patient's record open now.
    pub fn emergency_of(&self, actor: &Actor, patient: &FhirId) -> Result<Option<Emergency>, RecordError> {
        let Some(account) = actor.account() else { return Ok(None) };
        let now = self.audit().ambient().now();
        let all = of_account(&self.audit().read()?, account)?;
        Ok(all.into_iter().find(|one| one.patient == *patient && one.holds(now)))
    }

    /// An act on rows of the house about one patient who is there, without a change of any resource: `first` does it, and
    /// the entry says whose record it is about.
    pub async fn act_about<T, E>(
        &self,
        actor: &Actor,
        why: Why,
        patient: &FhirId,
        first: impl FnOnce(&mut Inside<'_, '_, '_>) -> Result<T, ActError<E>> + Send + 'static,
    ) -> Result<T, ActError<E>>
    where
        T: Send + 'static,
        E: std::error::Error + Send + 'static,
    {
        let now = self.audit().ambient().now();
        let resource: Vec<ResourceRef> =
            ResourceRef::new(ResourceType::Patient.name(), patient).ok().into_iter().collect();
        let touched = Touched::new(Some(patient.clone()), why.action.usual_kind(), resource);
        let done = event(actor, &why).touching(std::slice::from_ref(&touched));
        let patient = patient.clone();
        let write = self.audit().write(move |tx: &mut AuditedTx<'_, '_>| {
            let number = find(&**tx, ResourceType::Patient, &patient)?.ok_or(RecordError::NotFound)?;
            if row(&**tx, number)?.state != State::Live {
                return Err(RecordError::NotFound.into());
            }
            if let Some(to) = joined::goes_on_as(&**tx, number)? {
                return Err(RecordError::Joined(to).into());
            }
            let told = first(&mut Inside::new(tx, now, Pace::unbounded()))?;
            tx.append(done).map_err(RecordError::from)?;
            Ok::<_, ActError<E>>(told)
        });
        match write.await {
            Ok((told, _)) => Ok(told),
            Err(error) => {
                let outcome = match &error {
                    ActError::Record(error) => super::outcome_of(error),
                    ActError::Told(_) => Outcome::Failed,
                };
                let event = event(actor, &why).outcome(outcome).touching(&[touched]);
                drop(self.audit().commit(vec![event]).await.map_err(RecordError::from)?);
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Value;

    #[test]
    fn the_bytes_of_an_emergency_are_these() {
        let at = |ms| Timestamp::from_millisecond(ms).unwrap();
        let account = AccountId::from_bytes([1; 16]);
        let review =
            Review { by: AccountId::from_bytes([2; 16]), at: at(4), verdict: Verdict::NotJustified, note: "n".into() };
        let row = Emergency {
            id: FhirId::parse("e").unwrap(),
            account,
            patient: FhirId::parse("p").unwrap(),
            reason: "r".into(),
            since: at(1),
            until: at(2),
            ended: None,
            review: Some(review),
        };
        let bytes = row.to_stored().unwrap();
        assert_eq!(Emergency::from_stored(bytes.clone().into()).unwrap(), row);
        let golden =
            [&[1, 1, b'e', 16][..], &[1; 16], &[1, b'p', 1, b'r', 2, 4, 0, 1, 16], &[2; 16], &[8, 1, 1, b'n']].concat();
        assert_eq!(bytes, golden);
    }

    #[test]
    fn one_that_was_ended_holds_no_more() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let one = Emergency {
            id: FhirId::parse("e").unwrap(),
            account: AccountId::from_bytes([1; 16]),
            patient: FhirId::parse("p").unwrap(),
            reason: "r".into(),
            since: at(10),
            until: at(20),
            ended: None,
            review: None,
        };
        assert!(!one.holds(at(9)) && one.holds(at(10)) && one.holds(at(19)) && !one.holds(at(20)));
        let ended = Emergency { ended: Some(at(15)), ..one };
        assert!(ended.holds(at(14)) && !ended.holds(at(15)));
    }
}
