//! What this server does, said by itself (`GET /fhir/metadata`): made from the table of routes and the definitions, so
//! that it claims what is mounted at this listener and nothing else.

use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::front::{LONGEST_ADDRESS, LONGEST_HEAD, MOST_HEADERS};
use super::super::routes::{self, Entrance, Verb};
use super::super::server::{READ_HEAD, READ_HEADERS};
use super::super::session::Visit;
use super::answer;
use crate::base::Timestamp;
use crate::fhir::definitions::ParamKind;
use crate::fhir::{Definitions, ResourceType, patch};

/// `GET /fhir/metadata`: public, and the same for everybody at one listener.
pub async fn metadata(visit: Visit) -> Response {
    let made = || statement(visit.entrance, &answer::base(&visit), visit.house.about.started).to_string().into();
    answer::json(StatusCode::OK, Body::from(visit.house.statements.of(visit.entrance, made)))
}

/// The statements of the listeners, each made once: all who ask are handed the same bytes.
#[derive(Debug, Default)]
pub struct Statements {
    clinic: OnceLock<Bytes>,
    portal: OnceLock<Bytes>,
}

impl Statements {
    fn of(&self, entrance: Entrance, made: impl FnOnce() -> Bytes) -> Bytes {
        let kept = if entrance == Entrance::Portal { &self.portal } else { &self.clinic };
        kept.get_or_init(made).clone()
    }
}

/// An interaction of one resource type, and the row that makes it.
const OF_TYPE: [(&str, Verb, &str); 9] = [
    ("read", Verb::Get, "/fhir/{kind}/{id}"),
    ("vread", Verb::Get, "/fhir/{kind}/{id}/_history/{version}"),
    ("update", Verb::Put, "/fhir/{kind}/{id}"),
    ("patch", Verb::Patch, "/fhir/{kind}/{id}"),
    ("delete", Verb::Delete, "/fhir/{kind}/{id}"),
    ("history-instance", Verb::Get, "/fhir/{kind}/{id}/_history"),
    ("history-type", Verb::Get, "/fhir/{kind}/_history"),
    ("create", Verb::Post, "/fhir/{kind}"),
    ("search-type", Verb::Get, "/fhir/{kind}"),
];

/// An interaction of the whole server.
const OF_SYSTEM: [(&str, Verb, &str); 4] = [
    ("transaction", Verb::Post, "/fhir"),
    ("batch", Verb::Post, "/fhir"),
    ("history-system", Verb::Get, "/fhir/_history"),
    ("search-system", Verb::Get, "/fhir"),
];

pub(super) fn statement(entrance: Entrance, base: &str, started: Timestamp) -> Value {
    let date = format!("{started:.3}");
    let mounted = |verb, path: &str| routes::of(entrance).any(|route| route.verb == verb && route.path == path);
    let codes = |all: &[(&str, Verb, &str)]| -> Vec<Value> {
        all.iter().filter(|(_, verb, path)| mounted(*verb, path)).map(|(code, ..)| json!({ "code": code })).collect()
    };
    let interactions = codes(&OF_TYPE);
    let has = |verb| mounted(verb, "/fhir/{kind}");
    let resources: Vec<Value> = ResourceType::ALL
        .iter()
        .map(|&kind| {
            if kind == ResourceType::AuditEvent {
                return the_log(&interactions, operations(entrance, kind));
            }
            if kind.is_only_sent() {
                return only_sent(kind, operations(entrance, kind));
            }
            let mut resource = json!({
                "type": kind.name(),
                "documentation": match kind {
                    ResourceType::Consent => format!("{WHO_CHOOSES_IDS} {CONSENTS}"),
                    _ => WHO_CHOOSES_IDS.to_owned(),
                },
                "interaction": interactions,
                "versioning": "versioned-update",
                "readHistory": true,
                "updateCreate": true,
                "conditionalCreate": has(Verb::Post),
                "conditionalRead": "full-support",
                "conditionalUpdate": has(Verb::Put),
                "conditionalDelete": if has(Verb::Delete) { "single" } else { "not-supported" },
                "referencePolicy": ["literal", "enforced"],
                "searchInclude": includes(kind),
                // Any reference that leads to the type, one by one or all at once.
                "searchRevInclude": ["*"],
                "searchParam": params(kind),
            });
            put(&mut resource, "operation", operations(entrance, kind));
            resource
        })
        .collect();
    let mut rest = json!({
        "mode": "server",
        "documentation": format!("{SEARCHES} {}", errors()),
        "security": {
            "cors": false,
            "description": SECURITY,
        },
        "resource": resources,
        "interaction": codes(&OF_SYSTEM),
        "searchParam": common(),
        "compartment": compartments(),
    });
    let exports = |path: &str| mounted(Verb::Get, path);
    if exports("/fhir/$export") {
        put(&mut rest, "operation", vec![operation("export", EXPORT)]);
    }
    let mut statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": { "name": "Chartbox", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "A clinic's record box", "url": base },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "patchFormat": [patch::MEDIA_TYPE],
        "rest": [rest],
    });
    if exports("/fhir/$export") {
        put(&mut statement, "instantiates", vec![format!("{BULK}/CapabilityStatement/bulk-data").into()]);
    }
    statement
}

