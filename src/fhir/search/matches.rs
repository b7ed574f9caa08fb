//! Does a resource pass a condition: the plain evaluation, from the resource alone.
//!
//! It is what index searches are tested against, and what they filter with where an index is too coarse.

use serde_json::Value;

use super::extract::{extract_one, fold_code};
use super::fold::fold;
use super::hierarchy::is_part_of_version;
use super::query::{
    DateTest, Filter, NumberTest, Prefix, Presence, QuantityTest, ReferenceTest, Special, StringMatch, SystemTest,
    Test, TokenMatch, TokenTest, UnitTest, UriMatch,
};
use super::value::{DateRange, QuantityValue, ReferenceTarget, SearchValue, Text, TokenSystem};
use super::words::Words;
use crate::fhir::ResourceType;
use crate::fhir::definitions::Definitions;

/// There was no time to compare to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp;

/// Whether to go on for so many comparisons. One resource may have very many values and one search very many alternatives.
pub type GoesOn<'a> = &'a dyn Fn(usize) -> bool;

/// How many bytes of a text are about as dear as one comparison.
const BYTES: usize = 64;

/// Does `resource`, of type `kind`, pass `filter`? False also where the resource alone cannot say: see [`decide`].
pub fn matches(definitions: &Definitions, kind: ResourceType, resource: &Value, filter: &Filter) -> bool {
    decide(definitions, kind, resource, filter) == Some(true)
}

/// As [`matches`]; `None` where the resource alone cannot say: chains, lists, value sets, hierarchies of places, and
/// expressions. Ask other resources there, or refuse the search.
pub fn decide(definitions: &Definitions, kind: ResourceType, resource: &Value, filter: &Filter) -> Option<bool> {
    decide_while(definitions, kind, resource, filter, &|_| true).unwrap_or(None)
}

/// [`decide`], as long as there is time.
pub fn decide_while(
    definitions: &Definitions,
    kind: ResourceType,
    resource: &Value,
    filter: &Filter,
    goes_on: GoesOn<'_>,
) -> Result<Option<bool>, GivenUp> {
    let text_holds = |text: &str, asked: &Text| {
        let goes_on = goes_on((text.len() + asked.folded.len()) / BYTES);
        if goes_on { Ok(Some(Words::parse(asked).are_in(&fold(&without_tags(text))))) } else { Err(GivenUp) }
    };
    Ok(match filter {
        Filter::Ids(ids) => {
            let id = resource.get("id").and_then(Value::as_str);
            Some(ids.iter().any(|wanted| Some(wanted.as_str()) == id))
        }
        Filter::Test { param, test: Test::Versioned(any) } => {
            let version = resource.get("version").and_then(Value::as_str);
            let urls = extract_one(definitions, kind, param.id, resource);
            let is_one = |(url, asked): &(String, Option<String>)| {
                let has_it = urls.iter().any(|own| matches!(own, SearchValue::Uri(own) if own == url));
                has_it && asked.as_deref().is_none_or(|asked| version == Some(asked))
            };
            if !goes_on(any.len() * urls.len()) {
                return Err(GivenUp);
            }
            Some(any.iter().any(is_one))
        }
        Filter::Test { param, test } => {
            test.passes_while(&extract_one(definitions, kind, param.id, resource), goes_on)?
        }
        Filter::Missing { param, missing } => {
            let is_missing = extract_one(definitions, kind, param.id, resource).is_empty();
            Some(is_missing == (*missing == Presence::Missing))
        }
        Filter::Any(any) => {
            let mut so_far = Some(false);
            for filter in any {
                match decide_while(definitions, kind, resource, filter, goes_on)? {
                    Some(true) => return Ok(Some(true)),
                    Some(false) => {}
                    None => so_far = None,
                }
            }
            so_far
        }
        Filter::Special(Special::Narrative(text)) => {
            let narrative = resource.get("text").and_then(|text| text.get("div")).and_then(Value::as_str);
            narrative.map_or(Ok(Some(false)), |div| text_holds(div, text))?
        }
        Filter::Special(Special::Content(text)) => {
            let mut all = String::new();
            gather(resource, &mut all);
            text_holds(&all, text)?
        }
        Filter::Special(Special::Near { param, latitude, longitude, distance_km }) => {
            let near = |value: &SearchValue| match value {
                SearchValue::Position { latitude: lat, longitude: lon } => {
                    kilometres((*latitude, *longitude), (*lat, *lon)) <= *distance_km
                }
                _ => false,
            };
            Some(extract_one(definitions, kind, param.id, resource).iter().any(near))
        }
        // What a Bundle's parameters lead to stands in it: its first entry, as in a document or a message.
        Filter::Chain { target, then, .. } if kind == ResourceType::Bundle => {
            let first = resource.get("entry").and_then(|all| all.get(0)).and_then(|entry| entry.get("resource"));
            let is_it = |one: &&Value| one.get("resourceType").and_then(Value::as_str) == Some(target.name());
            match first.filter(is_it) {
                Some(inside) => decide_while(definitions, *target, inside, then, goes_on)?,
                None => Some(false),
            }
        }
        _ => None,
    })
}

