//! Searches against a plain look at every resource: random data, random searches, and matching written anew from
//! search.html. What a parameter finds in a resource (the FHIRPath of its definition) is shared; nothing else is.
//!
//! `CHARTBOX_SEARCH_ROUNDS` asks for more rounds than the few of a normal run, `CHARTBOX_SEARCH_SEED` for one alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::access::{Actor, Reach};
use crate::base::Role;
use crate::fhir::search::{ReferenceTarget, SearchValue, TokenSystem, encode, extract_one, fold};
use crate::fhir::{Definitions, ResourceType as T};
use crate::record::tests::{Box_, new_box};
use crate::record::{Change, Condition, Page, RecordError, Transaction};

const ROUNDS: u64 = 4;
/// For each of those who ask.
const SEARCHES: usize = 20;

#[test]
fn searches_find_what_a_look_at_everything_finds() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds = match number("CHARTBOX_SEARCH_SEED") {
        Some(seed) => seed..seed + 1,
        None => 1..number("CHARTBOX_SEARCH_ROUNDS").unwrap_or(ROUNDS) + 1,
    };
    for seed in seeds {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let world = World::new(&mut dice);
        for (who, house, actor) in world.actors() {
            let view = world.view(&house, &actor);
            let mut answered = 0;
            for _ in 0..SEARCHES {
                let asked = Asked::any(&mut dice, &world);
                answered += asked.check(&mut dice, &house, &actor, &view, &format!("seed {seed}, {who}"));
            }
            assert!(answered > 0, "{who} may ask something");
        }
    }
}

/// Chance that comes again with its seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n as u64).unwrap()
    }
    fn pick<'a, X: ?Sized>(&mut self, from: &[&'a X]) -> &'a X {
        from[self.below(from.len())]
    }
    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

type Name = (T, String);

struct Item {
    kind: T,
    id: String,
    value: Value,
    /// The place in the order of making: a row's number.
    made: usize,
}

impl Item {
    fn name(&self) -> Name {
        (self.kind, self.id.clone())
    }
    fn values(&self, code: &str) -> Vec<SearchValue> {
        let r4 = Definitions::r4();
        extract_one(r4, self.kind, r4.search_param(self.kind, code).unwrap().id, &self.value)
    }
    fn references(&self, code: &str) -> Vec<Name> {
        let of = |value| match value {
            SearchValue::Reference(ReferenceTarget::Local { kind, id }) => Some((kind, id.to_string())),
            _ => None,
        };
        self.values(code).into_iter().filter_map(of).collect()
    }
}

struct World {
    house: Box_,
    items: Vec<Item>,
}

type Seen = BTreeSet<Name>;

const UCUM: &str = "http://unitsofmeasure.org";
const LOINC: &str = "http://loinc.org";
const DATES: [&str; 10] = [
    "2024",
    "2024-02",
    "2024-02-29",
    "2024-03-01",
    "2025-01-01",
    "2024-02-29T10:00:00Z",
    "2024-02-29T10:30:15.500Z",
    "2024-02-29T23:30:00-02:00",
    "2025",
    "1999-12-31",
];

impl World {
    fn new(dice: &mut Dice) -> Self {
        let house = new_box();
        let mut made: BTreeMap<Name, usize> = BTreeMap::new();
        let mut put = |value: Value| {
            let name =
                (T::parse(value["resourceType"].as_str().unwrap()).unwrap(), value["id"].as_str().unwrap().to_owned());
            let next = made.len();
            made.entry(name).or_insert(next);
            house.put(value);
        };
        let mut all: Vec<(usize, Make)> = vec![];
        for (count, make) in COUNTS {
            all.extend((0..count).map(|number| (number, make)));
        }
        for (number, make) in &all {
            put(make(dice, *number));
        }
        put(
            json!({"resourceType": "RelatedPerson", "id": "r0", "active": true, "patient": {"reference": "Patient/p1"},
            "name": [{"family": "Corvin"}]}),
        );
        // Some are changed, some are deleted, and a few of these come back.
        for _ in 0..10 {
            let (number, make) = all[dice.below(all.len())];
            put(make(dice, number));
        }
        for _ in 0..8 {
            let (number, make) = all[OTHERS.len() + dice.below(all.len() - OTHERS.len())];
            let value = make(dice, number);
            let kind = T::parse(value["resourceType"].as_str().unwrap()).unwrap();
            if kind == T::Patient || kind == T::Encounter {
                continue;
            }
            let id = crate::base::FhirId::parse(value["id"].as_str().unwrap()).unwrap();
            let why = crate::record::tests::why(crate::audit::Action::Delete);
            let gone = vec![Change::delete(kind, id, Condition::None)];
            house.records.change_all_blocking(&Actor::system("test"), why, gone, Transaction::IMPORT).unwrap();
            if dice.once_in(3) {
                put(make(dice, number));
            }
        }
        let system = Actor::system("test");
        let read = |((kind, id), made): (Name, usize)| {
            house.read(&system, kind, &id).ok().map(|value| Item { kind, id, value, made })
        };
        let items = made.into_iter().filter_map(read).collect();
        Self { house, items }
    }

    /// Those who ask: what the house reaches for them, and who they are.
    fn actors(&self) -> Vec<(&'static str, Box_, Actor)> {
        let house = || self.house.reaching(Reach::Clinic);
        let doctor = || self.house.actor(Role::Clinician, Some("Practitioner/d0"));
        vec![
            ("system", house(), Actor::system("test")),
            ("clinician", house(), doctor()),
            ("clinician of a care team", self.house.reaching(Reach::CareTeam), doctor()),
            ("patient", house(), self.house.actor(Role::Patient, Some("Patient/p0"))),
            ("proxy", house(), self.house.actor(Role::Proxy, Some("RelatedPerson/r0"))),
            ("reception", house(), self.house.actor(Role::Reception, None)),
        ]
    }

