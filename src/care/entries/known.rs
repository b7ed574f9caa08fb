//! What may stand beside what among a patient's allergies and problems: "no known allergy" beside none, and no substance and
//! no problem twice unless somebody wants it so. All is asked in the writer, where nobody else writes between the question and
//! the answer. What is sealed is compared with only where it was before whoever adds: by a no it could be asked for by name.

use serde_json::Value;

use super::{hl7, put};
use crate::access::Sensitivity;
use crate::base::FhirId;
use crate::care::within::list;
use crate::care::workflow::{Doing, Done, Refused, carry_out, told};
use crate::fhir::{Mode, ResourceType};
use crate::record::{Change, Condition, RecordError, strict};

/// "No known allergy" in SNOMED CT, and as summaries of other programs say it (HL7 IPS, `absent-unknown-uv-ips`).
const NONE: [&str; 2] = [super::NONE_KNOWN, "no-known-allergies"];
/// "No known drug allergy", and the same of food and of the environment. Whoever says one of them said nothing of the others.
const NO_MEDICINE: [&str; 2] = ["409137002", "no-known-medication-allergies"];
const NO_FOOD: [&str; 2] = ["429625007", "no-known-food-allergies"];
const NOTHING_AROUND: [&str; 2] = ["428607008", "no-known-environmental-allergies"];
/// That nobody knows, or that there is nothing, where a list must not be empty (HL7 IPS).
const NO_ENTRY: [&str; 5] =
    ["no-allergy-info", "no-problem-info", "no-known-problems", "no-medication-info", "no-known-medications"];

/// Words that people type for it into a field for a substance, without what stands between letters.
const NONE_IN_WORDS: [&str; 19] = [
    "none",
    "nka",
    "noneknown",
    "noallergy",
    "noallergies",
    "noknownallergy",
    "noknownallergies",
    "noallergyknown",
    "noallergiesknown",
    "nil",
    "nilknown",
    "denies",
    "deniesallergies",
    "deniesanyallergies",
    "sinalergias",
    "sinalergiasconocidas",
    "noalergias",
    "ninguna",
    "ningunaconocida",
];
/// The same of medicines alone.
const NO_MEDICINE_IN_WORDS: [&str; 3] = ["nkda", "noknowndrugallergies", "noknowndrugallergy"];

fn has_code(concept: Option<&Value>, codes: &[&str]) -> bool {
    let codings = concept.and_then(|concept| concept.get("coding")).and_then(Value::as_array).into_iter().flatten();
    codings.filter_map(|coding| coding.get("code")?.as_str()).any(|code| codes.contains(&code))
}

/// Whether an AllergyIntolerance says that there is none.
pub fn says_none(allergy: &Value) -> bool {
    has_code(allergy.get("code"), &NONE) || words_alone(allergy).is_some_and(means_none_at_all)
}

/// What an entry without a code is called.
fn words_alone(entry: &Value) -> Option<&str> {
    let code = entry.get("code")?;
    let has_codes = code.get("coding").and_then(Value::as_array).is_some_and(|all| !all.is_empty());
    code.get("text").and_then(Value::as_str).filter(|_| !has_codes)
}

/// Whether it says that there is none to medicines: of others nothing is said.
pub fn says_none_to_medicines(allergy: &Value) -> bool {
    has_code(allergy.get("code"), &NO_MEDICINE) || words_alone(allergy).is_some_and(means_no_medicine)
}

/// Whether it says that there is none to something that is no medicine: of medicines nothing is said.
pub fn says_none_to_others(allergy: &Value) -> bool {
    says_none_to(AllergyTo::Food, allergy) || says_none_to(AllergyTo::Surroundings, allergy)
}

/// What people are allergic to, as an entry can say of each by itself that there is no allergy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllergyTo {
    Medicines,
    Food,
    Surroundings,
}

impl AllergyTo {
    pub const ALL: [Self; 3] = [Self::Medicines, Self::Food, Self::Surroundings];
}

/// Whether it says that there is none to this.
pub fn says_none_to(what: AllergyTo, allergy: &Value) -> bool {
    match what {
        AllergyTo::Medicines => says_none_to_medicines(allergy),
        AllergyTo::Food => has_code(allergy.get("code"), &NO_FOOD),
        AllergyTo::Surroundings => has_code(allergy.get("code"), &NOTHING_AROUND),
    }
}

