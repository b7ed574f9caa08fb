//! What the page of the backups is filled with. No patient data: counts and times only.

use askama::Template;

use super::pages::Check;
use crate::backup::{Concern, Standing};
use crate::http::said::sentence;
use crate::http::ui::{Cx, State, Text, Tone, When, filters, format, page, t};

/// The backups, target by target.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/backups.html")]
pub struct Backups {
    pub cx: Cx,
    pub targets: Vec<TargetPart>,
}
page!(Backups in Backups);

/// One target.
#[derive(Debug, Clone)]
pub struct TargetPart {
    pub name: String,
    pub place: String,
    /// `folder`, `sftp` or `s3`.
    pub kind: &'static str,
    pub last: Option<LastPart>,
    /// When the last attempt did not work, and why.
    pub error: Option<(When, String)>,
    pub snapshots: u64,
    /// How many are gone that this box did not remove.
    pub gone: u64,
    /// How many are of another run of this box.
    pub beside: u64,
    pub backup_stands: Standing,
    pub drill: Option<DrillPart>,
    pub drill_stands: Standing,
    /// Why it stands so, the worst first.
    pub concerns: Vec<Concern>,
    /// What is being done there now, and since when.
    pub busy: Option<(String, When)>,
    /// What came of trying it, if that was after the last backup.
    pub tried: Option<TriedPart>,
    /// Why it is no place of its own.
    pub double: Option<String>,
}

/// What came of trying a target.
#[derive(Debug, Clone)]
pub struct TriedPart {
    pub when: When,
    pub error: Option<String>,
    pub millis: u32,
    /// Bytes that still fit, where the target can tell.
    pub free: Option<u64>,
}

/// The last backup. Bytes, and seconds.
#[derive(Debug, Clone)]
pub struct LastPart {
    pub when: When,
    pub new: u64,
    pub holds: u64,
    pub seconds: u32,
}

/// The last drill.
#[derive(Debug, Clone)]
pub struct DrillPart {
    pub when: When,
    pub rows: u64,
    pub entries: u64,
    pub samples: u64,
    pub seconds: u32,
    /// None: it passed.
    pub faults: Vec<String>,
    /// It could not be run.
    pub untried: bool,
}

const fn mark(standing: Standing) -> (&'static str, Tone) {
    match standing {
        Standing::Good => ("ok", Tone::Good),
        Standing::Late => ("alert", Tone::Caution),
        Standing::Bad => ("stop", Tone::Critical),
    }
}

/// What a page about the target says of a concern that does not show elsewhere on it.
const fn line_of(concern: &Concern) -> Option<&'static str> {
    match concern {
        Concern::AllGone => Some("backup-all-gone"),
        Concern::NewestGone => Some("backup-newest-gone"),
        Concern::NewestDamaged => Some("backup-damaged"),
        Concern::OlderDamaged => Some("backup-older-damaged"),
        Concern::OldKeys => Some("backup-old-keys"),
        Concern::Silent => Some("backup-silent"),
        Concern::Stuck(_) => Some("backup-stuck"),
        _ => None,
    }
}

impl TargetPart {
    /// The last backup and the last drill, each as a line of a page.
    pub(super) fn checks(&self, cx: &Cx) -> Vec<Check> {
        let tried = self.tried.as_ref().map(|tried| tried.check(cx));
        [self.backup_check(cx), self.drill_check(cx)].into_iter().chain(tried).collect()
    }

    /// The same with the target's name, for a page about more than backups.
    pub(super) fn named_checks(&self, cx: &Cx) -> Vec<Check> {
        self.checks(cx).into_iter().map(|check| check.line(t("backup-to").with("target", &self.name))).collect()
    }

    fn backup_check(&self, cx: &Cx) -> Check {
        let (shape, tone) = mark(self.backup_stands);
        let word = self.last.as_ref().map_or_else(|| t("backup-never").to_string(), |last| last.when.near(&cx.now));
        let mut check = Check::new("backup-last", State::new(shape, tone, word));
        if let Some(last) = &self.last {
            let holds = t("backup-holds")
                .with("new", format::bytes(last.new))
                .with("holds", format::bytes(last.holds))
                .with("seconds", last.seconds)
                .with("n", self.snapshots)
                .with("count", format::count(self.snapshots));
            // Of one that became the newest when a newer one was removed nobody kept what was new in it.
            if last.new > 0 {
                check = check.line(holds);
            }
            if self.has_newest() {
                check = check.line(t("backup-lose"));
            }
        }
        for word in self.concerns.iter().filter_map(line_of) {
            check = check.line(t(word));
        }
        if self.gone > 0 {
            check = check.line(
                t("backup-gone")
                    .with("n", self.gone)
                    .with("count", format::count(self.gone))
                    .with("target", &self.name),
            );
        }
        if self.beside > 0 {
            let count = format::count(self.beside);
            check = check
                .line(t("backup-other-run").with("n", self.beside).with("count", count).with("target", &self.name));
        }
        if let Some(double) = &self.double {
            check = check.line(double.clone());
        }
        if let Some((when, error)) = &self.error {
            check = check.line(t("backup-error").with("date", when.near_within(&cx.now)).with("error", error));
        }
        check
    }

