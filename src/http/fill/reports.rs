//! What a report says besides its values: what was concluded, what the doctor said of it, and its files.

use std::collections::BTreeMap;

use jiff::civil::DateTime;
use serde_json::Value;

use super::standing::{caveats, status_word};
use super::{Ctx, called, concept, foreign, list, owned, text};
use crate::care::note::plain_of;
use crate::care::results::{self, Report};
use crate::fhir::ResourceType;
use crate::http::ui::record::{ReportComment, ReportFile, ReportSaid};
use crate::http::ui::{When, format, t, words};

/// Documents by what they are called and of which moment they are, made once for all reports that are held against them.
pub struct Noted<'a>(BTreeMap<(String, DateTime), Vec<&'a Value>>);

impl<'a> Noted<'a> {
    pub fn of(documents: &'a [Value], ctx: &Ctx) -> Self {
        let mut all: BTreeMap<_, Vec<&Value>> = BTreeMap::new();
        for document in documents {
            for row in super::documents(std::slice::from_ref(document), "", "/my", ctx) {
                if let Some(when) = row.when {
                    all.entry((row.title, when.moment())).or_default().push(document);
                }
            }
        }
        Self(all)
    }

    /// Whether a report came as one of these documents, too: called the same, of the same moment, and with all that it says in it.
    /// A report that says more, or something else, is a report of its own.
    pub fn has(&self, report: &Value, ctx: &Ctx) -> bool {
        let when = ctx.first_when(report, &["/effectiveDateTime", "/effectivePeriod/start", "/issued"]);
        // Without a date nothing says that they are one.
        let Some(when) = when.map(|when| when.moment()) else { return false };
        let called_so = self.0.get(&(super::named(ctx.called(report.get("code"))), when));
        called_so.is_some_and(|all| all.iter().any(|document| says_no_more(report, document)))
    }
}

/// Whether all that a report says stands in a document.
fn says_no_more(report: &Value, document: &Value) -> bool {
    let more = ["result", "contained", "media", "imagingStudy", "conclusionCode", "modifierExtension"];
    if more.iter().any(|name| !list(report, name).is_empty()) || !results::comments(report).is_empty() {
        return false;
    }
    let files = || list(document, "content").iter().filter_map(|content| content.get("attachment"));
    let is_same = |one: &Value, other: &Value| {
        let same = |at: &str| text(one, at).is_some_and(|said| text(other, at) == Some(said));
        same("/data") || same("/url") || same("/hash")
    };
    let plain = |words: &str| words.split_whitespace().collect::<Vec<_>>().join(" ");
    let says = |words: &String| {
        let texts = files().filter_map(|file| super::attachment_in(file)?.text());
        texts.into_iter().any(|text| plain(&text).contains(&plain(words)))
    };
    let words = owned(report, "/conclusion").into_iter().chain(own_words(report));
    list(report, "presentedForm").iter().all(|form| files().any(|file| is_same(form, file)))
        && words.into_iter().all(|words| says(&words))
}

/// All of it, with its files below `base`.
pub fn report_said(report: &Value, pictures: &[&Value], base: &str, ctx: &Ctx) -> ReportSaid {
    // A doctor comments as they sign: what is not signed stands under a comment of what was there before.
    let unsigned = || (!results::is_signed(report)).then(|| t("report-comment-unsigned").to_string());
    let comments = results::comments(report).into_iter().map(|one| {
        let when = one.at.and_then(|at| When::parse(&at, &ctx.zone)).map(|when| when.short_time());
        let line: Vec<String> = one.by.into_iter().chain(when).chain(unsigned()).collect();
        ReportComment { text: one.text, line: line.join(", ") }
    });
    let files = report_files(report, pictures);
    let state = text(report, "/status")
        .filter(|status| *status != "final")
        .map(|status| t("report-state").with("word", status_word(status)).to_string());
    let called = |one: &Value| called(Some(one));
    let specimens = list(report, "specimen").iter().filter_map(called);
    let specimens = specimens.map(|what| t("result-specimen").with("what", what).to_string());
    let studies = list(report, "imagingStudy").iter().filter_map(called).map(|name| {
        let kind = words::kind(ResourceType::ImagingStudy);
        t("timeline-other-named").with("kind", kind).with("name", name).to_string()
    });
    let caveats = caveats(ResourceType::DiagnosticReport, report);
    ReportSaid {
        words: own_words(report),
        about: caveats.into_iter().chain(state).chain(specimens).chain(studies).collect(),
        conclusion: owned(report, "/conclusion"),
        codes: list(report, "conclusionCode").iter().filter_map(|code| concept(Some(code))).collect(),
        comments: comments.collect(),
        files: files.iter().zip(0_usize..).map(|(file, at)| row(file, at, base)).collect(),
        lang: foreign(report),
    }
}

/// The report's own text, where it says more than what was taken out of it (R4, Narrative.status), or all that there is.
fn own_words(report: &Value) -> Option<String> {
    let says = ["result", "conclusion", "conclusionCode", "presentedForm"];
    let is_all = !says.iter().any(|name| report.get(*name).is_some());
    let div = text(report, "/text/div").filter(|_| is_all || text(report, "/text/status") == Some("additional"))?;
    Some(plain_of(div).trim().to_owned()).filter(|words| !words.is_empty())
}

