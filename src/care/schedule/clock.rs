//! Times as a clock on the wall shows them. In the night in which clocks go forward there are some that none shows.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The moment at which clocks go forward over this time; `None` for one that a clock shows.
pub fn gap_at(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let read = zone.to_ambiguous_timestamp(at);
    if !matches!(read.offset(), AmbiguousOffset::Gap { .. }) {
        return None;
    }
    // As if they had not gone forward it lies behind that moment, or is it.
    let behind = read.compatible().ok()?.checked_add(SignedDuration::from_secs(1)).ok()?;
    zone.preceding(behind).next().map(|change| change.timestamp())
}

/// When a clock shows it; of an hour that it shows twice, the first time. What none shows is the moment at which they go forward.
pub(super) fn moment(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    gap_at(at, zone).or_else(|| zone.to_ambiguous_timestamp(at).compatible().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_no_clock_shows_is_the_moment_at_which_they_go_forward() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let gap = |text: &str| gap_at(text.parse().unwrap(), &zone).map(|at| at.to_string());
        let at = |text: &str| moment(text.parse().unwrap(), &zone).unwrap().to_string();
        for skipped in ["2027-03-28T02:00", "2027-03-28T02:30", "2027-03-28T02:59:59"] {
            assert_eq!(gap(skipped).as_deref(), Some("2027-03-28T01:00:00Z"), "{skipped}");
            assert_eq!(at(skipped), "2027-03-28T01:00:00Z");
        }
        assert_eq!((gap("2027-03-28T03:00"), gap("2027-03-28T01:59"), gap("2027-10-31T02:30")), (None, None, None));
        assert_eq!(at("2027-03-28T03:00"), "2027-03-28T01:00:00Z");
        assert_eq!(at("2027-10-31T02:30"), "2027-10-31T00:30:00Z");
    }
}
