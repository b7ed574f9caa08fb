//! From a resource to the values that it is found by (search.html#ptypes).
//!
//! Choices made where the standard leaves them: token codes are compared without case, so they stand here in lower
//! case; a `ContactPoint`'s system is its kind (`phone`); contained resources are not searched; of a reference to
//! a version only the resource counts.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};

use serde_json::Value;

use super::compiled::{Compiled, compiled};
use super::ucum::Converter;
use super::value::{
    CanonicalQuantity, DateRange, IndexValue, QuantityValue, ReferenceTarget, SearchValue, Text, TokenSystem,
};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::fhir::definitions::{Definitions, ParamKind};
use crate::fhir::fhirpath::{Decimal, Node, Untyped, parse_time};

/// The most values of one composite at one place, and in one resource.
const MOST_COMBINATIONS: usize = 256;
const MOST_COMBINED: usize = 20_000;

/// Every value that the search parameters of its type find in a resource, each once. Without `_id` and
/// `_lastUpdated`, which the record keeps in rows of their own, and without composites: no index has those, and a
/// resource that a search meets is asked for them.
pub fn extract(definitions: &Definitions, kind: ResourceType, resource: &Value) -> Vec<IndexValue> {
    let mut found = Vec::with_capacity(32);
    let is_indexed =
        |param: &&Compiled| param.kind != ParamKind::Composite && !matches!(param.code, "_id" | "_lastUpdated");
    for param in compiled(definitions, kind).iter().filter(is_indexed) {
        let values = once(values_of(param, resource));
        found.extend(values.into_iter().map(|value| IndexValue { param: param.param, value }));
    }
    found
}

/// Whether a composite has more values in a resource than a search would look at.
pub fn is_combined_too_often(definitions: &Definitions, kind: ResourceType, resource: &Value) -> bool {
    let params = compiled(definitions, kind);
    let mut composites = params.iter().filter(|param| param.kind == ParamKind::Composite);
    composites.any(|param| values_of(param, resource).len() >= MOST_COMBINED)
}

/// Each once, in their order. A resource may have very many: they are compared with those alone that may be the same.
fn once(values: Vec<SearchValue>) -> Vec<SearchValue> {
    let mut kept: Vec<SearchValue> = Vec::with_capacity(values.len());
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for value in values {
        let mut hasher = DefaultHasher::new();
        value.digest(&mut hasher);
        let alike = places.entry(hasher.finish()).or_default();
        if !alike.iter().any(|place| kept.get(*place) == Some(&value)) {
            alike.push(kept.len());
            kept.push(value);
        }
    }
    kept
}

/// What [`extract`] finds by the parameter with this number alone.
pub fn extract_one(definitions: &Definitions, kind: ResourceType, param: u16, resource: &Value) -> Vec<SearchValue> {
    let params = compiled(definitions, kind);
    params.iter().find(|known| known.param == param).map(|known| values_of(known, resource)).unwrap_or_default()
}

/// The values of one parameter, in document order; an expression that has no result finds none.
pub(super) fn values_of(param: &Compiled, resource: &Value) -> Vec<SearchValue> {
    let mut out = Vec::new();
    for node in param.path.evaluate(resource, &Untyped).unwrap_or_default() {
        if param.kind == ParamKind::Composite {
            if out.len() >= MOST_COMBINED {
                break;
            }
            composite(param, resource, &node, &mut out);
        } else {
            values(param.kind, &node, &mut out);
        }
    }
    // What stands there and is of another type is not found by it: a message's header is no document's composition.
    out.retain(|value| match value {
        SearchValue::Reference(ReferenceTarget::Local { kind, .. }) => param.targets.contains(*kind),
        _ => true,
    });
    let beside = param.beside.values(&out);
    out.extend(beside);
    out
}

/// Each combination of the components' values that stand together.
fn composite(param: &Compiled, resource: &Value, at: &Node<'_>, out: &mut Vec<SearchValue>) {
    let mut rows: Vec<Vec<SearchValue>> = vec![Vec::new()];
    for part in &param.parts {
        let mut found = Vec::new();
        for node in part.path.evaluate_at(resource, at.clone(), &Untyped).unwrap_or_default() {
            values(part.kind, &node, &mut found);
        }
        found.retain(|value| !matches!(value, SearchValue::TokenText(_) | SearchValue::TypedIdentifier { .. }));
        rows = rows
            .iter()
            .flat_map(|row| found.iter().map(|value| row.iter().cloned().chain([value.clone()]).collect()))
            .take(MOST_COMBINATIONS)
            .collect();
    }
    out.extend(rows.into_iter().filter(|row| !row.is_empty()).map(SearchValue::Composite));
}

