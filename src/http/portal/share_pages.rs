//! What the pages of sharing are filled with.

use askama::Template;

use crate::http::fill::summary::SummaryBody;
use crate::http::ui::{Cx, Faults, Field, State, Svg, Text, Tone, When, charts, filters, page, t};

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
            (false, Some(ended)) => State::new("cross", Tone::Dim, t("share-ended-on").with("date", ended.long_time())),
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
