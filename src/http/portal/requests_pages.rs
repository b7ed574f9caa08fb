//! What the pages of requests are filled with.

use askama::Template;

use crate::care::requests::{Kind, Request, State};
use crate::http::ui::{Cx, Faults, Field, State as Mark, Text, Tone, When, filters, page, t};

/// What is asked for, in a patient's words.
pub fn kind_word(kind: Kind) -> Text {
    t(match kind {
        Kind::Copy => "ask-copy",
        Kind::Correction => "ask-correction",
        Kind::Restriction => "ask-restriction",
        Kind::Accounting => "ask-accounting",
        Kind::Question => "ask-question",
    })
}

/// The same for this reader: a copy for who acts for a patient holds nothing that is sealed, so it is not of everything.
pub fn word_for(kind: Kind, cx: &Cx) -> Text {
    match kind {
        Kind::Copy if cx.acts_for_another() => t("ask-copy-shown"),
        kind => kind_word(kind),
    }
}

/// One request in a list.
#[derive(Debug, Clone)]
pub struct RequestRow {
    pub href: String,
    pub kind: Kind,
    pub state: State,
    pub asked: When,
    pub due: When,
    pub overdue: bool,
    pub answered: Option<When>,
}

impl RequestRow {
    pub fn word(&self) -> Text {
        kind_word(self.kind)
    }

    pub fn mark(&self) -> Mark {
        let (shape, tone, word) = match (self.state, self.overdue) {
            (State::Open, true) => ("alert", Tone::Critical, "ask-overdue"),
            (State::Open, false) => ("clock", Tone::Accent, "ask-open"),
            (State::Answered, _) => ("check", Tone::Good, "ask-answered"),
            (State::Declined, _) => ("refused", Tone::Plain, "ask-declined"),
            (State::Withdrawn, _) => ("cross", Tone::Plain, "ask-withdrawn"),
        };
        Mark::new(shape, tone, t(word))
    }

    /// "Asked on 3 March 2026. We answer by 2 April 2026."
    pub fn line(&self) -> Text {
        let asked = self.asked.long();
        match self.answered {
            _ if self.state == State::Withdrawn => t("ask-line-withdrawn").with("made", asked),
            Some(answered) => t("ask-line-answered").with("made", asked).with("answered", answered.long()),
            None => {
                let line = if self.overdue { "ask-line-late" } else { "ask-line-open" };
                t(line).with("made", asked).with("due", self.due.long())
            }
        }
    }
}

/// All requests, and what can be asked.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/requests.html")]
pub struct MyRequests {
    pub cx: Cx,
    pub rows: Vec<RequestRow>,
}
page!(MyRequests in Asks);

impl MyRequests {
    fn word(&self, row: &RequestRow) -> Text {
        word_for(row.kind, &self.cx)
    }

    fn copy_word(&self) -> Text {
        word_for(Kind::Copy, &self.cx)
    }

    /// Kind, heading, and what it is.
    fn kinds(&self) -> [(&'static str, Text, Text); 3] {
        [
            ("correction", t("ask-correction"), t("ask-correction-more")),
            ("restriction", t("ask-restriction"), t("ask-restriction-more")),
            ("accounting", self.cx.own("ask-accounting"), t("ask-accounting-more")),
        ]
    }
}

/// So many accesses of a day lie open; more are folded, all of them chosen.
const FEW: usize = 4;

/// What a question is about: one person's accesses of one day.
#[derive(Debug, Clone)]
pub struct About {
    /// The newest of the line.
    pub entry: u64,
    /// All of them in words.
    pub words: String,
    /// Each, the newest first, where there are several.
    pub parts: Vec<AboutPart>,
}

#[derive(Debug, Clone)]
pub struct AboutPart {
    pub entry: u64,
    pub words: String,
    pub chosen: bool,
}

/// Asking.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/request_new.html")]
pub struct AskPage {
    pub cx: Cx,
    pub kind: Kind,
    pub about: Option<About>,
    pub words: Field,
    pub days: i64,
    pub faults: Faults,
}
page!(AskPage in Asks);

impl AskPage {
    fn title(&self) -> Text {
        match self.kind {
            Kind::Accounting => self.cx.own("ask-accounting"),
            kind => word_for(kind, &self.cx),
        }
    }

    /// Whether the accesses of the line lie open: where they are few, or somebody has chosen among them or has to.
    fn shows_parts(&self) -> bool {
        let parts = self.about.as_ref().map(|about| about.parts.as_slice()).unwrap_or_default();
        parts.len() <= FEW || parts.iter().any(|part| !part.chosen) || self.faults.of("which").is_some()
    }

    fn lead(&self) -> Text {
        t(match self.kind {
            Kind::Copy => return self.cx.own("ask-copy-more"),
            Kind::Correction => "ask-correction-more",
            Kind::Restriction => "ask-restriction-more",
            Kind::Accounting => "ask-accounting-more",
            Kind::Question => "ask-question-more",
        })
    }
}

/// One request, with its answer when there is one.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/request.html")]
pub struct MyRequest {
    pub cx: Cx,
    pub title: String,
    pub row: RequestRow,
    pub request: Request,
    /// It can be withdrawn.
    pub open: bool,
    /// The copy can be downloaded.
    pub copy: bool,
    /// The accounting can be downloaded.
    pub accounting: bool,
}
page!(MyRequest in Asks);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_overdue_is_not_promised_for_a_day_that_is_over() {
        let day = |text: &str| When::parse(text, &jiff::tz::TimeZone::UTC).unwrap();
        let row = |overdue| RequestRow {
            href: String::new(),
            kind: Kind::Copy,
            state: State::Open,
            asked: day("2026-10-28"),
            due: day("2026-11-27"),
            overdue,
            answered: None,
        };
        assert_eq!(row(false).line().to_string(), "Asked on 28 October 2026. We answer by 27 November 2026.");
        let late = "Asked on 28 October 2026. We should have answered by 27 November 2026.";
        assert_eq!(row(true).line().to_string(), late);
    }

    #[test]
    fn who_acts_for_a_patient_is_told_that_a_copy_is_not_of_all() {
        use crate::http::pages::sample;
        let of = |for_whom: Option<&str>| MyRequests { cx: sample::cx(for_whom), rows: vec![] }.render().unwrap();
        let (own, others) = (of(None), of(Some("Emil Okafor")));
        for everything in [t("ask-copy").to_string(), t("ask-copy-more").to_string()] {
            assert!(own.contains(&everything) && !others.contains(&everything), "{everything}");
        }
        assert!(others.contains(&t("ask-copy-more-other").to_string()), "{others}");
    }
}
