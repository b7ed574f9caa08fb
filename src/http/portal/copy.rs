//! A copy of everything, made while it is downloaded: a page to read, the files, and FHIR for other programs. Each part is
//! written into the access log before its first byte, and the rights are asked anew for each: a permission that ends stops it.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::copy_pages::{CopyPage, CopySection};
use super::own::{Needs, Own};
use crate::access::Actor;
use crate::audit::{Action, Detail, Purpose};
use crate::base::FhirId;
use crate::care::copy::{TooLarge, Zip};
use crate::care::requests::{Kind, State};
use crate::care::uploads;
use crate::fhir::{ResourceType, samples};
use crate::http::House;
use crate::http::fill::copied::{CopyLine, copied, is_mistaken, mistaken};
use crate::http::fill::{self, Ctx};
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::words;
use crate::http::ui::{Cx, assets, t};
use crate::record::{Channel, EverythingAsked, Page, Stored, Why};

/// How many resources are read at once; a file of the record is read alone.
const AT_ONCE: usize = 200;

/// `GET /my/requests/{id}/copy.zip`
pub(in crate::http) async fn download(visit: Visit, Path(id): Path<String>) -> Result<Response, Refusal> {
    let own = Own::of(visit, Needs::Adding)?;
    let (request, _) = own.request(&id).await?;
    if request.kind != Kind::Copy || request.state != State::Answered {
        return Err(Refusal::not_found());
    }
    let cx = own.visit.cx();
    let purpose = own.purpose();
    let of =
        CopyOf { house: own.visit.house.clone(), patient: own.patient, actor: own.actor, purpose, ctx: own.ctx, cx };
    sent(of).await
}

/// Whose copy is made, and who takes it.
pub(in crate::http) struct CopyOf {
    pub house: House,
    pub patient: FhirId,
    pub actor: Actor,
    pub purpose: Purpose,
    pub ctx: Ctx,
    pub cx: Cx,
}

/// The archive, as it is being made.
pub(in crate::http) async fn sent(of: CopyOf) -> Result<Response, Refusal> {
    let now = of.house.ambient.now().to_zoned(of.ctx.zone.clone());
    let name = format!("attachment; filename=\"record-{}.zip\"", now.date());
    let memory = of.house.unread.stream(&of.actor)?;
    let making = Making::new(of, now.datetime());
    // What is refused at once is said in words, not by a file that breaks off.
    let first = making.next().await?;
    let rest = stream::unfold(Some(first), |state| async {
        let (making, ready) = state?;
        let bytes = ready?;
        match making.next().await {
            Ok(next) => Some((Ok(bytes), Some(next))),
            Err(refusal) => {
                tracing::warn!(target: "http", status = refusal.status().as_u16(), "a copy broke off");
                Some((Err(std::io::Error::other("the copy broke off")), None))
            }
        }
    });
    // Who compresses it asks again after its end.
    let mut response = Response::new(Body::from_stream(rest.fuse()));
    memory.map(|memory| response.extensions_mut().insert(memory));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(Refusal::internal)?);
    Ok(response)
}

/// How far it is.
enum Stage {
    /// Everything but files, by type.
    Resources(Option<String>),
    Files(Option<String>),
    End,
    Over,
}

struct Making {
    of: CopyOf,
    zip: Zip,
    stage: Stage,
    /// The type whose file is being written.
    kind: Option<ResourceType>,
    /// What is nobody's and was referred to: written once, behind the rest.
    along: BTreeMap<ResourceType, Vec<Bytes>>,
    seen: BTreeSet<(ResourceType, String)>,
    lines: Vec<(ResourceType, Vec<CopyLine>)>,
    /// How the files are called, by the Binary that holds them.
    names: BTreeMap<String, String>,
    files: Vec<(String, String)>,
    who: String,
    reported: Reported,
    /// The reports that say of what sample their results are, and the results that do not say it themselves, each by the place of its
    /// line.
    sampling: Vec<Value>,
    unsampled: Vec<(usize, Value)>,
}

/// The results that stand in reports, as these refer to them. Reports come before results.
#[derive(Default)]
struct Reported {
    /// In one that counts.
    good: BTreeSet<String>,
    /// In one that was taken back.
    mistaken: BTreeSet<String>,
}

impl Reported {
    fn note(&mut self, report: &Value) {
        let into = if is_mistaken(report) { &mut self.mistaken } else { &mut self.good };
        into.extend(fill::list(report, "result").iter().filter_map(|one| fill::owned(one, "/reference")));
    }

    /// Whether a result stands in no report but what was taken back.
    fn is_taken_back(&self, id: &str) -> bool {
        let own = format!("Observation/{id}");
        self.mistaken.contains(&own) && !self.good.contains(&own)
    }
}

