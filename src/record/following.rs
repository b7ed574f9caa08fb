//! What stands under the rules of another resource: a Provenance under those of its targets, a Binary under those of its
//! `securityContext` (binary.html#security). It is whoever's they are, and as delicate as they are: who may not see a result is
//! not to read who signed it and why.
//!
//! Rows carry both, so they are settled when it is stored, and again whenever a resource that it follows becomes another's, is
//! sealed, or is unsealed. What tells of one may be much, and whoever seals it decides nothing about that: what cannot be settled
//! at once is noted, and settled a little at a time. As long as anything is noted, each row of a kind that follows is looked at
//! with what it follows ([`as_it_stands`]), so that nothing is open meanwhile that is not to be.

use std::cell::Cell;
use std::collections::{BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::about::lent_to_past;
use super::error::RecordError;
use super::index::{ELSEWHERE, local_hash};
use super::indexing::Indexed;
use super::layout::{REFERENCE, UNSETTLED};
use super::numbers::{as_stored, find, find_named, find_or_reserve, last_said};
use super::prepared::{Prepared, local_reference};
use super::rows::{Row, RowNumber, State};
use super::transaction::Voice;
use super::writing::{Writing, put_current};
use super::{OF_A_GROUP, Records};
use crate::access::{Hold, OwnWords, Sensitivity};
use crate::base::{FhirId, ResourceRef, Timestamp};
use crate::fhir::search::{clinical_date, compartment_patients};
use crate::fhir::{Definitions, Issue, IssueCode, ResourceType};
use crate::store::{CodecError, Desc, Direction, Key, KeyRange, Read, ReadExt, StoreError, Tx};

/// How long a change goes on to settle what follows, beside its own time. The last of them may take longer: one is settled whole.
const AT_ONCE: Duration = Duration::from_millis(200);
/// How long one stretch of what was left takes of the writer.
const STRETCH: Duration = Duration::from_millis(100);
/// How many followers are looked up together.
const TOGETHER: usize = 64;
/// How many of those whose followers are not settled one stretch begins with.
const BEGUN_TOGETHER: usize = 100;
/// How many bytes of what it follows are read for one row that is not settled. What follows more is sealed until it is settled.
pub(super) const MOST_READ: usize = 32 << 20;
/// How many followers patients and proxies may give one resource in their own words.
const MOST_OF_OWN_WORDS: usize = 100;

/// Whose compartments hold a resource, and how delicate it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub patients: Vec<RowNumber>,
    pub sensitivity: Sensitivity,
}

impl Standing {
    /// A file that goes with the documents that name it ([`super::taken_back`]) stays gone whatever else it follows.
    pub(super) fn stay_taken_back(&mut self, before: &Row, follows: &[ResourceRef]) {
        if stays_taken_back(before, follows) {
            self.sensitivity = self.sensitivity.taken_back();
        }
    }

    const fn none() -> Self {
        Self { patients: Vec::new(), sensitivity: Sensitivity::NORMAL }
    }

    /// Adds what a resource lends that is followed. That it was taken back and deleted takes back with it only what tells of nothing
    /// else ([`Gone`]).
    fn join(&mut self, number: RowNumber, other: Row, gone: &mut Gone) {
        let is_taken_back = other.sensitivity.is_taken_back();
        let is_gone = is_taken_back && (other.state == State::Deleted || other.kind == ResourceType::Binary);
        let lends = if is_gone { other.sensitivity.as_if_it_stood() } else { other.sensitivity };
        gone.some |= is_gone;
        gone.not_all |= !is_taken_back;
        let patients = if other.kind == ResourceType::Patient { vec![number] } else { other.patients };
        self.sensitivity = self.sensitivity.and(lends);
        patients.into_iter().for_each(|patient| self.be_of(patient));
    }

    /// Ends what was added.
    fn with(&mut self, gone: Gone) {
        if gone.some && !gone.not_all {
            self.sensitivity = self.sensitivity.taken_back();
        }
    }

