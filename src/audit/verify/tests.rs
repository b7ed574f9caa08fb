use bytes::Bytes;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::fixture::{Chain, Item, Stolen, TABLES, event, forge, items};
use super::*;
use crate::audit::{Detail, Resources};
use crate::store::{Key, TableId, tables};

fn run(chain: &Chain, stolen: &Stolen, input: &VerifyInput) -> Report {
    verify(stolen, input, &chain.ambient).unwrap()
}

fn alone() -> VerifyInput {
    VerifyInput::default()
}

fn against(chain: &Chain, checkpoint: &Checkpoint) -> VerifyInput {
    VerifyInput {
        checkpoints: vec![checkpoint.text.clone()],
        pinned: vec![chain.signer.fingerprint()],
        own_key: Some(chain.signer.public()),
    }
}

fn entry_key(sequence: u64) -> Vec<u8> {
    (sequence,).to_bytes()
}

fn set_entry(stolen: &mut Stolen, sequence: u64, bytes: Bytes) {
    stolen.rows_mut(tables::AUDIT_ENTRIES).insert(entry_key(sequence), bytes);
}

fn entry_bytes(stolen: &Stolen, sequence: u64) -> Bytes {
    stolen.rows(tables::AUDIT_ENTRIES)[&entry_key(sequence)].clone()
}

/// Changes one byte inside the account of the actor: the entry stays readable.
fn edited(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[74] ^= 1;
    bytes.into()
}

/// Changes one byte of the hash before.
fn relinked(bytes: &Bytes) -> Bytes {
    let mut bytes = bytes.to_vec();
    bytes[12] ^= 1;
    bytes.into()
}

#[test]
fn a_chain_as_it_was_written_is_whole() {
    let chain = Chain::full();
    let stolen = chain.steal();
    let report = run(&chain, &stolen, &alone());
    assert!(report.is_whole(), "{report}");
    assert_eq!(report.entries, super::super::size(&stolen).unwrap());
    assert_eq!((report.details_withheld, report.side_lists, report.epoch), (1, 1, 1));
    assert_eq!((report.stored_checkpoints, report.clock_behind, report.keys.len()), (3, 3, 2));
    assert_eq!(
        report.cannot_detect,
        [Blind::Rewritten, Blind::OtherKey, Blind::UnwrittenFailures, Blind::NeverWritten]
    );
    let mut forged = items(&stolen);
    forged.truncate(forged.len());
    let same = forge(&stolen, &forged, [&chain.old, &chain.signer]);
    assert!(same.rows(tables::AUDIT_ENTRIES) == stolen.rows(tables::AUDIT_ENTRIES), "the forger knows the format");
    assert!(same.rows(tables::AUDIT_BY_PATIENT) == stolen.rows(tables::AUDIT_BY_PATIENT));
}

#[test]
fn an_empty_store_is_whole_and_says_what_that_is_worth() {
    let chain = Chain::empty();
    let report = run(&chain, &chain.steal(), &alone());
    assert!(report.is_whole() && report.entries == 0);
    assert!(report.to_string().contains("It was not held against a checkpoint"));
}

