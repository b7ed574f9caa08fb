//! Who looked, as a file for a spreadsheet (RFC 4180), in the words of the page.

use super::pages::LookDay;
use crate::http::ui::t;

/// Spreadsheets take a file without this mark (U+FEFF) for one in an older encoding, and spoil names.
const MARK: &str = "\u{feff}";

/// Lines of a file that grows day by day.
pub(super) struct LookList {
    text: String,
}

impl LookList {
    pub(super) fn new() -> Self {
        let mut list = Self { text: MARK.to_owned() };
        let heads = ["day", "from", "until", "who", "role", "why", "what", "note"];
        list.line(&heads.map(|head| t(&format!("look-list-{head}")).to_string()));
        list
    }

    pub(super) fn add(&mut self, day: &LookDay) {
        let date = day.day.day().to_string();
        for look in &day.looks {
            let from = look.from.clock().unwrap_or_default();
            let until = look.until.and_then(|until| until.clock()).unwrap_or_else(|| from.clone());
            let note = look.note.as_ref().map(|(head, text)| format!("{head} {text}")).unwrap_or_default();
            let (who, role, why, what) = (look.who.clone(), look.role.clone(), look.why.clone(), look.what.clone());
            self.line(&[date.clone(), from, until, who, role, why, what, note]);
        }
        for seen in &day.listings {
            let (from, until) = (seen.first.clock().unwrap_or_default(), seen.last.clock().unwrap_or_default());
            let what = t("look-list-listed").with("n", seen.count).to_string();
            let (who, role) = (seen.who.clone(), seen.role.clone());
            self.line(&[date.clone(), from, until, who, role, String::new(), what, String::new()]);
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    fn line(&mut self, fields: &[String; 8]) {
        let fields: Vec<String> = fields.iter().map(|field| quoted(field)).collect();
        self.text.push_str(&fields.join(","));
        self.text.push_str("\r\n");
    }
}

/// A field that a spreadsheet shows and never runs: one that begins like a formula gets an apostrophe before it.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::super::pages::{ListingRow, LookKind, LookRow};
    use super::*;
    use crate::http::ui::When;

    #[test]
    fn every_look_is_a_line_of_eight_fields_and_none_is_a_formula() {
        let at = |text: &str| When::Time(text.parse().unwrap());
        let look = LookRow {
            entry: 7,
            who: "Dr \"R\" Adeyemi".into(),
            role: "Doctor".into(),
            kind: LookKind::Person,
            from: at("2026-03-03T09:38"),
            until: None,
            place: None,
            why: "=1+1".into(),
            what: "Opened 1 letter, 2 results".into(),
            note: None,
        };
        let (first, last) = (at("2026-03-03T08:00"), at("2026-03-03T08:30"));
        let listing = ListingRow { who: "Milo".into(), role: "Reception".into(), count: 2, first, last };
        let mut list = LookList::new();
        list.add(&LookDay { day: at("2026-03-03T00:00"), looks: vec![look], listings: vec![listing] });
        let text = list.finish();
        let lines: Vec<&str> = text.strip_prefix(MARK).unwrap().split_terminator("\r\n").collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[1],
            "\"2026-03-03\",\"09:38\",\"09:38\",\"Dr \"\"R\"\" Adeyemi\",\"Doctor\",\"'=1+1\",\"Opened 1 letter, 2 results\",\"\""
        );
        assert!(lines[2].contains("\"08:30\",\"Milo\""), "{}", lines[2]);
    }
}
