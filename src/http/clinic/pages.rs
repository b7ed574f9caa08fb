//! What the pages of the clinic's staff are filled with: the day, finding and registering patients. The chart's are in
//! [`super::chart_pages`].

use askama::Template;
use askama::filters::HtmlSafe;

use super::inbox_pages::Sum;
use crate::http::ui::record::{AppointmentState, DayRow, Identity, Sex};
use crate::http::ui::{Cx, Faults, Field, When, filters, page, t};

/// The clinic's day: whose turn it is, when, and how far they are.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/today.html")]
pub struct Today {
    pub cx: Cx,
    /// The day that is shown.
    pub day: When,
    /// One's own appointments; everybody's for who has none.
    pub rows: Vec<DayRow>,
    /// Those of the others, when `rows` are one's own.
    pub others: Vec<DayRow>,
    /// How much waits in the inbox, by workflow.
    pub inbox: Vec<Sum>,
    /// Addresses of the days around it.
    pub before: String,
    pub after: String,
}
page!(Today in Today);

impl Today {
    fn heading(&self) -> String {
        self.day.heading(&self.cx.now)
    }

    fn sum(&self) -> String {
        day_sum(&self.rows)
    }

    fn waiting(&self) -> usize {
        self.inbox.iter().map(|sum| sum.count).sum()
    }

    fn is_today(&self) -> bool {
        self.day.day() == self.cx.now.date()
    }

    /// Whether the line "now" stands before this row of a list.
    fn now_before(&self, list: &[DayRow], index: &usize) -> bool {
        let now = self.cx.now.datetime();
        let later = |row: &DayRow| row.when.moment() > now;
        self.is_today()
            && list.get(*index).is_some_and(later)
            && index.checked_sub(1).and_then(|before| list.get(before)).is_none_or(|row| !later(row))
    }

    fn row_class(&self, row: &DayRow) -> &'static str {
        match row.state {
            AppointmentState::Done | AppointmentState::Cancelled | AppointmentState::DidNotCome => "past",
            AppointmentState::Arrived => "chosen",
            _ => "",
        }
    }
}

/// How many appointments a day has, and how far they are.
pub(super) fn day_sum(rows: &[DayRow]) -> String {
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let all = rows.iter().filter(|row| row.state != AppointmentState::Cancelled).count();
    t("today-sum")
        .with("all", all)
        .with("done", count(AppointmentState::Done))
        .with("here", count(AppointmentState::Arrived))
        .with("missed", count(AppointmentState::DidNotCome))
        .to_string()
}

/// One row of a list of patients.
#[derive(Debug, Clone)]
pub struct PatientRow {
    pub who: Identity,
    /// Town or street: what tells two of one name apart.
    pub lives: Option<String>,
    /// It was joined to another record, which it leads to.
    pub joined: bool,
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

/// What was typed. The names of the inputs are the names of these fields; `sex` is a code of [`Sex`]; `different` has the ids
/// of those alike who were shown and said to be other people.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct RegisterForm {
    pub family: String,
    pub given: String,
    pub born: String,
    /// Ticked: the birth date is not known.
    pub born_unknown: String,
    pub sex: String,
    pub phone: String,
    pub street: String,
    pub postcode: String,
    pub town: String,
    pub different: String,
    /// The appointment that waits for this patient: `/bookings/new?…`.
    pub back: String,
}

impl Register {
    /// Those alike who were shown: whoever is found besides is asked about again.
    fn seen(&self) -> String {
        self.doubles.iter().map(|row| row.who.id.as_str()).collect::<Vec<_>>().join(",")
    }

    fn who(&self) -> WhoPart {
        let form = &self.form;
        let typed = WhoTyped {
            family: &form.family,
            given: &form.given,
            born: &form.born,
            born_unknown: &form.born_unknown,
            sex: &form.sex,
        };
        WhoPart::of(typed, &self.faults)
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
}

/// What was typed of who somebody is; `sex` is a code of [`Sex`].
#[derive(Debug, Clone, Copy)]
pub struct WhoTyped<'a> {
    pub family: &'a str,
    pub given: &'a str,
    pub born: &'a str,
    pub born_unknown: &'a str,
    pub sex: &'a str,
}

/// The part of a form that says who somebody is, for registering and for correcting alike.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/who_part.html")]
pub struct WhoPart {
    pub fields: Vec<Field>,
    /// Whether the name of before was right once, where there is one.
    former: Option<bool>,
    born_unknown: bool,
    sex: String,
    sex_fault: Option<String>,
    sex_now: Option<String>,
}

// It is the output of an askama template with escaping on.
impl HtmlSafe for WhoPart {}

impl WhoPart {
    pub fn of(typed: WhoTyped<'_>, faults: &Faults) -> Self {
        let WhoTyped { family, given, born, born_unknown, sex } = typed;
        Self {
            fields: vec![
                // One of the two names is enough, and instead of the date it can be said that it is not known.
                Field::text("family", t("patient-family"), family, faults).optional().bare(),
                Field::text("given", t("patient-given"), given, faults).optional().bare(),
                Field::text("born", t("patient-born"), born, faults)
                    .hint(t("patient-born-hint"))
                    .optional()
                    .bare()
                    .narrow(),
            ],
            former: None,
            born_unknown: !born_unknown.is_empty(),
            sex: sex.to_owned(),
            sex_fault: faults.of("sex").map(str::to_owned),
            sex_now: faults.now("sex", sex).map(|code| Sex::from_code(code).word()),
        }
    }

    /// With the question what becomes of the name of before.
    #[must_use]
    pub fn asking_of_the_old_name(self, former: &str) -> Self {
        Self { former: Some(!former.is_empty()), ..self }
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
    /// Whether both are the reception's to see: of who refused them nobody says that there are none.
    pub open: bool,
}
page!(Details in Patients);

impl Details {
    fn is_empty(&self) -> bool {
        self.appointments.is_empty()
    }
}
