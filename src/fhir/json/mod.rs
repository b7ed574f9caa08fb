//! JSON text to values, strictly (RFC 8259), within limits, and with the place of what is wrong.
//!
//! Keeps what FHIR needs and ordinary parsers lose: the order of members, every digit of a number (only an exponent is
//! respelled, `1E5` as `1e+5`), and the fact that a name stood twice. Never recurses, so no input can overflow the stack; errors never repeat a value.

mod parser;

use std::fmt;

pub use serde_json::{Map, Value};

/// What a text may cost at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text, in bytes.
    pub bytes: usize,
    /// Objects and arrays open at once. Dropping and walking a value recurses, so stay below 512.
    pub depth: usize,
    /// Values of any kind. One costs up to 100 bytes of memory, and as few as two of text.
    pub values: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 16 << 20, depth: 64, values: 1_000_000 }
    }
}

/// Reads one JSON text.
pub fn parse(text: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    parser::parse(text, limits)
}

/// Why a text is not acceptable JSON, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}, at line {line}, column {column}{}", Within(expression))]
pub struct JsonError {
    pub kind: JsonErrorKind,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The element being read, as in FHIRPath: `Patient.name[0].given`. Empty at the top.
    pub expression: String,
}

struct Within<'a>(&'a str);

/// In characters.
const LONGEST_PLACE: usize = 100;

impl fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of a deep place the end says enough; the issue has all of it.
        let start = self.0.char_indices().rev().nth(LONGEST_PLACE).map(|(at, _)| at);
        match start.and_then(|at| self.0.get(at..)) {
            Some(end) => write!(f, " (in …{end})"),
            None if self.0.is_empty() => Ok(()),
            None => write!(f, " (in {})", self.0),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonErrorKind {
    #[error("The text is longer than the {limit} bytes that are accepted")]
    TooLong { limit: usize },
    #[error("Objects and arrays stand more than {limit} levels deep inside each other")]
    TooDeep { limit: usize },
    #[error("The text has more than the {limit} values that are accepted at once")]
    TooMany { limit: usize },
    #[error("The text is not UTF-8; save it as UTF-8 and send it again")]
    NotUtf8,
    #[error("The text starts with a byte order mark; save it as UTF-8 without one")]
    ByteOrderMark,
    #[error("There is no JSON here: the text is empty")]
    Empty,
    #[error("The text ends before its JSON does; it may have been cut off")]
    CutOff,
    #[error("The JSON is complete before this point, but more text follows")]
    Trailing,
    #[error("{0} is expected here")]
    Expected(&'static str),
    #[error("The name \"{0}\" stands twice in the same object")]
    Duplicate(String),
    #[error("This is not a number as JSON writes it")]
    Number,
    #[error("A string has a line end or another control character in it; write it as an escape such as \\n")]
    Control,
    #[error("This is not an escape that JSON knows")]
    Escape,
    #[error("This escape is half of a character that needs two")]
    Surrogate,
}

#[cfg(test)]
mod tests;
