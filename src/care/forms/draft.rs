//! What was typed and not sent: kept for the account alone that typed it, in the encrypted store, never in an address.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::base::{AccountId, FhirId, ResourceRef, Timestamp};
use crate::store::{Direction, KeyRange, Read, ReadExt, Record, StoreError, Table, Tx, tables};

/// How long a draft is kept.
pub const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// After this long a draft is no longer what somebody comes back for right after signing in.
const FRESH: Duration = Duration::from_secs(12 * 3600);
/// One account's drafts; the oldest makes room.
const MOST: usize = 20;
/// What was typed into a form is kept up to so many bytes, however many its letters take on the way: what every form of a box
/// takes as it is delivered. One account's drafts together are kept up to so many, as they are stored; the oldest makes room.
pub const LONGEST: usize = 2 << 20;
const MOST_BYTES: usize = 8 << 20;

const DRAFTS: Table<(AccountId, String), Draft> = Table::new(tables::FORM_DRAFTS);

/// A form as it was typed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The fields, `application/x-www-form-urlencoded`.
    pub body: Vec<u8>,
    #[serde(with = "jiff::fmt::serde::timestamp::millisecond::required")]
    pub at: Timestamp,
}
impl Record for Draft {}

impl Draft {
    /// The same for another patient, where a field names the first. It says whose it was, until it is theirs again.
    #[must_use]
    pub fn of_other(self, from: &FhirId, to: &FhirId) -> Self {
        let (own, other) = (format!("{PATIENT}{from}"), format!("{PATIENT}{to}"));
        let (back, came) = (came_from(to), came_from(from));
        let goes_back = self.came_from(to);
        let pairs = self.body.split(|byte| *byte == b'&').filter(|pair| *pair != back.as_bytes());
        let pairs = pairs.map(|pair| if pair == own.as_bytes() { other.as_bytes() } else { pair });
        let came = Some(came.as_bytes()).filter(|_| !goes_back);
        Self { body: pairs.chain(came).collect::<Vec<_>>().join(&b'&'), at: self.at }
    }

    /// The same in the place of one of before: for whom that one was typed it is, too, until it is sent or thrown away.
    fn in_place_of(&self, before: &Self) -> Self {
        let own = |pair: &[u8]| self.body.split(|byte| *byte == b'&').any(|known| known == pair);
        let came = before.body.split(|byte| *byte == b'&').filter(|pair| is_came_from(pair) && !own(pair));
        let pairs = Some(self.body.as_slice()).filter(|body| !body.is_empty()).into_iter().chain(came);
        Self { body: pairs.collect::<Vec<_>>().join(&b'&'), at: self.at }
    }

    /// How many bytes were typed: on the way each that is no plain letter is three.
    fn typed(&self) -> usize {
        let escaped = self.body.iter().filter(|byte| **byte == b'%').count();
        self.body.len().saturating_sub(escaped.saturating_mul(2))
    }

    /// Whether it was typed for this patient, whose record was joined to the one in whose pages it is.
    fn came_from(&self, joined: &FhirId) -> bool {
        let field = came_from(joined);
        self.body.split(|byte| *byte == b'&').any(|pair| pair == field.as_bytes())
    }
}

/// The field by which a draft says for which patient it was typed, whose record was joined to another since.
pub const CAME_FROM: &str = "came_from";

fn came_from(joined: &FhirId) -> String {
    format!("{CAME_FROM}={joined}")
}

fn is_came_from(pair: &[u8]) -> bool {
    pair.strip_prefix(CAME_FROM.as_bytes()).is_some_and(|rest| rest.starts_with(b"="))
}

/// Before the id of a patient in the address of a page.
const PAGES: &str = "/patients/";
/// The page that names its patient in its query and in its form.
const BOOKING: &str = "/bookings/new";
const PATIENT: &str = "patient=";

/// Whose page this is: of a record, or with a form about one.
pub fn patient_of_page(at: &str) -> Option<FhirId> {
    let (path, query) = at.split_once('?').unwrap_or((at, ""));
    let id = match path.strip_prefix(PAGES) {
        Some(rest) => rest.split('/').next()?,
        None if path == BOOKING => query.split('&').find_map(|pair| pair.strip_prefix(PATIENT))?,
        None => return None,
    };
    FhirId::parse(id).ok()
}

