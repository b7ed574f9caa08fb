//! Checkpoints: what leaves the box, so that the chain can be held against it later.

use data_encoding::BASE64;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::AuditError;
use super::chain::{Audit, AuditedTx, Committed};
use super::event::Event;
use super::layout::Hash;
use super::rows::{CHECKPOINTS, Head};
use super::words::{Action, Outcome};
use crate::base::Timestamp;
use crate::crypto::{PublicKey, Signature, Signer};
use crate::store::{Direction, KeyRange, Read, ReadExt};
use bytes::Bytes;

/// The longest note that is read: sixteen signatures and a few unknown lines fit many times.
const LONGEST: usize = 64 << 10;

/// A checkpoint is a signed note (<https://c2sp.org/signed-note>) whose text has the lines of
/// <https://c2sp.org/tlog-checkpoint>; the third line holds the head of our chain instead of the root of a
/// Merkle tree, and a second root may follow later as one more line:
///
/// ```text
/// chartbox/audit/<the chain's name, 32 hexadecimal digits>
/// <size: the number of entries, decimal>
/// <head: the hash of the last of them, base64>
/// time <RFC 3339, UTC>
/// epoch <decimal>
/// key <the Ed25519 public key, base64>
/// was <the public key before, base64: only in the first checkpoint after the key was changed>
///
/// — <the first line> <base64 of: key id, 4 bytes ‖ Ed25519 signature of the text, 64 bytes>
/// ```
///
/// The key id is the first four bytes of `SHA-256(first line ‖ 0A ‖ 01 ‖ public key)`. A note with a `was` line
/// carries a second signature, by that key: the old key vouches for the new one.
///
/// The signatures of one that was read are right for the keys that it names. Whether those are this box's keys is for
/// whoever knows their fingerprints to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The first line: which chain.
    pub origin: String,
    /// How many entries it covers.
    pub size: u64,
    /// The hash of the last of them.
    pub head: Hash,
    pub time: Timestamp,
    pub epoch: u32,
    pub key: PublicKey,
    /// The key before, which signed too.
    pub was: Option<PublicKey>,
    /// The whole note.
    pub text: String,
}

/// Why a text is no checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CheckpointError {
    #[error(
        "this is not a checkpoint of an access log. Give the file as `chartbox audit checkpoint` or a backup wrote it."
    )]
    NotACheckpoint,
    #[error("the checkpoint's signature is not right for what it says: the file was changed")]
    BadSignature,
}

impl Checkpoint {
    /// Reads a note, and checks its signatures against the keys that it names.
    pub fn parse(note: &str) -> Result<Self, CheckpointError> {
        let wrong = CheckpointError::NotACheckpoint;
        let controlled = note.chars().any(|c| c.is_control() && c != '\n');
        if note.len() > LONGEST || controlled {
            return Err(wrong);
        }
        let cut = note.rfind("\n\n").ok_or(wrong)?;
        let (text, signatures) = (note.get(..=cut).ok_or(wrong)?, note.get(cut + 2..).ok_or(wrong)?);
        let mut lines = text.lines();
        let mut next = || lines.next().filter(|line| !line.is_empty()).ok_or(wrong);
        let origin = next()?.to_owned();
        let size: u64 = plain_number(next()?).ok_or(wrong)?;
        let head = base64_array(next()?).ok_or(wrong)?;
        let (mut time, mut epoch, mut key, mut was) = (None, None, None, None);
        for line in lines {
            match line.split_once(' ').ok_or(wrong)? {
                ("time", value) if time.is_none() => time = Some(value.parse().map_err(|_| wrong)?),
                ("epoch", value) if epoch.is_none() => epoch = Some(plain_number(value).ok_or(wrong)?),
                ("key", value) if key.is_none() => key = Some(public_key(value).ok_or(wrong)?),
                ("was", value) if was.is_none() => was = Some(public_key(value).ok_or(wrong)?),
                ("time" | "epoch" | "key" | "was", _) => return Err(wrong),
                _ => {}
            }
        }
        let (time, epoch, key) = (time.ok_or(wrong)?, epoch.ok_or(wrong)?, key.ok_or(wrong)?);
        for signer in [Some(key), was].into_iter().flatten() {
            check_signature(text, signatures, &origin, &signer)?;
        }
        Ok(Self { origin, size, head, time, epoch, key, was, text: note.to_owned() })
    }

