//! What the operator's pages about keys are filled with.

use askama::Template;

use super::pages::Unlock;
use crate::backup::OldBackups;
use crate::crypto::keyslots::{Seal, SlotId, SlotKind};
use crate::http::keys::{AskedWord, KeysFacts, SheetState, SlotFacts};
use crate::http::ui::{Cx, Faults, Field, State, Svg, Text, Tone, When, charts, filters, page, t};

/// The ways to unlock, and what they protect against.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/keys.html")]
pub struct Keys {
    pub cx: Cx,
    pub unlock: Unlock,
    pub slots: Vec<SlotRow>,
    /// Counts up with each change of the root key.
    pub epoch: u32,
    pub rotating: bool,
    /// Until when there are backups that open by what opens the box now.
    pub old: OldBackups,
    /// The places whose newest backup opens by none of these ways.
    pub locked: Vec<String>,
}
page!(Keys in Keys);

/// One way to unlock.
#[derive(Debug, Clone)]
pub struct SlotRow {
    pub id: SlotId,
    pub kind: SlotKind,
    pub seal: Option<Seal>,
    pub sheet: Option<SheetState>,
    pub made: When,
    /// When a sheet was shown to be kept.
    pub kept: Option<When>,
    pub stays: bool,
}

impl SlotRow {
    pub fn of(slot: &SlotFacts, zone: &jiff::tz::TimeZone) -> Self {
        let kept = match slot.sheet {
            Some(SheetState::Kept { when }) => Some(When::at(when, zone)),
            _ => None,
        };
        Self {
            id: slot.id,
            kind: slot.kind,
            seal: slot.seal,
            sheet: slot.sheet.clone(),
            made: When::at(slot.created, zone),
            kept,
            stays: slot.stays,
        }
    }

    fn name(&self) -> Text {
        t(match self.kind {
            SlotKind::Passphrase => "slot-passphrase",
            SlotKind::RecoverySheet => "slot-recovery-sheet",
            SlotKind::Credential => "slot-credential",
            SlotKind::KeyFile => "slot-key-file",
            SlotKind::Demo => "slot-demo",
        })
    }

    fn about(&self) -> Text {
        t(match (self.kind, self.seal) {
            (SlotKind::Passphrase, _) => "slot-passphrase.more",
            (SlotKind::RecoverySheet, _) => "slot-recovery-sheet.more",
            (SlotKind::Credential, Some(Seal::HostKey)) => "slot-host-key.more",
            (SlotKind::Credential, Some(Seal::TpmBound)) => "slot-tpm.more",
            (SlotKind::Credential, Some(Seal::TpmUnbound)) => "slot-tpm-unbound.more",
            (SlotKind::Credential, None) => "slot-credential.more",
            (SlotKind::KeyFile, _) => "slot-key-file.more",
            (SlotKind::Demo, _) => "slot-demo.more",
        })
    }

    fn mark(&self, now: &jiff::Zoned) -> State {
        match (&self.kept, &self.sheet, self.kind, self.seal) {
            (Some(kept), ..) => State::new("ok", Tone::Good, t("sheet-kept").with("date", kept.near(now))),
            (None, Some(_), ..) => State::new("alert", Tone::Caution, t("sheet-unproven")),
            (_, _, SlotKind::KeyFile | SlotKind::Demo, _) | (_, _, SlotKind::Credential, Some(Seal::HostKey)) => {
                State::new("alert", Tone::Caution, t("slot-weak"))
            }
            (_, _, SlotKind::Credential, None) => State::new("alert", Tone::Caution, t("slot-unsure")),
            _ => State::new("ok", Tone::Good, t("slot-good")),
        }
    }

    /// The words that are asked of a sheet that nobody has shown to be kept.
    fn asked(&self) -> &[AskedWord] {
        match &self.sheet {
            Some(SheetState::Unproven { asked }) => asked,
            _ => &[],
        }
    }

    fn is_unproven(&self) -> bool {
        matches!(self.sheet, Some(SheetState::Unproven { .. }))
    }

    fn is_demo(&self) -> bool {
        self.kind == SlotKind::Demo
    }
}

