//! `$expand` and `$validate-code`, over the value sets and code systems that FHIR R4's definitions carry, and over value
//! sets that are stored here or sent along.

use serde_json::{Map, Value, json};

use super::super::respond::{Issue, Refusal, Refused};
use super::super::session::Visit;
use super::look::Manner;
use super::operations::{parsed, read};
use super::parameters::{Asked, parameters};
use super::refusal::coded;
use super::why;
use crate::audit::Action;
use crate::base::FhirId;
use crate::fhir::search::{encode_pair, escaped};
use crate::fhir::terminology::{CodeSystem, Coding, Content, ExpandError, Membership, Terminology, ValueSet};
use crate::fhir::{IssueCode, ResourceType};
use crate::record::aside;

/// `$expand` of a ValueSet: of the one that is stored under this id, or that the call names or sends.
pub(super) async fn expand(
    visit: &Visit,
    id: Option<FhirId>,
    mut asked: Asked,
    manner: &Manner,
) -> Result<Value, Refusal> {
    let given = match id {
        Some(id) => stored_set(visit, &id).await?,
        None => found(visit, given_set(&mut asked)?, manner).await?,
    };
    // What a set takes in may be much more than its text.
    aside(|| expanded(visit, &set_of(&given)?, asked))
}

/// `$validate-code` of a ValueSet, found in the same way.
pub(super) async fn validate_code(
    visit: &Visit,
    id: Option<FhirId>,
    mut asked: Asked,
    manner: &Manner,
) -> Result<Value, Refusal> {
    let named = if id.is_none() { Some(given_set(&mut asked)?) } else { None };
    let codes = Codes::read(&mut asked)?;
    asked.done()?;
    let given = match (named, id) {
        (Some(named), _) => found(visit, named, manner).await?,
        (None, Some(id)) => stored_set(visit, &id).await?,
        (None, None) => return Err(needs("url", "the value set's address")),
    };
    aside(|| {
        let set = set_of(&given)?;
        codes.verdict(|system, code| in_set(&set, system, code))
    })
}

/// `$validate-code` of a CodeSystem.
pub(super) fn validate_code_of_system(mut asked: Asked) -> Result<Value, Refusal> {
    let url = asked.text("url")?;
    let codes = Codes::read(&mut asked)?;
    let version = asked.text("version")?;
    asked.done()?;
    let url = url.or_else(|| codes.system()).ok_or_else(|| needs("url", "the code system's address"))?;
    let canonical = version.map_or_else(|| url.clone(), |version| format!("{url}|{version}"));
    let system = Terminology::r4().code_system(&canonical).ok_or_else(|| unknown("code system", &canonical))?;
    codes.verdict(|of, code| in_system(&system, of, code))
}

async fn stored_set(visit: &Visit, id: &FhirId) -> Result<Given, Refusal> {
    Ok(Given::Sent(parsed(&read(visit, ResourceType::ValueSet, id).await?)?))
}

/// The value set that is meant by an address: the one that the definitions carry, or else the one that is stored here, as a
/// search by `:in` finds it.
async fn found(visit: &Visit, given: Given, manner: &Manner) -> Result<Given, Refusal> {
    let Given::Named(name) = &given else { return Ok(given) };
    if Terminology::r4().value_set(name).is_some() {
        return Ok(given);
    }
    let Some(text) = search_for(name) else { return Ok(given) };
    let query = manner.condition(ResourceType::ValueSet, &text)?;
    let mut why = why(Action::Search, visit);
    why.detail.search = Some(format!("ValueSet?{text}"));
    let found = visit.house.records.disclose_soon(&visit.actor, why, |reading| reading.search(&query)).await?;
    match found.matches.first() {
        Some(set) => Ok(Given::Sent(parsed(set)?)),
        None => Ok(given),
    }
}

/// The search for the value set of an address, with its version or without: the one that was changed last.
fn search_for(name: &str) -> Option<String> {
    let (url, version) = name.split_once('|').map_or((name, None), |(url, version)| (url, Some(version)));
    let version = version.filter(|version| !version.is_empty());
    let mut text = String::new();
    for (param, value) in [("url", Some(url)), ("version", version)] {
        if let Some(value) = value {
            encode_pair(param, &escaped(value), &mut text);
        }
    }
    encode_pair("_sort", "-_lastUpdated", &mut text);
    encode_pair("_count", "1", &mut text);
    (!url.is_empty()).then_some(text)
}

/// The value set that is asked about.
enum Given {
    Named(String),
    Sent(Value),
}

fn given_set(asked: &mut Asked) -> Result<Given, Refusal> {
    let version = asked.text("valueSetVersion")?;
    match (asked.text("url")?, asked.take("valueSet")) {
        (Some(url), None) => {
            Ok(Given::Named(version.map_or_else(|| url.clone(), |version| format!("{url}|{version}"))))
        }
        (None, Some(set)) => Ok(Given::Sent(set)),
        (Some(_), Some(_)) => {
            let text = "Name the value set by \"url\" or send it as \"valueSet\", not both.";
            Err(Refusal::saying(Refused::Malformed, text))
        }
        (None, None) => Err(needs("url", "the value set's address")),
    }
}

