//! What the operator's pages are filled with: the health of the box, and accounts. No patient data.

use askama::Template;
use askama::filters::HtmlSafe;

use super::backup_pages::TargetPart;
use super::mail::MailStanding;
use crate::base::Role;
use crate::discovery::Presence;
use crate::http::ui::{Cx, Faults, Field, State, Svg, Text, Tone, When, charts, filters, format, page, role_word, t};
use crate::record::Totals;
use crate::store::DiskRoom;

/// The health of the box on one page.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/health.html")]
pub struct Health {
    pub cx: Cx,
    pub unlock: Unlock,
    pub sheet: SheetHealth,
    pub disk: Disk,
    pub memory: Memory,
    pub version: String,
    pub running_since: When,
    pub certificate: Certificate,
    pub listeners: Vec<Listening>,
    pub backups: Vec<TargetPart>,
    pub log: LogHealth,
    pub records: Totals,
    pub clock: ClockHealth,
    pub mail: MailStanding,
    /// Sessions that are open now.
    pub signed_in: usize,
}
page!(Health in Health);

/// How the box gets its key when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unlock {
    /// A systemd credential. Whether a TPM seals it the box cannot see, so it does not count on it.
    Credential,
    /// A systemd credential that systemd's own key on the same disk seals.
    HostKey,
    /// One that this machine's TPM seals, for whatever system starts on it.
    TpmUnbound,
    /// One that this machine's TPM seals, bound to Secure Boot.
    Tpm,
    /// A passphrase, typed at each start.
    Passphrase,
    /// A key file beside the store.
    KeyFile,
    Demo,
}

impl Unlock {
    pub(super) fn check(self) -> Check {
        let (shape, tone, word) = match self {
            Self::Passphrase => ("ok", Tone::Good, "unlock-passphrase"),
            Self::Tpm => ("ok", Tone::Good, "unlock-tpm"),
            Self::TpmUnbound => ("ok", Tone::Good, "unlock-tpm-unbound"),
            Self::HostKey => ("alert", Tone::Caution, "unlock-host-key"),
            Self::Credential => ("alert", Tone::Caution, "unlock-credential"),
            Self::KeyFile => ("alert", Tone::Caution, "unlock-key-file"),
            Self::Demo => ("alert", Tone::Caution, "unlock-demo"),
        };
        Check::new("health-unlock", State::new(shape, tone, t(word))).line(t(&format!("{word}.more")))
    }

    pub(super) fn covered(self) -> Vec<Text> {
        match self {
            Self::Passphrase => vec![t("covers-disk"), t("covers-backup"), t("covers-box")],
            Self::Tpm | Self::TpmUnbound => vec![t("covers-disk"), t("covers-backup"), t("covers-repair")],
            Self::Credential | Self::HostKey | Self::KeyFile => vec![t("covers-backup")],
            Self::Demo => vec![t("covers-nothing")],
        }
    }

    pub(super) fn not_covered(self) -> Vec<Text> {
        match self {
            Self::Passphrase => vec![t("lacks-root")],
            Self::Credential => vec![t("lacks-disk-unless"), t("lacks-box"), t("lacks-root")],
            Self::Tpm => vec![t("lacks-box"), t("lacks-root")],
            Self::TpmUnbound => vec![t("lacks-box"), t("lacks-other-system"), t("lacks-root")],
            Self::KeyFile | Self::HostKey => vec![t("lacks-disk"), t("lacks-box"), t("lacks-root")],
            Self::Demo => vec![t("lacks-demo")],
        }
    }
}

/// Whether the recovery sheet is known to be kept.
#[derive(Debug, Clone, PartialEq)]
pub enum SheetHealth {
    Kept(When),
    /// Nobody has typed its words back.
    Unproven,
    /// The box has none.
    None,
}

/// Bytes of the file system that holds the store.
#[derive(Debug, Clone, Copy)]
pub struct Disk {
    pub used: u64,
    pub total: u64,
    /// Of these, the store's own file.
    pub store: u64,
    pub room: DiskRoom,
}

impl Disk {
    fn percent(&self) -> u8 {
        let part = self.used.saturating_mul(100).checked_div(self.total).unwrap_or(100);
        u8::try_from(part.min(100)).unwrap_or(100)
    }

    fn free_percent(&self) -> u8 {
        100 - self.percent()
    }

    fn trouble(&self) -> Option<Text> {
        let word = match self.room {
            DiskRoom::Plenty => return None,
            DiskRoom::Short => "trouble-disk",
            DiskRoom::KeptForReading => "trouble-disk-low",
            DiskRoom::Full => "trouble-disk-full",
        };
        let free = format::bytes(self.total.saturating_sub(self.used));
        Some(t(word).with("free", self.free_percent()).with("bytes", free))
    }

