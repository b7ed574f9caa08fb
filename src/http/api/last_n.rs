//! The parameters of `Observation/$lastn` (observation-operation-lastn.html).

use super::super::respond::{Refusal, Refused};
use super::look::{Look, Manner};
use super::refusal;
use crate::fhir::search::{Filter, Query, encode_pair, pairs};
use crate::fhir::{IssueCode, ResourceType};

/// `Observation/$lastn?query`: a search that names whose, and of which kinds; and `max`, how many of each.
pub(super) fn parse(query: &str, manner: &Manner) -> Result<Look, Refusal> {
    let mut most = 1;
    let mut own = String::new();
    for (name, value) in pairs(query).map_err(|error| refusal::of_query(&error))? {
        match name.as_str() {
            "max" => {
                let max = value.parse().ok().filter(|max| *max > 0);
                most =
                    max.ok_or_else(|| wrong("The value of “max” is not a whole number above 0.", IssueCode::Value))?;
                continue;
            }
            "_count" | "_sort" | "_cursor" | "_total" => {
                let text =
                    "The newest of each kind come at once and in their own order, without _count, _sort and _total.";
                return Err(wrong(text, IssueCode::NotSupported));
            }
            _ => {}
        }
        encode_pair(&name, &value, &mut own);
    }
    let parsed = manner.query(ResourceType::Observation, &own).map_err(|error| refusal::of_query(&error))?;
    if !names(&parsed, |code| matches!(code, "patient" | "subject")) {
        return Err(wrong("Say whose measurements: “patient” or “subject” is needed.", IssueCode::Required));
    }
    if !names(&parsed, |code| code == "category" || code.contains("code")) {
        return Err(wrong("Say which measurements: “category” or “code” is needed.", IssueCode::Required));
    }
    let asked = if most == 1 { own } else { format!("max={most}&{own}") };
    Ok(Look::LastN { query: Box::new(parsed), most, asked })
}

/// Whether a search goes by such a parameter.
fn names(query: &Query, is_it: fn(&str) -> bool) -> bool {
    query.filters.iter().any(|filter| match filter {
        Filter::Test { param, .. } | Filter::Chain { param, .. } => is_it(&param.code),
        Filter::Any(any) => any
            .iter()
            .any(|one| matches!(one, Filter::Test { param, .. } | Filter::Chain { param, .. } if is_it(&param.code))),
        _ => false,
    })
}

fn wrong(what: &'static str, code: IssueCode) -> Refusal {
    refusal::coded(Refused::Malformed, code, what.to_owned())
}
