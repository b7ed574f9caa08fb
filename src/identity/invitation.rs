//! Invitations to the portal: a printed code by which a patient makes their own account.
//!
//! A code belongs to one patient and their birth date, is good once and for two weeks, and ends after ten wrong birth
//! dates, whoever types them. Of the code a keyed tag is stored. Making, using, revoking and every wrong try are entries in
//! the access log; a wrong code and a wrong birth date get the same answer.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::accounts::{FirstPassword, NewAccount};
use super::password::{readable, typed};
use super::rows::INVITATIONS;
use super::throttle::{self, Throttle};
use super::{AccountKind, AccountRow, By, Identity, IdentityError, after};
use crate::audit::{Action, AuditedTx, Event, Outcome, Purpose, TouchKind, Touched};
use crate::base::{FhirId, ResourceRef, Role, Secret, Timestamp};
use crate::crypto::Tag;
use crate::store::{Direction, KeyRange, ReadExt, Record, StoreError};

/// How long a code is good.
pub const INVITATION_LASTS: Duration = Duration::from_secs(14 * 24 * 3600);
/// How long one that has ended is still shown at the desk.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);
/// After so many wrong birth dates a code has ended.
pub const INVITATION_TRIES: u8 = 10;
/// Fifteen of 29 characters: 72 bits.
const LENGTH: usize = 15;
const DOMAIN: &str = "invitation";

/// An invitation as it stands in the store, under the tag of its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    pub patient: FhirId,
    /// As in the Patient, when the invitation was made.
    pub born: String,
    /// What the account will be called.
    pub name: String,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub made: Timestamp,
    /// Wrong birth dates so far.
    pub tries: u8,
    pub state: InvitationState,
}
impl Record for Invitation {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum InvitationState {
    Open,
    Used,
    Revoked,
}

impl Invitation {
    /// The first moment at which it is good no more.
    pub fn ends(&self) -> Timestamp {
        after(self.made, INVITATION_LASTS)
    }

    pub fn is_good(&self, now: Timestamp) -> bool {
        self.state == InvitationState::Open && self.tries < INVITATION_TRIES && now < self.ends()
    }

    /// Whether what was typed, `yyyy-mm-dd` or a year, is the birth date: as far as both are known.
    fn is_born(&self, typed: &str) -> bool {
        let both = typed.len().min(self.born.len());
        both >= 4 && typed.get(..both) == self.born.get(..both) && typed.len() >= self.born.len()
    }

    fn event(&self, by: &By, what: &str) -> Event {
        let mut event = by.event(Action::Invite, Some(what.to_owned()));
        // It is the desk's work, and not the looking after of the system.
        event.purpose = Purpose::PatAdmin;
        let reference = ResourceRef::new("Patient", &self.patient).ok();
        let touched = Touched::new(Some(self.patient.clone()), TouchKind::System, reference.into_iter().collect());
        event.touch(&[touched]);
        event
    }
}

/// Whom an invitation is for.
#[derive(Debug, Clone)]
pub struct Invited {
    pub patient: FhirId,
    /// A FHIR `date`.
    pub born: String,
    pub name: String,
}

/// What somebody typed to show that an invitation is theirs.
#[derive(Debug, Clone)]
pub struct Shown {
    pub code: Secret<String>,
    /// `yyyy-mm-dd`, `yyyy-mm` or `yyyy`.
    pub born: String,
    pub origin: Option<IpAddr>,
}

/// What they choose.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub user_name: String,
    pub password: Secret<String>,
}

impl Identity {
    /// Makes a code and answers with it, in groups of five characters: it is shown once. Any earlier one of the patient ends.
    pub async fn invite(&self, invited: Invited, by: By) -> Result<(Secret<String>, Invitation), IdentityError> {
        let code = Secret::new(readable(self.ambient(), LENGTH));
        let tag = self.invitation_tag(&code);
        let Invited { patient, born, name } = invited;
        let invitation = Invitation { patient, born, name, made: self.now(), tries: 0, state: InvitationState::Open };
        let row = invitation.clone();
        let write = self.write(move |tx| {
            end_all(tx, &row.patient)?;
            tx.put(&INVITATIONS, &(*tag.as_bytes(),), &row)?;
            tx.append(row.event(&by, "made"))?;
            Ok(())
        });
        write.await?;
        Ok((code, invitation))
    }

