//! Notices by e-mail: who wants which, and what waits to be sent.
//!
//! An account says yes to kinds of notices; then each such notice puts a row into the queue, in the transaction that tells
//! it. A row holds the account, the kind and an id: address and language are looked up when it is sent, and whether what it is
//! about is sealed from who would hear of it. Rows outlive restarts; a letter that cannot be sent is tried again, later each time,
//! and given up after some days or when it is the letter's own fault. What was given up stays for a while, so that somebody can be told how many there were and why.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Kind, Notice, Whom};
use crate::base::{AccountId, FhirId, ResourceRef, Timestamp};
use crate::store::{
    CodecError, Direction, KeyRange, Read, ReadExt, Record, StoreError, Table, Tx, decode_body, tables,
};

/// The microsecond in which it was told, or the next free one → the letter to be.
const MAILS: Table<(u64,), Mail> = Table::new(tables::MAILS);
/// Reader of notices, account → which of them it wants.
const WISHES: Table<(String, AccountId), Wish> = Table::new(tables::MAIL_WISHES);

/// So long what was given up is counted.
const COUNTED_DAYS: i64 = 30;
/// The first pause after a failure; each later one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_secs(6 * 3600);

/// Kinds of notices that are switched together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Reminders before visits.
    Reminders,
    /// That a visit was booked, changed or offered.
    Visits,
    Messages,
    Results,
    /// Answers to what one asked for, and corrections.
    Requests,
    /// That a record was opened in an emergency, or a share was.
    Security,
}

impl Group {
    pub const ALL: [Self; 6] =
        [Self::Reminders, Self::Visits, Self::Messages, Self::Results, Self::Requests, Self::Security];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Reminders => "reminders",
            Self::Visits => "visits",
            Self::Messages => "messages",
            Self::Results => "results",
            Self::Requests => "requests",
            Self::Security => "security",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Reminders => 1,
            Self::Visits => 1 << 1,
            Self::Messages => 1 << 2,
            Self::Results => 1 << 3,
            Self::Requests => 1 << 4,
            Self::Security => 1 << 5,
        }
    }

    /// `None` for what the clinic is told: that stays in the house.
    pub const fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::VisitReminder => Self::Reminders,
            Kind::VisitBooked
            | Kind::VisitChanged
            | Kind::VisitCancelled
            | Kind::VisitNotOffered
            | Kind::VisitOffered
            | Kind::WaitlistOffer => Self::Visits,
            Kind::MessageNew => Self::Messages,
            Kind::ResultReleased | Kind::ResultTakenBack | Kind::DocumentNew => Self::Results,
            Kind::EmergencyAccess
            | Kind::ShareOpened
            | Kind::ShareEnded
            | Kind::ProxyChanged
            | Kind::AccessAnswered => Self::Security,
            kind if kind.is_for_patients() => Self::Requests,
            _ => return None,
        })
    }
}

/// What an account wants by e-mail, of the notices to one reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    groups: u8,
    /// Whose `telecom` has the address: a Patient, or the RelatedPerson who acts for one.
    pub person: ResourceRef,
}
impl Record for Wish {}

impl Wish {
    pub fn new(groups: &[Group], person: ResourceRef) -> Self {
        Self { groups: groups.iter().fold(0, |bits, group| bits | group.bit()), person }
    }

    pub const fn has(&self, group: Group) -> bool {
        self.groups & group.bit() != 0
    }
}

/// What an account wished, if it wished anything.
pub fn wish(read: &(impl Read + ?Sized), of: &Whom, account: AccountId) -> Result<Option<Wish>, StoreError> {
    read.get(&WISHES, &(of.key(), account))
}

pub fn set_wish(tx: &mut Tx<'_>, of: &Whom, account: AccountId, wish: &Wish) -> Result<(), StoreError> {
    let key = (of.key(), account);
    if wish.groups == 0 { tx.delete(&WISHES, &key) } else { tx.put(&WISHES, &key, wish) }
}

/// A letter to be, or one that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    pub account: AccountId,
    pub person: ResourceRef,
    kind: u8,
    tries: u32,
    /// When it is tried next.
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    next: Timestamp,
    /// What went wrong last, by the number that the sender of mails gives it.
    fault: Option<u8>,
    given_up: bool,
    about: Option<Box<str>>,
}

