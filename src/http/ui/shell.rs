//! What every page knows: the clinic, the hour, who is signed in, and which places there are for them.

use jiff::Zoned;

use super::text::{Text, t};
use crate::access::ProxyExtent;
use crate::base::Role;

/// The context that a handler gives to a page.
#[derive(Debug, Clone)]
pub struct Cx {
    pub clinic: String,
    /// The host that the address bar should show, such as `chartbox-k7m2.local`.
    pub host: String,
    /// Now, in the clinic's time zone.
    pub now: Zoned,
    /// The session's token for unsafe methods; stands in every form.
    pub csrf: String,
    /// Whether this is a demo: every page then says that nothing is protected.
    pub demo: bool,
    /// Nobody outside a session.
    pub viewer: Option<Viewer>,
    /// Seconds without use after which the session ends. The page then leaves by itself.
    pub idle_seconds: Option<u32>,
    /// What was just done, in a sentence.
    pub done: Option<String>,
    /// Why what was wanted was not done, in a sentence.
    pub trouble: Option<String>,
    /// Nobody of the clinic sees the record of the page now: the patient's consent refuses it to them.
    pub unseen: bool,
    /// Of what the record holds more than a page shows, in sentences.
    pub shortened: Vec<String>,
    /// The page's own address with its query, for the forms on it; empty where a form was sent to.
    pub at: String,
    /// The key that the page's forms are made with.
    pub once: String,
    /// What the record said in the fields of the page's form, `application/x-www-form-urlencoded`, where it is about something in the
    /// record: what came to be different was typed.
    pub stood: String,
    /// When the text in the form was typed, if it is a draft of before.
    pub kept: Option<super::format::When>,
    /// What that draft holds.
    pub kept_of: KeptOf,
    /// What the page's form was sent with was refused: the record had changed since the page was made.
    pub meanwhile: Option<Meanwhile>,
    /// That another record was asked for, which was joined to the one that is shown.
    pub joined: Option<String>,
    /// How many notices are unread; `None` for nobody.
    pub unread: Option<usize>,
}

/// What of a form that was begun is there again. A file never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeptOf {
    #[default]
    Text,
    /// A file was chosen beside it, and has to be chosen again.
    TextWithoutFile,
    /// There was a file and nothing else.
    NothingButThatThereWasAFile,
}

/// What is said over a page whose form came too late.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Meanwhile {
    pub what: Happened,
    /// What was typed, for a page that has no form in which it stands again.
    pub typed: Vec<String>,
}

/// Why what was typed could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Happened {
    /// Somebody changed what the form is about.
    #[default]
    Changed,
    /// Its page is not there any more; the words stand over the page where one begins.
    PageGone,
}

/// Who is signed in.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub name: String,
    /// What says to the browser that this is the same account as before, and nothing else of it.
    pub key: String,
    pub role: Role,
    /// For a proxy: whose record this is.
    pub for_whom: Option<String>,
    /// The RelatedPerson as whom the session looks, where one was chosen.
    pub acting: Option<String>,
    /// Whether there is more than one record to choose from.
    pub chooses: bool,
    /// For a proxy: how far they go. To everybody else what their role does is open.
    pub extent: Option<ProxyExtent>,
}

/// A place in the navigation; each page says which is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// None of the places: an error, the account.
    Elsewhere,
    Today,
    Inbox,
    Schedule,
    Patients,
    Audit,
    Approvals,
    Duplicates,
    Emergencies,
    Health,
    Backups,
    Accounts,
    Settings,
    Keys,
    Requests,
    Home,
    Results,
    Medicines,
    Problems,
    Allergies,
    Visits,
    Messages,
    Immunizations,
    Measurements,
    Documents,
    WhoLooked,
    /// What patients ask of the clinic about their record.
    Asks,
    Share,
    Formulary,
}

impl Place {
    /// Whether what is written there goes to the health administrator, whom no consent of the patient shuts out of it.
    pub const fn is_for_asking(self) -> bool {
        matches!(self, Self::Asks | Self::WhoLooked)
    }

    /// Whether a phone's bar, which has room for few, leads there by what says "More".
    pub const fn is_under_more(self) -> bool {
        !matches!(self, Self::Elsewhere | Self::Home | Self::Results | Self::Medicines | Self::Messages)
    }
}

/// One entry of the navigation.
#[derive(Debug, Clone)]
pub struct NavItem {
    pub place: Place,
    pub href: &'static str,
    pub word: Text,
    pub icon: &'static str,
    /// On which widths of the patient's shell it shows: everywhere, from a desk's width, or on a phone only.
    pub class: &'static str,
}

