//! Decimal numbers, exact as far as FHIR needs them.

use std::cmp::Ordering;

/// `mantissa × 10^exponent`. Numbers of more than 36 digits are cut there; equality is of value (`1.0 = 1`).
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    mantissa: i128,
    exponent: i32,
}

const DIGITS: usize = 36;
const EXPONENT: i32 = 1_000_000;

impl Decimal {
    pub const fn integer(value: i64) -> Self {
        Self { mantissa: value as i128, exponent: 0 }
    }

    pub const fn new(mantissa: i64, exponent: i32) -> Self {
        Self { mantissa: mantissa as i128, exponent }
    }

    /// Reads `-12.50`, `1e-3`; exponents to a million.
    pub fn parse(text: &str) -> Option<Self> {
        let (head, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match head.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, head.strip_prefix('+').unwrap_or(head)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || digits.ends_with('.') || exponent.checked_abs().is_none_or(|e| e > EXPONENT) {
            return None;
        }
        let mut mantissa: i128 = 0;
        let mut dropped = 0i32;
        let mut kept = 0;
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = digit.checked_sub(b'0').filter(|d| *d < 10)?;
            if kept >= DIGITS {
                dropped = dropped.checked_add(1)?;
                continue;
            }
            kept += usize::from(mantissa != 0 || digit != 0);
            mantissa = mantissa * 10 + i128::from(digit);
        }
        let scale = i32::try_from(fraction.len()).ok().filter(|scale| *scale <= EXPONENT)?;
        Some(Self { mantissa: if negative { -mantissa } else { mantissa }, exponent: exponent - scale + dropped })
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        // The decimal reader rounds correctly, so that equal numbers give equal doubles however written.
        format!("{}e{}", self.mantissa, self.exponent).parse().unwrap_or(0.0)
    }

    pub const fn is_integer(self) -> bool {
        self.exponent >= 0
    }

    /// The whole number this is, where it is one and fits.
    pub fn to_integer(self) -> Option<i64> {
        let reduced = self.reduced();
        let factor = 10i128.checked_pow(u32::try_from(reduced.exponent).ok()?)?;
        i64::try_from(reduced.mantissa.checked_mul(factor)?).ok()
    }

    /// Half of the last digit given, 0.05 for `1.0`; a single digit with an exponent counts as two digits, so
    /// that `1e2` means 95 to 105 (search.html#number).
    pub fn half_unit(self) -> Self {
        let coarse = self.exponent > 0 && self.mantissa.unsigned_abs() < 10;
        Self { mantissa: 5, exponent: self.exponent.saturating_sub(if coarse { 2 } else { 1 }) }
    }

    #[must_use]
    pub fn magnitude(self) -> Self {
        if self.mantissa < 0 { self.negated() } else { self }
    }