    /// Ends the invitations of a patient; answers with how many there were.
    pub async fn revoke_invitations(&self, patient: FhirId, by: By) -> Result<usize, IdentityError> {
        if self.invitations_of(&patient)?.iter().all(|one| one.state != InvitationState::Open) {
            return Ok(0);
        }
        self.write_essential(move |tx| {
            let ended = end_all(tx, &patient)?;
            if ended.is_empty() {
                // Somebody else was quicker.
                tx.append(by.event(Action::Invite, Some("nothing to take back".to_owned())))?;
            }
            for one in &ended {
                tx.append(one.event(&by, "revoked"))?;
            }
            Ok(ended.len())
        })
        .await
    }

    /// The invitations of a patient, newest first.
    pub fn invitations_of(&self, patient: &FhirId) -> Result<Vec<Invitation>, StoreError> {
        let read = self.read()?;
        let rows = read.scan(&INVITATIONS, KeyRange::all(), Direction::Up)?;
        let mut found: Vec<Invitation> = rows.map(|row| row.map(|(_, row)| row)).collect::<Result<_, _>>()?;
        found.retain(|one| one.patient == *patient);
        found.sort_by_key(|one| std::cmp::Reverse(one.made));
        Ok(found)
    }

    /// Whether an invitation is theirs who show this. It stays good.
    ///
    /// # Errors
    /// [`IdentityError::WrongInvitation`], [`IdentityError::InvitationEnded`], [`IdentityError::Wait`].
    pub async fn check_invitation(&self, shown: &Shown) -> Result<Invitation, IdentityError> {
        let throttles = self.door(shown.origin);
        self.heard(&throttles, shown.origin).await?;
        let (tag, now, shown) = (self.invitation_tag(&shown.code), self.now(), shown.clone());
        self.write_essential(move |tx| {
            let found = match judged(tx, tag, &shown, &throttles, now)? {
                Ok((_, found)) => found,
                Err(refused) => return Ok(Err(refused)),
            };
            tx.append(found.event(&By::anonymous(shown.origin), "shown"))?;
            Ok(Ok(found))
        })
        .await?
    }

    /// Makes the account of somebody who was invited. The invitation is used up.
    ///
    /// # Errors
    /// As [`Identity::check_invitation`], and those of a name or password that cannot be taken; then it stays good.
    pub async fn accept_invitation(&self, shown: &Shown, chosen: Chosen) -> Result<AccountRow, IdentityError> {
        let invitation = self.check_invitation(shown).await?;
        let new = NewAccount {
            user_name: chosen.user_name,
            display_name: invitation.name.clone(),
            kind: AccountKind::Person(Role::Patient),
            person: ResourceRef::new("Patient", &invitation.patient).ok(),
            password: FirstPassword::Own(chosen.password),
        };
        let prepared = self.prepare_account(new).await?;
        let throttles = self.door(shown.origin);
        let (tag, now, shown) = (self.invitation_tag(&shown.code), self.now(), shown.clone());
        let by = By::anonymous(shown.origin);
        self.write(move |tx| {
            let (key, mut row) = match judged(tx, tag, &shown, &throttles, now)? {
                Ok(found) => found,
                Err(refused) => return Ok(Err(refused)),
            };
            let account = prepared.write(tx, &by)?;
            row.state = InvitationState::Used;
            tx.put(&INVITATIONS, &key, &row)?;
            tx.append(row.event(&by, "used"))?;
            Ok(Ok(account))
        })
        .await?
    }

    /// Whether a patient has an account that can be signed in with.
    pub fn has_account(&self, patient: &FhirId) -> Result<bool, StoreError> {
        let Ok(person) = ResourceRef::new("Patient", patient) else { return Ok(false) };
        Ok(self.accounts_of_person(&person)?.iter().any(AccountRow::is_enabled))
    }

