//! Reading the access log under the policy, like everything else: patients their own, health administrators all.

use jiff::tz::TimeZone;

use super::error::RecordError;
use super::facts::RecordFacts;
use super::kept::Known;
use super::numbers::{find, row};
use super::reading::{Reading, stored};
use super::rows::State;
use super::strangers::Strangers;
use super::withheld::Withheld;
use super::{Records, Stored, Undisclosed, directory};
use crate::access::{Actor, ConsentRules, Facts, ProxyGrant, Scope, Sensitivity, grants_in_force, is_refused};
use crate::audit::{self, Action, Line, Look, Outcome, TouchKind, Touched};
use crate::base::{ActorKind, ActorRef, FhirId, ResourceRef, Role, Timestamp};
use crate::fhir::ResourceType;
use crate::identity::Link;
use crate::store::Read;

/// Whose looks are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lookers {
    /// Everybody but who asks.
    #[default]
    Others,
    /// Who works at the clinic.
    Staff,
    /// Who acts for the patient.
    Family,
    /// Other programs, and whoever holds a share link.
    Outside,
    /// Whoever was refused.
    Refused,
    /// Who asks.
    Own,
}

impl Lookers {
    pub const ALL: [Self; 6] = [Self::Others, Self::Staff, Self::Family, Self::Outside, Self::Refused, Self::Own];

    /// The name by which addresses know it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Others => "others",
            Self::Staff => "staff",
            Self::Family => "family",
            Self::Outside => "outside",
            Self::Refused => "refused",
            Self::Own => "own",
        }
    }

    /// Unknown codes mean everybody but who asks.
    pub fn from_code(code: &str) -> Self {
        Self::ALL.into_iter().find(|who| who.code() == code).unwrap_or_default()
    }

    fn are(self, actor: &ActorRef, asks: &ActorRef) -> bool {
        let own = actor.account.is_some() && actor.account == asks.account;
        match self {
            Self::Others | Self::Refused => !own,
            Self::Own => own,
            Self::Staff => !own && actor.role.is_some_and(Role::is_staff),
            Self::Family => !own && !actor.is_unnamed() && actor.role.is_some_and(|role| !role.is_staff()),
            Self::Outside => matches!(actor.kind, ActorKind::Service | ActorKind::ShareLink),
        }
    }

    fn includes(self, look: &Look, asks: &ActorRef) -> bool {
        let refused = look.kinds.contains(&TouchKind::Denied);
        self.are(&look.line.entry.actor, asks) && (self != Self::Refused || refused)
    }
}

/// What is asked of the log of one patient.
#[derive(Debug, Clone)]
pub struct LooksAsked {
    pub who: Lookers,
    /// The clinic's: days are its days.
    pub zone: TimeZone,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Where the page before ended.
    pub before: Option<u64>,
    /// How many looks make a page; it always goes to the end of a day.
    pub least: usize,
}

/// One page of who looked.
#[derive(Debug, Clone, Default)]
pub struct LooksFound {
    /// Newest first; none is empty.
    pub days: Vec<audit::Day>,
    pub next: Option<u64>,
    /// How often who asks looked themselves, in the days of this page.
    pub own: usize,
}

/// The most entries that one page goes through.
const MOST_LOOKED_THROUGH: usize = 5_000;

/// Entries of the log with the patients that they are about.
#[derive(Debug, Clone)]
pub struct LogPage {
    pub lines: Vec<LogLine>,
    pub next: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct LogLine {
    pub line: Line,
    /// Which resources, by patient and kind; the rest is counted.
    pub touched: audit::TouchedPage,
    /// The first patient: their Patient as it stands; `None` when there is none, or none any more.
    pub patient: Option<Stored>,
    /// How many more patients there are.
    pub more_patients: usize,
}

/// The most resources that a look names; the rest is counted.
const MOST_NAMED: usize = 1_000;

/// How far back in an account's own entries the patients it saw last are looked for.
const LAST_ENTRIES: usize = 300;

/// The most resources of an entry that are looked at.
const MOST_RESOURCES: usize = 200;

impl Records {
    /// Whom this actor may act for now: those who let them, or for whom the law does.
    pub fn may_act_for(&self, actor: &Actor) -> Result<Vec<ProxyGrant>, RecordError> {
        self.granted(&actor.to_ref())
    }

