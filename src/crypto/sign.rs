//! Signatures on checkpoints: Ed25519 (RFC 8032), and the short form of its public key that people compare.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::base::Secret;

/// Signs; the key is wiped when dropped.
#[derive(Clone)]
pub struct Signer(SigningKey);

impl Signer {
    pub(super) fn new(seed: &Secret<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed.expose()))
    }

    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }

    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    pub fn fingerprint(&self) -> Fingerprint {
        self.public().fingerprint()
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.fingerprint())
    }
}

/// An Ed25519 signature, 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature([u8; 64]);

impl Signature {
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// The public half of a [`Signer`], 32 bytes. Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Refuses bytes that are no point of the curve, and the few weak keys under which anything verifies.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| SignError::NotAKey)?;
        if key.is_weak() { Err(SignError::NotAKey) } else { Ok(Self(key)) }
    }

    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Strict verification: one message and one key have one valid encoding of a signature.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<(), SignError> {
        let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
        self.0.verify_strict(message, &signature).map_err(|_| SignError::DoesNotVerify)
    }

    pub fn fingerprint(&self) -> Fingerprint {
        let hash = blake3::derive_key(FINGERPRINT, self.as_bytes());
        let mut short = [0; Fingerprint::BYTES];
        short.copy_from_slice(hash.split_at(Fingerprint::BYTES).0);
        Fingerprint(short)
    }
}

const FINGERPRINT: &str = "chartbox 2026-11-22 public key fingerprint v1";

/// What stands for a public key on paper: 120 bits of its BLAKE3 hash as six groups of four characters,
/// `4rkq-08vz-…`. 120 bits, since a forger must find a second key with the very same fingerprint.
///
/// The alphabet is Crockford's base 32 in lower case: no `i`, `l`, `o`, `u`. Reading takes either case, any spaces and
/// hyphens, and `o` for `0`, `i` or `l` for `1`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; Self::BYTES]);

impl Fingerprint {
    const BYTES: usize = 15;
    const CHARS: usize = 24;
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.0.iter().fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
        for at in 0..Self::CHARS {
            if at > 0 && at % 4 == 0 {
                f.write_str("-")?;
            }
            let digit = (bits >> (5 * (Self::CHARS - 1 - at))) & 31;
            let letter = usize::try_from(digit).ok().and_then(|digit| ALPHABET.get(digit)).ok_or(fmt::Error)?;
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Fingerprint {
    type Err = SignError;

    fn from_str(text: &str) -> Result<Self, SignError> {
        let mut bits = 0u128;
        let mut count = 0;
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let c = match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            let digit =
                ALPHABET.iter().position(|letter| char::from(*letter) == c).ok_or(SignError::NotAFingerprint)?;
            count += 1;
            if count > Self::CHARS {
                return Err(SignError::NotAFingerprint);
            }
            bits = (bits << 5) | digit as u128;
        }
        if count < Self::CHARS {
            return Err(SignError::NotAFingerprint);
        }
        let mut bytes = [0; Self::BYTES];
        bytes.copy_from_slice(bits.to_be_bytes().split_at(1).1);
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = SignError;
    fn try_from(text: String) -> Result<Self, SignError> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

/// What can be wrong with a key or a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    #[error("these 32 bytes are not an Ed25519 public key")]
    NotAKey,
    #[error("the signature does not belong to this text and this key")]
    DoesNotVerify,
    #[error(
        "this is not a key fingerprint: it has 24 letters and digits in six groups of four, as on the recovery sheet"
    )]
    NotAFingerprint,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer() -> Signer {
        Signer::new(&Secret::new([9; 32]))
    }

    #[test]
    fn a_signature_fits_its_text_and_key_only() {
        let signature = signer().sign(b"head");
        let public = PublicKey::from_bytes(signer().public().as_bytes()).unwrap();
        assert_eq!(public.verify(b"head", &Signature::from_bytes(*signature.as_bytes())), Ok(()));
        assert_eq!(public.verify(b"heaD", &signature), Err(SignError::DoesNotVerify));
        let other = Signer::new(&Secret::new([8; 32])).public();
        assert_eq!(other.verify(b"head", &signature), Err(SignError::DoesNotVerify));
    }

    #[test]
    fn a_weak_key_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity), Err(SignError::NotAKey));
    }

    #[test]
    fn a_fingerprint_reads_back_as_people_write_it() {
        let fingerprint = Fingerprint([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 255]);
        let text = fingerprint.to_string();
        assert_eq!(text.len(), 29);
        assert_eq!(text.parse(), Ok(fingerprint));
        let sloppy = text.to_uppercase().replace('-', " ").replace('0', "O").replace('1', "l");
        assert_eq!(sloppy.parse(), Ok(fingerprint));
        for bad in ["", "abcd", &text[1..], &format!("{text}0"), &text.replace('0', "u")] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(SignError::NotAFingerprint), "{bad}");
        }
    }

    #[test]
    fn printing_a_signer_shows_its_fingerprint_only() {
        assert_eq!(format!("{:?}", signer()), format!("Signer({})", signer().fingerprint()));
    }
}
