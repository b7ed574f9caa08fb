//! The access log for who answers for it. Looking through it is itself in it.

use axum::extract::Query;
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::pages::{Audit, AuditFilter, ChainState, EntryGroup, EntryRow, Found};
use crate::audit::{self, Action, CheckFound, Detail, DetailState, Filter, Outcome, Purpose};
use crate::base::{AccountId, FhirId, Timestamp};
use crate::fhir::ResourceType;
use crate::http::House;
use crate::http::fill::{self, Ctx};
use crate::http::names::Names;
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::session::Visit;
use crate::http::ui::record::Pages;
use crate::http::ui::{When, t, words};
use crate::record::{Channel, Disclosed, LogLine, LogPage, Reading, RecordError, Undisclosed, Why};

/// The page's address: the filter, and where the page before ended.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    patient: String,
    who: String,
    action: String,
    outcome: String,
    from: String,
    to: String,
    before: Option<u64>,
}

const PAGE: usize = 50;

/// `GET /audit`
pub async fn explorer(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, Refusal> {
    let zone = visit.house.front.face.zone.clone();
    let Asked { patient, who, action, outcome, from, to, before } = asked;
    let typed = AuditFilter { patient, who, action, outcome, from, to };
    let (filter, fault) = match understood(&visit, &typed, before, &zone).await? {
        Ok(filter) => (filter, None),
        Err(fault) => (None, Some(fault)),
    };
    let mut shown = (Vec::new(), None, None);
    if let Some(filter) = &filter {
        let found = look(&visit, Action::AuditRead, Detail::none(), |reading| reading.log(filter, PAGE)).await?;
        let entry = found.entry();
        let LogPage { lines, next } = found.into_inner();
        shown = (lines, next, Some(entry));
    }
    let (lines, next, own_entry) = shown;
    let chain = chain(&visit.house, &zone)?;
    let pages = Pages {
        newer: before.is_some().then(|| address(&typed, filter.as_ref(), None)),
        older: next.map(|next| address(&typed, filter.as_ref(), Some(next))),
    };
    let groups = groups(&visit, lines, chain.checkpoint.map(|(size, _)| size), &zone)?;
    page(&Audit { cx: visit.cx(), chain, filter: typed, fault, groups, pages, own_entry })
}

async fn look<T>(
    visit: &Visit,
    action: Action,
    detail: Detail,
    read: impl FnOnce(&mut Reading<'_>) -> Result<Undisclosed<T>, RecordError>,
) -> Result<Disclosed<T>, Refusal> {
    let why = Why { action, purpose: Purpose::HComplAcctPrv, detail: visit.told(detail), channel: Channel::Screen };
    Ok(visit.house.records.disclose(&visit.actor, why, read).await?)
}

/// What was typed, as a filter; or what is wrong with it, in a sentence.
async fn understood(
    visit: &Visit,
    typed: &AuditFilter,
    before_seq: Option<u64>,
    zone: &TimeZone,
) -> Result<Result<Option<Filter>, String>, Refusal> {
    let mut filter = Filter { before_seq, ..Filter::default() };
    let day = |text: &str| text.trim().parse::<Date>().map_err(|_| t("audit-bad-day").with("day", text).to_string());
    let begin = |day: Date| day.to_zoned(zone.clone()).ok().map(|begin| begin.timestamp());
    if !typed.from.is_empty() {
        match day(&typed.from) {
            Ok(day) => filter.from = begin(day),
            Err(fault) => return Ok(Err(fault)),
        }
    }
    if !typed.to.is_empty() {
        match day(&typed.to) {
            Ok(day) => filter.to = day.tomorrow().ok().and_then(begin).and_then(just_before),
            Err(fault) => return Ok(Err(fault)),
        }
    }
    if filter.from.zip(filter.to).is_some_and(|(from, to)| to < from) {
        return Ok(Err(t("audit-days-turned").to_string()));
    }
    // A code that no select of ours has sent means any.
    filter.action = Action::from_code(&typed.action);
    filter.outcome = Outcome::from_code(&typed.outcome);
    match account(visit, &typed.who)? {
        Ok(account) => filter.account = account,
        Err(fault) => return Ok(Err(fault)),
    }
    match patient(visit, &typed.patient).await? {
        Ok(patient) => filter.patient = patient,
        Err(fault) => return Ok(Err(fault)),
    }
    Ok(Ok(Some(filter)))
}

fn just_before(time: Timestamp) -> Option<Timestamp> {
    Timestamp::from_microsecond(time.as_microsecond() - 1).ok()
}

/// The one account that a user name or a part of a name means.
fn account(visit: &Visit, typed: &str) -> Result<Result<Option<AccountId>, String>, Refusal> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(Ok(None));
    }
    if let Some(account) = visit.house.identity.account_by_name(typed)? {
        return Ok(Ok(Some(account.id)));
    }
    let wanted = typed.to_lowercase();
    let all = visit.house.identity.accounts()?;
    let fitting: Vec<_> = all.iter().filter(|account| account.display_name.to_lowercase().contains(&wanted)).collect();
    Ok(match fitting.as_slice() {
        [one] => Ok(Some(one.id)),
        [] => Err(t("audit-nobody").to_string()),
        _ => Err(t("audit-many-people").with("n", fitting.len()).to_string()),
    })
}

