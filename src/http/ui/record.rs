//! What a record's pages are made of, for staff and patients alike: who somebody is, and rows of allergies, medicines,
//! problems, immunizations, visits, documents, appointments.

use askama::Template;
use askama::filters::HtmlSafe;

use super::format;
use super::{Cx, State, Tone, When, t};

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

/// How much of a birth date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BornKnown {
    ToTheDay,
    /// The year, perhaps with the month.
    Partly,
    NotAtAll,
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

    /// Where no label says that it is the sex: "Female", "Sex not known".
    pub fn sex_said(&self) -> String {
        match self.sex {
            Sex::Unknown => t("sex-unknown.alone").to_string(),
            known => known.word(),
        }
    }

    /// How much of the birth date is known.
    pub const fn born_known(&self) -> BornKnown {
        match self.born {
            Some(When::Day(_) | When::Time(_)) => BornKnown::ToTheDay,
            Some(_) => BornKnown::Partly,
            None => BornKnown::NotAtAll,
        }
    }

    /// Beside a name, without an age: "9 May 1967", "born 1961", "birth date not known".
    pub fn born_date(&self) -> String {
        match (&self.born, self.born_known()) {
            (Some(born), BornKnown::ToTheDay) => born.long(),
            (Some(born), _) => t("summary-born").with("date", born.long()).to_string(),
            (None, _) => t("born-unknown.alone").to_string(),
        }
    }

    /// Beside a name: "9 May 1967 (58 years)", "born 1961 (64 or 65 years)", "birth date not known".
    pub fn born_line(&self, cx: &Cx) -> String {
        match self.born_known() {
            BornKnown::ToTheDay => self.born_words(cx),
            _ => self.born_said(cx),
        }
    }

    /// Within a sentence: "born 9 May 1967 (58 years)", "birth date not known".
    pub fn born_said(&self, cx: &Cx) -> String {
        match self.born {
            Some(_) => t("summary-born").with("date", self.born_words(cx)).to_string(),
            None => t("born-unknown.alone").to_string(),
        }
    }

    /// Beside the label that says what it is: 9 May 1967 (58 years); for the dead the age they reached.
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

/// What is known of a patient's allergies. Nothing recorded is not the same as none.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum AllergyStatus {
    #[default]
    NeverAsked,
    NoneKnown {
        asked: Option<When>,
        /// Who wrote it down.
        by: Option<String>,
        /// Of the AllergyIntolerance that says it.
        id: String,
    },
    Known {
        list: Vec<AllergyLine>,
        asked: Option<When>,
    },
}

impl AllergyStatus {
    /// The allergies that there are, without what is said of those that there are not.
    pub fn there_are(&self) -> usize {
        self.lines(AllergyKind::There)
    }

    /// How the bar is coloured: there is one, something is not known, or neither.
    pub fn mark(&self) -> &'static str {
        match self {
            Self::NeverAsked => "unknown",
            Self::Known { .. } if self.there_are() > 0 => "allergy",
            Self::Known { .. } if self.lines(AllergyKind::NotAsked) > 0 => "unknown",
            Self::Known { .. } | Self::NoneKnown { .. } => "",
        }
    }

    fn lines(&self, kind: AllergyKind) -> usize {
        match self {
            Self::Known { list, .. } => list.iter().filter(|line| line.kind == kind).count(),
            Self::NeverAsked | Self::NoneKnown { .. } => 0,
        }
    }
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllergyKind {
    There,
    /// That there is none to something.
    NoneToSome,
    /// That nothing is recorded of something.
    NotAsked,
}

/// An allergy in the bar: "Penicillins: anaphylaxis", severe, 2004.
#[derive(Debug, Clone)]
pub struct AllergyLine {
    pub kind: AllergyKind,
    pub substance: String,
    pub reactions: Vec<String>,
    pub severity: Option<Severity>,
    /// Not confirmed: in a word.
    pub doubt: Option<String>,
    pub since: Option<When>,
}

/// The worst recorded reaction (FHIR `reaction.severity`), or a high criticality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Mild,
    Moderate,
    Severe,
}

impl Severity {
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "mild" => Self::Mild,
            "moderate" => Self::Moderate,
            "severe" | "high" => Self::Severe,
            _ => return None,
        })
    }

    pub fn word(self) -> String {
        t(match self {
            Self::Mild => "severity-mild",
            Self::Moderate => "severity-moderate",
            Self::Severe => "severity-severe",
        })
        .to_string()
    }
}