impl Making {
    fn new(of: CopyOf, now: jiff::civil::DateTime) -> Self {
        Self {
            zip: Zip::new(now),
            of,
            stage: Stage::Resources(None),
            kind: None,
            along: BTreeMap::new(),
            seen: BTreeSet::new(),
            lines: Vec::new(),
            names: BTreeMap::new(),
            files: Vec::new(),
            who: String::new(),
            reported: Reported::default(),
            sampling: Vec::new(),
            unsampled: Vec::new(),
        }
    }

    /// The next bytes; `None` at the end.
    async fn next(mut self) -> Result<(Self, Option<Bytes>), Refusal> {
        loop {
            let page = match &self.stage {
                Stage::Resources(cursor) => {
                    let kinds =
                        ResourceType::ALL.iter().copied().filter(|kind| *kind != ResourceType::Binary).collect();
                    Some(self.page(kinds, cursor.clone(), AT_ONCE).await?)
                }
                Stage::Files(cursor) => Some(self.page(vec![ResourceType::Binary], cursor.clone(), 1).await?),
                Stage::End => None,
                Stage::Over => return Ok((self, None)),
            };
            // It is written and compressed where nobody else's answer waits for it.
            let worked = tokio::task::spawn_blocking(move || self.go_on(page).map(|()| self)).await;
            self = worked.map_err(|_| Refusal::internal("writing a copy panicked"))??;
            let bytes = self.zip.take();
            if !bytes.is_empty() {
                return Ok((self, Some(bytes.into())));
            }
        }
    }

    fn go_on(&mut self, page: Option<Page>) -> Result<(), Refusal> {
        match (std::mem::replace(&mut self.stage, Stage::Over), page) {
            (Stage::Resources(_), Some(page)) => {
                self.resources(&page)?;
                self.stage = match page.next {
                    Some(next) => Stage::Resources(Some(next)),
                    None => Stage::Files(None),
                };
                Ok(())
            }
            (Stage::Files(_), Some(page)) => {
                page.matches.iter().try_for_each(|stored| self.file(stored))?;
                self.stage = match page.next {
                    Some(next) => Stage::Files(Some(next)),
                    None => Stage::End,
                };
                Ok(())
            }
            (Stage::End, _) => self.end(),
            _ => Ok(()),
        }
    }

    async fn page(&self, kinds: Vec<ResourceType>, cursor: Option<String>, count: usize) -> Result<Page, Refusal> {
        let asked = EverythingAsked {
            patient: Some(self.of.patient.clone()),
            kinds: Some(kinds),
            since: None,
            care: None,
            count: Some(count),
            cursor,
        };
        let why =
            Why { action: Action::Everything, purpose: self.of.purpose, detail: Detail::none(), channel: Channel::Api };
        let CopyOf { house, actor, .. } = &self.of;
        let found = house.records.disclose(actor, why, |reading| reading.everything(&asked)).await?;
        Ok(found.into_inner())
    }

    fn resources(&mut self, page: &Page) -> Result<(), Refusal> {
        let medications = page.included.iter().filter(|one| one.kind == ResourceType::Medication);
        let along = self.of.ctx.along(&medications.map(Stored::value).collect::<Vec<_>>());
        for stored in &page.matches {
            let value: Value = serde_json::from_slice(&stored.json).map_err(Refusal::internal)?;
            if self.kind != Some(stored.kind) {
                self.kind = Some(stored.kind);
                self.zip.begin(&format!("fhir/{}.ndjson", stored.kind.name())).map_err(too_large)?;
            }
            self.line(&stored.json)?;
            self.note(stored.kind, &value, &along);
        }
        for stored in &page.included {
            if self.seen.insert((stored.kind, stored.id.to_string())) {
                self.along.entry(stored.kind).or_default().push(stored.json.clone());
            }
        }
        Ok(())
    }

    fn line(&mut self, json: &[u8]) -> Result<(), Refusal> {
        self.zip.write(json).map_err(too_large)?;
        self.zip.write(b"\n").map_err(too_large)
    }

    /// Keeps what the page to read says of a resource.
    fn note(&mut self, kind: ResourceType, value: &Value, ctx: &Ctx) {
        if kind == ResourceType::Patient {
            self.who = fill::identity(value, &self.of.ctx).plain();
            return;
        }
        if kind == ResourceType::DiagnosticReport {
            self.reported.note(value);
            self.sampling.extend(samples::names_one(value).then(|| value.clone()));
        }
        // A file that was a mistake is no file of the record: it stands with what says so, for programs.
        if let Some(id) = uploads::binary_of(value, uploads::Part::File).filter(|_| !is_mistaken(value)) {
            let title = value.pointer("/content/0/attachment/title").and_then(Value::as_str).unwrap_or_default();
            self.names.insert(id.to_string(), title.to_owned());
        }
        let line = self.said(kind, value, ctx);
        if kind == ResourceType::Observation
            && !self.sampling.is_empty()
            && fill::text(value, "/specimen/display").is_none()
        {
            let place = self.lines.last().filter(|(last, _)| *last == kind).map_or(0, |(_, lines)| lines.len());
            self.unsampled.push((place, value.clone()));
        }
        match self.lines.last_mut().filter(|(last, _)| *last == kind) {
            Some((_, lines)) => lines.push(line),
            None => self.lines.push((kind, vec![line])),
        }
    }

