//! What the pages of a patient's messages are filled with.

use askama::Template;

use crate::http::ui::{Cx, Faults, Field, State, When, filters, page};

/// All conversations, the newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/messages.html")]
pub struct Messages {
    pub cx: Cx,
    pub rows: Vec<ThreadRow>,
}
page!(Messages in Messages);

/// One conversation in a list.
#[derive(Debug, Clone)]
pub struct ThreadRow {
    pub href: String,
    pub topic: String,
    /// The beginning of the newest message.
    pub begins: String,
    pub when: When,
    pub state: State,
    pub is_unread: bool,
}

/// What a message can be about.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/message_topics.html")]
pub struct Topics {
    pub cx: Cx,
    pub rows: Vec<TopicRow>,
    pub phone: Option<String>,
}
page!(Topics in Messages);

#[derive(Debug, Clone)]
pub struct TopicRow {
    pub href: String,
    pub name: String,
    /// Until when an answer is expected.
    pub due: When,
}

/// Writing the first message of a conversation.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/message_new.html")]
pub struct NewMessage {
    pub cx: Cx,
    pub topic: String,
    pub name: String,
    pub due: When,
    pub phone: Option<String>,
    pub text: Field,
    /// Of a file: the most bytes, and what is said of it.
    pub most_bytes: usize,
    pub too_large: String,
    pub file_hint: String,
    pub faults: Faults,
}
page!(NewMessage in Messages);

/// One conversation, for a patient.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/message.html")]
pub struct Conversation {
    pub cx: Cx,
    pub id: String,
    pub topic: String,
    pub state: State,
    /// Nobody of the clinic sees this conversation, which is sealed, nor what is written in it.
    pub unseen: bool,
    pub lines: Vec<MessageLine>,
    /// Until when an answer is expected, where one is.
    pub due: Option<When>,
    pub phone: Option<String>,
    pub is_closed: bool,
    pub text: Field,
    /// Of a file: the most bytes, and what is said of it.
    pub most_bytes: usize,
    pub too_large: String,
    pub file_hint: String,
    pub faults: Faults,
}
page!(Conversation in Messages);

/// One message on a page.
#[derive(Debug, Clone)]
pub struct MessageLine {
    /// Who wrote it, as the reader knows them.
    pub who: String,
    pub is_own: bool,
    pub text: String,
    pub when: When,
    /// Whether the other side has seen it, where that is said.
    pub seen: Option<String>,
    /// What is attached: address and name.
    pub attached: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::sample;
    use crate::http::ui::{Locale, Tone, t};

    #[test]
    fn where_nobody_sees_a_conversation_the_number_to_call_stands_with_that() {
        let page = |unseen| Conversation {
            cx: sample::cx(None),
            id: "a".into(),
            topic: "Something else".into(),
            state: State::new("alert", Tone::Caution, t("message-unseen")),
            unseen,
            lines: vec![],
            due: None,
            phone: Some("01632 960 100".into()),
            is_closed: false,
            text: Field::area("text", t("message-text"), "", &Faults::none()),
            most_bytes: 1,
            too_large: String::new(),
            file_hint: String::new(),
            faults: Faults::none(),
        };
        for locale in Locale::ALL {
            locale.inside(|| {
                let calls = |unseen| page(unseen).render().unwrap().matches("href=\"tel:").count();
                assert_eq!(calls(true), calls(false) + 1);
            });
        }
    }
}
