//! The formulary: a clinic's medicines, the rules that prescriptions are checked by, and the codes that are offered for problems
//! and orders, as one file that is replaced whole.
//!
//! Nothing clinical stands in this program. What a medicine is, which allergy it touches, what it must not meet and how much is
//! too much come from this file alone, each rule with its source, its date and the place in the source; what the file does not
//! say is not checked, and the screen says so.
//!
//! # The file, version 1
//!
//! UTF-8 text, one JSON object a line. Empty lines and lines that begin with `#` say nothing. The first object is the head, all
//! others are rows. Names that are not listed here are refused. Texts have 1 to 300 characters, ids 1 to 64 of `a-z 0-9 . _ -`.
//!
//! ```text
//! {"formulary": 1, "name": "…", "country": "NO", "date": "2026-01-12", "validUntil": "2026-12-31", "source": "…", "invented": true}
//! ```
//!
//! `country` is ISO 3166-1 alpha-2. After `validUntil` every screen that uses the file is red. `invented` (left out: false) is for
//! demonstrations: the screens then say that nothing in it is true.
//!
//! | `row` | names | what it says |
//! |---|---|---|
//! | `substance` | `id` `name` `names`* `codes`* `translations`* | an active substance |
//! | `medicine` | `id` `name` `names`* `codes`* `contains` `form` `strength` `unit` `routes` | what is prescribed; `unit` is what one takes (`tablet`, `mL`) |
//! | `class` | `id` `name` `names`* `codes`* `translations`* `substances` + | an allergy class: who is allergic to one is warned of all |
//! | `interaction` | `between` `severity` `text` + | two that must not meet: each the id of a substance, class or group |
//! | `group` | `id` `name` `substances` + | duplicate therapy: one of these at a time |
//! | `dose` | `substance` `route`* `fromAge`* `toAge`* `maxOnce`* `maxDay`* + | the most at once and in a day, in years of age from and below |
//! | `covers` | `check` `substances` + | the file is complete for `interactions` among these, or for the `classes` or `groups` of each |
//! | `range` | `system` `code` `unit` `low`* `high`* `fromAge`* `toAge`* + | what is usual of a measurement, in a unit of UCUM: compared with it is what brings no range itself |
//! | `problem` | `system` `code` `display` `names`* `translations`* | what is offered for the list of problems |
//! | `order` | the same | what is offered as an order |
//!
//! `*` may be left out. `+` are `source`, `date` and `locator`, which every rule has. A code is `{"system": URI, "code": CODE}`, for
//! instance of ATC, RxNorm or a national register. `contains` lists `{"substance": ID, "amount": {"value": 500, "unit": "mg"}}` in one
//! `unit`; without `amount` doses of the medicine cannot be checked. A route is `{"code": CODE, "text": TEXT}` of one's own
//! choice, with `system` where it is a public one. `severity` is `serious` or `caution`. `translations` are the name or the display by
//! language: `{"es": "…"}`. Of the problems, and of the orders, no two have one display or one code.
//!
//! **A check passes only by a rule.** That two medicines have no `interaction` row says nothing until a `covers` row names both.

mod codes;
mod find;
mod kept;
mod read;
mod rows;

pub use codes::{Coded, FoundCodes, List, concept};
pub use find::{Found, Known};
pub use kept::{Age, Kept, KeptError, current, keep, loaded, standing};
pub use read::{Fault, Limits, ReadError, read};
pub use rows::{
    Amount, ClassRow, Code, Content, CoverCheck, CoverRow, DoseRow, GroupRow, Head, InteractionRow, Medicine, RangeRow,
    Route, Rule, Severity, Substance,
};

use std::collections::{BTreeMap, BTreeSet};

/// The coding system of this file's own ids of medicines, in what is prescribed from it.
pub const MEDICINE: &str = "urn:chartbox:formulary-medicine";

/// A whole file, checked. Substances are meant by their place in it.
#[derive(Debug, Clone, Default)]
pub struct Formulary {
    pub head: Head,
    pub substances: Vec<Substance>,
    pub medicines: Vec<Medicine>,
    pub classes: Vec<ClassRow>,
    pub interactions: Vec<InteractionRow>,
    pub groups: Vec<GroupRow>,
    pub doses: Vec<DoseRow>,
    pub covers: Vec<CoverRow>,
    pub ranges: Vec<RangeRow>,
    pub problems: Vec<Coded>,
    pub orders: Vec<Coded>,
    /// What an allergy is written down by: the substances and the classes. They are no rows of their own.
    allergens: Vec<Coded>,
    /// BLAKE3 of the text.
    pub hash: [u8; 32],
    index: find::Index,
}

