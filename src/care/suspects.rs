//! Records that may be of one person, by the rule that registering asks; and pairs of whom the health administrator said that
//! they are two people. Such a pair is not named again until that is taken back.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::register;
use super::workflow::{Doing, Done, Refused, carry_out_about, told};
use crate::audit::{Event, TouchKind, Touched};
use crate::base::{AccountId, FhirId, ResourceRef, Timestamp};
use crate::record::directory::{Pair, in_order};
use crate::record::{RecordError, Records, Why};
use crate::store::{Direction, KeyRange, ReadExt, Record, StoreError, Table, tables};

/// Two patients, the smaller id first.
const NOT_SAME: Table<(FhirId, FhirId), NotSame> = Table::new(tables::NOT_SAME);

/// The most pairs that are named at once.
pub const MOST: usize = 50;

/// Of a pair that was said to be two people: when, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSame {
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
    pub by: AccountId,
}
impl Record for NotSame {}

/// Two ids, the smaller first, and what was said of them.
pub type Said = ((FhirId, FhirId), NotSame);

/// Why nothing was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SuspectError {
    #[error("these are not two patients")]
    NotTwo,
}

/// The pairs most alike, the most alike first, without those that are known to be two people.
pub async fn suspects(
    records: &Records,
    actor: &crate::access::Actor,
    why: Why,
    most: usize,
) -> Result<Vec<Pair>, RecordError> {
    let apart: BTreeSet<(FhirId, FhirId)> = said(records)?.into_iter().map(|(pair, _)| pair).collect();
    let found = records.disclose(actor, why, |reading| reading.alike(register::alike, &apart, most));
    Ok(found.await?.into_inner())
}

/// The pairs that were said to be two people, the last said first.
pub fn said(records: &Records) -> Result<Vec<Said>, StoreError> {
    let read = records.audit().read()?;
    let mut all: Vec<Said> =
        read.scan(&NOT_SAME, KeyRange::all(), Direction::Up)?.collect::<Result<_, StoreError>>()?;
    all.sort_by_key(|(_, said)| std::cmp::Reverse(said.at));
    Ok(all)
}

/// What is said of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saying {
    TwoPeople,
    /// That is taken back: they may be one.
    MayBeOne,
}

