//! What the pages of patients, and of those who act for them, are filled with.

use askama::Template;

use super::todo::Todo;
use crate::http::ui::record::{
    AllergyRow, AllergyStatus, CalledOff, DocumentRow, ImmunizationRow, OrderRow, Pages, ProblemRow, ReportSaid,
    VisitRow,
};
use crate::http::ui::{Cx, Series, Text, When, filters, page, plain, t};
use crate::record::Lookers;

/// The first page.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/home.html")]
pub struct Home {
    pub cx: Cx,
    /// How the patient is addressed: the given name.
    pub given: String,
    /// What needs doing now, most urgent first.
    pub todos: Vec<Todo>,
    pub looked: LookedSum,
    pub sums: RecordSums,
    /// Some of what is summed up nobody at the clinic may see.
    pub reaches_nobody: bool,
}
page!(Home in Home);

/// An appointment to come.
#[derive(Debug, Clone)]
pub struct Coming {
    pub when: When,
    /// "Visit with Dr Adeyemi-Strand".
    pub title: String,
    pub text: Option<String>,
    /// Where it can be seen, and changed while it can.
    pub href: String,
    /// It is of today: nobody changes it here any more.
    pub today: bool,
    /// It is another patient's, too: nobody changes it here.
    pub for_several: bool,
    /// Nobody of the clinic sees it now: nobody expects the patient, nor answers.
    pub unseen: bool,
    /// A form belongs to it that nobody has filled in yet.
    pub form: bool,
    /// It is an offer that waits for an answer, and until when it is held.
    pub offered: Option<String>,
}

impl Coming {
    /// Whether it is the patient's to take or decline here.
    pub(super) fn is_to_answer(&self) -> bool {
        self.offered.is_some() && !self.for_several && !self.unseen
    }

    fn line(&self) -> String {
        match self.when.clock() {
            Some(clock) => t("coming-line").with("time", clock).with("title", &self.title).to_string(),
            None => self.title.clone(),
        }
    }
}

/// Who looked, summed up for the first page.
#[derive(Debug, Clone, Default)]
pub struct LookedSum {
    /// People other than the patient who opened the record today.
    pub today: usize,
    /// The same in the last 30 days.
    pub month: usize,
    /// The last of them: name, role, when.
    pub last: Option<(String, String, When)>,
}

impl LookedSum {
    fn headline(&self, acts_for_another: bool) -> Text {
        let id = |own, other| if acts_for_another { other } else { own };
        match (self.today, self.month) {
            (0, 0) => t(id("looked-nobody", "looked-nobody-other")),
            (0, month) => t(id("looked-month", "looked-month-other")).with("n", month),
            (today, _) => t(id("looked-today", "looked-today-other")).with("n", today),
        }
    }
}

/// How much there is of each part of the record.
#[derive(Debug, Clone, Default)]
pub struct RecordSums {
    pub allergies: AllergyStatus,
    pub medicines: usize,
    pub problems: usize,
}

