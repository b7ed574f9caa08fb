//! Sign-in passwords: Argon2id at [`Cost::SIGN_IN`], kept as a PHC string.
//!
//! An unknown account costs the same time as a wrong password, so that the time does not tell who has one. The caller
//! sees to it that at most two run at once, on a thread of their own.

use argon2::password_hash::phc;
use argon2::{PasswordHasher, PasswordVerifier};
use serde::{Deserialize, Serialize};

use crate::base::{Ambient, Secret};

use super::kdf::{self, Cost, KdfError};

/// What is stored of a password: `$argon2id$v=19$m=19456,t=2,p=1$salt$hash`. Prints as `PasswordHash`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash")
    }
}

impl PasswordHash {
    /// Takes about 30 ms and 19 MiB.
    pub fn make(password: &Secret<String>, ambient: &Ambient) -> Result<Self, KdfError> {
        let text = kdf::prepared(password)?;
        let salt: [u8; 16] = ambient.bytes();
        let hash: phc::PasswordHash = Cost::SIGN_IN
            .argon2()?
            .hash_password_with_salt(text.expose().as_bytes(), &salt)
            .map_err(|_| KdfError::OutOfMemory)?;
        Ok(Self(hash.to_string()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it was made at another cost than today's: make it anew at the next sign-in that succeeds.
    pub fn is_outdated(&self) -> bool {
        !self.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
    }
}

/// Whether a password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Right,
    Wrong,
}

/// Compares `password` with the account's hash; `None`, for an account that does not exist or has no password, takes as
/// long and is always [`Verdict::Wrong`]. Only a lack of memory is an error.
pub fn verify(password: &Secret<String>, stored: Option<&PasswordHash>) -> Result<Verdict, KdfError> {
    let Ok(text) = kdf::prepared(password) else { return Ok(Verdict::Wrong) };
    let hash = phc::PasswordHash::new(stored.map_or(NOBODY, PasswordHash::as_str)).map_err(|_| KdfError::Refused)?;
    let bounded = |name: &str| hash.params.get_decimal(name).unwrap_or(0);
    if Cost::from_parts(bounded("m"), bounded("t")).is_none() {
        return Err(KdfError::Refused);
    }
    match Cost::SIGN_IN.argon2()?.verify_password(text.expose().as_bytes(), &hash) {
        Ok(()) if stored.is_some() => Ok(Verdict::Right),
        Ok(()) | Err(argon2::password_hash::Error::PasswordInvalid) => Ok(Verdict::Wrong),
        Err(argon2::password_hash::Error::OutOfMemory) => Err(KdfError::OutOfMemory),
        Err(_) => Err(KdfError::Refused),
    }
}

/// Whether a new password may be taken. `about` are words that a guesser would try first: the user's name, the clinic's.
/// Length and a guesser's effort decide (zxcvbn, 3 of 4 or better), not kinds of characters (NIST SP 800-63B §3.1.1.2).
pub fn check_new(password: &Secret<String>, about: &[&str]) -> Result<(), WeakPassword> {
    let text = kdf::prepared(password).map_err(|_| WeakPassword::TooLong)?;
    if text.expose().chars().count() < SHORTEST {
        return Err(WeakPassword::TooShort);
    }
    // Beyond 100 characters the estimate costs more than it tells.
    let head: Secret<String> = Secret::new(text.expose().chars().take(100).collect());
    // A guesser puts the parts of a name together in every way.
    let about: Vec<&str> = about.iter().flat_map(|text| text.split_whitespace()).collect();
    let small = zeroize::Zeroizing::new(head.expose().to_lowercase());
    let rest = about
        .iter()
        .map(|word| word.to_lowercase())
        .filter(|word| word.chars().count() > 2)
        .fold(small.clone(), |rest, word| zeroize::Zeroizing::new(rest.replace(&word, "")));
    let about_one = rest.len() < small.len();
    // The estimate takes three easy parts in a row for hard: a name, another one, a year.
    if about_one && rest.chars().count() < SHORTEST / 2 {
        return Err(WeakPassword::AboutYou);
    }
    let estimate = zxcvbn::zxcvbn(head.expose(), &about);
    if estimate.score() >= zxcvbn::Score::Three {
        return Ok(());
    }
    Err(match estimate.feedback().and_then(zxcvbn::feedback::Feedback::warning) {
        _ if about_one => WeakPassword::AboutYou,
        Some(warning) => WeakPassword::from(warning),
        None => WeakPassword::Guessable,
    })
}

/// The shortest new password, in characters. Pages and errors name this number and no other.
pub const SHORTEST: usize = 12;

/// Why a new password or passphrase is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WeakPassword {
    #[error("this is too short: take at least {SHORTEST} characters; four unrelated words are easy to remember")]
    TooShort,
    #[error("this is too long: at most {} bytes", kdf::LONGEST)]
    TooLong,
    #[error("this is too easy to guess: add a word or two that have nothing to do with you or the clinic")]
    Guessable,
    #[error("this has a name of yours or the clinic's in it, which a guesser tries first: take other words")]
    AboutYou,
    #[error(
        "this is much like a password that many people have, which a guesser tries first: take four unrelated words"
    )]
    Common,
    #[error("this is keys that lie side by side, which a guesser tries first: take four unrelated words")]
    Keys,
    #[error("this repeats itself, which makes it no harder to guess: take words that differ")]
    Repeats,
    #[error("this is a row like abc or 6543, which a guesser tries first: take four unrelated words")]
    Row,
    #[error("this is mostly a date or a year, which a guesser tries first: add words that have nothing to do with it")]
    Date,
    #[error("this is mostly names, which a guesser tries first: add words that are no names")]
    Names,
    #[error("this is mostly one word, which a guesser finds soon: add two or three unrelated ones")]
    OneWord,
}