fn set_of(given: &Given) -> Result<ValueSet<'_>, Refusal> {
    match given {
        Given::Named(url) => Terminology::r4().value_set(url).ok_or_else(|| unknown("value set", url)),
        Given::Sent(resource) => ValueSet::from_json(resource).ok_or_else(|| {
            let text = "The value set has no \"compose\", so there is nothing to go by.";
            Refusal::saying(Refused::Unprocessable, text)
        }),
    }
}

fn expanded(visit: &Visit, set: &ValueSet<'_>, mut asked: Asked) -> Result<Value, Refusal> {
    let filter = asked.text("filter")?.map(|text| text.to_lowercase());
    let (offset, count) = (asked.number("offset")?.unwrap_or(0), asked.number("count")?);
    let active_only = asked.flag("activeOnly")?.unwrap_or(false);
    // The list is flat and without designations or definitions, so these say nothing else.
    let (nested, more) =
        (asked.flag("excludeNested")?, [asked.flag("includeDesignations")?, asked.flag("includeDefinition")?]);
    if nested == Some(false) || more.contains(&Some(true)) {
        let text =
            "Expansions here are flat lists of codes with their displays; ask for neither nesting nor designations.";
        return Err(Refusal::saying(Refused::Malformed, text));
    }
    asked.done()?;
    let mut codings = Terminology::r4().expand(set).map_err(not_listed)?;
    codings.retain(|coding| !(active_only && coding.inactive) && filter.as_ref().is_none_or(|text| fits(coding, text)));
    let mut noted = vec![json!({ "name": "offset", "valueInteger": offset })];
    noted.extend(count.map(|count| json!({ "name": "count", "valueInteger": count })));
    noted.extend(filter.map(|text| json!({ "name": "filter", "valueString": text })));
    if active_only {
        noted.push(json!({ "name": "activeOnly", "valueBoolean": true }));
    }
    let page: Vec<Value> = codings.iter().skip(offset).take(count.unwrap_or(usize::MAX)).map(contains).collect();
    let id = uuid::Builder::from_random_bytes(visit.house.ambient.bytes()).into_uuid();
    let mut expansion = json!({
        "identifier": format!("urn:uuid:{id}"),
        "timestamp": crate::fhir::meta::instant(visit.house.ambient.now()),
        "total": codings.len(),
        "offset": offset,
        "parameter": noted,
    });
    let mut answer = Map::new();
    answer.insert("resourceType".into(), "ValueSet".into());
    let status = if set.status.is_empty() { "unknown" } else { &set.status };
    for (name, value) in [("url", &*set.url), ("version", &set.version), ("name", &set.name), ("status", status)] {
        if !value.is_empty() {
            answer.insert(name.into(), value.into());
        }
    }
    if let (false, Some(members)) = (page.is_empty(), expansion.as_object_mut()) {
        members.insert("contains".into(), page.into());
    }
    answer.insert("expansion".into(), expansion);
    Ok(Value::Object(answer))
}

/// Every word begins a word of the display, or the code.
fn fits(coding: &Coding<'_>, text: &str) -> bool {
    let (display, code) = (coding.display.to_lowercase(), coding.code.to_lowercase());
    text.split_whitespace().all(|word| {
        code.starts_with(word) || display.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word))
    })
}

fn contains(coding: &Coding<'_>) -> Value {
    let mut one = Map::new();
    one.insert("system".into(), (*coding.system).into());
    for (name, flag) in [("abstract", coding.is_abstract), ("inactive", coding.inactive)] {
        if flag {
            one.insert(name.into(), true.into());
        }
    }
    one.insert("code".into(), (*coding.code).into());
    if !coding.display.is_empty() {
        one.insert("display".into(), (*coding.display).into());
    }
    Value::Object(one)
}

/// The most codings that are checked at once.
const MOST_CODINGS: usize = 20;

/// The code or codes to check. Of several, one has to be right.
struct Codes {
    all: Vec<(Option<String>, String)>,
    display: Option<String>,
}

/// What is found of one code.
enum Found {
    Valid { display: String },
    Wrong(String),
}

impl Codes {
    fn read(asked: &mut Asked) -> Result<Self, Refusal> {
        let (code, system, display) = (asked.text("code")?, asked.text("system")?, asked.text("display")?);
        let of = |coding: &Value| {
            let text = |name| coding.get(name).and_then(Value::as_str).map(str::to_owned);
            Some((text("system"), text("code")?))
        };
        let all: Vec<_> = match (code, asked.take("coding"), asked.take("codeableConcept")) {
            (Some(code), None, None) => vec![(system, code)],
            (None, Some(Value::String(token)), None) => {
                // In an address a Coding is written system|code.
                let (system, code) = token.rsplit_once('|').map_or((None, token.as_str()), |(s, c)| (Some(s), c));
                vec![(system.map(str::to_owned), code.to_owned())]
            }
            (None, Some(coding), None) => of(&coding).into_iter().collect(),
            (None, None, Some(concept)) => {
                concept.get("coding").and_then(Value::as_array).into_iter().flatten().filter_map(of).collect()
            }
            _ => return Err(needs("code", "one code, coding or codeableConcept")),
        };
        if all.is_empty() {
            return Err(needs("code", "a code"));
        }
        // Each is looked for by itself.
        if all.len() > MOST_CODINGS {
            let text = format!("Of one concept {MOST_CODINGS} codings are checked at once; send it in parts.");
            return Err(coded(Refused::Unprocessable, IssueCode::TooCostly, text));
        }
        Ok(Self { all, display })
    }