impl RecordSums {
    fn allergy_words(&self, cx: &Cx) -> String {
        match &self.allergies {
            AllergyStatus::NeverAsked => cx.own("sum-allergies-unknown").to_string(),
            AllergyStatus::NoneKnown { .. } => cx.own("sum-allergies-none").to_string(),
            AllergyStatus::Known { list, .. } => {
                list.iter().map(|line| line.substance.as_str()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn rows(&self, cx: &Cx) -> Vec<(&'static str, &'static str, Text, String)> {
        let visits = if cx.may_book() { t("sum-visits") } else { t("sum-visits-see") };
        // Of what is sealed whoever acts for the patient knows nothing, nor that there is none.
        let medicines = cx.own("sum-medicines").with("n", self.medicines).to_string();
        let problems = cx.own("sum-problems").with("n", self.problems).to_string();
        let documents = cx.own("sum-documents");
        vec![
            ("/my/allergies", "stop", t("nav-allergies"), self.allergy_words(cx)),
            ("/my/medicines", "pill", t("nav-medicines"), medicines),
            ("/my/problems", "list", t("nav-problems"), problems),
            // Counted where they are shown, and not here.
            ("/my/results", "results", t("nav-results"), t("sum-results").to_string()),
            ("/my/immunizations", "shield", t("my-immunizations"), t("sum-immunizations").to_string()),
            ("/my/visits", "calendar", t("nav-visits"), visits.to_string()),
            ("/my/messages", "mail", t("nav-messages"), t("sum-messages").to_string()),
            ("/my/documents", "file", t("nav-documents"), documents.to_string()),
            match cx.acts_for_another() {
                true => ("/my/summary", "share", t("summary-title"), t("sum-summary").to_string()),
                false => ("/my/share", "share", t("nav-share"), t("sum-share").to_string()),
            },
            ("/my/requests", "list", cx.own("nav-my-requests"), t("sum-requests").to_string()),
            ("/my/app", "mobile", t("app-title"), t("sum-app").to_string()),
        ]
    }
}

/// All results and measurements, by what belongs together.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/results.html")]
pub struct Results {
    pub cx: Cx,
    pub groups: Vec<PlainGroup>,
    /// Those that say something besides values.
    pub reports: Vec<ReportRow>,
    /// What the clinic took back of late, and of when it was.
    pub taken_back: Vec<(String, Option<When>)>,
    pub off: Vec<CalledOff>,
    /// Some of it nobody at the clinic may see.
    pub reaches_nobody: bool,
}
page!(Results in Results);

/// Tests that belong together, under a heading that a patient understands.
#[derive(Debug, Clone)]
pub struct PlainGroup {
    pub title: String,
    pub series: Vec<Series>,
}

/// A series as a patient reads it.
impl Series {
    /// The plain words where there are some, else the name as staff say it.
    pub fn plain_name(&self) -> String {
        let Some(plain) = plain::name(&self.key) else { return self.name.clone() };
        match &self.in_title {
            Some(unit) => t("test-in-unit").with("name", plain.to_string()).with("unit", unit).to_string(),
            None => plain.to_string(),
        }
    }

    /// The technical name, where it is another.
    pub fn technical_name(&self) -> Option<&str> {
        plain::name(&self.key).is_some_and(|plain| plain.to_string() != self.name).then_some(self.name.as_str())
    }

    pub fn about_test(&self) -> Option<Text> {
        plain::about(&self.key)
    }
}

/// One test with all its results.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/result.html")]
pub struct OneResult {
    pub cx: Cx,
    pub series: Series,
    /// What is known about the newest: label and value, such as who measured.
    pub facts: Vec<(String, String)>,
    /// What reports say in which a reading stands, the newest first.
    pub said_of: Vec<SaidOf>,
    /// Some of it nobody at the clinic may see.
    pub reaches_nobody: bool,
}
page!(OneResult in Results);

/// A report in a list.
#[derive(Debug, Clone)]
pub struct ReportRow {
    pub href: String,
    pub title: String,
    /// When, and by whom.
    pub line: String,
}

/// A report, with what it says.
#[derive(Debug, Clone)]
pub struct SaidOf {
    pub row: ReportRow,
    pub said: ReportSaid,
}

/// One report.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/report.html")]
pub struct MyReport {
    pub cx: Cx,
    pub title: String,
    pub line: String,
    pub said: ReportSaid,
    /// Each with the page of its test, where it has one.
    pub values: Vec<(Series, Option<String>)>,
    /// Some of it nobody at the clinic may see.
    pub reaches_nobody: bool,
}
page!(MyReport in Results);

impl OneResult {
    fn when_line(&self) -> String {
        let latest = self.series.latest().filter(|reading| reading.when.is_known());
        let Some(date) = latest.map(|reading| reading.when.long()) else { return t("result-undated").to_string() };
        match self.series.technical_name() {
            Some(name) => t("result-of-named").with("name", name).with("date", date).to_string(),
            None => t("result-of").with("date", date).to_string(),
        }
    }
}

/// Allergies and intolerances.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/allergies.html")]
pub struct Allergies {
    pub cx: Cx,
    pub status: AllergyStatus,
    pub rows: Vec<AllergyRow>,
    /// Whoever treats the patient sees them all.
    pub seen_by_all: bool,
    /// Some of it nobody at the clinic may see.
    pub reaches_nobody: bool,
}
page!(Allergies in Allergies);

/// Health problems now and before.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/problems.html")]
pub struct Problems {
    pub cx: Cx,
    pub active: Vec<ProblemRow>,
    pub past: Vec<ProblemRow>,
    /// Some of it nobody at the clinic may see.
    pub reaches_nobody: bool,
}
page!(Problems in Problems);

/// Visits, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/visits.html")]
pub struct Visits {
    pub cx: Cx,
    pub coming: Vec<Coming>,
    /// Asked for, without a time yet.
    pub asked: Vec<Asked>,
    /// Called off, with the time that they had.
    pub cancelled: Vec<Asked>,
    /// To which the patient did not come, the last first.
    pub missed: Vec<Asked>,
    /// Planned by whoever sees the patient: no appointment, and none of the visits that were.
    pub planned: Vec<VisitRow>,
    /// Ordered for the patient, and not done yet.
    pub ordered: Vec<OrderRow>,
    pub rows: Vec<VisitRow>,
    pub pages: Pages,
}
page!(Visits in Visits);

/// A visit that was asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    pub href: String,
    pub kind: String,
    /// That the clinic could not offer a time; of one that was called off, which it had.
    pub said: Option<String>,
    /// Nobody of the clinic sees it now, and so nobody answers.
    pub unseen: bool,
}

impl Visits {
    /// Where the next offer is answered: that comes before booking another visit.
    fn first_offer(&self) -> Option<&str> {
        self.coming.iter().find(|row| row.is_to_answer()).map(|row| row.href.as_str())
    }
}

/// Vaccinations, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/immunizations.html")]
pub struct Immunizations {
    pub cx: Cx,
    pub rows: Vec<ImmunizationRow>,
    /// Some of it nobody at the clinic may see.
    pub reaches_nobody: bool,
}
page!(Immunizations in Immunizations);

/// Documents, newest first.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/documents.html")]
pub struct Documents {
    pub cx: Cx,
    pub rows: Vec<DocumentRow>,
    pub pages: Pages,
}
page!(Documents in Documents);

/// Who looked at the record.
#[derive(Debug, Clone, Template)]
#[template(path = "portal/who_looked.html")]
pub struct WhoLooked {
    pub cx: Cx,
    pub who: Lookers,
    pub span: LookSpan,
    /// When the log was last found whole; none when it was not checked yet, or not found whole.
    pub checked: Option<When>,
    pub days: Vec<LookDay>,
    /// The patient's own openings in this span; shown apart.
    pub own: usize,
    pub pages: Pages,
}
page!(WhoLooked in WhoLooked);

impl WhoLooked {
    fn offers_own(&self) -> bool {
        self.own > 0 && self.who != Lookers::Own
    }

    fn whos(&self) -> [(Lookers, Text); 6] {
        Lookers::ALL.map(|who| (who, word_of(who)))
    }

    fn spans(&self) -> [(LookSpan, Text); 3] {
        LookSpan::ALL.map(|span| (span, span.word()))
    }
}

fn word_of(who: Lookers) -> Text {
    t(match who {
        Lookers::Others => "look-who-others",
        Lookers::Staff => "look-who-staff",
        Lookers::Family => "look-who-family",
        Lookers::Outside => "look-who-outside",
        Lookers::Refused => "look-who-refused",
        Lookers::Own => "look-who-own",
    })
}

/// How far back. The codes are the values of `when` in the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LookSpan {
    #[default]
    Month,
    Year,
    All,
}

impl LookSpan {
    pub const ALL: [Self; 3] = [Self::Month, Self::Year, Self::All];

    pub fn code(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Year => "year",
            Self::All => "all",
        }
    }

    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|span| span.code() == code).unwrap_or_default()
    }

    fn word(self) -> Text {
        t(match self {
            Self::Month => "look-span-month",
            Self::Year => "look-span-year",
            Self::All => "look-span-all",
        })
    }
}

