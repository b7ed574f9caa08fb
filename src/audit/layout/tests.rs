use std::net::IpAddr;

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;
use crate::audit::entry::{Actor, Clock, Entry, Place, Resources, SideList};
use crate::audit::event::{Detail, Touched};
use crate::audit::words::{Action, Outcome, Purpose, TouchKind};
use crate::base::{AccountId, ActorKind, BootId, FhirId, ResourceRef, Role, SessionId};

fn bytes_of(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::new();
    put_entry(&mut out, entry);
    out
}

/// The first golden vector of the document: the smallest entry.
fn smallest() -> Entry {
    Entry {
        place: Place {
            sequence: 1,
            previous: genesis(&[0xAB; 16]),
            epoch: 0,
            boot: BootId::from_bytes([0x11; 16]),
            time: 1_772_528_400_000_000,
            clock: Clock::Forward,
        },
        actor: Actor {
            kind: ActorKind::System,
            account: None,
            role: None,
            person: None,
            on_behalf_of: None,
            job: Some("init".into()),
        },
        session: None,
        origin: None,
        action: Action::Init,
        outcome: Outcome::Success,
        purpose: Purpose::SysAdmin,
        count: 1,
        about: None,
        commitment: None,
        resources: Resources::Inline(Vec::new()),
    }
}

/// The second: every field used.
fn fullest() -> Entry {
    let reference = |text| ResourceRef::parse(text).unwrap();
    let detail = detail_bytes(&Detail { reason: Some("on call".into()), ..Detail::none() });
    Entry {
        place: Place {
            sequence: 2,
            previous: entry_hash(&bytes_of(&smallest())),
            epoch: 1,
            boot: BootId::from_bytes([0x22; 16]),
            time: 1_772_528_399_000_000,
            clock: Clock::Behind { newest: 1_772_528_400_000_000 },
        },
        actor: Actor {
            kind: ActorKind::ProxyFor,
            account: Some(AccountId::from_bytes([0x33; 16])),
            role: Some(Role::Proxy),
            person: Some(reference("RelatedPerson/r1")),
            on_behalf_of: Some(reference("Patient/p1")),
            job: None,
        },
        session: Some(SessionId::from_bytes([0x44; 16])),
        origin: Some(IpAddr::from([192, 168, 1, 7])),
        action: Action::Read,
        outcome: Outcome::Denied,
        purpose: Purpose::PatRqt,
        count: 3,
        about: Some(1),
        commitment: Some(commitment(&[0x55; 16], &detail)),
        resources: Resources::Inline(vec![
            Touched::new(None, TouchKind::Listed, vec![]),
            Touched::new(
                Some(FhirId::parse("p1").unwrap()),
                TouchKind::Opened,
                vec![
                    reference("Condition/01940000-0000-7000-8000-000000000001"),
                    reference("Condition/c2"),
                    reference("Observation/o1"),
                ],
            ),
        ]),
    }
}

#[test]
fn the_golden_vectors_of_the_document_hold() {
    let document = include_str!("../mod.rs");
    let words: String = document.lines().filter_map(|line| line.strip_prefix("//! ")).collect::<Vec<_>>().join("\n");
    let words: String = words.chars().filter(|c| !c.is_whitespace()).collect();
    for (name, entry) in [("smallest", smallest()), ("fullest", fullest())] {
        let bytes = bytes_of(&entry);
        assert_eq!(read_entry(&bytes).unwrap(), entry);
        for hex in [HEXLOWER.encode(&bytes), HEXLOWER.encode(&entry_hash(&bytes))] {
            assert!(words.contains(&hex), "the document lacks, for the {name} entry: {hex}");
        }
    }
    let detail = detail_bytes(&Detail { reason: Some("on call".into()), ..Detail::none() });
    assert!(words.contains(&HEXLOWER.encode(&detail)), "{}", HEXLOWER.encode(&detail));
    assert!(words.contains(&HEXLOWER.encode(&commitment(&[0x55; 16], &detail))));
    let (list, chunks) = side_list(&golden_list());
    assert!(words.contains(&HEXLOWER.encode(&chunks.concat())), "{}", HEXLOWER.encode(&chunks.concat()));
    assert!(words.contains(&HEXLOWER.encode(&list.hash)), "{}", HEXLOWER.encode(&list.hash));
}