    pub(super) fn sign(head: &Head, time: Timestamp, signer: &Signer, before: Option<&Signer>) -> Self {
        let origin = head.origin();
        let key = signer.public();
        let was = before.map(Signer::public);
        let mut text = format!(
            "{origin}\n{}\n{}\ntime {time}\nepoch {}\nkey {}\n",
            head.size,
            BASE64.encode(&head.hash),
            head.epoch,
            BASE64.encode(key.as_bytes())
        );
        if let Some(was) = &was {
            text.push_str(&format!("was {}\n", BASE64.encode(was.as_bytes())));
        }
        let mut note = format!("{text}\n");
        for signer in [Some(signer), before].into_iter().flatten() {
            let signature = signer.sign(text.as_bytes());
            let bytes = [key_id(&origin, &signer.public()).as_slice(), signature.as_bytes()].concat();
            note.push_str(&format!("— {origin} {}\n", BASE64.encode(&bytes)));
        }
        Self { origin, size: head.size, head: head.hash, time, epoch: head.epoch, key, was, text: note }
    }
}

/// A signature by another name or key is not ours to judge; ours must be there and be right.
fn check_signature(text: &str, lines: &str, origin: &str, key: &PublicKey) -> Result<(), CheckpointError> {
    let id = key_id(origin, key);
    if !lines.ends_with('\n') {
        return Err(CheckpointError::NotACheckpoint);
    }
    for line in lines.lines() {
        let rest = line.strip_prefix("— ").ok_or(CheckpointError::NotACheckpoint)?;
        let (name, encoded) = rest.split_once(' ').ok_or(CheckpointError::NotACheckpoint)?;
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| CheckpointError::NotACheckpoint)?;
        if name != origin || !bytes.starts_with(&id) {
            continue;
        }
        let signature: [u8; 64] =
            bytes.get(4..).and_then(|s| s.try_into().ok()).ok_or(CheckpointError::BadSignature)?;
        return key
            .verify(text.as_bytes(), &Signature::from_bytes(signature))
            .map_err(|_| CheckpointError::BadSignature);
    }
    Err(CheckpointError::BadSignature)
}

fn key_id(origin: &str, key: &PublicKey) -> [u8; 4] {
    let mut hasher = Sha256::new();
    hasher.update(origin.as_bytes());
    hasher.update([0x0A, 0x01]);
    hasher.update(key.as_bytes());
    let [a, b, c, d, ..]: [u8; 32] = hasher.finalize().into();
    [a, b, c, d]
}

fn plain_number<T: std::str::FromStr + ToString>(text: &str) -> Option<T> {
    text.parse::<T>().ok().filter(|number| number.to_string() == text)
}

fn base64_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    BASE64.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn public_key(text: &str) -> Option<PublicKey> {
    PublicKey::from_bytes(&base64_array(text)?).ok()
}

impl Audit {
    /// Appends `event` as the entry that says so, then signs the chain up to and with it. The note should leave
    /// the box; a copy stays in the store.
    pub async fn checkpoint(&self, signer: Signer, event: Event) -> Result<(Checkpoint, Committed), AuditError> {
        self.write_essential(move |tx| tx.checkpoint(&signer, None, event)).await
    }

    /// [`Audit::checkpoint`] for callers without an async runtime.
    pub fn checkpoint_blocking(&self, signer: Signer, event: Event) -> Result<(Checkpoint, Committed), AuditError> {
        self.write_essential_blocking(move |tx| tx.checkpoint(&signer, None, event))
    }
}

impl AuditedTx<'_, '_> {
    /// [`Audit::checkpoint`] inside a transaction. `before` is the signer until now, when the key has just been
    /// changed: both sign, so that whoever trusts one can trust the other.
    pub fn checkpoint(
        &mut self,
        signer: &Signer,
        before: Option<&Signer>,
        mut event: Event,
    ) -> Result<Checkpoint, AuditError> {
        self.flush_failures()?;
        (event.action, event.outcome) = (Action::Checkpoint, Outcome::Success);
        self.append(event)?;
        let head = self.head()?;
        let now = self.ambient().now();
        let time = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let checkpoint = Checkpoint::sign(&head, time, signer, before);
        self.put(&CHECKPOINTS, &(head.size,), &Bytes::from(checkpoint.text.clone()))?;
        Ok(checkpoint)
    }
}