    /// Adds whose it is by its own words.
    fn be_of_its_own(
        &mut self,
        read: &(impl Read + ?Sized),
        kind: ResourceType,
        value: &Value,
    ) -> Result<(), RecordError> {
        for patient in compartment_patients(Definitions::r4(), kind, value) {
            if let Some(patient) = find(read, ResourceType::Patient, &patient)? {
                self.be_of(patient);
            }
        }
        Ok(())
    }

    fn be_of(&mut self, patient: RowNumber) {
        if !self.patients.contains(&patient) && self.patients.len() < MOST_PATIENTS {
            self.patients.push(patient);
        }
    }
}

fn stays_taken_back(file: &Row, follows: &[ResourceRef]) -> bool {
    file.kind == ResourceType::Binary && file.sensitivity.is_taken_back() && !follows_a_document(follows)
}

/// What became of all that a resource follows. What an import brought is told by one Provenance of hundreds of resources: where one
/// of them is deleted, and its file goes with it, it tells of the others all the same.
#[derive(Debug, Clone, Copy, Default)]
struct Gone {
    /// One at least is taken back, and is deleted or a file.
    some: bool,
    /// One at least is not taken back.
    not_all: bool,
}

/// The most patients of one resource; a row has a byte for their number.
pub(super) const MOST_PATIENTS: usize = 200;
/// The most steps from one that is followed to the last of those behind it. Those that follow each other in a ring could be
/// settled for ever.
const MOST_STEPS: u32 = 100;

/// What a resource follows, by its literal references, each once.
pub fn followed(kind: ResourceType, resource: &Value) -> Vec<ResourceRef> {
    let reference = |value: &Value| local_reference(value.get("reference")?.as_str()?);
    let mut follows: Vec<ResourceRef> = match kind {
        ResourceType::Provenance => {
            resource.get("target").and_then(Value::as_array).into_iter().flatten().filter_map(reference).collect()
        }
        ResourceType::Binary => resource.get("securityContext").and_then(reference).into_iter().collect(),
        _ => vec![],
    };
    follows.sort_unstable();
    follows.dedup();
    follows
}

/// Whether a file says itself that it is a document's.
pub(super) fn follows_a_document(follows: &[ResourceRef]) -> bool {
    follows.iter().any(|one| one.type_name() == ResourceType::DocumentReference.name())
}

pub(super) const fn may_follow(kind: ResourceType) -> bool {
    matches!(kind, ResourceType::Provenance | ResourceType::Binary)
}

/// Whether it names rules to stand under that nobody here can look up: it follows nothing.
pub(super) fn is_led_astray(kind: ResourceType, resource: &Value, follows: &[ResourceRef]) -> bool {
    kind == ResourceType::Binary && resource.get("securityContext").is_some() && follows.is_empty()
}

/// How far the followers of a resource are settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SoFar {
    /// The last of them that is; 0 before the first.
    pub last: RowNumber,
    /// How many steps it is from what changed first.
    pub steps: u32,
}

impl crate::store::Value for SoFar {
    fn to_stored(&self) -> Result<Vec<u8>, CodecError> {
        Ok([self.last.0.to_le_bytes().as_slice(), &self.steps.to_le_bytes()].concat())
    }
    fn from_stored(bytes: Bytes) -> Result<Self, CodecError> {
        let (last, steps) = bytes.split_first_chunk().ok_or(CodecError::Cut)?;
        let steps = steps.try_into().map_err(|_| CodecError::Cut)?;
        Ok(Self { last: RowNumber(u64::from_le_bytes(*last)), steps: u32::from_le_bytes(steps) })
    }
}

/// A resource whose followers are to be settled, and by which parameter these refer to it.
struct Led {
    number: RowNumber,
    param: u16,
    so_far: SoFar,
}

/// By what followers refer: no parameter finds a security context, which stands among the references that none finds.
fn params() -> impl Iterator<Item = u16> {
    let target = Definitions::r4().search_param(ResourceType::Provenance, "target").map(|param| param.id);
    target.into_iter().chain([ELSEWHERE])
}

