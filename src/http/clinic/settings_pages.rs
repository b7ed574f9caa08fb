//! What the pages of the clinic's settings are filled with.

use askama::Template;

use crate::http::ui::{Cx, FaultSummary, Faults, Field, When, filters, page, t};

/// All of it at a glance.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/settings.html")]
pub struct Settings {
    pub cx: Cx,
    pub visit_types: Vec<VisitTypeRow>,
    pub topics: Vec<TopicRow>,
    /// The clinic's own first.
    pub hours: Vec<HoursRow>,
    pub notice: u16,
    pub horizon: u16,
    pub hold: u16,
    /// Hours before a visit; 0 for no reminder.
    pub reminder: u16,
    pub phone: String,
}
page!(Settings in Settings);

#[derive(Debug, Clone)]
pub struct VisitTypeRow {
    pub id: String,
    pub name: String,
    pub spanish: Option<String>,
    pub minutes: u16,
    pub booking: String,
    pub active: bool,
}

#[derive(Debug, Clone)]
pub struct TopicRow {
    pub id: String,
    pub name: String,
    pub pool: String,
    pub days: u16,
    pub active: bool,
}

/// Whose hours: the clinic's, or a person's.
#[derive(Debug, Clone)]
pub struct HoursRow {
    pub id: String,
    pub name: String,
    /// Day and hours, only days that have some.
    pub week: Vec<(String, String)>,
    pub away: Vec<AwayRow>,
}

/// Days off.
#[derive(Debug, Clone)]
pub struct AwayRow {
    pub why: String,
    pub first: When,
    pub last: Option<When>,
}

impl AwayRow {
    fn days(&self) -> String {
        match self.last {
            Some(last) => t("from-to").with("from", self.first.short()).with("to", last.short()).to_string(),
            None => self.first.short(),
        }
    }
}

/// One thing to settle, as a form.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/settings_form.html")]
pub struct SettingsForm {
    pub cx: Cx,
    pub title: String,
    pub action: String,
    pub fields: Vec<Field>,
    /// Whether it is offered now; `None` for what is always there.
    pub offered: Option<Offered>,
    pub version: String,
    pub faults: Faults,
}
page!(SettingsForm in Settings);

/// Whether something is offered, as it was chosen; and as it stands now where that is otherwise.
#[derive(Debug, Clone)]
pub struct Offered {
    pub chosen: bool,
    pub now: Option<String>,
}

impl Offered {
    pub fn of(typed: &str, faults: &Faults) -> Self {
        let now = faults.now("offered", typed);
        let now = now.map(|now| t(if now.is_empty() { "settings-not-offered" } else { "settings-offered-now" }));
        Self { chosen: !typed.is_empty(), now: now.map(|now| now.to_string()) }
    }
}

/// The hours of a week, and days off.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/settings_hours.html")]
pub struct SettingsHours {
    pub cx: Cx,
    pub name: String,
    pub action: String,
    pub away_action: String,
    pub days: Vec<DayFields>,
    pub away: Vec<AwayRow>,
    pub off: Vec<Field>,
    pub version: String,
    pub faults: Faults,
}
page!(SettingsHours in Settings);

impl SettingsHours {
    fn summary(&self) -> FaultSummary<'_> {
        let both = |day: &DayFields| ["1", "2"].map(|span| (format!("{}{span}", day.code), day.word.clone()));
        let begun = self.faults.summary().naming(&self.off);
        self.days.iter().flat_map(both).fold(begun, |all, (field, word)| all.calling(field, word))
    }
}

/// The two stretches of a day.
#[derive(Debug, Clone)]
pub struct DayFields {
    pub word: String,
    /// The beginning of its inputs' names.
    pub code: &'static str,
    pub fault: Option<String>,
    /// What stands now, where other hours were typed.
    pub now: Option<String>,
    pub spans: [(String, String); 2],
}