fn golden_list() -> Vec<Touched> {
    let resources = vec![ResourceRef::parse("Observation/o1").unwrap()];
    vec![Touched::new(Some(FhirId::parse("p1").unwrap()), TouchKind::SentOut, resources)]
}

#[test]
fn the_hashes_of_the_smallest_entry_can_be_computed_by_hand() {
    let bytes = bytes_of(&smallest());
    let by_hand = blake3::hash(&[b"chartbox/audit/entry/v1\0".as_slice(), &bytes].concat());
    assert_eq!(entry_hash(&bytes), *by_hand.as_bytes());
    let genesis_by_hand = blake3::hash(&[b"chartbox/audit/genesis/v1\0".as_slice(), &[0xAB; 16]].concat());
    assert_eq!(bytes[9..41], genesis_by_hand.as_bytes()[..]);
}

#[test]
fn an_entry_is_under_four_hundred_bytes_without_its_lists() {
    let mut entry = fullest();
    entry.actor.person = Some(ResourceRef::parse("RelatedPerson/01940000-0000-7000-8000-000000000001").unwrap());
    entry.actor.on_behalf_of = Some(ResourceRef::parse("Patient/01940000-0000-7000-8000-000000000001").unwrap());
    entry.origin = Some(IpAddr::from([0xFE80, 0, 0, 0, 1, 2, 3, 4]));
    entry.resources = Resources::Side(SideList { parts: 1, resources: 900, chunks: 1, hash: [0; 32] });
    let length = bytes_of(&entry).len();
    assert!(length < 400, "{length}");
}

#[test]
fn text_is_escaped_and_bounded() {
    assert_eq!(escaped("a\nb\u{202E}c\u{7f}", 100), "a\\u{a}b\\u{202e}c\\u{7f}");
    assert_eq!(escaped("grüße", 4), "grü");
    assert_eq!(escaped("ab\n", 4), "ab");
    assert_eq!(escaped("", 4), "");
}

#[test]
fn one_list_has_one_encoding() {
    let list = |resources: &[&str]| {
        let mut entry = smallest();
        let resources = resources.iter().map(|r| ResourceRef::parse(r).unwrap()).collect();
        entry.resources = Resources::Inline(vec![Touched::new(None, TouchKind::Listed, resources)]);
        bytes_of(&entry)
    };
    assert!(read_entry(&list(&["Condition/a", "Condition/b"])).is_ok());
    assert!(read_entry(&list(&["Condition/b", "Condition/a"])).is_err(), "out of order");
    assert!(read_entry(&list(&["Condition/a", "Condition/a"])).is_err(), "twice");
    let mut parts = smallest();
    let part = Touched::new(None, TouchKind::Listed, vec![]);
    parts.resources = Resources::Inline(vec![part.clone(), part]);
    assert!(read_entry(&bytes_of(&parts)).is_err(), "the same patient and kind twice");
}

fn id() -> impl Strategy<Value = FhirId> {
    prop_oneof![
        "[A-Za-z0-9.-]{1,64}",
        any::<[u8; 16]>().prop_map(|bytes| uuid::Uuid::from_bytes(bytes).to_string()),
        any::<[u8; 16]>().prop_map(|bytes| uuid::Uuid::from_bytes(bytes).to_string().to_uppercase()),
    ]
    .prop_map(|text| FhirId::parse(&text).unwrap())
}

fn reference() -> impl Strategy<Value = ResourceRef> {
    ("[A-Z][a-z]{0,8}", id()).prop_map(|(name, id)| ResourceRef::new(&name, &id).unwrap())
}

fn touched() -> impl Strategy<Value = Vec<Touched>> {
    let place = (prop::option::of(id()), prop::sample::select(TouchKind::ALL));
    let resources = prop::collection::btree_set(reference(), 0..6);
    prop::collection::btree_map(place, resources, 0..4).prop_map(|parts| {
        let part =
            |((id, kind), set): (_, std::collections::BTreeSet<_>)| Touched::new(id, kind, set.into_iter().collect());
        parts.into_iter().map(part).collect()
    })
}

