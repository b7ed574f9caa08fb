//! Batch and transaction (`POST /fhir`, http.html#transaction).
//!
//! A transaction is one transaction of the store with one entry in the chain: its changes in the order that the
//! specification gives, then its reads, which see them. What it depends on is looked at inside the writer. A batch does
//! each entry for itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::sync::Semaphore;

use super::super::respond::{Refusal, Refused};
use super::super::session::Visit;
use super::super::unread::too_much as too_much_unread;
use super::look::{Look, Manner, Seen, id_of, type_of};
use super::operation::Call;
use super::{Answer, answer, is_written, noted, parameters, refusal, request, why};
use crate::audit::Action;
use crate::base::{FhirId, ResourceRef};
use crate::fhir::bundle::{
    Bundle, BundleKind, Entry, Identities, Method, Target, conditional_references, rewrite_references,
};
use crate::fhir::outcome::operation_outcome;
use crate::fhir::patch::{self, Patch};
use crate::fhir::{Allowance, Definitions, Issue, IssueCode, Mode, ResourceType};
use crate::record::{
    Body, Change, Condition, Disclosed, Group, Links, Reading, RecordError, Sought, Stored, Undisclosed, Which,
    Written, WrittenAs, through,
};

/// How many entries of a batch are worked on at a time: they share commits.
const AT_ONCE: usize = 16;
/// How many of them may look at a time, each at a page.
const LOOKS_AT_ONCE: usize = 4;
/// The most bytes of an answer: what comes after is refused, each entry by itself.
const MOST_ANSWERED: usize = 32 << 20;
/// How many bytes a look counts that is at work.
const OF_A_LOOK: usize = 256 << 10;

/// `POST /fhir`.
pub async fn batch_or_transaction(visit: Visit, headers: HeaderMap, body: Bytes) -> Answer {
    let manner = Manner::of(&visit, &headers);
    let read = through(body.len(), || read(&visit, &headers, &body, &manner));
    let bundle = noted(&visit, &why(Action::Batch, &visit), read).await?;
    let load = Load { bytes: body.len(), rules: Allowance::default() };
    match bundle.kind {
        BundleKind::Transaction => transaction(&visit, bundle, &headers, &manner, &load).await,
        BundleKind::Batch => batch(&visit, bundle, &headers, &manner, &load).await,
    }
}

/// What work a bundle is.
struct Load {
    /// As large as it came.
    bytes: usize,
    /// What its resources' rules may cost together.
    rules: Allowance,
}

fn read(visit: &Visit, headers: &HeaderMap, body: &[u8], manner: &Manner) -> Result<Bundle, Refusal> {
    let mut value = request::to_store(visit, headers, body)?;
    let entries = value.get_mut("entry").and_then(Value::as_array_mut);
    let most = visit.house.front.limits.bundle_entries;
    if entries.as_ref().is_some_and(|entries| entries.len() > most) {
        let text = format!("A bundle may have {most} entries; send it in parts. Nothing was changed.");
        return Err(refusal::coded(Refused::Unprocessable, IssueCode::TooCostly, text));
    }
    // Some clients write whole addresses where the specification has what stands behind the base.
    for entry in entries.into_iter().flatten() {
        if let Some(Value::String(url)) = entry.pointer_mut("/request/url")
            && let Some(rest) = url.strip_prefix(&manner.base)
        {
            *url = rest.trim_start_matches('/').to_owned();
        }
    }
    Bundle::parse(value).map_err(|issues| invalid(&issues))
}

