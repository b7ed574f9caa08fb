//! A query string into a [`Query`].

use std::cell::Cell;

use jiff::Timestamp;

use super::encoding::{encode, pairs, split, unescape};
use super::hierarchy;
use super::names::{Beside, asked_beginnings, asked_sounds};
use super::operand::{Reader, shorten};
use super::query::{
    Filter, Handling, Ignored, Include, IncludeWay, ParamRef, Presence, Query, QueryError, ReferenceTest, Repeat, Sort,
    SortKey, SortOrder, Special, StringMatch, Summary, Test, TokenMatch, Total, UriMatch, Way,
};
use super::sets;
use super::value::{ReferenceTarget, Text};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::fhir::bundle::OwnAddresses;
use crate::fhir::definitions::{Definitions, ITSELF, ParamKind, SearchParam};

/// The longest chain unless the asker says: `a.b.c.d.e`, `_has` counted too.
pub const CHAIN_DEPTH: usize = 5;

/// The most parts of a `_sort`: each is taken from each resource.
const MOST_SORTS: usize = 8;

/// As how many codes each one counts whose hierarchy is gone through.
const OF_A_HIERARCHY: usize = 100;

/// Why includes are left out of a search for narratives.
const TEXT_ALONE: &str = "_include and _revinclude together with _summary=text";

/// What a parameter without a value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Empty {
    /// Nothing, as in the form of somebody who left a field open (search.html#errors).
    LeftOut,
    /// A mistake: what depends on a condition must not depend on less than was meant.
    Refused,
}

/// What a query is read with.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub handling: Handling,
    pub empty: Empty,
    /// For `ap` with dates, which reaches a tenth of the way from now; without it, as far again as the date itself.
    pub now: Option<Timestamp>,
    /// Where the server itself answers: what lies there is here.
    pub own: Option<&'a OwnAddresses>,
    /// How many links a chain may have.
    pub chain_depth: usize,
}

impl From<Handling> for Asked<'_> {
    fn from(handling: Handling) -> Self {
        Self { handling, empty: Empty::Refused, now: None, own: None, chain_depth: CHAIN_DEPTH }
    }
}

impl Query {
    /// Reads the text after the `?`, or a form's body, or both joined by `&`. `_format` and `_pretty` belong to the
    /// interface and are passed over. Unknown parameters are refused or collected, by [`Asked::handling`]; wrong
    /// modifiers and values are always refused, because leaving them out would show more than was asked for.
    pub fn parse<'a>(
        kind: ResourceType,
        text: &str,
        asked: impl Into<Asked<'a>>,
        definitions: &'a Definitions,
    ) -> Result<Self, QueryError> {
        let asked = asked.into();
        let query = Query { own: asked.own.cloned().unwrap_or_default(), ..empty(kind) };
        let mut parser = Parser { kind, asked, definitions, query, listed: Cell::new(0) };
        for (name, value) in pairs(text)? {
            // A marker is of our own making, and never empty.
            if asked.empty == Empty::LeftOut && value.trim().is_empty() && name != "_cursor" {
                continue;
            }
            match parser.parameter(&name, &value) {
                Ok(Understood::Yes) => parser.query.understood.push((name, value)),
                Ok(Understood::InPart(part)) => parser.query.understood.push((name, part)),
                Ok(Understood::NotOurs) => {}
                Err(why) => parser.leave_out(&name, why)?,
            }
        }
        // Of a text alone nothing leads on (search.html#summary).
        if parser.query.summary == Some(Summary::Text) && !parser.query.includes.is_empty() {
            for name in ["_include", "_revinclude"] {
                parser.query.understood.retain(|(known, _)| known.split(':').next() != Some(name));
            }
            parser.query.includes.clear();
            parser.leave_out("_include", QueryError::Unsupported { name: "_include".to_owned(), what: TEXT_ALONE })?;
        }
        Ok(parser.query)
    }

    /// What decides which resources an answer holds, and in which order: two searches with the same text have the same
    /// pages, but for their size and shape.
    pub fn identity(&self) -> String {
        let mut out = format!("{} {} {:?}", self.kind, self.of, self.compartment);
        for (name, value) in self.understood.iter().filter(|(name, _)| name == "_sort" || !shapes(name)) {
            out.push('&');
            encode(name, &mut out);
            out.push('=');
            encode(value, &mut out);
        }
        out
    }

    /// Narrows the search to the compartment of the resource `id` of type `of`, which has one
    /// (compartmentdefinition.html). A patient's is [`Query::compartment`].
    pub fn within(&mut self, definitions: &Definitions, of: ResourceType, id: &FhirId) {
        self.of = format!("{of}/{id}");
        let target = ReferenceTest::Target(ReferenceTarget::Local { kind: of, id: id.clone() });
        let by = |code: &&'static str| {
            if *code == ITSELF {
                return Some(Filter::Ids(vec![id.clone()]));
            }
            let param = definitions.search_param(self.kind, code)?;
            Some(Filter::Test { param: reference(param), test: Test::Reference(vec![target.clone()]) })
        };
        let mut any: Vec<Filter> = definitions.compartment(of, self.kind).iter().filter_map(by).collect();
        self.filters.extend(if any.len() == 1 { any.pop() } else { Some(Filter::Any(any)) });
    }

    /// The query string of what was understood, for the `self` link; without the cursor.
    pub fn self_link(&self) -> String {
        let mut out = String::new();
        for (name, value) in self.understood.iter().filter(|(name, _)| name != "_cursor") {
            if !out.is_empty() {
                out.push('&');
            }
            encode(name, &mut out);
            out.push('=');
            encode(value, &mut out);
        }
        out
    }
}

