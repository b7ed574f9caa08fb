//! "Who looked": one patient's entries by day, as the patient reads them.
//!
//! A day leads with what was opened, changed, sent out or refused, one line each, newest first. Lists in which the
//! patient's name merely stood are folded to one line per person and day with a count: never left out.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::AuditError;
use super::entry::Actor;
use super::prepare::kind_bit;
use super::query::{self, Line, TouchedPage};
use super::rows::BY_PATIENT;
use super::words::{Action, TouchKind};
use crate::base::{FhirId, Timestamp};
use crate::store::{Desc, Direction, Key, KeyRange, Read, ReadExt};
use std::ops::Bound;

/// Whole days, newest first.
#[derive(Debug, Clone, Serialize)]
pub struct Looks {
    pub days: Vec<Day>,
    /// Give it as `before` for the days before these; `None` when there are none.
    pub next: Option<u64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Day {
    pub date: Date,
    pub looks: Vec<Look>,
    pub listings: Vec<Listing>,
}

/// One entry, as far as it concerns the patient.
#[derive(Debug, Clone, Serialize)]
pub struct Look {
    pub line: Line,
    /// What it was to this patient; at least one.
    pub kinds: Vec<TouchKind>,
    /// All of this patient's resources in it.
    pub resources: TouchedPage,
    /// Those that whoever reads this is not to hear of by name: what each was to the patient, and a number that tells it from
    /// the others. The log itself withholds none.
    pub withheld: Vec<(TouchKind, u32)>,
}

/// How often the patient stood in lists that one person saw on one day.
#[derive(Debug, Clone, Serialize)]
pub struct Listing {
    pub actor: Actor,
    pub count: u64,
    pub first: Timestamp,
    pub last: Timestamp,
    /// What the person was doing, each once.
    pub actions: Vec<Action>,
}

/// Who looked at this patient's record: at least `least` entries if there are as many, always to the end of a day
/// in `zone`.
pub fn by_patient(
    read: &impl Read,
    patient: &FhirId,
    zone: &TimeZone,
    before: Option<u64>,
    least: usize,
) -> Result<Looks, AuditError> {
    let start = match before {
        Some(sequence) => query::entry(read, sequence)?
            .map(|entry| (patient.clone(), Desc(entry.place.time), Desc(sequence)).to_bytes()),
        None => None,
    };
    let start = start.map_or_else(|| Bound::Included((patient.clone(),).to_bytes()), Bound::Excluded);
    let rows = read.scan(&BY_PATIENT, KeyRange::prefix_from(&(patient.clone(),), start), Direction::Up)?;
    let mut found = Looks { days: Vec::new(), next: None };
    let (mut taken, mut last) = (0, None);
    for row in rows {
        let ((_, Desc(time), Desc(sequence)), kinds) = row?;
        let date = date_of(time, zone);
        let new_day = found.days.last().is_none_or(|day| day.date != date);
        if new_day && taken >= least {
            found.next = last;
            break;
        }
        (taken, last) = (taken + 1, Some(sequence));
        if new_day {
            found.days.push(Day { date, looks: Vec::new(), listings: Vec::new() });
        }
        let (Some(day), Some(entry)) = (found.days.last_mut(), query::entry(read, sequence)?) else { continue };
        let kinds = kinds_of(kinds.first().copied().unwrap_or(0));
        if kinds == [TouchKind::Listed] {
            day.fold(entry.actor.clone(), entry.time(), entry.action);
        } else {
            let resources = query::touched(read, &entry, Some(patient), usize::MAX)?;
            day.looks.push(Look { line: query::with_detail(read, entry)?, kinds, resources, withheld: Vec::new() });
        }
    }
    Ok(found)
}

impl Day {
    /// Counts an entry among the lists that the patient stood in.
    pub fn fold(&mut self, actor: Actor, time: Timestamp, action: Action) {
        match self.listings.iter_mut().find(|listing| same_person(&listing.actor, &actor)) {
            Some(listing) => {
                listing.count += 1;
                listing.first = listing.first.min(time);
                listing.last = listing.last.max(time);
                if !listing.actions.contains(&action) {
                    listing.actions.push(action);
                }
            }
            None => self.listings.push(Listing { actor, count: 1, first: time, last: time, actions: vec![action] }),
        }
    }
}

/// A person is one with all of their accounts; whoever has no person is one with the account or job.
fn same_person(a: &Actor, b: &Actor) -> bool {
    match (&a.person, &b.person) {
        (Some(one), Some(other)) => one == other && a.on_behalf_of == b.on_behalf_of,
        (None, None) => (a.kind, a.account, &a.job) == (b.kind, b.account, &b.job),
        _ => false,
    }
}

fn kinds_of(bits: u8) -> Vec<TouchKind> {
    TouchKind::ALL.iter().copied().filter(|kind| bits & kind_bit(*kind) != 0).collect()
}

fn date_of(micros: i64, zone: &TimeZone) -> Date {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone()).date()
}
