//! The clinic: its organization, rooms and people.

use jiff::civil::{Date, Weekday};
use serde_json::{Value, json};

use super::dice::id;
use super::make::{SNOMED, at, concept, days_before, hl7, named, reference, resource};
use crate::base::FhirId;
use crate::care::clinic as settled;
use crate::care::previsit::{BUILT, Built};
use crate::care::schedule;

pub(super) const NAME: &str = "Alder Street Clinic";

/// Somebody who works here.
#[derive(Clone, Copy)]
pub(super) struct Staff {
    pub prefix: &'static str,
    pub given: &'static str,
    pub family: &'static str,
    gender: &'static str,
    /// v2-0360 degree, or nothing.
    degree: &'static str,
    role: (&'static str, &'static str),
    specialty: (&'static str, &'static str),
}

const DOCTOR: (&str, &str) = ("doctor", "Doctor");
const NURSE: (&str, &str) = ("nurse", "Nurse");
const GENERAL: (&str, &str) = ("394814009", "General practice");

/// Three doctors and a nurse. The first doctor and the nurse are those of the demo's accounts.
pub(super) const STAFF: [Staff; 4] = [
    Staff {
        prefix: "Dr",
        given: "Ronke",
        family: "Adeyemi-Strand",
        gender: "female",
        degree: "MD",
        role: DOCTOR,
        specialty: GENERAL,
    },
    Staff {
        prefix: "Dr",
        given: "Patrick",
        family: "Halloran",
        gender: "male",
        degree: "MD",
        role: DOCTOR,
        specialty: GENERAL,
    },
    Staff {
        prefix: "Dr",
        given: "Ilse",
        family: "Vandermeer",
        gender: "female",
        degree: "MD",
        role: DOCTOR,
        specialty: GENERAL,
    },
    Staff {
        prefix: "",
        given: "Lena",
        family: "Corvin",
        gender: "female",
        degree: "RN",
        role: NURSE,
        specialty: GENERAL,
    },
];

/// Kinds of visit: English, Spanish, minutes, how they are booked, the form before it.
const VISIT_TYPES: [(&str, &str, u16, &str, &str); 6] = [
    ("Visit", "Consulta", 20, "instant", "before-visit"),
    ("First visit", "Primera consulta", 40, "request", "new-patient"),
    ("Phone call", "Llamada telefónica", 20, "instant", ""),
    ("Blood test", "Análisis de sangre", 20, "instant", ""),
    ("Vaccination", "Vacunación", 20, "instant", "before-vaccination"),
    ("Minor surgery", "Cirugía menor", 60, "view-only", ""),
];

/// Topics of messages: English, Spanish, who answers, within how many working days.
const TOPICS: [(&str, &str, &str, u16); 5] = [
    ("A question about my health", "Una pregunta sobre mi salud", "doctors", 2),
    ("A result", "Un resultado", "doctors", 3),
    ("A medicine", "Una medicina", "nurses", 2),
    ("An appointment", "Una cita", "reception", 1),
    ("A letter or a form", "Una carta o un formulario", "reception", 3),
];

/// The places in [`VISIT_TYPES`] of what a member of the staff offers: doctors see people, the nurse takes blood and vaccinates.
fn offered(at: usize) -> impl Iterator<Item = usize> {
    let all: &[usize] = if at == THE_NURSE { &[2, 3, 4] } else { &[0, 1, 2, 5] };
    all.iter().copied()
}

fn week(from: &str, to: &str) -> Value {
    json!([{"daysOfWeek": ["mon", "tue", "wed", "thu", "fri"], "availableStartTime": from, "availableEndTime": to}])
}

/// The working day: a morning and an afternoon with an hour between them, as the invented appointments have it.
fn two_halves() -> Value {
    let halves = [week("08:40:00", "12:00:00"), week("13:00:00", "17:00:00")];
    halves.iter().filter_map(Value::as_array).flatten().cloned().collect()
}

/// The nurse's place in [`STAFF`].
pub(super) const THE_NURSE: usize = 3;

impl Staff {
    pub fn display(&self) -> String {
        if self.prefix.is_empty() {
            format!("{} {}", self.given, self.family)
        } else {
            let initial: String = self.given.chars().take(1).collect();
            format!("{} {initial} {}", self.prefix, self.family)
        }
    }
}

/// Ids and references of what every chart points to.
#[derive(Clone, Copy)]
pub(super) struct Clinic {
    pub seed: u64,
    /// How many minutes of the day are over.
    pub minute: i64,
}

impl Clinic {
    pub fn organization(&self) -> String {
        id(self.seed, "Organization", 0, 0)
    }

