//! What the actors of the access log are called.

use std::collections::HashMap;

use super::respond::Refusal;
use super::ui::{role_word, t};
use crate::base::{AccountId, ActorKind, ActorRef, Role};
use crate::identity::{AccountKind, AccountRow, Identity};

/// Looks each account up once.
pub(super) struct Names<'a> {
    identity: &'a Identity,
    known: HashMap<AccountId, Option<AccountRow>>,
    /// Share links by their names in the log: for whom each is, in the patient's own words.
    shares: HashMap<String, String>,
}

impl<'a> Names<'a> {
    pub(super) fn new(identity: &'a Identity) -> Self {
        Self { identity, known: HashMap::new(), shares: HashMap::new() }
    }

    /// On a page of the patient who made these.
    #[must_use]
    pub(super) fn with_shares(self, shares: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { shares: shares.into_iter().collect(), ..self }
    }

    /// Name and role. A job of the box is named only to staff: `import` says nothing to a patient.
    pub(super) fn of(&mut self, actor: &ActorRef, to_staff: bool) -> Result<(String, String), Refusal> {
        if let Some(role) = actor.role.filter(|_| actor.is_unnamed()) {
            let who = if role == Role::Proxy { "look-another-proxy" } else { "look-another-patient" };
            return Ok((t(who).to_string(), role_word(role).to_string()));
        }
        if let Some(id) = actor.account {
            // Who was refused at the door acts in no role yet, and has one by the account.
            let account = self.account(id)?;
            let role = actor.role.or_else(|| match account?.kind {
                AccountKind::Person(role) => Some(role),
                _ => None,
            });
            let name = account.map(|account| account.display_name.to_string());
            let role = role.map_or_else(|| t("role-service"), role_word).to_string();
            return Ok((name.unwrap_or_else(|| t("actor-gone").to_string()), role));
        }
        let share = actor.job.as_deref().filter(|_| actor.kind == ActorKind::ShareLink);
        if let Some(label) = share.and_then(|share| self.shares.get(share)) {
            return Ok((t("actor-share-for").with("label", label).to_string(), t("role-outside").to_string()));
        }
        let (name, role) = match actor.kind {
            ActorKind::System => ("actor-box", "role-box"),
            ActorKind::ShareLink => ("actor-share", "role-outside"),
            _ => ("actor-nobody", "role-outside"),
        };
        let job = actor.job.as_ref().filter(|_| to_staff && actor.kind == ActorKind::System);
        let named = |job: &str| t("actor-box-job").with("job", job.strip_prefix("job:").unwrap_or(job)).to_string();
        Ok((job.map_or_else(|| t(name).to_string(), |job| named(job)), t(role).to_string()))
    }

    /// What an account is called, if there is one of this id.
    pub(super) fn of_account(&mut self, id: AccountId) -> Result<Option<String>, Refusal> {
        Ok(self.account(id)?.map(|account| account.display_name.to_string()))
    }

    fn account(&mut self, id: AccountId) -> Result<Option<&AccountRow>, Refusal> {
        if !self.known.contains_key(&id) {
            self.known.insert(id, self.identity.account(id)?);
        }
        Ok(self.known.get(&id).and_then(Option::as_ref))
    }
}