    /// The lines of results of which a report alone says of what sample they are: a panel may have come after its members.
    fn sampled(&mut self) {
        let (places, mut values): (Vec<usize>, Vec<Value>) = std::mem::take(&mut self.unsampled).into_iter().unzip();
        for at in samples::of_reports(&mut values, &self.sampling) {
            let (Some(place), Some(value)) = (places.get(at), values.get(at)) else { continue };
            let line = self.said(ResourceType::Observation, value, &self.of.ctx);
            let mut lines = self.lines.iter_mut().filter(|(kind, _)| *kind == ResourceType::Observation);
            if let Some(said) = lines.next().and_then(|(_, lines)| lines.get_mut(*place)) {
                *said = line;
            }
        }
    }

    /// The line of a resource. A result counts as little as the report that it was made for.
    fn said(&self, kind: ResourceType, value: &Value, ctx: &Ctx) -> CopyLine {
        let line = copied(kind, value, ctx);
        let id = fill::text(value, "/id").unwrap_or_default();
        let with_report = kind == ResourceType::Observation && self.reported.is_taken_back(id) && !is_mistaken(value);
        if with_report { mistaken(line, "copy-mistaken-report") } else { line }
    }

    /// A file twice: as its person brought it, and as FHIR has it.
    fn file(&mut self, stored: &Stored) -> Result<(), Refusal> {
        self.zip.file(&format!("fhir/Binary/{}.json", stored.id), &stored.json).map_err(too_large)?;
        let value: Value = serde_json::from_slice(&stored.json).map_err(Refusal::internal)?;
        let (Some(title), Some(bytes)) = (self.names.get(stored.id.as_str()), uploads::bytes_of(&value)) else {
            return Ok(());
        };
        let ending = match value.get("contentType").and_then(Value::as_str) {
            Some("application/pdf") => "pdf",
            Some("image/jpeg") => "jpg",
            Some("image/png") => "png",
            Some("text/plain") => "txt",
            _ => "bin",
        };
        let plain = uploads::cleaned(title).map(|named| named.0).unwrap_or_default();
        let name = format!("files/{:02} {plain}.{ending}", self.files.len() + 1);
        self.zip.file(&name, &bytes).map_err(too_large)?;
        self.files.push((name, title.clone()));
        Ok(())
    }

    fn end(&mut self) -> Result<(), Refusal> {
        self.sampled();
        for (kind, all) in std::mem::take(&mut self.along) {
            self.zip.begin(&format!("fhir/also/{}.ndjson", kind.name())).map_err(too_large)?;
            for json in all {
                self.line(&json)?;
            }
        }
        let sections = std::mem::take(&mut self.lines)
            .into_iter()
            .map(|(kind, lines)| CopySection { title: words::parts(kind, lines.len()), lines });
        let cx = self.of.cx.clone();
        let page = CopyPage {
            who: self.who.clone(),
            // Who acts for a patient is given nothing that is sealed.
            leaves_sealed_out: self.of.purpose == Purpose::PwAtrny,
            sections: sections.collect(),
            files: self.files.clone(),
            cx,
        };
        let html = askama::Template::render(&page).map_err(Refusal::internal)?;
        self.zip.file("record.html", html.as_bytes()).map_err(too_large)?;
        if let Some(style) = assets::named("copy.css") {
            self.zip.file("record.css", &style.bytes).map_err(too_large)?;
        }
        self.zip.finish().map_err(too_large)
    }
}

fn too_large(_: TooLarge) -> Refusal {
    Refusal::saying(crate::http::respond::Refused::Unprocessable, t("ask-copy-too-large").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_result_counts_no_more_where_every_report_that_has_it_was_taken_back() {
        let report = |status: &str, results: &[&str]| {
            let results: Vec<Value> =
                results.iter().map(|id| json!({"reference": format!("Observation/{id}")})).collect();
            json!({"status": status, "result": results})
        };
        let mut reported = Reported::default();
        reported.note(&report("entered-in-error", &["a", "b"]));
        reported.note(&report("final", &["b", "c"]));
        assert_eq!(["a", "b", "c", "d"].map(|id| reported.is_taken_back(id)), [true, false, false, false]);
        assert!(ResourceType::DiagnosticReport.number() < ResourceType::Observation.number());
    }
}