/// Whether it says that there is none to some things: there may be one to others.
pub fn says_none_of_some(allergy: &Value) -> bool {
    says_none_to_medicines(allergy) || says_none_to_others(allergy)
}

/// Whether it stands in the place of an entry: nobody was asked, or there is none.
pub fn is_no_entry(entry: &Value) -> bool {
    has_code(entry.get("code").or_else(|| entry.get("medicationCodeableConcept")), &NO_ENTRY)
}

/// Whether an allergy or a problem counts: not over, not refuted, and no mistake.
pub fn is_current(entry: &Value) -> bool {
    !is_no_entry(entry)
        && !has_code(entry.get("clinicalStatus"), &["resolved", "inactive", "remission"])
        && !has_code(entry.get("verificationStatus"), &["entered-in-error", "refuted"])
}

/// Whether what was typed as a substance says that there is no allergy.
pub(super) fn means_none(substance: &str) -> bool {
    means_none_at_all(substance) || means_no_medicine(substance)
}

fn means_none_at_all(substance: &str) -> bool {
    NONE_IN_WORDS.contains(&letters(substance).as_str())
}

/// Whether words say that there is none to medicines.
fn means_no_medicine(substance: &str) -> bool {
    NO_MEDICINE_IN_WORDS.contains(&letters(substance).as_str())
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}

/// A substance or a problem as it is compared.
fn compared(entry: &Value) -> Option<String> {
    let coding = || entry.pointer("/code/coding/0/display");
    let name = entry.pointer("/code/text").or_else(coding).and_then(Value::as_str)?;
    Some(name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
}

/// An entry as it is compared, and whether it is closed to those in the clinic who have no leave for it.
struct Compared {
    id: String,
    name: Option<String>,
    says_none: bool,
    closed: bool,
}

impl Compared {
    fn of(entry: &Value) -> Option<Self> {
        Some(Self {
            id: entry.get("id")?.as_str()?.to_owned(),
            name: compared(entry),
            says_none: says_none(entry),
            closed: Sensitivity::of_resource(entry).is_closed(),
        })
    }
}

/// The ids of what was before somebody.
fn ids_of(seen: &[Value]) -> Vec<String> {
    seen.iter().filter_map(|one| one.get("id")?.as_str()).map(str::to_owned).collect()
}

/// Why an allergy, or that there is none, was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllergyError {
    #[error("an allergy is in the record, so “no known allergies” would not be true")]
    ThereIsOne,
    #[error("this substance is in the list already")]
    Twice,
    #[error("somebody wrote into the allergies in the same moment")]
    Meanwhile,
}

/// Why a problem was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProblemError {
    #[error("this problem is in the list already")]
    Twice,
}

/// Whether a substance or a problem may stand there a second time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    Asked,
    Wanted,
}

/// Whether an answer that there is none, as far as it goes, is over once this is added: the answer for all, or an allergy to
/// something of which it spoke.
fn ends(new: &Value, answer: &Value) -> bool {
    if says_none(answer) {
        return true;
    }
    // Of what kind nobody said it may be any; the answer for all is of every kind.
    let kinds = list(new, "category");
    let is_of = |of: [&str; 2]| {
        let is = |kind: &Value| kind.as_str().is_some_and(|kind| of.contains(&kind));
        says_none(new) || kinds.is_empty() || kinds.iter().any(is)
    };
    (says_none_to_medicines(answer) && is_of(["medication", "biologic"]))
        || (says_none_to_others(answer) && is_of(["food", "environment"]))
}

