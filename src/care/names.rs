//! The names of people, teams and places that a chart's resources refer to without saying them: of what a program stored with
//! bare references nobody could be read as the source.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Chart;
use super::correct::name_in_use;
use super::within::{list, text};
use crate::access::Actor;
use crate::base::ResourceRef;
use crate::fhir::ResourceType as R;
use crate::record::{Page, RecordError, Records, Stored, Why, strict};

/// What is nobody's own and has a name.
const KINDS: [R; 4] = [R::PractitionerRole, R::Practitioner, R::Organization, R::Location];

/// The most of one type that are looked up for a page.
const MOST: usize = 200;

/// Names by `Type/id`.
type Names = BTreeMap<String, String>;

/// Puts the names to the references of a chart that bear none, as far as this actor may see them.
pub async fn complete(records: &Records, actor: &Actor, why: &Why, chart: &mut Chart) -> Result<(), RecordError> {
    let mut asked = BTreeSet::new();
    chart.each().for_each(|one| bare(one, &mut asked));
    let is_role = |one: &String| one.starts_with("PractitionerRole/");
    let roles: BTreeSet<String> = asked.iter().filter(|one| is_role(one)).cloned().collect();
    asked.retain(|one| !is_role(one));
    let (mut names, mut led) = (Names::new(), Vec::new());
    // A role is called as its person is, whom it may not name either.
    for (own, role) in look(records, actor, why, &roles).await? {
        let person = text(&role, "/practitioner/reference");
        match [text(&role, "/practitioner/display"), text(&role, "/organization/display")] {
            [name, _] if !name.is_empty() => drop(names.insert(own, name.to_owned())),
            _ if person.starts_with("Practitioner/") => {
                asked.insert(person.to_owned());
                led.push((own, person.to_owned()));
            }
            [_, name] if !name.is_empty() => drop(names.insert(own, name.to_owned())),
            _ => {}
        }
    }
    for (own, one) in look(records, actor, why, &asked).await? {
        names.extend(name_of(&one).map(|name| (own, name)));
    }
    for (role, person) in led {
        if let Some(name) = names.get(&person).cloned() {
            names.insert(role, name);
        }
    }
    if !names.is_empty() {
        chart.each_mut().for_each(|one| put(one, &names));
    }
    Ok(())
}

