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
    pub(super) fn is_full(&self) -> bool {
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
    /// With whom it is, where they see nothing of it though others at the clinic do.
    pub shut_to: Option<String>,
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

    /// What nobody of the clinic sees: a visit to which the patient would come, a time that was offered, or a wish. With the number
    /// to call, where there is one.
    fn unseen_words(&self) -> Text {
        let (alone, with_number) = match &self.held {
            Some(_) => ("visit-unseen-offer", "visit-unseen-offer.number"),
            None if self.waits || self.is_wish() => ("visit-unseen-wish", "visit-unseen-wish.number"),
            None => ("visit-unseen", "visit-unseen.number"),
        };
        let said = match &self.phone {
            Some(phone) => t(with_number).with("phone", phone),
            None => t(alone),
        };
        match &self.held {
            Some(held) => said.with("when", held),
            None => said,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::sample;
    use crate::http::ui::Locale;

    fn visit() -> MyVisit {
        MyVisit {
            cx: sample::cx(None),
            title: "Visit with Dr Ann".into(),
            when: Some("Tuesday 1 December 2026, 08:40".into()),
            wanted: None,
            reason: None,
            state: t("visit-booked").to_string(),
            unseen: false,
            shut_to: None,
            over: false,
            offered: false,
            late: None,
            held: None,
            listed: false,
            waits: false,
            asked: false,
            not_offered: None,
            again: None,
            cancelled: false,
            form: FormState::None,
            reads: true,
            calendar: false,
            can_cancel: true,
            can_move: false,
            until: None,
            too_late: false,
            for_several: false,
            offered_to_several: false,
            phone: Some("01632 960 100".into()),
            id: "a".into(),
            version: 1,
        }
    }

    #[test]
    fn an_offer_that_nobody_sees_is_to_be_called_about_before_it_ends_and_not_said_to_be_held() {
        for locale in Locale::ALL {
            locale.inside(|| {
                let held = Some("1 December 2026, 08:40".to_owned());
                let held_words = t("visit-held").with("when", "1 December 2026, 08:40").to_string();
                let seen = MyVisit { offered: true, held: held.clone(), ..visit() }.render().unwrap();
                let unseen = MyVisit { unseen: true, held: held.clone(), ..visit() };
                let said = unseen.unseen_words().to_string();
                assert!(said.contains("08:40") && said.contains("01632 960 100"), "{said}");
                let unseen = unseen.render().unwrap();
                assert!(seen.contains(&held_words) && !unseen.contains(&held_words), "{unseen}");
                assert!(unseen.contains("href=\"tel:"), "{unseen}");
                let without = MyVisit { unseen: true, held, phone: None, ..visit() }.unseen_words().to_string();
                assert!(without.contains("08:40") && !without.contains('{'), "{without}");
            });
        }
    }

    #[test]
    fn the_number_to_call_is_said_once_and_of_the_same_clinic() {
        for locale in Locale::ALL {
            locale.inside(|| {
                let call_us = t("book-call").with("phone", "01632 960 100").to_string();
                let call_us = call_us.split(':').next().unwrap_or_default().to_owned();
                for waits in [false, true] {
                    let page = MyVisit { unseen: true, waits, ..visit() }.render().unwrap();
                    assert_eq!(page.matches("href=\"tel:").count(), 1, "{page}");
                    assert!(!page.contains(&call_us), "{page}");
                }
            });
        }
    }

    #[test]
    fn who_is_refused_what_they_are_believed_to_know_is_named() {
        for locale in Locale::ALL {
            locale.inside(|| {
                let words = t("visit-shut-to").with("name", "Dr Ann").to_string();
                let shut = MyVisit { shut_to: Some("Dr Ann".into()), ..visit() }.render().unwrap();
                assert!(shut.contains(&words) && shut.contains("/my/consents"), "{shut}");
                assert!(!visit().render().unwrap().contains(&words));
            });
        }
    }
}