/// Says it, with an entry about each of the two.
pub async fn say(
    doing: Doing<'_>,
    one: &FhirId,
    other: &FhirId,
    what: Saying,
) -> Result<Done<()>, Refused<SuspectError>> {
    if one == other {
        return Err(Refused::Told(SuspectError::NotTwo));
    }
    let by = doing.actor.account().ok_or(RecordError::NotFound)?;
    let pair = in_order(one, other);
    let resource = ResourceRef::new("Patient", other).map_err(|_| RecordError::Damaged)?;
    let touched = Touched::new(Some(other.clone()), TouchKind::Changed, vec![resource]);
    let of_other = Event::new(doing.actor.to_ref(), doing.why.action, doing.why.purpose)
        .session(doing.actor.session())
        .origin(doing.actor.origin())
        .detail(doing.why.detail.clone())
        .touching(&[touched]);
    let other = other.clone();
    carry_out_about(doing, one, move |inside| {
        if inside.version(crate::fhir::ResourceType::Patient, &other)?.is_none() {
            return told(SuspectError::NotTwo);
        }
        let row = NotSame { at: inside.now(), by };
        match what {
            Saying::TwoPeople => inside.rows().put(&NOT_SAME, &pair, &row).map_err(RecordError::from)?,
            Saying::MayBeOne => inside.rows().delete(&NOT_SAME, &pair).map_err(RecordError::from)?,
        }
        inside.append(of_other)?;
        Ok(())
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::access::{Actor, Reach};
    use crate::audit::{Action, Audit, Detail, Purpose};
    use crate::base::{Ambient, ManualClock, SeededRandom};
    use crate::fhir::{Mode, ResourceType};
    use crate::identity::{AccountKind, AccountRow, AccountState, UserName};
    use crate::record::{Change, Channel, Condition, Transaction};
    use crate::store::{Store, Value as _};

    fn why(action: Action) -> Why {
        Why { action, purpose: Purpose::HOperat, detail: Detail::none(), channel: Channel::Screen }
    }

    fn id(text: &str) -> FhirId {
        FhirId::parse(text).unwrap()
    }

    async fn records(patients: impl IntoIterator<Item = Value>) -> Records {
        let clock = ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let audit = Audit::new(Store::in_memory(), Ambient::new(clock, SeededRandom::new(5)));
        let records = Records::new(audit, Reach::Clinic);
        let put = |value: Value| {
            let id = id(value["id"].as_str().unwrap());
            Change::put(ResourceType::Patient, id, value, Condition::None, Mode::Strict).unwrap()
        };
        let mut changes: Vec<Change> = patients.into_iter().map(put).collect();
        let system = Actor::system("test");
        while !changes.is_empty() {
            let some = changes.split_off(changes.len().saturating_sub(200));
            records.change_all(&system, why(Action::Import), some, Transaction::IMPORT).await.unwrap();
        }
        records
    }

    fn patient(id: &str, given: &str, family: &str, born: &str) -> Value {
        json!({"resourceType": "Patient", "id": id, "name": [{"given": [given], "family": family}], "birthDate": born})
    }

    fn admin(records: &Records) -> Actor {
        let account = AccountRow {
            id: AccountId::new(records.audit().ambient()),
            user_name: UserName::parse("admin").unwrap(),
            display_name: "Johanna".into(),
            kind: AccountKind::Person(crate::base::Role::HealthAdmin),
            state: AccountState::Enabled,
            person: None,
            must_change_password: false,
            created: records.audit().ambient().now(),
        };
        Actor::job_of(&account)
    }

    async fn found(records: &Records) -> Vec<(String, String)> {
        let pairs = suspects(records, &admin(records), why(Action::Search), MOST).await.unwrap();
        pairs.iter().map(|pair| (pair.one.id.to_string(), pair.other.id.to_string())).collect()
    }

    #[tokio::test]
    async fn the_rule_of_registering_finds_them_the_strongest_first() {
        let with_number = |value: Value, number: &str| {
            let mut value = value;
            value["identifier"] = json!([{"system": "urn:insurer", "value": number}]);
            value
        };
        let mut gone = patient("gone", "Halina", "Brandvold", "1967-05-09");
        gone["active"] = json!(false);
        let records = records([
            patient("a1", "Halina", "Brandvold", "1967-05-09"),
            patient("a2", "Halina", "Brandvolt", "1967-05-09"),
            patient("b1", "Miro", "Novak", "1980-04-03"),
            patient("b2", "Miro", "Nowak", "1980-03-04"),
            with_number(patient("c1", "Ines", "Okafor", "1991-01-02"), "KV 7781 23"),
            with_number(patient("c2", "Ines", "Okafor-Lund", "1991-01-02"), "kv778123"),
            patient("d1", "Lena", "Corvin", "1955-12-01"),
            patient("d2", "Aurel", "Tessaro", "1955-12-01"),
            patient("e1", "Miro", "Novak", "1931-11-30"),
            gone,
        ])
        .await;
        let all = found(&records).await;
        let strings = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
        };
        assert_eq!(all, strings(&[("c1", "c2"), ("a1", "a2"), ("b1", "b2")]), "and nobody else");
        let pairs = suspects(&records, &admin(&records), why(Action::Search), MOST).await.unwrap();
        let numbers: Vec<bool> = pairs.iter().map(|pair| pair.number).collect();
        assert_eq!(numbers, [true, false, false], "a number is named where it stands in both");
    }

    #[tokio::test]
    async fn whoever_fits_in_every_word_has_no_number_in_common_for_that() {
        let numbered = |id: &str, number: &str| {
            let mut value = patient(id, "Tom", "Twicepost", "1980-01-02");
            value["identifier"] = json!([{"system": "urn:clinic", "value": number}]);
            value
        };
        let records = records([numbered("a1", "000004"), numbered("a2", "000005")]).await;
        let pairs = suspects(&records, &admin(&records), why(Action::Search), MOST).await.unwrap();
        assert_eq!(pairs.iter().map(|pair| (pair.weight, pair.number)).collect::<Vec<_>>(), [(200, false)]);
    }

    #[tokio::test]
    async fn who_has_no_birth_date_is_found_by_the_name_and_comes_after_those_who_have_one() {
        let unknown = |id: &str, given: &str, family: &str| {
            let mut value = patient(id, given, family, "");
            value.as_object_mut().unwrap().shift_remove("birthDate");
            value
        };
        let records = records([
            unknown("s1", "\u{20BB7}\u{91CE} \u{1F600}", "Sukarno"),
            unknown("s2", "\u{20BB7}\u{91CE} \u{1F600}", "Sukarno"),
            unknown("s3", "\u{20BB7}\u{91CE} \u{1F600}", "Sukarno"),
            unknown("l1", "Lena", "Corvin"),
            unknown("l2", "Lene", "Tessaro"),
            unknown("n1", "Miro", "Novak"),
            patient("n2", "Miro", "Novak", "1980-04-03"),
            patient("a1", "Halina", "Brandvold", "1967-05-09"),
            patient("a2", "Halina", "Brandvolt", "1967-05-09"),
        ])
        .await;
        let found = found(&records).await;
        let named = |one: &str, other: &str| found.contains(&(one.to_owned(), other.to_owned()));
        assert_eq!(found.len(), 5, "{found:?}");
        assert_eq!(found[0], ("a1".to_owned(), "a2".to_owned()));
        assert!(named("s1", "s2") && named("s1", "s3") && named("s2", "s3") && named("n1", "n2"), "{found:?}");
    }

    #[tokio::test]
    async fn two_people_are_named_no_more_until_that_is_taken_back() {
        let records =
            records([patient("a1", "Ana", "Lund", "2001-05-09"), patient("a2", "Eva", "Lund", "2001-05-09")]).await;
        let twins = vec![("a1".to_owned(), "a2".to_owned())];
        assert_eq!(found(&records).await, twins);
        let actor = admin(&records);
        let doing = || Doing { records: &records, actor: &actor, why: why(Action::Merge), once: None };
        // Whichever is named first.
        say(doing(), &id("a2"), &id("a1"), Saying::TwoPeople).await.unwrap();
        assert!(found(&records).await.is_empty());
        let known = said(&records).unwrap();
        assert_eq!((known.len(), known[0].1.by), (1, actor.account().unwrap()));
        say(doing(), &id("a1"), &id("a2"), Saying::MayBeOne).await.unwrap();
        assert_eq!(found(&records).await, twins);
        for wrong in ["a1", "nobody"] {
            let refused = say(doing(), &id("a1"), &id(wrong), Saying::TwoPeople).await;
            assert!(matches!(refused, Err(Refused::Told(SuspectError::NotTwo))), "{wrong}");
        }
    }

    /// 3,000 people of whom very many share a name or a birth date: to compare each with each would be 4.5 million pairs.
    #[tokio::test]
    async fn many_alike_are_compared_with_few() {
        let crowd = (0..3_000_u32).map(|n| {
            let (year, month, day) = (1920 + n % 90, 1 + n % 12, 1 + n % 28);
            patient(&format!("p{n}"), "Maria", "Garcia", &format!("{year}-{month:02}-{day:02}"))
        });
        let records = records(crowd.chain([patient("same", "Maria", "Garcia", "1920-01-01")])).await;
        assert_eq!(found(&records).await.len(), MOST);
    }

    #[test]
    fn the_bytes_of_what_was_said_are_these() {
        let row = NotSame { at: Timestamp::from_millisecond(3).unwrap(), by: AccountId::from_bytes([2; 16]) };
        let golden = [&[1, 6, 16][..], &[2; 16]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(NotSame::from_stored(golden.into()).unwrap(), row);
    }
}