/// Adds an allergy, or the answer that there is none. `seen` are the patient's allergies that whoever adds it may see: an
/// answer of before that there is none is over when what is added says otherwise, or says it of all. To what is sealed from
/// them it says nothing, and so it may stand beside it.
pub async fn add_allergy(
    doing: Doing<'_>,
    patient: &FhirId,
    new: Value,
    seen: &[Value],
    repeats: Repeats,
) -> Result<Done<()>, Refused<AllergyError>> {
    let mut changes = Vec::new();
    let mut over = Vec::new();
    for before in seen.iter().filter(|one| is_current(one) && ends(&new, one)) {
        let id = before.get("id").and_then(Value::as_str).and_then(|id| FhirId::parse(id).ok());
        let version =
            before.pointer("/meta/versionId").and_then(Value::as_str).and_then(|version| version.parse().ok());
        let (Some(id), Some(version)) = (id, version) else { return Err(RecordError::Damaged.into()) };
        let mut value = before.clone();
        put(&mut value, "clinicalStatus", hl7("allergyintolerance-clinical", "inactive"));
        over.push(id.to_string());
        changes.push(Change::put(
            ResourceType::AllergyIntolerance,
            id,
            value,
            Condition::Version(version),
            Mode::Strict,
        )?);
    }
    // Beside an answer for some there may be an allergy to others.
    let current = |one: &Value| Compared::of(one).filter(|_| is_current(one) && !says_none_of_some(one));
    let (none, name, before) = (says_none(&new), compared(&new), ids_of(seen));
    changes.push(Change::create(ResourceType::AllergyIntolerance, new, Mode::Strict)?);
    let all = strict(ResourceType::AllergyIntolerance, &format!("patient={patient}"))?;
    carry_out(doing, changes, move |inside| {
        for known in inside.glimpse(&all, current)? {
            if known.closed && !before.contains(&known.id) {
                continue;
            }
            match (known.says_none, none) {
                (true, _) if !over.contains(&known.id) => return told(AllergyError::Meanwhile),
                (false, true) => return told(AllergyError::ThereIsOne),
                (false, false) if repeats == Repeats::Asked && known.name == name => return told(AllergyError::Twice),
                _ => {}
            }
        }
        Ok(())
    })
    .await
}