/// The first version did not say what it was about.
#[derive(Deserialize)]
struct MailOf1 {
    account: AccountId,
    person: ResourceRef,
    kind: u8,
    tries: u32,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    next: Timestamp,
    fault: Option<u8>,
    given_up: bool,
}

impl Record for Mail {
    const VERSION: u8 = 2;

    fn migrate(version: u8, bytes: &[u8]) -> Result<Self, CodecError> {
        match version {
            1 => {
                let MailOf1 { account, person, kind, tries, next, fault, given_up } = decode_body(version, bytes)?;
                Ok(Self { account, person, kind, tries, next, fault, given_up, about: None })
            }
            _ => Err(CodecError::Record(version)),
        }
    }
}

impl Mail {
    pub fn kind(&self) -> Option<Kind> {
        Kind::from_number(self.kind)
    }

    /// The id of what the notice is about.
    pub fn about(&self) -> Option<FhirId> {
        self.about.as_deref().and_then(|id| FhirId::parse(id).ok())
    }
}

/// Puts letters into the queue for a notice, in the transaction that tells it.
pub(super) fn enqueue(tx: &mut Tx<'_>, notice: &Notice, now: Timestamp) -> Result<(), StoreError> {
    let Notice { to, kind, about } = notice;
    let Some(group) = Group::of(*kind) else { return Ok(()) };
    let about = about.as_ref().map(|id| Box::<str>::from(id.as_str()));
    let wishes: Vec<(AccountId, Wish)> = tx
        .scan(&WISHES, KeyRange::prefix(&(to.key(),)), Direction::Up)?
        .map(|row| row.map(|((_, account), wish)| (account, wish)))
        .collect::<Result<_, _>>()?;
    for (account, wish) in wishes.into_iter().filter(|(_, wish)| wish.has(group)) {
        let mut number = u64::try_from(now.as_microsecond()).unwrap_or(0);
        while tx.contains(&MAILS, &(number,))? {
            number += 1;
        }
        let person = wish.person;
        let (kind, about) = (kind.number(), about.clone());
        let mail = Mail { account, person, kind, tries: 0, next: now, fault: None, given_up: false, about };
        tx.put(&MAILS, &(number,), &mail)?;
    }
    Ok(())
}

/// Letters whose time has come, oldest first.
pub fn due(read: &(impl Read + ?Sized), now: Timestamp, most: usize) -> Result<Vec<(u64, Mail)>, StoreError> {
    let all = read.scan(&MAILS, KeyRange::all(), Direction::Up)?.map(|row| row.map(|((number,), mail)| (number, mail)));
    all.filter(|row| row.as_ref().map_or(true, |(_, mail)| !mail.given_up && mail.next <= now)).take(most).collect()
}

/// It was sent, or nobody wants it any more.
pub fn done(tx: &mut Tx<'_>, number: u64) -> Result<(), StoreError> {
    tx.delete(&MAILS, &(number,))
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    TryAgain,
    GiveUp,
}

/// It was not sent. It is given up at once, or when it has waited for so many days.
pub fn failed(
    tx: &mut Tx<'_>,
    number: u64,
    fault: u8,
    after: After,
    give_up_days: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(mut mail) = tx.get(&MAILS, &(number,))? else { return Ok(()) };
    let waited = now.as_second() - told_at(number).as_second();
    mail.fault = Some(fault);
    mail.tries = mail.tries.saturating_add(1);
    mail.given_up = after == After::GiveUp || waited >= i64::from(give_up_days) * 86_400;
    let pause = FIRST_PAUSE.saturating_mul(1 << (mail.tries - 1).min(20)).min(LONGEST_PAUSE);
    let pause = jiff::SignedDuration::try_from(pause).unwrap_or_default();
    mail.next = now.saturating_add(pause).unwrap_or(now);
    tx.put(&MAILS, &(number,), &mail)
}

