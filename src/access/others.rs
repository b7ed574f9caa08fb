//! Of what several patients have together, a visit of several or a letter to several: that there are others is no secret, and who
//! they are is.
//!
//! On the way out every reference is looked at. One to another patient stays without a name (`data-absent-reason`, `masked`), so
//! that whoever sees it knows that it is not theirs alone; so does one to who acts for somebody, of whom the resource does not say
//! for whom. What leads to a thing of another's record goes, and so do contained resources that may say the same in other words.
//! On the way in all of it is put back.
//!
//! Where nothing says that there are others, a patient of whom nobody can tell who they are (of another house, or named by words
//! alone) is whose it is, and nothing goes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::base::{FhirId, ResourceRef};

/// `http://hl7.org/fhir/R4/extension-data-absent-reason.html`
const ABSENT: &str = "http://hl7.org/fhir/StructureDefinition/data-absent-reason";
const MASKED: &str = "masked";

const PARTICIPANTS: &str = "participant";
/// Under what those who take part are named.
const MEMBERS: &[&str] = &["actor", "member"];
/// What they take part as who is of the house, however they are named (`http://terminology.hl7.org/CodeSystem/v3-ParticipationType`).
const OF_THE_HOUSE_BY_PART: &[&str] = &["ADM", "ATND", "CALLBCK", "CON", "DIS", "PPRF", "REF", "SPRF"];
const PARTS: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";
/// What an Account says of whom by words alone: who is insured, and who pays.
const OF_AN_ACCOUNT: &[&str] = &["coverage", "party"];
/// Where links stand that say in an extension whose they are.
const LINKS: &str = "supportingInformation";
const CONTAINED: &str = "contained";

/// Who takes part in something and is no patient, nor acts for one.
const OF_THE_HOUSE: &[&str] =
    &["Practitioner", "PractitionerRole", "Location", "HealthcareService", "Organization", "Device"];

/// What the record tells of others in a resource, where its own words do not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Others {
    /// What stands in other records, and not in the one that it is seen from.
    pub resources: BTreeSet<ResourceRef>,
    /// By what other patients are known here: system, where there is one, and value.
    pub identifiers: BTreeSet<(String, String)>,
    /// The Patients who are the one that it is seen from all the same: their records were joined.
    pub own_ids: BTreeSet<FhirId>,
    /// By what this one is known here.
    pub own_identifiers: BTreeSet<(String, String)>,
    /// Whether it stands in several records itself.
    pub are_several: bool,
}

/// As whose a resource is seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub own: FhirId,
    pub others: Others,
    pub acting: Acting,
}

/// Whether who acts for the patient is named to whoever sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Acting {
    Named,
    /// Nobody is but this one, who is they themselves.
    Unnamed(Option<ResourceRef>),
}

/// Who a patient is to whom a reference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    Own,
    Another,
    /// Nobody can tell.
    Unknown,
}

impl Seen {
    pub(super) fn of(own: FhirId) -> Self {
        Self { own, others: Others::default(), acting: Acting::Named }
    }

    /// Who is known by an identifier, where somebody is.
    fn known_by(&self, identifier: &Value) -> Option<Whom> {
        let known = (text(identifier, "system").to_owned(), text(identifier, "value").to_owned());
        if self.others.own_identifiers.contains(&known) {
            return Some(Whom::Own);
        }
        self.others.identifiers.contains(&known).then_some(Whom::Another)
    }

    /// Whether it names a patient who is not this one, or leads to what is another's, or names who acts to whom they are not named.
    pub(super) fn are_named(&self, resource: &Value) -> bool {
        self.others.are_several || self.named_in(resource).is_some()
    }

    /// Takes the names of others out of a resource in which they are named.
    pub(super) fn unname(&self, resource: &mut Value) {
        if let Some(members) = resource.as_object_mut() {
            Within::of(self, members).scrub_all(members);
        }
    }

