//! Immunizations, visits, documents.

use serde_json::Value;

use super::amounts::notes;
use super::bears::{bears, bears_elsewhere};
use super::dates::time_said;
use super::standing::{caveats, modified_within};
use super::{Ctx, LOINC, called, code, concept, list, named, owned, spoken, text};
use crate::care::medicine::Asks;
use crate::care::uploads;
use crate::fhir::ResourceType;
use crate::http::ui::record::{DocumentRow, ImmunizationRow, OrderRow, OrderState, VisitRow};
use crate::http::ui::{Locale, t};

pub fn immunizations(resources: &[Value], ctx: &Ctx) -> Vec<ImmunizationRow> {
    resources
        .iter()
        .filter(|one| text(one, "/status") != Some("entered-in-error"))
        .map(|one| immunization(one, ctx))
        .collect()
}

fn immunization(one: &Value, ctx: &Ctx) -> ImmunizationRow {
    let not_done = text(one, "/status") == Some("not-done");
    let lot = text(one, "/lotNumber").map(|lot| t("vaccine-lot").with("lot", lot).to_string());
    let dose = list(one, "protocolApplied").iter().flat_map(protocol);
    let caveats = caveats(ResourceType::Immunization, one);
    let caveat = (!caveats.is_empty()).then(|| caveats.join(", "));
    let bears = bears(ResourceType::Immunization, one, ctx);
    let said = caveats.into_iter().chain(dose).chain(concept(one.get("site"))).chain(lot);
    let detail: Vec<String> = said.chain(bears).chain(notes(one)).collect();
    ImmunizationRow {
        id: owned(one, "/id").unwrap_or_default(),
        name: named(ctx.called(one.get("vaccineCode"))),
        // The day on which it was written down is not the day on which it was given.
        when: ctx.when(one, "/occurrenceDateTime"),
        when_said: time_said(one, "occurrence"),
        detail: (!detail.is_empty()).then(|| detail.join(", ")),
        caveat,
        by: list(one, "performer").iter().find_map(|performer| called(performer.get("actor"))),
        not_given: not_done
            .then(|| concept(one.get("statusReason")).unwrap_or_else(|| t("vaccine-no-reason").to_string())),
    }
}

/// Which dose it was, of how many and of which series: "dose 2 of 3", "Zoster, adults".
fn protocol(of: &Value) -> Vec<String> {
    let either = |stem: &str| {
        let number = of.get(format!("{stem}PositiveInt")).map(Value::to_string);
        number.or_else(|| owned(of, &format!("/{stem}String")))
    };
    let dose = match (either("doseNumber"), either("seriesDoses")) {
        (Some(dose), Some(series)) => Some(t("vaccine-dose-of").with("dose", dose).with("series", series).to_string()),
        (Some(dose), None) => Some(t("vaccine-dose").with("dose", dose).to_string()),
        (None, _) => None,
    };
    let against = list(of, "targetDisease").iter().filter_map(|one| concept(Some(one)));
    dose.into_iter().chain(owned(of, "/series")).chain(against).collect()
}

pub fn visits(resources: &[Value], ctx: &Ctx) -> Vec<VisitRow> {
    resources
        .iter()
        .filter(|one| !matches!(text(one, "/status"), Some("entered-in-error" | "cancelled")))
        .map(|one| visit(one, ctx))
        .collect()
}

