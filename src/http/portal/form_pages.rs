//! What the form before a visit is filled with.

use askama::Template;

use crate::http::ui::{Cx, filters, page};

#[derive(Debug, Clone, Template)]
#[template(path = "portal/visit_form.html")]
pub struct VisitForm {
    pub cx: Cx,
    pub id: String,
    pub title: String,
    pub when: Option<String>,
    pub questions: Vec<Asked>,
    /// A form was sent already: this one is only to be read.
    pub returned: bool,
    pub version: u32,
}
page!(VisitForm in Visits);

/// One question.
#[derive(Debug, Clone)]
pub struct Asked {
    pub name: String,
    pub text: String,
    pub value: String,
    pub kind: AskedKind,
}

#[derive(Debug, Clone)]
pub enum AskedKind {
    Lines,
    /// One of these: value and words.
    One(Vec<(String, String)>),
}