fn empty(kind: ResourceType) -> Query {
    Query {
        kind,
        compartment: None,
        filters: Vec::new(),
        includes: Vec::new(),
        sort: Vec::new(),
        count: None,
        cursor: None,
        total: Total::Unasked,
        summary: None,
        elements: Vec::new(),
        ignored: Vec::new(),
        own: OwnAddresses::default(),
        of: String::new(),
        understood: Vec::new(),
    }
}

/// Whether a parameter shapes the answer and sets no condition.
fn shapes(name: &str) -> bool {
    let head = name.split(':').next().unwrap_or_default();
    matches!(
        head,
        "_sort" | "_count" | "_cursor" | "_total" | "_summary" | "_elements" | "_contained" | "_containedType"
    ) || matches!(head, "_include" | "_revinclude")
}

enum Understood {
    Yes,
    /// This of its value.
    InPart(String),
    NotOurs,
}

struct Parser<'a> {
    kind: ResourceType,
    asked: Asked<'a>,
    definitions: &'a Definitions,
    query: Query,
    /// How many codes value sets and hierarchies have come to so far.
    listed: Cell<usize>,
}

impl<'a> Parser<'a> {
    fn parameter(&mut self, name: &str, value: &str) -> Result<Understood, QueryError> {
        let reader = self.reader(name);
        let (head, modifier) = name.split_once(':').map_or((name, None), |(head, modifier)| (head, Some(modifier)));
        match head {
            "_include" => self.include(name, modifier, value, IncludeWay::Forward)?,
            "_revinclude" => self.include(name, modifier, value, IncludeWay::Reverse)?,
            "_format" | "_pretty" => return Ok(Understood::NotOurs),
            _ if shapes(head) => {
                if let Some(modifier) = modifier {
                    return Err(QueryError::Modifier { name: head.to_owned(), modifier: shorten(modifier) });
                }
                if head == "_sort" {
                    return self.sorts(&reader, value);
                }
                if self.query.understood.iter().any(|(known, _)| known == head) {
                    return Err(QueryError::Twice { name: head.to_owned() });
                }
                self.result_parameter(&reader, head, value)?;
            }
            _ => {
                let filter = self.filter(self.kind, name, value, 0)?;
                self.query.filters.push(filter);
            }
        }
        Ok(Understood::Yes)
    }

    /// Goes on without a parameter, and remembers why; or refuses the search.
    fn leave_out(&mut self, name: &str, why: QueryError) -> Result<(), QueryError> {
        if self.asked.handling == Handling::Strict || !why.may_be_left_out() {
            return Err(why);
        }
        self.query.ignored.push(Ignored { name: shorten(name), why });
        Ok(())
    }

