//! Messages between the invented patients and their clinic: one that the patient has not read, some that wait.

use serde_json::{Value, json};

use super::chart::Chart;
use super::make::{at, days_before, workday};
use crate::care::messages::{ADMINISTRATIVE, AUDIENCE, KIND, MESSAGE};

/// The places of topics in the clinic's settings, with their names.
const HEALTH: (usize, &str) = (0, "A question about my health");
const RESULT: (usize, &str) = (1, "A result");
const MEDICINE: (usize, &str) = (2, "A medicine");
const APPOINTMENT: (usize, &str) = (3, "An appointment");
/// The nurse's place among the staff.
const NURSE: usize = super::clinic::THE_NURSE;

struct Letter<'a> {
    topic: (usize, &'static str),
    status: &'static str,
    /// Who of the staff wrote it; nobody where the patient did.
    by: Option<usize>,
    /// How many days ago, on the working day before if it was none, and the minute of the day.
    sent: (i64, i64),
    /// When the other side read it, in the same way.
    read: Option<(i64, i64)>,
    text: &'a str,
    /// The first message of the conversation.
    of: Option<&'a Value>,
}

impl Chart {
    fn letter(&mut self, letter: Letter<'_>) -> Value {
        let service = self.clinic.topic(letter.topic);
        let staff = letter.by.map(|by| self.clinic.by(by));
        let (days, minute) = letter.sent;
        let mut elements = json!({
            "status": letter.status,
            "category": [{"coding": [{"system": KIND, "code": MESSAGE}]}],
            "subject": self.person.reference(),
            "sender": staff.unwrap_or_else(|| self.person.reference()),
            "about": [service],
            "topic": {"text": letter.topic.1},
            "recipient": [if letter.by.is_some() { self.person.reference() } else { service.clone() }],
            "sent": at(workday(days_before(self.today, days)), minute),
            "payload": [{"contentString": letter.text}],
        });
        if let (Some((days, minute)), Some(members)) = (letter.read, elements.as_object_mut()) {
            members.insert("received".into(), at(workday(days_before(self.today, days)), minute).into());
        }
        if let (Some(first), Some(members)) = (letter.of, elements.as_object_mut()) {
            members.insert("partOf".into(), json!([first]));
            members.insert("inResponseTo".into(), json!([first]));
        }
        if letter.topic == APPOINTMENT
            && let Some(members) = elements.as_object_mut()
        {
            members.insert("meta".into(), json!({"security": [{"system": AUDIENCE, "code": ADMINISTRATIVE}]}));
        }
        self.add("Communication", elements)
    }
}

/// The first patient asked about a medicine and has an answer to read; another question waits at the reception.
pub(super) fn of_the_first(chart: &mut Chart) {
    let asked = chart.letter(Letter {
        topic: MEDICINE,
        status: "on-hold",
        by: None,
        sent: (4, 18 * 60 + 12),
        read: Some((1, 10 * 60)),
        text: "May I take ibuprofen for my knee? I have some at home.",
        of: None,
    });
    chart.letter(Letter {
        topic: MEDICINE,
        status: "completed",
        by: Some(NURSE),
        sent: (1, 10 * 60 + 5),
        read: None,
        text: "Please do not take it for now: I have asked Dr Adeyemi-Strand, and we would like to talk about it at your next visit. \
               Write again if the knee gets worse.",
        of: Some(&asked),
    });
    chart.letter(Letter {
        topic: APPOINTMENT,
        status: "in-progress",
        by: None,
        sent: (1, 19 * 60 + 40),
        read: None,
        text: "Can I bring my daughter along next time?",
        of: None,
    });
}

/// Some of the others wait for an answer, one of them for too long.
pub(super) fn of_others(chart: &mut Chart) {
    let (topic, days, text) = match chart.person.index {
        2 => (HEALTH, 7, "The cough is better, but I still wake up at night. Should I come again?"),
        3 => (RESULT, 1, "I saw my blood test. What does the number for iron mean for me?"),
        5 => (MEDICINE, 1, "The pharmacy gave me tablets of another colour. Are they the same?"),
        _ => return,
    };
    let sent = (days, 8 * 60 + 20);
    chart.letter(Letter { topic, status: "in-progress", by: None, sent, read: None, text, of: None });
}