fn led_by(number: RowNumber, steps: u32) -> impl Iterator<Item = Led> {
    params().map(move |param| Led { number, param, so_far: SoFar { last: RowNumber(0), steps } })
}

/// Adds to the standing that a resource has by itself what it has by those that it follows, as these are stored: where they are
/// not settled, it is settled again with them.
fn stand(
    tx: &mut Tx<'_>,
    follows: &[ResourceRef],
    own: &mut Standing,
    goes_on: impl Fn() -> Result<(), RecordError>,
) -> Result<(), RecordError> {
    let mut gone = Gone::default();
    for one in follows {
        goes_on()?;
        let Some(kind) = ResourceType::parse(one.type_name()) else { continue };
        // What is not there yet may come: then it is known that something follows it.
        let number = find_or_reserve(tx, kind, &one.id())?;
        let other = as_stored(tx, number)?;
        if other.state != State::Reserved {
            own.join(number, other, &mut gone);
        }
    }
    own.with(gone);
    Ok(())
}

/// Whether what something follows has changed and is not settled yet.
pub(super) fn is_unsettled(read: &(impl Read + ?Sized)) -> Result<bool, RecordError> {
    Ok(read.scan(&UNSETTLED, KeyRange::all(), Direction::Up)?.next().transpose()?.is_some())
}

/// The standing of what follows more than can be looked at now: nobody sees it until that is settled.
fn untold() -> Sensitivity {
    Sensitivity::ALL.with_hold(Hold::FromPatient)
}

/// Whether nobody can tell yet how something stands: what is written over it meanwhile would keep what is only not known.
pub(super) fn is_untold(stood: &Row, stands: &Row) -> bool {
    stands.sensitivity == untold() && stood.sensitivity != stands.sensitivity
}

/// A row with the standing that it has by all that it follows, near and far, where that may not be settled yet.
pub(super) fn as_it_stands(read: &(impl Read + ?Sized), number: RowNumber, row: Row) -> Result<Row, RecordError> {
    as_it_stands_within(read, number, row, MOST_READ)
}

/// The same of as many bytes as are said here.
pub(super) fn as_it_stands_within(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    row: Row,
    most: usize,
) -> Result<Row, RecordError> {
    match row.state {
        _ if !may_follow(row.kind) => Ok(row),
        State::Live if is_unsettled(read)? => with_standing(read, number, row, most, &mut Lenders::default()),
        // Nothing settles what is gone: that there was such a thing is as delicate as what it followed last.
        State::Deleted => gone_as_it_stands(read, number, row, most, &mut Lenders::default()),
        _ => Ok(row),
    }
}

fn gone_as_it_stands(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    gone: Row,
    most: usize,
    lenders: &mut Lenders,
) -> Result<Row, RecordError> {
    let Some(last) = last_said(read, number, &gone)? else { return Ok(gone) };
    let Row { patients, sensitivity, .. } = with_standing(read, number, last, most, lenders)?;
    Ok(Row { patients, sensitivity, ..gone })
}

/// A version of the past as it stands by what it followed then, or was about, as that stands now; nothing where that was nothing.
/// What was open then may be held or sealed since, and what told of it with it, though that follows it no more, or is deleted. That
/// it was deleted then is as delicate as the version before.
pub(super) fn past_as_it_stands(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    version: &Row,
    lenders: &mut Lenders,
) -> Result<Option<Row>, RecordError> {
    match version.state {
        _ if !may_follow(version.kind) => lent_to_past(read, number, version),
        State::Live => with_standing(read, number, version.clone(), MOST_READ, lenders).map(Some),
        State::Deleted => gone_as_it_stands(read, number, version.clone(), MOST_READ, lenders).map(Some),
        State::Reserved => Ok(None),
    }
}

/// What a stored resource follows. Of a file nothing else is read: it may be large.
fn followed_by(row: &Row) -> Result<Vec<ResourceRef>, RecordError> {
    #[derive(serde::Deserialize)]
    struct File {
        #[serde(rename = "securityContext")]
        context: Option<Value>,
    }
    let value = if row.kind == ResourceType::Binary {
        let file: File = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
        serde_json::json!({ "securityContext": file.context })
    } else {
        serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?
    };
    Ok(followed(row.kind, &value))
}