impl Cx {
    /// Words whose page is not there any more.
    pub fn lost_words(&self) -> Option<&Meanwhile> {
        self.meanwhile.as_ref().filter(|meanwhile| meanwhile.what == Happened::PageGone)
    }

    /// The places that exist for whoever is signed in; none for nobody.
    pub fn nav(&self) -> Vec<NavItem> {
        let item = |place, href, word, icon, class| NavItem { place, href, word: t(word), icon, class };
        let staff = |place, href, word| item(place, href, word, "box", "");
        match self.viewer.as_ref().map(|viewer| viewer.role) {
            Some(Role::Clinician | Role::Nurse) => {
                vec![
                    staff(Place::Today, "/today", "nav-today"),
                    staff(Place::Inbox, "/inbox", "nav-inbox"),
                    staff(Place::Patients, "/patients", "nav-patients"),
                ]
            }
            Some(Role::Reception) => vec![
                staff(Place::Today, "/today", "nav-day"),
                staff(Place::Schedule, "/schedule", "nav-schedule"),
                staff(Place::Requests, "/booking-requests", "nav-booking-requests"),
                staff(Place::Inbox, "/inbox", "nav-inbox"),
                staff(Place::Patients, "/patients", "nav-patients"),
                staff(Place::Settings, "/settings", "nav-settings"),
            ],
            Some(Role::HealthAdmin) => vec![
                staff(Place::Asks, "/requests", "nav-asks"),
                staff(Place::Audit, "/audit", "nav-audit"),
                staff(Place::Emergencies, "/emergency-access", "nav-emergencies"),
                staff(Place::Approvals, "/approvals", "nav-approvals"),
                staff(Place::Duplicates, "/duplicates", "nav-duplicates"),
                staff(Place::Formulary, "/formulary", "nav-formulary"),
                staff(Place::Settings, "/settings", "nav-settings"),
            ],
            Some(Role::Operator) => vec![
                staff(Place::Health, "/box", "nav-health"),
                staff(Place::Backups, "/box/backups", "nav-backups"),
                staff(Place::Keys, "/box/keys", "nav-keys"),
                staff(Place::Accounts, "/box/accounts", "nav-accounts"),
                staff(Place::Formulary, "/formulary", "nav-formulary"),
            ],
            Some(Role::Proxy) if !self.may_read() => vec![
                item(Place::Home, "/my", "nav-home", "home", ""),
                item(Place::Visits, "/my/visits", "nav-visits", "calendar", ""),
                item(Place::Messages, "/my/messages", "nav-messages", "mail", ""),
            ],
            Some(Role::Patient | Role::Proxy) => vec![
                item(Place::Home, "/my", "nav-home", "home", ""),
                item(Place::Results, "/my/results", "nav-results", "results", ""),
                item(Place::Medicines, "/my/medicines", "nav-medicines", "pill", ""),
                item(Place::Problems, "/my/problems", "nav-problems", "list", "wider"),
                item(Place::Allergies, "/my/allergies", "nav-allergies", "stop", "wider"),
                item(Place::Visits, "/my/visits", "nav-visits", "calendar", "wide"),
                item(Place::Messages, "/my/messages", "nav-messages", "mail", ""),
                item(Place::Documents, "/my/documents", "nav-documents", "file", "wide"),
                match self.viewer.as_ref().map(|viewer| viewer.role) {
                    // Sharing on is the patient's alone.
                    Some(Role::Proxy) => item(Place::Share, "/my/summary", "nav-summary", "share", "wider"),
                    _ => item(Place::Share, "/my/share", "nav-share", "share", "wider"),
                },
                item(Place::WhoLooked, "/my/who-looked", "nav-who-looked", "eye", "wide"),
                item(Place::Elsewhere, "/my#record", "nav-more", "menu", "slim"),
            ],
            _ => Vec::new(),
        }
    }

    /// Whether the record on the page is open to the viewer: somebody may act for a patient in appointments alone.
    pub fn may_read(&self) -> bool {
        self.extent().is_none_or(ProxyExtent::reads_record)
    }

    /// Whether the viewer adds to the record, and asks of the clinic what has to do with it.
    pub fn may_add(&self) -> bool {
        self.extent().is_none_or(ProxyExtent::adds)
    }

    /// Whether the viewer books visits and writes messages.
    pub fn may_book(&self) -> bool {
        self.extent().is_none_or(ProxyExtent::books)
    }

    fn extent(&self) -> Option<ProxyExtent> {
        self.viewer.as_ref()?.extent
    }

