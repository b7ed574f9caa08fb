//! An entry of the chain as an `AuditEvent` of FHIR R4, after the patterns of IHE's Basic Audit Log (BALP 1.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::audit::{Action, Detail, DetailState, Entry, Line, Outcome, TouchedPage};
use crate::base::{ActorKind, FhirId, Role};
use crate::fhir::meta::instant;

/// How much of an entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// To who answers for the log.
    Whole,
    /// To the patient whom it concerns: without what was typed, by which program, and from where.
    OfPatient,
}

const EVENT_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-event-type";
const DCM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const INTERACTION: &str = "http://hl7.org/fhir/restful-interaction";
const ENTITY_TYPE: &str = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
const OBJECT_ROLE: &str = "http://terminology.hl7.org/CodeSystem/object-role";

/// Our own codes: of the act, of the role, of what an act was to a patient.
const ACT: &str = "urn:chartbox:audit-action";
const ROLE: &str = "urn:chartbox:role";
const TOUCH: &str = "urn:chartbox:audit-touch";
/// The system of the ids that accounts have here.
const ACCOUNT: &str = "urn:chartbox:account";

/// How many resources more an entry touched that whoever reads it is not to hear of by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unnamed {
    pub held: usize,
    pub sealed: usize,
}

pub(super) fn audit_event(line: &Line, touched: &TouchedPage, withheld: Unnamed, sight: Sight) -> Value {
    let entry = &line.entry;
    let recorded = instant(entry.time());
    let (kind, subtypes) = kind_of(entry.action);
    let mut event = json!({
        "resourceType": "AuditEvent",
        "id": entry.sequence().to_string(),
        "meta": { "versionId": "1", "lastUpdated": recorded },
        "type": kind,
        "subtype": subtypes,
        "action": letter(entry.action),
        "recorded": recorded,
        "outcome": match entry.outcome {
            Outcome::Denied => "4",
            Outcome::Failed => "8",
            _ => "0",
        },
        "outcomeDesc": entry.outcome.word(),
        "purposeOfEvent": [{ "coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
            "code": entry.purpose.code(),
        }] }],
        "agent": agents(entry, sight),
        "source": {
            "observer": { "display": "Chartbox" },
            "type": [{
                "system": "http://terminology.hl7.org/CodeSystem/security-source-type",
                "code": "4",
                "display": "Application Server",
            }],
        },
    });
    let detail = match &line.detail {
        DetailState::Kept(detail) => Some(detail),
        _ => None,
    };
    if let (Some(reason), Some(purpose)) =
        (detail.and_then(|detail| detail.reason.as_ref()), event.pointer_mut("/purposeOfEvent/0"))
    {
        put(purpose, "text", reason.as_str().into());
    }
    let entities = entities(touched, withheld, detail.filter(|_| sight == Sight::Whole));
    if !entities.is_empty() {
        put(&mut event, "entity", entities.into());
    }
    event
}

fn put(object: &mut Value, name: &str, value: Value) {
    if let Some(object) = object.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}

/// What kind of event it is, and which: by FHIR's interaction or DICOM's event where there is one, and by our own name.
fn kind_of(action: Action) -> (Value, Vec<Value>) {
    let interaction = match action {
        Action::Read => Some("read"),
        Action::VersionRead => Some("vread"),
        Action::History => Some("history"),
        Action::Search | Action::Listed | Action::Count => Some("search"),
        Action::Create => Some("create"),
        Action::Update => Some("update"),
        Action::Patch => Some("patch"),
        Action::Delete => Some("delete"),
        Action::Batch => Some("batch"),
        Action::Transaction => Some("transaction"),
        Action::Validate | Action::Everything | Action::Summary | Action::Export | Action::Operation => {
            Some("operation")
        }
        _ => None,
    };
    let own = json!({ "system": ACT, "code": action.code(), "display": action.word() });
    if let Some(code) = interaction {
        let rest = json!({ "system": EVENT_TYPE, "code": "rest", "display": "RESTful Operation" });
        return (rest, vec![json!({ "system": INTERACTION, "code": code }), own]);
    }
    let (code, display, which) = match action {
        Action::SignIn => ("110114", "User Authentication", Some(("110122", "Login"))),
        Action::SignOut | Action::SessionEnd => ("110114", "User Authentication", Some(("110123", "Logout"))),
        Action::StepUp | Action::Authenticate | Action::Throttled => ("110114", "User Authentication", None),
        Action::AuditRead | Action::AuditVerify | Action::AuditExport => ("110101", "Audit Log Used", None),
        Action::Start => ("110100", "Application Activity", Some(("110120", "Application Start"))),
        Action::Stop => ("110100", "Application Activity", Some(("110121", "Application Stop"))),
        Action::Print | Action::Download | Action::Disclosure => ("110106", "Export", None),
        Action::Import | Action::Upload => ("110107", "Import", None),
        action => match action.number() {
            300..=399 | 510..=539 => ("110113", "Security Alert", None),
            400..=509 => ("110100", "Application Activity", None),
            _ => ("110110", "Patient Record", None),
        },
    };
    let which = which.map(|(code, display)| json!({ "system": DCM, "code": code, "display": display }));
    (json!({ "system": DCM, "code": code, "display": display }), which.into_iter().chain([own]).collect())
}