    pub fn laboratory(&self) -> String {
        id(self.seed, "Organization", 0, 1)
    }

    pub fn hospital(&self) -> String {
        id(self.seed, "Organization", 0, 2)
    }

    pub fn practitioner(&self, at: usize) -> String {
        id(self.seed, "Practitioner", 0, at as u64)
    }

    /// A reference to a member of the staff, with the name.
    pub fn by(&self, at: usize) -> Value {
        let display = STAFF.get(at).map(Staff::display).unwrap_or_default();
        named("Practitioner", &self.practitioner(at), &display)
    }

    pub fn by_laboratory(&self) -> Value {
        named("Organization", &self.laboratory(), "Northmoor Laboratory")
    }

    pub fn by_hospital(&self) -> Value {
        named("Organization", &self.hospital(), "Fjordvik Hospital")
    }

    pub fn here(&self) -> Value {
        named("Location", &self.location(), NAME)
    }

    fn location(&self) -> String {
        id(self.seed, "Location", 0, 0)
    }

    pub fn service(&self, at: usize) -> String {
        id(self.seed, "HealthcareService", 0, at as u64)
    }

    /// The kind of visit that a member of the staff has most, and its name.
    pub fn usual_visit(&self, at: usize) -> (Value, &'static str) {
        self.visit_type(if at == THE_NURSE { 3 } else { 0 })
    }

    pub fn first_visit(&self) -> (Value, &'static str) {
        self.visit_type(1)
    }

    fn visit_type(&self, at: usize) -> (Value, &'static str) {
        let name = VISIT_TYPES.get(at).map_or("", |(english, ..)| english);
        (named("HealthcareService", &self.service(1 + at), name), name)
    }

    pub fn topic(&self, (at, name): (usize, &str)) -> Value {
        named("HealthcareService", &self.service(50 + at), name)
    }

    pub fn schedule(&self, at: usize) -> String {
        id(self.seed, "Schedule", 0, at as u64)
    }