impl AllergyLine {
    /// Penicillins: anaphylaxis.
    pub fn headline(&self) -> String {
        if self.reactions.is_empty() {
            self.substance.clone()
        } else {
            t("allergy-headline").with("substance", &self.substance).with("reactions", self.reactions.join(", ")).into()
        }
    }

    /// ", severe, not confirmed yet, 2004": what is known, or nothing.
    pub fn rest(&self) -> String {
        let doubt = self.doubt.as_deref().map(format::within);
        let parts = [self.severity.map(Severity::word), doubt, self.since.map(|when| when.year().to_string())];
        parts.into_iter().flatten().map(|part| format!(", {part}")).collect()
    }
}

/// What is known of a patient's medicines.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum MedicineStatus {
    #[default]
    NeverAsked,
    /// Somebody said so.
    TakesNone { asked: Option<When> },
    /// All that is recorded is over: nobody said that nothing is taken.
    NoneNow,
    Takes {
        list: Vec<MedicineLine>,
        /// When somebody went through the list with the patient.
        checked: Option<When>,
    },
}

/// A medicine in the bar: "Metformin 1 g", "twice a day".
#[derive(Debug, Clone)]
pub struct MedicineLine {
    pub name: String,
    pub dose: Option<String>,
    /// That it is paused, or may not be taken. It is never said without it.
    pub doubt: Option<String>,
}

impl MedicineLine {
    /// "Metformin 1 g, twice a day (paused at the moment)".
    pub fn whole(&self) -> String {
        format!("{}{}", self.name, self.rest())
    }

    /// What stands behind the name: ", twice a day (paused at the moment)".
    pub fn rest(&self) -> String {
        let dose = self.dose.as_deref().map(|dose| format!(", {}", format::within(dose))).unwrap_or_default();
        format!("{dose}{}", self.doubted())
    }

    /// The same without the dose.
    pub fn doubted(&self) -> String {
        self.doubt.as_ref().map(|doubt| format!(" ({doubt})")).unwrap_or_default()
    }
}

/// How the days on which a medicine is to be taken lie to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Due {
    /// Today is one of them, or nobody said which they are.
    #[default]
    Now,
    /// It is to be begun: when, where that is known.
    Later(Option<When>),
    /// Its last day is past, and nobody ended it.
    Over(When),
}

impl Due {
    /// "Its time was over on 17 Jan 2026".
    pub fn words(self) -> Option<String> {
        match self {
            Self::Now => None,
            Self::Later(Some(begin)) => Some(t("medicine-not-begun-on").with("date", begin.short()).to_string()),
            Self::Later(None) => Some(t("medicine-not-begun").to_string()),
            Self::Over(end) => Some(t("medicine-time-over").with("date", end.short()).to_string()),
        }
    }

    pub fn mark(self) -> Option<State> {
        match self {
            Self::Now => None,
            Self::Later(_) => Some(State::new("planned", Tone::Caution, t("medicine-not-begun"))),
            Self::Over(_) => Some(State::new("alert", Tone::Caution, t("medicine-over"))),
        }
    }
}

/// A medicine.
#[derive(Debug, Clone)]
pub struct MedicineRow {
    /// With its strength: Metformin 1 g.
    pub name: String,
    /// How to take it, in words.
    pub how: Option<String>,
    pub since: Option<When>,
    pub until: Option<When>,
    pub state: MedicineState,
    pub due: Due,
    /// What else says that it may not be taken, each in words.
    pub doubts: Vec<String>,
    pub reason: Option<String>,
    pub by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MedicineState {
    Taking,
    /// Said by the patient, prescribed by nobody here.
    Reported,
    /// Prescribed, and the patient says that they do not take it.
    NotTaking,
    /// Prescribed, and who acts for the patient says so.
    NotTakingSaidFor,
    Paused,
    /// Nobody knows whether it is taken: it may be.
    Unknown,
    Finished,
    Stopped,
    Draft,
    /// Not to be given: it is no medicine of the patient.
    NotToGive,
    /// Thought of, and prescribed by nobody yet.
    Planned,
}

impl MedicineState {
    /// From FHIR R4 `medicationrequest-status`. What is not known to be over is not said to be.
    pub fn from_code(code: &str) -> Self {
        match code {
            "active" => Self::Taking,
            "on-hold" => Self::Paused,
            "completed" => Self::Finished,
            "draft" => Self::Draft,
            "stopped" | "cancelled" | "entered-in-error" => Self::Stopped,
            _ => Self::Unknown,
        }
    }

