//! Numbers as people type them. A number keeps the digits that were given, and one that can be read in two ways is read in
//! none.

use std::fmt;

/// A decimal number with the digits behind its point that were given: 7.0 is not 7.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decimal {
    value: f64,
    places: u8,
}

/// Why what was typed is no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoDecimal {
    #[error("this is no number")]
    Unread,
    /// In one country 1,234 is a thousand times what it is in another.
    #[error(
        "this number can be read in two ways: leave the separator of thousands out, and write a point before decimals"
    )]
    Ambiguous,
}

/// The most digits. A binary fraction holds fifteen without loss.
const LONGEST: usize = 12;

impl Decimal {
    /// Reads a number. A comma is a point, unless three digits follow it or there is another separator.
    pub fn read(typed: &str) -> Result<Self, NoDecimal> {
        let typed = typed.trim();
        let (sign, digits) = typed.strip_prefix('-').map_or(("", typed), |rest| ("-", rest));
        let is_separator = |c: char| matches!(c, '.' | ',' | ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}');
        let plain = digits.chars().all(|c| c.is_ascii_digit() || is_separator(c));
        let count = digits.chars().filter(char::is_ascii_digit).count();
        if !plain || count == 0 || count > LONGEST {
            return Err(NoDecimal::Unread);
        }
        let separators: Vec<char> = digits.chars().filter(|c| is_separator(*c)).collect();
        let (whole, fraction) = match separators.as_slice() {
            [] => (digits, ""),
            [one @ ('.' | ',')] => digits.split_once(*one).unwrap_or((digits, "")),
            _ => return Err(NoDecimal::Ambiguous),
        };
        // Nobody separates thousands behind a nought.
        let is_grouped = fraction.len() == 3 && !whole.is_empty() && !whole.starts_with('0');
        if separators == [','] && is_grouped {
            return Err(NoDecimal::Ambiguous);
        }
        let value = format!("{sign}{whole}.{fraction}0").parse().map_err(|_| NoDecimal::Unread)?;
        Ok(Self { value, places: u8::try_from(fraction.len()).unwrap_or(0) })
    }

    pub const fn value(self) -> f64 {
        self.value
    }
}

impl fmt::Display for Decimal {
    /// As FHIR and JSON write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", usize::from(self.places), self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_digits() {
        for (typed, read) in [
            ("7", "7"),
            ("7.0", "7.0"),
            (" 7,2 ", "7.2"),
            ("7.345", "7.345"),
            ("1.030", "1.030"),
            (".5", "0.5"),
            ("5.", "5"),
            ("007.2", "7.2"),
            ("-0.5", "-0.5"),
            ("0,125", "0.125"),
            ("150000", "150000"),
            ("1,2345", "1.2345"),
        ] {
            assert_eq!(Decimal::read(typed).map(|one| one.to_string()).as_deref(), Ok(read), "{typed}");
        }
    }

    #[test]
    fn a_number_that_can_be_read_in_two_ways_is_read_in_none() {
        for typed in ["1,234", "150,000", "1,234.5", "1.234,5", "1.234.567", "1 234", "1'234", "1,2,3"] {
            assert_eq!(Decimal::read(typed), Err(NoDecimal::Ambiguous), "{typed}");
        }
        for typed in ["", ".", "-", "1e3", "12a", "1-2", "NaN", "> 5", "1234567890123"] {
            assert_eq!(Decimal::read(typed), Err(NoDecimal::Unread), "{typed}");
        }
    }
}
