//! Names of people and addresses, as they are searched beside their whole text (search.html#string): without punctuation, and by
//! each later word of them. What stands in a word, as an apostrophe or a hyphen does, is ignored or parts it: O'Neil is found as
//! `oneil`, as `o neil` and as `neil`. And, by `phonetic`, by how their words sound.

use super::query::SoundTest;
use super::sound::heard;
use super::value::{SearchValue, Text};
use crate::fhir::ResourceType;
use crate::fhir::definitions::{ParamKind, SearchParam};

/// By so many words of one text it is found.
const MOST_WORDS: usize = 32;
/// So many bytes from a word on are compared. Longer than what an index holds of a text.
const LONGEST: usize = 256;

/// What else a string parameter finds a text by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beside {
    Nothing,
    Words,
    Sounds,
}

impl Beside {
    pub(super) fn of(param: &SearchParam) -> Self {
        use ResourceType as T;
        if param.kind != ParamKind::String {
            return Self::Nothing;
        }
        let is_person = matches!(
            ResourceType::parse(param.base),
            Some(T::Patient | T::Person | T::Practitioner | T::RelatedPerson)
        );
        match param.code {
            "phonetic" => Self::Sounds,
            "name" | "family" | "given" if is_person => Self::Words,
            // That of AuditEvent is one of a network.
            code if param.base != T::AuditEvent.name() && (code == "address" || code.starts_with("address-")) => {
                Self::Words
            }
            _ => Self::Nothing,
        }
    }

    /// What stands beside these texts.
    pub(super) fn values(self, texts: &[SearchValue]) -> Vec<SearchValue> {
        let texts = texts.iter().filter_map(|value| match value {
            SearchValue::Text(text) => Some(text),
            _ => None,
        });
        match self {
            Self::Nothing => Vec::new(),
            Self::Words => texts.flat_map(beginnings).map(SearchValue::Word).collect(),
            Self::Sounds => texts.flat_map(sounds).map(SearchValue::Sound).collect(),
        }
    }
}

/// A folded text without punctuation: once parted by it, once as if it were not there.
fn forms(folded: &str) -> [String; 2] {
    let is_kept = |c: char| c.is_alphanumeric() || c == ' ';
    let parted: String = folded.chars().map(|c| if is_kept(c) { c } else { ' ' }).collect();
    let joined: String = folded.chars().filter(|c| is_kept(*c)).collect();
    [parted, joined].map(|form| form.split_ascii_whitespace().collect::<Vec<_>>().join(" "))
}

/// What a text is found by the beginning of, but for the text as it is.
fn beginnings(text: &Text) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for form in forms(&text.folded) {
        let later = form.match_indices(' ').map(|(at, _)| at + 1);
        for at in std::iter::once(0).chain(later).take(MOST_WORDS) {
            let rest = form.get(at..).unwrap_or_default();
            let rest = rest.get(..rest.floor_char_boundary(LONGEST)).unwrap_or_default();
            let is_new = !rest.is_empty() && (at > 0 || rest != text.folded) && all.iter().all(|one| one != rest);
            if is_new {
                all.push(rest.to_owned());
            }
        }
    }
    all
}

/// The beginnings that pass where this is asked for.
pub(super) fn asked_beginnings(asked: &Text) -> Vec<String> {
    let mut all = vec![asked.folded.clone()];
    for form in forms(&asked.folded) {
        // Of nothing but punctuation everything would be a beginning.
        if !form.is_empty() && !all.contains(&form) {
            all.push(form);
        }
    }
    all
}

/// How each word of a text sounds, with and without its punctuation.
fn sounds(text: &Text) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for form in forms(&text.folded) {
        for code in form.split(' ').filter(|word| !word.is_empty()).take(MOST_WORDS).flat_map(heard) {
            if !all.contains(&code) {
                all.push(code);
            }
        }
    }
    all
}

/// What must be heard where this is asked for: all words of it, each in one of its readings, with or without its punctuation.
pub(super) fn asked_sounds(asked: &Text) -> Vec<SoundTest> {
    let mut all: Vec<SoundTest> = Vec::new();
    for form in forms(&asked.folded) {
        let words: Vec<&str> = form.split(' ').filter(|word| !word.is_empty()).collect();
        // An initial is not heard.
        let several = words.iter().any(|word| word.len() > 1);
        let words = words.into_iter().filter(|word| !several || word.len() > 1);
        let test = SoundTest { words: words.map(heard).collect() };
        if !test.words.is_empty() && !all.contains(&test) {
            all.push(test);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_with_each_of_its_words_and_without_its_punctuation() {
        let of = |text: &str| beginnings(&Text::new(text));
        assert_eq!(of("Novák"), Vec::<String>::new());
        assert_eq!(of("van der Berg"), ["der berg", "berg"]);
        assert_eq!(of("O’Neil"), ["o neil", "neil", "oneil"]);
        assert_eq!(of("Anna-Maria"), ["anna maria", "maria", "annamaria"]);
        assert_eq!(of("1 Main St."), ["1 main st", "main st", "st"]);
        assert_eq!(of("–"), Vec::<String>::new());
        assert_eq!(asked_beginnings(&Text::new("O'Neil")), ["o'neil", "o neil", "oneil"]);
        assert_eq!(asked_beginnings(&Text::new("-")), ["-"]);
    }

    #[test]
    fn a_very_long_name_has_no_more_beginnings_than_are_compared() {
        let long = beginnings(&Text::new(&"é-ab ".repeat(10_000)));
        assert!(long.len() <= 2 * MOST_WORDS && long.iter().all(|one| one.len() <= LONGEST), "{}", long.len());
        assert!(sounds(&Text::new(&"ab cd ".repeat(10_000))).len() <= 4);
    }

    #[test]
    fn words_sound_as_they_are_read() {
        let of = |text: &str| sounds(&Text::new(text));
        assert_eq!(of("Meyer"), of("Maier"));
        assert!(of("O'Neil").contains(&of("Oneill")[0]));
        assert_eq!(of("Иван"), ["иван"]);
        // One word or two, as somebody has it.
        assert_eq!(asked_sounds(&Text::new("O'Neil")).len(), 2);
        assert_eq!(asked_sounds(&Text::new("Anna Maria")).len(), 1);
        assert!(asked_sounds(&Text::new("-")).is_empty());
    }
}
