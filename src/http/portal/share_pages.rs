//! What the pages of sharing are filled with.

use askama::Template;

use crate::http::fill::summary::SummaryBody;
use crate::http::ui::{Cx, Faults, Field, State, Svg, Text, Tone, When, charts, filters, page, t};
use crate::record::MOST_WRONG;

/// The summary, to see and to print.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/summary.html")]
pub struct SummaryPage {
    pub cx: Cx,
    pub body: SummaryBody,
    /// What of it is sealed.
    pub sealed: Vec<String>,
    /// It is one's own, and not somebody else's for whom one acts.
    pub may_share: bool,
}
page!(SummaryPage in Share);

/// Whether a link works from outside the clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaches {
    /// By the portal, where that is exposed.
    Portal,
    ClinicOnly,
}

impl Reaches {
    pub fn words(self) -> Text {
        t(match self {
            Self::Portal => "share-reaches-portal",
            Self::ClinicOnly => "share-reaches-clinic",
        })
    }
}

/// One link in the list.
#[derive(Debug, Clone)]
pub struct ShareRow {
    pub id: String,
    pub label: String,
    pub until: When,
    pub opened: u32,
    pub last: Option<When>,
    pub wrong: u8,
    pub live: bool,
    pub ended: Option<When>,
}

impl ShareRow {
    pub fn mark(&self) -> State {
        let date = self.until.long_time();
        match (self.live, self.ended) {
            (true, _) => State::new("full", Tone::Good, t("share-open-until").with("date", date)),
            (false, Some(ended)) => {
                let word = if self.wrong >= MOST_WRONG { "share-ended-wrong" } else { "share-ended-on" };
                State::new("cross", Tone::Dim, t(word).with("date", ended.long_time()))
            }
            (false, None) => State::new("cross", Tone::Dim, t("share-over").with("date", date)),
        }
    }

    /// "Opened twice, last on 3 March 2026, 09:40."
    pub fn opened_words(&self) -> Text {
        match self.last {
            Some(last) => t("share-opened").with("n", self.opened).with("last", last.long_time()),
            None => t("share-opened-never"),
        }
    }

    /// Wrong PINs, where there were some.
    pub fn wrong_words(&self) -> Option<Text> {
        (self.wrong > 0).then(|| t("share-wrong-pins").with("n", self.wrong))
    }
}

/// All links, and a new one.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/share.html")]
pub struct Shares {
    pub cx: Cx,
    pub label: Field,
    pub days: Field,
    /// `None` where no listener answers for links.
    pub reaches: Option<Reaches>,
    pub open: Vec<ShareRow>,
    pub over: Vec<ShareRow>,
    pub faults: Faults,
}
page!(Shares in Share);

/// A link that was made just now.
#[derive(Clone, Template)]
#[template(path = "portal/share_made.html")]
pub struct MadeShare {
    pub cx: Cx,
    pub row: ShareRow,
    /// Where the link leads, without its secret.
    pub place: String,
    pub code: String,
    pub pin: String,
    pub reaches: Reaches,
}
page!(MadeShare in Share);

impl MadeShare {
    fn link(&self) -> String {
        format!("{}#{}", self.place, self.code)
    }

    fn qr(&self) -> Option<Svg> {
        charts::qr(&self.link(), &t("share-qr-spoken").to_string(), 220)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::sample;
    use crate::http::ui::Locale;

    #[test]
    fn a_share_that_wrong_pins_ended_says_so() {
        let when = |text: &str| When::parse(text, &jiff::tz::TimeZone::UTC).unwrap();
        let row = |wrong| ShareRow {
            id: "s".into(),
            label: "For Dr Ann".into(),
            until: when("2026-12-07T12:00:00Z"),
            opened: 3,
            last: Some(when("2026-11-30T12:30:00Z")),
            wrong,
            live: false,
            ended: Some(when("2026-11-30T12:37:00Z")),
        };
        for locale in Locale::ALL {
            locale.inside(|| {
                let page = |wrong| {
                    Shares {
                        cx: sample::cx(None),
                        label: Field::text("label", t("share-label"), "", &Faults::none()),
                        days: Field::text("days", t("share-how-long"), "7", &Faults::none()),
                        reaches: None,
                        open: vec![],
                        over: vec![row(wrong)],
                        faults: Faults::none(),
                    }
                    .render()
                    .unwrap()
                };
                let date = row(0).ended.unwrap().long_time();
                let by_pins = t("share-ended-wrong").with("date", &date).to_string();
                let tried = t("share-wrong-pins").with("n", MOST_WRONG).to_string();
                let (ended, guessed) = (page(0), page(MOST_WRONG));
                assert!(guessed.contains(&by_pins) && guessed.contains(&tried), "{guessed}");
                assert!(!ended.contains(&by_pins) && ended.contains(&date), "{ended}");
            });
        }
    }
}
