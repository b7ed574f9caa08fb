//! A search for what somebody waits for. It goes on behind what does not wait, and looks into what comes along with each without
//! handing all of it out: what is listed costs what is shown, however much it is made of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Page;
use super::disclosure::Undisclosed;
use super::error::RecordError;
use super::numbers::row;
use super::reading::Reading;
use super::rows::{Row, RowNumber};
use super::search::Place;
use crate::audit::Touched;
use crate::base::FhirId;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::search::{Include, Query, Repeat};

/// How many at a time are gone through.
const STRETCH: usize = 250;
/// How many full pages of bytes are gone through at most.
const PAGES: usize = 4;

/// What is wanted of a search. Plain functions, as in [`Choose`](super::Choose).
#[derive(Debug, Clone, Copy)]
pub struct Sift<'a, C> {
    /// How many matches are wanted.
    pub most: usize,
    /// How many are gone through for these.
    pub looked: usize,
    pub with: C,
    pub wanted: fn(&Value, C) -> bool,
    pub into: Option<LookInto<'a>>,
}

/// What each match is looked into for.
#[derive(Debug, Clone, Copy)]
pub struct LookInto<'a> {
    /// The ways that lead on from it.
    pub includes: &'a [Include],
    /// How many resources are opened for all matches together.
    pub most: usize,
    pub found: fn(&Value) -> bool,
}

/// How a match was looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// It is there, and was handed out.
    Found,
    Nothing,
    /// Not all of it was opened, and nothing was found so far.
    InPart,
}

/// What there is behind what was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rest {
    #[default]
    Nothing,
    More,
    /// Not all was gone through: there may be more.
    Perhaps,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Sifted {
    pub page: Page,
    pub rest: Rest,
    /// Of each match that was looked into.
    pub looks: BTreeMap<FhirId, Looked>,
}