    fn mark(&self) -> (&'static str, Tone) {
        match self.room {
            DiskRoom::Plenty => ("ok", Tone::Good),
            DiskRoom::Short => ("alert", Tone::Caution),
            DiskRoom::KeptForReading | DiskRoom::Full => ("stop", Tone::Critical),
        }
    }
}

/// Bytes of memory.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// Resident now.
    pub used: u64,
    /// The most since the start, where the machine tells.
    pub peak: Option<u64>,
    pub total: u64,
}

/// The certificate that browsers see.
#[derive(Debug, Clone)]
pub struct Certificate {
    pub until: When,
    /// Whole days left; negative when it has ended.
    pub days_left: i64,
    pub renews: Option<When>,
    pub authority_until: When,
    /// SHA-256 of the authority, in groups.
    pub fingerprint: String,
}

/// One listener.
#[derive(Debug, Clone)]
pub struct Listening {
    pub kind: ListenerKind,
    /// Address and port.
    pub address: String,
    pub state: ListenerState,
    /// Of the clinic's listener: whether it is found by the box's name.
    pub presence: Option<Presence>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenerKind {
    Clinic,
    Portal,
    Welcome,
    Ops,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenerState {
    Answers,
    Off,
    Broken,
}

/// The access log, as the operator needs it.
#[derive(Debug, Clone)]
pub struct LogHealth {
    pub entries: u64,
    /// The last verification: when, and whether it was found whole.
    pub verified: Option<(When, Whole)>,
    pub checkpoint: Option<When>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    Yes,
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClockHealth {
    Synchronized,
    /// The machine's clock follows no time server.
    Alone,
    Unknown,
}

impl Health {
    /// What needs the operator, worst first, in sentences.
    fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        let mut trouble = |text: Text| troubles.push(text.to_string());
        if matches!(self.log.verified, Some((_, Whole::No))) {
            trouble(t("trouble-log"));
        }
        if let Some(text) = self.disk.trouble() {
            trouble(text);
        }
        if self.backups.is_empty() {
            trouble(t("trouble-no-backup"));
        }
        self.backups.iter().filter_map(TargetPart::trouble).for_each(&mut trouble);
        if self.certificate.days_left < 14 {
            trouble(t("trouble-certificate").with("date", self.certificate.until.long()));
        }
        for listener in self.listeners.iter().filter(|listener| listener.state == ListenerState::Broken) {
            trouble(t("trouble-listener").with("address", &listener.address));
        }
        if self.clock == ClockHealth::Alone {
            trouble(t("trouble-clock"));
        }
        if let Some(text) = self.mail.trouble() {
            troubles.push(text);
        }
        let mut trouble = |text: Text| troubles.push(text.to_string());
        match self.unlock {
            Unlock::KeyFile | Unlock::HostKey => trouble(t("trouble-key")),
            Unlock::Credential => trouble(t("trouble-credential")),
            Unlock::Tpm | Unlock::TpmUnbound | Unlock::Passphrase | Unlock::Demo => {}
        }
        match self.sheet {
            _ if self.unlock == Unlock::Demo => {}
            SheetHealth::Unproven => trouble(t("trouble-sheet")),
            SheetHealth::None => trouble(t("trouble-sheet-none")),
            SheetHealth::Kept(_) => {}
        }
        troubles
    }

    fn is_grave(&self) -> bool {
        matches!(self.log.verified, Some((_, Whole::No)))
            || self.backups.iter().any(TargetPart::is_bad)
            || !self.disk.room.takes_writes()
            || self.certificate.days_left < 1
            || self.listeners.iter().any(|listener| listener.state == ListenerState::Broken)
    }

    fn verdict_tone(&self) -> &'static str {
        match (self.is_grave(), self.troubles().is_empty()) {
            (true, _) => "critical",
            (false, false) => "caution",
            (false, true) => "good",
        }
    }

    fn verdict_shape(&self) -> &'static str {
        match self.verdict_tone() {
            "critical" => "stop",
            "caution" => "alert",
            _ => "ok",
        }
    }

    fn verdict(&self) -> String {
        match (self.is_grave(), self.troubles().len()) {
            (true, n) => t("verdict-grave").with("n", n).to_string(),
            (false, 0) => t("verdict-well").to_string(),
            (false, n) => t("verdict-needs").with("n", n).to_string(),
        }
    }

    fn backup_checks(&self) -> Vec<Check> {
        self.backups.iter().flat_map(|target| target.named_checks(&self.cx)).collect()
    }

    fn sheet_check(&self) -> Check {
        let (state, more) = match &self.sheet {
            SheetHealth::Kept(when) => {
                let word = t("sheet-kept").with("date", when.near(&self.cx.now));
                (State::new("ok", Tone::Good, word), t("sheet-kept.more"))
            }
            SheetHealth::Unproven => {
                (State::new("alert", Tone::Caution, t("sheet-unproven")), t("sheet-unproven.more"))
            }
            SheetHealth::None => (State::new("alert", Tone::Caution, t("sheet-none")), t("sheet-none.more")),
        };
        Check::new("health-sheet", state).line(more)
    }

