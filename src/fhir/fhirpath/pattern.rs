//! Regular expressions, in time linear in the text whatever the pattern.

use std::borrow::Cow;

use regex::{Regex, RegexBuilder};

use super::PathError;

/// What a compiled pattern may take, in bytes.
const LARGEST: usize = 2 << 20;

/// A pattern that stands in an expression.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    text: Box<str>,
    whole: Regex,
    part: Option<Regex>,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// For `matches`: the whole text has to match, as the standard's own expressions mean it
    /// (`name.matches('[A-Z]([A-Za-z0-9_]){0,254}')`).
    pub(super) fn whole(text: &str) -> Result<Self, PathError> {
        Ok(Self { text: text.into(), whole: compile(&format!("^(?:{text})$"))?, part: None })
    }

    /// For `replaceMatches`.
    pub(super) fn part(text: &str) -> Result<Self, PathError> {
        Ok(Self { part: Some(compile(text)?), ..Self::whole(text)? })
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        self.whole.is_match(text)
    }

    pub(super) fn replace<'t>(&self, text: &'t str, with: &str) -> Cow<'t, str> {
        self.part.as_ref().map_or(Cow::Borrowed(text), |part| part.replace_all(text, with))
    }
}

/// In single-line mode, as FHIRPath says: a point is any character.
fn compile(text: &str) -> Result<Regex, PathError> {
    let built = RegexBuilder::new(text).dot_matches_new_line(true).size_limit(LARGEST).dfa_size_limit(LARGEST).build();
    built.map_err(|_| PathError::Unsupported("a regular expression of this kind".to_owned()))
}