    fn door(&self, origin: Option<IpAddr>) -> Vec<Throttle> {
        origin.map(Throttle::address).into_iter().collect()
    }

    fn invitation_tag(&self, code: &Secret<String>) -> Tag {
        let code = Secret::new(typed(code.expose()));
        self.key.tag(DOMAIN, code.expose().as_bytes())
    }
}

type Key = ([u8; 32],);

/// The invitation that is shown, if it is good and theirs; a wrong try is counted and written down.
fn judged(
    tx: &mut AuditedTx<'_, '_>,
    tag: Tag,
    shown: &Shown,
    throttles: &[Throttle],
    now: Timestamp,
) -> Result<Result<(Key, Invitation), IdentityError>, IdentityError> {
    let key = (*tag.as_bytes(),);
    let Some(mut found) = tx.get(&INVITATIONS, &key)? else {
        throttle::failed(tx, throttles, now)?;
        tx.count_failure(shown.origin, Action::Invite)?;
        return Ok(Err(IdentityError::WrongInvitation));
    };
    if !found.is_born(&shown.born) {
        throttle::failed(tx, throttles, now)?;
        if found.is_good(now) {
            found.tries += 1;
            tx.put(&INVITATIONS, &key, &found)?;
        }
        tx.append(found.event(&By::anonymous(shown.origin), "wrong birth date").outcome(Outcome::Denied))?;
        return Ok(Err(IdentityError::WrongInvitation));
    }
    if !found.is_good(now) {
        tx.append(found.event(&By::anonymous(shown.origin), "ended before").outcome(Outcome::Denied))?;
        return Ok(Err(IdentityError::InvitationEnded));
    }
    Ok(Ok((key, found)))
}

/// Ends every open invitation of a patient, and answers with them.
fn end_all(tx: &mut AuditedTx<'_, '_>, patient: &FhirId) -> Result<Vec<Invitation>, StoreError> {
    let rows = tx.scan(&INVITATIONS, KeyRange::all(), Direction::Up)?;
    let all: Vec<(Key, Invitation)> = rows.collect::<Result<_, _>>()?;
    let mut ended = Vec::new();
    for (key, mut one) in all {
        if one.patient == *patient && one.state == InvitationState::Open {
            one.state = InvitationState::Revoked;
            tx.put(&INVITATIONS, &key, &one)?;
            ended.push(one);
        }
    }
    Ok(ended)
}

