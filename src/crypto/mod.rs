//! The key hierarchy, key slots, sealing and signing. Pure: no file, socket or clock is touched here.

pub mod page;
mod mac;
pub mod kdf;
pub mod password;
mod root;
pub mod sheet;
mod sign;

pub use mac::{MacKey, Tag};
pub use root::Root;
pub use sign::{Fingerprint, PublicKey, SignError, Signature, Signer};
