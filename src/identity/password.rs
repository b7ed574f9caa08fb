//! Hashing and checking passwords off the async threads, at most two at once.

use tokio::sync::SemaphorePermit;

use super::{Identity, IdentityError};
use crate::base::{Ambient, Secret};
use crate::crypto::password::{PasswordHash, Verdict, check_new, verify};

/// The right to hash or check one password now.
pub(super) struct Turn<'a> {
    _permit: SemaphorePermit<'a>,
    ambient: &'a Ambient,
}

impl Identity {
    pub(super) async fn turn(&self) -> Result<Turn<'_>, IdentityError> {
        let permit = self.hashing.acquire().await.map_err(|_| IdentityError::Stopping)?;
        Ok(Turn { _permit: permit, ambient: self.ambient() })
    }

    /// A password that somebody else sets and its owner changes at the first sign-in: 20 letters and digits in
    /// groups of five, 97 bits.
    pub fn generate_password(&self) -> Secret<String> {
        Secret::new(readable(self.ambient(), 20))
    }
}

impl Turn<'_> {
    pub(super) async fn hash(&self, password: &Secret<String>) -> Result<PasswordHash, IdentityError> {
        let (password, ambient) = (password.clone(), self.ambient.clone());
        Ok(run(move || PasswordHash::make(&password, &ambient)).await??)
    }

    /// `None` takes as long as a wrong password, and is one.
    pub(super) async fn check(
        &self,
        password: &Secret<String>,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, IdentityError> {
        let password = password.clone();
        Ok(run(move || verify(&password, stored.as_ref())).await??)
    }
}

/// Whether a password may be taken, given what a guesser knows of its owner.
pub(super) async fn acceptable(password: &Secret<String>, about: &[&str]) -> Result<(), IdentityError> {
    let password = password.clone();
    let about: Vec<String> = about.iter().map(|word| (*word).to_owned()).collect();
    let checked = run(move || {
        let about: Vec<&str> = about.iter().map(String::as_str).collect();
        check_new(&password, &about)
    });
    Ok(checked.await??)
}

async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, IdentityError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| IdentityError::Stopping)
}

/// No vowels, so that no word comes out, and nothing that looks like something else.
const LETTERS: &[u8; 29] = b"23456789BCDFGHJKLMNPQRSTVWXYZ";

/// Random characters in groups of five with hyphens between.
pub(super) fn readable(ambient: &Ambient, length: usize) -> String {
    let mut text = String::with_capacity(length + length / 5);
    let mut taken = 0;
    while taken < length {
        // The largest multiple of 29 in a byte is 232: above it a byte would favour the first letters.
        let [byte] = ambient.bytes::<1>();
        let Some(letter) = (byte < 232).then(|| LETTERS.get(usize::from(byte) % LETTERS.len())).flatten() else {
            continue;
        };
        if taken > 0 && taken % 5 == 0 {
            text.push('-');
        }
        text.push(char::from(*letter));
        taken += 1;
    }
    text
}

/// What a person typed for [`readable`] text: small letters, spaces and hyphens do not matter.
pub(super) fn typed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_uppercase()).collect()
}
