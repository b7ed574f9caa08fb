//! Reading the log: pages newest first, and which resources an entry names.

use std::ops::Bound;

use bytes::Bytes;
use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use super::AuditError;
use super::entry::{Clock, Entry, Resources};
use super::event::{Detail, Touched};
use super::layout;
use super::rows::{BY_ACCOUNT, BY_PATIENT, DETAILS, DetailRow, ENTRIES, LISTS};
use super::words::{Action, Outcome};
use crate::base::{AccountId, FhirId, Timestamp};
use crate::store::{Desc, Direction, Key, KeyRange, Read, ReadExt};

/// The most rows that one page looks at. A page that reaches it may be short, and says where to go on.
const LOOKED_AT: usize = 20_000;

/// Which entries. Everything that is given must hold.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Filter {
    /// At or after.
    pub from: Option<Timestamp>,
    /// At or before.
    pub to: Option<Timestamp>,
    pub account: Option<AccountId>,
    pub patient: Option<FhirId>,
    pub action: Option<Action>,
    pub outcome: Option<Outcome>,
    /// Only what comes after this entry in the order of the page before: its [`Page::next`].
    pub before_seq: Option<u64>,
}

impl Filter {
    fn takes(&self, entry: &Entry) -> bool {
        let time = entry.place.time;
        self.from.is_none_or(|from| time >= from.as_microsecond())
            && self.to.is_none_or(|to| time <= to.as_microsecond())
            && self.account.is_none_or(|account| entry.actor.account == Some(account))
            && self.action.is_none_or(|action| entry.action == action)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
    }
}

/// Entries newest first.
#[derive(Debug, Clone, Serialize)]
pub struct Page {
    pub lines: Vec<Line>,
    /// Give it as [`Filter::before_seq`] for the next page; `None` when there is nothing more.
    pub next: Option<u64>,
}

/// An entry with its detail.
#[derive(Debug, Clone)]
pub struct Line {
    pub entry: Entry,
    pub detail: DetailState,
}

impl Line {
    /// Takes out what was typed as the reason, for a reader who is not to hear it.
    pub fn forget_reason(&mut self) {
        if let DetailState::Kept(detail) = &mut self.detail {
            detail.reason = None;
        }
    }
}

/// What became of an entry's detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DetailState {
    /// The entry never had one.
    None,
    Kept(Detail),
    /// Erased; the entry with this sequence says so.
    Erased {
        by: u64,
    },
    /// Gone without an entry that says so, or unreadable: `verify` names it.
    Missing,
}

/// Entries newest first: by the patient's rows where a patient is given, else by the account's, else all.
pub fn entries(read: &impl Read, filter: &Filter, limit: usize) -> Result<Page, AuditError> {
    let mut page = Page { lines: Vec::new(), next: None };
    let mut last = None;
    for (looked, sequence) in sequences(read, filter)?.enumerate() {
        if page.lines.len() >= limit || looked >= LOOKED_AT {
            page.next = last;
            break;
        }
        let sequence = sequence?;
        last = Some(sequence);
        let Some(entry) = entry(read, sequence)? else { continue };
        if filter.takes(&entry) {
            page.lines.push(with_detail(read, entry)?);
        } else if filter.from.is_some_and(|from| entry.place.newest() < from.as_microsecond()) {
            // No earlier entry has a later time than this one knows of.
            break;
        }
    }
    Ok(page)
}

/// One entry with its detail.
pub fn line(read: &impl Read, sequence: u64) -> Result<Option<Line>, AuditError> {
    entry(read, sequence)?.map(|entry| with_detail(read, entry)).transpose()
}

/// How many entries the chain has.
pub fn size(read: &impl Read) -> Result<u64, AuditError> {
    Ok(super::rows::Head::load(read)?.map_or(0, |head| head.size))
}

type Sequences<'a> = Box<dyn Iterator<Item = Result<u64, AuditError>> + 'a>;

fn sequences<'a>(read: &'a impl Read, filter: &Filter) -> Result<Sequences<'a>, AuditError> {
    let cursor = match filter.before_seq {
        Some(sequence) => entry(read, sequence)?.map(|entry| (entry.place.time, sequence)),
        None => None,
    };
    let from = filter.from.map(Timestamp::as_microsecond);
    if let Some(patient) = &filter.patient {
        let range = index_range(patient, filter.to, cursor);
        let rows = read.scan(&BY_PATIENT, range, Direction::Up)?;
        return Ok(Box::new(
            rows.map(|row| row.map(|((_, time, sequence), _)| (time.0, sequence.0)).map_err(AuditError::from))
                .take_while(move |row| still(row, from))
                .map(|row| row.map(|(_, sequence)| sequence)),
        ));
    }
    if let Some(account) = &filter.account {
        let range = index_range(account, filter.to, cursor);
        let rows = read.scan(&BY_ACCOUNT, range, Direction::Up)?;
        return Ok(Box::new(
            rows.map(|row| row.map(|((_, time, sequence), _)| (time.0, sequence.0)).map_err(AuditError::from))
                .take_while(move |row| still(row, from))
                .map(|row| row.map(|(_, sequence)| sequence)),
        ));
    }
    let end = filter.before_seq.map_or(Bound::Unbounded, |sequence| Bound::Excluded((sequence,).to_bytes()));
    let rows = read.scan(&ENTRIES, KeyRange::between(Bound::Unbounded, end), Direction::Down)?;
    Ok(Box::new(rows.map(|row| row.map(|((sequence,), _): ((u64,), Bytes)| sequence).map_err(AuditError::from))))
}

