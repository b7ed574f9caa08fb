//! Changes whose target or content depends on what is stored: conditions, patches, and references between entries of
//! which one may turn out to be there already. All of it is decided inside the writer, so that two who ask at once
//! cannot both find nothing.

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::change::{Act, Body, Change, Condition, Content, Group, Links, Sought, Which, check, reference_to};
use super::error::RecordError;
use super::kept::Known;
use super::numbers::{find, row};
use super::pace::Pace;
use super::prepared::Prepared;
use super::reading::stored;
use super::rows::{Row, State};
use super::search;
use super::sight::Sight;
use super::transaction::{Written, WrittenAs};
use super::writing::{Identity, Put, Writing};
use crate::access::{Action, Cut, OwnWords, is_withdrawal};
use crate::base::{FhirId, ResourceRef};
use crate::fhir::bundle::{links_of, rewrite_patched, rewrite_references};
use crate::fhir::patch::Patch;
use crate::fhir::search::{
    Filter, ParamRef, Query, ReferenceTest, SearchValue, Test, TokenMatch, UriMatch, extract_one,
};
use crate::fhir::{Definitions, Issue, IssueCode, Mode, ResourceType};
use crate::store::Tx;

/// What has become of one change so far.
enum Step {
    /// Nothing is left to do.
    Done(Written),
    Store {
        id: FhirId,
        identity: fn(FhirId) -> Identity,
        body: Body,
        condition: Condition,
        action: Action,
    },
    /// It is what the change at this place creates.
    Same(usize),
    Register(FhirId, Box<Value>),
}

/// What a patch made of a resource, and the references and addresses that had stood in it.
struct Patched {
    after: Value,
    stood: BTreeSet<String>,
}

struct Pending {
    steps: Vec<Step>,
    kinds: Vec<ResourceType>,
    /// What the other entries call each.
    urls: Vec<Option<String>>,
    /// What the group changes: each resource once (http.html#trules).
    acted: BTreeSet<ResourceRef>,
    /// The conditional updates by their places, each with how many stored resources it found.
    conditions: Vec<(usize, Box<Query>, usize)>,
    /// The values of what will be stored, by its place and the parameter: many conditions ask for the same ones.
    known: RefCell<HashMap<(usize, u16), Vec<SearchValue>>>,
}

