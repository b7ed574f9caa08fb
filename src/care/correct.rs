//! Correcting who a patient is and how they are reached: what was typed over what stands becomes a new version of the Patient.
//! What the form does not ask about stays as it is, and nothing clinical is read or written.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::check_in::{Reach, Seen};
use super::notify::{self, Kind, Notice, Whom};
use super::register::{self, Fault, Field, LONGEST, LOOKED_AT, MOST_ALIKE, NewPatient, RegisterError};
use super::workflow::{Doing, Done, Refused, carry_out, told};
use crate::care::within::{is_before, list, text};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition};

/// The most characters of a reason.
pub const LONGEST_REASON: usize = 300;

/// The system of the codes of languages (FHIR R4, `valueset-languages.html`).
const LANGUAGES: &str = "urn:ietf:bcp:47";
/// Extensions of `Patient.birthDate` that say of a date of before what is not true of another.
const OF_THE_DATE: [&str; 2] = [
    "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
];

/// The form, as it stands or as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    pub family: String,
    /// Given names, with spaces between them.
    pub given: String,
    /// As people type it.
    pub born: String,
    /// Ticked: the birth date is not known.
    pub born_unknown: String,
    /// FHIR `administrative-gender`.
    pub sex: String,
    pub reach: Reach,
    /// A code of BCP 47; empty where it is not recorded.
    pub language: String,
}

/// What becomes of the name of before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldName {
    /// It was wrong.
    Goes,
    /// They had it once: it stays among their names as an old one.
    Stays,
}

/// What was read from the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    who: NewPatient,
    old_name: OldName,
    reach: Reach,
    language: String,
    pub reason: String,
    changed: Changed,
    /// Which names are in use.
    today: Date,
}

/// Which of what says who somebody is was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Changed {
    name: bool,
    born: bool,
    sex: bool,
}

impl Details {
    /// What stands in the Patient.
    pub fn of(patient: &Value, today: Date) -> Self {
        let name = name_in_use(patient, Some(today)).and_then(|at| list(patient, "name").get(at));
        let mut family = name.map(|name| text(name, "/family").to_owned()).unwrap_or_default();
        let given = name.map(given_of).unwrap_or_default();
        if family.is_empty() && given.is_empty() {
            family = name.map(|name| text(name, "/text").to_owned()).unwrap_or_default();
        }
        let born = text(patient, "/birthDate");
        Self {
            family,
            given,
            born: as_typed(born),
            born_unknown: if born.is_empty() { "1".to_owned() } else { String::new() },
            sex: text(patient, "/gender").to_owned(),
            reach: Reach::of(patient),
            language: spoken(patient).map(|at| language_of(patient, at).to_owned()).unwrap_or_default(),
        }
    }

    fn is_called_as(&self, other: &Self) -> bool {
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        words(&self.family) == words(&other.family) && words(&self.given) == words(&other.given)
    }
}