fn still(row: &Result<(i64, u64), AuditError>, from: Option<i64>) -> bool {
    match (row, from) {
        (Ok((time, _)), Some(from)) => *time >= from,
        _ => true,
    }
}

/// The rows of one patient or account, from the newest allowed one on.
fn index_range<K: Key + Clone>(of: &K, to: Option<Timestamp>, cursor: Option<(i64, u64)>) -> KeyRange {
    let head = (of.clone(),);
    let newest = to.map(|to| (of.clone(), Desc(to.as_microsecond())).to_bytes());
    let after = cursor.map(|(time, sequence)| (of.clone(), Desc(time), Desc(sequence)).to_bytes());
    let start = match (newest, after) {
        (Some(newest), Some(after)) if newest > after => Bound::Included(newest),
        (_, Some(after)) => Bound::Excluded(after),
        (Some(newest), None) => Bound::Included(newest),
        (None, None) => Bound::Included(head.to_bytes()),
    };
    KeyRange::prefix_from(&head, start)
}

pub(super) fn entry(read: &(impl Read + ?Sized), sequence: u64) -> Result<Option<Entry>, AuditError> {
    let Some(bytes) = read.get(&ENTRIES, &(sequence,))? else { return Ok(None) };
    layout::read_entry(&bytes).map(Some).map_err(|error| AuditError::Damaged { sequence, error })
}

pub(super) fn with_detail(read: &(impl Read + ?Sized), entry: Entry) -> Result<Line, AuditError> {
    let detail = match (entry.commitment, read.get(&DETAILS, &(entry.sequence(),))?) {
        (None, _) => DetailState::None,
        (Some(_), None) => DetailState::Missing,
        (Some(_), Some(DetailRow::Erased { by })) => DetailState::Erased { by },
        (Some(_), Some(DetailRow::Kept { bytes, .. })) => {
            layout::read_detail(&bytes).map_or(DetailState::Missing, DetailState::Kept)
        }
    };
    Ok(Line { entry, detail })
}

/// What an entry touched: all of it, or one patient's part. At most `most` resources; the rest is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TouchedPage {
    pub touched: Vec<Touched>,
    /// How many resources more there are.
    pub more: u64,
}

impl TouchedPage {
    /// Keeps at most `most` resources, and counts the rest.
    pub fn keep(&mut self, most: usize) {
        let mut room = most;
        for part in &mut self.touched {
            let keep = part.resources.len().min(room);
            self.more += (part.resources.len() - keep) as u64;
            room -= keep;
            part.resources.truncate(keep);
        }
    }
}

/// The resources that an entry names, from the entry or from the list beside it.
pub fn touched(
    read: &(impl Read + ?Sized),
    entry: &Entry,
    patient: Option<&FhirId>,
    most: usize,
) -> Result<TouchedPage, AuditError> {
    let mut page = TouchedPage::default();
    let mut room = most;
    let mut take = |mut part: Touched| {
        if patient.is_some_and(|patient| part.patient.as_ref() != Some(patient)) {
            return;
        }
        let keep = part.resources.len().min(room);
        page.more += (part.resources.len() - keep) as u64;
        room -= keep;
        part.resources.truncate(keep);
        match page.touched.last_mut() {
            Some(last) if last.patient == part.patient && last.kind == part.kind => {
                last.resources.append(&mut part.resources);
            }
            _ => page.touched.push(part),
        }
    };
    match &entry.resources {
        Resources::Inline(parts) => parts.iter().cloned().for_each(take),
        Resources::Side(_) => {
            for row in read.scan(&LISTS, KeyRange::prefix(&(entry.sequence(),)), Direction::Up)? {
                let (_, chunk) = row?;
                let records = layout::read_chunk(&chunk)
                    .map_err(|error| AuditError::Damaged { sequence: entry.sequence(), error })?;
                records.into_iter().for_each(|(part, _)| take(part));
            }
        }
    }
    Ok(page)
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Entry", 16)?;
        out.serialize_field("sequence", &self.sequence())?;
        out.serialize_field("time", &self.time())?;
        if let Clock::Behind { newest } = self.place.clock {
            out.serialize_field("clockBehind", &Timestamp::from_microsecond(newest).unwrap_or(Timestamp::UNIX_EPOCH))?;
        }
        out.serialize_field("epoch", &self.place.epoch)?;
        out.serialize_field("boot", &self.place.boot)?;
        out.serialize_field("actor", &self.actor)?;
        if let Some(session) = &self.session {
            out.serialize_field("session", session)?;
        }
        if let Some(origin) = &self.origin {
            out.serialize_field("origin", origin)?;
        }
        out.serialize_field("action", &self.action)?;
        out.serialize_field("outcome", &self.outcome)?;
        out.serialize_field("purpose", &self.purpose)?;
        if self.count != 1 {
            out.serialize_field("count", &self.count)?;
        }
        if let Some(about) = &self.about {
            out.serialize_field("about", about)?;
        }
        match &self.resources {
            Resources::Inline(touched) => out.serialize_field("touched", touched)?,
            Resources::Side(list) => out.serialize_field("list", list)?,
        }
        out.end()
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Flat<'a> {
            #[serde(flatten)]
            entry: &'a Entry,
            #[serde(skip_serializing_if = "is_none")]
            detail: &'a DetailState,
        }
        const fn is_none(state: &&DetailState) -> bool {
            matches!(state, DetailState::None)
        }
        Flat { entry: &self.entry, detail: &self.detail }.serialize(serializer)
    }
}