impl Writing<'_, '_, '_> {
    /// Makes the changes of a group of which some depend on what is stored. The place of the one that fails is said.
    pub(super) fn settle(&mut self, group: Group) -> Result<Vec<Written>, RecordError> {
        let Group { changes, links } = group;
        let mut pending = Pending {
            steps: vec![],
            kinds: vec![],
            urls: vec![],
            acted: BTreeSet::new(),
            conditions: vec![],
            known: RefCell::default(),
        };
        for (place, change) in changes.into_iter().enumerate() {
            self.goes_on_to(place)?;
            pending.kinds.push(change.kind);
            pending.urls.push(change.full_url());
            let step = self.step(place, change, &mut pending).map_err(|error| error.at(place))?;
            pending.steps.push(step);
        }
        pending.conditions_hold_together(&self.pace())?;
        self.link(&mut pending, links)?;
        let mut written: Vec<Written> = Vec::with_capacity(pending.steps.len());
        for (place, step) in pending.steps.into_iter().enumerate() {
            self.goes_on_to(place)?;
            let kind = pending.kinds.get(place).copied().unwrap_or(ResourceType::Basic);
            let done = match step {
                Step::Done(done) => done,
                Step::Same(of) => match written.get(of) {
                    Some(made) => Written { stored: made.stored.clone(), as_what: WrittenAs::Matched },
                    None => return Err(RecordError::Damaged),
                },
                Step::Register(id, patient) => self.register(id, *patient).map_err(|error| error.at(place))?,
                Step::Store { id, identity, body, condition, action } => {
                    let prepared = match body.content {
                        Content::Ready(prepared) => *prepared,
                        Content::Late { value, .. } | Content::Patched { value, .. } => {
                            Prepared::new(kind, &value).bounded().map_err(|error| error.at(place))?
                        }
                    };
                    self.store_one(Put { id: identity(id), prepared, condition, action })
                        .map_err(|error| error.at(place))?
                }
            };
            written.push(done);
        }
        Ok(written)
    }

    fn step(&mut self, place: usize, change: Change, pending: &mut Pending) -> Result<Step, RecordError> {
        let kind = change.kind;
        // What a role may never do it is told before anything is looked at; of a patch its own step asks.
        if !matches!(change.act, Act::Patch { .. }) {
            self.may_at_all(change.action(), kind)?;
        }
        match change.act {
            Act::Register { id, patient } => Ok(Step::Register(id, patient)),
            Act::Delete { which, condition } => {
                let (id, was_sought) = match which {
                    Which::Id(id) => (id, false),
                    Which::Found(query) => match self.at_most_one(&query, Finds::Unseen(Action::Delete))? {
                        Some(row) => (row.id, true),
                        None => {
                            self.fulfils(condition, None)?;
                            return Ok(Step::Done(Written { stored: None, as_what: WrittenAs::NothingFound }));
                        }
                    },
                };
                pending.act_on(kind, &id)?;
                match self.delete(place, kind, &id, condition) {
                    // What they do not see answers as if the search had not found it.
                    Err(RecordError::NotFound) if was_sought => Err(RecordError::NoVersion),
                    done => done.map(Step::Done),
                }
            }
            Act::Create { id, body, unless } => {
                if let Some(query) = unless {
                    let before = pending.matching(&query, &self.pace())?;
                    match (self.at_most_one(&query, Finds::Unseen(Action::Create))?, before.as_slice()) {
                        (None, []) => self.makes_no_second(&query, Action::Create)?,
                        (Some(row), []) => return self.matched(row).map(Step::Done),
                        (None, [only]) => return Ok(Step::Same(*only)),
                        (_, others) => return Err(RecordError::Ambiguous(others.len() + 1)),
                    }
                }
                let id = id.unwrap_or_else(|| FhirId::new(self.ambient));
                pending.act_on(kind, &id)?;
                let condition = Condition::None;
                Ok(Step::Store { id, identity: Identity::New, body, condition, action: Action::Create })
            }
            Act::Put { which, body, condition } => self.put_step(kind, which, body, condition, pending),
            Act::Patch { which, patch, condition } => self.patch_step(kind, which, &patch, condition, pending),
        }
    }

    fn patch_step(
        &mut self,
        kind: ResourceType,
        which: Which,
        patch: &Patch,
        condition: Condition,
        pending: &mut Pending,
    ) -> Result<Step, RecordError> {
        let never = self.may_at_all(Action::Patch, kind).err();
        let row = match which {
            Which::Id(id) => self.live(kind, &id),
            Which::Found(query) => {
                self.at_most_one(&query, Finds::Seen).and_then(|row| row.ok_or(RecordError::NotFound))
            }
        };
        let (row, Patched { after, stood }, action) = match never {
            None => {
                let row = row?;
                let patched = self.patched(&row, patch, condition)?;
                (row, patched, Action::Patch)
            }
            // Who never patches may take back their own, and learns nothing else.
            Some(never) => {
                let found = row.ok().and_then(|row| Some((self.withdrawn(&row, patch)?, row)));
                let Some((patched, row)) = found else { return Err(never) };
                self.fulfils(condition, Some(&row))?;
                (row, patched, Action::Update)
            }
        };
        let id = row.id;
        pending.act_on(kind, &id)?;
        if after.get("id").and_then(Value::as_str) != Some(id.as_str()) {
            return Err(RecordError::IdChanged);
        }
        check(kind, &after, Mode::Strict)?;
        Ok(Step::Store { id, identity: Identity::Named, body: Body::patched(after, stood), condition, action })
    }

    /// What a patch makes of a resource, for whoever may patch it.
    fn patched(&self, row: &Row, patch: &Patch, condition: Condition) -> Result<Patched, RecordError> {
        // Its tests see what the actor sees, and nothing else.
        self.permit(Action::Read, row)?;
        let cut = self.permit(Action::Patch, row)?;
        self.fulfils(condition, Some(row))?;
        self.goes_through(row.json.len())?;
        let before = stored(row.clone(), &cut)?;
        let before: Value = serde_json::from_slice(&before.json).map_err(|_| RecordError::Damaged)?;
        let mut after = patch.apply(&before).map_err(|error| RecordError::Patch(row.kind, error))?;
        patch.make_own(&mut after);
        Ok(Patched { after, stood: links_of(before, Definitions::r4()) })
    }

    /// What a patch makes of a resource, if that is to take back what the actor said themselves and nothing else.
    fn withdrawn(&self, row: &Row, patch: &Patch) -> Option<Patched> {
        OwnWords::of(self.actor).filter(|_| patch.is_small())?;
        self.permit(Action::Withdraw, row).ok()?;
        let before = stored(row.clone(), &self.permit(Action::Read, row).ok()?).ok()?;
        let before: Value = serde_json::from_slice(&before.json).ok()?;
        let after = patch.apply(&before).ok().filter(|after| is_withdrawal(row.kind, &before, after))?;
        Some(Patched { after, stood: links_of(before, Definitions::r4()) })
    }

    fn put_step(
        &mut self,
        kind: ResourceType,
        which: Which,
        body: Body,
        condition: Condition,
        pending: &mut Pending,
    ) -> Result<Step, RecordError> {
        let named: fn(FhirId) -> Identity = Identity::Named;
        let (id, identity) = match which {
            Which::Id(id) => (id, named),
            // http.html#cond-update
            Which::Found(query) => {
                let found = self.at_most_one(&query, Finds::Unseen(Action::Update))?;
                if found.is_none() && matches!(condition, Condition::None | Condition::Absent) {
                    self.makes_no_second(&query, Action::Update)?;
                }
                pending.conditions.push((pending.steps.len(), query, usize::from(found.is_some())));
                match (found, body.own_id.clone()) {
                    (Some(row), Some(own)) if row.id != own => return Err(RecordError::OtherId),
                    (Some(row), _) => (row.id, named),
                    (None, Some(own)) if self.sees(kind, &own)? => return Err(RecordError::Taken),
                    (None, Some(own)) => (own, named),
                    (None, None) => (FhirId::new(self.ambient), Identity::New as fn(FhirId) -> Identity),
                }
            }
        };
        pending.act_on(kind, &id)?;
        Ok(Step::Store { id, identity, body, condition, action: Action::Update })
    }

    /// Rewrites the references of what is still to be stored.
    fn link(&mut self, pending: &mut Pending, links: Links) -> Result<(), RecordError> {
        let Links { mut known, searches } = links;
        for place in 0..pending.steps.len() {
            if let (Some(url), Some(is)) = (pending.full_url(place), pending.becomes(place)?) {
                known.insert(url, is);
            }
        }
        let mut lost = Vec::new();
        for (text, Sought { query, at }) in searches {
            // What the group changes counts as it will be, not as it is.
            let mut found: BTreeSet<FhirId> = self.ids(&query, Finds::Seen)?.into_iter().collect();
            found.retain(|id| reference_to(query.kind, id).is_ok_and(|one| !pending.acted.contains(&one)));
            for place in pending.matching(&query, &self.pace())? {
                found.extend(pending.becomes(place)?.map(|one| one.id()));
            }
            match (found.len(), found.first()) {
                (1, Some(id)) => known.insert(text, reference_to(query.kind, id)?),
                (count, _) => lost.push(Issue::error(
                    if count == 0 { IssueCode::NotFound } else { IssueCode::MultipleMatches },
                    at,
                    "The search in the place of a reference does not find exactly one resource. Nothing was changed.",
                )),
            }
        }
        if !lost.is_empty() {
            return Err(RecordError::Unresolved(lost));
        }
        for (place, step) in pending.steps.iter_mut().enumerate() {
            let Step::Store { body: Body { content, .. }, .. } = step else { continue };
            let issues = match content {
                Content::Ready(_) => continue,
                Content::Late { value, full_url } => {
                    rewrite_references(value, full_url.as_deref(), &known, Definitions::r4())
                }
                Content::Patched { value, stood } => rewrite_patched(value, stood, &known, Definitions::r4()),
            };
            if !issues.is_empty() {
                return Err(RecordError::Unresolved(issues).at(place));
            }
        }
        Ok(())
    }

    /// The resource that a condition finds, of those that the actor may find.
    fn at_most_one(&mut self, query: &Query, finds: Finds) -> Result<Option<Row>, RecordError> {
        let found = self.ids(query, finds)?;
        match found.as_slice() {
            [] => Ok(None),
            [only] => self.live(query.kind, only).map(Some),
            many => Err(RecordError::Ambiguous(many.len())),
        }
    }

    /// What all conditions of a group have for their reads and comparisons.
    const fn pace(&self) -> Pace<'_> {
        Pace::new(self.ambient, self.now, self.stay.looks)
    }

    /// The first few ids that a condition finds.
    fn ids(&mut self, query: &Query, finds: Finds) -> Result<Vec<FhirId>, RecordError> {
        if query.filters.is_empty() {
            return Err(RecordError::NoCriteria);
        }
        let bare = query.bare();
        let tx: &Tx<'_> = self.tx;
        let mut sight = Sight::new(self.actor, self.setting, self.now, Known::Asking(self.kept));
        sight.must_search_all_of(tx, &bare)?;
        sight.refuse_hidden(tx, &bare)?;
        let within = sight.scope(tx, bare.kind)?.patient().cloned();
        let wanted = search::Wanted {
            within: within.as_ref(),
            size: MOST_FOUND,
            bytes: usize::MAX,
            after: None,
            among: search::Among::Itself,
        };
        let unseen = match finds {
            Finds::Unseen(action) | Finds::UnseenAlone(action)
                if self.is_program() && says_which_one(&bare.filters) =>
            {
                Some(action)
            }
            _ => None,
        };
        let pace = self.pace();
        let mut sees = |row: &Row| {
            let seen = sight.sees(tx, row)?;
            Ok(match unseen {
                None => seen,
                // Whose it is they know by what they ask.
                Some(_) if row.kind != bare.kind => Some(seen.unwrap_or_default()),
                Some(_) if seen.is_some() => seen.filter(|_| !matches!(finds, Finds::UnseenAlone(_))),
                Some(action) => self.permit(action, row).is_ok().then(Cut::default),
            })
        };
        let found = search::run(tx, &bare, &wanted, &mut search::Visible::new(&mut sees, &pace))?;
        Ok(found.matches.into_iter().map(|(_, row)| row.id).collect())
    }

    /// Refuses to make another one where a program's condition names one that it does not see and asks for more: whether that is so
    /// would tell what stands in the one, and to answer that there is none would lay an open copy beside it.
    fn makes_no_second(&mut self, query: &Query, action: Action) -> Result<(), RecordError> {
        let named: Vec<Filter> = query.filters.iter().filter(|one| is_one(one) || is_whose(one)).cloned().collect();
        let asks_for_more = named.len() < query.filters.len() && says_which_one(&named);
        if !asks_for_more || !self.is_program() {
            return Ok(());
        }
        let mut asked = query.bare();
        asked.filters = named;
        if self.ids(&asked, Finds::UnseenAlone(action))?.is_empty() { Ok(()) } else { Err(RecordError::NotByNameAlone) }
    }

    /// Whether there is one that the actor may read. To write over it, because a condition found another or none, would
    /// lose it.
    pub(super) fn sees(&self, kind: ResourceType, id: &FhirId) -> Result<bool, RecordError> {
        match self.live(kind, id) {
            Ok(row) => Ok(self.permit(Action::Read, &row).is_ok()),
            Err(RecordError::NotFound | RecordError::Gone | RecordError::Denied(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The live row of a resource; absent, deleted and hidden answer as they do elsewhere.
    fn live(&self, kind: ResourceType, id: &FhirId) -> Result<Row, RecordError> {
        let tx: &Tx<'_> = self.tx;
        let found = find(tx, kind, id)?.map(|number| row(tx, number)).transpose()?;
        match found.filter(|row| row.state != State::Reserved) {
            Some(row) if row.state == State::Live => Ok(row),
            Some(row) => {
                self.permit(Action::Read, &row)?;
                Err(RecordError::Gone)
            }
            None => Err(RecordError::NotFound),
        }
    }

    /// What a conditional create found instead of creating: handed out if it may be read.
    fn matched(&mut self, row: Row) -> Result<Written, RecordError> {
        let seen = match self.permit(Action::Read, &row) {
            Ok(cut) => stored(row.clone(), &cut)?,
            Err(RecordError::NotFound | RecordError::Denied(_)) => {
                stored(Row { json: bytes::Bytes::new(), ..row.clone() }, &Cut::default())?
            }
            Err(error) => return Err(error),
        };
        self.touch_as(&row, crate::audit::TouchKind::SentOut)?;
        self.matched.extend(find(&**self.tx, row.kind, &row.id)?);
        Ok(Written { stored: Some(seen), as_what: WrittenAs::Matched })
    }
}

/// Which resources a condition may find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finds {
    /// Those that the actor may see.
    Seen,
    /// A service's also those that it may do this to without seeing them: it could not know otherwise that it makes a second one,
    /// or takes back what it brought. By what says which one it is, and by nothing that stands in it ([`says_which_one`]).
    Unseen(Action),
    /// Of these only those that it does not see.
    UnseenAlone(Action),
}

/// Whether conditions say themselves which resource they mean, by what whoever brought it knows: its identifier, address or id, and
/// perhaps whose it is. Others would find out what stands in one that is not to be seen.
fn says_which_one(filters: &[Filter]) -> bool {
    filters.iter().any(is_one) && filters.iter().all(|filter| is_one(filter) || is_whose(filter))
}

/// Whether a condition names a resource by what it alone is called by.
fn is_one(filter: &Filter) -> bool {
    match filter {
        Filter::Ids(_) => true,
        Filter::Test { param, test: Test::Token { how: TokenMatch::Is, any } } => {
            param.code == "identifier" && any.iter().all(|one| one.code.is_some())
        }
        Filter::Test { param, test: Test::TypedIdentifier(_) } => param.code == "identifier",
        Filter::Test { param, test: Test::Uri { how: UriMatch::Is, .. } } => param.code == "url",
        _ => false,
    }
}

/// Whether a condition says whose a resource is, by the id or a number of whoever that is.
fn is_whose(filter: &Filter) -> bool {
    let is_of_whom = |param: &ParamRef| matches!(param.code.as_str(), "patient" | "subject");
    match filter {
        Filter::Test { param, test: Test::Reference(any) } => {
            let names = |one: &ReferenceTest| match one {
                ReferenceTest::Target(_) | ReferenceTest::Id { .. } => true,
                ReferenceTest::Identifier(number) => number.code.is_some(),
                ReferenceTest::Below(_) | ReferenceTest::Above(_) | ReferenceTest::Hierarchy { .. } => false,
            };
            is_of_whom(param) && any.iter().all(names)
        }
        Filter::Chain { param, then, .. } => is_of_whom(param) && is_one(then),
        // A subject may be of several types.
        Filter::Any(any) => any.iter().all(is_whose),
        _ => false,
    }
}

/// Enough to say whether there is one, and roughly how many more.
const MOST_FOUND: usize = 10;

impl Pending {
    fn act_on(&mut self, kind: ResourceType, id: &FhirId) -> Result<(), RecordError> {
        if self.acted.insert(reference_to(kind, id)?) { Ok(()) } else { Err(RecordError::Twice) }
    }

    /// The standard lets no order between updates change what comes out (http.html#trules): what another entry stores
    /// counts for the condition of an update as much as what is stored already.
    fn conditions_hold_together(&self, pace: &Pace<'_>) -> Result<(), RecordError> {
        for (place, query, found) in &self.conditions {
            let others = self.matching(query, pace)?.into_iter().filter(|other| other != place).count();
            if others > 0 {
                let error =
                    if found + others > 1 { RecordError::Ambiguous(found + others) } else { RecordError::Twice };
                return Err(error.at(*place));
            }
        }
        Ok(())
    }

    /// The resource that the change at a place leads to.
    fn becomes(&self, place: usize) -> Result<Option<ResourceRef>, RecordError> {
        let Some(kind) = self.kinds.get(place) else { return Ok(None) };
        match self.steps.get(place) {
            Some(Step::Store { id, .. }) => reference_to(*kind, id).map(Some),
            Some(Step::Same(of)) => self.becomes(*of),
            Some(Step::Done(Written { stored: Some(stored), .. })) => reference_to(*kind, &stored.id).map(Some),
            _ => Ok(None),
        }
    }

    fn full_url(&self, place: usize) -> Option<String> {
        self.urls.get(place).cloned().flatten()
    }

    /// The places of what will be stored and passes a condition by itself.
    fn matching(&self, query: &Query, pace: &Pace<'_>) -> Result<Vec<usize>, RecordError> {
        let mut found = Vec::new();
        for (place, (step, kind)) in self.steps.iter().zip(&self.kinds).enumerate() {
            let Step::Store { body, .. } = step else { continue };
            if *kind == query.kind && self.passes(place, body, query, pace)? {
                found.push(place);
            }
        }
        Ok(found)
    }

    fn passes(&self, place: usize, body: &Body, query: &Query, pace: &Pace<'_>) -> Result<bool, RecordError> {
        let mut known = self.known.borrow_mut();
        for filter in &query.filters {
            let passes = match filter {
                Filter::Test { param, test } => {
                    let values = match known.entry((place, param.id)) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(new) => {
                            pace.go_on()?;
                            new.insert(extract_one(Definitions::r4(), query.kind, param.id, &*body.resource()?))
                        }
                    };
                    pace.passes(test, values)?
                }
                other => {
                    pace.go_on()?;
                    pace.decide(query.kind, &*body.resource()?, other)?
                }
            };
            if passes != Some(true) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
