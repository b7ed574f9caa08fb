//! Counts, measured values and their units.

use crate::http::ui::text::{Locale, t};

/// 487,493, or 487.493 in Spanish: a count, grouped by thousands.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(if Locale::now() == Locale::Es { '.' } else { ',' });
        }
        out.push(digit);
    }
    out
}

/// A measured value: no trailing zero, always a leading one, at most two decimals from 1 up and three significant
/// digits below. `None` for what is not a plain decimal number; then it is shown as it was written.
pub fn decimal(text: &str) -> Option<String> {
    let value: f64 = text.trim().parse().ok().filter(|value: &f64| value.is_finite())?;
    Some(number(value))
}

/// As [`decimal`], of a number.
pub fn number(value: f64) -> String {
    let size = value.abs();
    let decimals = if size >= 1.0 || size == 0.0 {
        2
    } else {
        // 0.0123 has its first digit in the second place; three significant digits end in the fourth.
        let first = (-size.log10()).floor() as usize + 1;
        (first + 2).min(9)
    };
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    in_own_writing(if text == "-0" { "0" } else { text }.to_owned())
}

/// A number of a resource with the digits that were given, 7.0 as 7.0: how exact a value is, they say.
pub fn given(number: &serde_json::Number) -> String {
    let text = number.to_string();
    let counting = text.trim_start_matches(['-', '0', '.']).bytes().filter(u8::is_ascii_digit).count();
    match number.as_f64() {
        // What nobody reads is said as the nearest that one does.
        Some(value) if text.contains(['e', 'E']) || counting > MOST_DIGITS => exact(value),
        _ => in_own_writing(text),
    }
}

/// More digits than these are a machine's.
const MOST_DIGITS: usize = 10;

/// A number with all of its digits and no needless zero: a dose, a bound. What no person gave ends at the tenth digit that
/// counts.
pub fn exact(value: f64) -> String {
    let text = format!("{}", rounded(value));
    if text == "-0" { "0".to_owned() } else { in_own_writing(text) }
}

fn rounded(value: f64) -> f64 {
    // In the notation with an exponent, one digit stands before the others.
    format!("{value:.*e}", MOST_DIGITS - 1).parse().unwrap_or(value)
}

fn in_own_writing(text: String) -> String {
    match Locale::now() {
        // Rule of the Real Academia Española for most of the Spanish-speaking world.
        Locale::Es => text.replace('.', ","),
        Locale::En => text,
    }
}

