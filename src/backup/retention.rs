//! Which snapshots stay when old ones are removed.
//!
//! Each kind of period keeps the newest snapshot of each of its last periods that have one. It goes by the snapshots' own times and
//! numbers, never by how late it is now: a clock that jumps removes nothing. The newest always stays, and so does the newest
//! that was restored in a drill: a newer one has yet to prove itself.

use std::collections::BTreeSet;

use jiff::Zoned;
use jiff::tz::TimeZone;

use super::layout::SnapshotName;

/// How many of each kind stay.
#[derive(Debug, Clone, PartialEq)]
pub struct Keep {
    pub hourly: u32,
    pub daily: u32,
    pub weekly: u32,
    pub monthly: u32,
    pub yearly: u32,
    /// Whose hours and days these are.
    pub zone: TimeZone,
}

/// Which hour, day, week, month or year a time is in.
type Period = fn(&Zoned) -> String;

impl Keep {
    /// The snapshots that go, oldest first. `names` are sorted by number; `proved` is the newest that passed a drill.
    pub fn forgets(&self, names: &[SnapshotName], proved: Option<&str>) -> Vec<SnapshotName> {
        let kinds: [(u32, Period); 5] = [
            (self.hourly, |at| at.strftime("%Y-%m-%d %H").to_string()),
            (self.daily, |at| at.strftime("%Y-%m-%d").to_string()),
            (self.weekly, |at| at.strftime("%G-%V").to_string()),
            (self.monthly, |at| at.strftime("%Y-%m").to_string()),
            (self.yearly, |at| at.strftime("%Y").to_string()),
        ];
        let mut kept: BTreeSet<&SnapshotName> = names.last().into_iter().collect();
        kept.extend(names.iter().filter(|name| proved == Some(name.as_str())));
        for (count, period) in kinds {
            let mut periods = BTreeSet::new();
            for name in names.iter().rev() {
                if periods.len() >= count as usize {
                    break;
                }
                if periods.insert(period(&name.time().to_zoned(self.zone.clone()))) {
                    kept.insert(name);
                }
            }
        }
        names.iter().filter(|name| !kept.contains(name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Ambient, ManualClock, SeededRandom, Timestamp};

    fn names(times: &[&str]) -> Vec<SnapshotName> {
        let ambient = Ambient::new(ManualClock::at(Timestamp::UNIX_EPOCH), SeededRandom::new(1));
        times.iter().zip(1..).map(|(time, number)| SnapshotName::new(time.parse().unwrap(), number, &ambient)).collect()
    }

    fn keep(hourly: u32, daily: u32, weekly: u32, monthly: u32, yearly: u32) -> Keep {
        Keep { hourly, daily, weekly, monthly, yearly, zone: TimeZone::UTC }
    }

    fn gone(keep: &Keep, names: &[SnapshotName], proved: Option<&str>) -> Vec<u64> {
        keep.forgets(names, proved).iter().map(SnapshotName::number).collect()
    }

    #[test]
    fn the_newest_of_each_period_stays() {
        let names = names(&[
            "2025-01-31T02:00:00Z",
            "2025-12-31T02:00:00Z",
            "2026-01-01T02:00:00Z",
            "2026-03-01T02:00:00Z",
            "2026-03-02T01:00:00Z",
            "2026-03-02T02:00:00Z",
            "2026-03-02T02:30:00Z",
        ]);
        assert_eq!(gone(&keep(0, 0, 0, 0, 0), &names, None), [1, 2, 3, 4, 5, 6]);
        assert_eq!(gone(&keep(2, 0, 0, 0, 0), &names, None), [1, 2, 3, 4, 6]);
        assert_eq!(gone(&keep(0, 2, 0, 0, 0), &names, None), [1, 2, 3, 5, 6]);
        // 2026-03-01 is a Sunday: the week before.
        assert_eq!(gone(&keep(0, 0, 3, 0, 0), &names, None), [1, 2, 5, 6]);
        assert_eq!(gone(&keep(0, 0, 0, 2, 0), &names, None), [1, 2, 4, 5, 6]);
        assert_eq!(gone(&keep(0, 0, 0, 0, 2), &names, None), [1, 3, 4, 5, 6]);
        assert_eq!(gone(&keep(24, 7, 5, 12, 10), &names, None), [6]);
        let proved = names[3].as_str();
        assert_eq!(gone(&keep(0, 0, 0, 0, 0), &names, Some(proved)), [1, 2, 3, 5, 6]);
        assert!(gone(&keep(0, 0, 0, 0, 0), &[], None).is_empty());
    }

    #[test]
    fn a_clock_that_jumps_does_not_empty_the_place() {
        // The clock said 2099 for a while, then 1970, then what is right.
        let names = names(&[
            "2026-03-01T02:00:00Z",
            "2026-03-02T02:00:00Z",
            "2099-01-01T02:00:00Z",
            "1970-01-01T02:00:00Z",
            "2026-03-03T02:00:00Z",
        ]);
        assert!(gone(&keep(0, 7, 0, 0, 0), &names, None).is_empty());
        assert_eq!(gone(&keep(0, 1, 0, 0, 0), &names, None), [1, 2, 3, 4]);
    }
}