    fn log_checks(&self) -> Vec<Check> {
        let entries = t("chain-entries").with("n", self.log.entries).with("count", format::count(self.log.entries));
        let (state, more) = match &self.log.verified {
            Some((when, Whole::Yes)) => {
                let word = t("log-whole").with("date", when.near_within(&self.cx.now));
                (State::new("ok", Tone::Good, word), t("log-whole.more"))
            }
            Some((when, Whole::No)) => {
                let word = t("log-tampered").with("date", when.near_within(&self.cx.now));
                (State::new("stop", Tone::Critical, word), t("log-tampered.more"))
            }
            None => (State::new("alert", Tone::Caution, t("log-unverified")), t("log-unverified.more")),
        };
        let checkpoint = match &self.log.checkpoint {
            Some(when) => State::new("ok", Tone::Good, when.near(&self.cx.now)),
            None => State::new("alert", Tone::Caution, t("chain-no-checkpoint")),
        };
        vec![
            Check::new("health-chain", state).line(entries).line(more),
            Check::new("health-checkpoint", checkpoint).line(t("health-checkpoint.more")),
        ]
    }

    fn machine_checks(&self) -> Vec<Check> {
        let (disk, memory) = (&self.disk, &self.memory);
        let shape = disk.mark();
        let used = t("disk-used").with("percent", disk.percent());
        let of = t("disk-of")
            .with("used", format::bytes(disk.used))
            .with("total", format::bytes(disk.total))
            .with("store", format::bytes(disk.store));
        let bar = charts::bar(disk.percent(), &of.to_string());
        let of_memory = match memory.peak {
            Some(peak) => t("memory-of-peak").with("peak", format::bytes(peak)),
            None => t("memory-of"),
        };
        let since = self.running_since.near(&self.cx.now);
        let records = t("records-of").with("patients", format::count(self.records.patients));
        let resources = State::new("ok", Tone::Good, format::count(self.records.resources));
        vec![
            Check::new("health-records", resources).line(records.with("n", self.records.patients)),
            Check::new("health-disk", State::new(shape.0, shape.1, used)).bar(bar).line(of),
            Check::new("health-memory", State::new("ok", Tone::Good, format::bytes(memory.used)))
                .line(of_memory.with("total", format::bytes(memory.total))),
            Check::new("health-version", State::new("info", Tone::Accent, self.version.clone())),
            Check::new("health-since", State::new("ok", Tone::Good, since)),
        ]
    }

    fn network_checks(&self) -> Vec<Check> {
        let certificate = &self.certificate;
        let (shape, tone) = match certificate.days_left {
            ..1 => ("stop", Tone::Critical),
            1..14 => ("alert", Tone::Caution),
            _ => ("ok", Tone::Good),
        };
        let until = t("until-long").with("date", certificate.until.long());
        let mut check = Check::new("health-certificate", State::new(shape, tone, until));
        if let Some(renews) = &certificate.renews {
            check = check.line(t("certificate-renews").with("date", renews.long()));
        }
        check = check
            .line(t("certificate-authority").with("date", certificate.authority_until.long()))
            .code(certificate.fingerprint.replace(':', " "));
        let mut checks = vec![check];
        checks.extend(self.listeners.iter().map(|listener| self.listener_check(listener)));
        let (shape, tone, word) = match self.clock {
            ClockHealth::Synchronized => ("ok", Tone::Good, "clock-right"),
            ClockHealth::Alone => ("alert", Tone::Caution, "clock-alone"),
            ClockHealth::Unknown => ("info", Tone::Dim, "clock-unknown"),
        };
        checks.push(Check::new("health-clock", State::new(shape, tone, t(word))).line(t("health-clock.more")));
        checks.push(self.mail.check());
        checks
    }

    fn listener_check(&self, listener: &Listening) -> Check {
        let name = match listener.kind {
            ListenerKind::Clinic => "listener-clinic",
            ListenerKind::Portal => "listener-portal",
            ListenerKind::Welcome => "listener-welcome",
            ListenerKind::Ops => "listener-ops",
        };
        let (shape, tone, word) = match listener.state {
            ListenerState::Answers => ("ok", Tone::Good, "listener-answers"),
            ListenerState::Off => ("planned", Tone::Dim, "listener-off"),
            ListenerState::Broken => ("stop", Tone::Critical, "listener-broken"),
        };
        let mut check = Check::new(name, State::new(shape, tone, t(word))).line(t(&format!("{name}.more")));
        if listener.state != ListenerState::Off {
            check = check.code(listener.address.clone());
        }
        if let Some(presence) = listener.presence {
            check = check.line(t(presence_word(presence)));
        }
        if listener.kind == ListenerKind::Clinic {
            check = check.line(t("signed-in-now").with("n", self.signed_in));
        }
        check
    }
}

