//! `Observation/$lastn`: the newest few of each kind of measurement (observation-operation-lastn.html).
//!
//! Of one kind are those whose codes have a coding in common, or, where there is none, the same text. What was entered in
//! error is no measurement, unless its status was asked for.

use std::collections::HashMap;

use serde_json::Value;

use super::Page;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::reading::Reading;
use super::rows::{Row, RowNumber};
use super::search::Place;
use crate::fhir::ResourceType;
use crate::fhir::search::{Filter, Query, clinical_date};

/// How many at a time are gone through.
const STRETCH: usize = 1_000;

impl Reading<'_> {
    /// The `most` newest of each kind that a search of Observations finds, by kind, newest first.
    pub fn last_n(&mut self, query: &Query, most: usize) -> Result<Undisclosed<Page>, RecordError> {
        let scope = self.scope(query.kind)?;
        let asked_of = query.compartment.clone().or_else(|| scope.patient().cloned());
        let any_status =
            query.filters.iter().any(|filter| matches!(filter, Filter::Test { param, .. } if param.code == "status"));
        let mut found: Vec<(i64, RowNumber, Row, Vec<String>)> = Vec::new();
        let mut after: Option<Place> = None;
        let mut bytes: usize = 0;
        loop {
            let (matches, next) = self.stretch(query, (STRETCH, usize::MAX), after.as_ref())?;
            for (number, row) in matches {
                bytes += row.json.len();
                if bytes > self.limits.page_bytes.saturating_mul(8) {
                    return Err(RecordError::TooWide);
                }
                self.look_into(&row)?;
                let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
                if any_status || value.get("status").and_then(Value::as_str) != Some("entered-in-error") {
                    let date = clinical_date(ResourceType::Observation, &value);
                    let date = date.unwrap_or_else(|| row.updated.as_millisecond());
                    found.push((date, number, row, keys(&value)));
                }
            }
            match next {
                Some(next) => after = Some(next),
                None => break,
            }
        }
        found.sort_by(|(a, one, ..), (b, other, ..)| (b, other).cmp(&(a, one)));
        // The first of a kind is its newest, and names the kind; a later one with codings of two kinds joins the first.
        let mut kinds: Vec<Vec<(RowNumber, Row)>> = Vec::new();
        let mut kind_of: HashMap<String, usize> = HashMap::new();
        for (_, number, row, keys) in found {
            let at = keys.iter().find_map(|key| kind_of.get(key).copied()).unwrap_or_else(|| {
                kinds.push(Vec::new());
                kinds.len() - 1
            });
            for key in keys {
                kind_of.entry(key).or_insert(at);
            }
            if let Some(kind) = kinds.get_mut(at).filter(|kind| kind.len() < most) {
                kind.push((number, row));
            }
        }
        let all: Vec<(RowNumber, Row)> = kinds.into_iter().flatten().collect();
        let bytes: usize = all.iter().map(|(_, row)| row.json.len()).sum();
        if all.len() > self.limits.page || bytes > self.limits.page_bytes {
            return Err(RecordError::TooWide);
        }
        self.page_of(all, query, asked_of)
    }
}

/// By what an Observation is of a kind: each coding of its code, or its text.
fn keys(value: &Value) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let Some(code) = value.get("code") else { return vec![String::new()] };
    let codings = code.get("coding").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let keys: Vec<String> =
        codings.iter().map(|coding| format!("{}|{}", text(coding, "system"), text(coding, "code"))).collect();
    if keys.is_empty() { vec![text(code, "text").to_lowercase()] } else { keys }
}