/// The same page of another patient; `None` for what is no page of the first.
pub fn page_of_other(at: &str, from: &FhirId, to: &FhirId) -> Option<String> {
    if patient_of_page(at).as_ref() != Some(from) {
        return None;
    }
    if let Some(rest) = at.strip_prefix(PAGES).and_then(|rest| rest.strip_prefix(from.as_str())) {
        return Some(format!("{PAGES}{to}{rest}"));
    }
    let (path, query) = at.split_once('?')?;
    let (own, other) = (format!("{PATIENT}{from}"), format!("{PATIENT}{to}"));
    let query: Vec<&str> = query.split('&').map(|pair| if pair == own { &other } else { pair }).collect();
    Some(format!("{path}?{}", query.join("&")))
}

/// In place of an address: words whose page is not there any more. They stand over the page where somebody's work begins.
pub const PAGE_GONE: &str = "page-gone";

/// Where a draft belongs: the address of the page with the form. Before it, of an account that acts for several, as whom it
/// was typed: what was begun for one patient never stands in the form of another.
pub type DraftAt = String;

/// The place of a page, as it is looked at by this person.
pub fn place(acting: Option<&ResourceRef>, at: &str) -> DraftAt {
    match acting {
        Some(person) => format!("{person} {at}"),
        None => at.to_owned(),
    }
}

/// As whom it was typed, and the page.
pub fn parts(place: &str) -> (Option<&str>, &str) {
    match place.split_once(' ') {
        Some((person, at)) => (Some(person), at),
        None => (None, place),
    }
}

/// Whether what was typed is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "nobody is told that something is kept which is not"]
pub enum Keeping {
    Kept,
    /// It is not, and what was kept before for its page stays.
    TooLong,
}

/// Keeps a draft in the place of an earlier one. What is too long is not kept.
pub fn keep(tx: &mut Tx<'_>, account: AccountId, place: DraftAt, draft: &Draft) -> Result<Keeping, StoreError> {
    if draft.typed() > LONGEST || place.len() > 2_000 {
        return Ok(Keeping::TooLong);
    }
    let key = (account, place);
    let before = tx.get(&DRAFTS, &key)?;
    tx.put(&DRAFTS, &key, &before.map_or_else(|| draft.clone(), |before| draft.in_place_of(&before)))?;
    let mut all: Vec<((AccountId, String), Timestamp, usize)> = tx
        .scan(&DRAFTS, KeyRange::prefix(&(account,)), Direction::Up)?
        .map(|row| row.map(|(key, draft)| (key, draft.at, draft.body.len())))
        .collect::<Result<_, _>>()?;
    all.sort_by_key(|(_, at, _)| std::cmp::Reverse(*at));
    let (mut count, mut bytes) = (0_usize, 0_usize);
    for (other, _, length) in &all {
        (count, bytes) = (count.saturating_add(1), bytes.saturating_add(*length));
        if *other != key && (count > MOST || bytes > MOST_BYTES) {
            tx.delete(&DRAFTS, other)?;
        }
    }
    Ok(Keeping::Kept)
}

/// The draft of this account for this page.
pub fn kept(read: &(impl Read + ?Sized), account: AccountId, place: &str) -> Result<Option<Draft>, StoreError> {
    read.get(&DRAFTS, &(account, place.to_owned()))
}

/// The drafts of this account for a page, whichever of its tabs they were typed in: newest first.
pub fn kept_below(
    read: &(impl Read + ?Sized),
    account: AccountId,
    page: &str,
) -> Result<Vec<(DraftAt, Draft)>, StoreError> {
    let rows = read.scan(&DRAFTS, KeyRange::prefix(&(account,)), Direction::Up)?;
    let mut found: Vec<(DraftAt, Draft)> =
        rows.map(|row| row.map(|((_, place), draft)| (place, draft))).collect::<Result<_, _>>()?;
    found.retain(|(place, _)| place.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('?')));
    found.sort_by_key(|(_, draft)| std::cmp::Reverse(draft.at));
    Ok(found)
}