impl Keys {
    /// Of these facts.
    pub fn of(cx: Cx, unlock: Unlock, facts: &KeysFacts, zone: &jiff::tz::TimeZone) -> Self {
        let slots = facts.slots.iter().map(|slot| SlotRow::of(slot, zone)).collect();
        Self {
            cx,
            unlock,
            slots,
            epoch: facts.epoch,
            rotating: facts.rotating,
            old: OldBackups::None,
            locked: Vec::new(),
        }
    }

    /// Until when a change of the root key leaves backups that the present sheets open.
    fn old_line(&self) -> Option<Text> {
        match self.old {
            OldBackups::None => None,
            OldBackups::Stay => Some(t("keys-old-stay")),
            OldBackups::Until(day) => Some(t("keys-old-until").with("date", day.strftime("%-d %B %Y").to_string())),
        }
    }
}

/// The fields in which a sheet's words are asked back.
pub const WORD_FIELDS: [&str; 6] = ["word1", "word2", "word3", "word4", "word5", "word6"];

/// One field for each word that is asked.
pub fn word_fields(asked: &[AskedWord], faults: &Faults) -> Vec<Field> {
    let field = |(word, name): (&AskedWord, &&'static str)| {
        let label = t("sheet-word").with("row", word.row).with("word", word.word);
        Field::text(name, label, "", faults).narrow()
    };
    asked.iter().zip(&WORD_FIELDS).map(field).collect()
}

/// One way to unlock, and what can be done with it.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/key.html")]
pub struct OneKey {
    pub cx: Cx,
    pub row: SlotRow,
    pub faults: Faults,
}
page!(OneKey in Keys);

impl OneKey {
    fn words(&self) -> Vec<Field> {
        word_fields(self.row.asked(), &self.faults)
    }

    fn own_password(&self) -> Field {
        own_password(&self.faults)
    }
}

/// The operator's own password, once more.
fn own_password(faults: &Faults) -> Field {
    Field::password("password", t("keys-own-password"), "current-password", faults).hint(t("keys-own-password-hint"))
}

/// The form for a passphrase.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/key_passphrase.html")]
pub struct NewPassphrase {
    pub cx: Cx,
    pub faults: Faults,
}
page!(NewPassphrase in Keys);

impl NewPassphrase {
    fn fields(&self) -> [Field; 3] {
        let faults = &self.faults;
        [
            Field::password("passphrase", t("keys-passphrase"), "off", faults).hint(t("keys-passphrase-hint")),
            Field::password("again", t("keys-passphrase-again"), "off", faults),
            own_password(faults),
        ]
    }
}

/// Before a sheet is made.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/key_sheet.html")]
pub struct BeforeSheet {
    pub cx: Cx,
    pub faults: Faults,
}
page!(BeforeSheet in Keys);

impl BeforeSheet {
    fn own_password(&self) -> Field {
        own_password(&self.faults)
    }
}

/// A sheet, shown once: to be printed, and to be asked back.
#[derive(Debug, Clone, Template)]
#[template(path = "operator/sheet.html")]
pub struct PrintedSheet {
    pub cx: Cx,
    pub id: SlotId,
    /// Six rows of four words, the last of which checks the row.
    pub words: [[&'static str; 4]; 6],
    pub asked: Vec<AskedWord>,
    pub made: When,
    /// The box's name on the network.
    pub host: String,
    /// Fingerprint of what signs the access log.
    pub log_key: String,
    /// Fingerprint of the certificate authority.
    pub authority: String,
}
page!(PrintedSheet in Keys);

impl PrintedSheet {
    fn rows(&self) -> Vec<(usize, &[&'static str; 4])> {
        self.words.iter().enumerate().map(|(at, row)| (at + 1, row)).collect()
    }

    /// The words in one line: what a scanner types into the first field of the unlock page.
    fn qr(&self) -> Option<Svg> {
        charts::qr(&self.words.concat().join(" "), &t("sheet-qr-spoken").to_string(), 200)
    }

    fn fields(&self) -> Vec<Field> {
        word_fields(&self.asked, &Faults::none())
    }
}