async fn transaction(visit: &Visit, bundle: Bundle, headers: &HeaderMap, manner: &Manner, load: &Load) -> Answer {
    let count = bundle.entries.len();
    let prepared = through(load.bytes, || prepare(visit, bundle, manner, &load.rules));
    let why = why(Action::Transaction, visit);
    let Prepared { group, places, looks } = noted(visit, &why, prepared).await?;
    let (read_places, looks): (Vec<usize>, Vec<Read>) = looks.into_iter().unzip();
    let looks = std::sync::Arc::new(looks);
    let records = &visit.house.records;
    let is_reading = !looks.is_empty();
    let _turn = if is_reading { Some(visit.house.reading.take(&visit.actor).await) } else { None };
    if is_reading && !visit.house.unread.has_room(&visit.actor) {
        return noted(visit, &why, Err(too_much_unread())).await;
    }
    let made = if group.changes.is_empty() {
        // Where nothing is written nobody who writes has to wait.
        let seen = records.disclose_soon(&visit.actor, why, |reading| run_all(&looks, reading)).await;
        seen.map(|seen| (vec![], seen.into_inner()))
    } else {
        let reads = looks.clone();
        let made = records.transact(&visit.actor, why, group, move |reading| run_all(&reads, reading)).await;
        made.map(Disclosed::into_inner)
    };
    let (written, seen) = made.map_err(|error| placed(error, &places, &read_places))?;
    let mut results: Vec<Option<String>> = (0..count).map(|_| None).collect();
    for (one, place) in written.iter().zip(places) {
        set(&mut results, place, written_entry(one, headers, &manner.base));
    }
    for ((one, read), place) in seen.iter().zip(looks.iter()).zip(read_places) {
        set(&mut results, place, seen_entry(read, one, &manner.base));
    }
    Ok(response("transaction-response", results))
}

/// All reads of a transaction, under one snapshot.
fn run_all(reads: &[Read], reading: &mut Reading<'_>) -> Result<Undisclosed<Vec<Seen>>, RecordError> {
    let mut all = reading.nothing();
    for (place, read) in reads.iter().enumerate() {
        let one = read.look.run(reading).map_err(|error| error.of_reading(place))?;
        all = all.zip(one).map(|(mut all, one)| {
            all.push(one);
            all
        });
    }
    Ok(all)
}

/// A transaction made ready: its changes in their order, its reads, and the place of each in the bundle.
struct Prepared {
    group: Group,
    places: Vec<usize>,
    looks: Vec<(usize, Read)>,
}

/// One read of a bundle: what it looks at, with its conditions as the headers that they stand for.
struct Read {
    look: Look,
    headers: HeaderMap,
    /// By HEAD: the answer has no resource.
    bare: bool,
}

fn prepare(visit: &Visit, bundle: Bundle, manner: &Manner, rules: &Allowance) -> Result<Prepared, Refusal> {
    let order = bundle.order();
    let mut entries: Vec<Option<Entry>> = bundle.entries.into_iter().map(Some).collect();
    let mut links = Links { known: Identities::sent_to(visit.house.about.own.clone()), ..Links::default() };
    let mut sought = Identities::default();
    let mut ids = Vec::with_capacity(entries.len());
    let mut open = false;
    for entry in entries.iter_mut().flatten() {
        let id = identity(visit, entry);
        if let (Some(url), Some(id)) = (&entry.full_url, &id) {
            links.known.insert(url.clone(), id.clone());
        }
        // Which one it will be is known inside the writer.
        open |= id.is_none() && entry.full_url.is_some() && entry.resource.is_some();
        open |= matches!(entry.method, Method::Patch);
        ids.push(id);
        searches(visit, entry, manner, &mut links, &mut sought)?;
    }
    open |= !links.searches.is_empty();
    let mut prepared = Prepared { group: Group::default(), places: Vec::new(), looks: Vec::new() };
    for place in order {
        let Some(entry) = entries.get_mut(place).and_then(Option::take) else { continue };
        if matches!(entry.method, Method::Get | Method::Head) {
            let url = entry.target.url();
            if Call::at(url.split('?').next().unwrap_or_default(), "").is_some() {
                let text = "In a transaction one reads and searches; this operation goes into a batch.";
                return Err(unsupported(&entry, "request.url", text));
            }
            prepared.looks.push((place, look_of(&entry, manner)?));
            continue;
        }
        let id = ids.get(place).cloned().flatten();
        let late = if open { Linked::Late(&sought) } else { Linked::Now(&links.known) };
        prepared.group.changes.push(change(visit, entry, id, late, manner, rules)?);
        prepared.places.push(place);
    }
    prepared.group.links = links;
    Ok(prepared)
}