pub(super) fn visit(one: &Value, ctx: &Ctx) -> VisitRow {
    let reason = list(one, "reasonCode").first().and_then(|reason| concept(Some(reason)));
    let kind = list(one, "type").first().and_then(|kind| concept(Some(kind)));
    let (when, until) = (ctx.when(one, "/period/start"), ctx.when(one, "/period/end"));
    // Of what was planned for a day that is over nobody wrote what became of it.
    let is_over = until.or(when).zip(ctx.today).is_some_and(|(last, today)| last.last_day() < today);
    let planned = text(one, "/status") == Some("planned") && !is_over;
    VisitRow {
        when,
        until,
        reason: reason.or_else(|| kind.clone()),
        kind: t(class_message(text(one, "/class/code").unwrap_or_default())).to_string(),
        by: list(one, "participant").iter().find_map(|participant| called(participant.get("individual"))),
        place: called(one.get("serviceProvider")),
        detail: Some(bears_elsewhere(ResourceType::Encounter, one, ctx))
            .filter(|all| !all.is_empty())
            .map(|all| all.join("; ")),
        open: matches!(text(one, "/status"), Some("in-progress" | "arrived" | "triaged" | "onleave")),
        state: match text(one, "/status") {
            Some("planned") if planned => Some(t("visit-planned").to_string()),
            Some("planned") => Some(t("visit-planned-once").to_string()),
            Some("unknown") => Some(t("visit-unknown").to_string()),
            _ => None,
        },
        planned,
        id: owned(one, "/id").unwrap_or_default(),
        ordered: Vec::new(),
    }
}

/// What was ordered, the open ones first and of these the newest. A draft is ordered when its note is signed.
pub fn orders(resources: &[Value], ctx: &Ctx) -> Vec<OrderRow> {
    let mut rows: Vec<OrderRow> = resources.iter().filter_map(|one| order(one, ctx)).collect();
    rows.sort_by_key(|row| (row.state, std::cmp::Reverse(row.when.map(|when| when.moment()))));
    rows
}

fn order(one: &Value, ctx: &Ctx) -> Option<OrderRow> {
    let state = match text(one, "/status").unwrap_or_default() {
        "draft" | "entered-in-error" => return None,
        "completed" => OrderState::Done,
        "revoked" => OrderState::Ended,
        _ if Asks::of(one) == Asks::NotToGive => OrderState::Not,
        "on-hold" => OrderState::Paused,
        "active" => OrderState::Open,
        // What nobody knows to be done is open.
        _ => OrderState::Unknown,
    };
    let mut name = ctx.said(one, one.get("code")).unwrap_or_else(|| named(None).as_str().into());
    let kind = list(one, "category").first().and_then(|kind| concept(Some(kind)));
    let bears = bears(ResourceType::ServiceRequest, one, ctx);
    let kind: Vec<String> = kind.into_iter().chain(bears).chain(modified_within(one)).collect();
    // What is not to be done, or was only proposed, is no order (ServiceRequest.doNotPerform, intent).
    let message = match Asks::of(one) {
        Asks::NotToGive => Some("order-not"),
        Asks::Perhaps => Some("order-proposed"),
        _ => None,
    };
    if let Some(message) = message {
        name.text = t(message).with("name", &name.text).to_string();
    }
    Some(OrderRow {
        id: owned(one, "/id").unwrap_or_default(),
        notes: list(one, "note").iter().filter_map(|note| noted(note, ctx)).collect(),
        name,
        kind: (!kind.is_empty()).then(|| kind.join("; ")),
        when: ctx.first_when(one, &["/authoredOn", "/occurrenceDateTime"]),
        by: called(one.get("requester")),
        visit: text(one, "/encounter/reference").and_then(|to| to.strip_prefix("Encounter/")).map(str::to_owned),
        state,
    })
}

/// "wrong patient was imaged (Nurse N, 3 Mar 2026)": one note with whose it is and of which day.
fn noted(note: &Value, ctx: &Ctx) -> Option<String> {
    let said = spoken(note, "text")?;
    let by = called(note.get("authorReference")).or_else(|| owned(note, "/authorString"));
    let line: Vec<String> = by.into_iter().chain(ctx.when(note, "/time").map(|when| when.short())).collect();
    Some(if line.is_empty() { said } else { format!("{said} ({})", line.join(", ")) })
}

