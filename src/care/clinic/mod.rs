//! What a clinic has settled about itself, as FHIR resources: kinds of visit, message topics, opening hours, holidays, who
//! works when.
//!
//! | what | resource |
//! |---|---|
//! | the clinic's hours, holidays, notice, phone | `HealthcareService` of category `clinic` |
//! | a kind of visit: name, length, how patients book it | `HealthcareService` of category `visit-type` |
//! | a topic of messages: name, who answers, within how many days | `HealthcareService` of category `topic` |
//! | who works when, is away when, and offers what | `PractitionerRole` |
//!
//! Names in other languages are FHIR's `translation` extension. Times of day are the clinic's; [`Zone`](jiff::tz::TimeZone)
//! makes moments of them. Nothing here is about a patient.

mod read;
mod write;

pub use read::{of_resources, that_go_on};
pub use write::{
    ClinicForm, HoursForm, Problem, TopicForm, VisitTypeForm, away_change, change, clinic_change, hours_change,
    topic_change, visit_type_change,
};

use jiff::civil::{Date, Time, Weekday};
use serde_json::{Value, json};

use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::ResourceType;
use crate::fhir::search::Query;
pub use crate::record::SERVICE;
use crate::record::{Reading, RecordError, Undisclosed, strict};

/// Extensions of `HealthcareService`.
pub const MINUTES: &str = "urn:chartbox:minutes";
pub const BOOKING: &str = "urn:chartbox:booking";
pub const NOTICE_HOURS: &str = "urn:chartbox:notice-hours";
pub const HORIZON_DAYS: &str = "urn:chartbox:horizon-days";
pub const HOLD_HOURS: &str = "urn:chartbox:hold-hours";
/// Hours before a visit at which patients are reminded; 0 for never.
pub const REMINDER_HOURS: &str = "urn:chartbox:reminder-hours";
/// Until a clinic says otherwise.
pub const USUAL_REMINDER_HOURS: u16 = 24;
pub const ANSWER_DAYS: &str = "urn:chartbox:answer-days";
pub const POOL: &str = "urn:chartbox:pool";
pub const FORM: &str = "urn:chartbox:form";

/// How patients come to a kind of visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Booking {
    /// They take an hour that is free, and it is theirs.
    Instant,
    /// They say when they can; the reception offers a time.
    #[default]
    Request,
    /// The clinic books it; they see it.
    ViewOnly,
}

impl Booking {
    pub const ALL: [Self; 3] = [Self::Instant, Self::Request, Self::ViewOnly];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Request => "request",
            Self::ViewOnly => "view-only",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// Who answers a topic: everybody of a role, in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pool {
    Reception,
    Nurses,
    /// The patient's own doctor, else any.
    #[default]
    Doctors,
}

impl Pool {
    pub const ALL: [Self; 3] = [Self::Reception, Self::Nurses, Self::Doctors];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Reception => "reception",
            Self::Nurses => "nurses",
            Self::Doctors => "doctors",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }
}

/// A name, and how it is in other languages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    /// Language code and text.
    pub translations: Vec<(String, String)>,
}

impl Name {
    /// In this language if somebody gave it, else as it is.
    pub fn in_language(&self, code: &str) -> &str {
        self.translation(code).unwrap_or(&self.text)
    }

    /// What somebody gave for this language.
    pub fn translation(&self, code: &str) -> Option<&str> {
        self.translations.iter().find(|(language, _)| language == code).map(|(_, text)| text.as_str())
    }

    /// A FHIR element that says it, in every language that there is.
    pub fn element(&self, name: &str) -> Value {
        let mut members = serde_json::Map::from_iter([(name.to_owned(), json!(self.text))]);
        let all: Vec<Value> = self.translations.iter().map(|(language, text)| translation(language, text)).collect();
        if !all.is_empty() {
            members.insert(format!("_{name}"), json!({"extension": all}));
        }
        Value::Object(members)
    }
}

/// The extension that says a text in another language (FHIR R4, `StructureDefinition/translation`).
pub fn translation(language: &str, text: &str) -> Value {
    json!({
        "url": "http://hl7.org/fhir/StructureDefinition/translation",
        "extension": [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}],
    })
}

/// A kind of visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitType {
    pub id: FhirId,
    pub version: u32,
    pub name: Name,
    pub minutes: u16,
    pub booking: Booking,
    pub active: bool,
    /// The Questionnaire that patients fill in before such a visit.
    pub form: Option<FhirId>,
}

/// A topic of messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub id: FhirId,
    pub version: u32,
    pub name: Name,
    pub pool: Pool,
    /// Within how many working days an answer is expected.
    pub answer_days: u16,
    pub active: bool,
}

/// A stretch of a day of the week, on the clinic's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// 0 is Monday.
    day: i8,
    pub from: Time,
    pub to: Time,
    period: Period,
}

/// The first and the last day on which something counts, as far as it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Period {
    pub first: Option<Date>,
    pub last: Option<Date>,
}

impl Period {
    pub fn covers(&self, day: Date) -> bool {
        self.first.is_none_or(|first| first <= day) && !self.is_over(day)
    }