#[test]
fn each_class_is_found_by_its_name() {
    let chain = Chain::full();
    let whole = chain.steal();
    let last = super::super::size(&whole).unwrap();
    let found = |change: &dyn Fn(&mut Stolen)| {
        let mut stolen = whole.clone();
        change(&mut stolen);
        run(&chain, &stolen, &alone()).findings
    };
    let entries = tables::AUDIT_ENTRIES;
    let changed = found(&|s| set_entry(s, 5, edited(&entry_bytes(s, 5))));
    assert!(changed.contains(&Finding::Changed { sequence: 5 }), "{changed:?}");
    let changed = found(&|s| set_entry(s, 5, relinked(&entry_bytes(s, 5))));
    assert_eq!(changed, [Finding::Changed { sequence: 5 }]);
    let changed = found(&|s| set_entry(s, 5, Bytes::from_static(b"\x01nonsense")));
    assert!(changed.contains(&Finding::Unreadable { sequence: 5 }), "{changed:?}");
    let deleted = found(&|s| drop(s.rows_mut(entries).remove(&entry_key(5))));
    assert!(deleted.contains(&Finding::Deleted { from: 5, to: 5 }), "{deleted:?}");
    let closed = found(&|s| {
        (5..last).for_each(|n| set_entry(s, n, entry_bytes(&whole, n + 1)));
        s.rows_mut(entries).remove(&entry_key(last));
    });
    assert!(closed.contains(&Finding::Deleted { from: 5, to: 5 }), "{closed:?}");
    let inserted = found(&|s| {
        (6..=last).for_each(|n| set_entry(s, n + 1, entry_bytes(&whole, n)));
        set_entry(s, 6, edited(&entry_bytes(&whole, 6)));
    });
    assert!(inserted.contains(&Finding::Inserted { sequence: 6 }), "{inserted:?}");
    let moved = found(&|s| {
        set_entry(s, 5, entry_bytes(&whole, 6));
        set_entry(s, 6, entry_bytes(&whole, 5));
    });
    assert!(moved.contains(&Finding::Reordered { sequence: 5, says: 6 }), "{moved:?}");
    let copied = found(&|s| set_entry(s, 7, entry_bytes(&whole, 4)));
    assert!(copied.contains(&Finding::Duplicated { sequence: 7, of: 4 }), "{copied:?}");
    let pushed = found(&|s| (6..=last).for_each(|n| set_entry(s, n + 1, entry_bytes(&whole, n))));
    assert!(pushed.contains(&Finding::Duplicated { sequence: 7, of: 6 }), "{pushed:?}");
    let cut = found(&|s| drop(s.rows_mut(entries).remove(&entry_key(last))));
    assert!(cut.contains(&Finding::CutAtHead { entries: last - 1, expected: last }), "{cut:?}");
    let behind = found(&|s| set_entry(s, last + 1, entry_bytes(&whole, last)));
    assert_eq!(behind, [Finding::BehindHead { from: last + 1, to: last + 1 }]);
    let headless = found(&|s| s.rows_mut(tables::AUDIT_HEAD).clear());
    assert!(headless.contains(&Finding::HeadMissing), "{headless:?}");
}

#[test]
fn what_stands_beside_the_entries_is_held_to_them() {
    let chain = Chain::full();
    let whole = chain.steal();
    let found = |change: &dyn Fn(&mut Stolen)| {
        let mut stolen = whole.clone();
        change(&mut stolen);
        run(&chain, &stolen, &alone()).findings
    };
    let details = tables::AUDIT_DETAILS;
    let flip = |bytes: &Bytes| {
        let mut bytes = bytes.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        Bytes::from(bytes)
    };
    let change = |table: TableId, key: Vec<u8>| {
        found(&move |s: &mut Stolen| {
            let value = flip(&s.rows(table)[&key]);
            s.rows_mut(table).insert(key.clone(), value);
        })
    };
    assert_eq!(change(details, entry_key(5)), [Finding::DetailChanged { sequence: 5 }]);
    assert_eq!(found(&|s| drop(s.rows_mut(details).remove(&entry_key(5)))), [Finding::DetailMissing { sequence: 5 }]);
    assert_eq!(
        found(&|s| drop(s.rows_mut(details).insert(entry_key(2), Bytes::new()))),
        [Finding::DetailSurplus { sequence: 2 }]
    );
    assert_eq!(
        found(&|s| drop(s.rows_mut(details).remove(&entry_key(3)))),
        [Finding::DetailMissing { sequence: 3 }, Finding::ErasureUndone { sequence: 3 }]
    );
    // A forged erasure that points at an entry which is none.
    let forged = found(&|s| {
        s.rows_mut(details).insert(entry_key(5), Bytes::from_static(&[1, 0, 0, 0, 0, 0, 0, 0, 8]));
    });
    assert_eq!(forged, [Finding::DetailMissing { sequence: 5 }]);
    let list = whole.rows(tables::AUDIT_LISTS).keys().next().unwrap().clone();
    let changed = change(tables::AUDIT_LISTS, list.clone());
    assert!(changed.contains(&Finding::ListChanged { sequence: 9 }), "{changed:?}");
    let surplus = found(&|s| drop(s.rows_mut(tables::AUDIT_LISTS).insert((4_u64, 0_u32).to_bytes(), Bytes::new())));
    assert_eq!(surplus, [Finding::ListSurplus { sequence: 4 }]);
    let missing = found(&|s| drop(s.rows_mut(tables::AUDIT_CHECKPOINTS).pop_last()));
    assert!(matches!(missing[..], [Finding::StoredCheckpointMissing { .. }]), "{missing:?}");
    for (table, index) in [(tables::AUDIT_BY_PATIENT, Index::Patient), (tables::AUDIT_BY_ACCOUNT, Index::Account)] {
        let key = whole.rows(table).keys().next().unwrap().clone();
        let missing = found(&|s| drop(s.rows_mut(table).remove(&key)));
        assert!(matches!(missing[..], [Finding::IndexMissing { index: i, .. }] if i == index), "{missing:?}");
        let surplus = found(&|s| {
            let mut other = key.clone();
            *other.last_mut().unwrap() ^= 1;
            s.rows_mut(table).insert(other, Bytes::from_static(&[1]));
        });
        assert!(matches!(surplus[..], [Finding::IndexSurplus { index: i, .. }] if i == index), "{surplus:?}");
    }
}