    /// The same of a RelatedPerson, whichever account is theirs.
    pub fn may_act_as(&self, person: &ResourceRef) -> Result<Vec<ProxyGrant>, RecordError> {
        self.granted(&ActorRef { person: Some(person.clone()), ..ActorRef::anonymous() })
    }

    /// What lets a RelatedPerson act, now or later, and is not refused to them now.
    pub fn lets_act(&self, person: &ResourceRef) -> Result<Vec<ProxyGrant>, RecordError> {
        let (snapshot, now) = (self.audit.read()?, self.audit.ambient().now());
        let who = ActorRef { person: Some(person.clone()), ..ActorRef::anonymous() };
        let facts = self.facts_of(&snapshot);
        let mut grants = facts.proxy_grants(&who)?;
        grants.retain(|grant| grant.until.is_none_or(|until| now < until));
        for grant in std::mem::take(&mut grants) {
            if !is_refused(&facts, &grant.patient, &who, now)? {
                grants.push(grant);
            }
        }
        Ok(grants)
    }

    /// The same account acting by one of its links, if what let it is in force now.
    pub fn acting_by(&self, actor: &Actor, link: &Link) -> Result<Option<Actor>, RecordError> {
        let grants = self.granted(&ActorRef { person: Some(link.person().clone()), ..actor.to_ref() })?;
        let actor = grants.into_iter().next().map(|grant| actor.clone().acting_by(link, grant.patient));
        Ok(actor.filter(|actor| actor.acts_for().is_some() && actor.person() == Some(link.person())))
    }

    /// What all Consents of a patient say, as the policy reads them: of one that is kept from the patient, too. A question about
    /// rules, which opens nothing.
    pub fn consents_of(&self, patient: &FhirId) -> Result<ConsentRules, RecordError> {
        let snapshot = self.audit.read()?;
        let facts = self.facts_of(&snapshot);
        Ok(ConsentRules::new(facts.consents(patient)?))
    }

    /// The labels of a resource, and what each patient whose it is says of who sees their record. A question about rules, which opens
    /// nothing; of what is not there nobody says anything.
    pub fn consents_on(
        &self,
        kind: ResourceType,
        id: &FhirId,
    ) -> Result<(Sensitivity, Vec<(FhirId, ConsentRules)>), RecordError> {
        let snapshot = self.audit.read()?;
        let Some(number) = find(&snapshot, kind, id)? else { return Ok((Sensitivity::NORMAL, Vec::new())) };
        let asked = row(&snapshot, number)?;
        let facts = self.facts_of(&snapshot);
        let mut all = Vec::with_capacity(asked.patients.len());
        for patient in &asked.patients {
            let patient = row(&snapshot, *patient)?.id;
            let rules = ConsentRules::new(facts.consents(&patient)?);
            all.push((patient, rules));
        }
        Ok((asked.sensitivity, all))
    }

    fn granted(&self, who: &ActorRef) -> Result<Vec<ProxyGrant>, RecordError> {
        let (snapshot, now) = (self.audit.read()?, self.audit.ambient().now());
        Ok(grants_in_force(&self.facts_of(&snapshot), who, now)?)
    }