/// What a node means to a parameter of this kind.
fn values(kind: ParamKind, node: &Node<'_>, out: &mut Vec<SearchValue>) {
    let value = match node.json() {
        Some(value) => extension_value(value).unwrap_or(value),
        None => {
            // A computed answer, as of `Patient.deceased.exists() and …`.
            if let (ParamKind::Token, Some(answer)) = (kind, node.as_bool()) {
                out.push(token(TokenSystem::Implied, if answer { "true" } else { "false" }));
            }
            return;
        }
    };
    match kind {
        ParamKind::Token => tokens(value, out),
        ParamKind::String => strings(value, out),
        ParamKind::Date => out.extend(date_range(value).map(SearchValue::Date)),
        ParamKind::Number => {
            let number = value.as_number().and_then(|number| Decimal::parse(number.as_str()));
            out.extend(number.map(|number| SearchValue::Number(number.to_f64())));
        }
        ParamKind::Quantity => out.extend(quantity(value).map(SearchValue::Quantity)),
        ParamKind::Reference => references(value, out),
        ParamKind::Uri => out.extend(value.as_str().map(|uri| SearchValue::Uri(uri.to_owned()))),
        ParamKind::Special => out.extend(position(value)),
        ParamKind::Composite => {}
    }
}

/// What an extension holds, where the value is one.
fn extension_value(value: &Value) -> Option<&Value> {
    let object = value.as_object().filter(|object| object.contains_key("url"))?;
    let name_of_type = |key: &str| key.strip_prefix("value").is_some_and(|rest| rest.starts_with(char::is_uppercase));
    object.iter().find(|(key, _)| name_of_type(key)).map(|(_, value)| value)
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

fn each<'v>(value: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// The form in which token codes are compared.
pub fn fold_code(code: &str) -> String {
    code.trim().to_lowercase()
}

fn token(system: TokenSystem, code: &str) -> SearchValue {
    SearchValue::Token { system, code: fold_code(code) }
}

fn system(value: &Value) -> TokenSystem {
    text(value, "system").map_or(TokenSystem::None, |uri| TokenSystem::Uri(uri.to_owned()))
}

fn tokens(value: &Value, out: &mut Vec<SearchValue>) {
    match value {
        Value::Bool(answer) => out.push(token(TokenSystem::Implied, if *answer { "true" } else { "false" })),
        Value::String(code) => out.push(token(TokenSystem::Implied, code)),
        Value::Number(number) => out.push(token(TokenSystem::Implied, number.as_str())),
        Value::Object(object) if object.contains_key("coding") || is_text_only(object) => {
            for coding in each(value, "coding") {
                coded(coding, out);
            }
            out.extend(text(value, "text").map(token_text));
        }
        Value::Object(object) if object.contains_key("code") => coded(value, out),
        Value::Object(object) if object.contains_key("value") => identifier(value, out),
        Value::Object(_) => {
            out.extend(system_alone(value));
            out.extend(text(value, "display").map(token_text));
        }
        _ => {}
    }
}

/// Of a Coding, an Identifier or a ContactPoint that says its system and nothing else: it is found by that.
fn system_alone(value: &Value) -> Option<SearchValue> {
    text(value, "system").map(|_| token(system(value), ""))
}

/// A CodeableConcept without codes.
fn is_text_only(object: &serde_json::Map<String, Value>) -> bool {
    object.contains_key("text") && !object.contains_key("value") && !object.contains_key("code")
}

fn coded(coding: &Value, out: &mut Vec<SearchValue>) {
    out.extend(text(coding, "code").map(|code| token(system(coding), code)).or_else(|| system_alone(coding)));
    out.extend(text(coding, "display").map(token_text));
}

/// An Identifier or a ContactPoint.
fn identifier(value: &Value, out: &mut Vec<SearchValue>) {
    let Some(held) = text(value, "value") else { return };
    out.push(token(system(value), held));
    let Some(kind) = value.get("type") else { return };
    for coding in each(kind, "coding") {
        let Some(code) = text(coding, "code") else { continue };
        out.push(SearchValue::TypedIdentifier {
            type_system: system(coding),
            type_code: fold_code(code),
            value: fold_code(held),
        });
    }
    out.extend(text(kind, "text").map(token_text));
}

fn token_text(text: &str) -> SearchValue {
    SearchValue::TokenText(Text::new(text))
}

/// Text itself, or each piece of a HumanName or Address, and the text of a CodeableConcept.
fn strings(value: &Value, out: &mut Vec<SearchValue>) {
    /// Elements of HumanName, Address and CodeableConcept that are for people.
    const PARTS: [&str; 13] = [
        "text",
        "family",
        "given",
        "prefix",
        "suffix",
        "line",
        "city",
        "district",
        "state",
        "postalCode",
        "country",
        "display",
        "name",
    ];
    let mut push = |text: &str| out.push(SearchValue::Text(Text::new(text)));
    match value {
        Value::String(text) => push(text),
        Value::Object(object) => {
            for part in PARTS.iter().filter_map(|part| object.get(*part)) {
                match part {
                    Value::String(text) => push(text),
                    Value::Array(texts) => texts.iter().filter_map(Value::as_str).for_each(&mut push),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// The stretch of a date, dateTime, instant, Period or Timing.
pub fn date_range(value: &Value) -> Option<DateRange> {
    match value {
        Value::String(text) => parse_time(text).map(DateRange::from),
        Value::Object(object) if object.contains_key("start") || object.contains_key("end") => {
            let start = text(value, "start").map_or(Some(i64::MIN), |text| Some(parse_time(text)?.start));
            let end = text(value, "end").map_or(Some(i64::MAX), |text| Some(parse_time(text)?.end));
            Some(DateRange { start: start?, end: end? })
        }
        // A Timing: from its first to its last moment, as far as it names them.
        Value::Object(_) => {
            let events = each(value, "event").filter_map(date_range);
            let bounds = value.get("repeat").and_then(|repeat| repeat.get("boundsPeriod")).and_then(date_range);
            events.chain(bounds).reduce(|a, b| DateRange { start: a.start.min(b.start), end: a.end.max(b.end) })
        }
        _ => None,
    }
}

fn number(value: &Value, key: &str) -> Option<Decimal> {
    Decimal::parse(value.get(key)?.as_number()?.as_str())
}

/// A Quantity and its kinds, Money, Range, or SampledData.
fn quantity(value: &Value) -> Option<QuantityValue> {
    let object = value.as_object()?;
    if object.contains_key("data") || object.contains_key("origin") {
        return sampled(value);
    }
    if let (Some(amount), Some(currency)) = (number(value, "value"), text(value, "currency")) {
        let unit = Units { system: Some("urn:iso:std:iso:4217"), code: Some(currency), unit: None };
        return Some(between(Some(amount), Some(amount), unit));
    }
    if object.contains_key("low") || object.contains_key("high") {
        let side = |key: &str| value.get(key).and_then(|side| number(side, "value"));
        let unit = value.get("low").or_else(|| value.get("high")).map(Units::of)?;
        return Some(between(side("low"), side("high"), unit));
    }
    let amount = number(value, "value")?;
    // `<5` says that the value lies somewhere below.
    let (low, high) = match text(value, "comparator") {
        Some("<" | "<=") => (None, Some(amount)),
        Some(">" | ">=") => (Some(amount), None),
        _ => (Some(amount), Some(amount)),
    };
    let mut range = between(low, high, Units::of(value));
    // The end itself is not among what it may be: the next number is.
    let canonical = range.canonical.as_mut();
    match text(value, "comparator") {
        Some("<") => {
            range.high = range.high.next_down();
            canonical.into_iter().for_each(|of| of.high = of.high.next_down());
        }
        Some(">") => {
            range.low = range.low.next_up();
            canonical.into_iter().for_each(|of| of.low = of.low.next_up());
        }
        _ => {}
    }
    Some(range)
}

/// From the least to the greatest sample.
fn sampled(value: &Value) -> Option<QuantityValue> {
    let origin = value.get("origin")?;
    let zero = number(origin, "value")?;
    let factor = number(value, "factor").unwrap_or(Decimal::integer(1));
    let samples = text(value, "data")?.split_whitespace().filter_map(Decimal::parse);
    let mut range: Option<(Decimal, Decimal)> = None;
    for sample in samples.filter_map(|sample| sample.checked_mul(factor)?.checked_add(zero)) {
        let (low, high) = range.unwrap_or((sample, sample));
        range = Some((if sample < low { sample } else { low }, if sample > high { sample } else { high }));
    }
    let (low, high) = range?;
    Some(between(Some(low), Some(high), Units::of(origin)))
}

struct Units<'v> {
    system: Option<&'v str>,
    code: Option<&'v str>,
    unit: Option<&'v str>,
}

impl<'v> Units<'v> {
    fn of(quantity: &'v Value) -> Self {
        Self { system: text(quantity, "system"), code: text(quantity, "code"), unit: text(quantity, "unit") }
    }
}

/// The system of UCUM's codes.
pub(super) const UCUM: &str = "http://unitsofmeasure.org";

fn between(low: Option<Decimal>, high: Option<Decimal>, unit: Units<'_>) -> QuantityValue {
    let plain = |side: Option<Decimal>, open: f64| side.map_or(open, Decimal::to_f64);
    // Words and codes without a system are not known to be UCUM's.
    let converter = unit.code.filter(|_| unit.system == Some(UCUM)).and_then(Converter::of);
    let canonical = converter.and_then(|converter| {
        let side = |side: Option<Decimal>, open: f64| side.map_or(Some(open), |side| converter.convert(side));
        let (low, high) = (side(low, f64::NEG_INFINITY)?, side(high, f64::INFINITY)?);
        Some(CanonicalQuantity { unit: converter.unit, low, high })
    });
    QuantityValue {
        low: plain(low, f64::NEG_INFINITY),
        high: plain(high, f64::INFINITY),
        system: owned(unit.system),
        code: owned(unit.code),
        unit: owned(unit.unit),
        canonical,
    }
}

fn references(value: &Value, out: &mut Vec<SearchValue>) {
    match value {
        Value::String(uri) => out.extend(target(uri, Element::Canonical).map(SearchValue::Reference)),
        // A resource inside a Bundle.
        Value::Object(object) if object.contains_key("resourceType") => {
            let kind = text(value, "resourceType").and_then(ResourceType::parse);
            let id = text(value, "id").and_then(|id| FhirId::parse(id).ok());
            let here = kind.zip(id).map(|(kind, id)| ReferenceTarget::Local { kind, id });
            out.extend(here.map(SearchValue::Reference));
        }
        Value::Object(_) => {
            let literal = text(value, "reference").and_then(|text| target(text, Element::Reference));
            out.extend(literal.map(SearchValue::Reference));
            let logical = value.get("identifier").and_then(|identifier| {
                let held = fold_code(text(identifier, "value")?);
                Some(ReferenceTarget::Identifier { system: owned(text(identifier, "system")), value: held })
            });
            out.extend(logical.map(SearchValue::Reference));
            out.extend(text(value, "display").map(token_text));
        }
        _ => {}
    }
}

#[derive(Clone, Copy)]
enum Element {
    /// `Reference.reference`.
    Reference,
    /// A `canonical` or `uri`.
    Canonical,
}

/// `None` for what points at the resource itself, or by a canonical into it.
fn target(text: &str, element: Element) -> Option<ReferenceTarget> {
    match (text.strip_prefix('#'), element) {
        (Some(id), Element::Reference) if !id.is_empty() => {
            return Some(ReferenceTarget::Contained { id: id.to_owned() });
        }
        (None, _) if !text.is_empty() => {}
        _ => return None,
    }
    if let Some(local) = local(text) {
        return Some(local);
    }
    Some(match element {
        Element::Reference => ReferenceTarget::Absolute(text.to_owned()),
        Element::Canonical => canonical(text),
    })
}

/// `url|version#fragment`.
pub(super) fn canonical(text: &str) -> ReferenceTarget {
    let text = text.split_once('#').map_or(text, |(head, _)| head);
    let (url, version) = text.split_once('|').map_or((text, None), |(url, version)| (url, Some(version.to_owned())));
    ReferenceTarget::Canonical { url: url.to_owned(), version }
}

/// `Patient/1` and `Patient/1/_history/2`.
pub(super) fn local(text: &str) -> Option<ReferenceTarget> {
    let (kind, rest) = text.split_once('/')?;
    let kind = ResourceType::parse(kind)?;
    let id = rest.split_once("/_history/").map_or(rest, |(id, _)| id);
    Some(ReferenceTarget::Local { kind, id: FhirId::parse(id).ok()? })
}

fn position(value: &Value) -> Option<SearchValue> {
    let degrees = |key: &str, most: f64| number(value, key).map(Decimal::to_f64).filter(|d| d.abs() <= most);
    Some(SearchValue::Position { latitude: degrees("latitude", 90.0)?, longitude: degrees("longitude", 180.0)? })
}