/// The attachments of a report and of its pictures: a place in this list is the address of one.
fn report_files<'a>(report: &'a Value, pictures: &[&'a Value]) -> Vec<&'a Value> {
    let inside = list(report, "contained").iter().filter(|one| text(one, "/resourceType") == Some("Media"));
    let pictures = pictures.iter().copied().chain(inside).filter_map(|picture| picture.get("content"));
    list(report, "presentedForm").iter().chain(pictures).collect()
}

/// The file of a report that an address names by its place, and what it is called.
pub fn report_file<'a>(report: &'a Report, at: &str) -> Option<(&'a Value, String)> {
    let at: usize = at.parse().ok()?;
    let attachment = report_files(&report.value, &report.pictures()).get(at).copied()?;
    Some((attachment, file_title(attachment, at)))
}

/// What a file is called.
fn file_title(attachment: &Value, at: usize) -> String {
    super::spoken(attachment, "title").unwrap_or_else(|| t("report-file").with("n", at + 1).to_string())
}

fn row(attachment: &Value, at: usize, base: &str) -> ReportFile {
    let is_here = text(attachment, "/data").is_some() || binary_in(attachment).is_some();
    // Base64 says three bytes in four letters (RFC 4648 §4).
    let bytes = text(attachment, "/data").map(|data| data.len() as u64 / 4 * 3);
    ReportFile {
        title: file_title(attachment, at),
        size: bytes.or_else(|| attachment.get("size")?.as_u64()).map(format::bytes),
        href: is_here.then(|| format!("{base}/files/{at}")),
        elsewhere: owned(attachment, "/url").filter(|_| !is_here),
    }
}

/// The Binary of this record in which an attachment lies.
pub fn binary_in(attachment: &Value) -> Option<crate::base::FhirId> {
    crate::base::FhirId::parse(text(attachment, "/url")?.strip_prefix("Binary/")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_text_of_a_report_is_shown_where_it_says_more_than_the_rest() {
        let said = |report: Value| report_said(&report, &[], "/r", &Ctx::of(jiff::tz::TimeZone::UTC)).words;
        let words = |status: &str| json!({"status": status, "div": "<div><p>No carcinoma.</p></div>"});
        assert_eq!(said(json!({"text": words("generated")})).as_deref(), Some("No carcinoma."));
        assert_eq!(said(json!({"text": words("generated"), "conclusion": "x"})), None);
        assert_eq!(said(json!({"text": words("additional"), "conclusion": "x"})).as_deref(), Some("No carcinoma."));
    }

    #[test]
    fn a_report_is_a_document_only_where_that_says_all_of_it() {
        let ctx = Ctx::of(jiff::tz::TimeZone::UTC);
        let document = json!({"id": "d", "status": "current", "type": {"text": "X-ray"}, "date": "2026-11-20T00:00:00Z",
            "content": [{"attachment": {"contentType": "text/plain", "data": "Tm8gZnJhY3R1cmU="}}]});
        let is = |more: Value| {
            let mut report = json!({"code": {"text": "X-ray"}, "effectiveDateTime": "2026-11-20"});
            report.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Noted::of(std::slice::from_ref(&document), &ctx).has(&report, &ctx)
        };
        assert!(is(json!({"conclusion": "No  fracture"})));
        assert!(is(json!({"presentedForm": [{"contentType": "text/plain", "data": "Tm8gZnJhY3R1cmU="}]})));
        assert!(!is(json!({"conclusion": "carcinoma"})));
        assert!(!is(json!({"conclusion": "No fracture", "conclusionCode": [{"text": "carcinoma"}]})));
        assert!(!is(json!({"presentedForm": [{"contentType": "text/plain", "data": "eHh4"}]})));
        assert!(!is(json!({"effectiveDateTime": "2026-11-21", "conclusion": "No fracture"})));
    }

    #[test]
    fn a_report_says_its_conclusion_beside_the_comments_and_names_every_file() {
        let report = json!({"status": "corrected", "specimen": [{"display": "Skin"}], "conclusion": "Melanoma", "conclusionCode": [{"text": "Malignant melanoma"}],
            "presentedForm": [{"contentType": "text/plain", "data": "eHh4"}, {"url": "https://pacs.example/1", "title": "Images"}],
            "extension": [{"url": results::COMMENT, "valueAnnotation": {"authorReference": {"display": "Dr A"},
                "time": "2026-03-03T09:31:00Z", "text": "Please come in."}}]});
        let picture = json!({"content": {"url": "Binary/b1", "title": "Left arm"}});
        let said = report_said(&report, &[&picture], "/r", &Ctx::of(jiff::tz::TimeZone::UTC));
        assert_eq!(
            (said.conclusion.as_deref(), said.codes.as_slice()),
            (Some("Melanoma"), &["Malignant melanoma".to_owned()][..])
        );
        assert_eq!(said.about, ["State: corrected", "Sample: Skin"]);
        assert_eq!(said.comments[0].text, "Please come in.");
        assert!(said.comments[0].line.starts_with("Dr A, 3 Mar 2026"), "{}", said.comments[0].line);
        assert!(said.comments[0].line.ends_with(", this version of the report is not signed"));
        let mut signed = report.clone();
        signed["meta"] = json!({"tag": [{"system": results::SIGNED.0, "code": results::SIGNED.1}]});
        let of_signed = report_said(&signed, &[], "/r", &Ctx::of(jiff::tz::TimeZone::UTC));
        assert!(!of_signed.comments[0].line.contains("not signed"));
        let files: Vec<_> = said.files.iter().map(|one| (one.href.as_deref(), one.elsewhere.as_deref())).collect();
        assert_eq!(
            files,
            [(Some("/r/files/0"), None), (None, Some("https://pacs.example/1")), (Some("/r/files/2"), None)]
        );
        assert_eq!(said.files[0].title, "File 1");
    }
}