    /// `n` where this is `10^n`.
    pub fn power_of_ten(self) -> Option<i32> {
        let reduced = self.reduced();
        (reduced.mantissa == 1).then_some(reduced.exponent)
    }

    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let (a, b) = (self.reduced(), other.reduced());
        let exponent = a.exponent.checked_add(b.exponent)?;
        Some(Self { mantissa: a.mantissa.checked_mul(b.mantissa)?, exponent })
    }

    pub fn checked_add(self, other: Self) -> Option<Self> {
        let (a, b, exponent) = self.aligned(other)?;
        Some(Self { mantissa: a.checked_add(b)?, exponent })
    }

    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(other.negated())
    }

    #[must_use]
    pub const fn negated(self) -> Self {
        Self { mantissa: self.mantissa.wrapping_neg(), exponent: self.exponent }
    }

    /// To twelve digits after the point at least; `None` by zero.
    pub fn checked_div(self, other: Self) -> Option<Self> {
        let (a, b) = (self.reduced(), other.reduced());
        let scaled = a.mantissa.checked_mul(10i128.pow(18))?;
        let exponent = a.exponent.checked_sub(b.exponent)?.checked_sub(18)?;
        Some(Self { mantissa: scaled.checked_div(b.mantissa)?, exponent }.reduced())
    }

    /// Whole quotient and remainder; `None` by zero.
    pub fn div_rem(self, other: Self) -> Option<(Self, Self)> {
        let (a, b, exponent) = self.aligned(other)?;
        Some((Self { mantissa: a.checked_div(b)?, exponent: 0 }, Self { mantissa: a.checked_rem(b)?, exponent }))
    }

    /// Both mantissas at one exponent.
    fn aligned(self, other: Self) -> Option<(i128, i128, i32)> {
        let exponent = self.exponent.min(other.exponent);
        let lift = |x: Self| {
            let by = u32::try_from(x.exponent.checked_sub(exponent)?).ok()?;
            if x.mantissa == 0 { Some(0) } else { x.mantissa.checked_mul(10i128.checked_pow(by)?) }
        };
        Some((lift(self)?, lift(other)?, exponent))
    }

    /// How many digits stand before the point: fewer than none where zeros follow it.
    fn size(self) -> i64 {
        match self.mantissa.unsigned_abs().checked_ilog10() {
            Some(digits) => i64::from(digits) + i64::from(self.exponent),
            None => 0,
        }
    }

    /// Without zeros at the end of the mantissa.
    fn reduced(mut self) -> Self {
        if self.mantissa == 0 {
            return Self { mantissa: 0, exponent: 0 };
        }
        while self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.exponent = self.exponent.saturating_add(1);
        }
        self
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let (a, b) = (self.reduced(), other.reduced());
        let signs = a.mantissa.signum().cmp(&b.mantissa.signum());
        // Where the first digit stands decides before the digits do.
        let sizes = a.size().cmp(&b.size());
        let sizes = if a.mantissa < 0 { sizes.reverse() } else { sizes };
        let digits = || a.aligned(b).map_or(Ordering::Equal, |(a, b, _)| a.cmp(&b));
        Some(signs.then(sizes).then_with(digits))
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !(-40..=0).contains(&self.exponent) {
            return match self.to_integer() {
                Some(whole) => write!(f, "{whole}"),
                None => write!(f, "{}e{}", self.mantissa, self.exponent),
            };
        }
        let places = usize::try_from(self.exponent.unsigned_abs()).unwrap_or(0);
        let digits = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_read_and_compare_by_value() {
        assert_eq!(decimal("1.0"), decimal("1"));
        assert_eq!(decimal("1e-3"), decimal("0.001"));
        assert!(decimal("-2") < decimal("-1.99"));
        assert!(decimal("1e900") > decimal("99999999999999999999999999999999999999999"));
        // Far beyond what a double holds.
        assert!(decimal("1e400") < decimal("1e5000") && decimal("-1e400") > decimal("-1e5000"));
        assert!(decimal("1e-400") > decimal("1e-5000") && decimal("1e-5000") > decimal("0"));
        assert!(decimal("2e400") > decimal("1e400") && decimal("-1e5000") < decimal("1e-5000"));
        assert_eq!(decimal("10e399"), decimal("1e400"));
        assert!(
            decimal("123456789012345678901234567890123456e400") < decimal("123456789012345678901234567890123457e400")
        );
        assert_eq!(decimal("2.50").to_string(), "2.50");
        assert_eq!(decimal("-0.05").to_string(), "-0.05");
        assert_eq!(decimal("1.50").half_unit(), decimal("0.005"));
        assert_eq!(decimal("100").half_unit(), decimal("0.5"));
        assert_eq!(decimal("1e2").half_unit(), decimal("5"));
        assert_eq!(decimal("12e2").to_integer(), Some(1200));
        assert_eq!(decimal("1.5").to_integer(), None);
        for bad in ["", ".", "1.", ".5", "1e", "0x1", "--1", "1e99999999999", "1.2.3", "١"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn arithmetic_is_exact_in_tenths() {
        assert_eq!(decimal("0.1").checked_add(decimal("0.2")), Some(decimal("0.3")));
        assert_eq!(decimal("5.4").checked_mul(decimal("1e-3")).unwrap().to_f64(), 0.0054);
        assert_eq!(decimal("7").div_rem(decimal("2")).unwrap(), (decimal("3"), decimal("1")));
        assert_eq!(decimal("1").checked_div(decimal("0")), None);
        assert_eq!(decimal("1").checked_div(decimal("8")), Some(decimal("0.125")));
    }

    proptest! {
        #[test]
        fn doubles_survive(value in -1e12f64..1e12) {
            prop_assert_eq!(decimal(&value.to_string()).to_f64(), value);
        }

        #[test]
        fn numbers_compare_as_doubles_do(a in -1e3f64..1e3, b in -1e3f64..1e3, up in -20i32..20) {
            let (one, other) = (format!("{a}e{up}"), format!("{b}"));
            let (x, y): (f64, f64) = (one.parse().unwrap(), other.parse().unwrap());
            prop_assert_eq!(decimal(&one).partial_cmp(&decimal(&other)), x.partial_cmp(&y));
        }

        #[test]
        fn any_text_is_a_number_or_not(text in "[-+0-9.eE]{0,60}") {
            if let Some(number) = Decimal::parse(&text) {
                let _ = (number.to_f64(), number.to_integer(), number.to_string(), number.half_unit());
                let _ = (number.checked_mul(number), number.checked_add(number), number.checked_div(number), number.div_rem(number));
            }
        }
    }
}
