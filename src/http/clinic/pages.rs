//! What the pages of the clinic's staff are filled with: the day, finding and registering patients. The chart's are in
//! [`super::chart_pages`].

use askama::Template;

use crate::http::ui::format;
use crate::http::ui::{Cx, Faults, Field, State, Tone, When, filters, page, t};

/// The clinic's day: whose turn it is, when, and how far they are.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/today.html")]
pub struct Today {
    pub cx: Cx,
    /// The day that is shown.
    pub day: When,
    pub rows: Vec<DayRow>,
    /// Addresses of the days around it.
    pub before: String,
    pub after: String,
}
page!(Today in Today);

/// One appointment.
#[derive(Debug, Clone)]
pub struct DayRow {
    pub when: When,
    pub minutes: Option<i64>,
    pub patient: String,
    pub age: Option<String>,
    /// The chart, or for reception the patient's details.
    pub href: String,
    /// Clinical: never filled for reception.
    pub reason: Option<String>,
    /// What sort of appointment: visit, phone call.
    pub kind: Option<String>,
    pub with: Option<String>,
    pub state: AppointmentState,
}

/// FHIR `Appointment.status`, as far as people distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppointmentState {
    NotConfirmed,
    Expected,
    Arrived,
    Done,
    Cancelled,
    DidNotCome,
}

impl AppointmentState {
    /// From FHIR R4 `appointmentstatus`.
    pub fn from_code(code: &str) -> Self {
        match code {
            "booked" => Self::Expected,
            "arrived" | "checked-in" => Self::Arrived,
            "fulfilled" => Self::Done,
            "cancelled" | "entered-in-error" => Self::Cancelled,
            "noshow" => Self::DidNotCome,
            _ => Self::NotConfirmed,
        }
    }

    pub fn mark(self) -> State {
        let (shape, tone, word) = match self {
            Self::NotConfirmed => ("clock", Tone::Caution, "appointment-not-confirmed"),
            Self::Expected => ("planned", Tone::Dim, "appointment-expected"),
            Self::Arrived => ("full", Tone::Accent, "appointment-arrived"),
            Self::Done => ("check", Tone::Dim, "appointment-done"),
            Self::Cancelled => ("cross", Tone::Dim, "appointment-cancelled"),
            Self::DidNotCome => ("refused", Tone::Caution, "appointment-did-not-come"),
        };
        State::new(shape, tone, t(word))
    }
}

impl Today {
    fn heading(&self) -> String {
        self.day.heading(&self.cx.now)
    }

    fn sum(&self) -> String {
        let count = |state| self.rows.iter().filter(|row| row.state == state).count();
        let all = self.rows.iter().filter(|row| row.state != AppointmentState::Cancelled).count();
        t("today-sum")
            .with("all", all)
            .with("done", count(AppointmentState::Done))
            .with("here", count(AppointmentState::Arrived))
            .to_string()
    }

    fn is_today(&self) -> bool {
        self.day.day() == self.cx.now.date()
    }

    /// Whether the line "now" stands before this row.
    fn now_before(&self, index: &usize) -> bool {
        let now = self.cx.now.datetime();
        let later = |row: &DayRow| row.when.moment() > now;
        self.is_today()
            && self.rows.get(*index).is_some_and(later)
            && index.checked_sub(1).and_then(|before| self.rows.get(before)).is_none_or(|row| !later(row))
    }

    fn row_class(&self, row: &DayRow) -> &'static str {
        match row.state {
            AppointmentState::Done | AppointmentState::Cancelled | AppointmentState::DidNotCome => "past",
            AppointmentState::Arrived => "chosen",
            _ => "",
        }
    }
}

/// Administrative sex as registered (FHIR `administrative-gender`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sex {
    Female,
    Male,
    Other,
    #[default]
    Unknown,
}

impl Sex {
    pub fn from_code(code: &str) -> Self {
        match code {
            "female" => Self::Female,
            "male" => Self::Male,
            "other" => Self::Other,
            _ => Self::Unknown,
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }

    pub fn word(self) -> String {
        t(match self {
            Self::Female => "sex-female",
            Self::Male => "sex-male",
            Self::Other => "sex-other",
            Self::Unknown => "sex-unknown",
        })
        .to_string()
    }
}

/// Who a patient is, as the directory and the banner show it.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// FHIR id.
    pub id: String,
    pub family: String,
    pub given: String,
    pub born: Option<When>,
    pub died: Option<When>,
    /// Died, also when it is not known when.
    pub deceased: bool,
    pub sex: Sex,
    /// The clinic's own number.
    pub number: Option<String>,
}

