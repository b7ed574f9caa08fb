//! The parser: one pass over the bytes, open objects and arrays on a stack of its own.

use std::str::FromStr;

use serde_json::{Map, Number, Value};

use super::{JsonError, JsonErrorKind, Limits};
use JsonErrorKind as Kind;

pub(super) fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, JsonError> {
    if bytes.len() > limits.bytes {
        return Err(error(Kind::TooLong { limit: limits.bytes }, "", 0, &[]));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(wrong) => {
            let good = bytes.get(..wrong.valid_up_to()).and_then(|good| std::str::from_utf8(good).ok());
            let good = good.unwrap_or_default();
            return Err(error(Kind::NotUtf8, good, good.len(), &[]));
        }
    };
    let mut parser = Parser { text, bytes, at: 0, open: Vec::new(), limits, values: 0 };
    parser.document().map_err(|Wrong { kind, at }| error(kind, text, at, &parser.open))
}

/// An object or array not closed yet.
enum Open {
    /// `key` is the member being read; `key_at` where its name stands.
    Object {
        members: Map<String, Value>,
        key: String,
        key_at: usize,
    },
    Array(Vec<Value>),
}

struct Parser<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    open: Vec<Open>,
    limits: &'a Limits,
    values: usize,
}

struct Wrong {
    kind: Kind,
    at: usize,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<Value, Wrong> {
        if self.text.starts_with('\u{feff}') {
            return Err(self.wrong(Kind::ByteOrderMark));
        }
        self.space();
        if self.peek().is_none() {
            return Err(self.wrong(Kind::Empty));
        }
        let value = self.values()?;
        self.space();
        if self.peek().is_some() { Err(self.wrong(Kind::Trailing)) } else { Ok(value) }
    }

    /// Reads values until the outermost one is complete.
    fn values(&mut self) -> Result<Value, Wrong> {
        loop {
            let Some(mut value) = self.begin()? else { continue };
            // A complete value goes into what is open; that may close it, which completes another value.
            loop {
                match self.open.last_mut() {
                    None => return Ok(value),
                    Some(Open::Array(items)) => items.push(value),
                    Some(Open::Object { members, key, key_at }) => {
                        let at = *key_at;
                        if members.insert(std::mem::take(key), value).is_some() {
                            return Err(self.duplicate(at));
                        }
                    }
                }
                match self.after_value()? {
                    Some(closed) => value = closed,
                    None => break,
                }
            }
        }
    }