impl From<zxcvbn::feedback::Warning> for WeakPassword {
    fn from(warning: zxcvbn::feedback::Warning) -> Self {
        use zxcvbn::feedback::Warning as W;
        match warning {
            W::StraightRowsOfKeysAreEasyToGuess | W::ShortKeyboardPatternsAreEasyToGuess => Self::Keys,
            W::RepeatsLikeAaaAreEasyToGuess | W::RepeatsLikeAbcAbcAreOnlySlightlyHarderToGuess => Self::Repeats,
            W::ThisIsATop10Password
            | W::ThisIsATop100Password
            | W::ThisIsACommonPassword
            | W::ThisIsSimilarToACommonlyUsedPassword => Self::Common,
            W::SequencesLikeAbcAreEasyToGuess => Self::Row,
            W::RecentYearsAreEasyToGuess | W::DatesAreOftenEasyToGuess => Self::Date,
            W::AWordByItselfIsEasyToGuess => Self::OneWord,
            W::NamesAndSurnamesByThemselvesAreEasyToGuess | W::CommonNamesAndSurnamesAreEasyToGuess => Self::Names,
        }
    }
}

/// A hash that nobody's password has.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.into())
    }

    fn ambient() -> Ambient {
        Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(3))
    }

    #[test]
    fn the_right_password_is_right_and_no_other() {
        let hash = PasswordHash::make(&secret("Zu\u{308}rich am See"), &ambient()).unwrap();
        assert_eq!(verify(&secret("Z\u{fc}rich am See"), Some(&hash)), Ok(Verdict::Right));
        assert_eq!(verify(&secret("zurich am see"), Some(&hash)), Ok(Verdict::Wrong));
        assert_eq!(verify(&secret(""), Some(&hash)), Ok(Verdict::Wrong));
        assert_eq!(verify(&secret(&"x".repeat(5000)), Some(&hash)), Ok(Verdict::Wrong));
        assert!(!hash.is_outdated());
        assert_eq!(format!("{hash:?}"), "PasswordHash");
    }

    #[test]
    fn the_stored_form_is_what_it_always_was() {
        let hash = PasswordHash::make(&secret("correct horse battery staple"), &ambient()).unwrap();
        assert_eq!(
            hash.as_str(),
            "$argon2id$v=19$m=19456,t=2,p=1$Xft2k2KlNkbELbOQaiYVAg$ko2Zk/OUekeoO5ARl6RsppXunX8uL97/ujRZTi5luRk"
        );
    }

    #[test]
    fn nobody_costs_what_somebody_costs_and_never_gets_in() {
        assert_eq!(verify(&secret("anything"), None), Ok(Verdict::Wrong));
        let nobody = PasswordHash(NOBODY.into());
        assert!(!nobody.is_outdated(), "the stand-in is as dear as a real one");
    }

    #[test]
    fn a_hash_that_asks_for_too_much_is_refused() {
        let greedy = PasswordHash(NOBODY.replace("m=19456", "m=4000000"));
        assert_eq!(verify(&secret("a"), Some(&greedy)), Err(KdfError::Refused));
        assert!(greedy.is_outdated());
    }

    #[test]
    fn weak_passwords_are_refused_with_a_reason() {
        assert_eq!(check_new(&secret("short"), &[]), Err(WeakPassword::TooShort));
        for (password, why) in [
            ("password1234", WeakPassword::Common),
            ("qwertyuiop[]", WeakPassword::Keys),
            ("aaaaaaaaaaaaa", WeakPassword::Repeats),
            ("abcdefghijklm", WeakPassword::Row),
            ("halinabrandvold", WeakPassword::AboutYou),
            ("Brandvold2026", WeakPassword::AboutYou),
            ("HalinaBrandvold2026", WeakPassword::AboutYou),
        ] {
            assert_eq!(check_new(&secret(password), &["Halina Brandvold", "hb"]), Err(why), "{password}");
        }
        let shortest = format!("at least {SHORTEST} characters");
        assert!(WeakPassword::TooShort.to_string().contains(&shortest));
        assert_eq!(check_new(&secret(&"x".repeat(2000)), &[]), Err(WeakPassword::TooLong));
        assert_eq!(check_new(&secret("walnut gravel teapot onyx"), &["halina"]), Ok(()));
    }
}