    fn system(&self) -> Option<String> {
        self.all.first().and_then(|(system, _)| system.clone())
    }

    /// What cannot be told is refused, unless another of the codings is in it: "no" would be untrue.
    fn verdict(&self, check: impl Fn(Option<&str>, &str) -> Result<Found, String>) -> Result<Value, Refusal> {
        let (mut messages, mut untold) = (Vec::new(), None);
        for (system, code) in &self.all {
            match check(system.as_deref(), code) {
                Ok(Found::Valid { display }) => return Ok(self.valid(&display)),
                Ok(Found::Wrong(message)) => messages.push(message),
                Err(error) => untold = Some(error),
            }
        }
        if let Some(text) = untold {
            return Err(coded(Refused::Unprocessable, IssueCode::NotSupported, text));
        }
        Ok(parameters(vec![
            json!({ "name": "result", "valueBoolean": false }),
            json!({ "name": "message", "valueString": messages.join(" ") }),
        ]))
    }

    fn valid(&self, display: &str) -> Value {
        let differs = |given: &String| !display.is_empty() && !given.eq_ignore_ascii_case(display);
        let right = !self.display.as_ref().is_some_and(differs);
        let mut listed = vec![json!({ "name": "result", "valueBoolean": right })];
        if !right {
            listed.push(json!({ "name": "message", "valueString": "The code is right, but its display is another." }));
        }
        if !display.is_empty() {
            listed.push(json!({ "name": "display", "valueString": display }));
        }
        parameters(listed)
    }
}

fn in_set(set: &ValueSet<'_>, system: Option<&str>, code: &str) -> Result<Found, String> {
    match Terminology::r4().has(set, system, code) {
        Membership::In(coding) => Ok(Found::Valid { display: coding.display.into_owned() }),
        Membership::Out => Ok(Found::Wrong("The code is not in the value set.".to_owned())),
        Membership::Unknown(why) => Err(format!("Whether the code is in the value set cannot be told. {why}.")),
    }
}

fn in_system(of: &CodeSystem, system: Option<&str>, code: &str) -> Result<Found, String> {
    if system.is_some_and(|system| system != of.url) {
        return Ok(Found::Wrong("The coding names another system.".to_owned()));
    }
    match (of.concept(code), of.content) {
        (Some(concept), _) => Ok(Found::Valid { display: concept.display.to_owned() }),
        (None, Content::Complete) => Ok(Found::Wrong("The code is not in the code system.".to_owned())),
        (None, Content::Partial) => {
            Err("Whether the code is in the code system cannot be told: this server carries a part of it, and the code is not in \
                 that part."
                .to_owned())
        }
    }
}

fn needs(name: &str, what: &str) -> Refusal {
    Refusal::saying(Refused::Malformed, format!("The operation needs {what} (parameter \"{name}\")."))
}

fn unknown(what: &str, url: &str) -> Refusal {
    let plain = url.len() <= 200 && url.bytes().all(|byte| byte.is_ascii_graphic());
    let url = if plain { format!(" {url}") } else { String::new() };
    Refusal::saying(Refused::NotFound, format!("This server does not carry the {what}{url}."))
}

/// `too-costly` is what FHIR calls a set that cannot be listed (valueset-operation-expand.html).
fn not_listed(error: ExpandError) -> Refusal {
    let code = match error {
        ExpandError::UnknownSet(_) => "not-found",
        ExpandError::UnknownFilter(_) => "not-supported",
        _ => "too-costly",
    };
    let issue = Issue { severity: "error", code: code.into(), expression: None, text: format!("{error}.") };
    Refusal::new(Refused::Unprocessable).with_issues(vec![issue])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::Definitions;
    use crate::fhir::search::{Handling, Query};

    #[test]
    fn a_stored_value_set_is_searched_by_its_whole_address() {
        assert_eq!(search_for("http://my.org/vs").unwrap(), "url=http://my.org/vs&_sort=-_lastUpdated&_count=1");
        let of = |name: &str| {
            let text = search_for(name).unwrap();
            let query = Query::parse(ResourceType::ValueSet, &text, Handling::Strict, Definitions::r4()).unwrap();
            format!("{:?}", query.filters)
        };
        assert!(of("http://my.org/vs|2.0,3").contains("2.0,3"), "{}", of("http://my.org/vs|2.0,3"));
        let odd = of("urn:a,b$c&d=e");
        assert!(odd.contains("urn:a,b$c&d=e") && !odd.contains("version"), "{odd}");
        assert_eq!(of("http://my.org/vs|"), of("http://my.org/vs"));
        // Of no address every one would be found.
        for nothing in ["", "|1"] {
            assert_eq!(search_for(nothing), None);
        }
    }
}