/// Adds a problem. `seen` are the patient's problems that whoever adds it may see.
pub async fn add_problem(
    doing: Doing<'_>,
    patient: &FhirId,
    new: Value,
    seen: &[Value],
    repeats: Repeats,
) -> Result<Done<()>, Refused<ProblemError>> {
    // One that is over already is another time of it.
    let name = compared(&new).filter(|_| is_current(&new) && repeats == Repeats::Asked);
    let before = ids_of(seen);
    let all = strict(ResourceType::Condition, &format!("patient={patient}"))?;
    let change = Change::create(ResourceType::Condition, new, Mode::Strict)?;
    carry_out(doing, vec![change], move |inside| {
        let Some(name) = name else { return Ok(()) };
        let current: fn(&Value) -> Option<Compared> = |one| Compared::of(one).filter(|_| is_current(one));
        let may_see = |one: &Compared| !one.closed || before.contains(&one.id);
        let is_there = |one: &Compared| may_see(one) && one.name.as_deref() == Some(&*name);
        if inside.glimpse(&all, current)?.iter().any(is_there) { told(ProblemError::Twice) } else { Ok(()) }
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::access::{Actor, Reach};
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{Ambient, ManualClock, SeededRandom};
    use crate::care::Chart;
    use crate::care::entries::{AllergyTyped, Author, ProblemTyped, allergy, none_known, problem};
    use crate::record::{Channel, Records, Transaction, Why};
    use crate::store::Store;

    const NOW: &str = "2026-03-03T09:31:00Z";

    fn why(action: Action) -> Why {
        Why { action, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Screen }
    }

    struct House {
        records: Records,
        actor: Actor,
        patient: FhirId,
    }

    impl House {
        async fn new() -> Self {
            let clock = ManualClock::at(NOW.parse().unwrap());
            let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(3)));
            let records = Records::new(audit, Reach::Clinic);
            let (actor, patient) = (Actor::system("test"), FhirId::parse("p1").unwrap());
            let value = json!({"resourceType": "Patient", "id": "p1"});
            let put =
                Change::put(ResourceType::Patient, patient.clone(), value, Condition::None, Mode::Strict).unwrap();
            records.change_all(&actor, why(Action::Import), vec![put], Transaction::IMPORT).await.unwrap();
            Self { records, actor, patient }
        }

        async fn seen(&self) -> Vec<Value> {
            let kinds = [ResourceType::AllergyIntolerance];
            let read = |reading: &mut crate::record::Reading<'_>| Chart::read(reading, &self.patient, &kinds);
            let chart = self.records.disclose(&self.actor, why(Action::Read), read).await.unwrap();
            chart.of(ResourceType::AllergyIntolerance).to_vec()
        }

        async fn add(&self, new: Value, seen: &[Value], repeats: Repeats) -> Result<(), Option<AllergyError>> {
            let doing = Doing { records: &self.records, actor: &self.actor, why: why(Action::Create), once: None };
            match add_allergy(doing, &self.patient, new, seen, repeats).await {
                Ok(_) => Ok(()),
                Err(Refused::Told(error)) => Err(Some(error)),
                Err(Refused::Record(_)) => Err(None),
            }
        }

        /// How many say that there is none, and how many name a substance, among those that count.
        async fn counts(&self) -> (usize, usize) {
            let all = self.seen().await;
            let current: Vec<_> = all.iter().filter(|one| is_current(one)).collect();
            (current.iter().filter(|one| says_none(one)).count(), current.iter().filter(|one| !says_none(one)).count())
        }
    }

    fn author() -> Author<'static> {
        Author { person: None, name: "Dr A" }
    }

    fn none() -> Value {
        none_known(&AllergyTyped::default(), "p1", &author(), NOW).unwrap()
    }

    fn named(substance: &str) -> Value {
        let typed = AllergyTyped { substance: substance.into(), ..AllergyTyped::default() };
        allergy(&typed, "p1", &author(), NOW, "2026-03-03".parse().unwrap(), None).unwrap()
    }

    #[tokio::test]
    async fn no_known_allergy_stands_beside_no_allergy_whichever_came_first() {
        let house = House::new().await;
        house.add(none(), &[], Repeats::Asked).await.unwrap();
        assert_eq!(house.counts().await, (1, 0));
        // Asked again: one answer stands.
        house.add(none(), &house.seen().await, Repeats::Asked).await.unwrap();
        assert_eq!(house.counts().await, (1, 0));
        let before = house.seen().await;
        house.add(named("Penicillin"), &before, Repeats::Asked).await.unwrap();
        assert_eq!(house.counts().await, (0, 1), "what was said of none is over");
        let refused = house.add(none(), &house.seen().await, Repeats::Asked).await;
        assert_eq!(refused, Err(Some(AllergyError::ThereIsOne)));
        // A page that was made before does not know of it, and is told too.
        assert!(house.add(none(), &before, Repeats::Asked).await.is_err());
        assert_eq!(house.counts().await, (0, 1));
    }

    #[tokio::test]
    async fn an_answer_for_some_things_ends_with_an_allergy_to_one_of_them_or_the_answer_for_all() {
        let some = |code: &str| {
            let mut one = none();
            one["code"] = json!({"coding": [{"system": "http://snomed.info/sct", "code": code}]});
            one
        };
        let of_kind = |kind: &str| {
            let mut one = named("Peanut");
            one["category"] = json!([kind]);
            one
        };
        for (answer, new, left) in [
            ("409137002", of_kind("medication"), (0, 1)),
            ("409137002", of_kind("food"), (0, 2)),
            ("429625007", of_kind("food"), (0, 1)),
            ("429625007", of_kind("medication"), (0, 2)),
            ("409137002", none(), (1, 0)),
            ("429625007", none(), (1, 0)),
        ] {
            let house = House::new().await;
            house.add(some(answer), &[], Repeats::Asked).await.unwrap();
            house.add(new.clone(), &house.seen().await, Repeats::Asked).await.unwrap();
            assert_eq!(house.counts().await, left, "{answer} before {new}");
        }
    }

    #[tokio::test]
    async fn a_page_that_does_not_know_of_the_answer_does_not_leave_it_beside_an_allergy() {
        let house = House::new().await;
        house.add(none(), &[], Repeats::Asked).await.unwrap();
        let refused = house.add(named("Latex"), &[], Repeats::Asked).await;
        assert_eq!(refused, Err(Some(AllergyError::Meanwhile)));
        assert_eq!(house.counts().await, (1, 0));
    }

    #[tokio::test]
    async fn a_substance_stands_twice_only_if_somebody_wants_it_so() {
        let house = House::new().await;
        house.add(named("Penicillin"), &[], Repeats::Asked).await.unwrap();
        let refused = house.add(named(" penicillin "), &house.seen().await, Repeats::Asked).await;
        assert_eq!(refused, Err(Some(AllergyError::Twice)));
        house.add(named("penicillin"), &house.seen().await, Repeats::Wanted).await.unwrap();
        house.add(named("Latex"), &house.seen().await, Repeats::Asked).await.unwrap();
        assert_eq!(house.counts().await, (0, 3));
    }

    #[tokio::test]
    async fn a_problem_stands_twice_only_if_somebody_wants_it_so() {
        let house = House::new().await;
        let add = async |name: &str, until: &str, repeats| {
            let typed = ProblemTyped { name: name.into(), until: until.into(), ..ProblemTyped::default() };
            let new = problem(&typed, "p1", &author(), NOW, "2026-03-03".parse().unwrap(), None).unwrap();
            let doing = Doing { records: &house.records, actor: &house.actor, why: why(Action::Create), once: None };
            match add_problem(doing, &house.patient, new, &[], repeats).await {
                Ok(_) => true,
                Err(Refused::Told(ProblemError::Twice)) => false,
                Err(Refused::Record(error)) => panic!("{error}"),
            }
        };
        assert!(add("Gout", "2020", Repeats::Asked).await);
        assert!(add("Gout", "", Repeats::Asked).await, "the first is over");
        assert!(!add(" gout ", "", Repeats::Asked).await);
        assert!(add("Gout", "2022", Repeats::Asked).await, "another time of it");
        assert!(add("gout", "", Repeats::Wanted).await && add("Asthma", "", Repeats::Asked).await);
    }

    fn sealed(mut entry: Value) -> Value {
        let label = json!({"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"});
        entry["meta"] = json!({"security": [label]});
        entry
    }

    /// What is sealed is not found out by adding it by name, nor by an answer that there is nothing.
    #[tokio::test]
    async fn what_is_sealed_is_compared_with_only_by_whom_it_was_before() {
        let house = House::new().await;
        house.add(sealed(named("Efavirenz")), &[], Repeats::Asked).await.unwrap();
        let all = house.seen().await;
        assert_eq!(house.add(named("efavirenz"), &all, Repeats::Asked).await, Err(Some(AllergyError::Twice)));
        assert_eq!(house.add(none(), &all, Repeats::Asked).await, Err(Some(AllergyError::ThereIsOne)));
        house.add(named("efavirenz"), &[], Repeats::Asked).await.unwrap();
        assert_eq!(house.counts().await, (0, 2), "as any other substance");

        let house = House::new().await;
        house.add(sealed(named("Efavirenz")), &[], Repeats::Asked).await.unwrap();
        house.add(none(), &[], Repeats::Asked).await.unwrap();
        assert_eq!(house.counts().await, (1, 1), "nothing is said of what is sealed");

        let house = House::new().await;
        house.add(sealed(none()), &[], Repeats::Asked).await.unwrap();
        house.add(named("Latex"), &[], Repeats::Asked).await.unwrap();
        assert_eq!(house.counts().await, (1, 1));
    }

    #[tokio::test]
    async fn a_sealed_problem_is_not_found_out_by_adding_it() {
        let house = House::new().await;
        let of = |name: &str| {
            let typed = ProblemTyped { name: name.into(), ..ProblemTyped::default() };
            problem(&typed, "p1", &author(), NOW, "2026-03-03".parse().unwrap(), None).unwrap()
        };
        let add = async |new: Value, seen: &[Value]| {
            let doing = Doing { records: &house.records, actor: &house.actor, why: why(Action::Create), once: None };
            add_problem(doing, &house.patient, new, seen, Repeats::Asked).await.is_ok()
        };
        assert!(add(sealed(of("HIV infection")), &[]).await);
        let kinds = [ResourceType::Condition];
        let read = |reading: &mut crate::record::Reading<'_>| Chart::read(reading, &house.patient, &kinds);
        let chart = house.records.disclose(&house.actor, why(Action::Read), read).await.unwrap();
        assert!(!add(of("hiv  INFECTION"), chart.of(ResourceType::Condition)).await, "who has leave is told");
        assert!(add(of("hiv  INFECTION"), &[]).await);
        assert!(!add(of("HIV infection"), &[]).await, "the open one is seen by all");
    }

    #[test]
    fn none_is_no_substance() {
        for typed in [
            "No known allergies",
            "NKDA",
            "none",
            "no known allergy.",
            "No allergies known",
            "Nil",
            "denies",
            "Sin alergias",
        ] {
            assert!(means_none(typed), "{typed}");
        }
        assert!(!means_none("Nonoxynol") && !means_none("Penicillin"));
    }
}