    /// Whether it ended before this day.
    pub fn is_over(&self, day: Date) -> bool {
        self.last.is_some_and(|last| last < day)
    }
}

impl Span {
    pub fn new(day: Weekday, from: Time, to: Time) -> Option<Self> {
        (from < to).then(|| Self { day: day.to_monday_zero_offset(), from, to, period: Period::default() })
    }

    #[must_use]
    pub fn within(self, period: Period) -> Self {
        Self { period, ..self }
    }

    pub fn day(&self) -> Weekday {
        Weekday::from_monday_zero_offset(self.day).unwrap_or(Weekday::Monday)
    }
}

/// When somebody works in a usual week, or the clinic is open; in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hours(pub Vec<Span>);

impl Hours {
    /// In a usual week.
    pub fn on(&self, day: Weekday) -> impl Iterator<Item = &Span> {
        self.0.iter().filter(move |span| span.day() == day)
    }

    /// On this day: the hours of a role that ended, or has not begun, are none.
    pub fn of_day(&self, day: Date) -> impl Iterator<Item = &Span> {
        self.on(day.weekday()).filter(move |span| span.period.covers(day))
    }
}

/// Days on which nobody works, or somebody does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Away {
    pub why: String,
    pub first: Date,
    pub last: Date,
}

impl Away {
    pub fn covers(&self, day: Date) -> bool {
        self.first <= day && day <= self.last
    }
}

/// The clinic as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct House {
    /// `None` until somebody settled it: then these are the usual values.
    pub id: Option<FhirId>,
    pub version: u32,
    pub hours: Hours,
    pub holidays: Vec<Away>,
    /// So many hours before a visit patients can still change it by themselves.
    pub notice_hours: u16,
    /// So many days ahead patients see free times.
    pub horizon_days: u16,
    /// So many hours an offered time is held for a patient.
    pub hold_hours: u16,
    /// So many hours before a visit patients are reminded of it; 0 for never.
    pub reminder_hours: u16,
    pub phone: Option<String>,
}

/// Somebody with whom visits are booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clinician {
    pub person: ResourceRef,
    pub name: String,
    /// Their PractitionerRoles, each with the hours of its own.
    pub roles: Vec<PersonRole>,
    pub hours: Hours,
    pub away: Vec<Away>,
    /// Kinds of visit that they offer; all where none is named.
    pub offers: Vec<FhirId>,
}

/// One PractitionerRole of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRole {
    pub id: FhirId,
    pub version: u32,
    /// What it is called, to tell it from another.
    pub called: Option<String>,
    pub hours: Hours,
    pub away: Vec<Away>,
}

impl Clinician {
    /// Whether this PractitionerRole is theirs.
    pub fn has_role(&self, id: &str) -> bool {
        self.role(id).is_some()
    }

    pub fn role(&self, id: &str) -> Option<&PersonRole> {
        self.roles.iter().find(|role| role.id.as_str() == id)
    }

    pub fn offers(&self, kind: &FhirId) -> bool {
        self.offers.is_empty() || self.offers.contains(kind)
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clinic {
    pub house: House,
    /// By name.
    pub visit_types: Vec<VisitType>,
    /// By name.
    pub topics: Vec<Topic>,
    /// By name.
    pub clinicians: Vec<Clinician>,
}

impl Clinic {
    /// Reads all of it, as one look.
    pub fn read(reading: &mut Reading<'_>) -> Result<Undisclosed<Self>, RecordError> {
        let services = reading.search(&query(ResourceType::HealthcareService)?)?;
        let roles = reading.search(&query(ResourceType::PractitionerRole)?)?;
        let today = earliest_day(reading.now());
        Ok(services.zip(roles).map_with(today, |(services, roles), today| read::of_pages(&services, &roles, today)))
    }

    pub fn visit_type(&self, id: &str) -> Option<&VisitType> {
        self.visit_types.iter().find(|kind| kind.id.as_str() == id)
    }

    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.id.as_str() == id)
    }

    pub fn clinician(&self, person: &str) -> Option<&Clinician> {
        self.clinicians.iter().find(|one| one.person.id().as_str() == person)
    }

    /// Who offers a kind of visit.
    pub fn offering(&self, kind: &FhirId) -> impl Iterator<Item = &Clinician> {
        self.clinicians.iter().filter(move |one| one.offers(kind))
    }

    /// Whether the clinic is closed for a holiday.
    pub fn holiday(&self, day: Date) -> Option<&Away> {
        self.house.holidays.iter().find(|away| away.covers(day))
    }
}

/// The day that it still is somewhere (UTC-12): a role that ended before it is over at every clinic. Of the days around it the
/// hours tell ([`Hours::of_day`]).
fn earliest_day(now: Timestamp) -> Date {
    now.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(-12))).date()
}

/// More services or roles than these no clinic of this size has.
const MOST: usize = 500;

fn query(kind: ResourceType) -> Result<Query, RecordError> {
    let text = format!("_count={MOST}");
    strict(kind, &text)
}