/// What follows a resource itself.
pub(super) fn followers(read: &(impl Read + ?Sized), number: RowNumber) -> Result<Vec<RowNumber>, RecordError> {
    let of = as_stored(read, number)?;
    let hash = local_hash(of.kind, of.id.as_str());
    let mut found = Vec::new();
    for param in params() {
        for entry in read.scan(&REFERENCE, KeyRange::prefix(&(param, hash)), Direction::Up)? {
            let number = entry?.0.2;
            let other = as_stored(read, number)?;
            if other.state == State::Live && may_follow(other.kind) {
                found.push(number);
            }
        }
    }
    Ok(found)
}

/// Whether anything that it follows, near or far, was changed after a moment, or is `lent` its seal by what was: with that it may
/// have come into a record.
pub(super) fn follows_newer(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    row: &Row,
    since: Timestamp,
    lent: &BTreeSet<RowNumber>,
) -> Result<bool, RecordError> {
    let mut met = BTreeSet::from([number]);
    let mut waiting = vec![row.clone()];
    while let Some(one) = waiting.pop() {
        if one.state != State::Live || !may_follow(one.kind) {
            continue;
        }
        for other in followed_by(&one)? {
            let Some(number) = find_named(read, &other)?.filter(|number| met.insert(*number)) else { continue };
            let other = as_stored(read, number)?;
            if other.updated > since || lent.contains(&number) {
                return Ok(true);
            }
            waiting.push(other);
        }
    }
    Ok(false)
}

/// The row with that standing; sealed and held where it follows more than so many bytes.
fn with_standing(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    row: Row,
    most: usize,
    lenders: &mut Lenders,
) -> Result<Row, RecordError> {
    Ok(match standing_of(read, number, &row, most, lenders)? {
        Some(Standing { patients, sensitivity }) => Row { patients, sensitivity, ..row },
        None => Row { sensitivity: untold(), ..row },
    })
}

/// What the last one that was looked at has by what it follows: the versions of one most often follow the same. It is of one moment
/// of the store.
#[derive(Debug, Default)]
pub(super) struct Lenders(Option<Lent>);

#[derive(Debug)]
struct Lent {
    to: RowNumber,
    by: Vec<ResourceRef>,
    standing: Option<Standing>,
}

/// The standing of one that follows others by itself and by all of them; nothing where these have more bytes than so many.
fn standing_of(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    row: &Row,
    most: usize,
    lenders: &mut Lenders,
) -> Result<Option<Standing>, RecordError> {
    let Some(left) = most.checked_sub(row.json.len()) else { return Ok(None) };
    let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
    let mut standing = Standing { sensitivity: Sensitivity::of_resource(&value), ..Standing::none() };
    standing.be_of_its_own(read, row.kind, &value)?;
    let follows = followed(row.kind, &value);
    standing.stay_taken_back(row, &follows);
    let lent = match lenders.0.take() {
        Some(lent) if lent.to == number && lent.by == follows => lent,
        _ => Lent { to: number, standing: lent_by(read, number, &follows, left)?, by: follows },
    };
    if let Some(lent) = &lent.standing {
        standing.sensitivity = standing.sensitivity.and(lent.sensitivity);
        lent.patients.iter().for_each(|patient| standing.be_of(*patient));
    }
    let standing = lent.standing.is_some().then_some(standing);
    lenders.0 = Some(lent);
    Ok(standing)
}