impl Identity {
    /// BRANDVOLD, Halina.
    pub fn formal(&self) -> String {
        match (self.family.is_empty(), self.given.is_empty()) {
            (false, false) => format!("{}, {}", self.family.to_uppercase(), self.given),
            (false, true) => self.family.to_uppercase(),
            (true, false) => self.given.clone(),
            (true, true) => t("patient-no-name").to_string(),
        }
    }

    /// Halina Brandvold.
    pub fn plain(&self) -> String {
        let name = format!("{} {}", self.given, self.family);
        if name.trim().is_empty() { t("patient-no-name").to_string() } else { name.trim().to_owned() }
    }

    /// 9 May 1967 (58 years); for the dead the age they reached.
    pub fn born_words(&self, cx: &Cx) -> String {
        let Some(born) = &self.born else { return t("born-unknown").to_string() };
        let until = match (&self.died, self.deceased) {
            (Some(died), _) => Some(died.day()),
            (None, true) => None,
            (None, false) => Some(cx.now.date()),
        };
        match until.and_then(|day| format::age(born, day)) {
            Some(age) => t("born-and-age").with("date", born.long()).with("age", age).to_string(),
            None => born.long(),
        }
    }

    /// The death, when there is one: "18 March 2024", or that the date is not known.
    pub fn died_words(&self) -> Option<String> {
        match (&self.died, self.deceased) {
            (Some(died), _) => Some(died.long()),
            (None, true) => Some(t("died-unknown").to_string()),
            (None, false) => None,
        }
    }

    pub fn href(&self) -> String {
        format!("/patients/{}", self.id)
    }
}

/// One row of a list of patients.
#[derive(Debug, Clone)]
pub struct PatientRow {
    pub who: Identity,
    /// Town or street: what tells two of one name apart.
    pub lives: Option<String>,
}

/// The whole page of a search, and the list of those seen last when nothing was asked.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/patients.html")]
pub struct Patients {
    pub cx: Cx,
    pub query: String,
    pub rows: Vec<PatientRow>,
    /// There are more than these.
    pub more: bool,
}
page!(Patients in Patients);

/// The same as a fragment, while one types: at most ten.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/found.html")]
pub struct Found {
    pub cx: Cx,
    pub query: String,
    pub rows: Vec<PatientRow>,
    pub more: bool,
}

/// The form for a new patient. With `doubles`, the people who might be the same stand over it.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/register.html")]
pub struct Register {
    pub cx: Cx,
    pub form: RegisterForm,
    pub faults: Faults,
    pub doubles: Vec<PatientRow>,
}
page!(Register in Patients);

/// What was typed. The names of the inputs are the names of these fields; `sex` is a code of [`Sex`]; `different` is
/// sent, with any value, to register although somebody alike exists.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct RegisterForm {
    pub family: String,
    pub given: String,
    pub born: String,
    pub sex: String,
    pub phone: String,
    pub street: String,
    pub postcode: String,
    pub town: String,
    pub different: String,
}

impl Register {
    fn who_fields(&self) -> Vec<Field> {
        let (form, faults) = (&self.form, &self.faults);
        vec![
            Field::text("family", t("patient-family"), &form.family, faults),
            Field::text("given", t("patient-given"), &form.given, faults),
            Field::text("born", t("patient-born"), &form.born, faults).hint(t("patient-born-hint")).narrow(),
        ]
    }

    fn reach_fields(&self) -> Vec<Field> {
        let (form, faults) = (&self.form, &self.faults);
        vec![
            Field::text("phone", t("patient-phone"), &form.phone, faults).optional().keyboard("tel"),
            Field::text("street", t("patient-street"), &form.street, faults).optional(),
            Field::text("postcode", t("patient-postcode"), &form.postcode, faults).optional().narrow(),
            Field::text("town", t("patient-town"), &form.town, faults).optional(),
        ]
    }

    fn sexes(&self) -> [Sex; 4] {
        [Sex::Female, Sex::Male, Sex::Other, Sex::Unknown]
    }
}

/// A patient as reception sees one: who, how to reach them, their appointments. Nothing clinical.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/details.html")]
pub struct Details {
    pub cx: Cx,
    pub who: Identity,
    /// Label and value, such as phone and address, in the order to show.
    pub reach: Vec<(String, String)>,
    pub appointments: Vec<DayRow>,
}
page!(Details in Patients);

impl Details {
    fn is_empty(&self) -> bool {
        self.appointments.is_empty()
    }
}