/// `updateCreate` is for some: what a client may do is decided by its token, and the statement is one for all.
const WHO_CHOOSES_IDS: &str = "An update may create a resource under the id in its address (updateCreate) with a service's token \
                               alone. What a person makes, by token or session, gets its id from the server: create it, or \
                               update it conditionally. An update of what is not there, or not to be seen, is answered to them \
                               with 405.";

/// How errors are answered, and which are not ours to word.
fn errors() -> String {
    format!(
        "Every error is answered with an OperationOutcome. An address may have {} KiB; a request may have {MOST_HEADERS} headers, which \
         may have {} KiB together. More than 64 KiB of address (414), more than {READ_HEADERS} headers or {} KiB of address and headers \
         (431), and what is no HTTP (400) are refused by the status alone, without a body, and the connection ends.",
        LONGEST_ADDRESS >> 10,
        LONGEST_HEAD >> 10,
        READ_HEAD >> 10,
    )
}

const CONSENTS: &str = "Of a Consent of scope patient-privacy that is active the box applies type, actor, period, securityLabel (labels that \
                        seal), purpose (TREAT, CAREMGT, COC) and action (access, use, collect), each provision within those around it; a \
                        refusal stands above every permission. What is said for marketing, research, disclosure or another Organization \
                        is stored, and neither opens nor hides anything here. Any other criterion (class, data, dataPeriod, code, another \
                        purpose or action, an actor that cannot be told) is refused with 422, and so is an opt-out by policyRule alone. In \
                        an import such a permission opens nothing, and such a refusal hides all that it may be meant for. Of several \
                        labels a permission opens those that seal, and in a refusal each must. Which Organization is the clinic says \
                        providedBy of its HealthcareService of category urn:chartbox:service|clinic, where all of these name the same; \
                        it is changed by a health administrator, or with a scope that updates Consents. Who acts for a patient is let by \
                        the outermost provision of a Consent of category urn:chartbox:consent|proxy, whatever its scope; a refusal in one \
                        stands above it. Programs are not asked for consents, and see nothing that is sealed: with the scope they write \
                        over it and delete it, and conditions find it by identifier, _id or url (and patient or subject) alone.";

const SEARCHES: &str = "A search is strict unless it is sent with “Prefer: handling=lenient”: a parameter that is not known or not \
                        supported is then left out, and an OperationOutcome among the answer's entries says which; without it \
                        the search is refused. A parameter without a value is left out of a search either way, and refused in a \
                        condition. Modifiers that do not apply are always refused. “:below” and “:above” go through codes of a \
                        system that the box carries, media types (below), canonical URLs and their versions, and the partOf of \
                        Location and Organization. A name or an address is found by the beginning of it, or of a later word in \
                        it, without punctuation. The access log (AuditEvent) is searched by itself: no _has, chain or include \
                        leads to it.";

const SECURITY: &str = "A bearer token made by the box's operator, or a session of the box's own pages. A token's scopes are \
                        written as in SMART App Launch 2: c is create, r read, vread and history, u update and patch, d delete, s search; \
                        a patch and $meta-add take r beside u, for how they end tells what was there; the history of a type or of all takes r and s. \
                        What the account itself may not do, no scope allows.";

/// HL7 FHIR Bulk Data Access, whose operations are not among R4's own.
const BULK: &str = "http://hl7.org/fhir/uv/bulkdata";
const EXPORT: &str = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export";
const PATIENT_EXPORT: &str = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/patient-export";
const GROUP_EXPORT: &str = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export";

/// The International Patient Summary's.
const SUMMARY: &str = "http://hl7.org/fhir/uv/ips/OperationDefinition/summary";

/// `definition` is an address, or the name of one of R4's own operations.
fn operation(name: &str, definition: &str) -> Value {
    let url = match definition.starts_with("http") {
        true => definition.to_owned(),
        false => format!("http://hl7.org/fhir/OperationDefinition/{definition}"),
    };
    json!({ "name": name, "definition": url })
}