impl Test {
    /// Do a parameter's values in one resource pass? `None` where a terminology would have to say.
    pub fn passes(&self, values: &[SearchValue]) -> Option<bool> {
        self.passes_while(values, &|_| true).unwrap_or(None)
    }

    /// [`Test::passes`], as long as there is time.
    pub fn passes_while(&self, values: &[SearchValue], goes_on: GoesOn<'_>) -> Result<Option<bool>, GivenUp> {
        // A version stands beside the values.
        if !self.is_plain() || matches!(self, Self::Versioned(_)) {
            return Ok(None);
        }
        let alternatives = self.alternatives();
        // Several words may be heard in several names.
        if let Self::Sounds(any) = self {
            if !goes_on(alternatives.saturating_mul(values.len())) {
                return Err(GivenUp);
            }
            let is_heard = |readings: &Vec<String>| {
                values.iter().any(|value| matches!(value, SearchValue::Sound(own) if readings.contains(own)))
            };
            return Ok(Some(any.iter().any(|one| one.words.iter().all(is_heard))));
        }
        let mut accepted = false;
        for value in values {
            accepted = match (self, value) {
                // Each alternative may be looked for in all of a long text.
                (Self::String { how: StringMatch::Contains, any }, SearchValue::Text(text)) => {
                    contains_any(any, text, goes_on)?
                }
                _ if goes_on(alternatives) => self.accepts(value),
                _ => return Err(GivenUp),
            };
            if accepted {
                break;
            }
        }
        Ok(Some(accepted != matches!(self, Self::Token { how: TokenMatch::Not, .. })))
    }

    /// Whether a resource alone decides it, and no other has to say first what it means.
    pub fn is_plain(&self) -> bool {
        let needs_others = |one: &ReferenceTest| matches!(one, ReferenceTest::Hierarchy { .. });
        !matches!(self, Self::Reference(any) if any.iter().any(needs_others))
    }

    /// With how many a value is compared.
    fn alternatives(&self) -> usize {
        match self {
            Self::Token { any, .. } => any.len(),
            Self::TypedIdentifier(any) => any.len(),
            Self::TokenText(any) | Self::String { any, .. } => any.len(),
            Self::Date(any) => any.len(),
            Self::Number(any) => any.len(),
            Self::Quantity(any) => any.len(),
            Self::Reference(any) => any.len(),
            Self::Uri { any, .. } | Self::MediaTypes(any) | Self::Words(any) => any.len(),
            Self::Sounds(any) => any.iter().map(|one| one.words.len()).sum(),
            Self::Versioned(any) => any.len(),
            Self::Composite(any) => any.len(),
        }
    }

