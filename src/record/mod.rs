//! Stored resources: read, write, search, history; and disclosure, which needs the audit entry on disk.
//!
//! Nothing is read without the policy's grant and nothing leaves before the chain holds its access:
//! [`Records::disclose`] runs a reading, commits what it touched and what it was refused, and only then opens
//! the result. A change and its entry are one transaction.

pub mod directory;
mod about;
mod acting;
mod beside;
mod change;
mod consents;
mod disclosure;
mod emergency;
mod entering;
mod error;
mod everything;
mod export;
mod export_deleted;
mod facts;
mod following;
mod history;
mod in_record;
mod index;
mod indexing;
mod joined;
mod kept;
mod last_n;
mod layout;
mod log;
mod lost;
mod notice;
mod numbers;
mod of_each;
mod pace;
mod paging;
mod permitting;
mod prepared;
mod provisions;
mod reading;
mod referred;
mod referrers;
mod referring;
mod rows;
mod rule;
mod search;
mod searching;
mod settling;
mod shares;
mod sifted;
mod sight;
#[cfg(test)]
mod settling_tests;
#[cfg(test)]
mod tests;
mod strangers;
mod summary;
mod taken_back;
mod trail;
mod trail_event;
mod transaction;
mod tried;
mod turns;
mod values;
mod withheld;
mod writing;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use acting::{ActError, Inside};
pub use change::{Body, Change, Condition, Group, Links, NOT_VALID, Sought, Which};
pub use disclosure::{Disclosed, NotCovered, Undisclosed};
pub use emergency::{Declared, Emergency, EmergencyError, LONGEST_MINUTES, Review, Verdict};
pub use error::RecordError;
pub use everything::EverythingAsked;
pub use export::{
    ExportChunk, ExportCounted, ExportFile, ExportKnown, ExportOf, ExportPlace, ExportSize, Whom, export_kinds,
};
pub use export_deleted::ExportDeleted;
pub use facts::{EXTENT, SERVICE, carers, refusals_of, refuses, without_access};
pub use following::followed;
pub use history::{HistoryAsked, HistoryOf};
pub use indexing::Indexed;
pub use joined::{joined_to, stays};
pub use log::{LogLine, LogPage, Lookers, LooksAsked, LooksFound};
pub use of_each::OfEach;
use pace::{Pace, Spell};
pub use prepared::local_reference;
pub use provisions::rules_of;
pub use reading::{Choose, Reading};
pub use rule::{Changed, Rule};
pub use searching::{Types, strict};
pub use shares::{MOST_WRONG, Share, ShareId, put_share, share, share_name, share_named, shares_of};
pub use sifted::{LookInto, Looked, Rest, Sift, Sifted};
pub use summary::SummaryParts;
pub use transaction::{Integrity, Labels, Repeated, Transaction, Voice, Written, WrittenAs};
pub use turns::{Turn, Turns};
pub use writing::CLINIC_NUMBER;

use crate::access::{Actor, Reach};
use crate::audit::{self, Audit, Detail, Event, Outcome, Purpose};
use crate::base::{FhirId, Timestamp};
use crate::fhir::ResourceType;

/// The record of this box. Clones share it.
#[derive(Clone)]
pub struct Records {
    audit: Audit,
    setting: facts::Setting,
    limits: Limits,
    paging: Arc<paging::Paging>,
    kept: Arc<kept::Kept>,
    rules: Arc<[Arc<dyn Rule>]>,
    turns: Arc<Turns>,
    doors: Arc<entering::Doors>,
}

/// What one search or history may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most matches on a page.
    pub page: usize,
    /// How often `_include:iterate` goes on from what was included.
    pub include_depth: usize,
    /// How many resources come along with one page.
    pub included: usize,
    /// How long a search may take.
    pub search_time: Duration,
    /// How many bytes of resources a page has: one that is full ends sooner, and the next goes on. What comes along may be
    /// as much again.
    pub page_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            page: 1_000,
            include_depth: 5,
            included: 5_000,
            search_time: Duration::from_secs(10),
            page_bytes: 8 << 20,
        }
    }
}