/// The access log is looked at and nothing else, and is searched by what stands in its entries.
fn the_log(interactions: &[Value], operations: Vec<Value>) -> Value {
    let looks = |interaction: &&Value| interaction["code"] == "read" || interaction["code"] == "search-type";
    // What an entry alone decides.
    let alone = |param: &Value| param["name"] != "_list";
    let mut resource = json!({
        "type": ResourceType::AuditEvent.name(),
        "documentation": "A view of the access log, made by the server alone; newest first.",
        "interaction": interactions.iter().filter(looks).collect::<Vec<_>>(),
        "versioning": "no-version",
        "readHistory": false,
        "updateCreate": false,
        "conditionalCreate": false,
        "conditionalRead": "full-support",
        "conditionalUpdate": false,
        "conditionalDelete": "not-supported",
        "searchParam": params(ResourceType::AuditEvent).into_iter().filter(alone).collect::<Vec<_>>(),
    });
    let looks = ["validate", "meta"];
    let operations = operations.into_iter().filter(|one| looks.iter().any(|name| one["name"] == *name)).collect();
    put(&mut resource, "operation", operations);
    resource
}

/// What is sent and answered with is checked, and nothing else.
fn only_sent(kind: ResourceType, operations: Vec<Value>) -> Value {
    let mut resource = json!({
        "type": kind.name(),
        "documentation": "Sent and answered with, and not stored here.",
        "versioning": "no-version",
        "readHistory": false,
        "updateCreate": false,
        "conditionalCreate": false,
        "conditionalRead": "not-supported",
        "conditionalUpdate": false,
        "conditionalDelete": "not-supported",
    });
    put(&mut resource, "operation", operations.into_iter().filter(|one| one["name"] == "validate").collect());
    resource
}

/// FHIR has no empty arrays.
fn put(object: &mut Value, name: &str, items: Vec<Value>) {
    if let (Some(object), false) = (object.as_object_mut(), items.is_empty()) {
        object.insert(name.to_owned(), Value::Array(items));
    }
}

/// The operations of a type, as far as they are mounted.
fn operations(entrance: Entrance, kind: ResourceType) -> Vec<Value> {
    let own: &[(&str, &str)] = match kind {
        ResourceType::ValueSet => &[("expand", "ValueSet-expand"), ("validate-code", "ValueSet-validate-code")],
        ResourceType::Patient => {
            &[("everything", "Patient-everything"), ("export", PATIENT_EXPORT), ("summary", SUMMARY)]
        }
        ResourceType::Observation => &[("lastn", "Observation-lastn")],
        ResourceType::Group => &[("export", GROUP_EXPORT)],
        ResourceType::CodeSystem => &[("validate-code", "CodeSystem-validate-code")],
        _ => &[],
    };
    let common = [
        ("validate", "Resource-validate"),
        ("meta", "Resource-meta"),
        ("meta-add", "Resource-meta-add"),
        ("meta-delete", "Resource-meta-delete"),
    ];
    let mounted =
        |name: &str| routes::of(entrance).any(|route| route.path.rsplit_once('$').is_some_and(|(_, is)| is == name));
    let all = common.iter().chain(own).filter(|(name, _)| mounted(name));
    all.map(|(name, definition)| operation(name, definition)).collect()
}

/// By the addresses of their definitions.
fn compartments() -> Vec<String> {
    let small_first = |of: ResourceType| {
        let name = of.name();
        let (head, rest) = name.split_at(1);
        format!("http://hl7.org/fhir/CompartmentDefinition/{}{rest}", head.to_lowercase())
    };
    Definitions::r4().compartments().map(small_first).collect()
}

fn includes(kind: ResourceType) -> Vec<Value> {
    let references = Definitions::r4().search_params(kind).iter();
    // What a Bundle leads to stands in it.
    let references = references.filter(|param| {
        param.kind == ParamKind::Reference && !param.expression.is_empty() && kind != ResourceType::Bundle
    });
    std::iter::once("*".into()).chain(references.map(|param| format!("{kind}:{}", param.code).into())).collect()
}

fn params(kind: ResourceType) -> Vec<Value> {
    let own = Definitions::r4().search_params(kind).iter();
    let own = own.filter(|param| !param.expression.is_empty());
    let own = own.map(|param| json!({ "name": param.code, "type": param.kind.name() }));
    let narrative = Definitions::r4().search_param(kind, "_text").map(|_| json!({ "name": "_text", "type": "string" }));
    own.chain(common()).chain(narrative).collect()
}

