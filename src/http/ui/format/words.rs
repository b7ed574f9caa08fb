//! Texts that stand inside others.

/// How a text begins, in at most so many characters: its first line, cut between two words, with a sign where it goes on.
pub fn beginning(text: &str, most: usize) -> String {
    let text = text.trim();
    let line = text.lines().next().unwrap_or_default().trim_end();
    let cut: String = line.chars().take(most).collect();
    if cut.len() == text.len() {
        return cut;
    }
    let whole =
        if cut.len() < line.len() { cut.rsplit_once(' ').map_or(cut.as_str(), |(words, _)| words) } else { &cut };
    // "visit.…" would look like four points.
    format!("{}…", whole.trim_end_matches([' ', '.', ',', ';', ':']))
}

/// A sentence of its own as a part of another: "Once a day" is "once a day"; "IV" and "B12" stay.
pub fn within(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

/// A clinical term without the tag that says which kind of term it is: "Anemia (disorder)" is Anemia.
/// Source of the tags: SNOMED CT Editorial Guide, "semantic tag"; only those that records of patients use.
pub fn term(text: &str) -> &str {
    const TAGS: [&str; 14] = [
        "disorder",
        "finding",
        "substance",
        "situation",
        "procedure",
        "organism",
        "person",
        "observable entity",
        "regime/therapy",
        "morphologic abnormality",
        "medicinal product",
        "physical object",
        "event",
        "environment",
    ];
    match text.trim().strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")) {
        Some((term, tag)) if TAGS.contains(&tag) => term,
        _ => text.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_shown_without_its_tag() {
        assert_eq!(term("Anemia (disorder)"), "Anemia");
        assert_eq!(term("Body mass index 30+ - obesity (finding)"), "Body mass index 30+ - obesity");
        assert_eq!(term("Vitamin B12 (cobalamin)"), "Vitamin B12 (cobalamin)");
        assert_eq!(term("(disorder)"), "(disorder)");
    }

    #[test]
    fn a_text_begins_with_whole_words() {
        assert_eq!(beginning(" Short. ", 20), "Short.");
        assert_eq!(beginning("Please do not take it for now", 12), "Please do…");
        assert_eq!(beginning("First line\nand more", 40), "First line…");
        assert_eq!(beginning("Unbreakable", 4), "Unbr…");
    }
}