/// What these lend to a resource that follows them, and what they follow themselves. One of them is in memory at a time.
fn lent_by(
    read: &(impl Read + ?Sized),
    number: RowNumber,
    follows: &[ResourceRef],
    most: usize,
) -> Result<Option<Standing>, RecordError> {
    let (mut standing, mut gone) = (Standing::none(), Gone::default());
    let mut met = BTreeSet::from([number]);
    let mut waiting = VecDeque::new();
    let mut wait_for = |follows: &[ResourceRef], is_near: bool, waiting: &mut VecDeque<(bool, RowNumber)>| {
        for other in follows {
            let other = find_named(read, other)?.filter(|number| met.insert(*number));
            waiting.extend(other.map(|other| (is_near, other)));
        }
        Ok::<_, StoreError>(())
    };
    wait_for(follows, true, &mut waiting)?;
    let mut left = most;
    while let Some((is_near, number)) = waiting.pop_front() {
        let one = as_stored(read, number)?;
        let Some(then) = left.checked_sub(one.json.len()) else { return Ok(None) };
        left = then;
        if one.state == State::Live && may_follow(one.kind) {
            let value: Value = serde_json::from_slice(&one.json).map_err(|_| RecordError::Damaged)?;
            standing.sensitivity = standing.sensitivity.and(Sensitivity::of_resource(&value));
            standing.be_of_its_own(read, one.kind, &value)?;
            let follows = followed(one.kind, &value);
            if is_near {
                // What it lends beside that is told by what it follows itself, further on.
                let stays = stays_taken_back(&one, &follows);
                gone.some |= stays;
                gone.not_all |= !stays;
            } else {
                standing.stay_taken_back(&one, &follows);
            }
            wait_for(&follows, false, &mut waiting)?;
        } else if one.state != State::Reserved && is_near {
            standing.join(number, one, &mut gone);
        } else if one.state != State::Reserved {
            // Farther ones are not told apart.
            let mut alone = Gone::default();
            standing.join(number, one, &mut alone);
            standing.with(alone);
        }
    }
    standing.with(gone);
    Ok(Some(standing))
}

/// What comes into a patient's record by what it follows, and is not settled: of one type, with where it will stand there.
pub(super) fn coming_into(
    read: &(impl Read + ?Sized),
    patient: RowNumber,
    kind: ResourceType,
    goes_on: &dyn Fn() -> Result<(), RecordError>,
) -> Result<Vec<(Desc<i64>, RowNumber)>, RecordError> {
    let mut found = Vec::new();
    if !may_follow(kind) {
        return Ok(found);
    }
    let mut waiting = VecDeque::new();
    for entry in read.scan(&UNSETTLED, KeyRange::all(), Direction::Up)? {
        let ((number, param), so_far) = entry?;
        goes_on()?;
        if as_stored(read, number)?.patients.contains(&patient) {
            waiting.push_back(Led { number, param, so_far });
        }
    }
    let mut met = BTreeSet::new();
    while let Some(led) = waiting.pop_front() {
        for number in some_followers(read, &led, usize::MAX)? {
            goes_on()?;
            if !met.insert(number) {
                continue;
            }
            let stored = as_stored(read, number)?;
            if stored.state != State::Live || !may_follow(stored.kind) {
                continue;
            }
            waiting.extend(led_by(number, 0));
            if stored.kind == kind && !stored.is_of(patient) {
                let stands = as_it_stands(read, number, stored)?;
                if stands.is_of(patient) {
                    found.push((Desc(sorted_by(&stands)?), number));
                }
            }
        }
    }
    Ok(found)
}

/// By which moment a row of one that follows stands in a record.
fn sorted_by(row: &Row) -> Result<i64, RecordError> {
    let value: Value = serde_json::from_slice(&row.json).map_err(|_| RecordError::Damaged)?;
    Ok(clinical_date(row.kind, &value).unwrap_or_else(|| row.updated.as_millisecond()))
}

