//! Handing a summary over by a link: a secret of 256 bits that its holder has in the link's fragment, a PIN that is told
//! separately, an end, and a count of openings.
//!
//! The fragment of an address never leaves the browser by itself (RFC 9110 §7.1), so the secret stands in no request line, no
//! log and no `Referer`; the page that the link leads to sends it in the body of a form. The box keeps neither the secret nor
//! the PIN: a row is found by a hash of the secret, and its proof needs both, so that a stolen store gives no PIN away.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq as _;

use crate::access::{Actor, Listener};
use crate::audit::{Action, AuditError, AuditedTx, Event, Outcome, Purpose, TouchKind, Touched};
use crate::base::{Ambient, FhirId, Secret, Timestamp};
use crate::care::forms::Once;
use crate::care::notify::{self, Notice, Whom};
use crate::record::{self, MOST_WRONG, RecordError, Records, Share, ShareId};

/// The most characters of what a share is called.
pub const LONGEST_LABEL: usize = 80;
/// For how many days a share may be open.
pub const DAYS: [u16; 4] = [1, 7, 30, 90];
/// How many shares of one patient may be open at once.
pub const MOST_OPEN: usize = 20;

/// The secret of a link, as text: 43 letters.
pub type Code = Secret<String>;
/// Six digits.
pub type Pin = Secret<String>;

/// A share that was made just now: its secrets are shown once.
#[derive(Debug)]
pub struct Made {
    pub id: ShareId,
    pub code: Code,
    pub pin: Pin,
    pub share: Share,
}

/// A new link and its PIN, ready to be written.
pub fn prepare(patient: FhirId, label: &str, days: u16, ambient: &Ambient) -> Made {
    let code = Secret::new(BASE64URL_NOPAD.encode(&ambient.bytes::<32>()));
    // Of 2^64 numbers a million divides all but so few that no PIN is likelier by more than one in ten million million.
    let pin = Secret::new(format!("{:06}", u64::from_le_bytes(ambient.bytes()) % 1_000_000));
    let now = ambient.now();
    let until = now.checked_add(jiff::SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(now);
    let share = Share {
        patient,
        label: label.trim().chars().filter(|c| !c.is_control()).collect::<String>().into(),
        made: now,
        until,
        proof: proof_of(&code, &pin),
        opened: 0,
        last: None,
        wrong: 0,
        ended: None,
    };
    Made { id: id_of(&code), code, pin, share }
}

fn id_of(code: &Code) -> ShareId {
    let mut id = [0; 16];
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-28 id of a share");
    hasher.update(code.expose().as_bytes()).finalize_xof().fill(&mut id);
    id
}

fn proof_of(code: &Code, pin: &Pin) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key("chartbox 2026-11-28 proof of a share");
    hasher.update(code.expose().as_bytes()).update(&[0]).update(pin.expose().as_bytes());
    *hasher.finalize().as_bytes()
}