/// Where the account's newest draft belongs, if it is a fresh one: there somebody goes on who signs in again.
pub fn last_kept(
    read: &(impl Read + ?Sized),
    account: AccountId,
    now: Timestamp,
) -> Result<Option<DraftAt>, StoreError> {
    let mut newest: Option<(Timestamp, String)> = None;
    for row in read.scan(&DRAFTS, KeyRange::prefix(&(account,)), Direction::Up)? {
        let ((_, place), draft) = row?;
        let fresh = now.duration_since(draft.at).unsigned_abs() < FRESH && parts(&place).1 != PAGE_GONE;
        if fresh && newest.as_ref().is_none_or(|(at, _)| *at < draft.at) {
            newest = Some((draft.at, place));
        }
    }
    Ok(newest.map(|(_, place)| place))
}

/// What anybody typed on pages of one patient is of the same pages of another from now on, where `is_one` says that the page
/// goes along, and where it was typed for that other. What stands there already stays; of what was typed for that other the words
/// then wait without a page, and in no form of the first.
pub fn moved(tx: &mut Tx<'_>, (from, to): (&FhirId, &FhirId), is_one: impl Fn(&str) -> bool) -> Result<(), StoreError> {
    let all: Vec<((AccountId, String), Draft)> =
        tx.scan(&DRAFTS, KeyRange::all(), Direction::Up)?.collect::<Result<_, _>>()?;
    for ((account, old), draft) in all {
        let (person, at) = parts(&old);
        let goes = is_one(at) || draft.came_from(to);
        let Some(other) = page_of_other(at, from, to).filter(|_| goes) else { continue };
        let new = (account, person.map_or_else(|| other.clone(), |person| format!("{person} {other}")));
        if tx.get(&DRAFTS, &new)?.is_none() {
            tx.put(&DRAFTS, &new, &draft.of_other(from, to))?;
            tx.delete(&DRAFTS, &(account, old))?;
        } else if draft.came_from(to) {
            page_is_gone(tx, account, &old)?;
        }
    }
    Ok(())
}

/// The page of a draft is not there any more: its words go to [`PAGE_GONE`], after those that are there.
pub fn page_is_gone(tx: &mut Tx<'_>, account: AccountId, place: &str) -> Result<(), StoreError> {
    let old = (account, place.to_owned());
    let Some(draft) = tx.get(&DRAFTS, &old)? else { return Ok(()) };
    tx.delete(&DRAFTS, &old)?;
    let new = match parts(place).0 {
        Some(person) => format!("{person} {PAGE_GONE}"),
        None => PAGE_GONE.to_owned(),
    };
    let before = kept(tx, account, &new)?.map(|before| before.body);
    let all: Vec<&[u8]> =
        before.iter().chain([&draft.body]).map(Vec::as_slice).filter(|body| !body.is_empty()).collect();
    match keep(tx, account, new.clone(), &Draft { body: all.join(&b'&'), at: draft.at })? {
        Keeping::Kept => Ok(()),
        // Both are too long together: the newer ones stay.
        Keeping::TooLong => tx.put(&DRAFTS, &(account, new), &draft),
    }
}

/// The form was sent, or its draft thrown away.
pub fn take_away(tx: &mut Tx<'_>, account: AccountId, place: &str) -> Result<(), StoreError> {
    tx.delete(&DRAFTS, &(account, place.to_owned()))
}