/// One random change of rows, made without recomputing any hash.
fn mutate(stolen: &mut Stolen, rng: &mut StdRng) -> &'static str {
    let table = *TABLES.choose(rng).unwrap();
    let keys: Vec<Vec<u8>> = stolen.rows(table).keys().cloned().collect();
    let any = keys.choose(rng).unwrap().clone();
    let other = keys.choose(rng).unwrap().clone();
    let value = stolen.rows(table)[&any].clone();
    let entries = tables::AUDIT_ENTRIES;
    let count = stolen.rows(entries).len() as u64;
    let at = rng.random_range(1..=count);
    match rng.random_range(0..12) {
        0 | 1 => {
            let mut bytes = value.to_vec();
            if bytes.is_empty() {
                bytes.push(0);
            }
            let place = rng.random_range(0..bytes.len());
            bytes[place] ^= 1 << rng.random_range(0..8);
            stolen.rows_mut(table).insert(any, bytes.into());
            "a bit of a value flipped"
        }
        2 => {
            let mut key = any.clone();
            let place = rng.random_range(0..key.len());
            key[place] ^= 1 << rng.random_range(0..8);
            stolen.rows_mut(table).remove(&any);
            stolen.rows_mut(table).insert(key, value);
            "a bit of a key flipped"
        }
        3 => {
            stolen.rows_mut(table).remove(&any);
            "a row removed"
        }
        4 => {
            let mut key = any;
            let place = rng.random_range(0..key.len());
            key[place] = rng.random();
            stolen.rows_mut(table).insert(key, value);
            "a row copied to another key"
        }
        5 => {
            let theirs = stolen.rows(table)[&other].clone();
            stolen.rows_mut(table).insert(any, theirs);
            stolen.rows_mut(table).insert(other, value);
            "two rows exchanged"
        }
        6 => {
            stolen.rows_mut(table).insert(other, value);
            "a row's value copied over another"
        }
        7 => {
            (at..=count).for_each(|n| drop(stolen.rows_mut(entries).remove(&entry_key(n))));
            "the end cut off"
        }
        8 => {
            (at..count).for_each(|n| set_entry(stolen, n, entry_bytes(stolen, n + 1)));
            stolen.rows_mut(entries).remove(&entry_key(count));
            "an entry deleted and the rest closed up"
        }
        9 => {
            (at..=count).rev().for_each(|n| set_entry(stolen, n + 1, entry_bytes(stolen, n)));
            let from = rng.random_range(1..=count);
            set_entry(stolen, at, edited(&entry_bytes(stolen, from)));
            "an entry inserted and the rest pushed up"
        }
        10 => {
            let cut = rng.random_range(0..value.len().max(1));
            stolen.rows_mut(table).insert(any, value.slice(..cut.min(value.len())));
            "a value cut"
        }
        _ => {
            let bytes: Vec<u8> = (0..rng.random_range(0..300)).map(|_| rng.random()).collect();
            stolen.rows_mut(table).insert(any, bytes.into());
            "a value replaced by noise"
        }
    }
}