    /// What an actor may read and what of it, asked one by one.
    fn view(&self, house: &Box_, actor: &Actor) -> View {
        let read = |item: &Item| {
            let value = house.read(actor, item.kind, &item.id).ok()?;
            Some(Item { kind: item.kind, id: item.id.clone(), value, made: item.made })
        };
        View(self.items.iter().filter_map(read).collect())
    }
}

/// The world as one actor sees it.
struct View(Vec<Item>);

impl View {
    fn of(&self, name: &Name) -> Option<&Item> {
        self.0.iter().find(|item| item.name() == *name)
    }
}

type Make = fn(&mut Dice, usize) -> Value;
const OTHERS: [(usize, Make); 2] = [(2, organization), (3, practitioner)];
const COUNTS: [(usize, Make); 9] = [
    OTHERS[0],
    OTHERS[1],
    (7, patient),
    (10, encounter),
    (40, observation),
    (8, risk),
    (6, value_set),
    (4, condition),
    (2, list),
];

fn meta(dice: &mut Dice) -> Value {
    let mut meta = json!({"source": "urn:made"});
    if dice.once_in(3) {
        meta["tag"] = json!([{"system": dice.pick(&["urn:t", "urn:u"]), "code": dice.pick(&["a", "B"])}]);
    }
    if dice.once_in(5) {
        meta["security"] = json!([{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}]);
    }
    meta
}

fn organization(dice: &mut Dice, number: usize) -> Value {
    json!({"resourceType": "Organization", "id": format!("o{number}"), "name": dice.pick(&["Clinic", "Clinic North", "Ústav"])})
}

fn practitioner(dice: &mut Dice, number: usize) -> Value {
    json!({"resourceType": "Practitioner", "id": format!("d{number}"), "name": [name(dice)], "identifier": [identifier(dice)]})
}

fn name(dice: &mut Dice) -> Value {
    let families = [
        "Novák",
        "Novotná",
        "O’Brien",
        "Brandvold",
        "Nováček, ml.",
        r"A|b$c\d",
        "LONG",
        "van der Novák",
        "Brandvold-Brien",
    ];
    let family = match dice.pick(&families) {
        // Longer than an index key, and one as another up to there.
        "LONG" => format!("{}{}", "Wolfeschlegelsteinhausenbergerdorff ".repeat(2), dice.pick(&["ä", "b"])),
        other => other.to_owned(),
    };
    json!({"family": family, "given": [dice.pick(&["Ann", "Žofie Anna", "bo", "Ann-Žofie"])]})
}

fn identifier(dice: &mut Dice) -> Value {
    let mut one = json!({"value": dice.pick(&["1", "X2", "x2", "A|1,2"])});
    if !dice.once_in(4) {
        one["system"] = dice.pick(&["urn:a", "urn:b"]).into();
    }
    one
}

fn patient(dice: &mut Dice, number: usize) -> Value {
    let mut one =
        json!({"resourceType": "Patient", "id": format!("p{number}"), "name": [name(dice)], "meta": meta(dice)});
    if !dice.once_in(4) {
        one["gender"] = dice.pick(&["female", "male", "other"]).into();
    }
    if !dice.once_in(4) {
        one["birthDate"] = dice.pick(&["1967", "1967-05", "1967-05-09", "1980-01-01", "2024-02-29"]).into();
    }
    one["identifier"] = (0..dice.below(3)).map(|_| identifier(dice)).collect::<Vec<_>>().into();
    if one["identifier"].as_array().unwrap().is_empty() {
        one.as_object_mut().unwrap().remove("identifier");
    }
    if dice.once_in(2) {
        one["managingOrganization"] = json!({"reference": format!("Organization/o{}", dice.below(2))});
    }
    one["generalPractitioner"] = json!([match dice.below(3) {
        0 => json!({"reference": format!("Practitioner/d{}", dice.below(3))}),
        1 => json!({"reference": "https://else.example/fhir/Practitioner/d1"}),
        _ => json!({"identifier": {"system": "urn:npi", "value": "77"}, "display": "Dr. Corvin"}),
    }]);
    one
}

fn subject(dice: &mut Dice) -> Value {
    json!({"reference": format!("Patient/p{}", dice.below(7))})
}

fn period(dice: &mut Dice) -> Value {
    match dice.below(4) {
        0 => json!({"start": dice.pick(&["2024-01-01", "2024-02-29T09:00:00Z"])}),
        1 => json!({"end": dice.pick(&["2024-03-01", "2023"])}),
        2 => json!({"start": "2024-02-29T09:00:00Z", "end": "2024-02-29T09:20:00Z"}),
        _ => json!({"start": "2020", "end": dice.pick(&["2024", "2025-06"])}),
    }
}