/// When the references of a resource are rewritten.
#[derive(Clone, Copy)]
enum Linked<'a> {
    /// All identities are known.
    Now(&'a Identities),
    /// Inside the writer; until then what is searched for stands under these.
    Late(&'a Identities),
}

async fn batch(visit: &Visit, bundle: Bundle, headers: &HeaderMap, manner: &Manner, load: &Load) -> Answer {
    let Bundle { entries, refused, .. } = bundle;
    let count = entries.len() + refused.len();
    let read = entries.into_iter().map(|entry| (entry.place, Ok(entry)));
    let unread = refused.into_iter().map(|(place, issue)| (place, Err(invalid(&[issue]))));
    let (answered, turns) = (AtomicUsize::new(0), Semaphore::new(LOOKS_AT_ONCE));
    let (answered, turns) = (&answered, &turns);
    let memory = visit.house.unread.place(&visit.actor);
    let memory = &memory;
    let work = read.chain(unread).map(|(place, entry)| async move {
        let done = match entry {
            Ok(entry) => {
                let looks =
                    matches!(entry.method, Method::Get | Method::Head) || matches!(entry.target, Target::Other(_));
                let turn = if looks { turns.acquire().await.ok() } else { None };
                let done = if answered.load(Ordering::Relaxed) >= MOST_ANSWERED {
                    noted(visit, &why(Action::Batch, visit), Err(too_much())).await
                } else if looks && memory.as_ref().is_some_and(|memory| !memory.has_room()) {
                    noted(visit, &why(Action::Batch, visit), Err(too_much_unread())).await
                } else {
                    let at_work = memory.as_ref().filter(|_| looks);
                    if let Some(memory) = at_work {
                        memory.takes(OF_A_LOOK);
                    }
                    let done = one_of_batch(visit, entry, headers, manner, load).await;
                    if let Some(memory) = at_work {
                        memory.gives_back(OF_A_LOOK);
                    }
                    done
                };
                drop(turn);
                done
            }
            Err(refusal) => noted(visit, &why(Action::Batch, visit), Err(refusal)).await,
        };
        let done = done.unwrap_or_else(|refusal| outcome_entry(&refusal));
        answered.fetch_add(done.len(), Ordering::Relaxed);
        if let Some(memory) = memory {
            memory.takes(done.len());
        }
        (place, done)
    });
    let done: Vec<(usize, String)> = futures_util::stream::iter(work).buffer_unordered(AT_ONCE).collect().await;
    let mut results: Vec<Option<String>> = (0..count).map(|_| None).collect();
    for (place, text) in done {
        set(&mut results, place, text);
    }
    let mut response = response("batch-response", results);
    if let Some(memory) = memory {
        response.extensions_mut().insert(memory.clone());
    }
    Ok(response)
}

async fn one_of_batch(
    visit: &Visit,
    mut entry: Entry,
    headers: &HeaderMap,
    manner: &Manner,
    load: &Load,
) -> Result<String, Refusal> {
    if let Target::Other(url) = &entry.target {
        let url = url.clone();
        if let Some(answer) = called(visit, &url, &mut entry, manner).await {
            return answer;
        }
        if entry.method == Method::Post {
            return asked_by_post(visit, &url, &mut entry, manner).await;
        }
    }
    let action = match entry.method {
        Method::Get | Method::Head => return read_of_batch(visit, &entry, manner).await,
        Method::Delete => Action::Delete,
        Method::Post => Action::Create,
        Method::Patch => Action::Patch,
        _ => Action::Update,
    };
    let why = why(action, visit);
    let place = entry.place;
    let prepared = move || {
        let (mut links, mut sought) = (Links::default(), Identities::default());
        searches(visit, &mut entry, manner, &mut links, &mut sought)?;
        let id = identity(visit, &entry);
        let late = if links.searches.is_empty() { Linked::Now(&links.known) } else { Linked::Late(&sought) };
        let changes = vec![change(visit, entry, id, late, manner, &load.rules)?];
        Ok(Group { changes, links })
    };
    let group = noted(visit, &why, through(load.bytes, prepared)).await?;
    let made = visit.house.records.transact(&visit.actor, why, group, |reading| Ok(reading.nothing::<()>())).await;
    let (written, _) = made.map_err(|error| placed(error, &[place], &[]))?.into_inner();
    Ok(written.first().map_or_else(String::new, |one| written_entry(one, headers, &manner.base)))
}

/// A search or an operation by POST: what it is asked with stands in its address, and in a Parameters resource.
async fn asked_by_post(visit: &Visit, url: &str, entry: &mut Entry, manner: &Manner) -> Result<String, Refusal> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let (place, last) = path.rsplit_once('/').unwrap_or(("", path));
    let (at, sent) = (entry.expression("request.url"), entry.resource.take());
    let path = if last == "_search" { place } else { path };
    let look = parameters::as_query_of(query, sent).and_then(|query| Look::parse(path, &query, manner));
    let read = look.map(|look| Read { look, headers: HeaderMap::new(), bare: false });
    looked(visit, read.map_err(|refusal| refusal.at(&at)), manner).await
}