/// Takes away everything that waits: nobody sends it.
pub fn cleared(tx: &mut Tx<'_>) -> Result<usize, StoreError> {
    let all: Vec<(u64,)> = tx
        .scan(&MAILS, KeyRange::all(), Direction::Up)?
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    all.iter().try_for_each(|key| tx.delete(&MAILS, key))?;
    Ok(all.len())
}

/// Takes away what was given up long ago.
pub(super) fn swept(tx: &mut Tx<'_>, now: Timestamp) -> Result<(), StoreError> {
    let old = |number: u64, mail: &Mail| {
        mail.given_up && now.as_second() - told_at(number).as_second() > COUNTED_DAYS * 86_400
    };
    let all: Vec<(u64,)> = tx
        .scan(&MAILS, KeyRange::all(), Direction::Up)?
        .filter(|row| row.as_ref().map_or(true, |((number,), mail)| old(*number, mail)))
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    all.iter().try_for_each(|key| tx.delete(&MAILS, key))
}

/// How the queue stands: numbers alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Queue {
    pub waiting: usize,
    /// Of these, how many were tried in vain already.
    pub troubled: usize,
    /// What went wrong last with one that waits.
    pub fault: Option<u8>,
    /// Since when the oldest of them waits.
    pub oldest: Option<Timestamp>,
    /// Given up in the last 30 days: how many, by fault.
    pub given_up: Vec<(u8, usize)>,
}

pub fn queue(read: &(impl Read + ?Sized)) -> Result<Queue, StoreError> {
    let mut queue = Queue::default();
    for row in read.scan(&MAILS, KeyRange::all(), Direction::Up)? {
        let ((number,), mail) = row?;
        if mail.given_up {
            let fault = mail.fault.unwrap_or_default();
            match queue.given_up.iter_mut().find(|(one, _)| *one == fault) {
                Some((_, count)) => *count += 1,
                None => queue.given_up.push((fault, 1)),
            }
            continue;
        }
        queue.waiting += 1;
        queue.troubled += usize::from(mail.tries > 0);
        queue.fault = mail.fault.or(queue.fault);
        queue.oldest = queue.oldest.or(Some(told_at(number)));
    }
    Ok(queue)
}