/// 9,000 of these and 1,000 forgeries below are 10,000 in all: none undetected with a checkpoint and key kept outside, and since no hash was recomputed, none
/// undetected without.
fn random_mutations(seeds: std::ops::Range<u64>) {
    let chain = Chain::full();
    let whole = chain.steal();
    let outside = against(&chain, &super::super::last_checkpoint(&whole).unwrap().unwrap());
    assert!(run(&chain, &whole, &outside).is_whole());
    let mut made = 0;
    for seed in seeds {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut stolen = whole.clone();
        let what = mutate(&mut stolen, &mut rng);
        if stolen.is_same(&whole) {
            continue;
        }
        made += 1;
        let input = if seed % 2 == 0 { &outside } else { &alone() };
        assert!(!run(&chain, &stolen, input).is_whole(), "seed {seed}: {what} went unseen");
    }
    assert!(made > 2_500, "{made}");
}

#[test]
fn random_mutations_are_seen_1() {
    random_mutations(0..3_000);
}

#[test]
fn random_mutations_are_seen_2() {
    random_mutations(3_000..6_000);
}

#[test]
fn random_mutations_are_seen_3() {
    random_mutations(6_000..9_000);
}

/// What a forger with the key of the store does, who recomputes every hash, head, index and signature.
fn forgery(all: &mut Vec<Item>, from: usize, rng: &mut StdRng) -> &'static str {
    let at = rng.random_range(from..all.len());
    match rng.random_range(0..7) {
        0 => {
            all[at].entry.place.time += 1;
            "changed"
        }
        1 => {
            all.remove(at);
            "deleted"
        }
        2 => {
            let mut new = all[at].clone();
            new.was = u64::MAX - 1;
            new.entry.place.time += 1;
            (new.detail, new.entry.commitment, new.entry.about) = (None, None, None);
            (new.chunks, new.entry.resources) = (Vec::new(), Resources::Inline(Vec::new()));
            new.entry.action = super::super::Action::Status;
            all.insert(at, new);
            "inserted"
        }
        3 => {
            let other = rng.random_range(from..all.len());
            all.swap(at, other);
            "reordered"
        }
        4 => {
            // A copy of the very last would stand behind every checkpoint: an entry appended, not a copy put in.
            let at = at.min(all.len() - 2);
            let copy = Item { was: u64::MAX - 1, ..all[at].clone() };
            let plain = copy.entry.about.is_none()
                && !matches!(copy.detail, Some(crate::audit::rows::DetailRow::Erased { .. }));
            if plain && copy.entry.action != super::super::Action::EpochOpen {
                all.insert(at, copy);
            }
            "duplicated"
        }
        5 => {
            all.truncate(at.max(1));
            "cut"
        }
        _ => {
            for item in all.iter_mut().skip(at) {
                item.entry.purpose = super::super::Purpose::SysAdmin;
            }
            "written anew"
        }
    }
}