/// The one patient that an id, a number or a name means. Looking somebody up is an entry of its own.
async fn patient(visit: &Visit, typed: &str) -> Result<Result<Option<FhirId>, String>, Refusal> {
    let typed = typed.trim().trim_start_matches("Patient/");
    if typed.is_empty() {
        return Ok(Ok(None));
    }
    if let Ok(id) = FhirId::parse(typed) {
        // A patient who was deleted still has a log.
        let known =
            audit::entries(&visit.house.store.read()?, &Filter { patient: Some(id.clone()), ..Filter::default() }, 1)?;
        if !known.lines.is_empty() {
            return Ok(Ok(Some(id)));
        }
    }
    let found = look(visit, Action::Search, Detail::search(typed), |reading| reading.find_patients(typed, 5)).await?;
    let hits = found.into_inner();
    let best = hits.first().map_or(0, |hit| hit.score);
    let mut equal = hits.iter().filter(|hit| hit.score == best);
    Ok(match (equal.next(), equal.count()) {
        (Some(hit), 0) => Ok(Some(hit.id.clone())),
        (Some(_), more) => Err(t("audit-many-patients").with("n", more + 1).to_string()),
        (None, _) => Err(t("audit-no-patient").to_string()),
    })
}

/// The address of another page of the same search. The patient stands in it by id, never by name.
fn address(typed: &AuditFilter, filter: Option<&Filter>, before: Option<u64>) -> String {
    let patient = filter.and_then(|filter| filter.patient.as_ref()).map(FhirId::as_str).unwrap_or_default();
    let before = before.map(|before| before.to_string()).unwrap_or_default();
    let fields = [
        ("patient", patient),
        ("who", &typed.who),
        ("action", &typed.action),
        ("outcome", &typed.outcome),
        ("from", &typed.from),
        ("to", &typed.to),
        ("before", &before),
    ];
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let query: Vec<String> = given.map(|(name, value)| format!("{name}={}", escaped(value))).collect();
    if query.is_empty() { "/audit".to_owned() } else { format!("/audit?{}", query.join("&")) }
}

/// For the query of an address: unreserved signs stand, all others by their bytes (RFC 3986 §2).
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The state of the chain, without verifying it.
fn chain(house: &House, zone: &TimeZone) -> Result<ChainState, Refusal> {
    let read = house.store.read()?;
    let since = audit::line(&read, 1)?.map(|line| When::at(line.entry.time(), zone));
    let checkpoint = audit::last_checkpoint(&read)?;
    let verified = audit::last_check(&read)?.map(|check| {
        let found = match check.found {
            CheckFound::Whole => Found::Whole,
            CheckFound::Tampered => Found::Tampered,
        };
        (When::at(check.at, zone), found)
    });
    // One that is overdue, since the box was off, comes with the job's next round.
    let next = checkpoint.as_ref().and_then(|last| {
        let due = Timestamp::from_second(last.time.as_second() + i64::from(house.about.checkpoint_hours) * 3600);
        Some(When::at(due.ok()?.max(house.ambient.now()), zone))
    });
    Ok(ChainState {
        entries: audit::size(&read)?,
        since,
        verified,
        checkpoint: checkpoint.map(|checkpoint| (checkpoint.size, When::at(checkpoint.time, zone))),
        next_checkpoint: next,
    })
}

