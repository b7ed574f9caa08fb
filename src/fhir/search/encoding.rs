//! The query string's own encodings: percent signs, and FHIR's backslashes (search.html#escaping).

use super::{QueryError, words};

/// The longest query that is read, in bytes; a `POST _search` may carry long lists.
const LONGEST: usize = 64 << 10;
/// The most parameters of one search.
const MOST: usize = 128;
/// The most alternatives of all parameters together: each is compared with each resource.
const MOST_ALTERNATIVES: usize = 2_000;

/// Name and value of each parameter, decoded, in the order asked.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, QueryError> {
    if query.len() > LONGEST {
        return Err(QueryError::TooMuch { what: "more than 64 KiB of text" });
    }
    let parts = query.split('&').filter(|part| !part.is_empty());
    let pairs = parts.take(MOST + 1).map(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        Ok((decode(name)?, decode(value)?))
    });
    let pairs: Vec<_> = pairs.collect::<Result<_, _>>()?;
    let alternatives: usize = pairs.iter().map(|(name, value)| alternatives(name, value)).sum();
    if alternatives > MOST_ALTERNATIVES {
        return Err(QueryError::TooMuch { what: "more than 2,000 alternatives in all" });
    }
    if pairs.len() > MOST { Err(QueryError::TooMuch { what: "more than 128 parameters" }) } else { Ok(pairs) }
}

/// How often a value is compared beyond once: words of `_text` and `_content` each, other values between commas.
fn alternatives(name: &str, value: &str) -> usize {
    match name.rsplit(['.', ':']).next() {
        Some("_text" | "_content") => words::count(value).saturating_sub(1),
        _ => value.matches(',').count(),
    }
}

pub(super) fn decode(text: &str) -> Result<String, QueryError> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16);
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                value.and_then(|value| u8::try_from(value).ok()).ok_or(QueryError::Encoding)?
            }
            other => other,
        });
    }
    let text = String::from_utf8(out).map_err(|_| QueryError::Encoding)?;
    if text.contains('\0') { Err(QueryError::Encoding) } else { Ok(text) }
}

/// A text as one value of a search, or a part of one, has it (search.html#escaping).
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, ',' | '|' | '$' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

/// Puts one more parameter into a query string.
pub fn encode_pair(name: &str, value: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    encode(name, out);
    out.push('=');
    encode(value, out);
}

/// Puts text into a query string; what FHIR uses as punctuation stays readable.
pub fn encode(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b':' | b'/' | b',' | b'*' | b'$' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    out.extend(char::from_digit(u32::from(digit), 16).map(|c| c.to_ascii_uppercase()));
                }
            }
        }
    }
}

/// Parts between `by` that no backslash stands before; the parts keep their backslashes.
pub(super) fn split(text: &str, by: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if !escaped && c == by {
            parts.push(text.get(start..at).unwrap_or_default());
            start = at + c.len_utf8();
        }
        escaped = !escaped && c == '\\';
    }
    parts.push(text.get(start..).unwrap_or_default());
    parts
}

/// Without the backslashes before `,` `|` `$` and backslash itself; others stand for themselves.
pub(super) fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' && matches!(chars.peek(), Some(',' | '|' | '$' | '\\')) {
            out.extend(chars.next());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_split_and_unescape() {
        assert_eq!(split(r"a\,b,c\\,d", ','), [r"a\,b", r"c\\", "d"]);
        assert_eq!(unescape(r"a\,b\\c\d\"), r"a,b\c\d\");
        assert_eq!(
            pairs("a=b+c%2Cd&&x&y=%C3%A9").unwrap(),
            [("a".to_owned(), "b c,d".to_owned()), ("x".to_owned(), String::new()), ("y".to_owned(), "é".to_owned())]
        );
        for bad in ["a=%", "a=%4", "a=%zz", "a=%FF", "a=%00", "%é=1"] {
            assert_eq!(pairs(bad), Err(QueryError::Encoding), "{bad}");
        }
        assert!(matches!(pairs(&"a&".repeat(200)), Err(QueryError::TooMuch { .. })));
    }

    #[test]
    fn words_of_a_text_count_as_alternatives_do() {
        for name in ["_content", "_text", "patient._content", "_has:Observation:patient:_text"] {
            assert!(pairs(&format!("{name}={}", "zz|".repeat(2_001))).is_ok(), "{name}");
            for between in ["|", "+", "+OR+", ",", "("] {
                let asked = format!("{name}={}", format!("zz{between}").repeat(2_002));
                assert!(matches!(pairs(&asked), Err(QueryError::TooMuch { .. })), "{name} {between}");
            }
        }
        assert!(pairs(&format!("code={}", "a|".repeat(3_000))).is_ok());
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(text in "[^\0]*") {
            let mut encoded = String::new();
            encode(&text, &mut encoded);
            prop_assert_eq!(decode(&encoded).unwrap(), text);
        }
    }
}
