//! A search as asked: what must hold, what comes along, in which order, how much of it.
//!
//! Everything that search.html defines has its place here, also what an executor may refuse to run.

use super::value::{DateRange, ReferenceTarget, Text};
use crate::base::FhirId;
use crate::fhir::ResourceType;
use crate::fhir::bundle::OwnAddresses;

/// What to do with a parameter that is not understood (http.html#Prefer, `handling=`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handling {
    /// Refuse the search.
    Strict,
    /// Leave it out and say so.
    Lenient,
}

/// A parsed search of one resource type.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub kind: ResourceType,
    /// Only what is in this patient's compartment.
    pub compartment: Option<FhirId>,
    /// All must hold.
    pub filters: Vec<Filter>,
    pub includes: Vec<Include>,
    pub sort: Vec<Sort>,
    pub count: Option<PageSize>,
    /// The opaque text of `_cursor`, from a link of an earlier page.
    pub cursor: Option<String>,
    pub total: Total,
    pub summary: Option<Summary>,
    /// Element names of `_elements`; empty when all are wanted.
    pub elements: Vec<String>,
    /// What was left out under [`Handling::Lenient`], in the order asked.
    pub ignored: Vec<Ignored>,
    /// Where the server itself answers: a canonical that lies there is here.
    pub own: OwnAddresses,
    /// The resource whose compartment narrows the search, where that became filters: `Type/id`.
    pub(super) of: String,
    pub(super) understood: Vec<(String, String)>,
}

impl Query {
    /// What must hold, without what an answer should look like: for the conditions of changes.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self {
            filters: self.filters.clone(),
            compartment: self.compartment.clone(),
            includes: vec![],
            sort: vec![],
            count: None,
            cursor: None,
            total: Total::None,
            summary: None,
            elements: vec![],
            ignored: vec![],
            own: self.own.clone(),
            of: String::new(),
            understood: vec![],
            kind: self.kind,
        }
    }
}

/// A condition on a resource.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Filter {
    /// The resource's id is one of these.
    Ids(Vec<FhirId>),
    /// One of the parameter's values in the resource passes.
    Test {
        param: ParamRef,
        test: Test,
    },
    /// `:missing=true` (no value) or `false` (some value).
    Missing {
        param: ParamRef,
        missing: Presence,
    },
    /// A resource of type `target`, that the reference parameter points at, passes `then`.
    Chain {
        param: ParamRef,
        target: ResourceType,
        then: Box<Filter>,
    },
    /// A resource of type `source`, whose reference parameter points here, passes `then`.
    Has {
        source: ResourceType,
        param: ParamRef,
        then: Box<Filter>,
    },
    /// One of these holds: a chain through a reference to several types.
    Any(Vec<Filter>),
    /// `:in` and `:not-in` of value sets that the definitions do not carry: whoever has them makes it a test of their
    /// codes, by [`TokenTest::of_sets`].
    InSets {
        param: ParamRef,
        how: TokenMatch,
        /// Addresses, or `ValueSet/id`.
        sets: Vec<String>,
    },
    Special(Special),
}

/// The two sides of `:missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Missing,
    Present,
}

/// A search parameter of the official list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParamRef {
    /// Its number in the definitions.
    pub id: u16,
    pub code: String,
}

/// Conditions outside the list of parameters with an expression; text as asked.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Special {
    /// `_text`: words in the narrative.
    Narrative(Text),
    /// `_content`: words anywhere in the resource.
    Content(Text),
    /// `_list`: members of one of these `List` resources.
    List(Vec<FhirId>),
    /// `near`: within `distance_km` of a place.
    Near { param: ParamRef, latitude: f64, longitude: f64, distance_km: f64 },
}

/// What one of a parameter's values must be. Lists are alternatives (a comma in the query).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Test {
    Token {
        how: TokenMatch,
        any: Vec<TokenTest>,
    },
    /// `:of-type`.
    TypedIdentifier(Vec<TypedIdentifierTest>),
    /// `:text` of a token or reference.
    TokenText(Vec<Text>),
    /// `:below` of media types, folded: `text/xml` with whatever parameters, or all of `text`.
    MediaTypes(Vec<String>),
    String {
        how: StringMatch,
        any: Vec<Text>,
    },
    /// A name or an address begins with one of these, or does so from one of its words on; folded, with and without punctuation.
    Words(Vec<String>),
    /// Each of these alternatives is one or more words, all of which are heard in the names.
    Sounds(Vec<SoundTest>),
    Date(Vec<DateTest>),
    Number(Vec<NumberTest>),
    Quantity(Vec<QuantityTest>),
    Reference(Vec<ReferenceTest>),
    Uri {
        how: UriMatch,
        any: Vec<String>,
    },
    /// Canonical URLs, some with the version that the resource must have.
    Versioned(Vec<(String, Option<String>)>),
    /// Each alternative has one test per component.
    Composite(Vec<Vec<Test>>),
}

