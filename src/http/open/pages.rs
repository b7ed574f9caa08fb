//! What the pages without a session are filled with.

use askama::Template;

use crate::access::ProxyExtent;
use crate::base::Role;
use crate::care::forms::Keeping;
use crate::http::keys::AskedWord;
use crate::http::operator::key_pages::word_fields;
use crate::http::ui::account::password_hint;
use crate::http::ui::charts;
use crate::http::ui::{Cx, Faults, Field, Svg, When, filters, role_word, t};

/// Sign-in, empty or after a try that did not succeed.
#[derive(Debug, Clone, Template)]
#[template(path = "open/sign_in.html")]
pub struct SignIn {
    pub cx: Cx,
    /// The user name as typed, so that it need not be typed again.
    pub user: String,
    pub refused: Option<SignInRefusal>,
    /// Where to go after sign-in: a path of this box, checked by the handler.
    pub next: Option<String>,
    /// What became of the text of a form that was sent after its session had ended.
    pub late: Option<Keeping>,
}

/// Why a try did not succeed. The same words whether or not the account exists.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SignInRefusal {
    /// User name and password do not belong together, or the account is switched off.
    DoNotMatch { tries_left: Option<u32>, wait_minutes: u32 },
    /// Too many tries; when the next is possible.
    Wait { until: When },
    /// The form's token was not this browser's: it was left open for too long.
    Stale,
}

impl SignIn {
    fn user_field(&self) -> Field {
        Field::text("user", t("sign-in-user"), &self.user, &Faults::none()).completes("username")
    }

    fn password_field(&self) -> Field {
        let mut faults = Faults::none();
        let mut hint = None;
        if let Some(SignInRefusal::DoNotMatch { tries_left, wait_minutes }) = self.refused {
            faults.add("password", t("sign-in-check-keyboard"));
            hint = tries_left.map(|left| t("sign-in-tries-left").with("n", left).with("minutes", wait_minutes));
        }
        let field = Field::password("password", t("sign-in-password"), "current-password", &faults);
        match hint {
            Some(hint) => field.hint(hint),
            None => field,
        }
    }
}

/// After sign-out.
#[derive(Debug, Clone, Template)]
#[template(path = "open/signed_out.html")]
pub struct SignedOut {
    pub cx: Cx,
    pub why: SignedOutWhy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedOutWhy {
    Asked,
    /// Not used for this many minutes.
    Idle {
        minutes: u32,
    },
    /// Ended from another device, or by the operator.
    Ended,
}

/// Setup, first page: the code that the box printed.
#[derive(Debug, Clone, Template)]
#[template(path = "open/setup_code.html")]
pub struct SetupCode {
    pub cx: Cx,
    /// A sentence on why the code was not taken.
    pub fault: Option<String>,
}

impl SetupCode {
    fn code_field(&self) -> Field {
        let mut faults = Faults::none();
        if let Some(fault) = &self.fault {
            faults.add("code", fault);
        }
        Field::text("code", t("setup-code"), "", &faults).hint(t("setup-code-hint"))
    }
}

/// Setup, second page: the clinic's name and zone, shown; the three first accounts.
#[derive(Debug, Clone, Template)]
#[template(path = "open/setup_accounts.html")]
pub struct SetupAccounts {
    pub cx: Cx,
    /// IANA name of the clinic's time zone.
    pub zone: String,
    pub accounts: Vec<FirstAccount>,
    pub faults: Faults,
}

/// One of the first accounts, as typed so far.
#[derive(Debug, Clone)]
pub struct FirstAccount {
    pub role: Role,
    pub name: String,
    pub user: String,
}

/// The names of the form's fields, by role: `(role, full name, user name, password)`.
pub const SETUP_FIELDS: [(Role, &str, &str, &str); 3] = [
    (Role::HealthAdmin, "healthadmin_name", "healthadmin_user", "healthadmin_password"),
    (Role::Operator, "operator_name", "operator_user", "operator_password"),
    (Role::Clinician, "clinician_name", "clinician_user", "clinician_password"),
];

impl FirstAccount {
    /// The three, empty.
    pub fn empty() -> Vec<Self> {
        SETUP_FIELDS
            .iter()
            .map(|(role, ..)| Self { role: *role, name: String::new(), user: role.name().to_owned() })
            .collect()
    }

