//! What the pages of one's own medicines are filled with.

use askama::Template;

use crate::care::prescribe::{NotTaking, Teller};
use crate::http::ui::record::{AllergyStatus, Due, How, Identity, MedicineRow, MedicineState, Said};
use crate::http::ui::{Cx, Field, State, Text, When, filters, page, t};

/// One medicine, in plain words.
#[derive(Debug, Clone)]
pub struct MyMedicineRow {
    pub name: String,
    pub how: Option<How>,
    pub reason: Option<Said>,
    pub since: Option<When>,
    pub until: Option<When>,
    /// Of what is paused or has ended, when it was prescribed: until when it was to be taken says nothing of either, and since when it is
    /// paused nobody wrote down.
    pub prescribed: Option<When>,
    /// When it ended, where that is known.
    pub ended_on: Option<When>,
    pub due: Due,
    /// What else says that it may not be taken, each in words.
    pub doubts: Vec<String>,
    pub by: Option<String>,
    /// Why it ended, or is paused.
    pub ended: Option<String>,
    pub state: MedicineState,
    /// How far a request for a refill is.
    pub standing: Option<Standing>,
    pub is_current: bool,
    /// Where more can be done with it.
    pub href: Option<String>,
    /// The id of the prescription; none of what was only told.
    pub id: Option<String>,
}

/// A request for a refill.
#[derive(Debug, Clone)]
pub enum Standing {
    /// The clinic has not answered yet.
    Waits(String),
    /// The clinic asks something; the id of the request.
    Asked {
        question: String,
        of: String,
    },
    Refused(String),
}

impl MyMedicineRow {
    /// A refill is asked for, and not answered yet.
    fn waits(&self) -> bool {
        matches!(self.standing, Some(Standing::Waits(_)))
    }

    fn mark(&self) -> State {
        let is_plain = matches!(self.state, MedicineState::Taking | MedicineState::Reported);
        self.due.mark().filter(|_| is_plain).unwrap_or_else(|| self.state.mark())
    }

    /// What beside its state says that it may not be taken now.
    fn besides(&self) -> Vec<String> {
        self.due.words().into_iter().chain(self.doubts.iter().cloned()).collect()
    }

    /// Why it ended, or why it is paused.
    fn ended_words(&self) -> Option<String> {
        let message = if self.state == MedicineState::Paused { "my-medicine-paused-why" } else { "my-medicine-ended" };
        self.ended.as_ref().map(|reason| t(message).with("reason", reason).to_string())
    }

    fn span(&self) -> String {
        match (&self.prescribed, &self.ended_on) {
            (Some(prescribed), Some(ended)) => {
                return t("my-medicine-ended-on")
                    .with("date", prescribed.short())
                    .with("end", ended.short())
                    .to_string();
            }
            (Some(prescribed), None) if self.is_current => {
                return t("my-medicine-prescribed").with("date", prescribed.short()).to_string();
            }
            (Some(prescribed), None) => {
                return t("my-medicine-end-unknown").with("date", prescribed.short()).to_string();
            }
            (None, _) => {}
        }
        match (&self.since, &self.until) {
            (Some(since), None) if matches!(self.due, Due::Later(Some(_))) => {
                t("dose-from").with("date", since.short()).to_string()
            }
            (Some(since), Some(until)) => {
                t("from-to").with("from", since.short()).with("to", until.short()).to_string()
            }
            (Some(since), None) => t("since").with("date", since.short()).to_string(),
            (None, Some(until)) => t("until").with("date", until.short()).to_string(),
            (None, None) => t("date-unknown").to_string(),
        }
    }
}

/// Medicines taken now and before.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/my_medicines.html")]
pub struct MyMedicines {
    pub cx: Cx,
    /// Some of it nobody at the clinic may see.
    pub reaches_nobody: bool,
    /// Whose list it is, and their allergies: on paper it goes to others.
    pub who: Identity,
    pub allergies: AllergyStatus,
    /// What must not be given.
    pub not_to_take: Vec<MedicineRow>,
    pub current: Vec<MyMedicineRow>,
    /// What is to be begun on a day to come.
    pub later: Vec<MyMedicineRow>,
    /// Of which the time is over, and that nobody ended.
    pub over: Vec<MyMedicineRow>,
    /// What somebody reported as not taken.
    pub not_taken: Vec<MedicineRow>,
    /// What is not to be taken until somebody says so.
    pub paused: Vec<MyMedicineRow>,
    pub past: Vec<MyMedicineRow>,
}
page!(MyMedicines in Medicines);