/// HL7 v3 ActCode, as FHIR R4 binds `Encounter.class`.
fn class_message(class: &str) -> &'static str {
    match class {
        "VR" => "visit-phone",
        "EMER" => "visit-emergency",
        "IMP" | "ACUTE" | "NONAC" | "SS" | "OBSENC" => "visit-hospital",
        "HH" | "FLD" => "visit-home",
        _ => "visit-clinic",
    }
}

pub fn documents(resources: &[Value], patient: &str, base: &str, ctx: &Ctx) -> Vec<DocumentRow> {
    resources
        .iter()
        .filter(|one| text(one, "/status") != Some("entered-in-error"))
        .flat_map(|one| {
            let files = std::iter::once(0).chain(uploads::more_files(one));
            files.filter_map(|at| {
                let row = document(&*uploads::file_at(one, at)?, patient, base, ctx)?;
                Some(DocumentRow { href: row.href.map(|href| format!("{href}{}", uploads::file_query(at))), ..row })
            })
        })
        .collect()
}

/// One document as a row of the list, by its first file.
pub fn document(one: &Value, patient: &str, base: &str, ctx: &Ctx) -> Option<DocumentRow> {
    let attachment = one.pointer("/content/0/attachment");
    let kind = kind_of(one);
    let title = attachment
        .and_then(|attachment| spoken(attachment, "title"))
        .or_else(|| spoken(one, "description"))
        .or_else(|| kind.clone());
    let title = in_own_words(named(title));
    let id = text(one, "/id")?;
    let inline = attachment.is_some_and(|attachment| text(attachment, "/data").is_some());
    let held = inline || uploads::binary_of(one, uploads::Part::File).is_some();
    // What the record holds as a file of its own has a page about it first; what is plain text is read there.
    let is_read = inline && attachment.and_then(|one| text(one, "/contentType")).is_some_and(is_plain);
    let tail = if base == "/my" && (is_read || !inline) { "/about" } else { "" };
    let bytes = attachment.and_then(|attachment| attachment.get("size")).and_then(Value::as_u64).or_else(|| {
        // Base64 says three bytes in four letters (RFC 4648 §4).
        attachment.and_then(|attachment| text(attachment, "/data")).map(|data| data.len() as u64 / 4 * 3)
    });
    Some(DocumentRow {
        kind: kind.filter(|kind| *kind != title && concept(one.get("type")).is_none_or(|written| written != title)),
        title,
        when: ctx.first_when(one, &["/date", "/content/0/attachment/creation"]),
        by: list(one, "author").iter().find_map(|author| called(Some(author))),
        bytes,
        href: held.then(|| format!("{base}/{patient}/documents/{id}{tail}").replace("//", "/")),
        reported: uploads::is_reported(one),
        to_see: uploads::is_tagged(one, uploads::TO_SEE),
    })
}

/// What kind of document it is. What patients bring, and what is read in another language than the staff write in, is called
/// by its code where that is one of those that have a word here (LOINC); else as it was written.
fn kind_of(one: &Value) -> Option<String> {
    let word = match code(one.get("type"), Some(LOINC)) {
        Some("51852-2" | "11488-4") => "upload-kind-letter",
        Some("11502-2") => "upload-kind-result",
        Some("72170-4") => "upload-kind-picture",
        Some("11506-3") => "document-note",
        _ => return concept(one.get("type")).map(in_own_words),
    };
    if Locale::now() == Locale::En && !uploads::is_reported(one) {
        return concept(one.get("type"));
    }
    Some(t(word).to_string())
}

/// What this program called a document when it was kept, in the reader's language: the words are those of whoever kept it.
fn in_own_words(written: String) -> String {
    const OURS: [&str; 4] = ["document-addendum", "document-note", "upload-kind-other", "message-attachment"];
    for message in OURS {
        let kept = Locale::ALL.map(|locale| locale.inside(|| t(message).to_string()));
        let Some(rest) = kept.iter().find_map(|kept| written.strip_prefix(kept.as_str())) else { continue };
        // "Visit note: cough" goes on; another word that begins so is a person's.
        if rest.is_empty() || rest.starts_with(':') {
            return format!("{}{rest}", t(message));
        }
    }
    written
}

