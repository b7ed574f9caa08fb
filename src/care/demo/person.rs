//! Who the patients are: households of one to five people, whose ages, names and addresses belong together.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::clinic::{Clinic, NAME};
use super::dice::{Dice, id};
use super::make::{days_before, hl7, named, resource, years_between};
use super::names::{DRAWS, Origin, STREETS, TOWNS, origin, plain};
use crate::record::CLINIC_NUMBER;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sex {
    Female,
    Male,
}

/// A patient as the rest of the chart needs one.
#[derive(Clone)]
pub(super) struct Person {
    pub index: u64,
    pub id: String,
    pub sex: Sex,
    pub born: Date,
    pub age: i64,
    pub given: String,
    pub family: String,
    /// The day of death, for a few.
    pub died: Option<Date>,
    /// The place in the staff of the doctor who knows them.
    pub doctor: usize,
    former: Option<String>,
    street: String,
    town: (&'static str, &'static str),
    language: (&'static str, &'static str),
    married: bool,
    /// A parent's given and family name, for a child.
    pub parent: Option<(String, String)>,
    home_phone: i64,
    mobile: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Parent,
    Partner,
    Child,
    Elder,
    ElderPartner,
    Single,
}

const BLOCK: u64 = 5;

/// How five neighbours live: the household of each, and the part in it.
const PATTERNS: [[(u64, Part); 5]; 6] = {
    use Part::{Child, Elder, ElderPartner, Parent, Partner, Single};
    [
        [(0, Parent), (0, Partner), (0, Child), (0, Child), (1, Elder)],
        [(0, Elder), (0, ElderPartner), (1, Single), (2, Single), (3, Elder)],
        [(0, Single), (1, Parent), (1, Child), (1, Child), (2, Elder)],
        [(0, Single), (1, Elder), (2, Single), (3, Single), (4, Elder)],
        [(0, Parent), (0, Partner), (0, Child), (0, Child), (0, Child)],
        [(0, Elder), (0, ElderPartner), (1, Parent), (1, Partner), (1, Child)],
    ]
};

impl Person {
    pub fn of(seed: u64, index: u64, today: Date) -> Self {
        let block = index / BLOCK;
        let pattern = usize::try_from(Dice::of(seed, "pattern", block).between(0, 5)).unwrap_or(0);
        let place = usize::try_from(index % BLOCK).unwrap_or(0);
        let (household, part) =
            PATTERNS.get(pattern).and_then(|pattern| pattern.get(place)).copied().unwrap_or((0, Part::Single));
        let mut home = Dice::of(seed, "household", block * BLOCK + household);
        let mut own = Dice::of(seed, "person", index);

        let of = origin(home.between(0, DRAWS - 1));
        let surname = home.pick(of.family);
        let (parent_age, elder_age) = (home.between(29, 50), home.between(66, 91));
        let street = format!("{} {}", home.between(1, 120), home.pick(STREETS));
        let (town, home_phone) = (home.pick(TOWNS), home.between(0, 999));
        let first_is_female = home.percent(50);
        let parent_given = home.pick(given_names(&of, first_is_female));

        let age = match part {
            Part::Parent => parent_age,
            Part::Partner => (parent_age + own.between(-4, 5)).max(25),
            Part::Child => (parent_age - own.between(23, 34)).clamp(0, 17),
            Part::Elder => elder_age,
            Part::ElderPartner => (elder_age + own.between(-5, 5)).max(62),
            Part::Single => own.between(18, 64),
        };
        let sex = match part {
            Part::Parent | Part::Elder if first_is_female => Sex::Female,
            Part::Parent | Part::Elder => Sex::Male,
            Part::Partner | Part::ElderPartner if first_is_female != own.percent(4) => Sex::Male,
            Part::Partner | Part::ElderPartner => Sex::Female,
            Part::Child | Part::Single if own.percent(51) => Sex::Female,
            Part::Child | Part::Single => Sex::Male,
        };
        let partner = matches!(part, Part::Partner | Part::ElderPartner);
        // A third of couples come from two places.
        let from = if partner && own.percent(33) { origin(own.between(0, DRAWS - 1)) } else { of };
        let given = match part {
            Part::Parent | Part::Elder => parent_given,
            _ => {
                let (first, second) = (
                    own.pick(given_names(&from, sex == Sex::Female)),
                    own.pick(given_names(&from, sex == Sex::Female)),
                );
                if first == parent_given { second } else { first }
            }
        };
        let other_name = own.pick(from.family);
        let (family, former) = match own.between(0, 9) {
            0 | 1 if partner && other_name != surname => {
                (format!("{surname}-{other_name}"), Some(other_name.to_owned()))
            }
            2 | 3 if partner => (other_name.to_owned(), None),
            4..=7 if partner && other_name != surname => (surname.to_owned(), Some(other_name.to_owned())),
            _ => (surname.to_owned(), None),
        };
        let birthday = today.saturating_sub(jiff::Span::new().years(age).days(own.between(0, 360)));
        let born = if part == Part::Child && age == 0 { days_before(today, own.between(30, 330)) } else { birthday };
        let died = (age >= 80 && own.percent(6)).then(|| days_before(today, own.between(20, 300)));
        let second = own.percent(22);
        let middle = own.pick(given_names(&from, sex == Sex::Female));
        Self {
            index,
            id: patient_id(seed, index),
            sex,
            born,
            age: years_between(born, today),
            given: if second && middle != given { format!("{given} {middle}") } else { given.to_owned() },
            family,
            died,
            doctor: usize::try_from(home.between(0, 2)).unwrap_or(0),
            former: former.filter(|_| age > 17),
            street,
            town,
            language: if own.percent(35) { from.language } else { ("en", "English") },
            married: partner || (matches!(part, Part::Parent | Part::Elder) && own.percent(70)),
            parent: (part == Part::Child).then(|| (parent_given.to_owned(), surname.to_owned())),
            home_phone,
            mobile: own.between(0, 999),
        }
    }

