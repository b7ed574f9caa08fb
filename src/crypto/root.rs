//! The root key and what is derived from it.
//!
//! 256 random bits stand behind everything the box keeps secret. They live in memory only; on disk they
//! are wrapped by the slots of [`super::keyslots`]. No subkey is stored: each is BLAKE3's `derive_key` of the
//! root under a context of its own, so that knowing one tells nothing of another or of the root.
//!
//! | subkey | context | key material |
//! |---|---|---|
//! | pages | `chartbox 2026-11-22 store pages v1` | root ‖ epoch (u32, little endian) |
//! | snapshots | `chartbox 2026-11-22 snapshots v1` | root |
//! | tokens | `chartbox 2026-11-22 tokens v1` | root |
//! | checkpoints | `chartbox 2026-11-22 checkpoints v1` | root |
//! | key slots | `chartbox 2026-11-22 key slots v1` | root |

use crate::base::{Ambient, Secret};

use super::mac::MacKey;
use super::page::PageKey;
use super::sign::Signer;

const PAGES: &str = "chartbox 2026-11-22 store pages v1";
const SNAPSHOTS: &str = "chartbox 2026-11-22 snapshots v1";
const TOKENS: &str = "chartbox 2026-11-22 tokens v1";
const CHECKPOINTS: &str = "chartbox 2026-11-22 checkpoints v1";
const KEY_SLOTS: &str = "chartbox 2026-11-22 key slots v1";

/// The key that all others come from. Wiped when dropped, never printed.
#[derive(Clone, Debug)]
pub struct Root(Secret<[u8; 32]>);

impl Root {
    /// A new root from the ambient random source: the operating system's, except in tests and with a seed.
    pub fn generate(ambient: &Ambient) -> Self {
        Self(Secret::new(ambient.bytes()))
    }

    pub(super) const fn from_secret(bytes: Secret<[u8; 32]>) -> Self {
        Self(bytes)
    }

    pub(super) const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// Seals the store's pages. Each `epoch` has a key of its own; a rotation counts it up.
    pub fn page_key(&self, epoch: u32) -> PageKey {
        PageKey::new(epoch, &self.page_secret(epoch))
    }

    /// Seals snapshots and their envelope.
    pub fn snapshot_key(&self) -> Secret<[u8; 32]> {
        self.derive(SNAPSHOTS)
    }

    /// Turns the secrets of sessions, tokens and codes into what the store keeps of them.
    pub fn token_key(&self) -> MacKey {
        MacKey::new(self.token_secret())
    }

    /// What [`Root::token_key`] is made of: after a change of the root, the store carries that of the root before.
    pub fn token_secret(&self) -> Secret<[u8; 32]> {
        self.derive(TOKENS)
    }

    /// Signs the checkpoints of the audit chain.
    pub fn checkpoint_signer(&self) -> Signer {
        Signer::new(&self.derive(CHECKPOINTS))
    }

    /// Authenticates the document of the key slots.
    pub(super) fn slots_key(&self) -> MacKey {
        MacKey::new(self.derive(KEY_SLOTS))
    }

    fn page_secret(&self, epoch: u32) -> Secret<[u8; 32]> {
        let mut hasher = blake3::Hasher::new_derive_key(PAGES);
        hasher.update(self.expose()).update(&epoch.to_le_bytes());
        Secret::new(hasher.finalize().into())
    }

    fn derive(&self, context: &'static str) -> Secret<[u8; 32]> {
        Secret::new(blake3::derive_key(context, self.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};

    fn golden() -> Root {
        Root::from_secret(Secret::new(std::array::from_fn(|at| u8::try_from(at).unwrap())))
    }

    /// A changed context or layout makes every store unreadable: these values never change.
    #[test]
    fn subkeys_are_what_they_always_were() {
        let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
        let root = golden();
        assert_eq!(
            hex(root.page_secret(1).expose()),
            "b9df312983243ee4e80f4f0d33e8e0956a90ac47782131b11a8e8c6786ae986f"
        );
        assert_eq!(
            hex(root.page_secret(2).expose()),
            "c8af5bc75827743d011d7b21f47744f33e816013f014dbc31b1124eb87224207"
        );
        assert_eq!(
            hex(root.snapshot_key().expose()),
            "1cb58dfb7963d6ed9a5ed556a2c7a5f0c24fd628f86f581326057a4a68e75618"
        );
        assert_eq!(
            hex(root.token_key().tag("session", b"abc").as_bytes()),
            "6d9e7fab23bb1fb27d958bd761e58e5fd77f1374191b0daad7cd47a01d16fd97"
        );
        assert_eq!(
            hex(root.slots_key().tag("slots", b"abc").as_bytes()),
            "d5d2fa1ee18db73a960edcbe6cddb846418f989ccdb1bee9dd041abaa265e674"
        );
        assert_eq!(
            hex(root.checkpoint_signer().public().as_bytes()),
            "3cd190ed84488f29fbad5744cf2d6418defa37cceea9a530e2e90a582bdd82d4"
        );
        assert_eq!(root.checkpoint_signer().fingerprint().to_string(), "aepy-h95s-gj7k-cgja-x9c1-6m16");
    }

    #[test]
    fn roots_differ_and_say_nothing() {
        let ambient = Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(7));
        let (one, two) = (Root::generate(&ambient), Root::generate(&ambient));
        assert_ne!(one.snapshot_key().expose(), two.snapshot_key().expose());
        assert_eq!(format!("{one:?}"), "Root(Secret)");
    }
}