/// A document's bytes as the record holds them.
pub struct Attachment {
    /// As it was given, such as `text/plain; charset=utf-8`.
    pub content_type: String,
    pub bytes: Vec<u8>,
}

/// The attachment of a document whose bytes stand in the resource itself; `None` when they do not or are broken.
pub fn attachment(document: &Value) -> Option<Attachment> {
    attachment_in(document.pointer("/content/0/attachment")?)
}

/// The same of an attachment that stands anywhere.
pub fn attachment_in(attachment: &Value) -> Option<Attachment> {
    // base64Binary may hold white space (FHIR R4, datatypes.html#base64Binary).
    let data: Vec<u8> = text(attachment, "/data")?.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let content_type = owned(attachment, "/contentType").unwrap_or_default();
    Some(Attachment { content_type, bytes: data_encoding::BASE64.decode(&data).ok()? })
}

/// Whether a type is that of plain text, in whatever letters.
pub fn is_plain(content_type: &str) -> bool {
    content_type.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("text/plain"))
}

impl Attachment {
    /// The text, when it is plain text: in the letters that it names, else in UTF-8.
    pub fn text(&self) -> Option<String> {
        if !is_plain(&self.content_type) {
            return None;
        }
        let parts = self.content_type.split(';').map(str::trim);
        let charset =
            parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.eq_ignore_ascii_case("charset"));
        let label = charset.map_or("utf-8", |(_, label)| label.trim_matches('"'));
        let letters = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap_or(encoding_rs::UTF_8);
        Some(letters.decode(&self.bytes).0.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn text_is_read_in_the_letters_that_it_names() {
        let read = |kind: &str, bytes: &[u8]| Attachment { content_type: kind.into(), bytes: bytes.into() }.text();
        assert_eq!(read("text/plain", "Größe".as_bytes()).as_deref(), Some("Größe"));
        assert_eq!(read("text/plain; charset=ISO-8859-1", b"Gr\xf6\xdfe").as_deref(), Some("Größe"));
        assert_eq!(read("TEXT/PLAIN;format=flowed;charset=\"utf-16le\"", b"G\0r\0").as_deref(), Some("Gr"));
        assert_eq!(read("text/plain; charset=nobody-knows", b"Gr").as_deref(), Some("Gr"));
        assert_eq!(read("text/html", b"<b>"), None);
    }

    #[test]
    fn every_file_of_a_document_is_a_row_with_an_address_of_its_own() {
        let preview = json!({"attachment": {"url": "Binary/p"}, "format": {"code": uploads::PREVIEW.1}});
        let document = json!({"id": "d", "status": "current", "content": [
            {"attachment": {"title": "Letter", "url": "Binary/a"}}, preview, {"attachment": {"title": "Scan", "data": "eA=="}}]});
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let rows = documents(std::slice::from_ref(&document), "p", "/patients", &ctx);
        let found: Vec<_> = rows.iter().map(|row| (row.title.as_str(), row.href.as_deref().unwrap())).collect();
        assert_eq!(found, [("Letter", "/patients/p/documents/d"), ("Scan", "/patients/p/documents/d?file=2")]);
        assert_eq!(attachment(&uploads::file_at(&document, 2).unwrap()).unwrap().bytes, b"x");
        assert!(uploads::file_at(&document, 1).is_none() && uploads::file_at(&document, 3).is_none());
    }

    #[test]
    fn what_this_program_called_a_document_is_read_in_the_readers_language() {
        let spanish = |written: &str| Locale::Es.inside(|| in_own_words(written.to_owned()));
        assert_eq!(spanish("Visit note: cough"), "Nota de la visita: cough");
        assert_eq!(spanish("Visit note"), "Nota de la visita");
        assert_eq!(spanish("Addendum to a visit note"), "Añadido a una nota de la visita");
        assert_eq!(spanish("Something else"), "Otra cosa");
        assert_eq!(in_own_words("Otra cosa".to_owned()), "Something else", "whoever kept it");
        assert_eq!(spanish("Visit notes of the spa"), "Visit notes of the spa");
    }

    #[test]
    fn a_visit_that_is_planned_or_of_which_nobody_knows_says_so() {
        let of = |status: &str| {
            let row = visits(&[json!({ "status": status })], &Ctx::of(jiff::tz::TimeZone::UTC)).remove(0);
            (row.state, row.planned)
        };
        assert_eq!(of("planned"), (Some("Planned".into()), true));
        assert_eq!(of("unknown"), (Some("Not known whether it took place".into()), false));
        assert_eq!((of("finished"), of("in-progress")), ((None, false), (None, false)));
        let now = "2026-03-03T12:00:00Z".parse::<jiff::Timestamp>().unwrap();
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC).at(now);
        let planned = |day: &str| visits(&[json!({"status": "planned", "period": {"start": day}})], &ctx).remove(0);
        assert!(["2026", "2026-03-03", "2026-03-03T09:00:00Z"].iter().all(|day| planned(day).planned));
        let once = planned("2019-05-02T09:00:00Z");
        assert_eq!((once.planned, once.state.as_deref()), (false, Some("Planned; not known whether it took place")));
    }

