//! The page for when there is no network.

use askama::Template;

use crate::http::ui::{Cx, filters};

#[derive(Debug, Clone, Template)]
#[template(path = "open/offline.html")]
pub struct Offline {
    pub cx: Cx,
}