/// One of them, and what can be asked or said of it.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/my_medicine.html")]
pub struct MyMedicine {
    pub cx: Cx,
    pub row: MyMedicineRow,
    pub address: String,
    pub active: bool,
    /// Nobody of the clinic sees it, nor what is asked or said of it: it is sealed, or refused to them.
    pub reaches_nobody: bool,
    pub note: Field,
    pub why: Field,
    /// The patient, or who acts for them, said that they do not take it.
    pub not_taking: Option<NotTaking>,
    /// What was typed of one that had ended meanwhile, to be kept.
    pub typed: Option<String>,
}
page!(MyMedicine in Medicines);

impl MyMedicine {
    /// That it was said that it is not taken; to the patient, by whom. Where nobody of the clinic sees it, it was told to nobody.
    fn not_taking_said(&self, word: &NotTaking) -> Text {
        if self.reaches_nobody {
            return t("not-taking-noted");
        }
        let for_them = word.by == Teller::ForPatient && !self.cx.acts_for_another();
        if for_them { t("not-taking-said-for") } else { self.cx.own("not-taking-said") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::{Faults, Locale};

    fn row(state: MedicineState, due: Due) -> MyMedicineRow {
        let day = |text: &str| When::parse(text, &jiff::tz::TimeZone::UTC);
        MyMedicineRow {
            name: "Warfarin".into(),
            how: None,
            reason: None,
            since: day("2026-11-10"),
            until: None,
            prescribed: day("2026-11-10").filter(|_| state == MedicineState::Paused),
            ended_on: None,
            due,
            doubts: vec!["Its prescription was ended".into()],
            by: None,
            ended: Some("bleeding".into()),
            state,
            standing: None,
            is_current: true,
            href: None,
            id: None,
        }
    }

    #[test]
    fn to_nobody_it_was_told_that_one_is_not_taken_that_nobody_sees() {
        let none = Faults::none();
        let page = |reaches_nobody| MyMedicine {
            cx: crate::http::pages::sample::cx(None),
            row: row(MedicineState::NotTaking, Due::Now),
            address: String::new(),
            active: true,
            reaches_nobody,
            note: Field::text("note", t("refill-note"), "", &none),
            why: Field::text("why", t("not-taking-why"), "", &none),
            not_taking: None,
            typed: None,
        };
        let word = NotTaking { statement: "s".into(), reason: None, said: None, by: Teller::Patient };
        for locale in Locale::ALL {
            let said = |unseen| locale.inside(|| page(unseen).not_taking_said(&word).to_string());
            assert_eq!(said(false), locale.inside(|| t("not-taking-said").to_string()));
            assert_eq!(said(true), locale.inside(|| t("not-taking-noted").to_string()));
        }
    }

    #[test]
    fn what_has_ended_does_not_read_as_if_it_went_on() {
        let day = |text: &str| When::parse(text, &jiff::tz::TimeZone::UTC);
        let stopped = MyMedicineRow {
            since: day("2026-09-08"),
            until: day("2027-01-29"),
            prescribed: day("2026-09-08"),
            ended_on: day("2026-11-30"),
            is_current: false,
            ..row(MedicineState::Stopped, Due::Now)
        };
        assert_eq!(stopped.span(), "prescribed on 8 Sep 2026, ended on 30 Nov 2026");
        let unknown = MyMedicineRow { ended_on: None, ..stopped };
        assert_eq!(unknown.span(), "prescribed on 8 Sep 2026; when it ended is not recorded");
    }

    #[test]
    fn what_is_paused_has_not_ended_and_nobody_said_since_when() {
        let paused = row(MedicineState::Paused, Due::Now);
        assert_eq!(paused.span(), "prescribed on 10 Nov 2026");
        assert_eq!(paused.ended_words().unwrap(), "Why it is paused: bleeding");
        let said = Locale::Es.inside(|| paused.ended_words().unwrap());
        assert_eq!(said, "Por qué está en pausa: bleeding");
        let stopped = row(MedicineState::Stopped, Due::Now);
        assert_eq!(
            (stopped.span().as_str(), stopped.ended_words().unwrap().as_str()),
            ("since 10 Nov 2026", "Why it ended: bleeding")
        );
    }

    #[test]
    fn what_is_over_or_has_not_begun_is_not_marked_as_taken() {
        let begin = When::parse("2027-02-01", &jiff::tz::TimeZone::UTC).unwrap();
        let word = |state, due| row(state, due).mark().word.to_string();
        assert_eq!(word(MedicineState::Taking, Due::Now), "Taking");
        assert_eq!(word(MedicineState::Taking, Due::Over(begin)), "Its time is over");
        assert_eq!(word(MedicineState::Reported, Due::Later(Some(begin))), "Not begun yet");
        assert_eq!(word(MedicineState::NotTaking, Due::Over(begin)), "Not taking it");
        let later = row(MedicineState::Taking, Due::Later(Some(begin)));
        assert_eq!(later.besides(), ["Not begun yet: from 1 Feb 2027", "Its prescription was ended"]);
    }
}
