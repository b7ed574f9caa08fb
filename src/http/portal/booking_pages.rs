//! What the pages of booking are filled with.

use askama::Template;

use crate::http::ui::{Cx, Faults, Field, Text, When, filters, page, t};

/// Which kind of visit.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/book_kinds.html")]
pub struct BookKinds {
    pub cx: Cx,
    pub rows: Vec<KindRow>,
    pub phone: Option<String>,
}
page!(BookKinds in Visits);

#[derive(Debug, Clone)]
pub struct KindRow {
    /// `None` where only the clinic books it.
    pub href: Option<String>,
    pub name: String,
    pub minutes: u16,
    pub how: String,
}

/// So many days with free times lie open.
const OPEN_DAYS: usize = 2;

/// Which time.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/book_times.html")]
pub struct BookTimes {
    pub cx: Cx,
    pub kind: String,
    pub minutes: u16,
    /// Address, name, and whether it is the one that is shown.
    pub people: Vec<(String, String, bool)>,
    pub days: Vec<DayTimes>,
    /// Where one waits for a time, when none of these suits.
    pub wait: Option<String>,
    /// The visit that gets another time.
    pub instead: Option<Instead>,
    pub before: Option<String>,
    pub after: Option<String>,
}
page!(BookTimes in Visits);

impl BookTimes {
    fn is_full(&self) -> bool {
        self.days.iter().all(|day| day.times.is_empty())
    }

    /// The days with free times: the first ones lie open, the others are folded, so that a phone has not to go through all.
    fn shown(&self) -> impl Iterator<Item = (&DayTimes, bool)> {
        let days = self.days.iter().filter(|day| !day.times.is_empty());
        days.enumerate().map(|(at, day)| (day, at < OPEN_DAYS))
    }
}

/// A visit that is moved: when it is as long as it was not, and where it stands.
#[derive(Debug, Clone)]
pub struct Instead {
    pub when: String,
    pub href: String,
}

#[derive(Debug, Clone)]
pub struct DayTimes {
    pub day: When,
    pub times: Vec<TimeLink>,
}

#[derive(Debug, Clone)]
pub struct TimeLink {
    pub href: String,
    pub clock: String,
    pub with: String,
}

/// The last look before it stands.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/book_confirm.html")]
pub struct BookConfirm {
    pub cx: Cx,
    pub title: String,
    pub when: String,
    pub clock: String,
    pub minutes: u16,
    pub kind: String,
    pub with: String,
    pub start: String,
    pub reason: Option<Field>,
    /// It begins within so many hours, so that it cannot be changed here once it is booked.
    pub late: Option<u16>,
    pub phone: Option<String>,
    /// Of the appointment that is moved.
    pub version: Option<u32>,
    pub instead: Option<Instead>,
    pub action: String,
    pub back: String,
}
page!(BookConfirm in Visits);

/// Asking for a time.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/book_request.html")]
pub struct BookRequest {
    pub cx: Cx,
    pub kind: String,
    pub name: String,
    pub minutes: u16,
    pub fields: Vec<Field>,
    pub faults: Faults,
}
page!(BookRequest in Visits);

/// One visit and what can be done with it.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/my_visit.html")]
pub struct MyVisit {
    pub cx: Cx,
    pub title: String,
    pub when: Option<String>,
    /// When the patient could, where no time is set.
    pub wanted: Option<String>,
    pub reason: Option<String>,
    pub state: String,
    /// Nobody of the clinic sees it now: nobody expects the patient, nor answers.
    pub unseen: bool,
    /// It is an offer that was not answered in time.
    pub over: bool,
    pub offered: bool,
    /// The time that is offered begins within so many hours, so that it cannot be changed here once it is taken.
    pub late: Option<u16>,
    /// Until when the time is held.
    pub held: Option<String>,
    /// The offer came from the waiting list: who declines it goes on waiting.
    pub listed: bool,
    pub waits: bool,
    /// It was asked for, and the reception has yet to answer.
    pub asked: bool,
    /// The clinic had no time for it; perhaps with a line of the clinic's.
    pub not_offered: Option<Option<String>>,
    /// Where the same can be asked for again.
    pub again: Option<String>,
    pub cancelled: bool,
    pub form: FormState,
    /// Whoever sees nothing of the patient's health reads no form.
    pub reads: bool,
    pub calendar: bool,
    pub can_cancel: bool,
    pub can_move: bool,
    /// Until when it can be changed.
    pub until: Option<String>,
    pub too_late: bool,
    /// Another patient has it, too: the clinic changes it.
    pub for_several: bool,
    /// It is a time that is offered to them.
    pub offered_to_several: bool,
    pub phone: Option<String>,
    pub id: String,
    pub version: u32,
}
page!(MyVisit in Visits);

impl MyVisit {
    /// What calling it off is, as it stands.
    fn calling_off(&self) -> String {
        t(match (self.waits || self.listed, self.is_wish()) {
            (true, _) => "visit-leave-list",
            (_, true) => "visit-no-need",
            _ => "visit-cancel",
        })
        .to_string()
    }

    /// Whether nothing is booked, also where the time that was offered cannot be taken here.
    const fn is_wish(&self) -> bool {
        self.offered || self.asked || self.over || self.held.is_some()
    }

    /// What nobody of the clinic sees: a visit to which the patient would come, or a wish.
    fn unseen_words(&self) -> Text {
        t(if self.waits || self.is_wish() { "visit-unseen-wish" } else { "visit-unseen" })
    }

    /// What it leads to.
    fn what_then(&self) -> String {
        let open = self.waits || self.listed || self.is_wish();
        t(if open { "visit-cancel-sure-open" } else { "visit-cancel-sure" }).to_string()
    }
}

/// The form that belongs to a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormState {
    None,
    Open,
    Sent,
}

/// Going onto the waiting list.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/wait.html")]
pub struct Wait {
    pub cx: Cx,
    pub kind: String,
    pub name: String,
    /// For how many hours an offer is held.
    pub hold: u16,
    pub fields: Vec<Field>,
    pub faults: Faults,
}
page!(Wait in Visits);