    /// Does one value pass? For `:not`, whether it is one of those excluded.
    pub fn accepts(&self, value: &SearchValue) -> bool {
        match (self, value) {
            (Self::Token { any, .. }, value) => any.iter().any(|test| is_token(test, value)),
            (Self::TypedIdentifier(any), SearchValue::TypedIdentifier { type_system, type_code, value }) => {
                let same = |system: &SystemTest| is_system(system, type_system);
                any.iter().any(|test| same(&test.type_system) && test.type_code == *type_code && test.value == *value)
            }
            (Self::MediaTypes(any), SearchValue::Token { code, .. }) => any.iter().any(|top| is_media_type(top, code)),
            (Self::TokenText(any), SearchValue::TokenText(text)) => any.iter().any(|test| begins(test, text)),
            (Self::Words(any), SearchValue::Text(text)) => any.iter().any(|asked| text.folded.starts_with(asked)),
            (Self::Words(any), SearchValue::Word(word)) => any.iter().any(|asked| word.starts_with(asked)),
            (Self::String { how, any }, SearchValue::Text(text)) => any.iter().any(|test| is_text(*how, test, text)),
            (Self::Date(any), SearchValue::Date(range)) => any.iter().any(|test| test.accepts(*range)),
            (Self::Number(any), SearchValue::Number(number)) => any.iter().any(|test| test.accepts(*number, *number)),
            (Self::Quantity(any), SearchValue::Quantity(quantity)) => any.iter().any(|test| test.accepts(quantity)),
            (Self::Reference(any), SearchValue::Reference(target)) => any.iter().any(|test| test.accepts(target)),
            (Self::Uri { how, any }, SearchValue::Uri(uri)) => any.iter().any(|test| is_uri(*how, test, uri)),
            (Self::Composite(any), SearchValue::Composite(parts)) => any.iter().any(|tests| {
                tests.len() == parts.len() && tests.iter().zip(parts).all(|(test, part)| test.accepts(part))
            }),
            _ => false,
        }
    }
}