/// 41.8 GB, in the powers of ten that disks are sold by.
pub fn bytes(n: u64) -> String {
    const UNITS: [(&str, f64); 4] = [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    let value = n as f64;
    match UNITS.iter().find(|(_, size)| value >= *size) {
        Some((unit, size)) => {
            let scaled = value / size;
            let text = if scaled >= 100.0 { format!("{scaled:.0}") } else { number((scaled * 10.0).round() / 10.0) };
            format!("{text} {unit}")
        }
        None => format!("{n} B"),
    }
}

/// A UCUM unit as it is printed: `mm[Hg]` is mmHg, `10*3/uL` is × 10³/µL, `ng/mL{FEU}` is ng/mL FEU.
/// Source: ucum.org/ucum, tables of the units that laboratories and wards use.
pub fn unit(ucum: &str) -> String {
    let shown = match TIMES.iter().find(|(code, _)| *code == ucum) {
        Some((_, message)) => return t(message).to_string(),
        None => shown(ucum),
    };
    // "13.2 10⁹/L" would be two numbers.
    let shown = if POWERS.iter().any(|power| shown.starts_with(power)) { format!("× {shown}") } else { shown };
    let shown = match PER.iter().find_map(|(code, message)| Some((shown.strip_suffix(code)?, message))) {
        Some((of, message)) => format!("{of}{}", t(message)),
        None => shown,
    };
    let shown =
        ["[iU]", "[IU]"].iter().fold(shown, |shown, code| shown.replace(code, &t("unit-international").to_string()));
    // What stands in a unit's name is a number too.
    if Locale::now() == Locale::Es { shown.replace("1.73", "1,73") } else { shown }
}

fn shown(ucum: &str) -> String {
    if let Some((_, shown)) = UNITS.iter().find(|(code, _)| *code == ucum) {
        return (*shown).to_owned();
    }
    let mut shown = String::with_capacity(ucum.len());
    let mut rest = ucum;
    while let Some((before, (note, after))) =
        rest.split_once('{').and_then(|(before, inside)| Some((before, inside.split_once('}')?)))
    {
        shown.push_str(before);
        if shown.ends_with(|last: char| last.is_alphanumeric() || matches!(last, '%' | ']')) {
            shown.push(' ');
        }
        shown.push_str(&note.replace('_', " "));
        rest = after;
    }
    shown.push_str(rest);
    let shown = shown.trim_end_matches('/').replace("10*3", "10³").replace("10*6", "10⁶").replace("10*9", "10⁹");
    let shown = shown.replace("[Hg]", "Hg").replace("[in_i]", "in").replace("[lb_av]", "lb").replace("[degF]", "°F");
    match shown.strip_prefix('u') {
        Some(rest) if ["mol", "g", "L", "U", "kat", "[iU]"].iter().any(|base| rest.starts_with(base)) => {
            format!("µ{rest}")
        }
        _ => shown.replace("/uL", "/µL").replace("/ug", "/µg"),
    }
}

const UNITS: &[(&str, &str)] = &[
    ("Cel", "°C"),
    ("[degF]", "°F"),
    ("kg/m2", "kg/m²"),
    ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
    ("mL/min/1.73m2", "mL/min/1.73 m²"),
    ("mL/min/1.73_m2", "mL/min/1.73 m²"),
    ("1", ""),
    ("[pH]", ""),
    ("{nominal}", ""),
    ("{score}", ""),
    ("{INR}", ""),
    ("10*3/uL", "10³/µL"),
    ("10*6/uL", "10⁶/µL"),
    ("10*9/L", "10⁹/L"),
    ("10*12/L", "10¹²/L"),
];

const POWERS: [&str; 4] = ["10³", "10⁶", "10⁹", "10¹²"];

/// How often, at the end of a unit.
const PER: [(&str, &str); 2] = [("/d", "unit-per-day"), ("/wk", "unit-per-week")];

const TIMES: [(&str, &str); 4] = [("a", "unit-years"), ("mo", "unit-months"), ("wk", "unit-weeks"), ("d", "unit-days")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_trailing_and_always_a_leading_zero() {
        for (given, shown) in [
            ("5.0", "5"),
            ("57.00", "57"),
            (".5", "0.5"),
            ("6.283185307", "6.28"),
            ("0.0123456", "0.0123"),
            ("0.10", "0.1"),
            ("-0.001", "-0.001"),
            ("0", "0"),
            ("-0.0", "0"),
            ("100", "100"),
            ("1e2", "100"),
            ("12345.678", "12345.68"),
        ] {
            assert_eq!(decimal(given).as_deref(), Some(shown), "{given}");
        }
        assert_eq!(decimal("< 5"), None);
        assert_eq!(decimal("inf"), None);
        assert_eq!(count(487_493), "487,493");
        assert_eq!(count(12), "12");
        assert_eq!(count(1_000_000), "1,000,000");
        assert_eq!(bytes(41_800_000_000), "41.8 GB");
        assert_eq!(bytes(477_000_000_000), "477 GB");
        assert_eq!(bytes(512), "512 B");
    }

    #[test]
    fn a_given_number_keeps_its_digits() {
        let said = |text: &str| given(&serde_json::from_str(text).unwrap());
        for (text, shown) in [
            ("7.345", "7.345"),
            ("7.0", "7.0"),
            ("1.030", "1.030"),
            ("1234", "1234"),
            ("0.00012", "0.00012"),
            ("1e2", "100"),
            ("57.123456789123", "57.12345679"),
            ("-2.345", "-2.345"),
        ] {
            assert_eq!(said(text), shown);
        }
        assert_eq!(Locale::Es.inside(|| said("7.345")), "7,345");
        assert_eq!([exact(0.125), exact(2.0), exact(1.005), exact(0.1 + 0.2)], ["0.125", "2", "1.005", "0.3"]);
    }

    #[test]
    fn units_are_printed_as_in_a_letter() {
        for (ucum, shown) in [
            ("mm[Hg]", "mmHg"),
            ("Cel", "°C"),
            ("{score}", ""),
            ("{beats}/min", "beats/min"),
            ("ng/mL{FEU}", "ng/mL FEU"),
            ("10*6{copies}/mL", "× 10⁶ copies/mL"),
            ("mL/min/{1.73_m2}", "mL/min/1.73 m²"),
            ("10*3/uL", "× 10³/µL"),
            ("10*9/L", "× 10⁹/L"),
            ("10⁹/L", "× 10⁹/L"),
            ("wk", "weeks"),
            ("umol/L", "µmol/L"),
            ("kg/m2", "kg/m²"),
            ("mg/dL", "mg/dL"),
            ("%", "%"),
            ("mL/{total}", "mL/total"),
            ("U/L", "U/L"),
            ("mg/kg/d", "mg/kg/day"),
            ("u[iU]/mL", "µIU/mL"),
            ("[iU]", "IU"),
            ("{broken", "{broken"),
        ] {
            assert_eq!(unit(ucum), shown, "{ucum}");
        }
        for (ucum, shown) in [
            ("mo", "meses"),
            ("mL/min/{1.73_m2}", "mL/min/1,73 m²"),
            ("mm[Hg]", "mmHg"),
            ("[iU]", "UI"),
            ("g/d", "g/día"),
        ] {
            assert_eq!(Locale::Es.inside(|| unit(ucum)), shown, "{ucum}");
        }
    }
}
