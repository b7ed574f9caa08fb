//! The page on which the portal is made an app.

use askama::Template;

use crate::http::ui::{Cx, filters, page};

#[derive(Debug, Clone, Template)]
#[template(path = "portal/app.html")]
pub struct AppPage {
    pub cx: Cx,
}
page!(AppPage in Elsewhere);