/// One day of the log.
#[derive(Debug, Clone)]
pub struct LookDay {
    pub day: When,
    pub looks: Vec<LookRow>,
    /// Folded: who saw the name in lists, how often.
    pub listings: Vec<ListingRow>,
}

impl LookDay {
    fn listed(&self, cx: &Cx) -> Text {
        cx.own("look-listed").with("n", self.listings.len())
    }
}

/// Somebody who opened, changed or sent a part of the record, or tried to.
#[derive(Debug, Clone)]
pub struct LookRow {
    pub who: String,
    /// Role and what they are to the patient.
    pub role: String,
    pub kind: LookKind,
    /// The newest entry of the log that is in it, by which it can be questioned.
    pub entry: u64,
    pub from: When,
    /// When several openings are one line: the last of them.
    pub until: Option<When>,
    pub place: Option<String>,
    pub why: String,
    /// What was done, in sentences.
    pub what: String,
    /// What else is to be known: refused, an emergency.
    pub note: Option<(String, String)>,
}

impl LookRow {
    /// The sentences of what was done: each is a line.
    fn acts(&self) -> impl Iterator<Item = &str> {
        self.what.split(". ")
    }

    fn time(&self) -> String {
        let from = self.from.clock().unwrap_or_default();
        match self.until.and_then(|until| until.clock()).filter(|until| *until != from) {
            Some(until) => t("from-to").with("from", from).with("to", until).to_string(),
            None => from,
        }
    }
}

