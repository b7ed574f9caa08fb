//! The key hierarchy, key slots, sealing and signing. Pure: no file, socket or clock is touched here.

pub mod backup;
pub mod kdf;
pub mod keyslots;
pub mod page;
pub mod password;
pub mod sheet;
mod mac;
mod marker;
mod material;
mod root;
mod sign;

pub use keyslots::{KeySlots, Protection, Seal, SlotKey, SlotKind};
pub use mac::{MacKey, Tag};
pub use marker::MarkerKey;
pub use material::{KeyMaterial, NotKeyMaterial};
pub use root::Root;
pub use sheet::Sheet;
pub use sign::{Fingerprint, PublicKey, SignError, Signature, Signer};