/// What every type is searched by.
fn common() -> Vec<Value> {
    let all = Definitions::r4().common_search_params().iter();
    let common = all
        .filter(|param| matches!(param.code, "_id" | "_lastUpdated" | "_profile" | "_security" | "_source" | "_tag"));
    let others = [("_content", "string"), ("_list", "special")];
    let others = others.iter().map(|(name, kind)| json!({ "name": name, "type": kind }));
    common.map(|param| json!({ "name": param.code, "type": param.kind.name() })).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::super::is_written;
    use super::super::look::{Look, Manner};
    use super::*;
    use crate::fhir::search::Handling;
    use crate::fhir::{Mode, validate};

    fn of<'a>(resource: &'a Value, list: &str, key: &str) -> Vec<&'a str> {
        resource[list].as_array().into_iter().flatten().map(|one| one[key].as_str().unwrap()).collect()
    }

    /// Of every type: what is claimed is answered, and what is answered is claimed.
    #[test]
    fn the_statement_claims_of_each_type_what_is_mounted_and_nothing_else() {
        for entrance in [Entrance::Clinic, Entrance::Portal] {
            let manner = Manner::of_nobody(entrance, Handling::Strict);
            let statement = statement(entrance, "https://box.example/fhir", Timestamp::UNIX_EPOCH);
            let resources = statement["rest"][0]["resource"].as_array().unwrap();
            let types: Vec<&str> = resources.iter().map(|one| one["type"].as_str().unwrap()).collect();
            assert_eq!(types, ResourceType::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>());
            for (resource, &kind) in resources.iter().zip(ResourceType::ALL) {
                let looks = |path: &str| Look::parse(&format!("{kind}{path}"), "", &manner).is_ok();
                let mounted =
                    |verb, path: &str| routes::of(entrance).any(|route| route.verb == verb && route.path == path);
                let answers = |code: &str| match code {
                    "read" => looks("/1"),
                    "vread" => looks("/1/_history/1"),
                    "history-instance" => looks("/1/_history"),
                    "history-type" => looks("/_history"),
                    "search-type" => looks(""),
                    _ => is_written(kind).is_ok(),
                };
                let answered = OF_TYPE.iter().filter(|(code, verb, path)| mounted(*verb, path) && answers(code));
                let answered: Vec<&str> = answered.map(|(code, ..)| *code).collect();
                assert_eq!(of(resource, "interaction", "code"), answered, "{kind} at {}", entrance.name());
                // What nobody searches has nothing to be searched by.
                let searched = answered.contains(&"search-type");
                assert_eq!(resource.get("searchParam").is_some(), searched, "{kind}");
                let operations = of(resource, "operation", "name");
                for (name, path) in [("everything", "/1/$everything"), ("lastn", "/$lastn?patient=1&code=1")] {
                    let (path, query) = path.split_once('?').unwrap_or((path, ""));
                    let is_one = Look::parse(&format!("{kind}{path}"), query, &manner).is_ok();
                    assert_eq!(operations.contains(&name), is_one, "${name} of {kind}");
                }
                assert!(operations.contains(&"validate"), "{kind}");
                assert_eq!(operations.contains(&"meta-add"), is_written(kind).is_ok(), "{kind}");
            }
            // Of all types at once and by name the same.
            for kind in ResourceType::ALL {
                let by_name = Look::parse("", &format!("_type={kind}"), &manner).is_ok();
                assert_eq!(by_name, !kind.is_only_sent(), "{kind}");
            }
            let Ok(Look::Search { queries, .. }) = Look::parse("", "", &manner) else { panic!("all are searched") };
            assert!(queries.iter().all(|query| !query.kind.is_only_sent()));
            let issues = validate(&statement, Definitions::r4(), Mode::Strict);
            assert!(!issues.iter().any(crate::fhir::Issue::is_error), "{issues:?}");
        }
    }

    #[test]
    fn a_document_is_stored_and_searched_and_what_is_only_sent_is_refused_as_not_supported() {
        let manner = Manner::of_nobody(Entrance::Clinic, Handling::Lenient);
        let statement = statement(Entrance::Clinic, "https://box.example/fhir", Timestamp::UNIX_EPOCH);
        let resources = statement["rest"][0]["resource"].as_array().unwrap();
        let bundle = resources.iter().find(|one| one["type"] == "Bundle").unwrap();
        for name in ["composition", "identifier", "message", "timestamp", "type"] {
            assert!(of(bundle, "searchParam", "name").contains(&name), "{name}");
        }
        for path in ["Parameters", "Parameters/1", "OperationOutcome/1/_history", "OperationOutcome/1/_history/1"] {
            let refusal = Look::parse(path, "", &manner).err().unwrap();
            assert_eq!((refusal.status().as_u16(), &*refusal.issues()[0].code), (404, "not-supported"), "{path}");
        }
        let refusal = is_written(ResourceType::Parameters).unwrap_err();
        assert!(refusal.sentence().contains("Parameters/$validate"), "{}", refusal.sentence());
    }

    #[test]
    fn the_statement_names_which_errors_have_no_body() {
        let said = errors();
        for part in ["48 KiB", "64 headers", "24 KiB", "80 headers", "88 KiB", "64 KiB of address", "414", "431", "400"]
        {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}
