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
    /// Nobody of the clinic sees the visit now, nor what is answered for it.
    pub unseen: bool,
    /// With whom the visit is, where they see nothing of it though others at the clinic do.
    pub shut_to: Option<String>,
    pub version: u32,
}
page!(VisitForm in Visits);

/// The form that the patient sent.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/sent_form.html")]
pub struct SentForm {
    pub cx: Cx,
    /// The visit's id.
    pub id: String,
    pub when: Option<String>,
    pub sent: Option<String>,
    /// Question and answer.
    pub answers: Vec<(String, String)>,
}
page!(SentForm in Visits);

/// One question.
#[derive(Debug, Clone)]
pub struct Asked {
    pub name: String,
    pub text: String,
    pub value: String,
    /// What is wrong with the answer.
    pub fault: Option<String>,
    pub kind: AskedKind,
}

#[derive(Debug, Clone)]
pub enum AskedKind {
    Lines,
    /// One of these: value and words.
    One(Vec<(String, String)>),
}
