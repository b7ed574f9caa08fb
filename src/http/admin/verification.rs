//! Verifying the whole access log, now.

use axum::response::Response;

use super::pages::{Found, Verify};
use crate::audit::{self, Action, Blind, Purpose, Report, VerifyInput};
use crate::http::pages::page;
use crate::http::respond::Refusal;
use crate::http::said::sentence;
use crate::http::session::Visit;
use crate::http::ui::{When, format, t};

/// `POST /audit/verify`
pub async fn verify(visit: Visit) -> Result<Response, Refusal> {
    let house = visit.house.clone();
    let event = visit.event(Action::AuditVerify, Purpose::HComplAcctPrv);
    let input = VerifyInput { own_key: Some(house.keys.signer().public()), ..VerifyInput::default() };
    let report = house.audit.check(input, event).await?;
    let covered = audit::last_checkpoint(&house.store.read()?)?.map(|checkpoint| checkpoint.size);
    page(&Verify {
        found: if report.is_whole() { Found::Whole } else { Found::Tampered },
        checked: When::at(report.checked, &house.front.face.zone),
        entries: report.entries,
        facts: facts(&report, covered),
        findings: findings(&report),
        blind: report.cannot_detect.iter().map(blind).collect(),
        cx: visit.cx(),
    })
}

fn facts(report: &Report, covered: Option<u64>) -> Vec<(String, String)> {
    let mut facts = vec![(t("audit-entries").to_string(), format::count(report.entries))];
    let mut fact = |label: &str, value: String| facts.push((t(label).to_string(), value));
    if let Some(size) = covered {
        fact("chain-sealed", format::count(size));
    }
    fact("verify-checkpoints", format::count(report.stored_checkpoints));
    fact("verify-details", format::count(report.details_kept));
    if report.details_withheld > 0 {
        fact("verify-withheld", format::count(report.details_withheld));
    }
    if report.clock_behind > 0 {
        fact("verify-clock", format::count(report.clock_behind));
    }
    facts
}

fn findings(report: &Report) -> Vec<String> {
    let mut findings: Vec<String> = report.findings.iter().map(|finding| sentence(&finding.to_string())).collect();
    if report.more_findings > 0 {
        findings.push(t("verify-more").with("n", format::count(report.more_findings)).to_string());
    }
    findings
}

/// What no check can see, for who reads it in a browser.
fn blind(class: &Blind) -> String {
    match class {
        Blind::Rewritten => t("blind-rewritten"),
        Blind::RewrittenAfter { size, entries } => {
            t("blind-rewritten-after").with("size", format::count(*size)).with("entries", format::count(*entries))
        }
        Blind::OtherKey => t("blind-other-key"),
        Blind::UnwrittenFailures => t("blind-unwritten-failures"),
        Blind::NeverWritten => t("blind-never-written"),
    }
    .to_string()
}