fn encounter(dice: &mut Dice, number: usize) -> Value {
    let mut one = json!({"resourceType": "Encounter", "id": format!("e{number}"), "meta": meta(dice),
        "status": dice.pick(&["finished", "planned", "in-progress"]), "subject": subject(dice),
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": dice.pick(&["AMB", "EMER"])}});
    if !dice.once_in(4) {
        one["period"] = period(dice);
    }
    if dice.once_in(2) {
        one["participant"] = json!([{"individual": {"reference": format!("Practitioner/d{}", dice.below(3))}}]);
    }
    one
}

fn code(dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => json!({"text": "Weight as said"}),
        1 => json!({"coding": [{"code": "29463-7"}]}),
        2 => json!({"coding": [{"system": LOINC, "code": "8302-2", "display": "Body height"}]}),
        3 => json!({"coding": [{"system": "urn:own", "code": "W"}, {"system": LOINC, "code": "29463-7"}]}),
        _ => json!({"coding": [{"system": LOINC, "code": "29463-7", "display": "Body weight"}]}),
    }
}

fn quantity(dice: &mut Dice) -> Value {
    let value = [1.0, 2.5, 70.0, 70.5, 71.0, 70500.0, 0.5, -3.0][dice.below(8)];
    let mut one = match dice.below(6) {
        0 | 1 => json!({"value": value, "unit": "kg", "system": UCUM, "code": "kg"}),
        2 => json!({"value": value, "unit": "gram", "system": UCUM, "code": "g"}),
        3 => json!({"value": value, "unit": "pounds", "system": UCUM, "code": "[lb_av]"}),
        4 => json!({"value": value, "unit": "pills"}),
        _ => json!({"value": value, "system": "urn:units", "code": "kg"}),
    };
    if dice.once_in(5) {
        one["comparator"] = dice.pick(&["<", ">="]).into();
    }
    one
}

fn observation(dice: &mut Dice, number: usize) -> Value {
    let mut one = json!({"resourceType": "Observation", "id": format!("w{number}"), "meta": meta(dice), "code": code(dice),
        "status": dice.pick(&["final", "preliminary", "amended"]), "subject": subject(dice)});
    match dice.below(4) {
        0 => {}
        1 => one["effectivePeriod"] = period(dice),
        _ => one["effectiveDateTime"] = dice.pick(&DATES).into(),
    }
    if one["effectiveDateTime"].as_str().is_some_and(|date| date.contains('T') && date.contains(".5")) {
        one["issued"] = "2024-03-01T00:00:00Z".into();
    }
    if !dice.once_in(4) {
        one["valueQuantity"] = quantity(dice);
    }
    if dice.once_in(2) {
        one["encounter"] = json!({"reference": format!("Encounter/e{}", dice.below(10))});
    }
    if dice.once_in(2) {
        let whom = ["Practitioner/d0", "Practitioner/d1", "Patient/p0", "Patient/p1"];
        one["performer"] = json!([{"reference": dice.pick(&whom)}]);
    }
    one
}

fn risk(dice: &mut Dice, number: usize) -> Value {
    let probability = [0.5, 0.25, 0.1, 1.0, 0.0][dice.below(5)];
    json!({"resourceType": "RiskAssessment", "id": format!("r{number}"), "meta": meta(dice), "status": "final",
        "subject": subject(dice), "prediction": [{"probabilityDecimal": probability}]})
}

fn value_set(dice: &mut Dice, number: usize) -> Value {
    let addresses = ["http://e.example/a", "http://e.example/a/b", "http://e.example/ab", "urn:oid:1.2.3"];
    json!({"resourceType": "ValueSet", "id": format!("v{number}"), "status": dice.pick(&["active", "draft"]),
        "url": dice.pick(&addresses), "name": dice.pick(&["Weights", "Sizes"])})
}

fn condition(dice: &mut Dice, number: usize) -> Value {
    json!({"resourceType": "Condition", "id": format!("c{number}"), "meta": meta(dice), "subject": subject(dice),
        "code": code(dice), "recordedDate": dice.pick(&DATES)})
}

fn list(dice: &mut Dice, number: usize) -> Value {
    let entries: Vec<Value> = (0..1 + dice.below(5))
        .map(|_| match dice.below(3) {
            0 => json!({"item": {"reference": format!("Patient/p{}", dice.below(7))}}),
            1 => json!({"item": {"reference": format!("Observation/w{}", dice.below(40))}}),
            _ => json!({"item": {"reference": format!("Encounter/e{}", dice.below(10))}}),
        })
        .collect();
    json!({"resourceType": "List", "id": format!("l{number}"), "status": "current", "mode": "working",
        "subject": subject(dice), "entry": entries})
}

type Holds = Box<dyn Fn(&View, &Item) -> bool>;

/// A condition as text, and what it says.
struct Cond {
    name: String,
    value: String,
    holds: Holds,
}

/// What is searched, by type: parameters, sorts, includes.
fn params(kind: T) -> &'static [&'static str] {
    match kind {
        T::Patient => &[
            "name",
            "family",
            "given",
            "identifier",
            "gender",
            "birthdate",
            "organization",
            "general-practitioner",
            "_tag",
        ],
        T::Observation => &[
            "code",
            "status",
            "date",
            "value-quantity",
            "code-value-quantity",
            "subject",
            "patient",
            "encounter",
            "performer",
            "combo-code",
            "_tag",
        ],
        T::Encounter => &["status", "class", "date", "subject", "patient", "participant", "_tag"],
        T::RiskAssessment => &["probability", "subject", "_tag"],
        T::ValueSet => &["url", "name", "status"],
        T::Practitioner => &["name", "family", "identifier"],
        T::Condition => &["code", "recorded-date", "patient"],
        _ => &["name"],
    }
}

fn sorts(kind: T) -> &'static [&'static str] {
    match kind {
        T::Patient => &["family", "birthdate", "gender", "_id", "_lastUpdated", "organization"],
        T::Observation => &["date", "code", "value-quantity", "status", "_lastUpdated", "_id", "subject"],
        T::Encounter => &["date", "status", "_lastUpdated"],
        T::RiskAssessment => &["probability", "_id"],
        T::ValueSet => &["url", "name", "_lastUpdated"],
        _ => &["_id", "_lastUpdated"],
    }
}