    pub fn mark(self) -> State {
        let (shape, tone, word) = match self {
            Self::Taking => ("full", Tone::Accent, "medicine-taking"),
            Self::Reported => ("person", Tone::Dim, "medicine-reported"),
            Self::NotTaking | Self::NotTakingSaidFor => ("alert", Tone::Caution, "medicine-not-taking"),
            Self::Paused => ("clock", Tone::Caution, "medicine-paused"),
            Self::Unknown => ("alert", Tone::Caution, "medicine-unknown"),
            Self::Finished => ("check", Tone::Dim, "medicine-finished"),
            Self::Stopped => ("cross", Tone::Dim, "medicine-stopped"),
            Self::Draft => ("planned", Tone::Dim, "medicine-draft"),
            Self::NotToGive => ("stop", Tone::Critical, "medicine-not-to-give"),
            Self::Planned => ("planned", Tone::Dim, "medicine-planned"),
        };
        State::new(shape, tone, t(word))
    }
}

impl MedicineRow {
    /// Prescribed, and not taken, paused, or nobody knows whether it is taken.
    pub fn is_in_doubt(&self) -> bool {
        use MedicineState::{NotTaking, NotTakingSaidFor, Paused, Unknown};
        matches!(self.state, NotTaking | NotTakingSaidFor | Paused | Unknown)
    }

    /// Whether it is to be taken now: what is paused is not, nor what is over or has not begun.
    pub fn is_to_take(&self) -> bool {
        self.state != MedicineState::Paused && self.due == Due::Now
    }

    /// What beside its state says that it may not be taken now.
    pub fn besides(&self) -> Vec<String> {
        self.due.words().into_iter().chain(self.doubts.iter().cloned()).collect()
    }

    /// All that says that it may not be taken now, as it stands in brackets.
    pub fn doubt(&self) -> Option<String> {
        let state = match self.state {
            MedicineState::NotTaking => Some("medicine-said-not-taken"),
            MedicineState::NotTakingSaidFor => Some("medicine-said-not-taken-for"),
            MedicineState::Unknown => Some("medicine-may-be-taken"),
            MedicineState::Paused => Some("summary-paused"),
            _ => None,
        };
        let besides = self.besides().into_iter().map(|one| format::within(&one));
        let all: Vec<String> = state.map(|state| t(state).to_string()).into_iter().chain(besides).collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    /// The dose; of what may not be taken now, that too.
    pub fn how_taken(&self) -> Option<String> {
        match (&self.how, self.doubt()) {
            (how, None) => how.clone(),
            (None, Some(doubt)) => Some(doubt),
            (Some(how), Some(doubt)) => Some(format!("{how} ({doubt})")),
        }
    }

    /// "until 2 May 2026", "since 2016", "not prescribed, until 2 May 2026".
    pub fn aside(&self) -> String {
        let until = self.until.map(|until| t("until").with("date", until.short()).to_string());
        let since = || self.since.map(|since| t("since").with("date", since.short()).to_string());
        let not = (self.state == MedicineState::Reported).then(|| t("medicine-not-prescribed").to_string());
        let time = match (self.due, &not) {
            // Its own words say it.
            (Due::Later(_) | Due::Over(_), _) => None,
            (Due::Now, Some(_)) => until,
            (Due::Now, None) => until.or_else(since),
        };
        not.into_iter().chain(time).collect::<Vec<_>>().join(", ")
    }

    /// "3 Mar 2024 to 2 May 2026", as far as it is known.
    pub fn span(&self) -> String {
        match (&self.since, &self.until) {
            (Some(since), None) if matches!(self.due, Due::Later(Some(_))) => {
                t("dose-from").with("date", since.short()).to_string()
            }
            (Some(since), Some(until)) if since == until => since.short(),
            (Some(since), Some(until)) => {
                t("from-to").with("from", since.short()).with("to", until.short()).to_string()
            }
            (Some(since), None) => t("since").with("date", since.short()).to_string(),
            (None, Some(until)) => t("until").with("date", until.short()).to_string(),
            (None, None) => t("date-unknown").to_string(),
        }
    }
}

/// Words, and their language where it is not the page's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Template)]
#[template(path = "parts/said.html")]
pub struct Said {
    pub text: String,
    pub lang: Option<String>,
}

// The output of an askama template with escaping on.
impl HtmlSafe for Said {}

impl From<&str> for Said {
    /// In the page's language.
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), lang: None }
    }
}