    fn reader<'r>(&self, name: &'r str) -> Reader<'r>
    where
        'a: 'r,
    {
        Reader { name, now: self.asked.now, own: self.asked.own }
    }

    /// `_sort`, which may be given several times: what comes later sorts within what came before.
    fn sorts(&mut self, reader: &Reader<'_>, value: &str) -> Result<Understood, QueryError> {
        let parts: Vec<&str> = split(value, ',').into_iter().filter(|part| !part.trim().is_empty()).collect();
        if parts.is_empty() {
            return Err(reader.wrong("given"));
        }
        if self.query.sort.len() + parts.len() > MOST_SORTS {
            return Err(QueryError::TooMuch { what: "more than 8 parts of _sort" });
        }
        let mut kept = Vec::with_capacity(parts.len());
        for part in &parts {
            match sort(self.definitions, self.kind, reader, part) {
                Ok(sort) => {
                    self.query.sort.push(sort);
                    kept.push(*part);
                }
                Err(why) => self.leave_out(reader.name, why)?,
            }
        }
        Ok(match kept.len() {
            0 => Understood::NotOurs,
            all if all == parts.len() => Understood::Yes,
            _ => Understood::InPart(kept.join(",")),
        })
    }

    fn result_parameter(&mut self, reader: &Reader<'_>, name: &str, value: &str) -> Result<(), QueryError> {
        let query = &mut self.query;
        match name {
            // More than there can be is as much as there may be.
            "_count" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                query.count = Some(value.parse().unwrap_or(u32::MAX));
            }
            "_count" => return Err(reader.wrong("a whole number")),
            "_cursor" => query.cursor = Some(value.to_owned()),
            "_total" => {
                query.total = match value {
                    "none" => Total::None,
                    "estimate" => Total::Estimate,
                    "accurate" => Total::Accurate,
                    _ => return Err(reader.wrong("none, estimate or accurate")),
                }
            }
            "_summary" => {
                query.summary = Some(match value {
                    "true" => Summary::True,
                    "text" => Summary::Text,
                    "data" => Summary::Data,
                    "count" => Summary::Count,
                    "false" => Summary::False,
                    _ => return Err(reader.wrong("true, text, data, count or false")),
                });
            }
            "_elements" => {
                let legal = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
                query.elements = reader.any(value, |part| match legal(part) {
                    true => Ok(part.to_owned()),
                    false => Err(reader.wrong("a list of element names")),
                })?;
            }
            // Contained resources are not searched by themselves, which is what "false" asks for.
            "_contained" if value == "false" => {}
            "_contained" => return Err(unsupported(name, "searching contained resources by themselves (_contained)")),
            _ => return Err(unsupported(name, "answering with containers or what they contain (_containedType)")),
        }
        Ok(())
    }

    /// The condition that `name=value` sets for resources of type `kind`.
    fn filter(&self, kind: ResourceType, name: &str, value: &str, depth: usize) -> Result<Filter, QueryError> {
        if depth > self.asked.chain_depth {
            return Err(QueryError::TooMuch { what: "a chain with more links than the box follows" });
        }
        if let Some(rest) = name.strip_prefix("_has:") {
            return self.reverse_chain(kind, name, rest, value, depth);
        }
        let (link, rest) = name.split_once('.').map_or((name, None), |(link, rest)| (link, Some(rest)));
        let (code, modifier) = link.split_once(':').map_or((link, None), |(code, modifier)| (code, Some(modifier)));
        if let Some(special) = self.special(kind, name, code, value)? {
            return if rest.is_none() && modifier.is_none() { Ok(special) } else { Err(self.modifier(code, modifier)) };
        }
        let param = self.param(kind, code)?;
        match rest {
            Some(rest) => self.chain(kind, param, modifier, rest, value, depth),
            None => self.condition(param, name, modifier, value),
        }
    }

    fn param(&self, kind: ResourceType, code: &str) -> Result<&'a SearchParam, QueryError> {
        let found = self.definitions.search_param(kind, code).filter(|param| !param.expression.is_empty());
        found.ok_or_else(|| QueryError::Unknown { kind, name: shorten(code) })
    }

    fn modifier(&self, code: &str, modifier: Option<&str>) -> QueryError {
        QueryError::Modifier { name: shorten(code), modifier: shorten(modifier.unwrap_or(".")) }
    }

    /// `reference[:Type].rest`
    fn chain(
        &self,
        kind: ResourceType,
        param: &SearchParam,
        modifier: Option<&str>,
        rest: &str,
        value: &str,
        depth: usize,
    ) -> Result<Filter, QueryError> {
        if param.kind != ParamKind::Reference {
            return Err(QueryError::Unknown { kind, name: shorten(&format!("{}.{rest}", param.code)) });
        }
        let targets = targets(param);
        let targets = match modifier {
            None => targets,
            Some(name) => match ResourceType::parse(name).filter(|kind| targets.contains(kind)) {
                Some(kind) => vec![kind],
                None => return Err(self.modifier(param.code, modifier)),
            },
        };
        if kind == ResourceType::Bundle && leads_on(rest) {
            return Err(unsupported(param.code, "a search that leads from what a Bundle contains to other resources"));
        }
        let several = targets.len() > 1;
        let mut links = Vec::new();
        let mut refused = None;
        for target in targets {
            if target == ResourceType::AuditEvent {
                refused = refused.or_else(|| Some(the_log_is_alone(param.code)));
                continue;
            }
            match self.filter(target, rest, value, depth + 1) {
                Ok(then) => links.push(Filter::Chain { param: reference(param), target, then: Box::new(then) }),
                // A type without that parameter cannot be meant.
                Err(error @ QueryError::Unknown { .. }) => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        match links.len() {
            // None of them has it: whose it would be nobody knows.
            0 if several && matches!(refused, Some(QueryError::Unknown { .. })) => {
                Err(QueryError::Unknown { kind, name: shorten(&format!("{}.{rest}", param.code)) })
            }
            0 => Err(refused.unwrap_or_else(|| QueryError::Target { name: shorten(param.code) })),
            1 => links.pop().ok_or_else(|| QueryError::Target { name: shorten(param.code) }),
            _ => Ok(Filter::Any(links)),
        }
    }

    /// `_has:Type:reference:rest`
    fn reverse_chain(
        &self,
        kind: ResourceType,
        name: &str,
        rest: &str,
        value: &str,
        depth: usize,
    ) -> Result<Filter, QueryError> {
        let mut parts = rest.splitn(3, ':');
        let (Some(source), Some(code), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(self.reader(name).wrong("of the form _has:Type:reference:parameter"));
        };
        let source = ResourceType::parse(source).ok_or_else(|| QueryError::Unknown { kind, name: shorten(name) })?;
        let param = self.param(source, code)?;
        if param.kind != ParamKind::Reference || !targets(param).contains(&kind) {
            return Err(QueryError::Target { name: shorten(name) });
        }
        if source == ResourceType::AuditEvent {
            return Err(the_log_is_alone(name));
        }
        let then = Box::new(self.filter(source, rest, value, depth + 1)?);
        Ok(Filter::Has { source, param: reference(param), then })
    }

    /// Parameters that are not values at a path.
    fn special(&self, kind: ResourceType, name: &str, code: &str, value: &str) -> Result<Option<Filter>, QueryError> {
        let reader = self.reader(name);
        let known = || self.definitions.search_param(kind, code).is_some();
        Ok(Some(match code {
            "_id" if !name.contains("_id:") => {
                Filter::Ids(reader.any(value, |id| FhirId::parse(&unescape(id)).map_err(|_| reader.wrong("an id")))?)
            }
            "_text" if known() => Filter::Special(Special::Narrative(Text::new(value))),
            "_content" => Filter::Special(Special::Content(Text::new(value))),
            "_filter" => return Err(unsupported(code, "filter expressions (_filter)")),
            "_query" => return Err(unsupported(code, "named queries (_query)")),
            "_list" => Filter::Special(Special::List(reader.any(value, |text| list(&reader, text))?)),
            "near" if kind == ResourceType::Location => {
                let near = |text: &str| near(self.param(kind, code)?, &reader, text).map(Filter::Special);
                let mut places = reader.any(value, near)?;
                if places.len() == 1 { return Ok(places.pop()) } else { Filter::Any(places) }
            }
            _ => return Ok(None),
        }))
    }

    fn condition(
        &self,
        param: &SearchParam,
        name: &str,
        modifier: Option<&str>,
        value: &str,
    ) -> Result<Filter, QueryError> {
        let reader = self.reader(name);
        if modifier == Some("missing") {
            let missing = match value {
                "true" => Presence::Missing,
                "false" => Presence::Present,
                _ => return Err(reader.wrong("true or false")),
            };
            return Ok(Filter::Missing { param: reference(param), missing });
        }
        if let (ParamKind::Token, Some("in" | "not-in")) = (param.kind, modifier) {
            let filter = in_sets(param, &reader, modifier, value)?;
            if let Filter::Test { test: Test::Token { any, .. }, .. } = &filter {
                self.list(any.len())?;
            }
            return Ok(filter);
        }
        if let (ParamKind::Token, Some("below" | "above")) = (param.kind, modifier) {
            self.list(split(value, ',').len().saturating_mul(OF_A_HIERARCHY))?;
        }
        let test = match param.kind {
            ParamKind::Composite if modifier.is_none() => self.composite(param, &reader, value)?,
            kind => match plain(kind, param, &reader, modifier, value)? {
                Some(test) => test,
                None => return Err(self.modifier(param.code, modifier)),
            },
        };
        Ok(Filter::Test { param: reference(param), test })
    }

    /// Counts what value sets and hierarchies come to: to list them is work, and each code is compared.
    fn list(&self, codes: usize) -> Result<(), QueryError> {
        self.listed.set(self.listed.get().saturating_add(codes));
        if self.listed.get() > sets::MOST {
            return Err(QueryError::TooMuch { what: "value sets and hierarchies with more than 10,000 codes in all" });
        }
        Ok(())
    }

    fn composite(&self, param: &SearchParam, reader: &Reader<'_>, value: &str) -> Result<Test, QueryError> {
        let part = |at: usize, text: &str| {
            let part = param.components.get(at).and_then(|part| self.definitions.search_param_by_id(part.param));
            let part = part.ok_or_else(|| reader.wrong("one value for each part, with “$” between"))?;
            plain(part.kind, part, reader, None, text)?.ok_or_else(|| self.modifier(param.code, None))
        };
        Ok(Test::Composite(reader.any(value, |text| reader.composite(text, param.components.len(), part))?))
    }

    fn include(&mut self, name: &str, modifier: Option<&str>, value: &str, way: IncludeWay) -> Result<(), QueryError> {
        let repeat = match modifier {
            None => Repeat::Once,
            // The name of R3, which clients still send.
            Some("iterate" | "recurse") => Repeat::Iterate,
            Some(_) => return Err(self.modifier(name.split(':').next().unwrap_or_default(), modifier)),
        };
        let reader = self.reader(name);
        let wrong = || reader.wrong("of the form Type:reference or Type:reference:Target");
        if value == "*" {
            self.query.includes.push(Include { way, source: None, param: None, target: None, repeat });
            return Ok(());
        }
        let mut parts = value.splitn(3, ':');
        let source = parts.next().and_then(ResourceType::parse).ok_or_else(wrong)?;
        let code = parts.next().ok_or_else(wrong)?;
        let target = parts.next().map(|name| ResourceType::parse(name).ok_or_else(wrong)).transpose()?;
        if self.kind != ResourceType::AuditEvent && [Some(source), target].contains(&Some(ResourceType::AuditEvent)) {
            return Err(the_log_is_alone(name));
        }
        let param = match code {
            "*" => None,
            _ => {
                let param = self.param(source, code)?;
                let reaches = |kind: ResourceType| targets(param).contains(&kind);
                if param.kind != ParamKind::Reference || target.is_some_and(|kind| !reaches(kind)) {
                    return Err(QueryError::Target { name: shorten(value) });
                }
                if source == ResourceType::Bundle && way == IncludeWay::Forward {
                    return Err(unsupported(name, "including what a Bundle contains: it comes with the Bundle"));
                }
                Some(reference(param))
            }
        };
        self.query.includes.push(Include { way, source: Some(source), param, target, repeat });
        Ok(())
    }
}

/// The access log has no rows among those of the resources: asked together with them it would seem to be empty.
fn the_log_is_alone(name: &str) -> QueryError {
    unsupported(name, "the access log together with other resources; search it by itself, as in AuditEvent?patient=1")
}

/// Whether what stands behind a chain's first link needs more than the resource there.
fn leads_on(rest: &str) -> bool {
    let head = rest.split(':').next().unwrap_or_default();
    rest.contains('.') || matches!(head, "_has" | "_list")
}

fn unsupported(name: &str, what: &'static str) -> QueryError {
    QueryError::Unsupported { name: shorten(name), what }
}

/// The id of a List, by itself or with its type.
fn list(reader: &Reader<'_>, text: &str) -> Result<FhirId, QueryError> {
    if text.starts_with('$') {
        return Err(unsupported("_list", "lists by what they are for, such as $current-problems (_list)"));
    }
    let id = unescape(text);
    FhirId::parse(id.strip_prefix("List/").unwrap_or(&id)).map_err(|_| reader.wrong("the id of a List"))
}

/// `:in` and `:not-in`.
fn in_sets(
    param: &SearchParam,
    reader: &Reader<'_>,
    modifier: Option<&str>,
    value: &str,
) -> Result<Filter, QueryError> {
    let how = if modifier == Some("in") { TokenMatch::Is } else { TokenMatch::Not };
    let named = reader.any(value, |part| Ok(unescape(part)))?;
    Ok(match sets::carried(&named) {
        None => Filter::InSets { param: reference(param), how, sets: named },
        Some(None) => return Err(reader.wrong("a value set whose codes this box can list")),
        Some(Some(any)) => Filter::Test { param: reference(param), test: Test::Token { how, any } },
    })
}

fn reference(param: &SearchParam) -> ParamRef {
    ParamRef { id: param.id, code: param.code.to_owned() }
}

/// The types a reference parameter leads to: those of its targets that its expression lets through.
pub(super) fn targets(param: &SearchParam) -> Vec<ResourceType> {
    let only = param.expression.rsplit_once("resolve() is ").and_then(|(head, tail)| {
        let name = tail.split(|c: char| !c.is_ascii_alphanumeric()).next()?;
        // Other paths in the same expression may lead elsewhere.
        (!head.contains('|') && !tail.contains('|')).then(|| ResourceType::parse(name)).flatten()
    });
    match only {
        Some(kind) => vec![kind],
        None => param.targets.iter().collect(),
    }
}

/// The test of a parameter that is no composite; `None` when the modifier does not apply to its type.
fn plain(
    kind: ParamKind,
    param: &SearchParam,
    reader: &Reader<'_>,
    modifier: Option<&str>,
    value: &str,
) -> Result<Option<Test>, QueryError> {
    let text = |part: &str| Ok(Text::new(&unescape(part)));
    let raw = |part: &str| Ok(unescape(part));
    let tokens = |how| Ok(Some(Test::Token { how, any: reader.any(value, |part| reader.token(part))? }));
    let related = |way| {
        let any = reader.any(value, |part| sets::related(reader, part, way))?.concat();
        Ok(Some(Test::Token { how: TokenMatch::Is, any }))
    };
    let strings = |how| Ok(Some(Test::String { how, any: reader.any(value, text)? }));
    let uris = |how| Ok(Some(Test::Uri { how, any: reader.any(value, raw)? }));
    match (kind, modifier) {
        (ParamKind::Token, None) => tokens(TokenMatch::Is),
        (ParamKind::Token, Some("not")) => tokens(TokenMatch::Not),
        (ParamKind::Token, Some("below")) if finds_media_types(param) => {
            let media_type = |part: &str| reader.token(part)?.code.ok_or_else(|| reader.wrong("such as text/xml"));
            Ok(Some(Test::MediaTypes(reader.any(value, media_type)?)))
        }
        (ParamKind::Token, Some("above")) if finds_media_types(param) => Ok(None),
        (ParamKind::Token, Some("above")) => related(Way::Above),
        (ParamKind::Token, Some("below")) => related(Way::Below),
        (ParamKind::Token, Some("of-type")) => {
            Ok(Some(Test::TypedIdentifier(reader.any(value, |part| reader.typed_identifier(part))?)))
        }
        (ParamKind::Token | ParamKind::Reference, Some("text")) => Ok(Some(Test::TokenText(reader.any(value, text)?))),
        (ParamKind::String, None) => match Beside::of(param) {
            Beside::Nothing => strings(StringMatch::Begins),
            Beside::Words => {
                let any = reader.any(value, |part| Ok(asked_beginnings(&text(part)?)))?;
                Ok(Some(Test::Words(any.concat())))
            }
            Beside::Sounds => {
                let any = reader.any(value, |part| match asked_sounds(&text(part)?) {
                    none if none.is_empty() => Err(reader.wrong("a name")),
                    asked => Ok(asked),
                })?;
                Ok(Some(Test::Sounds(any.concat())))
            }
        },
        (ParamKind::String, Some("contains")) => strings(StringMatch::Contains),
        (ParamKind::String, Some("exact")) => strings(StringMatch::Exact),
        (ParamKind::Date, None) => Ok(Some(Test::Date(reader.any(value, |part| reader.date(part))?))),
        (ParamKind::Number, None) => Ok(Some(Test::Number(reader.any(value, |part| reader.number(part))?))),
        (ParamKind::Quantity, None) => Ok(Some(Test::Quantity(reader.any(value, |part| reader.quantity(part))?))),
        (ParamKind::Uri, None) if is_of_versions(param) && value.contains('|') => {
            let versioned = |part: &str| {
                let parts: Vec<String> = split(part, '|').into_iter().map(unescape).collect();
                match parts.as_slice() {
                    [url, version] if !version.is_empty() => Ok((url.clone(), Some(version.clone()))),
                    _ => Ok((unescape(part), None)),
                }
            };
            Ok(Some(Test::Versioned(reader.any(value, versioned)?)))
        }
        (ParamKind::Uri, None) => uris(UriMatch::Is),
        (ParamKind::Uri, Some("below")) => uris(UriMatch::Below),
        (ParamKind::Uri, Some("above")) => uris(UriMatch::Above),
        (ParamKind::Reference, modifier) => reference_test(param, reader, modifier, value),
        _ => Ok(None),
    }
}

/// Whether a parameter finds the canonical URLs of what has versions: a version behind one is meant as such (search.html#uri).
fn is_of_versions(param: &SearchParam) -> bool {
    let kind = ResourceType::parse(param.base);
    param.code == "url" && kind.is_some_and(|kind| Definitions::r4().search_param(kind, "version").is_some())
}

/// Whether a parameter finds media types, whose hierarchy is in how they are written (search.html#mimetype).
fn finds_media_types(param: &SearchParam) -> bool {
    param.expression.ends_with(".contentType")
}

fn reference_test(
    param: &SearchParam,
    reader: &Reader<'_>,
    modifier: Option<&str>,
    value: &str,
) -> Result<Option<Test>, QueryError> {
    let targets = targets(param);
    let any = match modifier {
        None => reader.references(value, &targets)?,
        Some("identifier") => reader.any(value, |part| reader.token(part).map(ReferenceTest::Identifier))?,
        Some("below") => return hierarchy::related(param, reader, Way::Below, value),
        Some("above") => return hierarchy::related(param, reader, Way::Above, value),
        Some(name) => match ResourceType::parse(name).filter(|kind| targets.contains(kind)) {
            Some(kind) => reader.references(value, &[kind])?,
            None => return Ok(None),
        },
    };
    Ok(Some(Test::Reference(any)))
}

fn sort(definitions: &Definitions, kind: ResourceType, reader: &Reader<'_>, text: &str) -> Result<Sort, QueryError> {
    let (code, order) = match text.strip_prefix('-') {
        Some(code) => (code, SortOrder::Descending),
        None => (text, SortOrder::Ascending),
    };
    let by = match code {
        "_id" => SortKey::Id,
        "_lastUpdated" => SortKey::LastUpdated,
        "_score" => return Err(unsupported("_sort", "sorting by how well something fits (_score)")),
        _ => match definitions.search_param(kind, code) {
            Some(param)
                if matches!(param.kind, ParamKind::Special | ParamKind::Composite) || param.expression.is_empty() =>
            {
                return Err(reader.wrong("a list of parameters that have an order"));
            }
            Some(param) => SortKey::Param(reference(param)),
            None => return Err(QueryError::Unknown { kind, name: shorten(code) }),
        },
    };
    Ok(Sort { by, order })
}

/// `latitude|longitude|distance|unit`; a distance not given is 10 km, its unit km (SearchParameter/Location-near).
fn near(param: &SearchParam, reader: &Reader<'_>, text: &str) -> Result<Special, QueryError> {
    let wrong = || reader.wrong("of the form latitude|longitude|distance|unit, the unit m or km");
    let parts = split(text, '|');
    let number = |at: usize| match parts.get(at).filter(|part| !part.is_empty()) {
        Some(part) => part.parse::<f64>().ok().filter(|n| n.is_finite()).map(Some).ok_or_else(wrong),
        None => Ok(None),
    };
    let (Some(latitude), Some(longitude)) = (number(0)?, number(1)?) else { return Err(wrong()) };
    let metres = match parts.get(3).copied().unwrap_or("km") {
        "km" | "kms" | "" => 1000.0,
        "m" => 1.0,
        "mi" | "[mi_us]" | "[mi_i]" => 1609.344,
        _ => return Err(wrong()),
    };
    let distance_km = number(2)?.map_or(10.0, |distance| distance * metres / 1000.0);
    if parts.len() > 4 || latitude.abs() > 90.0 || longitude.abs() > 180.0 || distance_km < 0.0 {
        return Err(wrong());
    }
    Ok(Special::Near { param: reference(param), latitude, longitude, distance_km })
}