    fn facts_of<'a>(&'a self, read: &'a dyn Read) -> RecordFacts<'a> {
        RecordFacts { read, setting: &self.setting, known: Known::Learning(&self.kept) }
    }
}

impl Reading<'_> {
    /// Who looked at a patient's record, by day. Asking is itself a look at the record.
    pub fn who_looked(&mut self, patient: &FhirId, asked: &LooksAsked) -> Result<Undisclosed<LooksFound>, RecordError> {
        let scope = self.scope(ResourceType::AuditEvent)?;
        if !scope.allows(Some(patient), Sensitivity::NORMAL) {
            self.refuse(patient);
            return Err(RecordError::NotFound);
        }
        let mut withheld = Withheld::is_from(&scope, Some(patient)).then(Withheld::default);
        let asks = self.actor().to_ref();
        // Who answers for the log reads it whole.
        let mut strangers = match withheld {
            Some(_) => Some(Strangers::to(self.read, asks.clone(), patient)?),
            None => None,
        };
        let mut found = LooksFound { next: asked.before, ..LooksFound::default() };
        let (mut kept, mut through) = (0, 0);
        loop {
            let page = audit::by_patient(&self.read, patient, &asked.zone, found.next, asked.least)?;
            let mut over = false;
            for mut day in page.days {
                through += day.looks.len() + day.listings.len();
                if let Some(from) = asked.from {
                    let before = day.date < from.to_zoned(asked.zone.clone()).date();
                    over |= before;
                    if before {
                        break;
                    }
                }
                if let Some(withheld) = &mut withheld {
                    self.withhold(withheld, &scope, patient, &mut day)?;
                }
                if let Some(strangers) = &mut strangers {
                    for look in &mut day.looks {
                        strangers.unname_in(&mut look.line)?;
                    }
                    for listing in &mut day.listings {
                        strangers.unname(&mut listing.actor)?;
                    }
                }
                day.looks.iter_mut().for_each(|look| look.resources.keep(MOST_NAMED));
                found.own += day.looks.iter().filter(|look| Lookers::Own.includes(look, &asks)).count();
                day.looks.retain(|look| asked.who.includes(look, &asks));
                day.listings.retain(|listing| asked.who != Lookers::Refused && asked.who.are(&listing.actor, &asks));
                kept += day.looks.len() + day.listings.len();
                if !day.looks.is_empty() || !day.listings.is_empty() {
                    found.days.push(day);
                }
            }
            found.next = page.next.filter(|_| !over);
            if found.next.is_none() || kept >= asked.least || through >= MOST_LOOKED_THROUGH {
                break;
            }
        }
        let touched = vec![Touched::new(Some(patient.clone()), TouchKind::Opened, vec![])];
        Ok(self.covered(found, touched))
    }

    /// Takes out of a day what is withheld; a look at nothing else is none for whoever reads this.
    fn withhold(
        &mut self,
        withheld: &mut Withheld,
        scope: &Scope,
        patient: &FhirId,
        day: &mut audit::Day,
    ) -> Result<(), RecordError> {
        let words_hidden = Withheld::hides_words_from(scope, Some(patient));
        for mut look in std::mem::take(&mut day.looks) {
            self.go_on()?;
            let mut left = Vec::with_capacity(look.resources.touched.len());
            let (mut emptied, mut silent) = (Vec::new(), false);
            for mut part in std::mem::take(&mut look.resources.touched) {
                let taken = withheld.taken_from(self.read, scope, &mut part)?;
                silent |= taken.sealed > 0;
                if taken.sealed > 0 && part.resources.is_empty() && taken.held.is_empty() {
                    emptied.push(part.kind);
                    continue;
                }
                look.withheld.extend(taken.held.into_iter().map(|number| (part.kind, number)));
                left.push(part);
            }
            look.resources.touched = left;
            // Why something is held says what it is: its reason waits until it is let go.
            if words_hidden || silent || !look.withheld.is_empty() {
                look.line.forget_reason();
            }
            let stays = |kind: &TouchKind| {
                !emptied.contains(kind) || look.resources.touched.iter().any(|part| part.kind == *kind)
            };
            look.kinds.retain(stays);
            match look.kinds.as_slice() {
                [] => {}
                [TouchKind::Listed] => {
                    let entry = &look.line.entry;
                    day.fold(entry.actor.clone(), entry.time(), entry.action);
                }
                _ => day.looks.push(look),
            }
        }
        Ok(())
    }