    fn title(&self) -> String {
        role_word(self.role).to_string()
    }

    fn about(&self) -> String {
        t(match self.role {
            Role::HealthAdmin => "setup-about-healthadmin",
            Role::Operator => "setup-about-operator",
            _ => "setup-about-clinician",
        })
        .to_string()
    }

    fn fields(&self, faults: &Faults) -> Vec<Field> {
        SETUP_FIELDS
            .iter()
            .filter(|(role, ..)| *role == self.role)
            .flat_map(|(_, name, user, password)| {
                [
                    Field::text(name, t("account-full-name"), &self.name, faults).completes("off"),
                    Field::text(user, t("sign-in-user"), &self.user, faults).hint(t("account-user-hint")),
                    Field::password(password, t("sign-in-password"), "new-password", faults).hint(password_hint()),
                ]
            })
            .collect()
    }
}

/// Setup, third page: all of it once more before it is made.
#[derive(Debug, Clone, Template)]
#[template(path = "open/setup_check.html")]
pub struct SetupCheck {
    pub cx: Cx,
    pub zone: String,
    pub accounts: Vec<FirstAccount>,
    /// Words of the recovery sheet that are asked back; none when it is known to be kept.
    pub asked: Vec<AskedWord>,
    pub faults: Faults,
}

impl SetupCheck {
    fn words(&self) -> Vec<Field> {
        word_fields(&self.asked, &self.faults).into_iter().map(Field::optional).collect()
    }
}

/// Setup, last page.
#[derive(Debug, Clone, Template)]
#[template(path = "open/setup_done.html")]
pub struct SetupDone {
    pub cx: Cx,
    pub accounts: Vec<FirstAccount>,
    /// Where other devices learn to trust the box, such as `http://chartbox-k7m2.local/`.
    pub welcome: String,
    /// Whether nobody has shown yet that the recovery sheet is kept.
    pub sheet_waits: bool,
}

/// How to trust this box; served without protection, so it tells what to compare first.
#[derive(Debug, Clone, Template)]
#[template(path = "open/welcome.html")]
pub struct Welcome {
    pub cx: Cx,
    /// SHA-256 of the authority's certificate in groups, as on the printed sheet: `6F:2A:…`.
    pub fingerprint: String,
    /// Where the clinic's pages are: `https://chartbox-k7m2.local`.
    pub secure: String,
    /// Where this page is, for the QR code.
    pub here: String,
    /// The authority's name in the devices' settings.
    pub authority: String,
    pub authority_until: When,
}

impl Welcome {
    fn qr(&self) -> Option<Svg> {
        charts::qr(&self.here, &t("welcome-qr-spoken").to_string(), 176)
    }

    /// The fingerprint in rows of eight bytes.
    fn fingerprint_rows(&self) -> Vec<String> {
        let bytes: Vec<&str> = self.fingerprint.split(':').collect();
        bytes.chunks(8).map(|row| row.join(" ")).collect()
    }
}

/// The box started without its key.
#[derive(Debug, Clone, Template)]
#[template(path = "open/locked.html")]
pub struct Locked {
    pub cx: Cx,
    pub state: LockedState,
    /// Whether the box has a passphrase, and whether it has a recovery sheet.
    pub passphrase: bool,
    pub sheet: bool,
    /// What was given last, so that its form is open.
    pub given: Given,
    /// Why the last try did not open the box, at `passphrase` or at the row of the sheet.
    pub faults: Faults,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockedState {
    Waits,
    /// A right key was given, and the store is copied under a new one.
    Opening,
}

/// Which key somebody tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Given {
    Nothing,
    Passphrase,
    Sheet,
}

impl Locked {
    fn is_opening(&self) -> bool {
        self.state == LockedState::Opening
    }

    fn passphrase_field(&self) -> Field {
        Field::password("passphrase", t("locked-passphrase"), "off", &self.faults).hint(t("locked-passphrase-hint"))
    }

    /// Whether the sheet's form is unfolded: it is what was tried, or all that there is.
    fn sheet_first(&self) -> bool {
        self.given == Given::Sheet || !self.passphrase
    }