/// The newest checkpoint that stands in the store.
pub fn last_checkpoint(read: &(impl Read + ?Sized)) -> Result<Option<Checkpoint>, AuditError> {
    let mut rows = read.scan(&CHECKPOINTS, KeyRange::all(), Direction::Down)?;
    let Some((_, note)) = rows.next().transpose()? else { return Ok(None) };
    Ok(std::str::from_utf8(&note).ok().and_then(|note| Checkpoint::parse(note).ok()))
}

/// The key that signed when the log had so many entries, where `own` signs now: back over each hand-over that the log has, which both
/// keys signed.
pub fn key_at(read: &(impl Read + ?Sized), own: PublicKey, entries: u64) -> Result<PublicKey, AuditError> {
    let mut key = own;
    for row in read.scan(&CHECKPOINTS, KeyRange::all(), Direction::Down)? {
        let ((size,), note) = row?;
        if size <= entries {
            break;
        }
        let checkpoint = std::str::from_utf8(&note).ok().and_then(|note| Checkpoint::parse(note).ok());
        if let Some(Checkpoint { was: Some(was), .. }) = checkpoint.filter(|checkpoint| checkpoint.key == key) {
            key = was;
        }
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Ambient, SeededRandom, SystemClock};
    use crate::crypto::Root;

    fn signer(seed: u64) -> Signer {
        Root::generate(&Ambient::new(SystemClock, SeededRandom::new(seed))).checkpoint_signer()
    }

    fn head() -> Head {
        Head { size: 17, hash: [3; 32], epoch: 2, chain: [0xAB; 16], newest: 0 }
    }

    #[test]
    fn a_note_has_these_lines_and_reads_back() {
        let time = "2026-03-03T09:00:00Z".parse().unwrap();
        let made = Checkpoint::sign(&head(), time, &signer(1), Some(&signer(2)));
        let lines: Vec<&str> = made.text.lines().collect();
        assert_eq!(lines[0], "chartbox/audit/abababababababababababababababab");
        assert_eq!(
            lines[1..5],
            ["17", "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=", "time 2026-03-03T09:00:00Z", "epoch 2"]
        );
        assert!(lines[5].starts_with("key ") && lines[6].starts_with("was ") && lines[7].is_empty());
        assert!(lines[8].starts_with("— chartbox/audit/ab") && lines[9].starts_with("— chartbox/audit/ab"));
        assert_eq!(Checkpoint::parse(&made.text).unwrap(), made);
    }

    #[test]
    fn the_key_id_is_that_of_the_signed_note_specification() {
        // The example of c2sp.org/tlog-checkpoint names its key in four bytes that only its own key gives; what
        // can be held fast here is the formula, computed by hand with `sha256sum`.
        let key = signer(1).public();
        let bytes = [b"name\n\x01".as_slice(), key.as_bytes()].concat();
        assert_eq!(key_id("name", &key), Sha256::digest(bytes)[..4]);
    }

    #[test]
    fn any_changed_character_is_refused() {
        let note = Checkpoint::sign(&head(), Timestamp::UNIX_EPOCH, &signer(1), None).text;
        for at in note.char_indices().map(|(at, _)| at) {
            let mut changed = note.clone();
            let old = note[at..].chars().next().unwrap();
            let new = if old == 'A' { "B" } else { "A" };
            changed.replace_range(at..at + old.len_utf8(), new);
            assert!(Checkpoint::parse(&changed).is_err(), "at {at}: {changed}");
        }
        for cut in note.char_indices().map(|(at, _)| at) {
            assert!(Checkpoint::parse(&note[..cut]).is_err());
        }
    }

    #[test]
    fn signatures_of_others_are_let_be_and_a_missing_one_is_not() {
        let made = Checkpoint::sign(&head(), Timestamp::UNIX_EPOCH, &signer(1), Some(&signer(2)));
        let with_witness = format!("{}— witness.example AAAAAAAAAAAA\n", made.text);
        assert_eq!(Checkpoint::parse(&with_witness).unwrap().size, 17);
        let without_old = made.text.lines().take(9).map(|line| format!("{line}\n")).collect::<String>();
        assert_eq!(Checkpoint::parse(&without_old), Err(CheckpointError::BadSignature));
    }
}