/// What a test value's prefix says (search.html#prefix).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    StartsAfter,
    EndsBefore,
    /// About: within a tenth.
    Approximately,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenMatch {
    Is,
    /// No value is one of these; a resource without a value passes.
    Not,
}

/// A token as asked: `code`, `system|code`, `|code` (no system), `system|` (any code).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTest {
    pub system: SystemTest,
    pub code: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemTest {
    Any,
    None,
    Is(String),
}

/// `system|code|value` of `:of-type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedIdentifierTest {
    pub type_system: SystemTest,
    pub type_code: String,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StringMatch {
    /// The folded text begins with this.
    Begins,
    Contains,
    /// The whole text, with case and accents.
    Exact,
}

/// What `phonetic` asks for: words, each by the codes of its readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SoundTest {
    pub words: Vec<Vec<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTest {
    pub prefix: Prefix,
    /// The stretch that the text means; for [`Prefix::Approximately`] already widened.
    pub range: DateRange,
}

/// A number as asked. Its implicit precision is `low..high` (search.html#number); the prefixes other than
/// eq, ne and ap compare with `value` alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberTest {
    pub prefix: Prefix,
    pub value: f64,
    /// The least number that equals the one asked; widened for [`Prefix::Approximately`].
    pub low: f64,
    /// The first number above those that equal it; the last one that passes for [`Prefix::Approximately`].
    pub high: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct QuantityTest {
    pub number: NumberTest,
    /// None when the query names no unit: numbers are compared as given.
    pub unit: Option<UnitTest>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UnitTest {
    /// None for `number||unit`: the code or the unit's text may be this.
    pub system: Option<String>,
    pub code: String,
    /// The canonical unit and the number in it, where the unit is known.
    pub canonical: Option<(String, NumberTest)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceTest {
    /// `Type/id`, or a bare id with the one type it can have.
    Target(ReferenceTarget),
    /// A bare id of any of these types.
    Id { kinds: Vec<ResourceType>, id: FhirId },
    /// `:identifier`.
    Identifier(TokenTest),
    /// `:below` on canonical references and URLs: begins with this.
    Below(String),
    /// `:above`: this begins with it.
    Above(String),
    /// `:below` and `:above` of a reference to a place in a hierarchy: to it, or to what lies that way of it. Whoever has the
    /// resources makes it one [`ReferenceTest::Target`] for each.
    Hierarchy { way: Way, kind: ResourceType, id: FhirId },
}

/// Which way in a hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Below,
    Above,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriMatch {
    Is,
    /// Begins with this.
    Below,
    /// This begins with it.
    Above,
}

/// What comes along with the matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Include {
    pub way: IncludeWay,
    /// The type that holds the reference; `None` for `*`.
    pub source: Option<ResourceType>,
    /// The reference parameter; `None` for `*`, every one.
    pub param: Option<ParamRef>,
    pub target: Option<ResourceType>,
    pub repeat: Repeat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncludeWay {
    /// `_include`: what the matches point at.
    Forward,
    /// `_revinclude`: what points at the matches.
    Reverse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    Once,
    /// `:iterate`: also from what was included.
    Iterate,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sort {
    pub by: SortKey,
    pub order: SortOrder,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    Id,
    LastUpdated,
    Param(ParamRef),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    Ascending,
    Descending,
}

/// `_count`: 0 means the same as `_summary=count`.
pub type PageSize = u32;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Total {
    #[default]
    Unasked,
    None,
    Estimate,
    Accurate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    True,
    Text,
    Data,
    Count,
    False,
}

/// A parameter that was left out of a lenient search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// The name as asked, shortened to 64 characters.
    pub name: String,
    pub why: QueryError,
}

impl QueryError {
    /// Whether a lenient search goes on without what it is about: what is not known or not done here, as against what is
    /// known and wrong.
    pub const fn may_be_left_out(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Unsupported { .. } | Self::Twice { .. } | Self::Element { .. })
    }
}

/// Why a search cannot be understood. Names parameters, never repeats values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    #[error("there is no search parameter “{name}” for {kind}. See the CapabilityStatement for those there are.")]
    Unknown { kind: ResourceType, name: String },
    #[error("{kind} has no element “{name}” that “_elements” could ask for")]
    Element { kind: ResourceType, name: String },
    #[error("the modifier “:{modifier}” does not apply to the search parameter “{name}”")]
    Modifier { name: String, modifier: String },
    #[error("the value of “{name}” is not {expected}")]
    Value { name: String, expected: &'static str },
    #[error("“{name}” does not refer to one type; name it, as in “{name}:Patient”")]
    Target { name: String },
    #[error("this box does not support {what}")]
    Unsupported { name: String, what: &'static str },
    #[error("“{name}” is given more than once and shapes the whole answer; give it once")]
    Twice { name: String },
    #[error("the search is too long or has too many parts ({what}). Ask for less at once.")]
    TooMuch { what: &'static str },
    #[error("the search text is not well encoded: after “%” two hexadecimal digits and in all valid UTF-8 are needed")]
    Encoding,
}
