//! File names and titles: a stranger's text that is to be read by people and put into a header.

/// The most characters of a title that is made of a file's name.
const LONGEST: usize = 80;

/// A name without its ending and without what deceives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named(pub String);

/// What people read of a file's name: the last part of a path, without its ending, without control characters, without
/// those that turn the direction of writing or take no room (a name that ends in `gpj.exe` could be made to look like one
/// that ends in `exe.jpg`), and without what a file system or a page may take for its own. `None` when nothing is left.
pub fn cleaned(name: &str) -> Option<Named> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match last.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && ending.chars().count() <= 8 => stem,
        _ => last,
    };
    let kept = stem.chars().filter(|c| !c.is_control() && !deceives(*c));
    let plain: String =
        kept.map(|c| if matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\'' | '&') { '-' } else { c }).collect();
    let words = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = words.chars().take(LONGEST).collect();
    let short = short.trim_matches(|c: char| c == '.' || c == ' ' || c == '-').to_owned();
    (!short.is_empty()).then_some(Named(short))
}

/// The most characters of a title that somebody typed.
pub const LONGEST_TITLE: usize = 200;

/// What somebody called a file: all of it, in one line, without control characters and without those that deceive. A title is no
/// path, and has no ending. `None` when nothing is left.
pub fn titled(typed: &str) -> Option<Named> {
    let kept: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !deceives(*c)).collect();
    let words = kept.split_whitespace().collect::<Vec<_>>().join(" ");
    (!words.is_empty()).then_some(Named(words))
}

/// Characters of Unicode that turn the direction of writing (UAX #9), join or separate without being seen, or are no
/// characters at all.
const fn deceives(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF0}'..='\u{FFFF}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Option<String> {
        cleaned(name).map(|named| named.0)
    }

    #[test]
    fn a_title_that_somebody_typed_is_no_path() {
        let of = |title: &str| titled(title).map(|named| named.0);
        assert_eq!(of(" Eye clinic 12/11/2026, left/right ").as_deref(), Some("Eye clinic 12/11/2026, left/right"));
        assert_eq!(of("Dr. A's letter: \"pain?\"").as_deref(), Some("Dr. A's letter: \"pain?\""));
        assert_eq!(of("<b>big</b> ا😀\u{202E}\r\nx").as_deref(), Some("<b>big</b> ا😀 x"));
        assert_eq!((of(" \u{202E}\n"), of("")), (None, None));
    }

    #[test]
    fn a_name_keeps_its_letters_and_loses_what_deceives() {
        assert_eq!(of("C:\\Users\\me\\Letter of May.pdf").as_deref(), Some("Letter of May"));
        assert_eq!(of("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(of("<script>alert(1)</script>.png").as_deref(), Some("script"));
        assert_eq!(of("<img src=x onerror=alert(1)>.png").as_deref(), Some("img src=x onerror=alert(1)"));
        assert_eq!(of("photo\u{202E}gpj.exe").as_deref(), Some("photogpj"));
        assert_eq!(of("رسالة.pdf").as_deref(), Some("رسالة"));
        assert_eq!(of("X-ray 🦴 𝒶.jpeg").as_deref(), Some("X-ray 🦴 𝒶"));
        assert_eq!(of("a\r\nSet-Cookie: x.pdf").as_deref(), Some("aSet-Cookie- x"));
        assert_eq!(of(&"é".repeat(500)).map(|name| name.chars().count()), Some(80));
        for nothing in ["", ".", "..", "\u{202E}.pdf", "/", "   "] {
            assert_eq!(of(nothing), None, "{nothing:?}");
        }
    }
}