fn includes(kind: T) -> &'static [&'static str] {
    match kind {
        T::Patient => &[
            "_include=Patient:organization",
            "_include=Patient:general-practitioner:Practitioner",
            "_revinclude=Observation:patient",
            "_revinclude=Encounter:subject:Patient",
            "_include=*",
            "_revinclude=*",
        ],
        T::Observation => &[
            "_include=Observation:subject",
            "_include=Observation:encounter",
            "_include=Observation:*",
            "_include:iterate=Encounter:participant",
            "_include:iterate=Patient:organization",
            "_revinclude=List:item",
        ],
        T::Encounter => {
            &["_include=Encounter:participant", "_revinclude=Observation:encounter", "_revinclude:iterate=List:item"]
        }
        _ => &["_include=*"],
    }
}

const CHAINS: &[(T, &str, &str, T)] = &[
    (T::Observation, "subject:Patient", "subject", T::Patient),
    (T::Observation, "patient", "patient", T::Patient),
    (T::Observation, "encounter", "encounter", T::Encounter),
    (T::Observation, "performer:Practitioner", "performer", T::Practitioner),
    (T::Encounter, "participant:Practitioner", "participant", T::Practitioner),
    (T::Encounter, "patient", "patient", T::Patient),
    (T::Patient, "organization", "organization", T::Organization),
    (T::Patient, "general-practitioner:Practitioner", "general-practitioner", T::Practitioner),
    (T::RiskAssessment, "subject:Patient", "subject", T::Patient),
    (T::Condition, "patient", "patient", T::Patient),
];

const REVERSE: &[(T, &str, T)] = &[
    (T::Patient, "patient", T::Observation),
    (T::Patient, "subject", T::Encounter),
    (T::Patient, "patient", T::Condition),
    (T::Encounter, "encounter", T::Observation),
    (T::Practitioner, "participant", T::Encounter),
];

fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if matches!(c, '\\' | ',' | '|' | '$') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

impl Cond {
    fn any(dice: &mut Dice, world: &World, kind: T, depth: usize) -> Self {
        let chains: Vec<_> = CHAINS.iter().filter(|chain| chain.0 == kind).collect();
        let reverse: Vec<_> = REVERSE.iter().filter(|link| link.0 == kind).collect();
        match dice.below(14) {
            0 | 1 if depth < 2 && !chains.is_empty() => {
                let (_, text, code, target) = *chains[dice.below(chains.len())];
                let then = Self::any(dice, world, target, depth + 1);
                let (name, value) = (format!("{text}.{}", then.name), then.value);
                let holds = then.holds;
                let to =
                    move |view: &View, name: &Name| name.0 == target && view.of(name).is_some_and(|to| holds(view, to));
                let holds = move |view: &View, item: &Item| item.references(code).iter().any(|name| to(view, name));
                Self { name, value, holds: Box::new(holds) }
            }
            2 | 3 if depth < 2 && !reverse.is_empty() => {
                let (_, code, source) = *reverse[dice.below(reverse.len())];
                let then = Self::any(dice, world, source, depth + 1);
                let (name, value) = (format!("_has:{source}:{code}:{}", then.name), then.value);
                let holds = then.holds;
                let holds = move |view: &View, item: &Item| {
                    let from = |other: &&Item| other.kind == source;
                    let points = |other: &&Item| other.references(code).contains(&item.name());
                    view.0.iter().filter(from).filter(points).any(|other| holds(view, other))
                };
                Self { name, value, holds: Box::new(holds) }
            }
            4 => Self::ids(dice, kind),
            5 => Self::changed(dice),
            6 if kind != T::List && depth == 0 => Self::listed(dice),
            _ => Self::plain(dice, world, kind),
        }
    }

    fn ids(dice: &mut Dice, kind: T) -> Self {
        let letter = match kind {
            T::Patient => 'p',
            T::Observation => 'w',
            T::Encounter => 'e',
            _ => 'd',
        };
        let ids: Vec<String> = (0..1 + dice.below(4)).map(|_| format!("{letter}{}", dice.below(8))).collect();
        let value = ids.join(",");
        Self { name: "_id".into(), value, holds: Box::new(move |_, item| ids.contains(&item.id)) }
    }

    fn changed(dice: &mut Dice) -> Self {
        // Everything was made within minutes of nine o'clock.
        let text = format!("2026-03-03T09:0{}:{:02}Z", dice.below(2), dice.below(60));
        Self::dated("_lastUpdated", dice, &text, |item| {
            let at = millis(item.value["meta"]["lastUpdated"].as_str().unwrap());
            vec![(at, at)]
        })
    }

    fn listed(dice: &mut Dice) -> Self {
        let id = format!("l{}", dice.below(3));
        let list = (T::List, id.clone());
        let holds = move |view: &View, item: &Item| {
            let own = format!("{}/{}", item.kind, item.id);
            view.of(&list).is_some_and(|list| {
                list.value["entry"].as_array().unwrap().iter().any(|entry| entry["item"]["reference"] == own.as_str())
            })
        };
        Self { name: "_list".into(), value: id, holds: Box::new(holds) }
    }