/// What sort of opening it was; decides shape and edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LookKind {
    Person,
    /// Another program, or the box itself.
    Computer,
    SentOut,
    Emergency,
    Refused,
}

impl LookKind {
    fn shape(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Computer => "computer",
            Self::SentOut => "share",
            Self::Emergency => "alert",
            Self::Refused => "refused",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Emergency => " marked",
            Self::Refused => " refused",
            _ => "",
        }
    }
}

/// How often somebody saw the name in lists on one day.
#[derive(Debug, Clone)]
pub struct ListingRow {
    pub who: String,
    pub role: String,
    pub count: u64,
    pub first: When,
    pub last: When,
}

impl ListingRow {
    fn line(&self) -> Text {
        let first = self.first.clock().unwrap_or_default();
        let last = self.last.clock().unwrap_or_default();
        let time = if first == last { first } else { t("from-to").with("from", first).with("to", last).to_string() };
        t("look-listing").with("n", self.count).with("time", time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pages::sample;
    use crate::http::portal::message_pages::Messages;
    use crate::http::portal::own_pages::Measurements;
    use crate::http::portal::requests_pages::MyRequests;
    use crate::http::ui::Locale;

    fn words(id: &str) -> String {
        t(id).to_string()
    }

    fn in_each_language(check: impl Fn()) {
        for locale in Locale::ALL {
            locale.inside(&check);
        }
    }

    fn allergies(cx: Cx, status: AllergyStatus, unseen: bool) -> String {
        let page = Allergies { cx, status, rows: vec![], seen_by_all: !unseen, reaches_nobody: unseen };
        page.render().unwrap()
    }

    fn none_known() -> AllergyStatus {
        AllergyStatus::NoneKnown { asked: None, by: None, id: "a".into() }
    }

    #[test]
    fn whoever_acts_for_a_patient_is_never_told_that_there_is_nothing_or_that_nobody_asked() {
        in_each_language(|| {
            let cx = || sample::cx(Some("Tobias Brandvold"));
            let pages = [
                allergies(cx(), AllergyStatus::NeverAsked, false),
                allergies(cx(), none_known(), false),
                Problems { cx: cx(), active: vec![], past: vec![], reaches_nobody: false }.render().unwrap(),
                Immunizations { cx: cx(), rows: vec![], reaches_nobody: false }.render().unwrap(),
                Messages { cx: cx(), rows: vec![] }.render().unwrap(),
                Measurements { cx: cx(), rows: vec![], pages: Pages::default() }.render().unwrap(),
                MyRequests { cx: cx(), rows: vec![] }.render().unwrap(),
            ];
            for page in pages {
                assert!(page.contains(&words("sealed-not-shown")), "{page}");
                let none = [
                    "my-allergies-unknown",
                    "my-allergies-none",
                    "my-problems-none",
                    "my-immunizations-none",
                    "my-messages-none",
                    "measured-none",
                    "asks-none",
                ];
                for id in none {
                    assert!(!page.contains(&format!(">{}<", words(id))), "{id}: {page}");
                }
            }
            let own = allergies(sample::cx(None), AllergyStatus::NeverAsked, false);
            assert!(own.contains(&words("my-allergies-unknown")) && !own.contains(&words("sealed-not-shown")));
            for (allergies, own) in
                [(AllergyStatus::NeverAsked, "sum-allergies-unknown"), (none_known(), "sum-allergies-none")]
            {
                let sums = RecordSums { allergies, medicines: 0, problems: 0 };
                let (theirs, mine) = (sums.rows(&cx()), sums.rows(&sample::cx(None)));
                assert_eq!(mine[0].3, t(own).to_string());
                for at in 0..3 {
                    assert_ne!(theirs[at].3, mine[at].3, "{own}");
                }
            }
        });
    }

    #[test]
    fn the_patient_reads_which_allergies_nobody_at_the_clinic_sees() {
        in_each_language(|| {
            let (seen, unseen) =
                (allergies(sample::cx(None), none_known(), false), allergies(sample::cx(None), none_known(), true));
            assert!(seen.contains(&words("my-allergies-lead")) && !seen.contains(&words("parts-unseen")));
            assert!(!unseen.contains(&words("my-allergies-lead")) && unseen.contains(&words("parts-unseen")));
            let problems = Problems { cx: sample::cx(None), active: vec![], past: vec![], reaches_nobody: true };
            let vaccines = Immunizations { cx: sample::cx(None), rows: vec![], reaches_nobody: true };
            for page in [problems.render().unwrap(), vaccines.render().unwrap()] {
                assert!(page.contains(&words("parts-unseen")), "{page}");
            }
        });
    }

    #[test]
    fn what_is_asked_for_reaches_the_health_administrator_whatever_a_consent_refuses() {
        in_each_language(|| {
            for whom in [None, Some("Tobias Brandvold")] {
                let cx = || Cx { unseen: true, ..sample::cx(whom) };
                let asks = MyRequests { cx: cx(), rows: vec![] }.render().unwrap();
                let others = allergies(cx(), AllergyStatus::NeverAsked, false);
                let said = |id: &str| if whom.is_some() { words(&format!("{id}-other")) } else { words(id) };
                assert!(asks.contains(&said("unseen-asks")) && !asks.contains(&said("unseen")), "{asks}");
                assert!(others.contains(&said("unseen")) && !others.contains(&said("unseen-asks")));
            }
        });
    }

    #[test]
    fn a_visit_that_nobody_sees_is_not_changed_and_not_answered_here() {
        let coming = |unseen, offered: Option<&str>| Visits {
            cx: sample::cx(None),
            coming: vec![Coming {
                when: When::parse("2026-12-08T09:00:00Z", &jiff::tz::TimeZone::UTC).unwrap(),
                title: "Check-up".into(),
                text: None,
                href: "/my/visits/a".into(),
                today: false,
                for_several: false,
                unseen,
                form: true,
                offered: offered.map(str::to_owned),
            }],
            asked: vec![],
            cancelled: vec![],
            missed: vec![],
            planned: vec![],
            ordered: vec![],
            rows: vec![],
            pages: Pages::default(),
        };
        in_each_language(|| {
            let of = |unseen, offered| coming(unseen, offered).render().unwrap();
            let seen = of(false, Some("Offered"));
            assert!(seen.contains(&words("coming-answer")) && !seen.contains(&words("visit-unseen")));
            let (unseen, offer) = (of(true, None), of(true, Some("Offered")));
            for page in [&unseen, &offer] {
                assert!(!page.contains(&words("coming-answer")), "{page}");
                assert!(!page.contains(&words("visit-open-it")) && !page.contains("/my/visits/a/form"));
            }
            assert!(unseen.contains(&words("visit-unseen")));
            assert!(offer.contains("Offered") && !offer.contains(&words("visit-unseen")), "nobody is expected to come");
        });
    }
}