/// Those of these that there are and that this actor may see, by `Type/id`.
async fn look(
    records: &Records,
    actor: &Actor,
    why: &Why,
    asked: &BTreeSet<String>,
) -> Result<Vec<(String, Value)>, RecordError> {
    let mut queries = Vec::new();
    for kind in KINDS {
        let of_kind = |one: &String| ResourceRef::parse(one).ok().filter(|one| one.type_name() == kind.name());
        let ids: Vec<String> = asked.iter().filter_map(of_kind).map(|one| one.id().to_string()).take(MOST).collect();
        if !ids.is_empty() {
            queries.push(strict(kind, &format!("_id={}&_count={MOST}", ids.join(",")))?);
        }
    }
    let Some((first, rest)) = queries.split_first() else { return Ok(Vec::new()) };
    let found = records.disclose(actor, why.clone(), |reading| {
        let mut all = reading.search(first)?;
        for query in rest {
            all = all.zip(reading.search(query)?).map(together);
        }
        Ok(all)
    });
    let named = |stored: &Stored| (format!("{}/{}", stored.kind.name(), stored.id), stored.value());
    match found.await {
        Ok(found) => Ok(found.into_inner().matches.iter().map(named).collect()),
        Err(RecordError::Denied(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn together((mut all, more): (Page, Page)) -> Page {
    all.matches.extend(more.matches);
    all
}

/// The references that say no name.
fn bare(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let (Some(Value::String(to)), None) = (members.get("reference"), members.get("display"))
                && KINDS.iter().any(|kind| to.strip_prefix(kind.name()).is_some_and(|rest| rest.starts_with('/')))
            {
                found.insert(to.clone());
            }
            members.values().for_each(|member| bare(member, found));
        }
        Value::Array(all) => all.iter().for_each(|one| bare(one, found)),
        _ => {}
    }
}

fn put(value: &mut Value, names: &Names) {
    match value {
        Value::Object(members) => {
            let to = members.get("reference").and_then(Value::as_str);
            if let (Some(name), None) = (to.and_then(|to| names.get(to)), members.get("display")) {
                members.insert("display".to_owned(), json!(name));
            }
            members.values_mut().for_each(|member| put(member, names));
        }
        Value::Array(all) => all.iter_mut().for_each(|one| put(one, names)),
        _ => {}
    }
}

/// "Dr Ann Corvin", or what an organization or a place is called.
fn name_of(one: &Value) -> Option<String> {
    let called = text(one, "/name");
    if !called.is_empty() {
        return Some(called.to_owned());
    }
    let name = list(one, "name").get(name_in_use(one, None)?)?;
    let whole = text(name, "/text");
    let words = |part: &str| list(name, part).iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
    let parts = [words("prefix"), words("given"), text(name, "/family").to_owned(), words("suffix")];
    let built = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Some(if whole.is_empty() { built } else { whole.to_owned() }).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Reach;
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{Ambient, FhirId, ManualClock, SeededRandom};
    use crate::fhir::Mode;
    use crate::record::{Change, Channel, Condition};
    use crate::store::Store;

    #[tokio::test]
    async fn a_source_that_is_only_referred_to_is_called_by_its_name() {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        let (records, actor) = (Records::new(audit, Reach::Clinic), Actor::system("test"));
        let why =
            Why { action: Action::Read, purpose: Purpose::Treat, detail: Detail::none(), channel: Channel::Screen };
        let person =
            json!({"resourceType": "Practitioner", "id": "d", "name": [{"given": ["Ann"], "family": "Corvin"}]});
        let role =
            json!({"resourceType": "PractitionerRole", "id": "r", "practitioner": {"reference": "Practitioner/d"}});
        let laboratory = json!({"resourceType": "Organization", "id": "o", "name": "Northern Laboratory"});
        for (kind, value) in [(R::Practitioner, person), (R::PractitionerRole, role), (R::Organization, laboratory)] {
            let id = FhirId::parse(text(&value, "/id")).unwrap();
            let change = Change::put(kind, id, value, Condition::None, Mode::Strict).unwrap();
            drop(records.change(&actor, why.clone(), change).await.unwrap());
        }
        let report = json!({"performer": [{"reference": "Organization/o"}, {"reference": "Practitioner/gone"}],
            "resultsInterpreter": [{"reference": "PractitionerRole/r"}]});
        let mut chart = Chart::holding(json!({"id": "p"}), vec![(R::DiagnosticReport, vec![report])]);
        complete(&records, &actor, &why, &mut chart).await.unwrap();
        let named = &chart.of(R::DiagnosticReport)[0];
        assert_eq!(named.pointer("/performer/0/display"), Some(&json!("Northern Laboratory")));
        assert_eq!(named.pointer("/performer/1/display"), None);
        assert_eq!(named.pointer("/resultsInterpreter/0/display"), Some(&json!("Ann Corvin")));
    }

    #[test]
    fn who_is_referred_to_without_a_name_is_found_and_named() {
        let report = json!({"performer": [{"reference": "Practitioner/d"}, {"reference": "Organization/o", "display": "Lab"}],
            "subject": {"reference": "Patient/p"}, "extension": [{"valueReference": {"reference": "PractitionerRole/r"}}]});
        let mut found = BTreeSet::new();
        bare(&report, &mut found);
        assert_eq!(found.iter().collect::<Vec<_>>(), ["Practitioner/d", "PractitionerRole/r"]);
        let names = Names::from([("Practitioner/d".into(), "Dr D".into()), ("Organization/o".into(), "Other".into())]);
        let mut named = report.clone();
        put(&mut named, &names);
        assert_eq!(named.pointer("/performer/0/display"), Some(&json!("Dr D")));
        assert_eq!(named.pointer("/performer/1/display"), Some(&json!("Lab")), "what is said stays");
        assert_eq!(named.get("subject"), report.get("subject"));
    }

    #[test]
    fn a_person_is_called_by_the_name_in_use_and_a_place_by_its_own() {
        let of = |one: Value| name_of(&one);
        let two = json!([{"use": "old", "text": "A"}, {"prefix": ["Dr"], "given": ["Ann", "B"], "family": "Corvin"}]);
        assert_eq!(of(json!({"name": two})).as_deref(), Some("Dr Ann B Corvin"));
        assert_eq!(of(json!({"name": "Northern Laboratory"})).as_deref(), Some("Northern Laboratory"));
        assert_eq!(of(json!({"name": [{"use": "usual"}]})), None);
        assert_eq!(of(json!({})), None);
    }
}