#[test]
fn forgeries_are_seen_against_what_is_kept_outside_and_only_the_named_classes_are_not() {
    let chain = Chain::full();
    let middle = chain.checkpoint();
    chain.some(16, 22);
    let whole = chain.steal();
    let last = chain.checkpoint();
    let with_last = chain.steal();
    let original = items(&whole);
    let tail = usize::try_from(middle.size).unwrap();
    let (behind_middle, behind_last) = (against(&chain, &middle), against(&chain, &last));
    assert!(run(&chain, &whole, &behind_middle).is_whole());
    assert!(run(&chain, &with_last, &behind_last).is_whole());
    let own = VerifyInput { own_key: Some(chain.signer.public()), ..alone() };
    let (mut unseen_alone, mut unseen_tail) = (0, 0);
    for seed in 0..500 {
        let mut rng = StdRng::seed_from_u64(seed);
        // Anywhere up to the last outside checkpoint: seen, whoever signs.
        let mut all = items(&with_last);
        let what = forgery(&mut all, 0, &mut rng);
        let forged = forge(&with_last, &all, [&chain.old, &chain.signer]);
        if forged.rows(tables::AUDIT_ENTRIES) != with_last.rows(tables::AUDIT_ENTRIES) {
            assert!(!run(&chain, &forged, &behind_last).is_whole(), "seed {seed}: {what} went unseen");
            let report = run(&chain, &forged, &alone());
            if report.is_whole() {
                // Nothing given: unseen, and it says so.
                unseen_alone += 1;
                assert!(report.cannot_detect.contains(&Blind::Rewritten));
            }
            let resigned = forge(&with_last, &all, [&chain.stranger, &chain.stranger]);
            if !resigned.rows(tables::AUDIT_CHECKPOINTS).is_empty() {
                let report = run(&chain, &resigned, &own);
                let key = chain.stranger.fingerprint();
                assert!(
                    report.findings.contains(&Finding::SubstitutedKey { key, number: None }),
                    "seed {seed}: {what}"
                );
            }
        }
        // Only behind the last outside checkpoint: unseen, and it says so.
        let mut all = original.clone();
        let what = forgery(&mut all, tail, &mut rng);
        let report = run(&chain, &forge(&whole, &all, [&chain.old, &chain.signer]), &behind_middle);
        unseen_tail += u64::from(report.is_whole());
        let entries = report.entries - middle.size;
        assert!(
            report.cannot_detect.contains(&Blind::RewrittenAfter { size: middle.size, entries }),
            "seed {seed}: {what}: {report}"
        );
    }
    assert!(unseen_alone > 250 && unseen_tail > 450, "{unseen_alone} {unseen_tail}");
}

#[test]
fn a_fork_and_a_cut_behind_a_checkpoint_have_their_names() {
    let chain = Chain::full();
    let before = chain.steal();
    let checkpoint = chain.checkpoint();
    let input = against(&chain, &checkpoint);
    let size = checkpoint.size;
    let cut = run(&chain, &before, &input);
    assert_eq!(cut.findings, [Finding::CutBehindCheckpoint { entries: size - 1, expected: size }]);
    assert!(cut.to_string().starts_with("THE ACCESS LOG IS NOT AS IT WAS WRITTEN"));

    let mut forked = items(&chain.steal());
    forked.last_mut().unwrap().entry.place.time += 1;
    let forked = forge(&before, &forked, [&chain.old, &chain.signer]);
    assert_eq!(run(&chain, &forked, &input).findings, [Finding::Fork { size }]);

    let other = Chain::empty();
    other.some(0, 3);
    let other_checkpoint = Chain { ambient: chain.ambient.clone(), ..other }.checkpoint();
    let mut renamed = other_checkpoint.clone();
    renamed.text = other_checkpoint.text.replace("chartbox/audit/", "chartbox/other/");
    let report = run(&chain, &chain.steal(), &against(&chain, &renamed));
    assert!(matches!(report.findings[..], [Finding::BadCheckpoint { number: 1, .. }]), "{report}");
}