    /// Starts a value. `None` when it opened an object or array that has something in it.
    fn begin(&mut self) -> Result<Option<Value>, Wrong> {
        self.space();
        self.values += 1;
        if self.values > self.limits.values {
            return Err(self.wrong(Kind::TooMany { limit: self.limits.values }));
        }
        let value = match self.peek() {
            None => return Err(self.wrong(Kind::CutOff)),
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b'"') => Value::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => Value::Number(self.number()?),
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(_) => return Err(self.wrong(Kind::Expected("A value"))),
        };
        Ok(Some(value))
    }

    fn deeper(&mut self, open: Open) -> Result<(), Wrong> {
        if self.open.len() >= self.limits.depth {
            return Err(self.wrong(Kind::TooDeep { limit: self.limits.depth }));
        }
        self.at += 1;
        self.open.push(open);
        self.space();
        Ok(())
    }

    fn open_object(&mut self) -> Result<Option<Value>, Wrong> {
        self.deeper(Open::Object { members: Map::new(), key: String::new(), key_at: self.at })?;
        if self.peek() == Some(b'}') {
            return Ok(self.close());
        }
        self.member_name()?;
        Ok(None)
    }

    fn open_array(&mut self) -> Result<Option<Value>, Wrong> {
        self.deeper(Open::Array(Vec::new()))?;
        Ok(if self.peek() == Some(b']') { self.close() } else { None })
    }

    fn close(&mut self) -> Option<Value> {
        self.at += 1;
        self.open.pop().map(|open| match open {
            Open::Object { members, .. } => Value::Object(members),
            Open::Array(items) => Value::Array(items),
        })
    }

    fn member_name(&mut self) -> Result<(), Wrong> {
        self.space();
        let at = self.at;
        match self.peek() {
            Some(b'"') => {}
            None => return Err(self.wrong(Kind::CutOff)),
            Some(_) => return Err(self.wrong(Kind::Expected("A name in double quotes"))),
        }
        let name = self.string()?;
        self.space();
        self.expect(b':', "A colon")?;
        if let Some(Open::Object { key, key_at, .. }) = self.open.last_mut() {
            (*key, *key_at) = (name, at);
        }
        Ok(())
    }

    /// After a value within something: a comma and what follows, or the end of what is open.
    fn after_value(&mut self) -> Result<Option<Value>, Wrong> {
        self.space();
        let object = matches!(self.open.last(), Some(Open::Object { .. }));
        match (self.peek(), object) {
            (None, _) => Err(self.wrong(Kind::CutOff)),
            (Some(b','), true) => {
                self.at += 1;
                self.member_name().map(|()| None)
            }
            (Some(b','), false) => {
                self.at += 1;
                Ok(None)
            }
            (Some(b'}'), true) | (Some(b']'), false) => Ok(self.close()),
            (Some(_), true) => Err(self.wrong(Kind::Expected("A comma or a closing brace"))),
            (Some(_), false) => Err(self.wrong(Kind::Expected("A comma or a closing bracket"))),
        }
    }

    fn string(&mut self) -> Result<String, Wrong> {
        self.at += 1;
        let mut from = self.at;
        let mut escaped: Option<String> = None;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            match rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
                Some(run) => self.at += run,
                None => {
                    self.at = self.bytes.len();
                    return Err(self.wrong(Kind::CutOff));
                }
            }
            let run = self.text.get(from..self.at).unwrap_or_default();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(match escaped {
                        Some(text) => text + run,
                        None => run.to_owned(),
                    });
                }
                Some(b'\\') => {
                    let mut text = escaped.take().unwrap_or_default();
                    text.push_str(run);
                    text.push(self.escape()?);
                    escaped = Some(text);
                    from = self.at;
                }
                _ => return Err(self.wrong(Kind::Control)),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Wrong> {
        let start = self.at;
        let wrong = |kind| Err(Wrong { kind, at: start });
        self.at += 2;
        let plain = match self.bytes.get(start + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let Some(first) = self.four_hex() else { return wrong(Kind::Escape) };
                let code = match first {
                    0xd800..=0xdbff if self.bytes.get(self.at..self.at + 2) == Some(b"\\u") => {
                        self.at += 2;
                        match self.four_hex() {
                            Some(second @ 0xdc00..=0xdfff) => 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                            _ => return wrong(Kind::Surrogate),
                        }
                    }
                    other => other,
                };
                return char::from_u32(code).map_or_else(|| wrong(Kind::Surrogate), Ok);
            }
            None => return Err(Wrong { kind: Kind::CutOff, at: self.bytes.len() }),
            Some(_) => return wrong(Kind::Escape),
        };
        Ok(plain)
    }

    fn four_hex(&mut self) -> Option<u32> {
        let digits = self.bytes.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |code, &digit| Some(code * 16 + char::from(digit).to_digit(16)?))
    }

    fn number(&mut self) -> Result<Number, Wrong> {
        let from = self.at;
        let wrong = Wrong { kind: Kind::Number, at: from };
        self.skip(b"-");
        let zero = self.peek() == Some(b'0');
        let digits = self.digits();
        let mut good = digits == 1 || (digits > 1 && !zero);
        if self.skip(b".") {
            good &= self.digits() > 0;
        }
        if self.skip(b"eE") {
            self.skip(b"+-");
            good &= self.digits() > 0;
        }
        let text = self.text.get(from..self.at).unwrap_or_default();
        match Number::from_str(text) {
            Ok(number) if good => Ok(number),
            _ => Err(wrong),
        }
    }

    fn digits(&mut self) -> usize {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - from
    }

    fn skip(&mut self, any: &[u8]) -> bool {
        let found = self.peek().is_some_and(|byte| any.contains(&byte));
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Wrong> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            Ok(value)
        } else if word.as_bytes().starts_with(rest) {
            Err(self.wrong(Kind::CutOff))
        } else {
            Err(self.wrong(Kind::Expected("A value")))
        }
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Wrong> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            None => Err(self.wrong(Kind::CutOff)),
            Some(_) => Err(self.wrong(Kind::Expected(what))),
        }
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn wrong(&self, kind: Kind) -> Wrong {
        Wrong { kind, at: self.at }
    }

    /// The name was moved into the object; read it again from where it stands.
    fn duplicate(&mut self, at: usize) -> Wrong {
        self.at = at;
        let name: String = self.string().unwrap_or_default().chars().take(64).collect();
        Wrong { kind: Kind::Duplicate(name.escape_debug().to_string()), at }
    }
}

fn error(kind: Kind, text: &str, at: usize, open: &[Open]) -> JsonError {
    let before = text.get(..at).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    JsonError { kind, line, column, expression: expression(open) }
}

/// The path to what is being read. Names that are not FHIR's shape are shortened, since they might be anything.
fn expression(open: &[Open]) -> String {
    let mut path = String::new();
    for (level, open) in open.iter().enumerate() {
        match open {
            Open::Array(items) => path.push_str(&format!("[{}]", items.len())),
            Open::Object { members, key, .. } => {
                if let (0, Some(Value::String(kind))) = (level, members.get("resourceType")) {
                    path.push_str(shape(kind));
                }
                if !key.is_empty() {
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(shape(key));
                }
            }
        }
    }
    path
}

fn shape(name: &str) -> &str {
    let fits = name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits { name } else { "…" }
}