impl Reading<'_> {
    /// The first of a search that are wanted, with what it includes.
    pub fn sift<C: Copy>(&mut self, query: &Query, sift: Sift<'_, C>) -> Result<Undisclosed<Sifted>, RecordError> {
        self.scope(query.kind)?;
        let (kept, rest) = self.those(query, &sift)?;
        let (mut looks, mut touched) = (BTreeMap::new(), Vec::new());
        if let Some(into) = sift.into {
            let mut left = into.most;
            for (number, match_) in &kept {
                let looked = self.looked_into(*number, &into, &mut left, &mut touched)?;
                looks.insert(match_.id.clone(), looked);
            }
        }
        let looks = self.covered(looks, touched);
        let page = self.page_of(kept, query, None)?;
        Ok(page.zip(looks).map_with(rest, |(page, looks), rest| Sifted { page, rest, looks }))
    }

    #[allow(clippy::type_complexity)] // rows, and what there is behind them
    fn those<C: Copy>(
        &mut self,
        query: &Query,
        sift: &Sift<'_, C>,
    ) -> Result<(Vec<(RowNumber, Row)>, Rest), RecordError> {
        let (mut kept, mut after): (Vec<_>, Option<Place>) = (Vec::new(), None);
        let (mut looked, mut bytes, mut kept_bytes) = (0_usize, 0_usize, 0_usize);
        loop {
            let (matches, next) = self.stretch(query, (STRETCH, self.limits.page_bytes), after.as_ref())?;
            for (number, row) in matches {
                (looked, bytes) = (looked + 1, bytes.saturating_add(row.json.len()));
                if (sift.wanted)(&self.as_seen(&row)?, sift.with) {
                    if kept.len() == sift.most || kept_bytes > self.limits.page_bytes {
                        return Ok((kept, Rest::More));
                    }
                    kept_bytes = kept_bytes.saturating_add(row.json.len());
                    kept.push((number, row));
                }
            }
            match next {
                None => return Ok((kept, Rest::Nothing)),
                Some(_) if looked >= sift.looked || bytes > self.limits.page_bytes.saturating_mul(PAGES) => {
                    return Ok((kept, Rest::Perhaps));
                }
                Some(next) => after = Some(next),
            }
        }
    }

    /// Goes on from one match until it is found. What was only passed by is not handed out.
    fn looked_into(
        &mut self,
        from: RowNumber,
        into: &LookInto<'_>,
        left: &mut usize,
        touched: &mut Vec<Touched>,
    ) -> Result<Looked, RecordError> {
        let (mut seen, mut known, own) = (BTreeSet::from([from]), BTreeSet::new(), OwnAddresses::default());
        let mut fresh = vec![from];
        for round in 0..=self.limits.include_depth {
            let mut next = Vec::new();
            for number in std::mem::take(&mut fresh) {
                let (from, mut value) = (row(self.read, number)?, None);
                let includes = into.includes.iter().filter(|one| round == 0 || one.repeat == Repeat::Iterate);
                for include in includes {
                    if *left == 0 {
                        return Ok(Looked::InPart);
                    }
                    let led = self.led_to((include, &own), &from, (&mut value, &mut known))?;
                    *left = left.saturating_sub(led.len());
                    for number in led {
                        if !seen.insert(number) {
                            continue;
                        }
                        let row = row(self.read, number)?;
                        if (into.found)(&self.as_seen(&row)?) {
                            let kind = self.opened();
                            self.touch(&row, kind, touched)?;
                            return Ok(Looked::Found);
                        }
                        next.push(number);
                    }
                }
            }
            if next.is_empty() {
                return Ok(Looked::Nothing);
            }
            fresh = next;
        }
        Ok(Looked::InPart)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{new_box, why};
    use super::*;
    use crate::access::Actor;
    use crate::audit;
    use crate::fhir::ResourceType as T;
    use crate::record::strict;

    fn waits(one: &Value, word: &str) -> bool {
        one.pointer("/code/text").and_then(Value::as_str) == Some(word)
    }

    fn is_critical(one: &Value) -> bool {
        one.get("valueString").is_some()
    }

    #[test]
    fn it_goes_on_behind_what_does_not_wait_and_says_what_it_did_not_open() {
        let house = new_box();
        house.put(json!({"resourceType": "Patient", "id": "p1"}));
        let subject = json!({"reference": "Patient/p1"});
        let refers = |to: &str| json!([{"reference": format!("Observation/{to}")}]);
        let result = |id: &str, more: Value| {
            let mut one = json!({"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "T"}, "subject": subject});
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            house.put(one);
        };
        result("deep", json!({"valueString": "6.9"}));
        result("inner", json!({"hasMember": refers("deep")}));
        result("panel", json!({"hasMember": refers("inner")}));
        result("plain", json!({}));
        let report = |id: &str, name: &str, issued: &str, of: &str| {
            house.put(json!({"resourceType": "DiagnosticReport", "id": id, "status": "final", "code": {"text": name}, "issued": issued,
                "subject": subject, "result": refers(of)}));
        };
        report("old", "waits", "2020-01-01T09:00:00Z", "panel");
        report("older", "waits", "2019-01-01T09:00:00Z", "plain");
        for n in 0..300 {
            report(&format!("past{n}"), "past", &format!("2025-01-01T09:{:02}:{:02}Z", n / 60, n % 60), "plain");
        }
        let includes =
            strict(T::DiagnosticReport, "_include=DiagnosticReport:result&_include:iterate=Observation:has-member")
                .unwrap()
                .includes;
        let query =
            strict(T::DiagnosticReport, "status=final&_sort=-issued&_include=DiagnosticReport:subject").unwrap();
        let found = |most: usize, opened: usize, looked: usize| {
            let into = LookInto { includes: &includes, most: opened, found: is_critical };
            let sift = Sift { most, looked, with: "waits", wanted: waits, into: Some(into) };
            let read = |reading: &mut Reading<'_>| reading.sift(&query, sift);
            let found = house.records.disclose_blocking(&Actor::system("test"), why(audit::Action::Read), read);
            let found = found.unwrap().into_inner();
            let ids: Vec<String> = found.page.matches.iter().map(|one| one.id.to_string()).collect();
            assert!(found.page.included.iter().all(|one| one.kind == T::Patient), "only who it is about comes along");
            (ids.join(" "), found.rest, found.looks.into_values().collect::<Vec<_>>())
        };
        let both = "old older".to_owned();
        assert_eq!(found(10, 100, 1_000), (both.clone(), Rest::Nothing, vec![Looked::Found, Looked::Nothing]));
        assert_eq!(found(1, 100, 1_000), ("old".to_owned(), Rest::More, vec![Looked::Found]));
        assert_eq!(
            found(10, 100, 100),
            (String::new(), Rest::Perhaps, vec![]),
            "they lie behind what was gone through"
        );
        assert_eq!(found(10, 2, 1_000), (both, Rest::Nothing, vec![Looked::InPart, Looked::InPart]));
    }
}