const fn presence_word(presence: Presence) -> &'static str {
    match presence {
        Presence::Probing => "presence-probing",
        Presence::Announced => "presence-announced",
        Presence::Conflict => "presence-conflict",
        Presence::Stopped => "presence-stopped",
        Presence::OwnMachine => "presence-own-machine",
        Presence::Off => "presence-off",
    }
}

/// One line of the health page: what, how it is, and what that means.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/check.html")]
pub struct Check {
    name: Text,
    state: State,
    bar: Option<Svg>,
    lines: Vec<String>,
    code: Option<String>,
}

// The output of an askama template with escaping on.
impl HtmlSafe for Check {}

impl Check {
    pub(super) fn new(name: &str, state: State) -> Self {
        Self { name: t(name), state, bar: None, lines: Vec::new(), code: None }
    }

    pub(super) fn line(mut self, text: impl Into<String>) -> Self {
        self.lines.push(text.into());
        self
    }

    fn bar(self, bar: Svg) -> Self {
        Self { bar: Some(bar), ..self }
    }

    fn code(self, code: String) -> Self {
        Self { code: Some(code), ..self }
    }
}

/// All accounts.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/accounts.html")]
pub struct Accounts {
    pub cx: Cx,
    pub rows: Vec<AccountRow>,
}
page!(Accounts in Accounts);

impl Accounts {
    fn sum(&self) -> String {
        let disabled = self.rows.iter().filter(|row| !row.state.is_enabled()).count();
        t("accounts-sum").with("n", self.rows.len()).with("disabled", disabled).to_string()
    }
}

/// An account. What a patient's account is called is the patient's name: handlers show staff and services only.
#[derive(Debug, Clone)]
pub struct AccountRow {
    pub id: String,
    pub name: String,
    pub user: String,
    /// None for a service.
    pub role: Option<Role>,
    pub state: AccountState,
    pub last_used: Option<When>,
}

impl AccountRow {
    fn role_word(&self) -> String {
        self.role.map_or_else(|| t("role-service"), role_word).to_string()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountState {
    Enabled,
    /// Enabled, and a password of somebody else's choice is still in use.
    FirstPassword,
    Disabled,
}

impl AccountState {
    pub fn is_enabled(self) -> bool {
        self != Self::Disabled
    }

    fn mark(self) -> State {
        match self {
            Self::Enabled => State::new("ok", Tone::Good, t("account-enabled")),
            Self::FirstPassword => State::new("clock", Tone::Caution, t("account-first")),
            Self::Disabled => State::new("cross", Tone::Dim, t("account-disabled")),
        }
    }
}

/// The form for a new account. Inputs: `name`, `user`, `role` (a name of [`Role`]).
#[derive(Debug, Clone, Template)]
#[template(path = "operator/account_new.html")]
pub struct NewAccount {
    pub cx: Cx,
    pub form: NewAccountForm,
    pub faults: Faults,
}
page!(NewAccount in Accounts);

#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(default)]
pub struct NewAccountForm {
    pub name: String,
    pub user: String,
    pub role: String,
}

impl NewAccount {
    fn fields(&self) -> [Field; 2] {
        [
            Field::text("name", t("account-full-name"), &self.form.name, &self.faults),
            Field::text("user", t("sign-in-user"), &self.form.user, &self.faults).hint(t("account-user-hint")),
        ]
    }

    fn roles(&self) -> Vec<(String, Text, Text)> {
        let about = |role| match role {
            Role::Clinician => Some("setup-about-clinician"),
            Role::Nurse => Some("about-nurse"),
            Role::Reception => Some("about-reception"),
            Role::HealthAdmin => Some("setup-about-healthadmin"),
            Role::Operator => Some("setup-about-operator"),
            _ => None,
        };
        Role::ALL
            .into_iter()
            .filter_map(|role| Some((role.name().to_owned(), role_word(role), t(about(role)?))))
            .collect()
    }
}

/// One account, and what can be done with it.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/account.html")]
pub struct OneAccount {
    pub cx: Cx,
    pub row: AccountRow,
    pub made: When,
    /// How many sessions are open.
    pub sessions: usize,
    /// The new first password, shown on this one answer and never again.
    pub password: Option<crate::base::Secret<String>>,
    /// Why the last act was not done, in a sentence.
    pub fault: Option<String>,
}
page!(OneAccount in Accounts);

impl OneAccount {
    fn password_words(&self) -> Option<&str> {
        self.password.as_ref().map(|password| password.expose().as_str())
    }
}