    /// What the clinic has settled about itself.
    fn services(&self) -> Vec<Value> {
        let name = |service: &mut Value, english: &str, spanish: &str| {
            if let Some(members) = service.as_object_mut() {
                members.insert("name".into(), english.into());
                let parts = json!([{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": spanish}]);
                let translation =
                    json!({"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": parts});
                members.insert("_name".into(), json!({"extension": [translation]}));
            }
        };
        let service = |at: usize, category: &str, extension: Value| {
            let elements = json!({
                "active": true,
                "providedBy": reference("Organization", &self.organization()),
                "category": [{"coding": [{"system": settled::SERVICE, "code": category}]}],
                "extension": extension,
            });
            resource("HealthcareService", &self.service(at), elements)
        };
        let number = |url: &str, n: u16| json!({"url": url, "valuePositiveInt": n});
        let coded = |url: &str, code: &str| json!({"url": url, "valueCode": code});
        let rules = json!([
            number(settled::NOTICE_HOURS, 24),
            number(settled::HORIZON_DAYS, 60),
            number(settled::HOLD_HOURS, 24)
        ]);
        let mut house = service(0, "clinic", rules);
        if let Some(members) = house.as_object_mut() {
            members.insert("name".into(), NAME.into());
            members.insert("telecom".into(), json!([{"system": "phone", "value": "01632 960 100", "use": "work"}]));
            members.insert("availableTime".into(), week("08:40:00", "17:00:00"));
        }
        let mut all = vec![house];
        for (at, (english, spanish, minutes, booking, form)) in VISIT_TYPES.iter().enumerate() {
            let mut rules = vec![number(settled::MINUTES, *minutes), coded(settled::BOOKING, booking)];
            rules.extend(
                Built::of(form).map(
                    |form| json!({"url": settled::FORM, "valueReference": reference("Questionnaire", &form.id())}),
                ),
            );
            let rules = Value::Array(rules);
            let mut one = service(1 + at, "visit-type", rules);
            name(&mut one, english, spanish);
            all.push(one);
        }
        for (at, (english, spanish, pool, days)) in TOPICS.iter().enumerate() {
            let rules = json!([coded(settled::POOL, pool), number(settled::ANSWER_DAYS, *days)]);
            let mut one = service(50 + at, "topic", rules);
            name(&mut one, english, spanish);
            all.push(one);
        }
        all
    }

    /// The organizations, the place, the people and their roles.
    pub fn resources(&self, today: Date) -> Vec<Value> {
        let organization = |id: String, code: &str, name: &str, phone: &str, street: &str, town: &str| {
            resource(
                "Organization",
                &id,
                json!({
                    "active": true,
                    "type": [hl7("organization-type", code)],
                    "name": name,
                    "telecom": [{"system": "phone", "value": phone, "use": "work"}],
                    "address": [{"use": "work", "line": [street], "city": town, "country": "GB"}],
                }),
            )
        };
        let mut all = vec![
            organization(self.organization(), "prov", NAME, "01632 960 100", "4 Alder Street", "Northmoor"),
            organization(
                self.laboratory(),
                "prov",
                "Northmoor Laboratory",
                "01632 960 180",
                "Foundry Lane",
                "Northmoor",
            ),
            organization(self.hospital(), "prov", "Fjordvik Hospital", "01632 960 400", "1 Harbour View", "Fjordvik"),
            resource(
                "Location",
                &self.location(),
                json!({
                    "status": "active",
                    "name": NAME,
                    "mode": "instance",
                    "address": {"line": ["4 Alder Street"], "city": "Northmoor", "postalCode": "ZZ1 4AB", "country": "GB"},
                    "managingOrganization": reference("Organization", &self.organization()),
                }),
            ),
        ];
        all.extend(BUILT.iter().map(Built::questionnaire));
        all.extend(self.services());
        for (at, staff) in STAFF.iter().enumerate() {
            all.push(self.person(at, staff));
            all.push(self.role(at, staff));
            let actor = json!([self.by(at)]);
            all.push(resource("Schedule", &self.schedule(at), json!({"active": true, "actor": actor})));
        }
        all.extend(self.blocked(today));
        all
    }

    /// Hours of the coming weeks in which nobody is seen: home visits on Wednesday, a meeting on Friday.
    fn blocked(&self, today: Date) -> Vec<Value> {
        let mut all = Vec::new();
        for week in 0..4_i64 {
            let days = [
                (1, Weekday::Wednesday, 14 * 60, 16 * 60, "Home visits"),
                (2, Weekday::Friday, 16 * 60, 17 * 60, "Meeting"),
            ];
            for (staff, weekday, from, to, what) in days {
                let monday = days_before(today, i64::from(today.weekday().to_monday_zero_offset()) - 7 * (week + 1));
                let day = days_before(monday, -i64::from(weekday.to_monday_zero_offset()));
                let (Ok(start), Ok(end), Ok(calendar)) =
                    (at(day, from).parse(), at(day, to).parse(), FhirId::parse(&self.schedule(staff)))
                else {
                    continue;
                };
                let series = id(self.seed, "Series", 0, staff as u64);
                let mut slot = schedule::slot(&calendar, what, &series, (start, end));
                if let Some(members) = slot.as_object_mut() {
                    let place = staff as u64 * 10 + week.unsigned_abs();
                    members.insert("id".into(), id(self.seed, "Slot", 0, place).into());
                }
                all.push(slot);
            }
        }
        all
    }

    fn person(&self, at: usize, staff: &Staff) -> Value {
        let prefix = if staff.prefix.is_empty() { Value::Null } else { json!([staff.prefix]) };
        let mut name = json!({"use": "official", "family": staff.family, "given": [staff.given]});
        if let (Value::Array(_), Some(name)) = (&prefix, name.as_object_mut()) {
            name.insert("prefix".into(), prefix);
        }
        resource(
            "Practitioner",
            &self.practitioner(at),
            json!({
                "identifier": [{"system": "https://chartbox.example/staff-number", "value": format!("AS-{:03}", at + 11)}],
                "active": true,
                "name": [name],
                "telecom": [{"system": "phone", "value": format!("01632 960 1{:02}", at + 11), "use": "work"}],
                "gender": staff.gender,
                "qualification": [{"code": hl7("v2-0360", staff.degree)}],
            }),
        )
    }

    fn role(&self, at: usize, staff: &Staff) -> Value {
        let (code, text) = staff.role;
        let mut role = hl7("practitioner-role", code);
        if let Some(role) = role.as_object_mut() {
            role.insert("text".into(), text.into());
        }
        resource(
            "PractitionerRole",
            &id(self.seed, "PractitionerRole", 0, at as u64),
            json!({
                "active": true,
                "practitioner": self.by(at),
                "organization": named("Organization", &self.organization(), NAME),
                "code": [role],
                "specialty": [concept(&[(SNOMED, staff.specialty.0)], staff.specialty.1)],
                "location": [self.here()],
                "healthcareService": offered(at).map(|kind| reference("HealthcareService", &self.service(1 + kind))).collect::<Vec<_>>(),
                "availableTime": two_halves(),
            }),
        )
    }
}
