//! What this server does, said by itself (`GET /fhir/metadata`).

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::super::session::Visit;
use super::answer;
use crate::fhir::definitions::ParamKind;
use crate::fhir::{Definitions, ResourceType};

/// `GET /fhir/metadata`: public, and the same for everybody.
pub async fn metadata(visit: Visit) -> Response {
    let date = format!("{:.3}", visit.house.ambient.now());
    let statement = statement(&answer::base(&visit), &date);
    answer::json(StatusCode::OK, Body::from(statement.to_string()))
}

fn statement(base: &str, date: &str) -> Value {
    let interactions: Vec<Value> = ["read", "vread", "history-instance", "search-type", "create", "update", "delete"]
        .iter()
        .map(|code| json!({ "code": code }))
        .collect();
    let resources: Vec<Value> = ResourceType::ALL
        .iter()
        .filter(|kind| {
            !matches!(kind, ResourceType::Bundle | ResourceType::Parameters | ResourceType::OperationOutcome)
        })
        .map(|&kind| {
            json!({
                "type": kind.name(),
                "interaction": interactions,
                "versioning": "versioned-update",
                "readHistory": true,
                "updateCreate": true,
                "conditionalCreate": false,
                "conditionalRead": "not-match",
                "conditionalUpdate": false,
                "conditionalDelete": "not-supported",
                "searchParam": params(kind),
                "operation": operations(kind),
            })
        })
        .collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": date,
        "kind": "instance",
        "software": { "name": "Chartbox", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": "A clinic's record box", "url": base },
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [{
            "mode": "server",
            "security": {
                "cors": false,
                "description": "A bearer token made by the box's operator, or a session of the box's own pages."
            },
            "resource": resources,
            "interaction": [{ "code": "transaction" }, { "code": "batch" }],
        }]
    })
}

fn operations(kind: ResourceType) -> Vec<Value> {
    let own: &[(&str, &str)] = match kind {
        ResourceType::ValueSet => &[("expand", "ValueSet-expand"), ("validate-code", "ValueSet-validate-code")],
        ResourceType::CodeSystem => &[("validate-code", "CodeSystem-validate-code")],
        _ => &[],
    };
    let common = [("validate", "Resource-validate"), ("meta", "Resource-meta")];
    let one = |(name, definition): &(&str, &str)| json!({ "name": name, "definition": format!("http://hl7.org/fhir/OperationDefinition/{definition}") });
    common.iter().chain(own).map(one).collect()
}

fn params(kind: ResourceType) -> Vec<Value> {
    let definitions = Definitions::r4();
    let own = definitions.search_params(kind).iter();
    let common = definitions
        .common_search_params()
        .iter()
        .filter(|param| matches!(param.code, "_id" | "_lastUpdated" | "_profile" | "_security" | "_source" | "_tag"));
    own.chain(common)
        .filter_map(|param| {
            let kind = match param.kind {
                ParamKind::Special => return None,
                kind => kind.name(),
            };
            Some(json!({ "name": param.code, "type": kind }))
        })
        .collect()
}
