//! How a name sounds, roughly and across languages: names that are heard alike get a common code.
//!
//! Our own rules. Vowels count only at the start, as one; letters that languages use for one sound fall into one
//! class: `b p`, `d t th`, `f v w ph`, `k g c q ck`, `s z sh sch cz`, `l`, `r`, `m n`. Where languages read a
//! letter in two ways (`ch` in Charlotte and Christian, `j` in Jan and Jean, `g` in Giulia and Gerhard), the
//! word has two codes. Names that are not in Latin letters have none.

/// How a word sounds, in both readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sound {
    hard: String,
    /// `None` where both readings are one.
    soft: Option<String>,
}

impl Sound {
    /// Of a folded word in Latin letters, two at least.
    pub fn of(word: &str) -> Option<Self> {
        if word.len() < 2 || !word.bytes().all(|b| b.is_ascii_lowercase()) {
            return None;
        }
        let hard = code(word.as_bytes(), Reading::Hard);
        let ambiguous = word.bytes().any(|b| matches!(b, b'c' | b'g' | b'j'));
        let soft = ambiguous.then(|| code(word.as_bytes(), Reading::Soft)).filter(|soft| *soft != hard);
        Some(Self { hard, soft })
    }

    pub fn codes(self) -> impl Iterator<Item = String> {
        [Some(self.hard), self.soft].into_iter().flatten()
    }

    /// Whether both words are heard alike, in one reading at least.
    pub fn is_like(&self, other: &Self) -> bool {
        let soft = |a: &Option<String>, b: &String| a.as_ref() == Some(b);
        self.hard == other.hard
            || soft(&self.soft, &other.hard)
            || soft(&other.soft, &self.hard)
            || self.soft.is_some() && self.soft == other.soft
    }
}

/// The codes of how a folded word sounds; of one in other letters the word itself.
pub fn heard(word: &str) -> Vec<String> {
    match Sound::of(word) {
        Some(sound) => sound.codes().collect(),
        None => vec![word.to_owned()],
    }
}

/// How letters with two readings are read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    Hard,
    Soft,
}

fn code(word: &[u8], reading: Reading) -> String {
    let mut code = String::with_capacity(8);
    let mut at = 0;
    while let Some(&letter) = word.get(at) {
        let rest = word.get(at..).unwrap_or_default();
        let (class, length) = class(letter, rest, reading);
        let starts = at == 0;
        at += length;
        let class = match class {
            Some(class) => class,
            None if starts => 'a',
            None => continue,
        };
        if !code.ends_with(class) {
            code.push(class);
        }
    }
    code
}

/// The class of the letters at the start of `rest`, and how many they are; vowels and silent letters have none.
fn class(letter: u8, rest: &[u8], reading: Reading) -> (Option<char>, usize) {
    /// Letter groups that are one sound, longest first.
    const GROUPS: &[(&[u8], char)] = &[
        (b"tsch", 's'),
        (b"sch", 's'),
        (b"szcz", 's'),
        (b"tch", 's'),
        (b"ck", 'k'),
        (b"cz", 's'),
        (b"dz", 's'),
        (b"kh", 'k'),
        (b"gh", 'k'),
        (b"ph", 'f'),
        (b"sh", 's'),
        (b"sz", 's'),
        (b"th", 't'),
        (b"ts", 's'),
        (b"tz", 's'),
        (b"zh", 's'),
        (b"x", 's'),
    ];
    let soft = reading == Reading::Soft;
    if let Some((group, class)) = GROUPS.iter().find(|(group, _)| rest.starts_with(group)) {
        return (Some(*class), group.len());
    }
    if rest.starts_with(b"ch") {
        return (Some(if soft { 's' } else { 'k' }), 2);
    }
    let before_front_vowel = matches!(rest.get(1), Some(b'e' | b'i' | b'y'));
    let class = match letter {
        b'b' | b'p' => Some('p'),
        b'd' | b't' => Some('t'),
        b'f' | b'v' | b'w' => Some('f'),
        b'c' if before_front_vowel => Some('s'),
        b'g' if before_front_vowel && soft => Some('s'),
        b'c' | b'g' | b'k' | b'q' => Some('k'),
        b'j' if soft => Some('s'),
        b'l' => Some('l'),
        b'm' | b'n' => Some('n'),
        b'r' => Some('r'),
        b's' | b'z' => Some('s'),
        _ => None,
    };
    (class, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_heard_alike_share_a_code() {
        let of = |word: &str| Sound::of(word).unwrap();
        for (a, b) in [
            ("schneider", "snyder"),
            ("meyer", "maier"),
            ("kristian", "christian"),
            ("sharlotte", "charlotte"),
            ("jan", "yan"),
            ("giulia", "julia"),
            ("stefan", "stephan"),
            ("novak", "nowack"),
            ("katherine", "catarina"),
            ("philip", "filip"),
            ("szymon", "simon"),
            ("hanna", "anna"),
            ("schmidt", "smith"),
        ] {
            assert!(of(a).is_like(&of(b)), "{a} {:?} {b} {:?}", of(a), of(b));
        }
        for (a, b) in [("novak", "dvorak"), ("peter", "martin"), ("anna", "eva")] {
            assert!(!of(a).is_like(&of(b)), "{a} {b}");
        }
        assert!(Sound::of("иван").is_none() && Sound::of("x").is_none());
    }
}
