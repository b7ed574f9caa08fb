//! Dates, ages, numbers and units as people read them: 3 March 2026, 58 years, 0.5, mmHg.
//!
//! All words come from the messages; the forms are those of the design's notes (no trailing zero, always a leading one).

mod number;
mod span;
mod when;
mod words;

pub use number::{bytes, count, decimal, exact, given, number, unit};
pub use span::{age, ago, day_bounds};
pub use when::{When, weekday};
pub use words::{beginning, term, within};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::Locale;
    use jiff::Zoned;

    fn now() -> Zoned {
        "2026-03-03T09:38[Europe/London]".parse().unwrap()
    }

    #[test]
    fn numbers_and_dates_are_written_as_the_language_writes_them() {
        let now = now();
        let said = || {
            let when = When::Time("2026-02-19T09:40".parse().unwrap());
            (number(1234.5), count(12_345), when.long_time(), when.heading(&now), When::Month(2026, 3).short())
        };
        let (english, spanish) = (said(), Locale::Es.inside(said));
        assert_eq!((english.0.as_str(), english.1.as_str()), ("1234.5", "12,345"));
        assert_eq!((spanish.0.as_str(), spanish.1.as_str()), ("1234,5", "12.345"));
        assert_eq!(spanish.2, "19 de febrero de 2026, 09:40");
        assert_eq!(spanish.3, "jueves, 19 de febrero");
        assert_eq!(spanish.4, "mar 2026");
    }
}
