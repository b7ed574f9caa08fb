//! Until when backups stay that an old recovery sheet or passphrase opens.

use jiff::civil::Date;
use jiff::{Span, ToSpan, Zoned};

use crate::base::Timestamp;
use crate::store::{Direction, KeyRange, ReadExt};

use super::error::BackupError;
use super::retention::Keep;
use super::rows::BACKUPS;
use super::service::Backups;

/// The backups that were made until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldBackups {
    /// There are none.
    None,
    /// Nothing removes them by itself: no place of the configuration has any.
    Stay,
    /// The last of them goes on about this day, if backups go on as the configuration has it.
    Until(Date),
}

impl Keep {
    /// On which day the last of these snapshots is removed, when backups go on every `hours` from `now` on.
    ///
    /// A kind of period keeps the newest of its last `n` periods that have a snapshot. The newest old period but the one that the
    /// next backup falls into, where that takes its place, has left the list when `n` newer ones have one: the next backup's, and
    /// those after it. What is older has left before.
    pub fn last_goes(&self, times: &[Timestamp], now: Timestamp, hours: u32) -> Option<Date> {
        let zoned = |at: Timestamp| at.to_zoned(self.zone.clone());
        let next = zoned(now).checked_add(i64::from(hours).hours()).ok()?;
        let monday = |at: &Zoned| at.date().checked_sub(i64::from(at.weekday().to_monday_zero_offset()).days()).ok();
        let month = |at: &Zoned| Date::new(at.year(), at.month(), 1).ok();
        let year = |at: &Zoned| Date::new(at.year(), 1, 1).ok();
        let more = |count: u32| i64::from(count.saturating_sub(1));
        let ends = |count: u32, period: &dyn Fn(&Zoned) -> Option<Date>, by: Span| {
            let begins = period(&next)?;
            let other = times.iter().any(|at| period(&zoned(*at)) != Some(begins));
            (count > 0 && other).then(|| begins.checked_add(by).ok()).flatten()
        };
        // An hour without a backup is none that counts.
        let hourly = next.checked_add((more(self.hourly) * i64::from(hours)).hours()).ok().map(|at| at.date());
        let all = [
            hourly.filter(|_| self.hourly > 0),
            ends(self.daily, &|at| Some(at.date()), more(self.daily).days()),
            ends(self.weekly, &monday, more(self.weekly).weeks()),
            ends(self.monthly, &month, more(self.monthly).months()),
            ends(self.yearly, &year, more(self.yearly).years()),
        ];
        // The newest stays until the next one is made.
        all.into_iter().flatten().chain([next.date()]).max().filter(|_| !times.is_empty())
    }
}

impl Backups {
    /// Until when the backups stay that were made until now.
    pub fn old_backups(&self) -> Result<OldBackups, BackupError> {
        let rows = self.store.read()?.scan(&BACKUPS, KeyRange::all(), Direction::Up)?.collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(OldBackups::None);
        }
        let known = self.known()?;
        if !self.configured().iter().any(|spec| known.iter().any(|(name, _)| *name == spec.name)) {
            return Ok(OldBackups::Stay);
        }
        let times: Vec<Timestamp> = rows.iter().map(|(_, made)| made.created).collect();
        let now = self.ambient.now();
        let goes = self.schedule.keep.last_goes(&times, now, self.schedule.every_hours);
        // What was restored in the last drill stays until the next one has passed.
        let drilled = now.to_zoned(self.schedule.keep.zone.clone()).date();
        let drilled = drilled.checked_add((i64::from(self.schedule.drill_days) + 1).days());
        Ok(match (goes, drilled) {
            (Some(goes), Ok(drilled)) => OldBackups::Until(goes.max(drilled)),
            _ => OldBackups::Stay,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::fixture::TestBox;
    use crate::backup::layout::SnapshotName;
    use jiff::tz::TimeZone;

    /// The day on which the last of the old ones is gone, by making a backup and removing what is not kept, day after day.
    fn lived(keep: &Keep, old: &[Timestamp], now: Timestamp, ambient: &crate::base::Ambient) -> Date {
        let name = |(at, number): (&Timestamp, u64)| SnapshotName::new(*at, number, ambient);
        let mut names: Vec<SnapshotName> = old.iter().zip(1..).map(name).collect();
        let mut at = now;
        loop {
            at = at.checked_add(jiff::SignedDuration::from_hours(24)).unwrap();
            names.push(SnapshotName::new(at, names.last().unwrap().number() + 1, ambient));
            let gone = keep.forgets(&names, None);
            names.retain(|name| !gone.contains(name));
            if names.iter().all(|name| name.time() > now) {
                return at.to_zoned(keep.zone.clone()).date();
            }
        }
    }

    #[test]
    fn the_day_is_the_one_on_which_retention_has_removed_the_last() {
        let made = TestBox::new(71);
        let keep =
            |daily, weekly, monthly, yearly| Keep { hourly: 5, daily, weekly, monthly, yearly, zone: TimeZone::UTC };
        let times = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<Timestamp>>();
        for (keep, old, now) in [
            (keep(3, 0, 0, 0), times(&["2026-03-01T01:00:00Z", "2026-03-02T01:00:00Z"]), "2026-03-02T12:00:00Z"),
            (keep(3, 4, 0, 0), times(&["2026-02-20T01:00:00Z", "2026-03-01T01:00:00Z"]), "2026-03-01T12:00:00Z"),
            (keep(2, 2, 5, 0), times(&["2025-12-31T01:00:00Z", "2026-03-02T01:00:00Z"]), "2026-03-02T12:00:00Z"),
            (keep(2, 2, 2, 3), times(&["2024-12-31T01:00:00Z", "2025-12-31T01:00:00Z"]), "2026-01-01T12:00:00Z"),
            (keep(14, 8, 24, 2), times(&["2026-06-30T01:00:00Z"]), "2026-06-30T12:00:00Z"),
        ] {
            let now: Timestamp = now.parse().unwrap();
            let told = keep.last_goes(&old, now, 24).unwrap();
            let lived = lived(&keep, &old, now, &made.ambient);
            let apart = told.until(lived).unwrap().get_days().abs();
            assert!(apart <= 1, "{keep:?}: told {told}, lived {lived}");
        }
    }

    #[test]
    fn it_is_told_of_backups_that_the_box_made_and_removes() {
        let made = TestBox::new(72);
        assert_eq!(made.backups.old_backups().unwrap(), OldBackups::None);
        made.snapshot("elsewhere");
        assert_eq!(made.backups.old_backups().unwrap(), OldBackups::Stay);
        made.snapshot("one");
        assert!(matches!(made.backups.old_backups().unwrap(), OldBackups::Until(_)));
    }
}