impl Correction {
    /// Reads the form over what stands; all that is wrong at once, in the form's order. What was not touched is not judged:
    /// a record from elsewhere may have what nobody would type here.
    pub fn read(
        typed: &Details,
        stands: &Details,
        old_name: OldName,
        reason: &str,
        today: Date,
    ) -> Result<Self, Vec<(Field, Fault)>> {
        let mut faults = Vec::new();
        let same_born = typed.born.trim() == stands.born && typed.born_unknown == stands.born_unknown;
        let read = register::Typed {
            family: &typed.family,
            given: &typed.given,
            born: if same_born { "" } else { &typed.born },
            born_unknown: if same_born { "1" } else { &typed.born_unknown },
            sex: &typed.sex,
            phone: "",
            street: "",
            postcode: "",
            town: "",
        };
        let who = NewPatient::read(read, today).map_err(|found| faults.extend(found));
        let who = who.map(|who| if same_born { who.born_on(as_written(&stands.born)) } else { who });
        let mut take = |field: Field, text: &str, before: &str| {
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let is_long = text.chars().count() > LONGEST || text.chars().any(char::is_control);
            if text != before && is_long {
                faults.push((field, Fault::TooLong));
            } else if text != before && !text.is_empty() && !reads(field, &text) {
                faults.push((field, Fault::Unread));
            }
            text
        };
        let (now, before) = (&typed.reach, &stands.reach);
        let reach = Reach {
            phone: take(Field::Phone, &now.phone, &before.phone),
            email: take(Field::Email, &now.email, &before.email),
            street: take(Field::Street, &now.street, &before.street),
            postcode: take(Field::Postcode, &now.postcode, &before.postcode),
            town: take(Field::Town, &now.town, &before.town),
        };
        let language = take(Field::Language, &typed.language, &stands.language);
        let changed = Changed {
            name: !typed.is_called_as(stands),
            born: who.as_ref().is_ok_and(|who| who.born().map(str::to_owned) != as_written(&stands.born)),
            sex: typed.sex != stands.sex,
        };
        let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
        if reason.chars().count() > LONGEST_REASON || reason.chars().any(char::is_control) {
            faults.push((Field::Reason, Fault::TooLong));
        } else if reason.is_empty() && (changed.name || changed.born || changed.sex) {
            faults.push((Field::Reason, Fault::Missing));
        }
        match who {
            Ok(who) if faults.is_empty() => Ok(Self { who, old_name, reach, language, reason, changed, today }),
            _ => {
                faults.sort_by_key(|(field, _)| *field as u8);
                Err(faults)
            }
        }
    }

    /// Whether name or birth date are others now, so that somebody else may be like them.
    pub const fn asks_who_is_alike(&self) -> bool {
        self.changed.name || self.changed.born
    }

    pub const fn changes_born(&self) -> bool {
        self.changed.born
    }

    pub const fn who(&self) -> &NewPatient {
        &self.who
    }

    /// The Patient with what was corrected.
    #[must_use]
    pub fn put_into(&self, patient: Value) -> Value {
        let mut patient = self.reach.put_into(patient);
        if self.changed.name {
            self.put_name(&mut patient);
        }
        if self.changed.born {
            put_born(&mut patient, self.who.born());
        }
        if self.changed.sex {
            put(&mut patient, "gender", Some(self.who.sex().into()));
        }
        self.put_language(&mut patient);
        patient
    }

    fn put_name(&self, patient: &mut Value) {
        let at = name_in_use(patient, Some(self.today));
        let Some(members) = patient.as_object_mut() else { return };
        let Value::Array(names) = members.entry("name").or_insert_with(|| json!([])) else { return };
        let before = at.and_then(|at| names.get(at)).cloned();
        let mut name = before.clone().unwrap_or_else(|| json!({"use": "official"}));
        let given = self.who.given();
        put(&mut name, "family", Some(self.who.family()).filter(|family| !family.is_empty()).map(Value::from));
        put(&mut name, "given", (!given.is_empty()).then(|| given.into()));
        // The whole in one line, and what is said of each part, would tell of the old ones still.
        for part in ["text", "_family", "_given", "_text"] {
            put(&mut name, part, None);
        }
        match at.and_then(|at| names.get_mut(at)) {
            Some(place) => *place = name,
            None => names.push(name),
        }
        if let (OldName::Stays, Some(mut old)) = (self.old_name, before) {
            put(&mut old, "use", Some("old".into()));
            put(&mut old, "id", None);
            names.push(old);
        }
    }

    fn put_language(&self, patient: &mut Value) {
        let at = spoken(patient);
        if at.map(|at| language_of(patient, at)).unwrap_or_default() == self.language {
            return;
        }
        let Some(members) = patient.as_object_mut() else { return };
        let Value::Array(all) = members.entry("communication").or_insert_with(|| json!([])) else { return };
        let language = json!({"coding": [{"system": LANGUAGES, "code": self.language}]});
        match (at, self.language.is_empty()) {
            (Some(at), true) => drop(all.remove(at)),
            (Some(at), false) => {
                if let Some(one) = all.get_mut(at) {
                    put(one, "language", Some(language));
                }
            }
            (None, _) => all.push(json!({"language": language, "preferred": true})),
        }
        if all.is_empty() {
            members.shift_remove("communication");
        }
    }
}