/// Whether a row says nothing any more.
pub(super) fn is_forgotten(one: &Invitation, now: Timestamp) -> bool {
    after(one.ends(), REMEMBERED) <= now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Audit;
    use crate::base::{Ambient, ManualClock, SeededRandom};
    use crate::identity::Settings;
    use crate::store::{Store, Value};

    fn identity() -> (Identity, ManualClock) {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock.clone(), SeededRandom::new(5)));
        (Identity::new(audit, crate::crypto::MacKey::new(Secret::new([7; 32])), Settings::default()), clock)
    }

    async fn invited(identity: &Identity) -> Secret<String> {
        let invited =
            Invited { patient: FhirId::parse("p1").unwrap(), born: "1967-05-09".into(), name: "Halina B".into() };
        identity.invite(invited, By::system("test")).await.unwrap().0
    }

    fn shown(code: &Secret<String>, born: &str) -> Shown {
        Shown { code: code.clone(), born: born.into(), origin: None }
    }

    fn chosen(name: &str) -> Chosen {
        Chosen { user_name: name.into(), password: Secret::new("correct horse battery staple 9".into()) }
    }

    #[tokio::test]
    async fn a_code_makes_one_account_for_whoever_knows_the_birth_date() {
        let (identity, _) = identity();
        let code = invited(&identity).await;
        assert_eq!(code.expose().len(), 17, "three groups of five");
        let loose = Secret::new(code.expose().to_lowercase().replace('-', " "));
        assert!(identity.check_invitation(&shown(&loose, "1967-05-09")).await.is_ok());
        for born in ["1967-05-10", "1967", "1967-05", ""] {
            let wrong = identity.check_invitation(&shown(&code, born)).await;
            assert!(matches!(wrong, Err(IdentityError::WrongInvitation)), "{born}: {wrong:?}");
        }
        let other = Secret::new("AAAAA-AAAAA-AAAAA".to_owned());
        assert!(matches!(
            identity.check_invitation(&shown(&other, "1967-05-09")).await,
            Err(IdentityError::WrongInvitation)
        ));
        let weak = Chosen { password: Secret::new("halina".into()), ..chosen("halina") };
        assert!(matches!(
            identity.accept_invitation(&shown(&code, "1967-05-09"), weak).await,
            Err(IdentityError::Weak(_))
        ));
        let account = identity.accept_invitation(&shown(&code, "1967-05-09"), chosen("halina")).await.unwrap();
        assert_eq!((account.role(), account.person.unwrap().as_str()), (Some(Role::Patient), "Patient/p1"));
        assert!(identity.has_account(&FhirId::parse("p1").unwrap()).unwrap());
        let again = identity.accept_invitation(&shown(&code, "1967-05-09"), chosen("other")).await;
        assert!(matches!(again, Err(IdentityError::InvitationEnded)), "{again:?}");
    }

    #[tokio::test]
    async fn ten_wrong_birth_dates_end_it_and_so_do_two_weeks_and_the_desk() {
        let (identity, clock) = identity();
        let code = invited(&identity).await;
        for _ in 0..INVITATION_TRIES {
            assert!(identity.check_invitation(&shown(&code, "1967-05-10")).await.is_err());
        }
        let ended = identity.check_invitation(&shown(&code, "1967-05-09")).await;
        assert!(matches!(ended, Err(IdentityError::InvitationEnded)), "{ended:?}");
        let code = invited(&identity).await;
        clock.advance(INVITATION_LASTS);
        assert!(matches!(
            identity.check_invitation(&shown(&code, "1967-05-09")).await,
            Err(IdentityError::InvitationEnded)
        ));
        let (one, two) = (invited(&identity).await, invited(&identity).await);
        assert!(matches!(
            identity.check_invitation(&shown(&one, "1967-05-09")).await,
            Err(IdentityError::InvitationEnded)
        ));
        assert!(identity.check_invitation(&shown(&two, "1967-05-09")).await.is_ok());
        let patient = FhirId::parse("p1").unwrap();
        assert_eq!(identity.revoke_invitations(patient.clone(), By::system("test")).await.unwrap(), 1);
        assert!(matches!(
            identity.check_invitation(&shown(&two, "1967-05-09")).await,
            Err(IdentityError::InvitationEnded)
        ));
        assert_eq!(identity.invitations_of(&patient).unwrap().len(), 4);
    }

    #[test]
    fn a_birth_date_of_which_a_year_is_known_is_that_year() {
        let row = |born: &str| Invitation {
            patient: FhirId::parse("p").unwrap(),
            born: born.into(),
            name: String::new(),
            made: Timestamp::UNIX_EPOCH,
            tries: 0,
            state: InvitationState::Open,
        };
        assert!(row("1967").is_born("1967-05-09") && row("1967").is_born("1967"));
        assert!(!row("1967").is_born("1968-05-09") && !row("1967-05-09").is_born("1967"));
        assert!(!row("").is_born("") && !row("1967").is_born("196"));
    }

    #[test]
    fn the_bytes_of_an_invitation_are_these() {
        let row = Invitation {
            patient: FhirId::parse("p1").unwrap(),
            born: "1967".into(),
            name: "H".into(),
            made: Timestamp::from_millisecond(3).unwrap(),
            tries: 2,
            state: InvitationState::Used,
        };
        let golden = [&[1, 2][..], b"p1", &[4], b"1967", &[1], b"H", &[6, 2, 1]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(Invitation::from_stored(golden.into()).unwrap(), row);
    }
}
