//! Which keys may have signed: the pinned ones, the box's own, and whatever those vouch for.

use super::VerifyInput;
use super::report::{Finding, Findings};
use crate::audit::checkpoint::Checkpoint;
use crate::crypto::{Fingerprint, PublicKey};

/// The keys of the checkpoints in the store, in order; each is vouched for by the one before.
#[derive(Default)]
pub(super) struct Keys {
    linked: Vec<PublicKey>,
    stranger: Option<PublicKey>,
}

impl Keys {
    /// Takes the next checkpoint of the store.
    pub fn take(&mut self, checkpoint: &Checkpoint) {
        match self.linked.last() {
            Some(last) if *last == checkpoint.key => {}
            Some(last) if checkpoint.was == Some(*last) => self.linked.push(checkpoint.key),
            Some(_) => self.stranger = self.stranger.or(Some(checkpoint.key)),
            None => {
                self.linked.extend(checkpoint.was);
                self.linked.push(checkpoint.key);
            }
        }
    }

    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        self.linked.iter().map(PublicKey::fingerprint).collect()
    }

    /// What may be trusted with what was given; keys of the store that may not be are findings.
    pub fn trusted(&self, input: &VerifyInput, findings: &mut Findings) -> Trusted {
        let substituted = |key: &PublicKey| Finding::SubstitutedKey { key: key.fingerprint(), number: None };
        if let Some(stranger) = &self.stranger {
            findings.push(substituted(stranger));
        }
        let mut keys = input.pinned.clone();
        if keys.is_empty() {
            keys.extend(input.own_key.as_ref().map(PublicKey::fingerprint));
        }
        let anchored = !keys.is_empty();
        let stored = self.fingerprints();
        if stored.iter().any(|key| keys.contains(key)) {
            keys.extend(stored);
        } else if let Some(last) = self.linked.last().filter(|_| anchored) {
            findings.push(substituted(last));
        }
        if let Some(own) = &input.own_key {
            let signs = self.linked.last().is_none_or(|last| last == own);
            if !signs || !keys.contains(&own.fingerprint()) {
                findings.push(substituted(own));
            }
        }
        Trusted { keys, anchored }
    }
}

pub(super) struct Trusted {
    keys: Vec<Fingerprint>,
    /// Without an anchor every key passes, and the report says so.
    anchored: bool,
}

impl Trusted {
    /// Whether a checkpoint given from outside is by a trusted key. One that hands over widens the trust.
    pub fn take(&mut self, checkpoint: &Checkpoint) -> bool {
        let was = checkpoint.was.as_ref().map(PublicKey::fingerprint);
        let key = checkpoint.key.fingerprint();
        let genuine = self.keys.contains(&key) || was.is_some_and(|was| self.keys.contains(&was));
        if genuine {
            self.keys.push(key);
            self.keys.extend(was);
        }
        genuine || !self.anchored
    }
}
