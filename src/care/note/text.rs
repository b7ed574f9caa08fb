//! Between what is typed and FHIR's narrative.

use serde_json::{Value, json};

/// Text as a narrative: paragraphs at empty lines, breaks at the others; everything escaped.
pub fn narrative(text: &str) -> Value {
    let mut div = String::from(r#"<div xmlns="http://www.w3.org/1999/xhtml">"#);
    for paragraph in text.trim().split("\n\n") {
        div.push_str("<p>");
        for (at, line) in paragraph.lines().enumerate() {
            if at > 0 {
                div.push_str("<br/>");
            }
            escape(line, &mut div);
        }
        div.push_str("</p>");
    }
    div.push_str("</div>");
    json!({"status": "additional", "div": div})
}

fn escape(line: &str, into: &mut String) {
    for letter in line.chars() {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            other => into.push(other),
        }
    }
}

/// A narrative as text: of our own making exactly, of others' as well as text can say it.
pub fn plain_of(div: &str) -> String {
    let mut out = String::with_capacity(div.len());
    let mut rest = div;
    while let Some(open) = rest.find('<') {
        let (before, tag) = rest.split_at(open);
        out.push_str(&unescaped(before));
        let Some(close) = tag.find('>') else {
            rest = "";
            break;
        };
        let (name, after) = tag.split_at(close + 1);
        let closes = name.starts_with("</");
        let name: String =
            name.trim_start_matches(['<', '/']).chars().take_while(char::is_ascii_alphanumeric).collect();
        match name.as_str() {
            "br" | "tr" | "li" if !closes => out.push('\n'),
            "p" | "ul" | "ol" | "table" if closes => out.push_str("\n\n"),
            "td" | "th" if closes => out.push('\t'),
            _ => {}
        }
        rest = after;
    }
    out.push_str(&unescaped(rest));
    out.trim().to_owned()
}

fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&nbsp;", "\u{a0}")];
    let plain = pairs.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    plain.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_typed_comes_back_as_it_was() {
        for text in
            ["one line", "one\ntwo\n\nthree", "a < b & c > \"d\" &lt; &amp;lt;", "<script>alert(1)</script>", "אב 🙂"]
        {
            let div = narrative(text);
            assert_eq!(plain_of(div["div"].as_str().unwrap()), text);
        }
        let script = narrative("<script>alert(1)</script>");
        assert!(!script["div"].as_str().unwrap().contains("<script"));
    }

    #[test]
    fn narratives_of_others_become_readable_text() {
        let div = "<div><h2>Plan</h2><ul><li>Rest</li><li>Fluids &amp; salt</li></ul><!-- x --></div>";
        assert_eq!(plain_of(div), "Plan\nRest\nFluids & salt");
        assert_eq!(plain_of("<div>cut off <b"), "cut off");
    }

    proptest! {
        #[test]
        fn any_text_is_a_valid_narrative_and_reads_back(lines in proptest::collection::vec("[^\u{0}-\u{1f}\u{7f}-\u{9f}\u{2028}\u{2029}\u{fffe}\u{ffff}]{0,30}", 1..5)) {
            let text = lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
            prop_assume!(!text.is_empty());
            let div = narrative(&text);
            prop_assert_eq!(plain_of(div["div"].as_str().unwrap()), text.trim());
        }
    }
}