/// What a look may cost that keeps others waiting who share its thread. A larger row takes long by itself to read and
/// compare.
const QUICK: Spell = Spell { time: Duration::from_millis(5), row: 64 << 10 };
/// How long the reads and searches of one change may keep all others that write waiting.
const IN_WRITER: Duration = Duration::from_millis(500);
/// How long a change whose cost nobody knows is tried at first, and what it may read meanwhile.
const A_MOMENT: Spell = Spell { time: Duration::from_millis(20), row: 64 << 10 };
/// How long all that is done for one group of changes may: a transaction with as many entries as are allowed takes about one
/// second.
const OF_A_GROUP: Duration = Duration::from_secs(2);

/// Why somebody asks, as it will stand in the chain.
#[derive(Debug, Clone)]
pub struct Why {
    pub action: audit::Action,
    pub purpose: Purpose,
    pub detail: Detail,
    pub channel: Channel,
}

/// Where what was read goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// A page of this box, before a person's eyes.
    Screen,
    /// Another program: it left the box.
    Api,
}

/// One version of a resource as it may be seen: response-ready JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub kind: ResourceType,
    pub id: FhirId,
    pub version: u32,
    pub updated: Timestamp,
    /// Empty for the version that deleted it.
    pub json: Bytes,
}

impl Stored {
    /// Its JSON, read for the house, with no versions in references; `null` where there is none.
    pub fn value(&self) -> serde_json::Value {
        prepared::unversioned(&self.json).unwrap_or_default()
    }
}

/// One version in a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub stored: Stored,
    /// Whether this version is the deletion.
    pub deleted: bool,
    /// Whether nothing was there before it: it is the first, or the one after a deletion.
    pub created: bool,
}

/// What of one type a patient's record holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfPatient {
    /// Clinically newest first.
    pub found: Vec<Stored>,
    /// There are older ones that were not read.
    pub more: bool,
}

/// One page of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionPage {
    /// Newest first.
    pub versions: Vec<Version>,
    /// How many there are in all, if it was counted.
    pub total: Option<u64>,
    /// The opaque place where the next page begins.
    pub next: Option<String>,
}

/// One page of a search.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub matches: Vec<Stored>,
    pub included: Vec<Stored>,
    /// How many match in all, if it was counted.
    pub total: Option<u64>,
    /// The opaque place where the next page begins.
    pub next: Option<String>,
}

/// How much there is: numbers alone, which say nothing of anybody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    pub patients: u64,
    /// Resources that are not deleted, the patients among them.
    pub resources: u64,
}

impl Records {
    /// How much there is in the whole box.
    pub fn totals(&self) -> Result<Totals, RecordError> {
        numbers::totals(&self.audit.read()?).map_err(RecordError::from)
    }

    pub fn new(audit: Audit, reach: Reach) -> Self {
        Self {
            audit,
            setting: facts::Setting { reach, zone: jiff::tz::TimeZone::UTC },
            limits: Limits::default(),
            paging: Arc::default(),
            kept: Arc::default(),
            rules: Arc::new([]),
            turns: Arc::default(),
            doors: Arc::default(),
        }
    }

    /// With rules that what clients store must keep.
    #[must_use]
    pub fn ruled(self, rules: Vec<Arc<dyn Rule>>) -> Self {
        Self { rules: rules.into(), ..self }
    }

    /// With the clock by which the clinic's days end.
    #[must_use]
    pub fn in_zone(self, zone: jiff::tz::TimeZone) -> Self {
        Self { setting: facts::Setting { zone, ..self.setting }, ..self }
    }

    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    pub const fn audit(&self) -> &Audit {
        &self.audit
    }