/// How many rows of each kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pub substances: usize,
    pub medicines: usize,
    pub classes: usize,
    pub interactions: usize,
    pub groups: usize,
    pub doses: usize,
    pub covers: usize,
    pub ranges: usize,
    pub problems: usize,
    pub orders: usize,
}

impl Formulary {
    pub fn counts(&self) -> Counts {
        Counts {
            substances: self.substances.len(),
            medicines: self.medicines.len(),
            classes: self.classes.len(),
            interactions: self.interactions.len(),
            groups: self.groups.len(),
            doses: self.doses.len(),
            covers: self.covers.len(),
            ranges: self.ranges.len(),
            problems: self.problems.len(),
            orders: self.orders.len(),
        }
    }

    /// The hash as people compare it.
    pub fn fingerprint(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.hash)
    }

    pub fn substance(&self, id: &str) -> Option<&Substance> {
        self.substances.iter().find(|one| one.id == id)
    }

    pub fn medicine(&self, id: &str) -> Option<&Medicine> {
        self.index.medicine(id).and_then(|at| self.medicines.get(at))
    }

    /// The one medicine that is called so, with its strength.
    pub fn medicine_named(&self, name: &str) -> Option<&Medicine> {
        self.index.named(name).and_then(|at| self.medicines.get(at))
    }

    /// The substances that an id of a rule means: itself, or the members of a class or group.
    pub fn members(&self, id: &str) -> BTreeSet<&str> {
        let class = self.classes.iter().find(|one| one.id == id).map(|one| &one.substances);
        let group = self.groups.iter().find(|one| one.id == id).map(|one| &one.substances);
        match class.or(group) {
            Some(members) => members.iter().map(String::as_str).collect(),
            None => self.substances.iter().filter(|one| one.id == id).map(|one| one.id.as_str()).collect(),
        }
    }

    /// What is usual of a measurement, in this unit of UCUM and at this age.
    pub fn usual(&self, (system, code): (&str, &str), unit: &str, age: Option<u16>) -> Option<&RangeRow> {
        let fits =
            |row: &&RangeRow| (row.system.as_str(), row.code.as_str(), row.unit.as_str()) == (system, code, unit);
        self.ranges.iter().filter(fits).find(|row| row.is_for(age))
    }

    /// What an id of a rule is called.
    pub fn name_of<'a>(&'a self, id: &'a str) -> &'a str {
        let substance = self.substance(id).map(|one| one.name.as_str());
        let class = || self.classes.iter().find(|one| one.id == id).map(|one| one.name.as_str());
        let group = || self.groups.iter().find(|one| one.id == id).map(|one| one.name.as_str());
        substance.or_else(class).or_else(group).unwrap_or(id)
    }

    /// The same rows in another order, for tests of what must not depend on it.
    #[cfg(test)]
    pub fn shuffled(mut self, turn: usize) -> Self {
        fn turned<T>(rows: &mut [T], by: usize) {
            let length = rows.len().max(1);
            rows.rotate_left(by % length);
            if by % 2 == 1 {
                rows.reverse();
            }
        }
        turned(&mut self.classes, turn);
        turned(&mut self.interactions, turn);
        turned(&mut self.groups, turn);
        turned(&mut self.doses, turn);
        turned(&mut self.covers, turn);
        turned(&mut self.ranges, turn);
        self
    }

    /// Without any rule, for tests of what needs one.
    #[cfg(test)]
    pub fn without_rules(mut self) -> Self {
        self.classes.clear();
        self.interactions.clear();
        self.groups.clear();
        self.doses.clear();
        self.covers.clear();
        self.ranges.clear();
        self.indexed()
    }

    fn indexed(mut self) -> Self {
        self.allergens = codes::allergens(&self);
        self.index = find::Index::of(&self);
        self
    }
}

/// Every id that a rule may name, with what it is.
type Ids = BTreeMap<String, rows::What>;