    fn plain(dice: &mut Dice, world: &World, kind: T) -> Self {
        let code = dice.pick(params(kind));
        if dice.once_in(10) {
            let missing = dice.once_in(2);
            let holds = move |_: &View, item: &Item| item.values(code).is_empty() == missing;
            return Self { name: format!("{code}:missing"), value: missing.to_string(), holds: Box::new(holds) };
        }
        // What is asked for stands somewhere, or nearly.
        let asked = |value: &SearchValue| {
            use SearchValue as V;
            !matches!(value, V::TokenText(_) | V::TypedIdentifier { .. } | V::Word(_) | V::Sound(_))
        };
        let of_kind = world.items.iter().filter(|item| item.kind == kind);
        let found: Vec<SearchValue> = of_kind.flat_map(|item| item.values(code)).filter(asked).collect();
        if found.is_empty() {
            return Self::ids(dice, kind);
        }
        match &found[dice.below(found.len())] {
            SearchValue::Token { .. } => Self::token(dice, code, &found),
            SearchValue::Text(_) => Self::string(dice, code, &found),
            SearchValue::Date(_) => {
                let text = dice.pick(&DATES).to_owned();
                Self::dated(code, dice, &text, move |item| {
                    let range = |value| match value {
                        SearchValue::Date(range) => Some((range.start, range.end)),
                        _ => None,
                    };
                    item.values(code).into_iter().filter_map(range).collect()
                })
            }
            SearchValue::Number(_) => {
                let (text, test) = number(dice, &["0.5", "0.25", "0.1", "1", "0", "0.3", "0.50"]);
                let holds = move |_: &View, item: &Item| {
                    let passes = |value: &SearchValue| matches!(value, SearchValue::Number(n) if test.passes(fine(*n), fine(*n), 1));
                    item.values(code).iter().any(passes)
                };
                Self { name: code.into(), value: text, holds: Box::new(holds) }
            }
            SearchValue::Quantity(_) => {
                let (value, test) = Amount::any(dice);
                let holds = move |_: &View, item: &Item| item.values(code).iter().any(|value| test.passes(value));
                Self { name: code.into(), value, holds: Box::new(holds) }
            }
            SearchValue::Composite(parts) => {
                let (amount, test) = Amount::any(dice);
                let SearchValue::Token { code: wanted, .. } = parts[0].clone() else { panic!() };
                let value = format!("{}${amount}", escape(&wanted));
                let holds = move |_: &View, item: &Item| {
                    let coded =
                        |value: &SearchValue| matches!(value, SearchValue::Token { code, .. } if *code == wanted);
                    item.values("code").iter().any(coded)
                        && item.values("value-quantity").iter().any(|value| test.passes(value))
                };
                Self { name: code.into(), value, holds: Box::new(holds) }
            }
            SearchValue::Reference(_) => Self::reference(dice, code, &found),
            SearchValue::Uri(_) => Self::uri(dice, code, &found),
            other => panic!("{other:?}"),
        }
    }

    fn token(dice: &mut Dice, code: &'static str, found: &[SearchValue]) -> Self {
        let tokens: Vec<(Option<String>, String)> = found
            .iter()
            .filter_map(|value| match value {
                SearchValue::Token { system: TokenSystem::Uri(uri), code } => Some((Some(uri.clone()), code.clone())),
                SearchValue::Token { code, .. } => Some((None, code.clone())),
                _ => None,
            })
            .collect();
        /// What the system must be: anything, none, or this.
        type Asked = (Option<Option<String>>, Option<String>);
        let mut any: Vec<Asked> = Vec::new();
        let mut texts = Vec::new();
        for _ in 0..1 + dice.below(2) {
            let (system, held) = tokens[dice.below(tokens.len())].clone();
            let shown = if dice.once_in(3) { held.to_uppercase() } else { held.clone() };
            match (dice.below(4), system) {
                (0, Some(system)) => {
                    texts.push(format!("{}|{}", escape(&system), escape(&shown)));
                    any.push((Some(Some(system)), Some(held)));
                }
                (1, Some(system)) => {
                    texts.push(format!("{}|", escape(&system)));
                    any.push((Some(Some(system)), None));
                }
                (2, _) => {
                    texts.push(format!("|{}", escape(&shown)));
                    any.push((Some(None), Some(held)));
                }
                _ => {
                    texts.push(escape(&shown));
                    any.push((None, Some(held)));
                }
            }
        }
        let not = dice.once_in(4);
        let holds = move |_: &View, item: &Item| {
            let fits = |value: &SearchValue| {
                let SearchValue::Token { system: own, code: held } = value else { return false };
                any.iter().any(|(system, code)| {
                    let system = match (system, own) {
                        (None, _) | (_, TokenSystem::Implied) => true,
                        (Some(None), own) => *own == TokenSystem::None,
                        (Some(Some(wanted)), TokenSystem::Uri(own)) => wanted == own,
                        _ => false,
                    };
                    system && code.as_ref().is_none_or(|code| code.eq_ignore_ascii_case(held))
                })
            };
            item.values(code).iter().any(fits) != not
        };
        let name = if not { format!("{code}:not") } else { code.to_owned() };
        Self { name, value: texts.join(","), holds: Box::new(holds) }
    }

    fn string(dice: &mut Dice, code: &'static str, found: &[SearchValue]) -> Self {
        let SearchValue::Text(text) = &found[dice.below(found.len())] else { panic!() };
        let letters: Vec<char> = text.exact.chars().collect();
        let how = dice.below(4);
        let (from, to) = match how {
            0 => (0, letters.len()),
            1 => (dice.below(letters.len()), letters.len()),
            // From one of the words on.
            2 => {
                let begins = |at: &usize| *at == 0 || !letters[at - 1].is_alphanumeric();
                let words: Vec<usize> = (0..letters.len()).filter(begins).collect();
                let from = words[dice.below(words.len())];
                (from, from + 1 + dice.below(letters.len() - from))
            }
            _ => (0, 1 + dice.below(letters.len())),
        };
        let part: String = letters[from..to].iter().collect();
        let part = if fold(&part).is_empty() { "n".to_owned() } else { part };
        let name = match how {
            0 => format!("{code}:exact"),
            1 => format!("{code}:contains"),
            _ => code.to_owned(),
        };
        let value = escape(&part);
        let holds = move |_: &View, item: &Item| {
            item.values(code).iter().any(|value| {
                let SearchValue::Text(text) = value else { return false };
                let (own, wanted) = (fold(&text.exact), fold(&part));
                let is_name = matches!(item.kind, T::Patient | T::Practitioner);
                match how {
                    0 => text.exact == part,
                    1 => own.contains(&wanted),
                    _ => own.starts_with(&wanted) || (is_name && begins_with_words(&own, &wanted)),
                }
            })
        };
        Self { name, value, holds: Box::new(holds) }
    }