/// How to take something, for a reader whose language may not be the clinic's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct How {
    /// In the reader's language.
    pub words: Option<String>,
    /// As the clinic wrote it, where that is not what `words` say.
    pub written: Option<Said>,
    /// In the reader's language, what is recorded to what was written and may not be in it.
    pub beside: Option<String>,
}

/// A problem or diagnosis.
#[derive(Debug, Clone)]
pub struct ProblemRow {
    /// FHIR id.
    pub id: String,
    pub name: Said,
    /// Its codes, with their systems; none for free text.
    pub code: Option<String>,
    pub since: Option<When>,
    /// The same in words, where nobody gave a date: "childhood".
    pub since_said: Option<String>,
    pub ended: Option<When>,
    /// How bad it is, where, at which stage: each in words.
    pub details: Vec<String>,
    /// Not confirmed, a difference, refuted: in a word.
    pub doubt: Option<String>,
    pub note: Option<Said>,
}

impl ProblemRow {
    /// "March 2021 to May 2022", as far as it is known.
    pub fn span(&self) -> String {
        if let Some(said) = self.since_said.as_ref().filter(|_| self.since.is_none()) {
            let since = t("since-said").with("time", said).to_string();
            let ended = self.ended.map(|ended| t("until").with("date", ended.short()).to_string());
            return std::iter::once(since).chain(ended).collect::<Vec<_>>().join(", ");
        }
        match (&self.since, &self.ended) {
            (Some(since), Some(ended)) => {
                t("from-to").with("from", since.short()).with("to", ended.short()).to_string()
            }
            (Some(since), None) => t("since").with("date", since.short()).to_string(),
            (None, Some(ended)) => t("until").with("date", ended.short()).to_string(),
            (None, None) => t("date-unknown").to_string(),
        }
    }

    pub fn aside(&self) -> String {
        self.since.map(|since| t("since").with("date", since.year().to_string()).to_string()).unwrap_or_default()
    }
}

/// An allergy in full.
#[derive(Debug, Clone)]
pub struct AllergyRow {
    /// FHIR id.
    pub id: String,
    pub line: AllergyLine,
    /// Allergy or intolerance; food, medicine, environment: in words.
    pub kind: Option<String>,
    pub recorded: Option<When>,
    pub by: Option<String>,
    /// Not active: why, in a word.
    pub state: Option<String>,
    /// What somebody wrote of it and of its reactions.
    pub note: Option<Said>,
}

/// An immunization that was given, or why it was not.
#[derive(Debug, Clone)]
pub struct ImmunizationRow {
    /// FHIR id.
    pub id: String,
    pub name: String,
    pub when: Option<When>,
    /// The time in words, where nobody gave a date: "about 2001".
    pub when_said: Option<String>,
    /// Dose in its series, lot, site: what is known, in words.
    pub detail: Option<String>,
    /// What makes it another fact than a dose that counts; the detail has it too.
    pub caveat: Option<String>,
    pub by: Option<String>,
    /// Set when it was not given: the reason, in words.
    pub not_given: Option<String>,
}

/// A visit.
#[derive(Debug, Clone)]
pub struct VisitRow {
    pub when: Option<When>,
    pub until: Option<When>,
    /// What sort: Visit, phone call, emergency, hospital stay.
    pub kind: String,
    pub reason: Option<String>,
    pub by: Option<String>,
    pub place: Option<String>,
    /// Diagnoses, how it ended: what else it says, in words.
    pub detail: Option<String>,
    /// Whether it still goes on.
    pub open: bool,
    /// Planned, or nobody knows whether it was: in a word.
    pub state: Option<String>,
    /// It is planned, and none of those that were.
    pub planned: bool,
    pub id: String,
    /// What was ordered at it.
    pub ordered: Vec<Said>,
}

/// Something that was ordered: a laboratory test, a picture, a referral.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// FHIR id.
    pub id: String,
    pub name: Said,
    /// What sort, as it was written, and what else it says: how urgent, where in the body, why.
    pub kind: Option<String>,
    pub when: Option<When>,
    pub by: Option<String>,
    /// The visit at which it was ordered.
    pub visit: Option<String>,
    /// What was written beside it, and why it was called off or opened again: each with who and when.
    pub notes: Vec<String>,
    pub state: OrderState,
}