    /// Whether a box to find a patient belongs into the head of the page.
    pub fn finds_patients(&self) -> bool {
        self.viewer
            .as_ref()
            .is_some_and(|viewer| matches!(viewer.role, Role::Clinician | Role::Nurse | Role::Reception))
    }

    /// Whether charts are for whoever is signed in.
    pub fn sees_charts(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| matches!(viewer.role, Role::Clinician | Role::Nurse))
    }

    /// Whether whoever is signed in prescribes.
    pub fn prescribes(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.role == Role::Clinician)
    }

    /// Where the clinic's name leads.
    pub fn start(&self) -> &'static str {
        match self.viewer.as_ref().map(|viewer| viewer.role) {
            Some(role) => start_of(role),
            None => "/",
        }
    }

    pub fn viewer_name(&self) -> &str {
        self.viewer.as_ref().map_or("", |viewer| &viewer.name)
    }

    /// For whom the browser keeps what it keeps.
    pub fn viewer_key(&self) -> &str {
        self.viewer.as_ref().map_or("", |viewer| &viewer.key)
    }

    /// Whose record a patient's pages show: their own, or of whom they act for.
    pub fn whose_record(&self) -> &str {
        let for_whom = self.viewer.as_ref().and_then(|viewer| viewer.for_whom.as_deref());
        for_whom.unwrap_or_else(|| self.viewer_name())
    }

    pub fn viewer_role(&self) -> String {
        self.viewer.as_ref().map(|viewer| role_word(viewer.role).to_string()).unwrap_or_default()
    }

    pub fn is_patient_side(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| !viewer.role.is_staff())
    }

    /// Whether the record on the page is somebody else's, for whom the viewer acts.
    pub fn acts_for_another(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.for_whom.is_some())
    }

    /// What is said of a draft that stands in the page's form again.
    pub fn kept_words(&self) -> Vec<String> {
        let Some(when) = &self.kept else { return Vec::new() };
        let text = t("form-kept").with("when", when.near_within(&self.now)).to_string();
        let file = t("form-kept-file").to_string();
        match self.kept_of {
            KeptOf::Text => vec![text],
            KeptOf::TextWithoutFile => vec![text, file],
            KeptOf::NothingButThatThereWasAFile => vec![file],
        }
    }

    /// Whether the viewer can look at another record.
    pub fn chooses(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.chooses)
    }

    /// As whom the page was made: a part of a page that was made as somebody else is not put into it.
    pub fn acting(&self) -> Option<&str> {
        self.viewer.as_ref()?.acting.as_deref()
    }

    /// Whether this is the viewer's own record.
    pub fn is_own_record(&self) -> bool {
        self.viewer.as_ref().is_some_and(|viewer| viewer.role == Role::Patient && viewer.acting.is_none())
    }

    /// A message about whose record it is: where that is not the reader's own, the one of this name with `-other`.
    pub fn own(&self, id: &str) -> Text {
        if self.acts_for_another() { t(&format!("{id}-other")) } else { t(id) }
    }

    /// The languages that a patient can choose.
    pub fn locales(&self) -> [super::text::Locale; 2] {
        super::text::Locale::ALL
    }

    /// The language of the page's words, for `<html lang>`.
    pub fn lang(&self) -> &'static str {
        super::text::Locale::now().code()
    }

    pub fn now_clock(&self) -> String {
        self.now.strftime("%H:%M").to_string()
    }

    pub fn now_long(&self) -> String {
        super::format::When::Time(self.now.datetime()).long_time()
    }
}

/// Where a role begins after sign-in.
pub fn start_of(role: Role) -> &'static str {
    match role {
        Role::Clinician | Role::Nurse | Role::Reception => "/today",
        Role::HealthAdmin => "/audit",
        Role::Operator => "/box",
        Role::Patient | Role::Proxy => "/my",
    }
}

/// A role's name as people say it.
pub fn role_word(role: Role) -> Text {
    t(match role {
        Role::Patient => "role-patient",
        Role::Proxy => "role-proxy",
        Role::Clinician => "role-clinician",
        Role::Nurse => "role-nurse",
        Role::Reception => "role-reception",
        Role::HealthAdmin => "role-healthadmin",
        Role::Operator => "role-operator",
    })
}

/// Gives a page its place and checks nothing else: `page!(TodayPage in Today)`.
macro_rules! page {
    ($name:ident in $place:ident) => {
        impl $name {
            pub(crate) const PLACE: $crate::http::ui::Place = $crate::http::ui::Place::$place;
        }
    };
}
pub(in crate::http) use page;