fn groups(
    visit: &Visit,
    lines: Vec<LogLine>,
    sealed: Option<u64>,
    zone: &TimeZone,
) -> Result<Vec<EntryGroup>, Refusal> {
    let mut names = Names::new(&visit.house.identity);
    let (mut new, mut old) = (Vec::new(), Vec::new());
    for line in lines {
        let under = sealed.is_some_and(|size| line.line.entry.sequence() <= size);
        let row = row(line, &mut names, zone)?;
        if under { old.push(row) } else { new.push(row) }
    }
    let mut groups = Vec::new();
    if !new.is_empty() {
        groups.push(EntryGroup::unsealed(new));
    }
    if !old.is_empty() {
        groups.push(EntryGroup::sealed(old));
    }
    Ok(groups)
}

fn row(line: LogLine, names: &mut Names<'_>, zone: &TimeZone) -> Result<EntryRow, Refusal> {
    let LogLine { line, touched, patient, more_patients } = line;
    let entry = line.entry;
    let (who, role) = names.of(&entry.actor, true)?;
    let ctx = Ctx::of(zone.clone());
    let stored = patient.map(|patient| patient.value());
    let name = stored.map(|patient| fill::identity(&patient, &ctx).plain());
    // One that is deleted, or that this reader may not see, has an id still.
    let first = touched.touched.iter().find_map(|part| part.patient.as_ref()).map(ToString::to_string);
    let patient = name.or(first).map(|name| match more_patients {
        0 => name,
        more => t("audit-and-more").with("name", name).with("n", more).to_string(),
    });
    Ok(EntryRow {
        sequence: entry.sequence(),
        when: When::at(entry.time(), zone),
        who,
        role,
        what: what(entry.action, entry.count, &touched),
        detail: detail(&line.detail, names)?,
        patient,
        why: words::why(entry.purpose).to_string(),
        outcome: words::ended(entry.outcome),
    })
}

/// "opened 31 results or measurements, 6 medicines".
fn what(action: Action, count: u32, touched: &audit::TouchedPage) -> String {
    let mut sums: Vec<(ResourceType, usize)> = Vec::new();
    for resource in touched.touched.iter().flat_map(|part| &part.resources) {
        let Some(kind) = ResourceType::parse(resource.type_name()) else { continue };
        match sums.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, sum)) => *sum += 1,
            None => sums.push((kind, 1)),
        }
    }
    if touched.more > 0 {
        sums.push((ResourceType::Basic, usize::try_from(touched.more).unwrap_or(usize::MAX)));
    }
    let mut what = words::did(action).to_string();
    if count > 1 {
        what = t("audit-times").with("did", what).with("n", count).to_string();
    }
    if sums.is_empty() {
        what
    } else {
        t("look-did").with("did", what).with("parts", words::all_parts(&sums)).to_string()
    }
}

/// A note of the log, in which accounts stand by their ids, with the names of these.
fn noted(note: &str, names: &mut Names<'_>) -> Result<String, Refusal> {
    let Some((before, rest)) = note.split_once("account ") else { return Ok(note.to_owned()) };
    let (id, after) = rest.split_at(rest.find([':', ',', ' ']).unwrap_or(rest.len()));
    let name = match id.parse() {
        Ok(id) => names.of_account(id)?,
        Err(_) => None,
    };
    Ok(match name {
        Some(name) => format!("{before}{}{after}", t("audit-account-of").with("name", name)),
        None => note.to_owned(),
    })
}

/// What was searched, the stated reason, or a note; the browser's name is on no page.
fn detail(detail: &DetailState, names: &mut Names<'_>) -> Result<Option<String>, Refusal> {
    Ok(match detail {
        DetailState::Kept(detail) => match (detail.reason.as_ref().or(detail.search.as_ref()), &detail.note) {
            (Some(text), _) => Some(t("audit-quoted").with("text", text).to_string()),
            (None, Some(note)) => Some(noted(note, names)?),
            (None, None) => None,
        },
        DetailState::Erased { by } => Some(t("audit-erased").with("by", by.to_string()).to_string()),
        DetailState::Missing => Some(t("audit-detail-missing").to_string()),
        DetailState::None => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_a_page_names_the_patient_by_id_only() {
        let typed = AuditFilter { patient: "Halina Brandvold".into(), who: "a&b".into(), ..AuditFilter::default() };
        let filter = Filter { patient: Some(FhirId::parse("p1").unwrap()), ..Filter::default() };
        assert_eq!(address(&typed, Some(&filter), Some(9)), "/audit?patient=p1&who=a%26b&before=9");
        assert_eq!(address(&AuditFilter::default(), None, None), "/audit");
    }
}