/// An operation that answers with a resource of its own; `None` where the address names none.
async fn called(visit: &Visit, url: &str, entry: &mut Entry, manner: &Manner) -> Option<Result<String, Refusal>> {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let call = Call::at(path, query)?;
    let (at, sent) = (entry.expression("request.url"), entry.resource.take());
    let answer = async {
        let call = call?;
        if call.operation.changes() && entry.method != Method::Post {
            return Err(Refusal::saying(
                Refused::Malformed,
                "This operation changes something, so it is asked by POST.",
            ));
        }
        call.run(visit, sent, condition(entry), manner).await
    };
    let answer = answer.await.map_err(|refusal| refusal.at(&at));
    let bare = entry.method == Method::Head;
    Some(answer.map(|resource| match bare {
        true => r#"{"response":{"status":"200"}}"#.to_owned(),
        false => format!(r#"{{"resource":{resource},"response":{{"status":"200"}}}}"#),
    }))
}

async fn read_of_batch(visit: &Visit, entry: &Entry, manner: &Manner) -> Result<String, Refusal> {
    looked(visit, look_of(entry, manner), manner).await
}

async fn looked(visit: &Visit, read: Result<Read, Refusal>, manner: &Manner) -> Result<String, Refusal> {
    let action = read.as_ref().map_or(Action::Read, |read| read.look.action());
    let mut why = why(action, visit);
    let read = noted(visit, &why, read).await?;
    why.detail.search = read.look.text();
    let seen = visit.house.records.disclose_soon(&visit.actor, why, |reading| read.look.run(reading)).await?;
    Ok(seen_entry(&read, &seen, &manner.base))
}

/// What a GET or HEAD entry asks.
fn look_of(entry: &Entry, manner: &Manner) -> Result<Read, Refusal> {
    let url = entry.target.url();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let look = Look::parse(path, query, manner).map_err(|refusal| refusal.at(&entry.expression("request.url")))?;
    let mut headers = HeaderMap::new();
    let mut put = |name: HeaderName, text: &Option<String>| {
        if let Some(value) = text.as_ref().and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(name, value);
        }
    };
    put(header::IF_NONE_MATCH, &entry.if_none_match);
    // An instant in a bundle, a date of HTTP in a request.
    let since: Option<crate::base::Timestamp> = entry.if_modified_since.as_deref().and_then(|text| text.parse().ok());
    let since = since.map(|since| since.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
    put(header::IF_MODIFIED_SINCE, &since);
    Ok(Read { look, headers, bare: entry.method == Method::Head })
}

/// The resource that an entry will be, where that is known before the writer: what its address names, or a new id for
/// a create without a condition.
fn identity(visit: &Visit, entry: &Entry) -> Option<ResourceRef> {
    match (&entry.method, &entry.target) {
        (Method::Post, Target::Type(kind)) if entry.if_none_exist.is_none() => {
            ResourceRef::new(kind.name(), &FhirId::new(&visit.house.ambient)).ok()
        }
        (_, Target::Instance(reference)) => Some(reference.clone()),
        _ => None,
    }
}

/// Notes the searches that stand in the place of references, and under which ids they stand until they are known.
fn searches(
    visit: &Visit,
    entry: &mut Entry,
    manner: &Manner,
    links: &mut Links,
    sought: &mut Identities,
) -> Result<(), Refusal> {
    if matches!(entry.method, Method::Patch) {
        return Ok(());
    }
    let at = entry.expression("resource");
    let Some(resource) = &mut entry.resource else { return Ok(()) };
    for text in conditional_references(resource, Definitions::r4()) {
        if sought.get(&text).is_some() || links.known.get(&text).is_some() {
            continue;
        }
        let Some((kind, query)) = text.split_once('?') else { continue };
        let Some(kind) = ResourceType::parse(kind) else { continue };
        let query = manner.condition(kind, query).map_err(|refusal| refusal.at(&at))?;
        let Ok(stands) = ResourceRef::new(kind.name(), &FhirId::new(&visit.house.ambient)) else { continue };
        links.searches.insert(stands.to_string(), Sought { query, at: at.clone() });
        sought.insert(text, stands);
    }
    Ok(())
}

fn change(
    visit: &Visit,
    mut entry: Entry,
    id: Option<ResourceRef>,
    linked: Linked<'_>,
    manner: &Manner,
    rules: &Allowance,
) -> Result<Change, Refusal> {
    if let Some(kind) = entry.target.kind() {
        is_written(kind).map_err(|refusal| refusal.at(&entry.expression("request.url")))?;
    }
    let (kind, which) = match (&entry.target, &id) {
        (Target::Search(kind, query), _) => {
            let query =
                manner.condition(*kind, query).map_err(|refusal| refusal.at(&entry.expression("request.url")))?;
            (*kind, Some(Which::Found(Box::new(query))))
        }
        (Target::Type(kind), _) => (*kind, None),
        (Target::Instance(reference), _) => {
            (type_of(reference.type_name())?, Some(Which::Id(id_of(reference.id().as_str())?)))
        }
        (Target::Other(_), _) => {
            let text = "In a transaction only a GET can have such an address; searches and operations by POST go into a batch.";
            return Err(unsupported(&entry, "request.url", text));
        }
    };
    let condition = condition(&entry).map_err(|refusal| refusal.at(&entry.expression("request")))?;
    match (entry.method, which) {
        (Method::Delete, Some(which)) => Ok(Change::remove(kind, which, condition)),
        (Method::Patch, Some(which)) => Ok(Change::patch(kind, which, patch_of(visit, &entry)?, condition)),
        (Method::Put, Some(which)) => Ok(Change::store(kind, which, body(&mut entry, kind, linked, rules)?, condition)),
        (Method::Post, None) => {
            if condition != Condition::None {
                return Err(unsupported(&entry, "request", "What is new has no version; use ifNoneExist."));
            }
            let at = entry.expression("request.ifNoneExist");
            let unless = entry.if_none_exist.as_deref();
            let unless = unless.map(|text| manner.condition(kind, request::search_of(text, kind)?)).transpose();
            let unless = unless.map_err(|refusal| refusal.at(&at))?;
            Ok(Change::post(kind, id.map(|id| id.id()), body(&mut entry, kind, linked, rules)?, unless))
        }
        _ => Err(unsupported(&entry, "request.method", "This method does not go with this address.")),
    }
}

/// Under which an entry changes anything.
fn condition(entry: &Entry) -> Result<Condition, Refusal> {
    // In a request an `ifNoneMatch` of a change is `*`; a version stands there for reads.
    let tag = entry.if_match.as_ref().map(|version| match version.as_str() {
        "*" => version.clone(),
        _ => format!("\"{version}\""),
    });
    request::condition_of(tag.as_deref(), entry.if_none_match.as_deref())
}

fn body(entry: &mut Entry, kind: ResourceType, linked: Linked<'_>, rules: &Allowance) -> Result<Body, Refusal> {
    let place = entry.expression("resource");
    let mut value = entry.resource.take().unwrap_or(Value::Null);
    let made = match linked {
        Linked::Late(sought) => {
            // What is not known yet is said inside the writer.
            let _ = rewrite_references(&mut value, None, sought, Definitions::r4());
            Body::late(kind, value, entry.full_url.clone(), Mode::Strict, rules)
        }
        Linked::Now(identities) => {
            let issues = rewrite_references(&mut value, entry.full_url.as_deref(), identities, Definitions::r4());
            if !issues.is_empty() {
                return Err(invalid(&issues).under(&place));
            }
            Body::one_of(kind, value, Mode::Strict, rules)
        }
    };
    made.map_err(|error| Refusal::from(error).under(&place))
}

/// The patch of an entry: a Binary that holds a JSON Patch (http.html#patch).
fn patch_of(visit: &Visit, entry: &Entry) -> Result<Patch, Refusal> {
    let of = |name: &str| entry.resource.as_ref().and_then(|binary| binary.get(name)).and_then(Value::as_str);
    if entry.kind != Some(ResourceType::Binary) || of("contentType") != Some(patch::MEDIA_TYPE) {
        return Err(unsupported(entry, "resource", "A patch is a Binary of contentType application/json-patch+json."));
    }
    let data = STANDARD.decode(of("data").unwrap_or_default()).unwrap_or_default();
    let at = entry.expression("resource.data");
    request::patch_text(visit, &data).map_err(|refusal| refusal.at(&at))
}

fn written_entry(written: &Written, headers: &HeaderMap, base: &str) -> String {
    let status = match written.as_what {
        WrittenAs::Created => "201",
        WrittenAs::Deleted | WrittenAs::WasDeleted | WrittenAs::NothingFound => "204",
        _ => "200",
    };
    let outcome = if request::prefers(headers, "return=OperationOutcome") {
        format!(r#","outcome":{}"#, operation_outcome(&[Issue::information(answer::said(written.as_what))]))
    } else {
        String::new()
    };
    let Some(stored) = &written.stored else {
        return format!(r#"{{"response":{{"status":"{status}"{outcome}}}}}"#);
    };
    let version = format!(r#""etag":"W/\"{}\"","lastModified":"{:.3}"{outcome}"#, stored.version, stored.updated);
    if stored.json.is_empty() {
        return format!(r#"{{"response":{{"status":"{status}",{version}}}}}"#);
    }
    let bare = request::prefers(headers, "return=minimal") || !outcome.is_empty();
    let resource = if bare { String::new() } else { format!(r#""resource":{},"#, text(stored)) };
    format!(
        r#"{{"fullUrl":"{base}/{}/{}",{resource}"response":{{"status":"{status}","location":"{}",{version}}}}}"#,
        stored.kind,
        stored.id,
        answer::location(stored, base),
    )
}

fn seen_entry(read: &Read, seen: &Seen, base: &str) -> String {
    let (version, known) = match seen {
        Seen::One(stored) => {
            let version = format!(r#","etag":"W/\"{}\"","lastModified":"{:.3}""#, stored.version, stored.updated);
            (version, answer::is_known(stored, &read.headers))
        }
        _ => (String::new(), false),
    };
    let status = if known { "304" } else { "200" };
    if known || read.bare {
        return format!(r#"{{"response":{{"status":"{status}"{version}}}}}"#);
    }
    let body = read.look.body(seen, base);
    let body = std::str::from_utf8(&body).unwrap_or("null");
    format!(r#"{{"resource":{body},"response":{{"status":"{status}"{version}}}}}"#)
}

fn too_much() -> Refusal {
    let text =
        "The answer to this bundle is as large as answers may be; this entry was not done. Send it in another one.";
    refusal::coded(Refused::Unprocessable, IssueCode::TooCostly, text.to_owned())
}

fn text(stored: &Stored) -> &str {
    std::str::from_utf8(&stored.json).unwrap_or("null")
}

fn outcome_entry(refusal: &Refusal) -> String {
    let status = refusal.status();
    format!(r#"{{"response":{{"status":"{}","outcome":{}}}}}"#, status.as_u16(), refusal.operation_outcome())
}

fn set(results: &mut [Option<String>], place: usize, text: String) {
    if let Some(slot) = results.get_mut(place) {
        *slot = Some(text);
    }
}

fn response(kind: &str, results: Vec<Option<String>>) -> Response {
    let mut out = format!(r#"{{"resourceType":"Bundle","type":"{kind}""#);
    let any = !results.is_empty();
    // Each goes as it is joined, so that there are never two of all.
    for (place, text) in results.into_iter().enumerate() {
        out.push_str(if place == 0 { r#","entry":["# } else { "," });
        out.push_str(text.as_deref().unwrap_or("{}"));
    }
    out.push_str(if any { "]}" } else { "}" });
    answer::json(StatusCode::OK, HttpBody::from(out))
}

fn invalid(issues: &[Issue]) -> Refusal {
    Refusal::new(Refused::Malformed).with_issues(issues.iter().map(request::issue_of).collect())
}

fn unsupported(entry: &Entry, what: &str, text: &str) -> Refusal {
    invalid(&[Issue::error(IssueCode::NotSupported, entry.expression(what), format!("{text} Nothing was changed."))])
}

/// An error of one change or read, with the entry that it is about.
fn placed(error: RecordError, changes: &[usize], reads: &[usize]) -> Refusal {
    let (place, cause) = match error {
        RecordError::At { place, cause } => (changes.get(place), *cause),
        RecordError::AtReading { place, cause } => (reads.get(place), *cause),
        other => (None, other),
    };
    let about_content =
        matches!(cause, RecordError::Invalid(_) | RecordError::Unresolved(_) | RecordError::DanglingReference { .. });
    let refusal = Refusal::from(cause);
    match place {
        Some(place) if about_content => refusal.under(&format!("Bundle.entry[{place}].resource")),
        Some(place) => refusal.at(&format!("Bundle.entry[{place}]")),
        None => refusal,
    }
}