/// Takes away what nobody came back for; answers with how many rows.
pub fn swept(tx: &mut Tx<'_>, now: Timestamp) -> Result<usize, StoreError> {
    let old: Vec<_> = tx
        .scan(&DRAFTS, KeyRange::all(), Direction::Up)?
        .filter(|row| row.as_ref().map_or(true, |(_, draft)| now.duration_since(draft.at).unsigned_abs() > KEPT))
        .map(|row| row.map(|(key, _)| key))
        .collect::<Result<_, _>>()?;
    old.iter().try_for_each(|key| tx.delete(&DRAFTS, key))?;
    Ok(old.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Ambient, ManualClock, SeededRandom};
    use crate::store::{Store, Value};

    fn draft(second: i64) -> Draft {
        Draft { body: b"a=b".to_vec(), at: Timestamp::from_second(second).unwrap() }
    }

    fn keeping(store: &Store, account: AccountId, place: &'static str, draft: Draft) -> Keeping {
        store.write_blocking(move |tx| keep(tx, account, place.into(), &draft)).unwrap()
    }

    #[test]
    fn a_draft_is_its_accounts_alone_and_the_newest_is_found() {
        let ambient = Ambient::new(ManualClock::at(Timestamp::UNIX_EPOCH), SeededRandom::new(1));
        let (one, other) = (AccountId::new(&ambient), AccountId::new(&ambient));
        let store = Store::in_memory();
        let put = |place: &'static str, draft: Draft| keeping(&store, one, place, draft);
        let long = || Draft { body: vec![0; LONGEST + 1], at: draft(300).at };
        assert_eq!((put("/a", draft(100)), put("/b", draft(200))), (Keeping::Kept, Keeping::Kept));
        // What was kept of its page before stays.
        assert_eq!((put("/c", long()), put("/a", long())), (Keeping::TooLong, Keeping::TooLong));
        let read = store.read().unwrap();
        let now = Timestamp::from_second(1_000).unwrap();
        assert_eq!(kept(&read, one, "/a").unwrap(), Some(draft(100)));
        assert_eq!((kept(&read, other, "/a").unwrap(), kept(&read, one, "/c").unwrap()), (None, None));
        assert_eq!(last_kept(&read, one, now).unwrap().as_deref(), Some("/b"));
        assert_eq!(last_kept(&read, one, Timestamp::from_second(100_000).unwrap()).unwrap(), None);
        store.write_blocking(move |tx| take_away(tx, one, "/b")).unwrap();
        assert_eq!(last_kept(&store.read().unwrap(), one, now).unwrap().as_deref(), Some("/a"));
    }

    #[test]
    fn what_was_typed_for_one_patient_stands_in_no_form_of_another() {
        let store = Store::in_memory();
        let one = AccountId::from_bytes([1; 16]);
        let child = ResourceRef::parse("RelatedPerson/r").unwrap();
        let (own, childs) = (place(None, "/my/messages/new"), place(Some(&child), "/my/messages/new"));
        let kept_at = childs.clone();
        store.write_blocking(move |tx| keep(tx, one, kept_at, &draft(100)).map(drop)).unwrap();
        let read = store.read().unwrap();
        assert_eq!((kept(&read, one, &own).unwrap(), kept(&read, one, &childs).unwrap()), (None, Some(draft(100))));
        let last = last_kept(&read, one, Timestamp::from_second(200).unwrap()).unwrap().unwrap();
        assert_eq!(parts(&last), (Some("RelatedPerson/r"), "/my/messages/new"));
        assert_eq!(parts(&own), (None, "/my/messages/new"));
    }

    #[test]
    fn what_was_typed_follows_a_record_that_is_joined_and_goes_back_with_what_was_parted() {
        let (a, b) = (FhirId::parse("a").unwrap(), FhirId::parse("b").unwrap());
        let store = Store::in_memory();
        let one = AccountId::from_bytes([1; 16]);
        let places = |store: &Store| {
            let read = store.read().unwrap();
            let rows = read.scan(&DRAFTS, KeyRange::all(), Direction::Up).unwrap();
            rows.map(|row| row.unwrap().0.1).collect::<Vec<_>>()
        };
        let all = [
            "/patients/b",
            "/patients/b/notes/n?tab=x",
            "/patients/bb/notes/m",
            "/bookings/new?with=w&patient=b",
            "/patients/b/messages/new",
            "/patients/a/messages/new",
            "/audit?patient=b",
        ];
        for place in all {
            store.write_blocking(move |tx| keep(tx, one, place.into(), &draft(1)).map(drop)).unwrap();
        }
        let booked = Draft { body: b"kind=k&patient=b&over=patient%3Db".to_vec(), at: draft(1).at };
        store.write_blocking(move |tx| keep(tx, one, all[3].into(), &booked).map(drop)).unwrap();
        store.write_blocking(move |tx| moved(tx, (&b, &a), |_| true)).unwrap();
        let now = [
            "/audit?patient=b",
            "/bookings/new?with=w&patient=a",
            "/patients/a",
            "/patients/a/messages/new",
            "/patients/a/notes/n?tab=x",
            "/patients/b/messages/new",
            "/patients/bb/notes/m",
        ];
        let mut found = places(&store);
        found.sort();
        assert_eq!(found, now, "what was typed for both stands with each");
        let read = store.read().unwrap();
        let body = kept(&read, one, now[1]).unwrap().unwrap().body;
        assert_eq!(body, b"kind=k&patient=a&over=patient%3Db&came_from=b");
        let (a, b) = (FhirId::parse("a").unwrap(), FhirId::parse("b").unwrap());
        store.write_blocking(move |tx| keep(tx, one, "/patients/a/correct".into(), &draft(1)).map(drop)).unwrap();
        store.write_blocking(move |tx| keep(tx, one, "/patients/a/problems/n".into(), &draft(1)).map(drop)).unwrap();
        store.write_blocking(move |tx| moved(tx, (&a, &b), |at| at.contains("/problems/n"))).unwrap();
        let stand = places(&store);
        for (place, is_there) in [
            ("/patients/b/notes/n?tab=x", true),
            ("/patients/b/problems/n", true),
            ("/patients/b", true),
            ("/patients/a", false),
            ("/patients/a/correct", true),
        ] {
            assert_eq!(stand.contains(&place.to_owned()), is_there, "{place}");
        }
        let back = kept(&store.read().unwrap(), one, "/bookings/new?with=w&patient=b").unwrap().unwrap();
        assert_eq!(back.body, b"kind=k&patient=b&over=patient%3Db");
    }

    #[test]
    fn what_is_typed_on_for_a_joined_record_is_the_other_patients_still() {
        let (a, b) = (FhirId::parse("a").unwrap(), FhirId::parse("b").unwrap());
        let store = Store::in_memory();
        let one = AccountId::from_bytes([1; 16]);
        let put = |place: &'static str, body: &'static str| {
            let draft = Draft { body: body.into(), at: draft(1).at };
            store.write_blocking(move |tx| keep(tx, one, place.into(), &draft).map(drop)).unwrap();
        };
        let body_at = |place: &str| {
            let found = kept(&store.read().unwrap(), one, place).unwrap();
            found.map(|draft| String::from_utf8(draft.body).unwrap())
        };
        let (at_a, at_b) = ("/patients/a/problems/new", "/patients/b/problems/new");
        put(at_b, "name=Asthma");
        let pair = (b.clone(), a.clone());
        store.write_blocking(move |tx| moved(tx, (&pair.0, &pair.1), |_| true)).unwrap();
        put(at_a, "name=Asthma+and+more");
        put(at_a, "name=Asthma+and+more+yet");
        assert_eq!(body_at(at_a).as_deref(), Some("name=Asthma+and+more+yet&came_from=b"));
        let pair = (a.clone(), b.clone());
        store.write_blocking(move |tx| moved(tx, (&pair.0, &pair.1), |_| false)).unwrap();
        assert_eq!((body_at(at_a), body_at(at_b).as_deref()), (None, Some("name=Asthma+and+more+yet")));
        // Where something else stands on their page, the words are in no form of the first all the same.
        put(at_a, "name=Gout&came_from=b");
        store.write_blocking(move |tx| moved(tx, (&a, &b), |_| false)).unwrap();
        assert_eq!((body_at(at_a), body_at(at_b).as_deref()), (None, Some("name=Asthma+and+more+yet")));
        assert_eq!(body_at(PAGE_GONE).as_deref(), Some("name=Gout&came_from=b"));
        // Sent or thrown away, it is over.
        put(at_a, "name=Gout&came_from=b");
        store.write_blocking(move |tx| take_away(tx, one, at_a)).unwrap();
        put(at_a, "name=Cough");
        assert_eq!(body_at(at_a).as_deref(), Some("name=Cough"));
    }

    #[test]
    fn a_text_is_as_long_as_it_was_typed_and_many_long_ones_make_room() {
        let store = Store::in_memory();
        let one = AccountId::from_bytes([1; 16]);
        let long = |letters: usize, at: i64| Draft { body: "%E8".repeat(letters).into_bytes(), at: draft(at).at };
        let put = |place: &'static str, draft: Draft| keeping(&store, one, place, draft);
        assert_eq!(put("/too-long", long(LONGEST + 1, 1)), Keeping::TooLong);
        assert_eq!(put("/a", long(LONGEST, 2)), Keeping::Kept);
        assert_eq!(put("/b", long(LONGEST, 3)), Keeping::Kept);
        let read = store.read().unwrap();
        assert!(kept(&read, one, "/a").unwrap().is_none(), "both together are too many bytes");
        assert_eq!(kept(&read, one, "/b").unwrap().unwrap().typed(), LONGEST);
    }

    #[test]
    fn the_tabs_of_a_page_each_keep_their_own() {
        let store = Store::in_memory();
        let one = AccountId::from_bytes([1; 16]);
        for (place, second) in [("/n/1?tab=a", 1), ("/n/1?tab=b", 2), ("/n/10", 3), ("/n/1", 0)] {
            store.write_blocking(move |tx| keep(tx, one, place.into(), &draft(second)).map(drop)).unwrap();
        }
        let found = kept_below(&store.read().unwrap(), one, "/n/1").unwrap();
        let places: Vec<&str> = found.iter().map(|(place, _)| place.as_str()).collect();
        assert_eq!(places, ["/n/1?tab=b", "/n/1?tab=a", "/n/1"]);
    }

    #[test]
    fn words_without_a_page_are_kept_and_are_no_place_to_go_on_at() {
        let store = Store::in_memory();
        let one = AccountId::from_bytes([1; 16]);
        let now = Timestamp::from_second(1_000).unwrap();
        for (place, body) in [("/n/1", "a=1"), ("/n/2", "b=2"), ("RelatedPerson/r /n/3", "c=3")] {
            let draft = Draft { body: body.into(), at: draft(100).at };
            store.write_blocking(move |tx| keep(tx, one, place.into(), &draft).map(drop)).unwrap();
            store.write_blocking(move |tx| page_is_gone(tx, one, place)).unwrap();
        }
        store.write_blocking(move |tx| page_is_gone(tx, one, "/n/4")).unwrap();
        let read = store.read().unwrap();
        assert_eq!(last_kept(&read, one, now).unwrap(), None);
        assert_eq!(kept(&read, one, PAGE_GONE).unwrap().unwrap().body, b"a=1&b=2");
        let childs = place(Some(&ResourceRef::parse("RelatedPerson/r").unwrap()), PAGE_GONE);
        assert_eq!(kept(&read, one, &childs).unwrap().unwrap().body, b"c=3");
    }

    #[test]
    fn one_account_keeps_only_so_many() {
        let store = Store::in_memory();
        let one = AccountId::from_bytes([1; 16]);
        for n in 0..=MOST {
            let at = i64::try_from(n).unwrap();
            store.write_blocking(move |tx| keep(tx, one, format!("/{n}"), &draft(at)).map(drop)).unwrap();
        }
        let read = store.read().unwrap();
        assert_eq!(kept(&read, one, "/0").unwrap(), None);
        assert!(kept(&read, one, &format!("/{MOST}")).unwrap().is_some());
    }

    #[test]
    fn the_bytes_of_a_draft_are_these() {
        let row = Draft { body: b"a=b".to_vec(), at: Timestamp::from_millisecond(3).unwrap() };
        let golden = [&[1, 3][..], b"a=b", &[6]].concat();
        assert_eq!(row.to_stored().unwrap(), golden);
        assert_eq!(Draft::from_stored(golden.into()).unwrap(), row);
    }
}