    fn dated(name: &str, dice: &mut Dice, text: &str, ranges: impl Fn(&Item) -> Vec<(i64, i64)> + 'static) -> Self {
        let prefix = dice.pick(&["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb"]);
        let (first, last) = moments(text);
        let holds = move |_: &View, item: &Item| {
            ranges(item).into_iter().any(|(start, end)| {
                let inside = first <= start && end <= last;
                let (some_later, some_earlier) = (end > last, start < first);
                match prefix {
                    "ne" => !inside,
                    "gt" => some_later,
                    "lt" => some_earlier,
                    "ge" => some_later || inside,
                    "le" => some_earlier || inside,
                    "sa" => start > last,
                    "eb" => end < first,
                    _ => inside,
                }
            })
        };
        Self { name: name.to_owned(), value: format!("{prefix}{text}"), holds: Box::new(holds) }
    }

    fn reference(dice: &mut Dice, code: &'static str, found: &[SearchValue]) -> Self {
        let targets: Vec<&ReferenceTarget> = found
            .iter()
            .filter_map(|value| match value {
                SearchValue::Reference(target) => Some(target),
                _ => None,
            })
            .collect();
        let target = targets[dice.below(targets.len())].clone();
        let (name, value) = match &target {
            ReferenceTarget::Local { kind, id } => match dice.below(4) {
                0 => (code.to_owned(), id.to_string()),
                1 if code != "patient" => (format!("{code}:{kind}"), id.to_string()),
                2 => (code.to_owned(), format!("{kind}/{id},{kind}/nobody")),
                _ => (code.to_owned(), format!("{kind}/{id}")),
            },
            ReferenceTarget::Absolute(url) => (code.to_owned(), url.clone()),
            ReferenceTarget::Identifier { system, value } => {
                (format!("{code}:identifier"), format!("{}|{value}", system.clone().unwrap_or_default()))
            }
            ReferenceTarget::Canonical { .. } | ReferenceTarget::Contained { .. } => panic!(),
        };
        let any_type = !name.contains(':') && !value.contains('/');
        let holds = move |_: &View, item: &Item| {
            item.values(code).iter().any(|value| match (value, &target) {
                (
                    SearchValue::Reference(ReferenceTarget::Local { kind, id }),
                    ReferenceTarget::Local { kind: wanted, id: wanted_id },
                ) => id == wanted_id && (any_type || kind == wanted),
                (SearchValue::Reference(own), wanted) => own == wanted,
                _ => false,
            })
        };
        Self { name, value, holds: Box::new(holds) }
    }

    fn uri(dice: &mut Dice, code: &'static str, found: &[SearchValue]) -> Self {
        let SearchValue::Uri(uri) = found[dice.below(found.len())].clone() else { panic!() };
        let below = uri.starts_with("http") && dice.once_in(2);
        let name = if below { format!("{code}:below") } else { code.to_owned() };
        let value = uri.clone();
        let holds = move |_: &View, item: &Item| {
            item.values(code).iter().any(|value| {
                let SearchValue::Uri(own) = value else { return false };
                *own == uri || (below && own.starts_with(&format!("{uri}/")))
            })
        };
        Self { name, value, holds: Box::new(holds) }
    }
}

/// Whether a name has these words somewhere, the last of them begun: what is no letter parts words, or is not there at all.
fn begins_with_words(own: &str, wanted: &str) -> bool {
    let readings = |text: &str| -> [Vec<String>; 2] {
        let parts = text.split(|c: char| !c.is_alphanumeric()).map(str::to_owned);
        let wholes =
            text.split_whitespace().map(|word| word.chars().filter(|c| c.is_alphanumeric()).collect::<String>());
        [parts.filter(|word| !word.is_empty()).collect(), wholes.filter(|word| !word.is_empty()).collect()]
    };
    let asked = readings(wanted).into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>();
    readings(own).iter().any(|words| {
        (0..words.len()).any(|from| {
            asked.iter().any(|asked| {
                let rest = &words[from..];
                let Some((last, before)) = asked.split_last() else { return false };
                rest.len() > before.len()
                    && before.iter().zip(rest).all(|(asked, own)| asked == own)
                    && rest[before.len()].starts_with(last)
            })
        })
    })
}