    /// Reads under one snapshot, writes the access into the chain, then opens the result. A refusal is
    /// written too, before it is answered.
    pub async fn disclose<T>(
        &self,
        actor: &Actor,
        why: Why,
        read: impl FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError>,
    ) -> Result<Disclosed<T>, RecordError> {
        let (result, event) = aside(|| self.look(actor, &why, self.spell(), read))?;
        let proof = self.audit.commit(vec![event]).await?;
        Ok(result?.disclose(&proof)?)
    }

    /// [`Records::disclose`] of what most often takes no time: it is done where it was asked for. What takes longer after all
    /// begins anew where it keeps nobody waiting, after those that came before it.
    pub async fn disclose_soon<T>(
        &self,
        actor: &Actor,
        why: Why,
        read: impl Fn(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError>,
    ) -> Result<Disclosed<T>, RecordError> {
        let quick = Spell { time: QUICK.time.min(self.limits.search_time), ..QUICK };
        let (result, event) = match self.look(actor, &why, quick, &read)? {
            (Err(error), _) if error.is_too_slow() => {
                let turn = self.turns.take(actor).await;
                let found = aside(|| self.look(actor, &why, self.spell(), &read));
                drop(turn);
                found?
            }
            found => found,
        };
        let proof = self.audit.commit(vec![event]).await?;
        Ok(result?.disclose(&proof)?)
    }

    /// [`Records::disclose`] for callers without an async runtime.
    pub fn disclose_blocking<T>(
        &self,
        actor: &Actor,
        why: Why,
        read: impl FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError>,
    ) -> Result<Disclosed<T>, RecordError> {
        let (result, event) = self.look(actor, &why, self.spell(), read)?;
        let proof = self.audit.commit_blocking(vec![event])?;
        Ok(result?.disclose(&proof)?)
    }

    /// What a look may cost that keeps nobody waiting.
    const fn spell(&self) -> Spell {
        Spell { time: self.limits.search_time, row: usize::MAX }
    }

    #[allow(clippy::type_complexity)] // the two halves of one look
    fn look<T>(
        &self,
        actor: &Actor,
        why: &Why,
        spell: Spell,
        read: impl FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError>,
    ) -> Result<(Result<Undisclosed<T>, RecordError>, Event), RecordError> {
        let snapshot = self.audit.read()?;
        let ambient = self.audit.ambient();
        let sight = sight::Sight::new(actor, &self.setting, ambient.now(), kept::Known::Learning(&self.kept));
        let pace = Pace::new(ambient, sight.now, spell);
        let mut reading = Reading::new(&snapshot, sight, pace, self.limits, &self.paging, why.channel);
        let result = read(&mut reading);
        let (touched, refused) = reading.into_touched();
        let mut event = event(actor, why);
        match &result {
            Ok(_) => {
                for touched in &touched {
                    event.touch(touched);
                }
            }
            Err(error) => {
                event.outcome = outcome_of(error);
                event.touch(&refused);
            }
        }
        emergency::mark((&snapshot, kept::Known::Learning(&self.kept)), actor, ambient.now(), &mut event)?;
        Ok((result, event))
    }
}

/// Goes through so many bytes, aside if they are many.
pub fn through<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes > QUICK.row { aside(work) } else { work() }
}

/// Does what may take long without keeping the other tasks of its thread waiting.
pub fn aside<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

fn event(actor: &Actor, why: &Why) -> Event {
    Event::new(actor.to_ref(), why.action, why.purpose)
        .session(actor.session())
        .origin(actor.origin())
        .detail(why.detail.clone())
}

/// How an act that ended so stands in the chain.
const fn outcome_of(error: &RecordError) -> Outcome {
    match error {
        RecordError::At { cause, .. } | RecordError::AtReading { cause, .. } => outcome_of(cause),
        RecordError::Denied(_) | RecordError::NotFound | RecordError::OwnId => Outcome::Denied,
        _ => Outcome::Failed,
    }
}