/// Create, read, update, delete or execute (http://hl7.org/fhir/audit-event-action).
const fn letter(action: Action) -> &'static str {
    match action {
        Action::Create | Action::Register | Action::Upload | Action::AccountCreate | Action::TokenCreate => "C",
        Action::Read
        | Action::VersionRead
        | Action::History
        | Action::Listed
        | Action::Count
        | Action::View
        | Action::MessageRead => "R",
        Action::Update | Action::Patch | Action::AccountChange | Action::RoleChange | Action::PasswordChange => "U",
        Action::Delete | Action::TokenRevoke | Action::DetailErase => "D",
        _ => "E",
    }
}

fn agents(entry: &Entry, sight: Sight) -> Vec<Value> {
    let actor = &entry.actor;
    let person = matches!(actor.kind, ActorKind::Person | ActorKind::ProxyFor);
    let (system, code, display) = match actor.kind {
        ActorKind::Person | ActorKind::ProxyFor | ActorKind::ShareLink | ActorKind::Anonymous => {
            ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP", "information recipient")
        }
        ActorKind::Service | ActorKind::System => (DCM, "110150", "Application"),
    };
    let mut agent = json!({
        "type": { "coding": [{ "system": system, "code": code, "display": display }] },
        "requestor": true,
    });
    let account = actor.account.map(|account| json!({ "system": ACCOUNT, "value": account.to_string() }));
    let who = match (&actor.person, account, &actor.job) {
        (Some(person), ..) => json!({ "reference": person.as_str() }),
        (None, Some(account), _) => json!({ "identifier": account }),
        (None, None, Some(job)) if sight == Sight::Whole => json!({ "display": &**job }),
        _ if person => json!({ "display": match actor.role {
            Some(Role::Patient) => "Another patient",
            Some(Role::Proxy) => "Somebody who acts for a patient",
            _ => "Somebody with an account",
        } }),
        _ => json!({ "display": match actor.kind {
            ActorKind::System => "The box itself",
            ActorKind::ShareLink => "Whoever has a share link",
            ActorKind::Service => "Another program",
            _ => "Somebody who is not signed in",
        } }),
    };
    put(&mut agent, "who", who);
    if let Some(account) = actor.account {
        put(&mut agent, "altId", account.to_string().into());
    }
    if let Some(role) = actor.role {
        put(&mut agent, "role", json!([{ "coding": [{ "system": ROLE, "code": role.name() }] }]));
    }
    if let (Some(origin), Sight::Whole) = (entry.origin, sight) {
        put(&mut agent, "network", json!({ "address": origin.to_string(), "type": "2" }));
    }
    let mut agents = vec![agent];
    if let Some(patient) = &actor.on_behalf_of {
        agents.push(json!({
            "type": { "coding": [{ "system": DCM, "code": "110151", "display": "Application Launcher" }],
                "text": "On whose behalf" },
            "who": { "reference": patient.as_str() },
            "requestor": false,
        }));
    }
    agents
}

fn entities(touched: &TouchedPage, withheld: Unnamed, detail: Option<&Detail>) -> Vec<Value> {
    let coding =
        |system: &str, code: &str, display: &str| json!({ "system": system, "code": code, "display": display });
    let mut out = Vec::new();
    let mut patients: Vec<&FhirId> = Vec::new();
    for part in &touched.touched {
        let label = coding(TOUCH, part.kind.code(), part.kind.word());
        if let Some(patient) = part.patient.as_ref().filter(|patient| !patients.contains(patient)) {
            patients.push(patient);
            out.push(json!({
                "what": { "reference": format!("Patient/{patient}") },
                "type": coding(ENTITY_TYPE, "1", "Person"),
                "role": coding(OBJECT_ROLE, "1", "Patient"),
                "securityLabel": [label],
            }));
        }
        for resource in &part.resources {
            if part.patient.as_ref().is_some_and(|of| resource.type_name() == "Patient" && resource.id() == *of) {
                continue;
            }
            out.push(json!({
                "what": { "reference": resource.as_str() },
                "type": coding(ENTITY_TYPE, "2", "System Object"),
                "role": coding(OBJECT_ROLE, "4", "Domain Resource"),
                "securityLabel": [label],
            }));
        }
    }
    let unnamed = |description: String| {
        json!({
            "type": coding(ENTITY_TYPE, "2", "System Object"),
            "role": coding(OBJECT_ROLE, "4", "Domain Resource"),
            "description": description,
        })
    };
    if touched.more > 0 {
        out.push(unnamed(format!("{} more resources", touched.more)));
    }
    match withheld.sealed {
        0 => {}
        1 => out.push(unnamed("A sealed resource".to_owned())),
        n => out.push(unnamed(format!("{n} sealed resources"))),
    }
    match withheld.held {
        0 => {}
        1 => out.push(unnamed("Something that a doctor still looks through".to_owned())),
        _ => out.push(unnamed("Some things that a doctor still looks through".to_owned())),
    }
    let Some(detail) = detail else { return out };
    if let Some(search) = &detail.search {
        out.push(json!({
            "type": coding(ENTITY_TYPE, "2", "System Object"),
            "role": coding(OBJECT_ROLE, "24", "Query"),
            "query": STANDARD.encode(search),
        }));
    }
    let more = [("User agent", &detail.user_agent), ("Note", &detail.note)];
    let more: Vec<Value> =
        more.iter().filter_map(|(name, text)| Some(json!({ "type": name, "valueString": text.as_deref()? }))).collect();
    if !more.is_empty() {
        out.push(json!({
            "type": coding(ENTITY_TYPE, "4", "Other"),
            "detail": more,
        }));
    }
    out
}