    fn rows(&self) -> Vec<SheetRowField> {
        let row = |(at, name): (usize, &&'static str)| SheetRowField {
            name,
            number: at + 1,
            fault: self.faults.of(name).map(str::to_owned),
        };
        crate::http::locked::ROW_FIELDS.iter().enumerate().map(row).collect()
    }
}

/// The input for one row of a recovery sheet. What was typed is never written back.
#[derive(Debug, Clone)]
pub struct SheetRowField {
    pub name: &'static str,
    pub number: usize,
    pub fault: Option<String>,
}

/// The same was sent a moment ago, from a page that was loaded before.
#[derive(Debug, Clone, Template)]
#[template(path = "open/sent_already.html")]
pub struct SentAlready {
    pub cx: Cx,
    pub when: When,
    /// What it led to.
    pub place: String,
    /// Where it is sent again, and what with.
    pub action: String,
    pub multipart: bool,
    pub fields: Vec<(String, String)>,
}

/// Something did not go as asked. One page for all; the words come from the kind.
#[derive(Debug, Clone, Template)]
#[template(path = "open/problem.html")]
pub struct Problem {
    pub cx: Cx,
    pub kind: ProblemKind,
    /// The page with the form that was sent.
    pub again: Option<String>,
    /// What was typed into it is kept.
    pub kept: bool,
}

impl Problem {
    /// Where to load again what was not done, if that helps.
    fn again(&self) -> Option<&str> {
        let helps = matches!(
            self.kind,
            ProblemKind::ChangedMeanwhile
                | ProblemKind::StaleForm
                | ProblemKind::OtherRecord
                | ProblemKind::TookTooLong
                | ProblemKind::TooLarge { .. }
                | ProblemKind::LongText
                | ProblemKind::NotUnderstood
        );
        self.again.as_deref().filter(|_| helps && self.cx.viewer.is_some())
    }

    /// What the way there is called.
    fn again_words(&self) -> String {
        let word = if self.kind == ProblemKind::OtherRecord { "acting-title" } else { "problem-again" };
        t(word).to_string()
    }

    fn sentences(&self) -> String {
        match (&self.kind, self.kept) {
            (ProblemKind::StaleForm, true) => t("problem-stale-form.kept").to_string(),
            (ProblemKind::OtherRecord, true) => t("problem-other-record.kept").to_string(),
            _ => self.kind.sentences(),
        }
    }
}

/// What went wrong. Never says whether something hidden exists.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// 400: the address or form cannot be understood.
    NotUnderstood,
    /// 401.
    NotSignedIn,
    /// 403: an act that the role never does.
    NotForRole,
    /// 403: the form's token was not this session's.
    StaleForm,
    /// 403: the form was made for another record than the one that is looked at now.
    OtherRecord,
    /// 404.
    NothingHere,
    /// 404: an account of a patient or proxy for whom no record is there.
    NoRecord,
    /// 403: whom they act for lets them do less.
    NotGranted(ProxyExtent),
    /// 405.
    NotThisWay,
    /// 409 or 412: somebody else changed it meanwhile.
    ChangedMeanwhile,
    /// 410.
    Gone,
    /// 403: this session must prove once more who it is.
    ProofNeeded,
    /// 422: it asks for more than is opened at once.
    TooMuchAtOnce,
    /// 421: the box is not asked under its own name.
    OtherName,
    /// 503: it took too long and was given up.
    TookTooLong,
    /// 413: larger than this many bytes.
    TooLarge { most: u64 },
    /// 413: the text of a form is more than is taken at once.
    LongText,
    /// 429.
    TooMany { until: Option<When> },
    /// 500, with the reference that stands in the box's log.
    Unexpected { reference: Option<String> },
    /// 503: the access log cannot be written.
    AuditUnwritable,
    /// 507: what room is left is kept for reading.
    DiskAlmostFull,
    /// 507: no room for anything, the access log included.
    DiskFull,
    /// 503: the box is starting or stopping.
    NotReady,
}

impl ProblemKind {
    pub fn status(&self) -> u16 {
        match self {
            Self::NotUnderstood => 400,
            Self::NotSignedIn => 401,
            Self::NotForRole | Self::NotGranted(_) | Self::StaleForm | Self::OtherRecord | Self::ProofNeeded => 403,
            Self::NothingHere | Self::NoRecord => 404,
            Self::NotThisWay => 405,
            Self::ChangedMeanwhile => 409,
            Self::Gone => 410,
            Self::TooLarge { .. } | Self::LongText => 413,
            Self::OtherName => 421,
            Self::TooMuchAtOnce => 422,
            Self::TooMany { .. } => 429,
            Self::Unexpected { .. } => 500,
            Self::AuditUnwritable | Self::NotReady | Self::TookTooLong => 503,
            Self::DiskAlmostFull | Self::DiskFull => 507,
        }
    }