fn contains_any(any: &[Text], text: &Text, goes_on: GoesOn<'_>) -> Result<bool, GivenUp> {
    for test in any {
        if !goes_on(1 + text.folded.len() / BYTES) {
            return Err(GivenUp);
        }
        if is_text(StringMatch::Contains, test, text) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_system(test: &SystemTest, system: &TokenSystem) -> bool {
    match (test, system) {
        (SystemTest::Any, _) | (_, TokenSystem::Implied) | (SystemTest::None, TokenSystem::None) => true,
        (SystemTest::Is(wanted), TokenSystem::Uri(uri)) => wanted == uri,
        _ => false,
    }
}

fn is_token(test: &TokenTest, value: &SearchValue) -> bool {
    let SearchValue::Token { system, code } = value else { return false };
    is_system(&test.system, system) && test.code.as_ref().is_none_or(|wanted| wanted == code)
}

/// Of the base part alone; which parameters stand behind it does not matter.
fn is_media_type(top: &str, media_type: &str) -> bool {
    media_type.strip_prefix(top).is_some_and(|rest| match top.contains('/') {
        true => rest.is_empty() || rest.trim_start().starts_with(';'),
        false => rest.starts_with('/'),
    })
}

fn begins(test: &Text, text: &Text) -> bool {
    text.folded.starts_with(&test.folded)
}

fn is_text(how: StringMatch, test: &Text, text: &Text) -> bool {
    match how {
        StringMatch::Begins => begins(test, text),
        StringMatch::Contains => text.folded.contains(&test.folded),
        StringMatch::Exact => text.exact == test.exact,
    }
}

/// `below` means the same path or one under it, not any URL that begins with the same letters.
fn is_uri(how: UriMatch, test: &str, uri: &str) -> bool {
    match how {
        UriMatch::Is => test == uri,
        UriMatch::Below => is_under(test, uri),
        UriMatch::Above => is_under(uri, test),
    }
}

fn is_under(top: &str, uri: &str) -> bool {
    uri.strip_prefix(top)
        .is_some_and(|rest| rest.is_empty() || top.ends_with('/') || rest.starts_with(['/', '|', '#', '?']))
}

impl DateTest {
    /// search.html#prefix, by ranges.
    pub const fn accepts(&self, value: DateRange) -> bool {
        let asked = self.range;
        let contains = asked.start <= value.start && value.end <= asked.end;
        match self.prefix {
            Prefix::Eq => contains,
            Prefix::Ne => !contains,
            Prefix::Gt => value.end > asked.end,
            Prefix::Lt => value.start < asked.start,
            Prefix::Ge => value.end > asked.end || contains,
            Prefix::Le => value.start < asked.start || contains,
            Prefix::StartsAfter => value.start > asked.end,
            Prefix::EndsBefore => value.end < asked.start,
            Prefix::Approximately => value.start <= asked.end && asked.start <= value.end,
        }
    }
}

impl NumberTest {
    /// Does the stretch from `low` to `high`, which is one number where they are equal, pass?
    pub fn accepts(&self, low: f64, high: f64) -> bool {
        // A number without digits to round is met exactly as well.
        let contains = self.low <= low && high < self.high || low == self.value && high == self.value;
        match self.prefix {
            Prefix::Eq => contains,
            Prefix::Ne => !contains,
            Prefix::Gt => high > self.value,
            Prefix::Lt => low < self.value,
            Prefix::Ge => high >= self.value,
            Prefix::Le => low <= self.value,
            Prefix::StartsAfter => low > self.value,
            Prefix::EndsBefore => high < self.value,
            Prefix::Approximately => low <= self.high && self.low <= high,
        }
    }
}

impl QuantityTest {
    pub fn accepts(&self, value: &QuantityValue) -> bool {
        let Some(unit) = &self.unit else { return self.number.accepts(value.low, value.high) };
        match (&unit.canonical, &value.canonical) {
            (Some((wanted, number)), Some(canonical)) => {
                *wanted == canonical.unit && number.accepts(canonical.low, canonical.high)
            }
            _ => is_unit(unit, value) && self.number.accepts(value.low, value.high),
        }
    }
}

fn is_unit(test: &UnitTest, value: &QuantityValue) -> bool {
    let code = value.code.as_ref() == Some(&test.code);
    match &test.system {
        Some(system) => code && value.system.as_ref() == Some(system),
        None => code || value.unit.as_ref() == Some(&test.code),
    }
}

impl ReferenceTest {
    pub fn accepts(&self, value: &ReferenceTarget) -> bool {
        use ReferenceTarget as R;
        match (self, value) {
            (Self::Target(R::Absolute(wanted)), R::Canonical { url, .. }) => wanted == url,
            (Self::Target(wanted), value) => wanted == value,
            (Self::Id { kinds, id: wanted }, R::Local { kind, id }) => wanted == id && kinds.contains(kind),
            (Self::Identifier(test), R::Identifier { system, value }) => {
                let system = match &test.system {
                    SystemTest::Any => true,
                    SystemTest::None => system.is_none(),
                    SystemTest::Is(wanted) => system.as_ref() == Some(wanted),
                };
                system && test.code.as_ref().is_none_or(|wanted| *wanted == fold_code(value))
            }
            (Self::Below(top), R::Absolute(url)) => is_under(top, url),
            (Self::Below(top), R::Canonical { url, version }) => match top.split_once('|') {
                None => is_under(top, url),
                Some((top, asked)) => {
                    top == url && version.as_ref().is_some_and(|version| is_part_of_version(asked, version))
                }
            },
            (Self::Above(under), R::Absolute(url) | R::Canonical { url, .. }) => is_under(url, under),
            _ => false,
        }
    }
}

fn without_tags(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

fn gather(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            out.push_str(text);
            out.push(' ');
        }
        Value::Array(values) => values.iter().for_each(|value| gather(value, out)),
        Value::Object(object) => object.values().for_each(|value| gather(value, out)),
        _ => {}
    }
}

/// Along the surface of a sphere of the Earth's mean radius, 6,371.0088 km (IUGG).
fn kilometres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let half = |angle: f64| (angle.to_radians() / 2.0).sin().powi(2);
    let across = a.0.to_radians().cos() * b.0.to_radians().cos() * half(b.1 - a.1);
    2.0 * 6371.0088 * (half(b.0 - a.0) + across).sqrt().min(1.0).asin()
}
