//! In which unit a course is drawn, and how values in other units join it: by UCUM, where both are certainly units of one
//! kind. What a unit does not say, such as which substance a mass is of, or of what something is a share, is not guessed: then
//! the value stays in the table with its unit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::text;
use crate::fhir::search::between;
use crate::http::ui::{Series, t};

/// The unit of a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unit {
    /// As it is printed.
    pub shown: String,
    /// UCUM's code, or what stands in its place.
    code: String,
    /// The scales that it names.
    scales: Vec<&'static str>,
}

/// Words for scales of one unit that give one thing different numbers: of HbA1c (ngsp.org/ifcc.asp) and of D-dimer.
const SCALES: [&str; 6] = ["DCCT", "DDU", "FEU", "IFCC", "JDS", "NGSP"];

impl Unit {
    /// Of an Observation or one of its components.
    pub fn of(value: &Value) -> Option<Self> {
        Self::of_quantity(value.get("valueQuantity")?)
    }

    /// Of a Quantity; nothing where it has none.
    pub fn of_quantity(quantity: &Value) -> Option<Self> {
        let (unit, code) = (text(quantity, "/unit"), text(quantity, "/code"));
        let words = [unit, code].into_iter().flatten().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
        let words: Vec<&str> = words.collect();
        let is_named = |scale: &&str| words.iter().any(|word| word.eq_ignore_ascii_case(scale));
        Some(Self {
            shown: super::amounts::unit(quantity),
            code: code.or(unit)?.to_owned(),
            scales: SCALES.into_iter().filter(is_named).collect(),
        })
    }

    /// That of most values: one value from elsewhere must not turn a course of years into another unit. Of as many, the newest's.
    pub fn of_most(newest_last: impl DoubleEndedIterator<Item = Self>) -> Self {
        let mut counts: Vec<(Self, usize)> = Vec::new();
        for unit in newest_last.rev().filter(|unit| !unit.shown.is_empty()) {
            match counts.iter_mut().find(|(known, _)| known.shown == unit.shown) {
                Some((_, count)) => *count += 1,
                None => counts.push((unit, 1)),
            }
        }
        let most = counts.iter().map(|(_, count)| *count).max();
        counts.into_iter().find(|(_, count)| Some(*count) == most).map(|(unit, _)| unit).unwrap_or_default()
    }

    /// How a value of this unit stands in a course of another: with its unit, or with the word that it has none. Nothing where
    /// it is the course's.
    pub fn beside(&self, shown: &str, course: &Self) -> Option<(String, String)> {
        let bare = if self.code.is_empty() { "value-unit-missing" } else { "value-without-unit" };
        match self.shown.as_str() {
            own if own == course.shown => None,
            "" => Some((t(bare).with("value", shown).to_string(), String::new())),
            own => Some((format!("{shown} {own}"), own.to_owned())),
        }
    }

    /// A value of this unit in another.
    pub fn convert(&self, value: f64, to: &Self) -> Option<f64> {
        match (self.shown.as_str(), to.shown.as_str()) {
            (own, other) if own == other => Some(value),
            // A number alone is not a share of one: its unit was left out.
            ("", _) | (_, "") => None,
            _ if self.scales != to.scales => None,
            _ => between(value, &self.code, &to.code),
        }
    }
}

