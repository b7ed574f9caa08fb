//! How well a typed word fits a word of a name.

use crate::fhir::search::Sound;

/// Of a hundred. Zero: not at all.
pub(super) type Fit = u32;

pub(super) const EXACT: Fit = 100;
/// With one edit; a little more where the first letter is right.
pub(super) const ONE_EDIT: Fit = 74;

/// The letters of a word that are compared.
const LONGEST: usize = 40;
/// As many edits as are told apart from more.
const FAR: u8 = 6;

/// A typed word, folded, made ready to be held beside many.
#[derive(Debug)]
pub(super) struct Typed {
    text: String,
    letters: Vec<char>,
    sound: Option<Sound>,
}

impl Typed {
    pub(super) fn new(word: &str) -> Self {
        Self { text: word.to_owned(), letters: word.chars().take(LONGEST).collect(), sound: Sound::of(word) }
    }

    /// The fit to `word`, folded.
    pub(super) fn fit(&self, word: &str) -> Fit {
        if self.text == word {
            return EXACT;
        }
        if let Some(rest) = word.strip_prefix(self.text.as_str()) {
            // What is still to be typed weighs little.
            return 92 - u32::try_from(rest.chars().count()).unwrap_or(12).min(12);
        }
        let letters: Vec<char> = word.chars().take(LONGEST).collect();
        let same_start = u32::from(self.letters.first() == letters.first()) * 3;
        let Apart { whole, begun } = apart(&self.letters, &letters);
        let shorter = self.letters.len().min(letters.len());
        let edited = match whole {
            1 if shorter >= 2 => ONE_EDIT + same_start,
            2 if shorter >= 5 => 52 + same_start,
            _ => 0,
        };
        if edited >= ONE_EDIT {
            return edited;
        }
        let heard = if whole < FAR && self.sounds_like(word) { 68 + same_start - u32::from(whole) * 4 } else { 0 };
        let begun = if begun <= 1 && self.letters.len() >= 4 && letters.len() > self.letters.len() { 60 } else { 0 };
        edited.max(heard).max(begun)
    }

    fn sounds_like(&self, word: &str) -> bool {
        self.sound.as_ref().zip(Sound::of(word)).is_some_and(|(typed, other)| typed.is_like(&other))
    }
}

/// Edits: a letter more, less, or another, or two neighbours swapped (optimal string alignment).
#[derive(Debug, PartialEq, Eq)]
struct Apart {
    /// From one word to the other; [`FAR`] and more are one.
    whole: u8,
    /// From the typed word to the nearest beginning of the other that is about as long.
    begun: u8,
}

fn apart(typed: &[char], word: &[char]) -> Apart {
    let far = Apart { whole: FAR, begun: FAR };
    if typed.len() > LONGEST || word.len() > LONGEST || typed.len() > word.len() + usize::from(FAR) {
        return far;
    }
    let at = |row: &[u8; LONGEST + 1], index: usize| row.get(index).copied().unwrap_or(FAR);
    let mut before = [0u8; LONGEST + 1];
    let mut last = [0u8; LONGEST + 1];
    for (cell, j) in last.iter_mut().zip(0..) {
        *cell = j;
    }
    for (i, a) in typed.iter().enumerate() {
        let mut row = [u8::try_from(i + 1).unwrap_or(FAR); LONGEST + 1];
        let mut left = at(&row, 0);
        let mut least = left;
        for (j, b) in word.iter().enumerate() {
            let mut cost = (at(&last, j + 1) + 1).min(left + 1).min(at(&last, j) + u8::from(a != b));
            if i > 0 && j > 0 && typed.get(i - 1) == Some(b) && word.get(j - 1) == Some(a) {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = cost;
            }
            left = cost;
            least = least.min(cost);
        }
        if least >= FAR {
            return far;
        }
        before = std::mem::replace(&mut last, row);
    }
    let length = typed.len();
    let ends = length.saturating_sub(1)..=(length + 1).min(word.len());
    Apart { whole: at(&last, word.len()).min(FAR), begun: ends.map(|end| at(&last, end)).min().unwrap_or(FAR).min(FAR) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        let letters = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, edits) in [
            ("", "", 0),
            ("anna", "anna", 0),
            ("anna", "ana", 1),
            ("anna", "nana", 1),
            ("anan", "anna", 1),
            ("novak", "nowak", 1),
            ("peter", "petra", 2),
            ("a", "abcdefgh", 6),
        ] {
            let (there, back) = (apart(&letters(a), &letters(b)), apart(&letters(b), &letters(a)));
            assert_eq!((there.whole, back.whole), (edits, edits), "{a} {b}");
        }
        assert_eq!(apart(&letters("novka"), &letters("novakova")).begun, 1);
    }

    #[test]
    fn better_fits_come_first() {
        let order = ["novak", "novakova", "nowak", "nofack", "dvorak"];
        let typed = Typed::new("novak");
        let fits: Vec<Fit> = order.iter().map(|word| typed.fit(word)).collect();
        assert!(fits.is_sorted_by(|a, b| a > b), "{fits:?}");
        assert_eq!(fits.last(), Some(&0));
        assert!(Typed::new("novka").fit("novakova") > 0);
    }
}