fn millis(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

/// The first and the last millisecond that a date or time means.
fn moments(text: &str) -> (i64, i64) {
    let day = |text: &str| millis(&format!("{text}T00:00:00Z"));
    match text.len() {
        4 => {
            let next: i32 = text.parse::<i32>().unwrap() + 1;
            (day(&format!("{text}-01-01")), day(&format!("{next}-01-01")) - 1)
        }
        7 => {
            let first: jiff::civil::Date = format!("{text}-01").parse().unwrap();
            (day(&first.to_string()), day(&first.checked_add(jiff::Span::new().months(1)).unwrap().to_string()) - 1)
        }
        10 => (day(text), day(text) + 86_399_999),
        _ if text.contains('.') => (millis(text), millis(text)),
        _ => (millis(text), millis(text) + 999),
    }
}

/// Millionths, so that halves and pounds are whole numbers. Open ends stay far away.
#[allow(clippy::cast_possible_truncation)]
fn fine(number: f64) -> i128 {
    if number.is_infinite() {
        return if number > 0.0 { 10_i128.pow(24) } else { -(10_i128.pow(24)) };
    }
    (number * 1e6).round() as i128
}

/// A number as asked: its prefix, and its millionths with half of the last digit.
struct Number {
    prefix: &'static str,
    value: i128,
    half: i128,
}

fn number(dice: &mut Dice, from: &[&'static str]) -> (String, Number) {
    let prefix = dice.pick(&["", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]);
    let text = dice.pick(from);
    let digits = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    let value = fine(text.parse().unwrap());
    let half = 5 * 10_i128.pow(u32::try_from(5 - digits).unwrap());
    (format!("{prefix}{text}"), Number { prefix, value, half })
}

impl Number {
    /// Whether the stretch from `low` to `high` passes; `factor` leads from the unit asked for to that of the stretch.
    fn passes(&self, low: i128, high: i128, factor: i128) -> bool {
        let (value, half) = (self.value * factor, self.half * factor);
        let equal = (value - half <= low && high < value + half) || (low == value && high == value);
        let tenth = (value / 10).abs();
        match self.prefix {
            "ne" => !equal,
            "gt" => high > value,
            "lt" => low < value,
            "ge" => high >= value,
            "le" => low <= value,
            "sa" => low > value,
            "eb" => high < value,
            "ap" => low <= value + tenth && value - tenth <= high,
            _ => equal,
        }
    }
}

/// An amount as asked.
struct Amount {
    number: Number,
    system: Option<&'static str>,
    unit: Option<&'static str>,
}

/// Hundred-thousandths of a gram in a unit.
fn grams(unit: &str) -> Option<i128> {
    match unit {
        "kg" => Some(100_000_000),
        "g" => Some(100_000),
        "[lb_av]" => Some(45_359_237),
        _ => None,
    }
}

impl Amount {
    fn any(dice: &mut Dice) -> (String, Self) {
        let (mut text, number) = number(dice, &["70", "70.5", "70.50", "71", "2.5", "1", "70500", "0.5", "-3", "2500"]);
        let system = match dice.below(4) {
            0 => None,
            1 => Some(""),
            2 => Some("urn:units"),
            _ => Some(UCUM),
        };
        let unit = system.map(|_| dice.pick(&["kg", "g", "[lb_av]", "pills"]));
        if let (Some(system), Some(unit)) = (system, unit) {
            write!(text, "|{system}|{unit}").unwrap();
        }
        (text, Self { number, system, unit })
    }

    fn passes(&self, value: &SearchValue) -> bool {
        let SearchValue::Quantity(own) = value else { return false };
        let (low, high) = (fine(own.low), fine(own.high));
        let (Some(system), Some(unit)) = (self.system, self.unit) else { return self.number.passes(low, high, 1) };
        let is_ucum = own.system.is_none() || own.system.as_deref() == Some(UCUM);
        let own_grams = own.code.as_deref().or(own.unit.as_deref()).filter(|_| is_ucum).and_then(grams);
        let asked_grams = grams(unit).filter(|_| system == UCUM);
        if let (Some(own), Some(asked)) = (own_grams, asked_grams) {
            return self.number.passes(low * own, high * own, asked);
        }
        let same = match system {
            "" => own.code.as_deref() == Some(unit) || own.unit.as_deref() == Some(unit),
            system => own.system.as_deref() == Some(system) && own.code.as_deref() == Some(unit),
        };
        same && self.number.passes(low, high, 1)
    }
}

/// What a value is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i128),
    Text(String),
}

/// One search.
struct Asked {
    kind: T,
    conditions: Vec<Cond>,
    sorts: Vec<(&'static str, bool)>,
    includes: Vec<&'static str>,
}

impl Asked {
    fn any(dice: &mut Dice, world: &World) -> Self {
        let kinds = [
            T::Patient,
            T::Observation,
            T::Observation,
            T::Observation,
            T::Encounter,
            T::RiskAssessment,
            T::ValueSet,
            T::Practitioner,
        ];
        let kind = kinds[dice.below(kinds.len())];
        let conditions = (0..dice.below(4)).map(|_| Cond::any(dice, world, kind, 0)).collect();
        let mut by = Vec::new();
        for _ in 0..dice.below(4) {
            let key = dice.pick(sorts(kind));
            if !by.iter().any(|(known, _)| *known == key) {
                by.push((key, dice.once_in(2)));
            }
        }
        let includes = (0..dice.below(5).saturating_sub(2)).map(|_| dice.pick(includes(kind))).collect();
        Self { kind, conditions, sorts: by, includes }
    }

    /// Answers with how many searches were answered: 1, or 0 where this actor may not ask so.
    fn check(&self, dice: &mut Dice, house: &Box_, actor: &Actor, view: &View, about: &str) -> usize {
        let count = [1, 2, 3, 7, 50][dice.below(5)];
        let accurate = dice.once_in(3);
        let mut text = format!("_count={count}");
        if accurate {
            text.push_str("&_total=accurate");
        }
        for condition in &self.conditions {
            text.push('&');
            encode(&condition.name, &mut text);
            text.push('=');
            encode(&condition.value, &mut text);
        }
        if !self.sorts.is_empty() {
            let by: Vec<String> =
                self.sorts.iter().map(|(code, down)| format!("{}{code}", if *down { "-" } else { "" })).collect();
            write!(text, "&_sort={}", by.join(",")).unwrap();
        }
        for include in &self.includes {
            write!(text, "&{include}").unwrap();
        }
        let about = format!("{about}: {}?{text}", self.kind);
        let expected = self.expected(view);
        let mut found: Vec<String> = Vec::new();
        let mut next = None::<String>;
        loop {
            let query = next.as_ref().map_or_else(|| text.clone(), |cursor| format!("{text}&_cursor={cursor}"));
            let page = match house.search(actor, self.kind, &query) {
                Ok(page) => page,
                // What is hidden of a type is not asked for, and some types are not for everybody.
                Err(RecordError::UnsupportedSearch(_) | RecordError::Denied(_)) if !about.contains("system") => {
                    return 0;
                }
                Err(error) => panic!("{about}: {error}"),
            };
            if accurate {
                assert_eq!(page.total, Some(expected.len() as u64), "{about}");
            }
            Self::check_included(&self.includes, view, &page, &about);
            found.extend(page.matches.iter().map(|one| one.id.to_string()));
            next = page.next;
            if next.is_none() {
                break;
            }
            assert!(found.len() <= expected.len(), "{about}: {found:?} is more than {expected:?}");
        }
        if self.sorts.is_empty() {
            let once: BTreeSet<&String> = found.iter().collect();
            assert_eq!(once.len(), found.len(), "{about}: {found:?} has one twice");
            assert_eq!(once, expected.iter().collect(), "{about}");
        } else {
            assert_eq!(found, expected, "{about}");
        }
        1
    }

    fn expected(&self, view: &View) -> Vec<String> {
        let of_kind = view.0.iter().filter(|item| item.kind == self.kind);
        let passes = |item: &&Item| self.conditions.iter().all(|condition| (condition.holds)(view, item));
        let mut all: Vec<&Item> = of_kind.filter(passes).collect();
        all.sort_by(|a, b| {
            let keys = self.sorts.iter().map(|(code, down)| match (key(a, code, *down), key(b, code, *down)) {
                (None, None) => std::cmp::Ordering::Equal,
                (None, _) => std::cmp::Ordering::Greater,
                (_, None) => std::cmp::Ordering::Less,
                (one, other) => {
                    if *down {
                        other.cmp(&one)
                    } else {
                        one.cmp(&other)
                    }
                }
            });
            keys.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then).then(b.made.cmp(&a.made))
        });
        all.into_iter().map(|item| item.id.clone()).collect()
    }

    /// Everything that the includes lead to, step by step.
    fn check_included(includes: &[&str], view: &View, page: &Page, about: &str) {
        let matches: Seen = page.matches.iter().map(|one| (one.kind, one.id.to_string())).collect();
        let mut expected = Seen::new();
        let mut fresh = matches.clone();
        let mut first = true;
        while !fresh.is_empty() {
            let mut next = Seen::new();
            for include in includes.iter().filter(|include| first || include.contains(":iterate")) {
                let (way, what) = include.split_once('=').unwrap();
                let parts: Vec<&str> = what.split(':').collect();
                let pairs = view.0.iter().flat_map(|item| {
                    let r4 = Definitions::r4();
                    let all = r4
                        .search_params(item.kind)
                        .iter()
                        .filter(|one| one.kind == crate::fhir::definitions::ParamKind::Reference);
                    let codes = all
                        .map(|one| one.code)
                        .filter(|code| parts.get(1).is_none_or(|asked| *asked == "*" || asked == code));
                    let codes: Vec<&str> =
                        if parts[0] == "*" || parts[0] == item.kind.name() { codes.collect() } else { vec![] };
                    codes
                        .into_iter()
                        .flat_map(|code| item.references(code))
                        .map(|to| (item.name(), to))
                        .collect::<Vec<_>>()
                });
                for (from, to) in pairs {
                    if parts.get(2).is_some_and(|target| *target != to.0.name()) {
                        continue;
                    }
                    let (known, new) = if way.starts_with("_include") { (from, to) } else { (to, from) };
                    if fresh.contains(&known)
                        && view.of(&new).is_some()
                        && !matches.contains(&new)
                        && expected.insert(new.clone())
                    {
                        next.insert(new);
                    }
                }
            }
            first = false;
            fresh = next;
        }
        let found: Seen = page.included.iter().map(|one| (one.kind, one.id.to_string())).collect();
        assert_eq!(found.len(), page.included.len(), "{about}: something comes along twice");
        assert_eq!(found, expected, "{about}: of what comes along");
    }
}

fn key(item: &Item, code: &str, down: bool) -> Option<Key> {
    let keys = match code {
        "_id" => vec![Key::Text(item.id.clone())],
        "_lastUpdated" => vec![Key::Number(i128::from(millis(item.value["meta"]["lastUpdated"].as_str().unwrap())))],
        _ => item
            .values(code)
            .into_iter()
            .filter_map(|value| match value {
                SearchValue::Text(text) => Some(Key::Text(text.folded)),
                SearchValue::Token { code, .. } => Some(Key::Text(code)),
                SearchValue::Date(range) => Some(Key::Number(i128::from(range.start))),
                SearchValue::Number(number) => Some(Key::Number(fine(number))),
                SearchValue::Quantity(own) => {
                    let factor = own.code.as_deref().filter(|_| own.system.as_deref() == Some(UCUM)).and_then(grams);
                    // In grams, as the box compares them; what has no such unit by its number.
                    let factor = if own.low.is_finite() { factor.unwrap_or(100_000) } else { 1 };
                    Some(Key::Number(fine(own.low) * factor))
                }
                SearchValue::Uri(uri) => Some(Key::Text(uri)),
                SearchValue::Reference(ReferenceTarget::Local { kind, id }) => Some(Key::Text(format!("{kind}/{id}"))),
                _ => None,
            })
            .collect(),
    };
    if down { keys.into_iter().max() } else { keys.into_iter().min() }
}
