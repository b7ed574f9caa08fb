//! Results: entered by hand or taken from a laboratory's file, signed by a doctor, let go to the patient at once or later.
//!
//! A result is a `DiagnosticReport` with all that belongs to it. What stands of it:
//!
//! | | how it is said |
//! |---|---|
//! | waits for a doctor's signature | no `meta.tag` [`SIGNED`] |
//! | signed | the tag, `resultsInterpreter`, a `Provenance` |
//! | held from the patient | the label of [`super::held`] on all that belongs to it ([`belonging`]) |
//! | what the doctor said of it | an extension ([`COMMENT`]) beside the laboratory's `conclusion` |
//! | its laboratory asks to hold it | a tag ([`asks_to_hold`]), until it is let go |
//! | until when, why and by whom | a `Task` ([`RELEASE`]) that is on hold until `executionPeriod.start` |
//!
//! Nurses enter results; these are held until a doctor signs, but for what is sealed from every doctor. Doctors release at once unless
//! they hold with a reason and a day, which stand until a doctor decides otherwise. At that day the box lets it go by itself
//! ([`release_due`]). The patient is told when they can see it.

#[cfg(test)]
mod acts_tests;
mod belongs;
mod comment;
mod elsewhere;
mod enter;
mod import;
mod marks;
mod release_task;
mod settle;
mod take_back;
mod whole;

pub use belongs::{Belonging, RESULTS, belonging, contained, contained_of_others, named_only, whole};
pub use comment::{COMMENT, Comment, comments};
pub use enter::{FLAGS, ROWS, ResultTyped, enter};
pub use import::{
    Arriving, Described, Differs, ImportFault, Lies, Sure, Unasked, apart, has_unseen_part, import, is_sealed,
    is_surely_newer, known_as, may_be_one, newer, paired, seal_as, sealed_whole, still_apart, unasked, whole_file,
    withdrawn_too,
};
pub use marks::{ENTERED, asks_to_hold, is_entered};
pub use release_task::HouseLetsGo;
pub use settle::{Act, By, Report, ResultError, Seals, enter_all, release_due, settle, waits_again};
pub use take_back::{is_taken_back, shared, take_back, take_back_one};
pub use whole::HeldWhole;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::Value;

use super::entries::{Fault, Faults};
use crate::base::Timestamp;

/// The tag of a report that a doctor has signed.
pub const SIGNED: (&str, &str) = ("urn:chartbox:result", "signed");
/// The code of the task that lets a result go.
pub const RELEASE: (&str, &str) = ("urn:chartbox:task", "release-result");
/// The longest that a result is held, in days.
pub const LONGEST_HOLD: i32 = 90;

/// Whether a doctor has signed a report.
pub fn is_signed(report: &Value) -> bool {
    marks::has(report, SIGNED)
}

/// When the patient may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Release {
    Now,
    /// From the morning of this day on.
    Later {
        reason: String,
        until: Timestamp,
    },
    /// When a doctor has signed.
    WhenSigned,
}

/// What was typed about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ReleaseTyped {
    /// `now` or `hold`.
    pub release: String,
    pub hold_reason: String,
    pub hold_until: String,
}

impl ReleaseTyped {
    /// As a report stands: what is held stays held, for its reason and until its day, unless somebody chooses otherwise.
    pub fn standing(report: &Report, zone: &TimeZone) -> Self {
        match report.held_until() {
            Some((reason, until)) if report.is_held() => Self {
                release: "hold".to_owned(),
                hold_reason: reason,
                hold_until: until.to_zoned(zone.clone()).date().to_string(),
            },
            _ => Self::default(),
        }
    }

    /// A doctor's choice.
    pub fn read(&self, today: Date, zone: &TimeZone, faults: &mut Faults) -> Release {
        if self.release != "hold" {
            return Release::Now;
        }
        let reason = self.hold_reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.is_empty() {
            faults.push(("hold_reason", Fault::Missing));
        } else if reason.chars().count() > super::entries::LINE {
            faults.push(("hold_reason", Fault::TooLong { most: super::entries::LINE }));
        }
        let day = self.hold_until.trim();
        let until = day.parse::<Date>().ok().filter(|day| {
            let days = today.until(*day).map_or(0, |span| span.get_days());
            (1..=LONGEST_HOLD).contains(&days)
        });
        let moment = until.and_then(|day| day.at(7, 0, 0, 0).to_zoned(zone.clone()).ok()).map(|at| at.timestamp());
        match moment {
            Some(until) => Release::Later { reason, until },
            None => {
                faults.push(("hold_until", if day.is_empty() { Fault::Missing } else { Fault::Unread }));
                Release::Now
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_has_a_reason_and_a_day_that_comes_soon() {
        let today: Date = "2026-03-03".parse().unwrap();
        let read = |release: &str, reason: &str, until: &str| {
            let mut faults = Faults::new();
            let typed = ReleaseTyped { release: release.into(), hold_reason: reason.into(), hold_until: until.into() };
            (typed.read(today, &TimeZone::UTC, &mut faults), faults)
        };
        assert_eq!(read("now", "", ""), (Release::Now, vec![]));
        assert_eq!(read("", "", "").0, Release::Now);
        let until = "2026-03-10T07:00:00Z".parse().unwrap();
        assert_eq!(
            read("hold", "to tell her in person", "2026-03-10").0,
            Release::Later { reason: "to tell her in person".into(), until }
        );
        assert_eq!(read("hold", "", "").1, [("hold_reason", Fault::Missing), ("hold_until", Fault::Missing)]);
        for bad in ["2026-03-03", "2026-03-01", "2027-03-01", "soon"] {
            assert_eq!(read("hold", "x", bad).1, [("hold_until", Fault::Unread)], "{bad}");
        }
    }
}
