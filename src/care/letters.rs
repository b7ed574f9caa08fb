//! Letters that make a text look like another one.

/// Whether a character turns the direction of what follows it (UAX #9, explicit overrides, embeddings and isolates): with one a
/// name is read as another name. The marks that a right-to-left name may need (U+200E, U+200F, U+061C) are none of them.
pub const fn turns(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The text without them.
pub fn straight(text: &str) -> String {
    text.chars().filter(|c| !turns(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_a_name_is_taken_out_and_letters_of_every_script_stay() {
        assert_eq!(straight("Anna \u{202E}reginU\u{202C} \u{2067}x\u{2069}"), "Anna reginU x");
        for name in ["\u{5D3}\u{5D5}\u{5D3}\u{200F}", "\u{646}\u{200C}\u{6CC}", "\u{17D}ofie O\u{2019}Brien"] {
            assert_eq!(straight(name), name);
        }
    }
}