    /// A person of the cast: fixed where the story needs it, by chance elsewhere.
    pub fn cast(seed: u64, index: u64, today: Date, sex: Sex, name: (&str, &str), born: (i64, i8, i8)) -> Self {
        let (age, month, day) = born;
        let this_year = Date::new(today.year(), month, day).unwrap_or(today);
        let turned = if this_year <= today { this_year } else { this_year.saturating_sub(jiff::Span::new().years(1)) };
        let mut person = Self::of(seed, index, today);
        person.sex = sex;
        person.born = turned.saturating_sub(jiff::Span::new().years(age));
        person.age = age;
        (person.given, person.family) = (name.0.into(), name.1.into());
        (person.former, person.died, person.parent, person.doctor) = (None, None, None, 0);
        person.language = ("en", "English");
        person
    }

    pub fn reference(&self) -> Value {
        named("Patient", &self.id, &self.display())
    }

    pub fn display(&self) -> String {
        format!("{} {}", self.given, self.family)
    }

    pub fn patient(&self, clinic: &Clinic) -> Value {
        let given: Vec<&str> = self.given.split(' ').collect();
        let mut names = vec![json!({"use": "official", "family": self.family, "given": given})];
        if let Some(former) = &self.former {
            names.push(json!({"use": "maiden", "family": former, "given": given}));
        }
        resource(
            "Patient",
            &self.id,
            json!({
                "identifier": [self.clinic_number(), self.health_number()],
                "active": self.died.is_none(),
                "name": names,
                "telecom": self.telecom(),
                "gender": if self.sex == Sex::Female { "female" } else { "male" },
                "birthDate": self.born.to_string(),
                "deceasedDateTime": self.died.map_or(Value::Null, |day| day.to_string().into()),
                "address": [{
                    "use": "home", "line": [self.street], "city": self.town.0, "postalCode": self.town.1, "country": "GB",
                }],
                "maritalStatus": self.marital(),
                "contact": self.contact(),
                "communication": [{"language": {
                    "coding": [{"system": "urn:ietf:bcp:47", "code": self.language.0}], "text": self.language.1,
                }, "preferred": true}],
                "generalPractitioner": [clinic.by(self.doctor)],
                "managingOrganization": named("Organization", &clinic.organization(), NAME),
            }),
        )
    }

    /// The parent of a child, as the person who may act for it.
    pub fn related(&self, seed: u64) -> Option<Value> {
        let (given, family) = self.parent.as_ref()?;
        Some(resource(
            "RelatedPerson",
            &related_id(seed, self.index),
            json!({
                "active": true,
                "patient": self.reference(),
                "relationship": [hl7("v3-RoleCode", "PRN")],
                "name": [{"use": "official", "family": family, "given": [given]}],
                "telecom": [{"system": "phone", "value": format!("07700 900 {:03}", self.home_phone), "use": "mobile"}],
                "address": [{"use": "home", "line": [self.street], "city": self.town.0, "postalCode": self.town.1, "country": "GB"}],
            }),
        ))
    }

    /// Six digits in two groups, one number for each patient.
    fn clinic_number(&self) -> Value {
        let number = 4127 + self.index;
        let value = format!("{:03} {:03}", number / 1000, number % 1000);
        json!({"use": "usual", "type": hl7("v2-0203", "MR"), "system": CLINIC_NUMBER, "value": value})
    }

    fn health_number(&self) -> Value {
        let number = (44_172_263 + self.index * 7_919_003) % 100_000_000;
        let value = format!("70-{:04}-{:04}", number / 10_000, number % 10_000);
        json!({"use": "official", "type": hl7("v2-0203", "NI"), "system": "https://chartbox.example/health-number", "value": value})
    }

    /// Numbers kept free for invented people (Ofcom's 01632 960 and 07700 900), and the domain that RFC 2606 keeps free.
    fn telecom(&self) -> Value {
        let mut all =
            vec![json!({"system": "phone", "value": format!("01632 960 {:03}", self.home_phone), "use": "home"})];
        if self.age >= 14 && self.age < 85 {
            all.push(json!({"system": "phone", "value": format!("07700 900 {:03}", self.mobile), "use": "mobile"}));
        }
        if self.age >= 16 && self.age < 80 {
            let first = self.given.split(' ').next().unwrap_or_default();
            all.push(
                json!({"system": "email", "value": format!("{}.{}@mail.example", plain(first), plain(&self.family))}),
            );
        }
        all.into()
    }

    fn marital(&self) -> Value {
        match (self.age, self.married) {
            (..18, _) => Value::Null,
            (_, true) => hl7("v3-MaritalStatus", "M"),
            _ => hl7("v3-MaritalStatus", "S"),
        }
    }

    fn contact(&self) -> Value {
        let Some((given, family)) = &self.parent else { return Value::Null };
        json!([{
            "relationship": [hl7("v2-0131", "N")],
            "name": {"family": family, "given": [given]},
            "telecom": [{"system": "phone", "value": format!("07700 900 {:03}", self.home_phone), "use": "mobile"}],
        }])
    }
}

const fn given_names(of: &Origin, female: bool) -> &'static [&'static str] {
    if female { of.female } else { of.male }
}

pub(super) fn patient_id(seed: u64, index: u64) -> String {
    id(seed, "Patient", index, 0)
}

pub(super) fn related_id(seed: u64, index: u64) -> String {
    id(seed, "RelatedPerson", index, 0)
}