impl OrderRow {
    pub fn is_open(&self) -> bool {
        !matches!(self.state, OrderState::Done | OrderState::Ended)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OrderState {
    Open,
    Paused,
    /// Nobody knows whether it still counts.
    Unknown,
    /// It is not to be done.
    Not,
    Done,
    Ended,
}

impl OrderState {
    pub fn mark(self) -> State {
        match self {
            Self::Open => State::new("clock", Tone::Accent, t("order-state-open")),
            Self::Paused => State::new("clock", Tone::Caution, t("order-state-paused")),
            Self::Unknown => State::new("alert", Tone::Caution, t("order-state-unknown")),
            Self::Not => State::new("stop", Tone::Critical, t("not-to-be-done")),
            Self::Done => State::new("ok", Tone::Dim, t("order-state-done")),
            Self::Ended => State::new("cross", Tone::Dim, t("order-state-ended")),
        }
    }
}

impl VisitRow {
    /// The day, and the last day of a stay.
    pub fn span(&self) -> String {
        match (&self.when, &self.until) {
            (Some(when), Some(until)) if until.day() > when.day() => {
                t("from-to").with("from", when.short()).with("to", until.short()).to_string()
            }
            (Some(when), _) => when.short_time(),
            (None, _) => t("date-unknown").to_string(),
        }
    }
}

/// A document.
#[derive(Debug, Clone)]
pub struct DocumentRow {
    pub title: String,
    pub kind: Option<String>,
    pub when: Option<When>,
    pub by: Option<String>,
    pub bytes: Option<u64>,
    /// Where it can be read; none when only its entry is in the record.
    pub href: Option<String>,
    /// The patient, or who acts for them, brought it.
    pub reported: bool,
    /// No clinician has seen it yet.
    pub to_see: bool,
}

impl DocumentRow {
    /// Of what is a matter of a moment on any line, the size tells nobody anything.
    pub fn size(&self) -> Option<String> {
        self.bytes.filter(|bytes| *bytes >= 1_000).map(format::bytes)
    }
}

/// What a report says besides its values.
#[derive(Debug, Clone, Default)]
pub struct ReportSaid {
    /// Its own text, where that says more than the rest.
    pub words: Option<String>,
    /// How it stands where it is not final, and of what it is.
    pub about: Vec<String>,
    /// What whoever made it concluded, in words and in codes.
    pub conclusion: Option<String>,
    pub codes: Vec<String>,
    /// What the doctor who signed said of it.
    pub comments: Vec<ReportComment>,
    pub files: Vec<ReportFile>,
    /// The language of its words, where the page's is another.
    pub lang: Option<String>,
}

impl ReportSaid {
    pub fn is_empty(&self) -> bool {
        !self.has_words() && self.files.is_empty()
    }

    pub fn has_words(&self) -> bool {
        self.words.is_some() || self.conclusion.is_some() || !self.codes.is_empty() || !self.comments.is_empty()
    }
}

/// A comment with who and when, as far as it says so.
#[derive(Debug, Clone)]
pub struct ReportComment {
    pub text: String,
    pub line: String,
}

/// A file of a report.
#[derive(Debug, Clone)]
pub struct ReportFile {
    pub title: String,
    pub size: Option<String>,
    /// Where it can be read; none where it is not in the record.
    pub href: Option<String>,
    /// The address under which it lies elsewhere.
    pub elsewhere: Option<String>,
}

/// A result that was called off: it has no value.
#[derive(Debug, Clone)]
pub struct CalledOff {
    pub name: String,
    pub when: When,
    /// How it stands, and why: "cancelled; haemolysed".
    pub said: String,
}

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
    /// Where the form is read that came back before it; never filled for reception.
    pub form: Option<String>,
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

/// Where the pages of a long list lead; none where there is none.
#[derive(Debug, Clone, Default)]
pub struct Pages {
    pub newer: Option<String>,
    pub older: Option<String>,
}

impl Pages {
    pub fn any(&self) -> bool {
        self.newer.is_some() || self.older.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::Locale;

    #[test]
    fn that_the_sex_is_not_known_does_not_read_as_if_the_birth_were_not() {
        let of = |sex| Identity { sex, ..Identity::default() };
        for locale in Locale::ALL {
            locale.inside(|| {
                assert_ne!(of(Sex::Unknown).sex_said(), Sex::Unknown.word());
                assert_eq!(of(Sex::Female).sex_said(), Sex::Female.word());
            });
        }
        assert_eq!(of(Sex::Unknown).sex_said(), "Sex not known");
    }
}