/// Settles one that follows, if it does; whether its standing became another.
fn settled(
    tx: &mut Tx<'_>,
    number: RowNumber,
    goes_on: &dyn Fn(usize) -> Result<bool, RecordError>,
    came: &mut Vec<(RowNumber, RowNumber)>,
) -> Result<bool, RecordError> {
    let before = as_stored(tx, number)?;
    if before.state != State::Live || !may_follow(before.kind) {
        return Ok(false);
    }
    goes_on(before.json.len())?;
    let value: Value = serde_json::from_slice(&before.json).map_err(|_| RecordError::Damaged)?;
    let mut standing = Standing { sensitivity: Sensitivity::of_resource(&value), ..Standing::none() };
    for patient in compartment_patients(Definitions::r4(), before.kind, &value) {
        standing.be_of(find_or_reserve(tx, ResourceType::Patient, &patient)?);
    }
    let follows = followed(before.kind, &value);
    stand(tx, &follows, &mut standing, || goes_on(0).map(drop))?;
    standing.stay_taken_back(&before, &follows);
    let after = Row { patients: standing.patients, sensitivity: standing.sensitivity, ..before.clone() };
    if after == before {
        return Ok(false);
    }
    // It is found by the same as before: only what the policy filters by is written over, and in whose records it stands.
    let prepared = Prepared::new(before.kind, &value);
    prepared.leave(tx, number, &before, &after.patients)?;
    put_current(tx, number, &after, &prepared)?;
    came.extend(after.patients.iter().filter(|one| !before.patients.contains(one)).map(|one| (*one, number)));
    Ok(true)
}

/// Settles what follows these, and what follows that, as long as `goes_on` says; what is left is noted. It answers with what came
/// into whose record.
fn settle_all(
    tx: &mut Tx<'_>,
    mut waiting: VecDeque<Led>,
    goes_on: &dyn Fn(usize) -> Result<bool, RecordError>,
) -> Result<Vec<(RowNumber, RowNumber)>, RecordError> {
    let mut came = Vec::new();
    // Those that were looked at since something changed last: many may be followed by the same.
    let mut known = BTreeSet::new();
    'all: while let Some(mut led) = waiting.pop_front() {
        loop {
            let some = some_followers(tx, &led, TOGETHER)?;
            let are_all = some.len() < TOGETHER;
            for number in some {
                if !goes_on(0)? {
                    waiting.push_front(led);
                    break 'all;
                }
                if known.insert(number) && settled(tx, number, goes_on, &mut came)? {
                    known = BTreeSet::from([number]);
                    if led.so_far.steps < MOST_STEPS {
                        waiting.extend(led_by(number, led.so_far.steps + 1));
                    }
                }
                led.so_far.last = number;
            }
            if are_all {
                break;
            }
        }
        if tx.get(&UNSETTLED, &(led.number, led.param))?.is_some() {
            tx.delete(&UNSETTLED, &(led.number, led.param))?;
        }
    }
    for Led { number, param, so_far } in waiting {
        tx.put(&UNSETTLED, &(number, param), &so_far)?;
    }
    Ok(came)
}

/// The next resources that refer to this one, by their rows; so many at most.
fn some_followers(read: &(impl Read + ?Sized), led: &Led, most: usize) -> Result<Vec<RowNumber>, RecordError> {
    let of = as_stored(read, led.number)?;
    let head = (led.param, local_hash(of.kind, of.id.as_str()));
    let start = Bound::Excluded((head.0, head.1, led.so_far.last).to_bytes());
    let found = read.scan(&REFERENCE, KeyRange::prefix_from(&head, start), Direction::Up)?.take(most);
    Ok(found.map(|entry| entry.map(|((_, _, number), _)| number)).collect::<Result<_, StoreError>>()?)
}