/// Corrects a Patient, unless somebody alike is there who is not among `different`: those of whom it was said that they are
/// other people.
pub async fn correct(
    doing: Doing<'_>,
    patient: Seen,
    correction: Correction,
    different: BTreeSet<String>,
) -> Result<Done<()>, Refused<RegisterError>> {
    let Seen { id, version, value } = patient;
    let value = correction.put_into(value);
    // What came from elsewhere may have lapses that are not the desk's.
    let change = Change::put(ResourceType::Patient, id.clone(), value, Condition::Version(version), Mode::Lenient)?;
    let notice = Notice::new(Whom::Patient(id.clone()), Kind::RecordCorrected);
    carry_out(doing, vec![change], move |inside| {
        if correction.asks_who_is_alike() {
            let hits = inside.find_patients(&correction.who.question(), LOOKED_AT)?;
            let others = hits.iter().filter(|hit| hit.id != id && correction.who.is_like(hit));
            if !others.take(MOST_ALIKE).all(|hit| different.contains(hit.id.as_str())) {
                return told(RegisterError::Alike);
            }
        }
        Ok(notify::tell(inside, notice)?)
    })
    .await
}

/// Which of their names somebody goes by: the official one, else the usual one, else the first that is not an old one. One
/// that ended by this day is none of these while there is another; where the day is not known, any end is one.
pub fn name_in_use(person: &Value, today: Option<Date>) -> Option<usize> {
    let names = list(person, "name");
    let has_ended = |name: &Value| name.pointer("/period/end").is_some_and(|end| is_before(end, today));
    let of_use = |wanted: &str| names.iter().position(|name| text(name, "/use") == wanted && !has_ended(name));
    let current = || {
        let is_old = |name: &Value| matches!(text(name, "/use"), "old" | "maiden");
        let goes_on = names.iter().position(|name| !is_old(name) && !has_ended(name));
        goes_on.or_else(|| names.iter().position(|name| !is_old(name)))
    };
    of_use("official").or_else(|| of_use("usual")).or_else(current).or(if names.is_empty() { None } else { Some(0) })
}

/// Which entry of `communication` is the language somebody prefers.
fn spoken(patient: &Value) -> Option<usize> {
    let all = list(patient, "communication");
    let preferred = all.iter().position(|one| one.get("preferred") == Some(&Value::Bool(true)));
    preferred.or(if all.is_empty() { None } else { Some(0) })
}

fn language_of(patient: &Value, at: usize) -> &str {
    list(patient, "communication").get(at).map(|one| text(one, "/language/coding/0/code")).unwrap_or_default()
}

fn reads(field: Field, text: &str) -> bool {
    match field {
        Field::Phone => register::is_phone(text),
        Field::Email => register::is_email(text),
        Field::Language => text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        _ => true,
    }
}

/// A FHIR `date` as the form takes it: 09.05.1967, 05.1967, 1967.
fn as_typed(born: &str) -> String {
    let mut parts: Vec<&str> = born.split('-').collect();
    parts.reverse();
    parts.join(".")
}

/// The other way round.
fn as_written(born: &str) -> Option<String> {
    (!born.is_empty()).then(|| as_typed(&born.replace('.', "-")).replace('.', "-"))
}

fn put_born(patient: &mut Value, born: Option<&str>) {
    put(patient, "birthDate", born.map(Value::from));
    let Some(members) = patient.as_object_mut() else { return };
    if let Some(Value::Object(about)) = members.get_mut("_birthDate") {
        if let Some(Value::Array(all)) = about.get_mut("extension") {
            all.retain(|one| !OF_THE_DATE.contains(&text(one, "/url")));
            if all.is_empty() {
                about.shift_remove("extension");
            }
        }
        if about.is_empty() {
            members.shift_remove("_birthDate");
        }
    }
}

