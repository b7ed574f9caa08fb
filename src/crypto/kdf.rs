//! From what a person types to a key: Argon2id (RFC 9106), at a price that is written beside its salt.

use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::base::Secret;

/// What one try costs, in memory and passes. Parallelism is always 1: a try of ours must not be faster than a guesser's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
}

impl Cost {
    /// For a key slot: 64 MiB and three passes (RFC 9106 §4, the second recommended choice).
    pub const SLOT: Self = Self { memory_kib: 64 * 1024, passes: 3 };
    /// For a sign-in: 19 MiB and two passes (OWASP Password Storage Cheat Sheet), since many may arrive at once.
    pub const SIGN_IN: Self = Self { memory_kib: 19 * 1024, passes: 2 };

    /// A cost read from outside. Refused below what a sign-in takes and above 1 GiB or 16 passes: a file that nobody
    /// vouches for yet must not be able to exhaust the machine.
    pub const fn from_parts(memory_kib: u32, passes: u32) -> Option<Self> {
        let floor = Self::SIGN_IN;
        if memory_kib < floor.memory_kib || memory_kib > 1024 * 1024 || passes < floor.passes || passes > 16 {
            return None;
        }
        Some(Self { memory_kib, passes })
    }

    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    pub const fn passes(self) -> u32 {
        self.passes
    }

    pub(super) fn argon2(self) -> Result<Argon2<'static>, KdfError> {
        let params = Params::new(self.memory_kib, self.passes, 1, Some(32)).map_err(|_| KdfError::Refused)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

/// A 32-byte key from a passphrase. Takes some tenths of a second and `cost.memory_kib()` of memory: never call it on a
/// thread that serves others.
pub fn stretch(passphrase: &Secret<String>, salt: &[u8; 16], cost: Cost) -> Result<Secret<[u8; 32]>, KdfError> {
    let text = prepared(passphrase)?;
    let mut key = Zeroizing::new([0; 32]);
    cost.argon2()?.hash_password_into(text.expose().as_bytes(), salt, &mut *key).map_err(KdfError::from)?;
    Ok(Secret::new(*key))
}

/// The longest password or passphrase, in bytes after preparation.
pub const LONGEST: usize = 1024;

/// A password as it is hashed, whichever keyboard it was typed on: every space an ASCII space, then Unicode
/// form C (RFC 8265 §4.2.2). Case, and spaces at the ends, count.
pub(super) fn prepared(password: &Secret<String>) -> Result<Secret<String>, KdfError> {
    let spaces = |c: char| if c.is_whitespace() && !c.is_control() { ' ' } else { c };
    // Room for the longest, so that growing leaves no copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST));
    for c in password.expose().chars().map(spaces).nfc() {
        if text.len() + c.len_utf8() > LONGEST {
            return Err(KdfError::TooLong);
        }
        text.push(c);
    }
    Ok(Secret::new(std::mem::take(&mut *text)))
}

/// Why no key came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KdfError {
    #[error("this is too long: a password or passphrase has at most {LONGEST} bytes")]
    TooLong,
    #[error("there is not enough free memory to check a password; close other programs, or restart the box")]
    OutOfMemory,
    #[error("the password hash asks for settings that this Chartbox does not know")]
    Refused,
}

impl From<argon2::Error> for KdfError {
    fn from(error: argon2::Error) -> Self {
        match error {
            argon2::Error::OutOfMemory => Self::OutOfMemory,
            _ => Self::Refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.into())
    }

    /// A changed cost or preparation makes every passphrase worthless: this value never changes.
    #[test]
    fn a_slot_key_is_what_it_always_was() {
        let key = stretch(&secret("correct horse battery staple"), b"0123456789abcdef", Cost::SLOT).unwrap();
        assert_eq!(
            data_encoding::HEXLOWER.encode(key.expose()),
            "94c86f541abdb3d9aabfea59aa03963549483e9c0b1a79336e76b54cee6c917e"
        );
    }

    #[test]
    fn the_keyboard_does_not_matter_but_the_case_does() {
        let same = |a: &str, b: &str| prepared(&secret(a)).unwrap().expose() == prepared(&secret(b)).unwrap().expose();
        assert!(same("Z\u{fc}rich see", "Zu\u{308}rich\u{a0}see"));
        assert!(!same("Zurich", "zurich"));
        assert!(!same("a ", "a"));
    }

    #[test]
    fn too_long_is_refused_before_any_work() {
        assert!(prepared(&secret(&"x".repeat(LONGEST))).is_ok());
        let error = stretch(&secret(&"x".repeat(LONGEST + 1)), &[0; 16], Cost::SLOT).unwrap_err();
        assert_eq!(error, KdfError::TooLong);
    }

    #[test]
    fn a_cost_from_outside_stays_within_bounds() {
        assert_eq!(Cost::from_parts(65536, 3), Some(Cost::SLOT));
        for (memory, passes) in [(1024, 3), (65536, 1), (u32::MAX, 3), (65536, 17)] {
            assert_eq!(Cost::from_parts(memory, passes), None, "{memory} {passes}");
        }
    }
}
