//! What the health administrator's pages are filled with: the access log and its verification.

use askama::Template;

use crate::audit::{Action, Outcome};
use crate::base::Secret;
use crate::http::ui::record::Pages;
use crate::http::ui::{Cx, Faults, Field, State, When, filters, format, page, t, words};

/// The access log with its filters.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/audit.html")]
pub struct Audit {
    pub cx: Cx,
    pub chain: ChainState,
    pub filter: AuditFilter,
    /// What is wrong with the filter, in a sentence.
    pub fault: Option<String>,
    /// Entries newest first, split where the last checkpoint is.
    pub groups: Vec<EntryGroup>,
    pub pages: Pages,
    /// The entry that this very search has written.
    pub own_entry: Option<u64>,
}
page!(Audit in Audit);

/// The filter as typed; the names of the inputs are the names of these fields. `action` and `outcome` are codes of
/// [`Action`] and [`Outcome`], `from` and `to` are `YYYY-MM-DD`; empty means any.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct AuditFilter {
    pub patient: String,
    pub who: String,
    pub action: String,
    pub outcome: String,
    pub from: String,
    pub to: String,
}

/// Entries under one heading.
#[derive(Debug, Clone)]
pub struct EntryGroup {
    pub title: String,
    pub rows: Vec<EntryRow>,
}

impl EntryGroup {
    /// Those behind the last checkpoint: linked, not yet sealed.
    pub fn unsealed(rows: Vec<EntryRow>) -> Self {
        Self { title: t("audit-unsealed").to_string(), rows }
    }

    /// Those under a checkpoint.
    pub fn sealed(rows: Vec<EntryRow>) -> Self {
        Self { title: t("audit-sealed").to_string(), rows }
    }
}

/// One entry.
#[derive(Debug, Clone)]
pub struct EntryRow {
    pub sequence: u64,
    pub when: When,
    pub who: String,
    pub role: String,
    /// What was done, to which parts: "opened 31 parts".
    pub what: String,
    /// Search words, a stated reason, a note; never clinical content.
    pub detail: Option<String>,
    pub patient: Option<String>,
    pub why: String,
    pub outcome: State,
}

impl EntryRow {
    fn number(&self) -> String {
        format::count(self.sequence)
    }
}

/// The state of the chain as it is known without verifying it now.
#[derive(Debug, Clone)]
pub struct ChainState {
    pub entries: u64,
    /// When the chain began.
    pub since: Option<When>,
    /// The last verification: when, and whether the chain was found whole.
    pub verified: Option<(When, Found)>,
    /// The last checkpoint: how many entries it covers, and when it was signed.
    pub checkpoint: Option<(u64, When)>,
    pub next_checkpoint: Option<When>,
}

/// What a verification found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    Whole,
    Tampered,
}

impl ChainState {
    fn tone(&self) -> &'static str {
        match self.verified {
            Some((_, Found::Whole)) => "good",
            Some((_, Found::Tampered)) => "critical",
            None => "caution",
        }
    }

    fn shape(&self) -> &'static str {
        match self.verified {
            Some((_, Found::Whole)) => "ok",
            Some((_, Found::Tampered)) => "stop",
            None => "alert",
        }
    }

    fn headline(&self) -> String {
        t(match self.verified {
            Some((_, Found::Whole)) => "chain-whole",
            Some((_, Found::Tampered)) => "chain-tampered",
            None => "chain-unverified",
        })
        .to_string()
    }

    fn line(&self, cx: &Cx) -> String {
        match &self.verified {
            Some((when, Found::Whole)) => t("chain-whole.more").with("date", when.near(&cx.now)),
            Some((when, Found::Tampered)) => t("chain-tampered.more").with("date", when.near(&cx.now)),
            None => t("chain-unverified.more"),
        }
        .to_string()
    }

    fn facts(&self, cx: &Cx) -> Vec<(String, String)> {
        let entries = |n: u64| t("chain-entries").with("n", n).with("count", format::count(n)).to_string();
        let mut facts = Vec::new();
        let mut fact = |label: &str, value: String| facts.push((t(label).to_string(), value));
        match &self.checkpoint {
            Some((size, when)) => {
                fact("chain-sealed", entries(*size));
                fact("chain-unsealed", entries(self.entries.saturating_sub(*size)));
                fact("chain-last", when.near(&cx.now));
            }
            None => fact("chain-last", t("chain-no-checkpoint").to_string()),
        }
        if let Some(next) = &self.next_checkpoint {
            fact("chain-next", next.near(&cx.now));
        }
        facts
    }
}