    fn title(&self) -> String {
        t(match self {
            Self::NotUnderstood => "problem-not-understood",
            Self::NotSignedIn => "problem-not-signed-in",
            Self::NotForRole => "problem-not-for-role",
            Self::StaleForm => "problem-stale-form",
            Self::OtherRecord => "problem-other-record",
            Self::NothingHere => "problem-nothing-here",
            Self::NoRecord => "problem-no-record",
            Self::NotGranted(_) => "problem-not-granted",
            Self::NotThisWay => "problem-not-this-way",
            Self::ChangedMeanwhile => "problem-changed-meanwhile",
            Self::Gone => "problem-gone",
            Self::ProofNeeded => "problem-proof-needed",
            Self::OtherName => "problem-other-name",
            Self::TookTooLong => "problem-took-too-long",
            Self::TooMuchAtOnce => "problem-too-much-at-once",
            Self::TooLarge { .. } => "problem-too-large",
            Self::LongText => "problem-long-text",
            Self::TooMany { .. } => "problem-too-many",
            Self::Unexpected { .. } => "problem-unexpected",
            Self::AuditUnwritable => "problem-audit-unwritable",
            Self::DiskAlmostFull => "problem-disk-almost-full",
            Self::DiskFull => "problem-disk-full",
            Self::NotReady => "problem-not-ready",
        })
        .to_string()
    }

    fn sentences(&self) -> String {
        match self {
            Self::NotUnderstood => t("problem-not-understood.more"),
            Self::NotSignedIn => t("problem-not-signed-in.more"),
            Self::NotForRole => t("problem-not-for-role.more"),
            Self::StaleForm => t("problem-stale-form.more"),
            Self::OtherRecord => t("problem-other-record.more"),
            Self::NothingHere => t("problem-nothing-here.more"),
            Self::NoRecord => t("problem-no-record.more"),
            Self::NotGranted(ProxyExtent::Appointments) => t("problem-not-granted.appointments"),
            Self::NotGranted(_) => t("problem-not-granted.more"),
            Self::NotThisWay => t("problem-not-this-way.more"),
            Self::ChangedMeanwhile => t("problem-changed-meanwhile.more"),
            Self::Gone => t("problem-gone.more"),
            Self::ProofNeeded => t("problem-proof-needed.more"),
            Self::OtherName => t("problem-other-name.more"),
            Self::TookTooLong => t("problem-took-too-long.more"),
            Self::TooMuchAtOnce => t("problem-too-much-at-once.more"),
            Self::TooLarge { most } => match most % (1 << 20) {
                // As the form says it.
                0 => t("problem-too-large.more").with("most", format!("{} MB", most >> 20)),
                _ => t("problem-too-large.more").with("most", crate::http::ui::format::bytes(*most)),
            },
            Self::LongText => t("problem-long-text.more"),
            Self::TooMany { until: Some(until) } => {
                t("problem-too-many.until").with("time", until.clock().unwrap_or_else(|| until.long()))
            }
            Self::TooMany { until: None } => t("problem-too-many.more"),
            Self::Unexpected { .. } => t("problem-unexpected.more"),
            Self::AuditUnwritable => t("problem-audit-unwritable.more"),
            Self::DiskAlmostFull => t("problem-disk-almost-full.more"),
            Self::DiskFull => t("problem-disk-full.more"),
            Self::NotReady => t("problem-not-ready.more"),
        }
        .to_string()
    }

    /// Whether there is nowhere to go back to for this account.
    fn is_end(&self) -> bool {
        matches!(self, Self::NoRecord)
    }

    fn reference(&self) -> Option<&str> {
        match self {
            Self::Unexpected { reference } => reference.as_deref(),
            _ => None,
        }
    }

    fn tone(&self) -> &'static str {
        match self.status() {
            500.. => "critical",
            _ => "caution",
        }
    }
}