/// Why nothing was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotMade {
    #[error("so many shares are open that another one would not be kept in view")]
    TooMany,
    /// The form was sent before; its secrets were shown then.
    #[error("this form was sent before")]
    Before,
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharingError {
    #[error(transparent)]
    Told(#[from] NotMade),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Audit(#[from] AuditError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// Who does something to a share: the entry's beginning.
fn entry(event: Event, patient: &FhirId, kind: TouchKind) -> Event {
    let mut event = event;
    event.touch(&[Touched::new(Some(patient.clone()), kind, vec![])]);
    event
}

/// Keeps a new share; `event` is the entry's beginning.
pub async fn keep(
    records: &Records,
    event: Event,
    id: ShareId,
    share: Share,
    once: Option<Once>,
) -> Result<(), SharingError> {
    let write = records.audit().write(move |tx: &mut AuditedTx<'_, '_>| {
        let now = share.made;
        if let Some(once) = once
            && once.remember(tx, now)?.is_some()
        {
            return Err(NotMade::Before.into());
        }
        let open = record::shares_of(&**tx, &share.patient)?.iter().filter(|(_, share)| share.is_live(now)).count();
        if open >= MOST_OPEN {
            return Err(NotMade::TooMany.into());
        }
        record::put_share(tx, id, &share)?;
        tx.append(entry(event, &share.patient, TouchKind::Changed))?;
        Ok::<_, SharingError>(())
    });
    write.await.map(drop)
}

/// Ends a share of this patient. One that has ended stays as it is; `false` when there is none.
pub async fn end(
    records: &Records,
    event: Event,
    patient: FhirId,
    id: ShareId,
    now: Timestamp,
) -> Result<bool, SharingError> {
    let write = records.audit().write(move |tx: &mut AuditedTx<'_, '_>| {
        let found = record::share(&**tx, id)?.filter(|share| share.patient == patient);
        let Some(share) = found else {
            tx.append(entry(event, &patient, TouchKind::Denied).outcome(Outcome::Failed))?;
            return Ok(false);
        };
        if share.ended.is_none() {
            record::put_share(tx, id, &Share { ended: Some(now), ..share })?;
        }
        tx.append(entry(event, &patient, TouchKind::Changed))?;
        Ok::<_, SharingError>(true)
    });
    write.await.map(|(done, _)| done)
}

/// All shares of a patient, newest first.
pub fn all(records: &Records, patient: &FhirId) -> Result<Vec<(ShareId, Share)>, SharingError> {
    let mut all = record::shares_of(&records.audit().read()?, patient)?;
    all.sort_by_key(|(_, share)| std::cmp::Reverse(share.made));
    Ok(all)
}

/// What somebody with a link shows.
#[derive(Debug)]
pub struct Shown {
    pub code: Code,
    pub pin: Pin,
    pub listener: Listener,
    pub origin: Option<std::net::IpAddr>,
}

/// What became of it.
#[derive(Debug)]
pub enum Opening {
    /// The actor who may read, and whose summary it is.
    Open(Actor, FhirId),
    /// The PIN is not that of the link; so many tries are left.
    WrongPin(u8),
    /// It was one, and is over.
    Over,
    /// No link has this secret.
    Unknown,
}

/// Looks at a link's secret and PIN, and counts the opening or the wrong PIN, in one transaction with its entry. What is then
/// read is an entry of its own.
pub async fn open(records: &Records, shown: Shown) -> Result<Opening, SharingError> {
    let now = records.audit().ambient().now();
    let write = records.audit().write(move |tx: &mut AuditedTx<'_, '_>| {
        let id = id_of(&shown.code);
        let Some(share) = record::share(&**tx, id)? else {
            tx.count_failure(shown.origin, Action::ShareOpened)?;
            return Ok(Opening::Unknown);
        };
        let actor = Actor::share_link(&record::share_name(id), shown.listener, shown.origin);
        let refused = Event::new(actor.to_ref(), Action::ShareOpened, Purpose::PatRqt)
            .origin(shown.origin)
            .outcome(Outcome::Denied);
        let refused = entry(refused, &share.patient, TouchKind::Denied);
        if !share.is_live(now) {
            tx.append(refused)?;
            return Ok(Opening::Over);
        }
        if !bool::from(proof_of(&shown.code, &shown.pin).ct_eq(&share.proof)) {
            let wrong = share.wrong.saturating_add(1);
            let ended = (wrong >= MOST_WRONG).then_some(now);
            if ended.is_some() {
                let notice = Notice::new(Whom::Patient(share.patient.clone()), notify::Kind::ShareEnded);
                notify::tell_in(tx, &notice, now)?;
            }
            record::put_share(tx, id, &Share { wrong, ended, ..share })?;
            tx.append(refused)?;
            return Ok(Opening::WrongPin(MOST_WRONG - wrong.min(MOST_WRONG)));
        }
        let patient = share.patient.clone();
        record::put_share(tx, id, &Share { opened: share.opened.saturating_add(1), last: Some(now), ..share })?;
        notify::tell_in(tx, &Notice::new(Whom::Patient(patient.clone()), notify::Kind::ShareOpened), now)?;
        // What is read then is said by an entry of its own; this one is of the link and its PIN.
        let known = Event::new(actor.to_ref(), Action::Authenticate, Purpose::PatRqt).origin(shown.origin);
        tx.append(known)?;
        Ok::<_, SharingError>(Opening::Open(actor, patient))
    });
    write.await.map(|(opening, _)| opening)
}

#[cfg(test)]
mod tests;