#[test]
fn a_restore_behind_a_checkpoint_is_told_from_a_cut() {
    let chain = Chain::full();
    let backup = chain.steal();
    chain.some(16, 20);
    let checkpoint = chain.checkpoint();
    // The box goes on from the backup, under a new epoch.
    let mut restored = items(&backup);
    let mut opened = restored.iter().find(|i| i.entry.action == super::super::Action::EpochOpen).unwrap().clone();
    opened.entry.place.time = restored.last().unwrap().entry.place.time + 1;
    opened.was = u64::MAX - 1;
    restored.push(opened);
    let restored = forge(&backup, &restored, [&chain.old, &chain.signer]);
    let findings = run(&chain, &restored, &against(&chain, &checkpoint)).findings;
    let entries = restored.rows(tables::AUDIT_ENTRIES).len() as u64;
    assert_eq!(findings, [Finding::RestoredBehindCheckpoint { entries, expected: checkpoint.size }]);
}

#[test]
fn keys_are_held_to_the_pinned_one() {
    let chain = Chain::full();
    let whole = chain.steal();
    let checkpoint = super::super::last_checkpoint(&whole).unwrap().unwrap();
    let pinned = |signer: &crate::crypto::Signer| VerifyInput {
        checkpoints: vec![checkpoint.text.clone()],
        pinned: vec![signer.fingerprint()],
        own_key: None,
    };
    // The old key, on a sheet printed before the key was changed, vouches for the new one.
    assert!(run(&chain, &whole, &pinned(&chain.old)).is_whole());
    assert!(run(&chain, &whole, &pinned(&chain.signer)).is_whole());
    let strange = run(&chain, &whole, &pinned(&chain.stranger));
    let key = chain.signer.fingerprint();
    assert!(strange.findings.contains(&Finding::SubstitutedKey { key, number: Some(1) }), "{strange}");

    // Store and checkpoint both made anew with another key: seen by the pinned key, and only by it.
    let forged = forge(&whole, &items(&whole), [&chain.stranger, &chain.stranger]);
    let theirs = super::super::last_checkpoint(&forged).unwrap().unwrap();
    let blind = run(&chain, &forged, &VerifyInput { checkpoints: vec![theirs.text.clone()], ..alone() });
    assert!(blind.is_whole() && blind.cannot_detect.contains(&Blind::OtherKey));
    let seen = run(
        &chain,
        &forged,
        &VerifyInput { checkpoints: vec![theirs.text], pinned: vec![chain.signer.fingerprint()], own_key: None },
    );
    let key = chain.stranger.fingerprint();
    assert!(seen.findings.contains(&Finding::SubstitutedKey { key, number: None }), "{seen}");
    assert!(seen.findings.contains(&Finding::SubstitutedKey { key, number: Some(1) }), "{seen}");
    assert!(!seen.cannot_detect.contains(&Blind::OtherKey));
}

#[test]
fn counted_failures_are_outside_the_chain_until_they_are_written() {
    let chain = Chain::full();
    let counted: Result<_, AuditError> =
        chain.audit.write_blocking(|tx| tx.count_failure(None, super::super::Action::SignIn));
    drop(counted.unwrap());
    let mut stolen = chain.steal();
    let before = run(&chain, &stolen, &alone());
    assert_eq!((before.pending_failures, before.is_whole()), (1, true));
    stolen.rows_mut(tables::AUDIT_FOLDED).clear();
    let after = run(&chain, &stolen, &alone());
    assert!(after.is_whole() && after.cannot_detect.contains(&Blind::UnwrittenFailures));
}

#[test]
fn the_report_reads_as_json_and_as_text() {
    let chain = Chain::full();
    let checkpoint = chain.checkpoint();
    chain.clock.advance(std::time::Duration::from_secs(3 * 86_400));
    chain.append(vec![event(1).detail(Detail::search("name=x"))]);
    let report = run(&chain, &chain.steal(), &against(&chain, &checkpoint));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!((&json["verdict"], &json["afterLastOutside"]), (&"whole".into(), &1.into()));
    assert_eq!(json["cannotDetect"][0]["class"], "rewritten-after");
    let text = report.to_string();
    assert!(text.starts_with("The access log is whole: "), "{text}");
    assert!(text.contains("What came since then (1 entry, 3 days) could have been cut unseen."), "{text}");
}
