//! The last page of a new box's setup: its first accounts, and the clinician's Practitioner, all or nothing.

use serde_json::json;

use crate::access::Actor;
use crate::audit::{Action, AuditError, Detail, Purpose};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::{Mode, ResourceType};
use crate::identity::{AccountRow, By, Identity, IdentityError};
use crate::record::{Change, Channel, RecordError, Records, Transaction, Why};

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Audit(#[from] AuditError),
}

/// Makes what the draft with this secret says, in one transaction; of two that try at once one wins.
///
/// # Errors
/// [`IdentityError::NoDraft`], [`IdentityError::AlreadySetUp`], [`IdentityError::NameTaken`],
/// [`IdentityError::WrongCode`].
pub async fn complete(
    records: &Records,
    identity: &Identity,
    draft: &str,
    by: By,
) -> Result<Vec<AccountRow>, SetupError> {
    let id = FhirId::new(records.audit().ambient());
    let kind = ResourceType::Practitioner;
    let reference = ResourceRef::new(kind.name(), &id).map_err(|_| RecordError::WrongType { asked: kind })?;
    let prepared = identity.prepare_setup(draft, &reference)?;
    let value = json!({
        "resourceType": kind.name(), "id": id.as_str(), "active": true, "name": [{ "text": prepared.clinician() }],
    });
    let change = Change::create_as(kind, id, value, Mode::Strict)?;
    let why = Why {
        action: Action::Create,
        purpose: Purpose::SysAdmin,
        detail: Detail::note("the first clinician, made at the setup"),
        channel: Channel::Screen,
    };
    let (who, system) = (by.clone(), Actor::system("setup"));
    let made = records.change_all_with(&system, &why, vec![change], Transaction::STRICT, move |tx| {
        prepared.write(tx, &who).map_err(SetupError::from)
    });
    match made.await {
        Ok((accounts, _)) => Ok(accounts),
        Err(SetupError::Identity(IdentityError::WrongCode)) => {
            identity.wrong_setup_code(by).await?;
            Err(IdentityError::WrongCode.into())
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Reach;
    use crate::audit::{Audit, Filter, entries};
    use crate::base::{Ambient, ManualClock, Role, Secret, SeededRandom};
    use crate::crypto::MacKey;
    use crate::identity::{AccountKind, FirstPassword, NewAccount, Settings, SetupState};
    use crate::store::Store;

    fn house() -> (Records, Identity) {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        let identity = Identity::new(audit.clone(), MacKey::new(Secret::new([5; 32])), Settings::default());
        (Records::new(audit, Reach::Clinic), identity)
    }

    fn account(user: &str, role: Role) -> NewAccount {
        NewAccount {
            user_name: user.into(),
            display_name: format!("Dr {user}"),
            kind: AccountKind::Person(role),
            person: None,
            password: FirstPassword::Own(Secret::new("walnut gravel teapot onyx".into())),
        }
    }

    async fn drafted(identity: &Identity) -> Secret<String> {
        let code = identity.make_setup_code(By::system("test")).await.unwrap();
        let draft = identity.begin_setup(&code, By::anonymous(None)).await.unwrap();
        let three = [("ada", Role::HealthAdmin), ("otto", Role::Operator), ("lena", Role::Clinician)];
        let accounts = three.map(|(user, role)| account(user, role));
        assert!(identity.fill_setup_draft(draft.expose(), accounts).await.unwrap().is_empty());
        draft
    }

    fn practitioner(records: &Records, person: &ResourceRef) -> Result<serde_json::Value, RecordError> {
        let why =
            Why { action: Action::Read, purpose: Purpose::SysAdmin, detail: Detail::none(), channel: Channel::Screen };
        let id = person.id();
        let found = records
            .disclose_blocking(&Actor::system("test"), why, |reading| reading.read(ResourceType::Practitioner, &id))?;
        Ok(serde_json::from_slice(&found.json).unwrap())
    }

    #[tokio::test]
    async fn the_clinician_and_their_practitioner_are_made_together() {
        let (records, identity) = house();
        let draft = drafted(&identity).await;
        let accounts = complete(&records, &identity, draft.expose(), By::anonymous(None)).await.unwrap();
        let person = accounts.iter().find_map(|account| account.person.clone()).unwrap();
        let shown = tokio::task::spawn_blocking(move || practitioner(&records, &person)).await.unwrap().unwrap();
        assert_eq!(shown["name"][0]["text"], "Dr lena");
        assert_eq!(identity.setup_state().unwrap(), SetupState::Done);
    }

    #[tokio::test]
    async fn when_one_account_cannot_be_made_there_is_no_practitioner_and_the_code_is_still_good() {
        let (records, identity) = house();
        let draft = drafted(&identity).await;
        identity.create_account(account("lena", Role::Nurse), By::system("test")).await.unwrap();
        let refused = complete(&records, &identity, draft.expose(), By::anonymous(None)).await;
        assert!(matches!(refused, Err(SetupError::Identity(IdentityError::NameTaken))));
        assert_eq!(identity.setup_state().unwrap(), SetupState::Waiting);
        assert_eq!(identity.accounts().unwrap().len(), 1);
        let created = Filter { action: Some(Action::Create), ..Filter::default() };
        assert!(entries(&records.audit().read().unwrap(), &created, 10).unwrap().lines.is_empty());
    }
}