impl Writing<'_, '_, '_> {
    /// [`stand`], in the time of the group.
    pub(super) fn stand(&mut self, prepared: &Prepared, own: &mut Standing) -> Result<(), RecordError> {
        let leash = self.leash();
        stand(self.tx, &prepared.follows, own, || leash.goes_through(0))
    }

    /// Settles anew what follows the resources whose standing has changed, and what follows that. It is done once for all of a
    /// group: many of them may be followed by the same.
    ///
    /// It is no part of the group's time, and never a reason to refuse the group: what is sealed or held is so with all that tells
    /// of it, however much that is.
    pub(super) fn lead(&mut self) -> Result<(), RecordError> {
        let leads: BTreeSet<(ResourceType, FhirId)> = std::mem::take(&mut self.leads).into_iter().collect();
        let mut waiting = VecDeque::new();
        for (kind, id) in leads {
            waiting.extend(find(&**self.tx, kind, &id)?.into_iter().flat_map(|number| led_by(number, 0)));
        }
        if waiting.is_empty() {
            return Ok(());
        }
        let (ambient, begun) = (self.ambient, self.ambient.now());
        let spent = || ambient.now().duration_since(begun).unsigned_abs();
        if self.stay.all < OF_A_GROUP {
            // It is only tried: what takes longer is done when its turn comes.
            let leash = self.leash();
            self.came.extend(settle_all(self.tx, waiting, &|bytes| leash.goes_through(bytes).map(|()| true))?);
        } else {
            self.came.extend(settle_all(self.tx, waiting, &|_| Ok(spent() < AT_ONCE))?);
            self.stay.all += spent();
        }
        Ok(())
    }

    /// That nobody gives a resource so many followers in their own words that those who seal it have them to settle for long.
    pub(super) fn must_not_follow_with_too_many(
        &self,
        number: RowNumber,
        prepared: &Prepared,
    ) -> Result<(), RecordError> {
        if prepared.follows.is_empty() || self.how.voice != Voice::Actor || OwnWords::of(self.actor).is_none() {
            return Ok(());
        }
        for one in &prepared.follows {
            // A patient's own files are as many as they bring.
            let kind = ResourceType::parse(one.type_name()).filter(|kind| *kind != ResourceType::Patient);
            let Some(kind) = kind else { continue };
            let hash = local_hash(kind, one.id().as_str());
            let mut others = 0;
            for param in params() {
                for entry in self.tx.scan(&REFERENCE, KeyRange::prefix(&(param, hash)), Direction::Up)? {
                    others += usize::from(entry?.0.2 != number);
                    if others >= MOST_OF_OWN_WORDS {
                        let text = format!(
                            "{MOST_OF_OWN_WORDS} files and signatures belong to {one} already. Take some of them away, or put \
                             several into one. Nothing was changed."
                        );
                        let at = prepared.kind.name();
                        return Err(RecordError::Invalid(vec![Issue::error(IssueCode::TooCostly, at, text)]));
                    }
                }
            }
        }
        Ok(())
    }
}

impl Records {
    /// Goes one stretch further through what follows something and is not settled. Blocks: it reads and waits for the disk.
    pub fn settle_followers(&self) -> Result<Indexed, RecordError> {
        let store = self.audit().store();
        if !is_unsettled(&store.read()?)? {
            return Ok(Indexed::Whole);
        }
        let ambient = self.audit().ambient().clone();
        store.write_blocking(move |tx| {
            let noted = tx.scan(&UNSETTLED, KeyRange::all(), Direction::Up)?.take(BEGUN_TOGETHER);
            let waiting = noted.map(|entry| entry.map(|((number, param), so_far)| Led { number, param, so_far }));
            let waiting = waiting.collect::<Result<_, StoreError>>()?;
            let (begun, first) = (ambient.now(), Cell::new(true));
            // One at least: it comes to its end.
            let goes_on = || first.replace(false) || ambient.now().duration_since(begun).unsigned_abs() < STRETCH;
            settle_all(tx, waiting, &|bytes| Ok(bytes > 0 || goes_on())).map(drop)
        })?;
        Ok(Indexed::NotYet)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_named_many_times_is_followed_once() {
        let target = |of: &str| json!({"reference": format!("Observation/{of}")});
        let all = [target("b"), target("a"), target("b"), target("b/_history/2")];
        let follows = followed(ResourceType::Provenance, &json!({"target": all}));
        assert_eq!(follows.iter().map(ResourceRef::as_str).collect::<Vec<_>>(), ["Observation/a", "Observation/b"]);
    }
    #[test]
    fn the_bytes_of_how_far_it_is_are_these() {
        use crate::store::Value as _;
        let so_far = SoFar { last: RowNumber(258), steps: 3 };
        let bytes = so_far.to_stored().unwrap();
        assert_eq!(bytes, [2, 1, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
        assert_eq!(SoFar::from_stored(bytes.into()).unwrap(), so_far);
        assert!(SoFar::from_stored(vec![0; 11].into()).is_err());
    }
}