    /// The element in which somebody names another.
    pub(super) fn named_in<'v>(&self, sent: &'v Value) -> Option<&'v str> {
        let members = sent.as_object()?;
        let within = Within::of(self, members);
        members.iter().find(|(name, value)| within.names(name, value)).map(|(name, _)| name.as_str())
    }

    /// Puts the others back, each where one without a name was sent, and behind the rest where none was: who does not see them
    /// does not take them away.
    ///
    /// # Errors
    /// The element in which there are more than there were, or that was changed and was seen in part.
    pub(super) fn rename(&self, sent: &mut Value, stored: Option<&Value>) -> Result<(), String> {
        let has_others = stored.is_some_and(|stored| self.are_named(stored));
        let Some(members) = sent.as_object_mut() else { return Ok(()) };
        let (Some(stored), true) = (stored.and_then(Value::as_object), has_others) else { return Ok(()) };
        let within = Within::of(self, stored);
        within.participants_back(members, stored)?;
        for (name, value) in stored.iter().filter(|(name, _)| *name != PARTICIPANTS && *name != "text") {
            match value {
                Value::Array(all) => within.list_back(members, name, all),
                Value::Object(_) => within.one_back(members, name, value)?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// Who sees a resource, and what is contained in it, by its ids.
struct Within<'s> {
    seen: &'s Seen,
    contained: BTreeMap<String, Contained>,
    is_account: bool,
}

/// The type of what is contained, and of a Patient who that is.
struct Contained {
    kind: String,
    whom: Whom,
}

impl<'s> Within<'s> {
    fn of(seen: &'s Seen, members: &Map<String, Value>) -> Self {
        let all = members.get(CONTAINED).and_then(Value::as_array).into_iter().flatten();
        let contained = all.filter_map(|one| {
            let whom = all_of(one, "identifier").find_map(|one| seen.known_by(one)).unwrap_or(Whom::Unknown);
            Some((one.get("id")?.as_str()?.to_owned(), Contained { kind: kind_of(one)?.to_owned(), whom }))
        });
        let is_account = members.get("resourceType").and_then(Value::as_str) == Some("Account");
        Self { seen, contained: contained.collect(), is_account }
    }

    /// Whether a member of a resource names another, by whatever is certain.
    fn names(&self, name: &str, value: &Value) -> bool {
        match value {
            _ if name == "text" => false,
            Value::Array(all) => {
                (name == CONTAINED && all.iter().any(|one| self.is_another_contained(one)))
                    || self.are_beside_own(all)
                    || all.iter().any(|one| self.names(name, one))
            }
            Value::Object(members) => {
                self.is_named(value) || members.iter().any(|(name, value)| self.names(name, value))
            }
            _ => false,
        }
    }

    fn is_another_contained(&self, one: &Value) -> bool {
        let whom = || all_of(one, "identifier").find_map(|one| self.seen.known_by(one));
        kind_of(one) == Some("Patient") && whom() == Some(Whom::Another)
    }

    /// Whether this patient stands in a list with somebody who is a patient, too: nobody is named twice in one.
    fn are_beside_own(&self, all: &[Value]) -> bool {
        let member = |one: &Value| self.whom(MEMBERS.iter().find_map(|name| one.get(name)).unwrap_or(one));
        let is_in = |wanted| all.iter().any(|one| member(one) == Some(wanted));
        is_in(Whom::Own) && is_in(Whom::Unknown)
    }

    /// Whether a reference is certainly to another patient, or to what is another's, or to who acts and is not named.
    fn is_named(&self, reference: &Value) -> bool {
        if is_absent(reference) {
            return false;
        }
        let acts_unnamed = || {
            let is_hidden = matches!(self.seen.acting, Acting::Unnamed(_));
            is_hidden && self.kind(reference) == Some("RelatedPerson") && !self.is_who_sees(reference)
        };
        match self.whom(reference) {
            Some(whom) => whom == Whom::Another,
            None => self.is_of_another(reference) || acts_unnamed(),
        }
    }

    /// Which patient a reference is to, where it is to one. By what they are called here, or by their number; what lies elsewhere is
    /// another thing, though it is called the same.
    fn whom(&self, reference: &Value) -> Option<Whom> {
        if is_absent(reference) {
            return None;
        }
        if let Some((kind, id)) = local(reference) {
            let is_own =
                || id == self.seen.own.as_str() || self.seen.others.own_ids.iter().any(|one| one.as_str() == id);
            return (kind == "Patient").then(|| if is_own() { Whom::Own } else { Whom::Another });
        }
        if let Some(known) = reference.get("identifier").and_then(|identifier| self.seen.known_by(identifier)) {
            return Some(known);
        }
        match text(reference, "reference").strip_prefix('#').and_then(|id| self.contained.get(id)) {
            Some(contained) => Some(contained.whom).filter(|_| contained.kind == "Patient"),
            None => (self.kind(reference) == Some("Patient")).then_some(Whom::Unknown),
        }
    }

    /// Whether a reference is to what stands in another's record.
    fn is_of_another(&self, reference: &Value) -> bool {
        let one = local(reference).and_then(|(kind, id)| ResourceRef::new(kind, &FhirId::parse(id).ok()?).ok());
        one.is_some_and(|one| self.seen.others.resources.contains(&one))
    }

    /// Whether a reference is to whoever sees this.
    fn is_who_sees(&self, reference: &Value) -> bool {
        let Acting::Unnamed(Some(own)) = &self.seen.acting else { return false };
        local(reference) == Some((own.type_name(), own.id().as_str()))
    }

    /// Whether a reference goes without a name where there are others: they, whoever may be one of them, who acts for somebody, and
    /// what is contained and goes.
    fn hides(&self, reference: &Value) -> bool {
        if is_absent(reference) {
            return false;
        }
        let acts = || self.kind(reference) == Some("RelatedPerson") && !self.is_who_sees(reference);
        let is_gone = || text(reference, "reference").starts_with('#') && self.kind(reference).is_some_and(is_no_house);
        self.is_named(reference) || self.whom(reference) == Some(Whom::Unknown) || acts() || is_gone()
    }

    /// Whether a participant goes without a name where there are others: whoever is neither this patient nor of the house.
    fn hides_participant(&self, participant: &Value) -> bool {
        let Some(actor) = participant.get("actor").filter(|actor| !is_absent(actor)) else { return false };
        self.hides(actor) || (self.is_unknown(actor) && !is_of_the_house_by_part(participant))
    }

    /// Whether a reference names somebody, and nobody can tell whom or of what type.
    fn is_unknown(&self, reference: &Value) -> bool {
        let names = || ["reference", "identifier", "display"].iter().any(|one| reference.get(one).is_some());
        self.kind(reference).is_none() && self.whom(reference).is_none() && names()
    }

    /// Whether a part of an Account of several says by words alone of whom it is.
    fn is_somebodys(&self, name: &str, reference: &Value) -> bool {
        self.is_account && OF_AN_ACCOUNT.contains(&name) && !is_absent(reference) && self.is_unknown(reference)
    }

    /// The type that a reference is to.
    fn kind<'v>(&'v self, reference: &'v Value) -> Option<&'v str> {
        match text(reference, "reference").strip_prefix('#') {
            Some(id) => self.contained.get(id).map(|one| one.kind.as_str()),
            None => kind_named(reference),
        }
    }

    fn scrub_all(&self, members: &mut Map<String, Value>) {
        members.retain(|name, value| self.scrub(name, value));
    }

    /// Takes others out of a member; whether anything is left of it.
    fn scrub(&self, name: &str, value: &mut Value) -> bool {
        if value.is_object() && self.hides(value) {
            *value = self.masked(value);
            return true;
        }
        if value.is_object() && self.is_somebodys(name, value) {
            *value = json!({"extension": [{"url": ABSENT, "valueCode": MASKED}]});
            return true;
        }
        match value {
            Value::Object(members) if !members.is_empty() => {
                self.scrub_all(members);
                !members.is_empty()
            }
            Value::Array(all) if !all.is_empty() => {
                all.retain_mut(|one| self.scrub_one(name, one));
                !all.is_empty()
            }
            _ => true,
        }
    }

    /// Takes others out of one of several; whether anything is left of it.
    fn scrub_one(&self, name: &str, one: &mut Value) -> bool {
        match name {
            CONTAINED => return kind_of(one).is_some_and(|kind| !is_no_house(kind)) && !self.hides_within(one),
            "extension" | "modifierExtension" => return !self.hides_within(one),
            PARTICIPANTS if self.hides_participant(one) => {
                let actor = one.get("actor").map_or(Value::Null, |actor| self.masked(actor));
                let status = one.get("status").cloned().unwrap_or_else(|| json!("accepted"));
                *one = json!({"actor": actor, "status": status});
                return true;
            }
            LINKS if self.hides(one) || self.is_anothers(one) => return false,
            _ => {}
        }
        if one.is_object() && self.hides(one) {
            let is_somebody = matches!(self.kind(one), None | Some("Patient" | "RelatedPerson"));
            *one = self.masked(one);
            return is_somebody;
        }
        match one {
            Value::Object(members) if !members.is_empty() => {
                self.scrub_all(members);
                !members.is_empty()
            }
            _ => true,
        }
    }

    /// Whether anything in it goes without a name.
    fn hides_within(&self, value: &Value) -> bool {
        match value {
            Value::Array(all) => all.iter().any(|one| self.hides_within(one)),
            Value::Object(members) => self.hides(value) || members.values().any(|value| self.hides_within(value)),
            _ => false,
        }
    }

    /// Whether a link says that it is another's.
    fn is_anothers(&self, link: &Value) -> bool {
        let mut of = all_of(link, "extension").filter_map(|part| part.get("valueReference"));
        of.any(|of| self.is_named(of))
    }

    fn masked(&self, reference: &Value) -> Value {
        let kind = self.kind(reference).unwrap_or("Patient");
        json!({"extension": [{"url": ABSENT, "valueCode": MASKED}], "type": kind})
    }

    fn participants_back(&self, sent: &mut Map<String, Value>, stored: &Map<String, Value>) -> Result<(), String> {
        let of_stored = || stored.get(PARTICIPANTS).and_then(Value::as_array).into_iter().flatten();
        let mut hidden = of_stored().filter(|one| self.hides_participant(one) || is_masked(one)).cloned();
        for one in list_mut(sent, PARTICIPANTS).into_iter().flatten() {
            if is_masked(one) {
                *one = hidden.next().ok_or_else(|| PARTICIPANTS.to_owned())?;
                continue;
            }
            // Of one who is seen, what was said about others stays.
            let same =
                of_stored().find(|stored| stored.get("actor").is_some() && stored.get("actor") == one.get("actor"));
            let (Some(same), Some(members)) = (same.and_then(Value::as_object), one.as_object_mut()) else { continue };
            for (name, value) in same {
                if let Value::Array(all) = value {
                    self.list_back(members, name, all);
                }
            }
        }
        let more: Vec<Value> = hidden.collect();
        if !more.is_empty()
            && let Value::Array(all) = sent.entry(PARTICIPANTS).or_insert_with(|| json!([]))
        {
            all.extend(more);
        }
        Ok(())
    }

    /// Puts back what went of a list, and what is whole again in the place of what was seen of it.
    fn list_back(&self, sent: &mut Map<String, Value>, name: &str, stored: &[Value]) {
        let mut more = Vec::new();
        for one in stored {
            let mut seen = one.clone();
            let is_left = self.scrub_one(name, &mut seen);
            if is_left && seen == *one {
                continue;
            }
            let mut there = list_mut(sent, name).into_iter().flatten();
            match there.find(|sent| **sent == *one || (is_left && **sent == seen)) {
                // A whole element that is cut is back already.
                Some(sent) => sent.clone_from(one),
                None => more.push(one.clone()),
            }
        }
        if !more.is_empty()
            && let Value::Array(all) = sent.entry(name).or_insert_with(|| json!([]))
        {
            all.extend(more);
        }
    }

    /// The same of what stands alone.
    fn one_back(&self, sent: &mut Map<String, Value>, name: &str, stored: &Value) -> Result<(), String> {
        let mut seen = stored.clone();
        let is_left = self.scrub(name, &mut seen);
        if is_left && seen == *stored {
            return Ok(());
        }
        match sent.get(name) {
            Some(sent) if sent == stored => Ok(()),
            Some(sent) if !is_left || *sent != seen => Err(name.to_owned()),
            _ => {
                sent.insert(name.to_owned(), stored.clone());
                Ok(())
            }
        }
    }
}

fn kind_of(resource: &Value) -> Option<&str> {
    resource.get("resourceType").and_then(Value::as_str)
}

fn is_no_house(kind: &str) -> bool {
    !OF_THE_HOUSE.contains(&kind)
}

fn all_of<'v>(resource: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    resource.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn list_mut<'v>(members: &'v mut Map<String, Value>, name: &str) -> Option<&'v mut Vec<Value>> {
    members.get_mut(name).and_then(Value::as_array_mut)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether somebody takes part as one of the house.
fn is_of_the_house_by_part(participant: &Value) -> bool {
    let mut parts = all_of(participant, "type").flat_map(|part| all_of(part, "coding"));
    parts.any(|part| {
        let is_of = part.get("system").is_none() || text(part, "system") == PARTS;
        is_of && OF_THE_HOUSE_BY_PART.contains(&text(part, "code"))
    })
}

/// The type and the id of what a reference names that is here, whichever version.
fn local(reference: &Value) -> Option<(&str, &str)> {
    let address = text(reference, "reference");
    let address = address.split_once("/_history/").map_or(address, |(address, _)| address);
    let (kind, id) = address.split_once('/')?;
    let is_here = kind.bytes().all(|byte| byte.is_ascii_alphabetic()) && !kind.is_empty() && !id.contains('/');
    is_here.then_some((kind, id))
}

/// The type that a reference names, wherever that lies.
fn kind_named(reference: &Value) -> Option<&str> {
    let address = text(reference, "reference");
    let address = address.split_once("/_history/").map_or(address, |(address, _)| address);
    address.rsplit('/').nth(1).or_else(|| reference.get("type").and_then(Value::as_str))
}

fn is_masked(participant: &Value) -> bool {
    participant.get("actor").is_some_and(is_absent)
}

fn is_absent(reference: &Value) -> bool {
    let is = |part: &Value, name: &str, wanted: &str| text(part, name) == wanted;
    all_of(reference, "extension").any(|part| is(part, "url", ABSENT) && is(part, "valueCode", MASKED))
}

#[cfg(test)]
mod tests {
    use super::super::cut::Cut;
    use super::*;

    fn seen_by(id: &str) -> Cut {
        Cut::of(&[]).seen_as_of(Some(&FhirId::parse(id).unwrap()))
    }

    fn visit() -> Value {
        let of = |who: &str, name: &str| json!({"actor": {"reference": who, "display": name}, "required": "required", "status": "accepted"});
        let answers = |id: &str, whose: &str| {
            let of = json!([{"url": "urn:chartbox:answers-of", "valueReference": {"reference": whose}}]);
            json!({"extension": of, "reference": format!("QuestionnaireResponse/{id}")})
        };
        json!({
            "resourceType": "Appointment",
            "status": "booked",
            "text": {"status": "generated", "div": "<div>Halina and Emil</div>"},
            "participant": [
                of("Patient/q/_history/2", "Emil"),
                of("Patient/p", "Halina"),
                of("RelatedPerson/r", "Adaeze"),
                of("Practitioner/d", "Dr Ann"),
                of("https://elsewhere.example/fhir/Patient/s", "Sol"),
            ],
            "supportingInformation": [answers("a", "Patient/q"), answers("b", "Patient/p"), {"reference": "Observation/o"}],
        })
    }

    #[test]
    fn of_a_visit_of_several_each_sees_that_there_are_others_and_not_who() {
        let stored = visit();
        let mut seen = stored.clone();
        seen_by("p").take_from(&mut seen);
        let text = seen.to_string();
        for gone in ["Emil", "Patient/q", "Adaeze", "RelatedPerson/r", "Sol", "Patient/s", "Response/a"] {
            assert!(!text.contains(gone), "{gone}: {text}");
        }
        for stays in ["Patient/p", "Halina", "Dr Ann", "Response/b", "Observation/o", "SUBSETTED"] {
            assert!(text.contains(stays), "{stays}: {text}");
        }
        assert_eq!(seen["participant"].as_array().unwrap().len(), 5);
        // What comes back so loses nobody, in whichever order, and where the others were left out.
        let mut same = seen.clone();
        seen_by("p").put_back(&mut same, Some(&stored)).unwrap();
        assert_eq!(same["participant"], stored["participant"]);
        assert_eq!((same["text"].clone(), same.get("meta")), (stored["text"].clone(), None));
        let mut fewer = seen.clone();
        fewer["participant"] = json!([stored["participant"][1]]);
        fewer.as_object_mut().unwrap().remove("supportingInformation");
        seen_by("p").put_back(&mut fewer, Some(&stored)).unwrap();
        let text = fewer.to_string();
        assert!(
            ["Patient/q", "Patient/p", "RelatedPerson/r", "Patient/s", "Response/a"]
                .iter()
                .all(|one| text.contains(one))
        );
        assert!(!text.contains("Practitioner/d") && !text.contains("Response/b"), "{text}");
    }

    #[test]
    fn nobody_brings_another_patient_in_nor_guesses_one() {
        let stored = visit();
        assert!(seen_by("p").put_back(&mut stored.clone(), Some(&stored)).is_err());
        assert!(seen_by("p").put_back(&mut stored.clone(), None).is_err());
        let mut more = stored.clone();
        seen_by("p").take_from(&mut more);
        let one_more = more["participant"][0].clone();
        more["participant"].as_array_mut().unwrap().push(one_more);
        assert!(seen_by("p").put_back(&mut more, Some(&stored)).is_err());
    }

    /// What lies elsewhere is another thing, and who is a patient there and stands beside this one is another.
    #[test]
    fn somebody_elsewhere_is_another_only_where_this_one_is_named_beside_them() {
        let elsewhere = json!({"reference": "https://elsewhere.example/fhir/Patient/p", "display": "Sol"});
        let of = |recipient: Value| {
            let mut seen = json!({"resourceType": "Communication", "subject": {"reference": "Patient/p"}, "recipient": recipient,
                "text": {"status": "generated", "div": "<div>letter</div>"}});
            seen_by("p").take_from(&mut seen);
            seen.to_string()
        };
        assert!(of(json!([elsewhere])).contains("Sol"));
        let beside = of(json!([elsewhere, {"reference": "Patient/p"}]));
        assert!(!beside.contains("Sol") && !beside.contains("letter"), "{beside}");
    }

    #[test]
    fn a_visit_of_one_is_whole_to_them() {
        let mut stored = visit();
        stored["participant"] = json!([stored["participant"][1], stored["participant"][2], stored["participant"][3]]);
        stored.as_object_mut().unwrap().remove("supportingInformation");
        let mut seen = stored.clone();
        seen_by("p").take_from(&mut seen);
        assert_eq!(seen, stored);
        seen_by("p").put_back(&mut seen, Some(&stored)).unwrap();
        assert_eq!(seen, stored);
    }
}