prop_compose! {
    fn actor()(
        kind in 1..=6u8, account in any::<Option<[u8; 16]>>(), role in 0..=7u8,
        person in prop::option::of(reference()), on_behalf_of in prop::option::of(reference()),
        job in prop::option::of(".{0,40}"),
    ) -> Actor {
        Actor {
            kind: numbers::actor_kind(kind).unwrap(),
            account: account.map(AccountId::from_bytes),
            role: numbers::role(role),
            person, on_behalf_of,
            job: job.map(Into::into),
        }
    }
}

prop_compose! {
    fn entry()(
        place in any::<(u64, [u8; 32], u32, [u8; 16], i64, Option<i64>)>(),
        actor in actor(),
        session in any::<Option<[u8; 16]>>(), origin in any::<Option<IpAddr>>(),
        action in prop::sample::select(Action::ALL), outcome in prop::sample::select(Outcome::ALL),
        purpose in prop::sample::select(Purpose::ALL),
        count in any::<u32>(), about in any::<Option<u64>>(), commitment in any::<Option<[u8; 32]>>(),
        touched in touched(), side in any::<Option<(u32, u64, u32, [u8; 32])>>(),
    ) -> Entry {
        let (sequence, previous, epoch, boot, time, newest) = place;
        Entry {
            place: Place {
                sequence, previous, epoch, boot: BootId::from_bytes(boot), time,
                clock: newest.map_or(Clock::Forward, |newest| Clock::Behind { newest }),
            },
            actor, session: session.map(SessionId::from_bytes), origin, action, outcome, purpose, count, about, commitment,
            resources: match side {
                Some((parts, resources, chunks, hash)) => {
                    Resources::Side(SideList { parts, resources, chunks, hash })
                }
                None => Resources::Inline(touched),
            },
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(entry in entry()) {
        let bytes = bytes_of(&entry);
        prop_assert_eq!(read_entry(&bytes).unwrap(), entry);
        prop_assert!(read_entry(&bytes[..bytes.len() - 1]).is_err());
        prop_assert!(read_entry(&[&bytes[..], &[0]].concat()).is_err());
    }

    #[test]
    fn what_reads_at_all_is_written_to_the_same_bytes(entry in entry(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = bytes_of(&entry);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Ok(read) = read_entry(&bytes) {
            prop_assert_eq!(bytes_of(&read), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        let _ = read_entry(&bytes);
        let _ = read_entry(&[&[1], &bytes[..]].concat());
        let _ = read_chunk(&bytes);
        let _ = skim_chunk(&bytes, |_| ());
        let _ = read_detail(&bytes);
    }

    #[test]
    fn a_detail_reads_back(texts in any::<[Option<String>; 4]>()) {
        let [search, reason, user_agent, note] = texts;
        let detail = Detail { search, reason, user_agent, note };
        prop_assert_eq!(read_detail(&detail_bytes(&detail)).unwrap(), detail);
    }

    #[test]
    fn a_side_list_reads_back_from_its_chunks(parts in touched(), many in 0..1200usize) {
        let mut parts = parts;
        let long = (0..many).map(|n| ResourceRef::parse(&format!("Observation/{n:05}")).unwrap()).collect();
        parts.push(Touched::new(Some(FhirId::parse("zzzzzzzz").unwrap()), TouchKind::System, long));
        let (list, chunks) = side_list(&parts);
        let mut read: Vec<Touched> = Vec::new();
        for (part, continued) in chunks.iter().flat_map(|chunk| read_chunk(chunk).unwrap()) {
            if continued {
                read.last_mut().unwrap().resources.extend(part.resources);
            } else {
                read.push(part);
            }
        }
        let mut skimmed = Vec::new();
        for chunk in &chunks {
            let each = |r: &Skimmed| skimmed.push((r.patient.clone(), r.kind, usize::from(r.resources), r.continued));
            skim_chunk(chunk, each).unwrap();
        }
        let records = chunks.iter().flat_map(|chunk| read_chunk(chunk).unwrap());
        let records: Vec<_> = records.map(|(part, more)| (part.patient, part.kind, part.resources.len(), more)).collect();
        prop_assert_eq!(skimmed, records);
        prop_assert_eq!(list.chunks as usize, chunks.len());
        prop_assert_eq!(list.parts as usize, parts.len());
        prop_assert_eq!(list.resources, parts.iter().map(|p| p.resources.len() as u64).sum::<u64>());
        prop_assert_eq!(read, parts);
    }
}
