//! Keyed tags: how the store knows a secret again without keeping it.

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base::Secret;

/// Makes 32-byte tags (keyed BLAKE3). Without the key a tag can neither be made nor guessed back.
#[derive(Clone, Debug)]
pub struct MacKey(Secret<[u8; 32]>);

impl MacKey {
    pub const fn new(key: Secret<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The tag of `message`. `domain` says what it is for, such as `session`: the same bytes have another tag in
    /// another domain. Hashed are the domain's length (u64, little endian), the domain, the message.
    pub fn tag(&self, domain: &'static str, message: &[u8]) -> Tag {
        let mut hasher = blake3::Hasher::new_keyed(self.0.expose());
        hasher.update(&(domain.len() as u64).to_le_bytes()).update(domain.as_bytes()).update(message);
        Tag(hasher.finalize().into())
    }

    /// Whether `tag` is the tag of `message`, in a time that does not depend on the answer.
    pub fn verify(&self, domain: &'static str, message: &[u8], tag: &Tag) -> bool {
        self.tag(domain, message) == *tag
    }
}

/// A tag made by a [`MacKey`]. It may be stored and used as a table key; comparing takes constant time.
#[derive(Clone, Copy, Debug, Eq, Serialize, Deserialize)]
pub struct Tag([u8; 32]);

impl Tag {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for Tag {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_depends_on_key_domain_and_message() {
        let (one, two) = (MacKey::new(Secret::new([1; 32])), MacKey::new(Secret::new([2; 32])));
        let tag = one.tag("session", b"secret");
        assert!(one.verify("session", b"secret", &tag));
        assert!(one.verify("session", b"secret", &Tag::from_bytes(*tag.as_bytes())));
        assert!(!one.verify("session", b"secreT", &tag));
        assert!(!one.verify("token", b"secret", &tag));
        assert!(!two.verify("session", b"secret", &tag));
        assert!(!one.verify("sessio", b"nsecret", &tag), "a domain cannot run over into the message");
    }
}