impl Audit {
    fn sum(&self) -> String {
        let text = t("audit-sum").with("n", self.chain.entries).with("count", format::count(self.chain.entries));
        match &self.chain.since {
            Some(since) => format!("{text} {}", t("audit-sum-since").with("date", since.long())),
            None => text.to_string(),
        }
    }

    fn own_entry(&self) -> Option<String> {
        self.own_entry.map(format::count)
    }

    fn actions(&self) -> Vec<(String, String)> {
        Action::ALL.iter().map(|action| (action.code().to_owned(), words::did(*action).to_string())).collect()
    }

    fn outcomes(&self) -> Vec<(String, String)> {
        Outcome::ALL.iter().map(|outcome| (outcome.code().to_owned(), words::ended(*outcome).word)).collect()
    }
}

/// What verifying the chain just now has found.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/verify.html")]
pub struct Verify {
    pub cx: Cx,
    pub found: Found,
    pub checked: When,
    pub entries: u64,
    /// Label and value: how far the checkpoint reaches, erased details, how long it took.
    pub facts: Vec<(String, String)>,
    /// Each finding as a sentence with its entry's number.
    pub findings: Vec<String>,
    /// What no verification can see with what it was given, as sentences.
    pub blind: Vec<String>,
}
page!(Verify in Audit);

impl Verify {
    fn tone(&self) -> &'static str {
        match self.found {
            Found::Whole => "good",
            Found::Tampered => "critical",
        }
    }

    fn shape(&self) -> &'static str {
        match self.found {
            Found::Whole => "ok",
            Found::Tampered => "stop",
        }
    }

    fn headline(&self) -> String {
        let n = self.entries;
        match self.found {
            Found::Whole => t("verify-whole").with("n", n).with("count", format::count(n)).to_string(),
            Found::Tampered => t("verify-tampered").to_string(),
        }
    }

    fn line(&self) -> String {
        t(match self.found {
            Found::Whole => "verify-whole.more",
            Found::Tampered => "verify-tampered.more",
        })
        .to_string()
    }
}

/// The health administrator's approvals: a form for a new one, and those that are good now.
#[derive(Debug, Clone, Template)]
#[template(path = "admin/approvals.html")]
pub struct Approvals {
    pub cx: Cx,
    pub form: ApprovalForm,
    pub faults: Faults,
    /// The code that was made just now, on this one answer and never again.
    pub given: Option<ApprovalGiven>,
    pub open: Vec<ApprovalRow>,
    /// Bulk exports that wait for a word, the oldest first.
    pub exports: Vec<ExportRow>,
}
page!(Approvals in Approvals);

/// The form. Inputs: `what` (a name of [`Approves`](crate::identity::Approves)), `reason`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct ApprovalForm {
    pub what: String,
    pub reason: String,
}

#[derive(Debug, Clone)]
pub struct ApprovalGiven {
    pub code: Secret<String>,
    pub until: When,
}

impl ApprovalGiven {
    fn code(&self) -> &str {
        self.code.expose()
    }

    fn time(&self) -> String {
        self.until.clock().unwrap_or_else(|| self.until.long())
    }
}

/// One that is good now. Its code is not known to anybody here.
#[derive(Debug, Clone)]
pub struct ApprovalRow {
    pub what: String,
    pub by: String,
    pub until: When,
}

impl ApprovalRow {
    fn line(&self) -> String {
        let until = self.until.clock().unwrap_or_else(|| self.until.long());
        t("approval-by").with("name", &self.by).with("time", until).to_string()
    }
}

/// A bulk export that a program asked for.
#[derive(Debug, Clone)]
pub struct ExportRow {
    pub id: String,
    /// The program's account.
    pub name: String,
    /// Whose records, in words.
    pub whose: String,
    /// The types that it is narrowed to; none when it is not.
    pub kinds: Vec<&'static str>,
    pub since: Option<When>,
    pub asked: When,
}

impl ExportRow {
    fn line(&self) -> String {
        t("export-asked").with("name", &self.name).with("time", self.asked.long_time()).to_string()
    }

    fn only(&self) -> Option<String> {
        (!self.kinds.is_empty()).then(|| t("export-only").with("kinds", self.kinds.join(", ")).to_string())
    }

    fn changed(&self) -> Option<String> {
        let since = self.since.as_ref()?;
        Some(t("export-since").with("time", since.long_time()).to_string())
    }
}

impl Approvals {
    fn reason(&self) -> Field {
        Field::text("reason", t("approval-reason"), &self.form.reason, &self.faults).hint(t("approval-reason-hint"))
    }
}
