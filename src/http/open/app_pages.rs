//! The page for when there is no network.

use askama::Template;

use crate::http::ui::{Cx, filters, t};

#[derive(Debug, Clone, Template)]
#[template(path = "open/offline.html")]
pub struct Offline {
    pub cx: Cx,
    pub of: WithoutNetwork,
}

/// What came to nothing because there is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutNetwork {
    /// A page was asked for.
    Asked,
    /// Somebody signed out.
    Leaving,
}

impl Offline {
    fn title(&self) -> String {
        t(match self.of {
            WithoutNetwork::Asked => "offline-title",
            WithoutNetwork::Leaving => "offline-leaving-title",
        })
        .to_string()
    }
}
