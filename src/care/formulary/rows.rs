//! The objects of the file, as its lines hold them.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Deserialize;

/// The first object.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Head {
    /// The version of the format.
    pub(super) formulary: u32,
    pub name: String,
    pub country: String,
    pub date: Date,
    pub valid_until: Date,
    pub source: String,
    #[serde(default)]
    pub invented: bool,
}

/// A code of a terminology.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    pub system: String,
    pub code: String,
}

/// So much of a unit.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Amount {
    pub value: f64,
    pub unit: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substance {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub codes: Vec<Code>,
    /// The name in other languages, by their two letters.
    #[serde(default)]
    pub translations: BTreeMap<String, String>,
}

/// What of a substance is in one unit of a medicine.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    pub substance: String,
    #[serde(default)]
    pub amount: Option<Amount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    #[serde(default)]
    pub system: Option<String>,
    pub code: String,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Medicine {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub codes: Vec<Code>,
    pub contains: Vec<Content>,
    pub form: String,
    pub strength: String,
    pub unit: String,
    pub routes: Vec<Route>,
}

impl Medicine {
    /// "Amoxicillin 500 mg capsule".
    pub fn whole(&self) -> String {
        format!("{} {} {}", self.name, self.strength, self.form)
    }
}

/// Where a rule stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    pub source: String,
    pub date: Date,
    pub locator: String,
}

/// A rule of the file knows where it comes from.
macro_rules! rule {
    ($($row:ident)*) => {$(
        impl $row {
            pub fn rule(&self) -> Rule {
                Rule { source: self.source.clone(), date: self.date, locator: self.locator.clone() }
            }
        }
    )*};
}
rule!(ClassRow InteractionRow GroupRow DoseRow CoverRow RangeRow);

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassRow {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub names: Vec<String>,
    #[serde(default)]
    pub codes: Vec<Code>,
    /// The name in other languages, by their two letters.
    #[serde(default)]
    pub translations: BTreeMap<String, String>,
    pub substances: Vec<String>,
    pub source: String,
    pub date: Date,
    pub locator: String,
}

/// How much a warning weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Caution,
    Serious,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InteractionRow {
    pub between: [String; 2],
    pub severity: Severity,
    pub text: String,
    pub source: String,
    pub date: Date,
    pub locator: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRow {
    pub id: String,
    pub name: String,
    pub substances: Vec<String>,
    pub source: String,
    pub date: Date,
    pub locator: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct DoseRow {
    pub substance: String,
    #[serde(default)]
    pub route: Option<String>,
    /// In whole years, from this birthday on.
    #[serde(default)]
    pub from_age: Option<u16>,
    /// In whole years, before this birthday.
    #[serde(default)]
    pub to_age: Option<u16>,
    #[serde(default)]
    pub max_once: Option<Amount>,
    #[serde(default)]
    pub max_day: Option<Amount>,
    pub source: String,
    pub date: Date,
    pub locator: String,
}

/// Whether what counts from one age to below another counts for somebody of this age.
fn ages_fit(from: Option<u16>, to: Option<u16>, age: Option<u16>) -> bool {
    match (from, to, age) {
        (None, None, _) => true,
        (_, _, None) => false,
        (from, to, Some(age)) => from.is_none_or(|from| age >= from) && to.is_none_or(|to| age < to),
    }
}

/// What a measurement is compared with that brings no range itself.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct RangeRow {
    pub system: String,
    pub code: String,
    /// UCUM.
    pub unit: String,
    #[serde(default)]
    pub low: Option<f64>,
    #[serde(default)]
    pub high: Option<f64>,
    /// In whole years, from this birthday on.
    #[serde(default)]
    pub from_age: Option<u16>,
    /// In whole years, before this birthday.
    #[serde(default)]
    pub to_age: Option<u16>,
    pub source: String,
    pub date: Date,
    pub locator: String,
}

impl RangeRow {
    /// Whether it speaks of somebody of this age.
    pub fn is_for(&self, age: Option<u16>) -> bool {
        ages_fit(self.from_age, self.to_age, age)
    }

    /// Whether it speaks of somebody of whom these ages speak too.
    pub(super) fn shares(&self, (from, to): Ages) -> bool {
        let begin = self.from_age.max(from).unwrap_or(0);
        [self.to_age, to].into_iter().flatten().min().is_none_or(|end| begin < end)
    }

    /// What it is of: system, code and unit.
    pub(super) fn measures(&self) -> (String, String, String) {
        (self.system.clone(), self.code.clone(), self.unit.clone())
    }
}

/// From and below, in years.
pub(super) type Ages = (Option<u16>, Option<u16>);

impl DoseRow {
    /// Whether it speaks of somebody of this age who takes it in this way.
    pub fn is_for(&self, age: Option<u16>, route: Option<&str>) -> bool {
        ages_fit(self.from_age, self.to_age, age) && self.route.as_deref().is_none_or(|own| Some(own) == route)
    }
}

/// What a file can be complete for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CoverCheck {
    Interactions,
    Classes,
    Groups,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoverRow {
    pub check: CoverCheck,
    pub substances: Vec<String>,
    pub source: String,
    pub date: Date,
    pub locator: String,
}

/// What an id names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Substance,
    Class,
    Group,
}