fn told_at(number: u64) -> Timestamp {
    i64::try_from(number).ok().and_then(|number| Timestamp::from_microsecond(number).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FhirId, Role};
    use crate::care::notify::{Notice, tell_in};
    use crate::store::{Store, Value};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn patient() -> Whom {
        Whom::Patient(FhirId::parse("p").unwrap())
    }

    fn person() -> ResourceRef {
        ResourceRef::parse("Patient/p").unwrap()
    }

    fn tell(store: &Store, to: Whom, kind: Kind, now: &str) {
        let (notice, now) = (Notice::new(to, kind), at(now));
        store.write_blocking(move |tx| tell_in(tx, &notice, now)).unwrap();
    }

    fn wanting(groups: &'static [Group]) -> Store {
        let store = Store::in_memory();
        let account = AccountId::from_bytes([7; 16]);
        store.write_blocking(move |tx| set_wish(tx, &patient(), account, &Wish::new(groups, person()))).unwrap();
        store
    }

    #[test]
    fn only_what_somebody_said_yes_to_is_queued() {
        let store = wanting(&[Group::Messages]);
        tell(&store, patient(), Kind::MessageNew, "2026-03-03T09:00:00Z");
        tell(&store, patient(), Kind::ResultReleased, "2026-03-03T09:00:00Z");
        tell(&store, Whom::Patient(FhirId::parse("q").unwrap()), Kind::MessageNew, "2026-03-03T09:00:00Z");
        tell(&store, Whom::Role(Role::Nurse), Kind::PatientWrote, "2026-03-03T09:00:00Z");
        let due = due(&store.read().unwrap(), at("2026-03-03T09:00:00Z"), 10).unwrap();
        assert_eq!(due.iter().map(|(_, mail)| mail.kind()).collect::<Vec<_>>(), [Some(Kind::MessageNew)]);
        assert_eq!(due[0].1.person, person());
        // Without any, nothing is left of the wish.
        store
            .write_blocking(|tx| set_wish(tx, &patient(), AccountId::from_bytes([7; 16]), &Wish::new(&[], person())))
            .unwrap();
        assert_eq!(wish(&store.read().unwrap(), &patient(), AccountId::from_bytes([7; 16])).unwrap(), None);
    }

    #[test]
    fn a_letter_is_tried_later_each_time_and_given_up_after_its_days() {
        let store = wanting(&Group::ALL);
        tell(&store, patient(), Kind::VisitReminder, "2026-03-03T09:00:00Z");
        let mut now = at("2026-03-03T09:00:00Z");
        let mut tries = Vec::new();
        loop {
            let Some((number, mail)) = due(&store.read().unwrap(), now, 1).unwrap().pop() else { break };
            tries.push(now.as_second());
            store.write_blocking(move |tx| failed(tx, number, 4, After::TryAgain, 2, now)).unwrap();
            assert!(due(&store.read().unwrap(), now, 1).unwrap().is_empty(), "not at once again");
            now = store.read().unwrap().get(&MAILS, &(number,)).unwrap().unwrap().next;
            assert_eq!(mail.tries as usize + 1, tries.len());
        }
        let pauses: Vec<i64> = tries.windows(2).map(|two| two[1] - two[0]).collect();
        assert_eq!(pauses[..4], [15, 30, 60, 120]);
        assert_eq!(pauses.last(), Some(&21_600));
        assert!((48 * 3600..55 * 3600).contains(&(tries.last().unwrap() - tries[0])), "{tries:?}");
        let said = queue(&store.read().unwrap()).unwrap();
        assert_eq!((said.waiting, said.given_up), (0, vec![(4, 1)]));
        store.write_blocking(move |tx| swept(tx, at("2026-04-03T09:00:00Z"))).unwrap();
        assert_eq!(queue(&store.read().unwrap()).unwrap(), Queue::default());
    }

    #[test]
    fn what_the_letter_itself_is_at_fault_for_is_given_up_at_once() {
        let store = wanting(&Group::ALL);
        tell(&store, patient(), Kind::MessageNew, "2026-03-03T09:00:00Z");
        tell(&store, patient(), Kind::MessageNew, "2026-03-03T09:00:00Z");
        let now = at("2026-03-03T09:01:00Z");
        let all = due(&store.read().unwrap(), now, 10).unwrap();
        assert_eq!(all.len(), 2, "two in one moment");
        let (first, second) = (all[0].0, all[1].0);
        store.write_blocking(move |tx| failed(tx, first, 3, After::GiveUp, 5, now)).unwrap();
        store.write_blocking(move |tx| done(tx, second)).unwrap();
        let said = queue(&store.read().unwrap()).unwrap();
        assert_eq!((said.waiting, said.given_up), (0, vec![(3, 1)]));
    }

    #[test]
    fn every_kind_for_patients_has_its_group_and_no_other_has() {
        for kind in Kind::ALL {
            assert_eq!(Group::of(*kind).is_some(), kind.is_for_patients(), "{kind:?}");
        }
    }

    #[test]
    fn the_bytes_of_rows_are_these() {
        let wish = Wish::new(&[Group::Reminders, Group::Messages], person());
        let golden = [&[1, 5, 9][..], b"Patient/p"].concat();
        assert_eq!(wish.to_stored().unwrap(), golden);
        assert_eq!(Wish::from_stored(golden.into()).unwrap(), wish);
        let next = Timestamp::from_millisecond(3).unwrap();
        let account = AccountId::from_bytes([1; 16]);
        let (fault, about) = (Some(4), Some("a".into()));
        let mail = Mail { account, person: person(), kind: 7, tries: 2, next, fault, given_up: true, about };
        let of_1 = [&[1, 16][..], &[1; 16], &[9], b"Patient/p", &[7, 2, 6, 1, 4, 1]].concat();
        let golden = [&[2][..], &of_1[1..], &[1, 1, b'a']].concat();
        assert_eq!(mail.to_stored().unwrap(), golden);
        assert_eq!(Mail::from_stored(golden.into()).unwrap(), mail);
        assert_eq!(Mail::from_stored(of_1.into()).unwrap(), Mail { about: None, ..mail });
    }
}