    #[test]
    fn what_is_not_to_be_done_and_what_is_proposed_says_so() {
        let of = |more: Value| {
            let mut one = json!({"resourceType": "ServiceRequest", "status": "active", "intent": "order", "code": {"text": "MRI"}});
            for (name, value) in more.as_object().unwrap() {
                one[name.as_str()] = value.clone();
            }
            orders(&[one], &Ctx::of(jiff::tz::TimeZone::UTC)).remove(0).name.text
        };
        assert_eq!(of(json!({})), "MRI");
        assert_eq!(of(json!({"doNotPerform": true})), "Not to be done: MRI");
        assert_eq!(of(json!({"intent": "proposal"})), "Proposed, not ordered: MRI");
    }

    #[test]
    fn each_note_of_an_order_says_whose_it_is_and_of_which_day() {
        let order = json!({"status": "active", "code": {"text": "MRI"}, "note": [
            {"text": "left arm"},
            {"text": "image made", "time": "2026-03-03T09:31:00Z", "authorReference": {"display": "Dr A"}},
            {"text": "wrong patient was imaged", "time": "2026-03-04T09:31:00Z", "authorString": "Nurse N"}]});
        let rows = orders(&[order], &Ctx::of(jiff::tz::TimeZone::UTC));
        let said = ["left arm", "image made (Dr A, 3 Mar 2026)", "wrong patient was imaged (Nurse N, 4 Mar 2026)"];
        assert_eq!(rows[0].notes, said);
    }

    #[test]
    fn open_orders_stand_first_and_drafts_and_mistakes_nowhere() {
        let order = |name: &str, status: &str, on: &str| {
            json!({"status": status, "code": {"text": name}, "authoredOn": on, "requester": {"display": "Dr A"},
                "category": [{"text": "Imaging"}], "encounter": {"reference": "Encounter/e1"}})
        };
        let all = [
            order("Done", "completed", "2026-03-03"),
            order("Old", "active", "2026-01-03"),
            order("Draft", "draft", "2026-03-03"),
            order("New", "active", "2026-03-02"),
            order("Wrong", "entered-in-error", "2026-03-03"),
            order("Ended", "revoked", "2026-03-03"),
        ];
        let rows = orders(&all, &Ctx::of(jiff::tz::TimeZone::UTC));
        let names: Vec<&str> = rows.iter().map(|row| row.name.text.as_str()).collect();
        assert_eq!(names, ["New", "Old", "Done", "Ended"]);
        let first = &rows[0];
        assert_eq!(
            (first.kind.as_deref(), first.by.as_deref(), first.visit.as_deref()),
            (Some("Imaging"), Some("Dr A"), Some("e1"))
        );
    }
}