    /// Entries of the whole log, for who answers for it. The patients that it names are listed; the patient that it
    /// was asked about is opened.
    pub fn log(&mut self, filter: &audit::Filter, most: usize) -> Result<Undisclosed<LogPage>, RecordError> {
        let scope = self.scope(ResourceType::AuditEvent)?;
        if scope.patient().is_some() || !scope.allows(filter.patient.as_ref(), Sensitivity::NORMAL) {
            return Err(RecordError::NotFound);
        }
        let page = audit::entries(&self.read, filter, most)?;
        let mut log = LogPage { lines: Vec::with_capacity(page.lines.len()), next: page.next };
        let mut handed: Vec<Touched> = Vec::new();
        for line in page.lines {
            let touched = audit::touched(&self.read, &line.entry, None, MOST_RESOURCES)?;
            let mut patients: Vec<&FhirId> = touched.touched.iter().filter_map(|part| part.patient.as_ref()).collect();
            patients.dedup();
            let first = filter.patient.as_ref().or_else(|| patients.first().copied()).cloned();
            let more_patients = patients.len().saturating_sub(1);
            let patient = match &first {
                Some(id) => self.listed(id, &mut handed)?,
                None => None,
            };
            log.lines.push(LogLine { line, touched, patient, more_patients });
        }
        if let Some(patient) = &filter.patient {
            handed.push(Touched::new(Some(patient.clone()), TouchKind::Opened, vec![]));
        }
        Ok(self.covered(log, handed))
    }

    /// The patients whose record this account opened last, newest first, as names in a list.
    pub fn seen_last(&mut self, most: usize) -> Result<Undisclosed<Vec<directory::Person>>, RecordError> {
        let (mut found, mut handed) = (Vec::new(), Vec::new());
        let account = self.actor().account();
        if account.is_none() {
            return Ok(self.covered(found, handed));
        }
        let filter = audit::Filter { account, outcome: Some(Outcome::Success), ..audit::Filter::default() };
        let mut seen: Vec<FhirId> = Vec::new();
        for line in audit::entries(&self.read, &filter, LAST_ENTRIES)?.lines {
            if !matches!(line.entry.action, Action::Read | Action::View) {
                continue;
            }
            let touched = audit::touched(&self.read, &line.entry, None, 1)?.touched;
            let opened = touched.into_iter().find(|part| part.kind == TouchKind::Opened);
            let Some(patient) = opened.and_then(|part| part.patient).filter(|patient| !seen.contains(patient)) else {
                continue;
            };
            seen.push(patient.clone());
            if let Some(stored) = self.listed(&patient, &mut handed)? {
                let json = serde_json::from_slice(&stored.json).map_err(|_| RecordError::Damaged)?;
                found.push(directory::Person::of(&patient, &json));
            }
            if found.len() == most {
                break;
            }
        }
        Ok(self.covered(found, handed))
    }

    /// A patient as a row in a list; each is written down once.
    fn listed(&mut self, id: &FhirId, handed: &mut Vec<Touched>) -> Result<Option<Stored>, RecordError> {
        let Some(number) = find(self.read, ResourceType::Patient, id)? else { return Ok(None) };
        let row = row(self.read, number)?;
        if row.state != State::Live || !self.may_see(&row)? {
            return Ok(None);
        }
        let reference: Vec<ResourceRef> = ResourceRef::new(ResourceType::Patient.name(), id).ok().into_iter().collect();
        if !handed.iter().any(|part| part.patient.as_ref() == Some(id)) {
            handed.push(Touched::new(Some(id.clone()), TouchKind::Listed, reference));
        }
        let cut = self.cut_of(&row)?;
        Ok(Some(stored(row, &cut)?))
    }
}
