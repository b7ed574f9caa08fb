//! Text into tokens.

use super::PathError;
use super::decimal::Decimal;
use super::time::parse_time;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(Box<str>),
    /// `$this`, without the `$`.
    Dollar(Box<str>),
    /// `%resource`, without the `%`.
    Percent(Box<str>),
    Text(Box<str>),
    /// A date or time literal, without its `@`.
    Time(Box<str>),
    Number(Decimal),
    /// An operator or bracket.
    Sign(&'static str),
}

/// Longest first.
const SIGNS: &[&str] =
    &["<=", ">=", "!=", "!~", ".", ",", "(", ")", "[", "]", "{", "}", "|", "=", "~", "<", ">", "+", "-", "*", "/", "&"];

/// The tokens of `text`, each with the character offset where it begins.
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, usize)>, PathError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    while let Some(token) = lexer.next()? {
        found.push(token);
    }
    Ok(found)
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn error(&self, what: &'static str) -> PathError {
        PathError::Syntax { what, at: self.at }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn skip_space(&mut self) -> Result<(), PathError> {
        loop {
            self.take_while(char::is_whitespace);
            let rest = self.rest();
            if rest.starts_with("//") {
                self.take_while(|c| c != '\n');
            } else if rest.starts_with("/*") {
                let end = rest.find("*/").ok_or_else(|| self.error("a comment does not end"))?;
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn next(&mut self) -> Result<Option<(Token, usize)>, PathError> {
        self.skip_space()?;
        let start = self.at;
        let Some(first) = self.rest().chars().next() else { return Ok(None) };
        let token = match first {
            '\'' => Token::Text(self.quoted('\'')?.into()),
            '`' | '"' => Token::Name(self.quoted(first)?.into()),
            '$' => {
                self.at += 1;
                Token::Dollar(self.word().into())
            }
            '%' => {
                self.at += 1;
                match self.rest().chars().next() {
                    Some(quote @ ('`' | '\'' | '"')) => Token::Percent(self.quoted(quote)?.into()),
                    _ => Token::Percent(self.take_while(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_').into()),
                }
            }
            '@' => self.time()?,
            '0'..='9' => self.number()?,
            c if c.is_ascii_alphabetic() || c == '_' => Token::Name(self.word().into()),
            _ => {
                let rest = self.rest();
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| self.error("an unexpected character"))?;
                self.at += sign.len();
                Token::Sign(sign)
            }
        };
        Ok(Some((token, start)))
    }

    fn word(&mut self) -> &'t str {
        self.take_while(|c| c.is_ascii_alphanumeric() || c == '_')
    }

    fn number(&mut self) -> Result<Token, PathError> {
        let start = self.at;
        self.take_while(|c| c.is_ascii_digit());
        let mut rest = self.rest().chars();
        if rest.next() == Some('.') && rest.next().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
            self.take_while(|c| c.is_ascii_digit());
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        Decimal::parse(text).map(Token::Number).ok_or_else(|| self.error("a number is too long"))
    }

    /// `@2024-02-29`, `@2024-02-29T10:30:00Z`, `@T10:30`.
    fn time(&mut self) -> Result<Token, PathError> {
        self.at += 1;
        let text = self.take_while(|c| c.is_ascii_digit() || matches!(c, '-' | '+' | ':' | '.' | 'T' | 'Z'));
        let text = text.strip_suffix('T').unwrap_or(text);
        if text.starts_with('T') || parse_time(text).is_some() {
            Ok(Token::Time(text.into()))
        } else {
            Err(self.error("this is no date or time"))
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String, PathError> {
        let mut out = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            if c == quote {
                self.at += at + c.len_utf8();
                return Ok(out);
            }
            if c != '\\' {
                out.push(c);
                continue;
            }
            match chars.next().map(|(_, c)| c) {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('f') => out.push('\u{c}'),
                Some('u') => {
                    let code = (0..4).try_fold(0, |code, _| Some(code * 16 + chars.next()?.1.to_digit(16)?));
                    out.push(code.and_then(char::from_u32).ok_or_else(|| self.error("a wrong \\u escape"))?);
                }
                // Any other character stands for itself: ' " ` \ / by the grammar, and what R4's own
                // regular expressions escape.
                Some(other) => {
                    if !matches!(other, '\'' | '"' | '`' | '\\' | '/') {
                        out.push('\\');
                    }
                    out.push(other);
                }
                None => break,
            }
        }
        Err(self.error("a quoted text does not end"))
    }
}
