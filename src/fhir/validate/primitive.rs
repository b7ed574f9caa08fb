//! The formats of R4's primitive types (datatypes.html#primitive), by hand: this is the hot path.

use serde_json::Value;

use crate::base::FhirId;
use crate::fhir::definitions::Primitive;

/// Strings may have up to 1 MiB characters (datatypes.html#string).
const LONGEST_STRING: usize = 1_048_576;

/// `Ok`, or what is wrong with the value, as the end of a sentence that names the element.
pub(super) fn check(primitive: Primitive, value: &Value) -> Result<(), &'static str> {
    use Primitive as P;
    match (primitive, value) {
        (P::Boolean, Value::Bool(_)) | (P::Decimal, Value::Number(_)) => Ok(()),
        (P::Boolean, _) => Err("must be true or false, without quotes"),
        (P::Decimal, _) => Err("must be a number, without quotes"),
        (P::Integer | P::UnsignedInt | P::PositiveInt, Value::Number(number)) => integer(primitive, number.as_str()),
        (P::Integer | P::UnsignedInt | P::PositiveInt, _) => Err("must be a whole number, without quotes"),
        (_, Value::String(text)) => string(primitive, text),
        (_, _) => Err("must be text in double quotes"),
    }
}

fn integer(primitive: Primitive, text: &str) -> Result<(), &'static str> {
    let number: i32 = text.parse().map_err(|_| "must be a whole number that fits in 32 bits")?;
    match primitive {
        Primitive::UnsignedInt if number < 0 => Err("must not be negative"),
        Primitive::PositiveInt if number < 1 => Err("must be 1 or more"),
        _ => Ok(()),
    }
}

fn string(primitive: Primitive, text: &str) -> Result<(), &'static str> {
    use Primitive as P;
    let good = |is: bool, otherwise: &'static str| if is { Ok(()) } else { Err(otherwise) };
    if text.is_empty() {
        return Err("is empty; leave it out instead");
    }
    match primitive {
        P::Code => good(is_code(text), "must be a code: no spaces at either end, and only single ones within"),
        P::Id => good(FhirId::parse(text).is_ok(), "must be an id: 1 to 64 of the characters A-Z a-z 0-9 - ."),
        P::Uri | P::Url | P::Canonical => good(is_uri(text), "must be a URI, without spaces"),
        P::Oid => good(is_oid(text), "must be an OID such as urn:oid:1.2.3"),
        P::Uuid => good(is_uuid(text), "must be a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
        P::Date => good(date(text.as_bytes()) == Some(b""), "must be a date such as 2024-02-29, 2024-02 or 2024"),
        P::DateTime => good(
            is_date_time(text.as_bytes()),
            "must be a date, or a date and time with seconds and time zone such as 2024-02-29T13:28:17+01:00",
        ),
        P::Instant => good(
            is_instant(text.as_bytes()),
            "must be a date and time with seconds and time zone such as 2024-02-29T13:28:17.239+01:00",
        ),
        P::Time => good(time(text.as_bytes()) == Some(b""), "must be a time of day with seconds such as 13:28:17"),
        P::Base64Binary => good(is_base64(text.as_bytes()), "must be base64"),
        // Its own rules are the narrative's; it may be longer than a string.
        P::Xhtml => Ok(()),
        _ => characters(text),
    }
}

fn characters(text: &str) -> Result<(), &'static str> {
    if text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) {
        return Err("has a control character in it");
    }
    if text.len() > LONGEST_STRING && text.chars().count() > LONGEST_STRING {
        return Err("is longer than 1,048,576 characters");
    }
    Ok(())
}

fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c);
    !bytes.first().is_some_and(space)
        && !bytes.last().is_some_and(space)
        && !bytes.windows(2).any(|pair| pair.iter().all(space))
        && !bytes.iter().any(|byte| *byte < 0x20 && !space(byte))
}

fn is_uri(text: &str) -> bool {
    text.bytes().all(|byte| byte > 0x20 && byte != 0x7f)
}

fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else { return false };
    let mut arcs = arcs.split('.');
    let number = |arc: &str| !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
    let plain = |arc: &str| number(arc) && (arc == "0" || !arc.starts_with('0'));
    matches!(arcs.next(), Some("0" | "1" | "2")) && {
        let mut rest = arcs.peekable();
        rest.peek().is_some() && rest.all(plain)
    }
}

fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

fn is_base64(bytes: &[u8]) -> bool {
    let (mut count, mut padding) = (0usize, 0usize);
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => count += 1,
            b'=' => {
                count += 1;
                padding += 1;
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => return false,
        }
    }
    count > 0 && count.is_multiple_of(4) && padding <= 2
}

/// Reads exactly `n` digits.
fn digits(text: &[u8], n: usize) -> Option<(u32, &[u8])> {
    let (number, rest) = text.split_at_checked(n)?;
    let value =
        number.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))?;
    Some((value, rest))
}

fn within(text: &[u8], range: std::ops::RangeInclusive<u32>) -> Option<&[u8]> {
    let (value, rest) = digits(text, 2)?;
    range.contains(&value).then_some(rest)
}

/// A year, month or day; what follows it. Only a whole day may have something after it.
fn date(text: &[u8]) -> Option<&[u8]> {
    let (year, rest) = digits(text, 4)?;
    if year == 0 {
        return None;
    }
    let Some(rest) = rest.strip_prefix(b"-") else { return Some(rest) };
    let (month, rest) = digits(rest, 2)?;
    if !(1..=12).contains(&month) {
        return None;
    }
    let Some(rest) = rest.strip_prefix(b"-") else { return Some(rest) };
    let (day, rest) = digits(rest, 2)?;
    (1..=days(year, month)).contains(&day).then_some(rest)
}

const fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Hours, minutes, seconds (60 for a leap second) and perhaps a fraction; what follows them.
fn time(text: &[u8]) -> Option<&[u8]> {
    let rest = within(text, 0..=23)?.strip_prefix(b":")?;
    let rest = within(rest, 0..=59)?.strip_prefix(b":")?;
    let rest = within(rest, 0..=60)?;
    let Some(fraction) = rest.strip_prefix(b".") else { return Some(rest) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 { None } else { fraction.get(digits..) }
}

fn zone(text: &[u8]) -> Option<()> {
    match text {
        b"Z" => Some(()),
        [b'+' | b'-', b'1', b'4', rest @ ..] => (rest == b":00").then_some(()),
        [b'+' | b'-', rest @ ..] => within(within(rest, 0..=13)?.strip_prefix(b":")?, 0..=59)?.is_empty().then_some(()),
        _ => None,
    }
}

fn is_instant(text: &[u8]) -> bool {
    // A whole day is ten characters; a year or month before the T is not.
    let instant = || {
        let rest = date(text)?;
        let rest = if text.len() - rest.len() == 10 { rest.strip_prefix(b"T")? } else { return None };
        zone(time(rest)?)
    };
    instant().is_some()
}

fn is_date_time(text: &[u8]) -> bool {
    date(text) == Some(b"") || is_instant(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ok(primitive: Primitive, json: &str) -> bool {
        check(primitive, &serde_json::from_str(json).unwrap()).is_ok()
    }

    fn judge(primitive: Primitive, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(string(primitive, text).is_ok(), "{primitive:?} {text}");
        }
        for text in bad {
            assert!(string(primitive, text).is_err(), "{primitive:?} {text}");
        }
    }

    #[test]
    fn dates_and_times_are_real_and_complete() {
        judge(
            Primitive::Date,
            &["2024", "2024-02", "2024-02-29", "1899-12-31", "2000-02-29", "9999-12-31"],
            &[
                "",
                "24",
                "2024-13",
                "2024-00",
                "2023-02-29",
                "1900-02-29",
                "2024-04-31",
                "2024-2-1",
                "0000",
                "2024-02-",
                "2024-02-29T00:00:00Z",
                "20240229",
                "2024-02-29 ",
                "２０２４",
            ],
        );
        judge(
            Primitive::DateTime,
            &[
                "2024",
                "2024-02",
                "2024-02-29",
                "2024-02-29T13:28:17Z",
                "2024-02-29T13:28:17.239+14:00",
                "2016-12-31T23:59:60Z",
                "2024-02-29T13:28:17-13:59",
                "2024-02-29T00:00:00.000000000Z",
            ],
            &[
                "2024-02-29T13:28Z",
                "2024-02-29T13:28:17",
                "2024-02-29T24:00:00Z",
                "2024-02-29T13:60:00Z",
                "2024-02T13:28:17Z",
                "2024T13:28:17Z",
                "2024-02-29T13:28:17.Z",
                "2024-02-29T13:28:17+14:30",
                "2024-02-29T13:28:17+1:00",
                "2024-02-29t13:28:17Z",
                "2024-02-29T13:28:17z",
                "2024-02-29 13:28:17Z",
                "2024-02-30T13:28:17Z",
                "2024-02-29T13:28:61Z",
                "2024-02-29T13:28:17Zx",
            ],
        );
        judge(Primitive::Instant, &["2024-02-29T13:28:17Z"], &["2024-02-29", "2024", "2024-02-29T13:28:17"]);
        judge(Primitive::Time, &["00:00:00", "23:59:60.5"], &["24:00:00", "12:00", "12:00:00Z", "12:00:00."]);
    }

    #[test]
    fn names_of_things_have_their_shape() {
        judge(Primitive::Code, &["a", "a b", "é-1"], &[" a", "a ", "a  b", "\t", "a\u{1}"]);
        judge(Primitive::Id, &["a-1.B"], &["a_b", "a/b", "a b"]);
        judge(Primitive::Uri, &["http://x.org/a?b#c", "urn:x", "relative", "ä"], &["a b", "a\n", " "]);
        judge(
            Primitive::Oid,
            &["urn:oid:1.2.840.0", "urn:oid:2.0"],
            &["1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02", "urn:oid:1..2", "urn:oid:1.2."],
        );
        let uuid = "urn:uuid:c757873d-ec9a-4326-a141-556f43239520";
        judge(Primitive::Uuid, &[uuid], &[&uuid[9..], &uuid.to_uppercase(), &uuid[..44], "urn:uuid:"]);
        judge(
            Primitive::Base64Binary,
            &["AAAA", "AA==", "AAA=", "AA AA\nBB=="],
            &["AAA", "A===", "AA=A", "AA-A", "====", " "],
        );
    }

    #[test]
    fn json_types_are_as_fhir_says() {
        assert!(ok(Primitive::Boolean, "true") && !ok(Primitive::Boolean, "\"true\"") && !ok(Primitive::Boolean, "1"));
        assert!(ok(Primitive::Decimal, "1.50e-3") && !ok(Primitive::Decimal, "\"1\""));
        assert!(ok(Primitive::Integer, "-2147483648") && !ok(Primitive::Integer, "2147483648"));
        assert!(!ok(Primitive::Integer, "1.0") && !ok(Primitive::Integer, "1e2") && !ok(Primitive::Integer, "\"1\""));
        assert!(ok(Primitive::UnsignedInt, "0") && !ok(Primitive::UnsignedInt, "-1"));
        assert!(ok(Primitive::PositiveInt, "1") && !ok(Primitive::PositiveInt, "0"));
        assert!(ok(Primitive::String, "\"a\\tb\\n\"") && !ok(Primitive::String, "\"a\\u0001\""));
        assert!(!ok(Primitive::String, "1") && !ok(Primitive::String, "{}") && !ok(Primitive::String, "\"\""));
        let long = "x".repeat(LONGEST_STRING);
        assert!(string(Primitive::Markdown, &long).is_ok() && string(Primitive::String, &(long + "x")).is_err());
    }
}