/// Two courses of one name, as staff or patients say it, are of two units that no rule brings together: then the unit is a part
/// of the name. Else they are of two codes, or one is of none: then staff read the code with the name, and where two systems have
/// it, that of the system. `codes` are system and code by the courses' keys.
pub(super) fn tell_apart(all: &mut [Series], codes: &BTreeMap<String, [String; 2]>) {
    type Named = fn(&Series) -> String;
    let (staff, patients): (Named, Named) = (|one| one.name.to_lowercase(), |one| one.plain_name());
    let twice = |all: &[Series], by: Named| -> Vec<bool> {
        let names: Vec<(String, String)> = all.iter().map(|one| (by(one), one.unit.clone())).collect();
        let is = |(name, unit): &(String, String)| {
            !unit.is_empty() && names.iter().any(|(other, of)| other == name && !of.is_empty() && of != unit)
        };
        names.iter().map(is).collect()
    };
    let (names, plain) = (twice(all, staff), twice(all, patients));
    for ((series, name), plain) in all.iter_mut().zip(names).zip(plain) {
        if name {
            series.name = t("test-in-unit").with("name", &series.name).with("unit", &series.unit).to_string();
        }
        if plain {
            series.in_title = Some(series.unit.clone());
        }
    }
    let names: Vec<(String, String)> = all.iter().map(|one| (staff(one), one.key.clone())).collect();
    for (series, (name, key)) in all.iter_mut().zip(&names) {
        // One test that stands twice is told apart by its times.
        let others = names.iter().filter(|(other, of)| other == name && of != key);
        let others: Vec<Option<&[String; 2]>> = others.map(|(_, of)| codes.get(of)).collect();
        if let (false, Some(code)) = (others.is_empty(), codes.get(key)) {
            let code = said_beside(code, &others.into_iter().flatten().collect::<Vec<_>>());
            series.name = t("test-of-code").with("name", &series.name).with("code", code).to_string();
        }
    }
}

/// A code, with as much of its system as tells it from these.
fn said_beside([system, code]: &[String; 2], others: &[&[String; 2]]) -> String {
    fn last(system: &str) -> &str {
        system.rsplit([':', '/']).find(|part| !part.is_empty()).unwrap_or_default()
    }
    let systems: Vec<&str> = others.iter().filter(|[_, other]| other == code).map(|[of, _]| of.as_str()).collect();
    let known = match systems.iter().any(|other| last(other) == last(system)) {
        _ if systems.is_empty() => "",
        true => system.as_str(),
        false => last(system),
    };
    if known.is_empty() { code.clone() } else { format!("{code}, {known}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn unit(shown: &str) -> Unit {
        Unit { shown: shown.into(), code: shown.into(), scales: Vec::new() }
    }

    #[test]
    fn what_a_unit_is_of_is_shown_and_makes_it_another() {
        let of = |unit: &str, code: &str| Unit::of_quantity(&json!({"unit": unit, "code": code})).unwrap();
        let fibrinogen = of("ng/mL", "ng/mL{FEU}");
        assert_eq!(fibrinogen.shown, "ng/mL FEU");
        for same in [of("ng/mL FEU", "ng/mL"), of("ng/mL{FEU}", "ng/mL{FEU}")] {
            assert_eq!((same.shown.as_str(), same.convert(800.0, &fibrinogen)), ("ng/mL FEU", Some(800.0)));
        }
        for other in [of("ng/mL", "ng/mL{DDU}"), of("ng/mL DDU", "ng/mL"), of("ng/mL", "ng/mL"), of("ug/L", "ug/L")] {
            assert_eq!(other.convert(400.0, &fibrinogen), None, "{other:?}");
        }
        assert_eq!(of("% NGSP", "%").convert(7.0, &of("%", "%")), None);
        assert_eq!(of("mmol/mol", "mmol/mol").convert(53.0, &of("%", "%")), None);
        assert_eq!(of("beats/min", "/min").convert(72.0, &of("/min", "/min")), Some(72.0));
        for (words, code, shown) in [
            ("mL/min/1.73m2", "mL/min/{1.73_m2}", "mL/min/1.73 m²"),
            ("mL/min", "mL/min/{1.73_m2}", "mL/min/1.73 m²"),
            ("beats/minute", "{beats}/min", "beats/minute"),
            ("points", "{score}", "points"),
            ("ug/L", "ng/mL{FEU}", "µg/L FEU"),
        ] {
            assert_eq!(of(words, code).shown, shown);
        }
    }

    #[test]
    fn a_course_is_in_the_unit_of_most_of_its_values() {
        let of = |all: &[&str]| Unit::of_most(all.iter().map(|one| unit(one))).shown;
        assert_eq!(of(&["kg", "kg", "lb"]), "kg");
        assert_eq!(of(&["kg", "lb"]), "lb", "of as many, the newest's");
        assert_eq!((of(&["", "kg", ""]), of(&[""])), ("kg".to_owned(), String::new()));
        assert_eq!(unit("").convert(0.5, &unit("%")), None, "its unit was left out");
    }
}
