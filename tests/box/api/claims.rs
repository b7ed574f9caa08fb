//! What the CapabilityStatement claims of searching, called: every parameter of every type, every include, every
//! compartment.

use chartbox::fhir::definitions::ParamKind;
use chartbox::fhir::{Definitions, ResourceType};
use serde_json::Value;

use super::{Caller, ok};

pub fn all(client: &Caller) {
    let statement = ok(&client.get("/fhir/metadata"), 200);
    let rest = &statement["rest"][0];
    let mut called = 0;
    let mut call = |path: String| {
        let page = ok(&client.get(&path), 200);
        assert_eq!((&page["resourceType"], &page["type"]), (&"Bundle".into(), &"searchset".into()), "{path}");
        called += 1;
    };
    for resource in list(&rest["resource"]) {
        let kind = ResourceType::parse(text(&resource["type"])).unwrap();
        // What all types have in common is called on one of them.
        let common = |name: &str| name.starts_with('_') && kind != ResourceType::Observation;
        for param in list(&resource["searchParam"]).iter().filter(|param| !common(text(&param["name"]))) {
            let (name, value) = (text(&param["name"]), value_of(kind, text(&param["name"])));
            call(format!("/fhir/{kind}?{name}={value}&_count=1"));
        }
        let includes: Vec<String> =
            list(&resource["searchInclude"]).iter().map(|include| format!("_include={}", text(include))).collect();
        for part in includes.chunks(20) {
            call(format!("/fhir/{kind}?_count=1&{}", part.join("&")));
        }
        for part in list(&resource["searchRevInclude"]).chunks(20) {
            let part: Vec<String> = part.iter().map(|include| format!("_revinclude={}", text(include))).collect();
            call(format!("/fhir/{kind}?_count=1&{}", part.join("&")));
        }
    }
    for compartment in list(&rest["compartment"]) {
        let name = text(compartment).rsplit('/').next().unwrap();
        let kind = Definitions::r4().compartments().find(|kind| kind.name().eq_ignore_ascii_case(name)).unwrap();
        call(format!("/fhir/{kind}/nobody/*"));
    }
    assert!(called > 1_400, "{called}");
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Something of the parameter's kind.
fn value_of(kind: ResourceType, name: &str) -> String {
    let r4 = Definitions::r4();
    let param = r4.search_param(kind, name).or_else(|| r4.search_param(ResourceType::Patient, name));
    let plain = |kind: ParamKind| match kind {
        ParamKind::Number | ParamKind::Quantity => "1",
        ParamKind::Date => "2026",
        ParamKind::Uri => "http://e.example/x",
        _ => "x",
    };
    match param {
        Some(param) if param.kind == ParamKind::Composite => {
            let parts = param.components.iter().map(|part| plain(r4.search_param_by_id(part.param).unwrap().kind));
            parts.collect::<Vec<_>>().join("$")
        }
        Some(_) if name == "near" => "1|1|1|km".to_owned(),
        Some(param) => plain(param.kind).to_owned(),
        None => "x".to_owned(),
    }
}