    fn drill_check(&self, cx: &Cx) -> Check {
        let (shape, tone) = mark(self.drill_stands);
        let Some(drill) = &self.drill else {
            let never = State::new(shape, tone, t("drill-never"));
            return Check::new("drill-last", never).line(t("drill-never.more"));
        };
        let passed = drill.faults.is_empty();
        let word = t(match (passed, drill.untried) {
            (true, _) => "drill-passed",
            (false, false) => "drill-failed",
            (false, true) => "drill-untried",
        });
        let check =
            Check::new("drill-last", State::new(shape, tone, word.with("date", drill.when.near_within(&cx.now))));
        if !passed {
            let check = drill.faults.iter().fold(check, |check, fault| check.line(sentence(fault)));
            return if drill.untried { check } else { check.line(t("drill-failed.more")) };
        }
        let held = t("drill-held")
            .with("rows", format::count(drill.rows))
            .with("entries", format::count(drill.entries))
            .with("samples", format::count(drill.samples))
            .with("seconds", drill.seconds);
        check.line(held)
    }

    /// What kind of place it is.
    fn kind_word(&self) -> Text {
        t(match self.kind {
            "sftp" => "place-sftp",
            "s3" => "place-s3",
            _ => "place-folder",
        })
    }

    fn busy_line(&self, cx: &Cx) -> Option<Text> {
        let (doing, since) = self.busy.as_ref()?;
        let word = match doing.as_str() {
            "a backup" => "busy-backup",
            "a drill" => "busy-drill",
            _ => "busy-prune",
        };
        Some(t(word).with("time", since.near_within(&cx.now)))
    }

    /// What needs the operator, in a sentence.
    pub(super) fn trouble(&self) -> Option<Text> {
        let worst = self.concerns.first()?;
        let word = match worst {
            Concern::Never | Concern::TooOld(_) => "trouble-backup",
            Concern::AllGone => "trouble-backup-all-gone",
            Concern::NewestGone => "trouble-backup-gone",
            Concern::NewestDamaged => "trouble-backup-damaged",
            Concern::OlderDamaged => "trouble-backup-older-damaged",
            Concern::OlderGone(_) => "trouble-backup-older-gone",
            Concern::OldKeys => "trouble-backup-old-keys",
            Concern::Silent => "trouble-backup-silent",
            Concern::Stuck(_) => "trouble-backup-stuck",
            Concern::DrillFailed(_) | Concern::DrillTooOld(_) => "trouble-drill",
            // That a target was not tried yet, or not quite as often as it should, needs nobody.
            other if other.is_of_drill() => return None,
            _ => "trouble-backup-late",
        };
        Some(t(word).with("target", &self.name))
    }

    /// Whether the newest backup is there, and can be restored as far as is known.
    fn has_newest(&self) -> bool {
        let lacks = |one: &Concern| matches!(one, Concern::AllGone | Concern::NewestGone | Concern::NewestDamaged);
        !self.concerns.iter().any(lacks)
    }

    pub(super) fn is_bad(&self) -> bool {
        self.backup_stands == Standing::Bad || self.drill_stands == Standing::Bad
    }
}

impl TriedPart {
    fn check(&self, cx: &Cx) -> Check {
        let (shape, tone, word) = match &self.error {
            None => ("ok", Tone::Good, "tried-works"),
            Some(_) => ("stop", Tone::Critical, "tried-not"),
        };
        let word = t(word).with("date", self.when.near_within(&cx.now));
        let check = Check::new("tried-last", State::new(shape, tone, word));
        let check = match &self.error {
            Some(error) => check.line(error.clone()),
            None => check.line(t("tried-how").with("millis", self.millis)),
        };
        match self.free {
            Some(free) => check.line(t("tried-free").with("free", format::bytes(free))),
            None => check,
        }
    }
}
