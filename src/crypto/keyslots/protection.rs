//! What a box's ways to unlock protect it against, and what they do not: the weakest one counts, since a thief takes that.

use serde::{Deserialize, Serialize};

use super::SlotKind;

/// What seals a systemd credential, as found when it was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Seal {
    /// A key of systemd's on the same disk.
    HostKey,
    /// This machine's TPM, bound to nothing that tells one system started on it from another: Secure Boot is off.
    TpmUnbound,
    /// This machine's TPM, bound to the state of Secure Boot (PCR 7), which is on.
    TpmBound,
}

impl Seal {
    /// In words, for lists.
    pub const fn said(self) -> &'static str {
        match self {
            Self::HostKey => "sealed by a key on this machine's disk",
            Self::TpmUnbound => "sealed by this machine's TPM, whatever system starts on it",
            Self::TpmBound => "sealed by this machine's TPM, bound to Secure Boot",
        }
    }
}

/// How well the box is protected when it, or its disk, is stolen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protection {
    Demo,
    /// A file beside the store.
    KeyFile,
    /// A credential that systemd's host key seals.
    HostKey,
    /// A credential of which nothing else is known.
    Credential,
    TpmUnbound,
    TpmBound,
    /// Somebody types a passphrase, or the sheet.
    Typed,
}

impl Protection {
    /// Of a box with these slots.
    pub fn of(slots: impl IntoIterator<Item = (SlotKind, Option<Seal>)>) -> Self {
        let one = |(kind, seal)| match (kind, seal) {
            (SlotKind::Demo, _) => Self::Demo,
            (SlotKind::KeyFile, _) => Self::KeyFile,
            (SlotKind::Credential, Some(Seal::HostKey)) => Self::HostKey,
            (SlotKind::Credential, Some(Seal::TpmUnbound)) => Self::TpmUnbound,
            (SlotKind::Credential, Some(Seal::TpmBound)) => Self::TpmBound,
            (SlotKind::Credential, None) => Self::Credential,
            (SlotKind::Passphrase | SlotKind::RecoverySheet, _) => Self::Typed,
        };
        slots.into_iter().map(one).min_by_key(|protection| *protection as u8).unwrap_or(Self::Typed)
    }

    /// What it protects against and what it does not, at the console.
    pub const fn covers(self) -> &'static str {
        match self {
            Self::Demo => "Demo: nothing here is protected.",
            Self::KeyFile => "Not protected against a stolen disk: the key lies beside the store.",
            Self::HostKey => {
                "Not protected against a stolen disk: systemd's own key, which seals this one, lies on the same disk."
            }
            Self::Credential => {
                "A stolen disk gives nothing away only if this machine's TPM seals the key, which the box cannot see: \
                 otherwise the key lies on the same disk. A whole box that is stolen opens itself and is protected by its \
                 sign-in only."
            }
            Self::TpmUnbound => {
                "A stolen disk gives nothing away: this machine's TPM seals the key. A whole box that is stolen opens itself, \
                 and so does another system that is started on it: Secure Boot is off, so the TPM does not tell them apart."
            }
            Self::TpmBound => {
                "A stolen disk gives nothing away: this machine's TPM seals the key, as long as Secure Boot stays as it is. A \
                 whole box that is stolen opens itself and is protected by its sign-in only."
            }
            Self::Typed => {
                "A stolen disk or box gives nothing away. After each start somebody unlocks it: by a passphrase where it has \
                 one, or by the words of the recovery sheet."
            }
        }
    }

    /// The name by which programs know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::KeyFile => "key-file",
            Self::HostKey => "host-key",
            Self::Credential => "credential",
            Self::TpmUnbound => "tpm-unbound",
            Self::TpmBound => "tpm-bound",
            Self::Typed => "typed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weakest_way_counts() {
        let of = |slots: &[(SlotKind, Option<Seal>)]| Protection::of(slots.iter().copied());
        let sheet = (SlotKind::RecoverySheet, None);
        let tpm = (SlotKind::Credential, Some(Seal::TpmBound));
        let host = (SlotKind::Credential, Some(Seal::HostKey));
        assert_eq!(of(&[sheet]), Protection::Typed);
        assert_eq!(of(&[(SlotKind::Passphrase, None), tpm, sheet]), Protection::TpmBound);
        assert_eq!(of(&[tpm, host]), Protection::HostKey);
        assert_eq!(of(&[host, (SlotKind::KeyFile, None)]), Protection::KeyFile);
        assert_eq!(of(&[(SlotKind::Credential, None), tpm]), Protection::Credential);
        assert_eq!(of(&[(SlotKind::KeyFile, None), (SlotKind::Demo, None)]), Protection::Demo);
        // A box may have no passphrase.
        assert!(Protection::Typed.covers().contains("recovery sheet"));
        assert!(Protection::HostKey.covers().starts_with("Not protected against a stolen disk"));
    }
}
