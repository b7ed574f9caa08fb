//! Amounts and dates that no line break takes apart: a strength away from its unit is read as another one.

use askama::Template;
use askama::filters::HtmlSafe;

/// Units that stand after the number of a strength or a dose, and what doses are counted in.
const UNITS: [&str; 39] = [
    "mg",
    "g",
    "kg",
    "mcg",
    "µg",
    "microgram",
    "micrograms",
    "mL",
    "ml",
    "L",
    "%",
    "unit",
    "units",
    "IU",
    "mmol",
    "nmol",
    "tablet",
    "tablets",
    "capsule",
    "capsules",
    "puff",
    "puffs",
    "dose",
    "doses",
    "drop",
    "drops",
    "application",
    "applications",
    "comprimido",
    "comprimidos",
    "cápsula",
    "cápsulas",
    "inhalación",
    "inhalaciones",
    "dosis",
    "gota",
    "gotas",
    "aplicación",
    "aplicaciones",
];

/// A text whose amounts and dates stand whole in a line.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/uncut.html")]
pub struct Uncut {
    pieces: Vec<(String, bool)>,
}

impl Uncut {
    pub fn of(text: &str) -> Self {
        let words: Vec<&str> = text.split(' ').collect();
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), words.as_slice());
        while let Some((first, after)) = rest.split_first() {
            let length = whole(rest);
            let taken = rest.get(..length).unwrap_or_default().join(" ");
            let space = if rest.len() > length.max(1) { " " } else { "" };
            if length > 1 {
                pieces.push((std::mem::take(&mut plain), false));
                pieces.push((taken, true));
                plain.push_str(space);
                rest = rest.get(length..).unwrap_or_default();
            } else {
                plain.push_str(first);
                plain.push_str(space);
                rest = after;
            }
        }
        pieces.push((plain, false));
        pieces.retain(|(text, _)| !text.is_empty());
        Self { pieces }
    }
}

/// How many of the words at the beginning are one amount or one date; 0 where they are neither.
fn whole(words: &[&str]) -> usize {
    match words {
        [day, month, year, ..] if is_date(day, month, year) => 3,
        [number, unit, ..] if is_number(number) && is_unit(unit) => 2,
        _ => 0,
    }
}

fn is_number(word: &str) -> bool {
    let word = word.trim_start_matches('(');
    word.ends_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '/' | '-' | '–'))
}

/// "mg", "mg/mL,".
fn is_unit(word: &str) -> bool {
    let bare = word.trim_end_matches([',', '.', ';', ':', ')']);
    UNITS.contains(&bare.split('/').next().unwrap_or_default())
}

/// "8 Sep 2026".
fn is_date(day: &str, month: &str, year: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let year = year.trim_end_matches([',', '.', ';', ':', ')']);
    digits(day)
        && day.len() <= 2
        && month.chars().all(|c| c.is_alphabetic() || c == '.')
        && !month.is_empty()
        && digits(year)
        && year.len() == 4
}

// The output of an askama template with escaping on.
impl HtmlSafe for Uncut {}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(text: &str) -> String {
        Uncut::of(text).render().unwrap()
    }

    #[test]
    fn a_number_keeps_its_unit_beside_it() {
        let held = |text: &str| format!("<span class=\"whole-amount\">{text}</span>");
        assert_eq!(html("Atorvastatin 40 mg"), format!("Atorvastatin {}", held("40 mg")));
        assert_eq!(html("Hydrocortisone 1 % cream"), format!("Hydrocortisone {} cream", held("1 %")));
        assert_eq!(html("2.5 mg/mL, 1 tablet"), format!("{} {}", held("2.5 mg/mL,"), held("1 tablet")));
        assert_eq!(html("8 Sep 2026 to 29 Jan 2027"), format!("{} to {}", held("8 Sep 2026"), held("29 Jan 2027")));
    }

    #[test]
    fn all_else_stands_as_it_was() {
        for text in ["", "Vitamin B12", "1 time", "  two  spaces ", "g 5", "2016"] {
            assert_eq!(html(text), text);
        }
        assert_eq!(html("<b> & 5 mg"), "&#60;b&#62; &#38; <span class=\"whole-amount\">5 mg</span>");
    }
}
