//! A telephone number in a sentence, as a link that calls it.

use askama::Template;
use askama::filters::HtmlSafe;

/// A sentence with the number in it.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/dial.html")]
pub struct Dial {
    before: String,
    phone: String,
    after: String,
    /// None where it is no number that a telephone could call.
    href: Option<String>,
}

impl Dial {
    pub fn of(text: &str, phone: &str) -> Self {
        match text.split_once(phone).filter(|_| !phone.is_empty()) {
            Some((before, after)) => {
                Self { before: before.into(), phone: phone.into(), after: after.into(), href: address(phone) }
            }
            None => Self { before: text.into(), phone: String::new(), after: String::new(), href: None },
        }
    }
}

/// The address that calls a number (RFC 3966). Of two numbers, or one with words, nobody knows which digits to call.
pub(super) fn address(phone: &str) -> Option<String> {
    // "+44 (0)1632" has a nought that is not dialled.
    let bare = if phone.trim_start().starts_with('+') { phone.replace("(0)", "") } else { phone.to_owned() };
    let bare = bare.trim();
    let rest = bare.strip_prefix('+').unwrap_or(bare);
    let plain = rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '-' | '–' | '.' | '(' | ')'));
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let plus = if bare.starts_with('+') { "+" } else { "" };
    (plain && (3..=15).contains(&digits.len())).then(|| format!("tel:{plus}{digits}"))
}

// The output of an askama template with escaping on.
impl HtmlSafe for Dial {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_a_sentence_can_be_called() {
        let said = Dial::of("Please call us: 01632 960 100.", "01632 960 100").render().unwrap();
        assert_eq!(said, "Please call us: <a class=\"whole-amount\" href=\"tel:01632960100\">01632 960 100</a>.");
        assert_eq!(address("+44 (0)1632 960100").as_deref(), Some("tel:+441632960100"));
        assert_eq!(address("(01632) 960-100").as_deref(), Some("tel:01632960100"));
    }

    #[test]
    fn what_is_no_number_stays_words() {
        for phone in ["", "12", "01632 960 100 ext. 4", "960 100 / 960 101", "ask at the desk"] {
            assert_eq!(address(phone), None, "{phone}");
            let text = format!("Call <{phone}>");
            let said = Dial::of(&text, phone).render().unwrap();
            assert_eq!(said, format!("Call &#60;{phone}&#62;"));
        }
    }
}