fn put(value: &mut Value, name: &str, one: Option<Value>) {
    let Some(members): Option<&mut Map<String, Value>> = value.as_object_mut() else { return };
    match one {
        Some(one) => drop(members.insert(name.to_owned(), one)),
        None => drop(members.shift_remove(name)),
    }
}

fn given_of(name: &Value) -> String {
    list(name, "given").iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Actor, Reach as Of};
    use crate::audit::{Action, Audit, Detail, DetailState, Filter, Purpose, entries};
    use crate::base::{AccountId, Ambient, FhirId, ManualClock, SeededRandom};
    use crate::care::forms::{FormKey, Once};
    use crate::fhir::{Definitions, Issue, validate};
    use crate::record::{Channel, RecordError, Records, Transaction, Why};
    use crate::store::Store;

    fn today() -> Date {
        "2026-03-03".parse().unwrap()
    }

    #[test]
    fn a_name_that_ended_is_not_the_one_somebody_goes_by() {
        let of = |names: Value| name_in_use(&json!({"name": names}), Some(today()));
        let ended = json!({"use": "official", "family": "Before", "period": {"end": "2010"}});
        assert_eq!(of(json!([ended, {"family": "Now"}])), Some(1));
        assert_eq!(of(json!([ended, {"use": "maiden", "family": "Lund"}])), Some(0), "there is no other");
        assert_eq!(of(json!([{"use": "usual", "family": "U"}, {"use": "official", "family": "O"}])), Some(1));
        let later = json!({"use": "official", "family": "FutureEnd", "period": {"end": "2099"}});
        assert_eq!(of(json!([{"use": "nickname", "given": ["Nicky"]}, later])), Some(1), "it goes on until then");
        assert_eq!(of(json!([])), None);
    }

    /// With much that no form asks about.
    fn patient() -> Value {
        json!({"resourceType": "Patient", "id": "p", "active": true, "gender": "female", "birthDate": "1967-05-09",
            "_birthDate": {"extension": [
                {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime", "valueDateTime": "1967-05-09T10:00:00Z"},
                {"url": "urn:x:registry", "valueString": "seen"}]},
            "extension": [{"url": "urn:x:kept", "valueString": "kept"}],
            "identifier": [{"use": "usual", "system": "urn:n", "value": "1"}],
            "name": [{"use": "maiden", "family": "Lund"},
                {"id": "n1", "use": "official", "text": "Halina Brandvold", "family": "Brandvold", "given": ["Halina"], "prefix": ["Dr"]}],
            "telecom": [{"system": "phone", "use": "old", "value": "1"}, {"system": "phone", "use": "mobile", "value": "01632 960 111"}],
            "address": [{"use": "home", "line": ["4 Quay Lane"], "city": "Fjordvik"}],
            "contact": [{"name": {"family": "Brandvold", "given": ["Tor"]}}],
            "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "nb"}]}, "preferred": true}],
            "link": [{"other": {"reference": "Patient/q"}, "type": "seealso"}],
            "photo": [{"url": "https://box.example/p.png"}]})
    }

    fn read(typed: &Details, reason: &str) -> Result<Correction, Vec<(Field, Fault)>> {
        Correction::read(typed, &Details::of(&patient(), today()), OldName::Goes, reason, today())
    }

    fn fits(resource: &Value) {
        let issues = validate(resource, Definitions::r4(), Mode::Strict);
        assert!(!issues.iter().any(Issue::is_error), "{issues:?}");
    }

    #[test]
    fn nothing_typed_is_nothing_changed() {
        let stands = Details::of(&patient(), today());
        assert_eq!(
            (stands.born.as_str(), stands.born_unknown.as_str(), stands.language.as_str()),
            ("09.05.1967", "", "nb")
        );
        let same = read(&stands, "").unwrap();
        assert_eq!(same.put_into(patient()), patient());
        assert!(!same.asks_who_is_alike());
        // Nobody would type 1850 here, and it stands.
        for born in [json!(null), json!("1967-05"), json!("1850-01-01")] {
            let mut bare = json!({"resourceType": "Patient"});
            put(&mut bare, "birthDate", Some(born).filter(|born| !born.is_null()));
            let stands = Details { sex: "unknown".into(), family: "X".into(), ..Details::of(&bare, today()) };
            let read = Correction::read(&stands, &stands, OldName::Goes, "", today()).unwrap();
            assert_eq!(read.put_into(bare.clone()), bare);
        }
    }

    #[test]
    fn what_is_corrected_is_changed_and_everything_else_is_kept() {
        let stands = Details::of(&patient(), today());
        let typed = Details {
            family: "Brandvoll".into(),
            given: "Halina  Marie".into(),
            born: "5 1968".into(),
            sex: "other".into(),
            reach: Reach { email: "h@b.example".into(), ..stands.reach.clone() },
            language: "es".into(),
            ..stands
        };
        let read = read(&typed, " She showed\nher passport ").unwrap();
        assert_eq!(read.reason, "She showed her passport");
        assert!(read.asks_who_is_alike());
        let now = read.put_into(patient());
        fits(&now);
        assert_eq!(
            now["name"][1],
            json!({"id": "n1", "use": "official", "family": "Brandvoll", "given": ["Halina", "Marie"], "prefix": ["Dr"]})
        );
        assert_eq!((&now["birthDate"], &now["gender"]), (&json!("1968-05"), &json!("other")));
        assert_eq!(now["_birthDate"]["extension"], json!([{"url": "urn:x:registry", "valueString": "seen"}]));
        assert_eq!(now["communication"][0]["language"]["coding"][0]["code"], "es");
        assert_eq!(now["telecom"][2], json!({"system": "email", "value": "h@b.example"}));
        for kept in ["extension", "identifier", "address", "contact", "link", "photo", "active"] {
            assert_eq!(now[kept], patient()[kept], "{kept}");
        }
        assert_eq!((&now["name"][0], &now["telecom"][0]), (&patient()["name"][0], &patient()["telecom"][0]));
    }

    #[test]
    fn a_birth_date_that_turns_out_not_to_be_known_goes() {
        let typed = Details { born: String::new(), born_unknown: "1".into(), ..Details::of(&patient(), today()) };
        let now = read(&typed, "The passport was somebody else's").unwrap().put_into(patient());
        fits(&now);
        assert_eq!(now.get("birthDate"), None);
        assert_eq!(Details::of(&now, today()).born_unknown, "1");
    }

    #[test]
    fn a_name_of_before_stays_as_an_old_one_where_it_was_right_once() {
        let typed = Details { family: "Dahl".into(), ..Details::of(&patient(), today()) };
        let stands = Details::of(&patient(), today());
        let married = Correction::read(&typed, &stands, OldName::Stays, "Married", today()).unwrap();
        let now = married.put_into(patient());
        fits(&now);
        assert_eq!(Details::of(&now, today()).family, "Dahl");
        assert_eq!((&now["name"][2]["use"], &now["name"][2]["family"]), (&json!("old"), &json!("Brandvold")));
    }

    #[test]
    fn a_reason_is_asked_for_where_it_is_said_who_somebody_is() {
        let stands = Details::of(&patient(), today());
        for typed in [
            Details { family: "Dahl".into(), ..stands.clone() },
            Details { born: "1967".into(), ..stands.clone() },
            Details { sex: "unknown".into(), ..stands.clone() },
        ] {
            assert_eq!(read(&typed, " "), Err(vec![(Field::Reason, Fault::Missing)]), "{typed:?}");
        }
        let moved = Details { reach: Reach { town: "Nordby".into(), ..stands.reach.clone() }, ..stands.clone() };
        assert!(read(&moved, "").is_ok());
        let wrong = Details {
            born: String::new(),
            reach: Reach { phone: "ask".into(), email: "x".into(), ..stands.reach.clone() },
            ..stands
        };
        assert_eq!(
            read(&wrong, "x").unwrap_err(),
            [(Field::Born, Fault::Missing), (Field::Phone, Fault::Unread), (Field::Email, Fault::Unread)]
        );
    }

    fn records() -> Records {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let records =
            Records::new(Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5))), Of::Clinic);
        let other = json!({"resourceType": "Patient", "id": "q", "birthDate": "1970-01-02",
            "name": [{"use": "official", "family": "Okafor", "given": ["Ada"]}]});
        for (id, value) in [("q", other), ("p", patient())] {
            let id = FhirId::parse(id).unwrap();
            let put = Change::put(ResourceType::Patient, id, value, Condition::None, Mode::Strict).unwrap();
            let made = || records.change_all_blocking(&Actor::system("test"), why(""), vec![put], Transaction::STRICT);
            tokio::task::block_in_place(made).unwrap();
        }
        records
    }

    fn why(reason: &str) -> Why {
        let detail = Detail::reason(reason);
        Why { action: Action::Update, purpose: Purpose::PatAdmin, detail, channel: Channel::Screen }
    }

    async fn done(
        records: &Records,
        version: u32,
        typed: &Details,
        different: &[&str],
        once: Option<Once>,
    ) -> Result<Done<()>, Refused<RegisterError>> {
        let (actor, read) = (Actor::system("test"), read(typed, "She showed her passport").unwrap());
        let doing = Doing { records, actor: &actor, why: why(&read.reason), once };
        let seen = Seen { id: FhirId::parse("p").unwrap(), version, value: patient() };
        correct(doing, seen, read, different.iter().map(|id| (*id).to_owned()).collect()).await
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn it_is_a_new_version_once_with_its_reason_in_the_log_and_never_over_another_s() {
        let records = records();
        let typed = Details { given: "Hanna".into(), ..Details::of(&patient(), today()) };
        let ambient = records.audit().ambient().clone();
        let (account, key) = (AccountId::new(&ambient), FormKey::new(&ambient));
        let once = Once { account, key, words: None, place: "/there".into() };
        let first = done(&records, 1, &typed, &[], Some(once.clone())).await.unwrap();
        let Done::Now((), written) = first else { panic!("{first:?}") };
        assert_eq!(written[0].stored.as_ref().unwrap().version, 2);
        let again = done(&records, 1, &typed, &[], Some(once)).await.unwrap();
        assert!(matches!(again, Done::Before(place) if place == "/there"));
        let late = done(&records, 1, &typed, &[], None).await;
        assert!(matches!(late, Err(Refused::Record(RecordError::VersionConflict { current: 2 }))), "{late:?}");
        let lines = entries(&records.audit().read().unwrap(), &Filter::default(), 20).unwrap().lines;
        let reasons = lines.iter().filter_map(|line| match &line.detail {
            DetailState::Kept(detail) => detail.reason.clone(),
            _ => None,
        });
        assert!(reasons.collect::<Vec<_>>().contains(&"She showed her passport".to_owned()));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn who_becomes_like_somebody_else_is_asked_about_and_nobody_is_like_themselves() {
        let records = records();
        let like = Details {
            family: "Okafor".into(),
            given: "Ada".into(),
            born: "2 1 1970".into(),
            ..Details::of(&patient(), today())
        };
        let asked = done(&records, 1, &like, &[], None).await;
        assert!(matches!(asked, Err(Refused::Told(RegisterError::Alike))), "{asked:?}");
        let slip = Details { given: "Halinka".into(), ..Details::of(&patient(), today()) };
        assert!(matches!(done(&records, 1, &slip, &[], None).await, Ok(Done::Now(..))));
        let said = Details { ..like };
        let said = done(&records, 2, &said, &["q"], None).await;
        assert!(matches!(said, Ok(Done::Now(..))), "{said:?}");
    }
}
