//! What a search parameter finds in a resource: one value is one candidate for an index row.

use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use crate::base::FhirId;
use crate::fhir::ResourceType;

/// A value that the search parameter `param` (its number in the definitions) has in a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexValue {
    pub param: u16,
    pub value: SearchValue,
}

/// A searchable value (FHIR R4, search.html#ptypes).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SearchValue {
    /// A code or identifier with its system.
    Token {
        system: TokenSystem,
        code: String,
    },
    /// What a code is called: `CodeableConcept.text`, `Coding.display`, `Identifier.type.text`; for `:text`.
    TokenText(Text),
    /// An identifier with one coding of its type; for `:of-type`.
    TypedIdentifier {
        type_system: TokenSystem,
        type_code: String,
        value: String,
    },
    /// A piece of text; for string parameters.
    Text(Text),
    /// A name or an address from one of its words on, without punctuation, folded; for its beginnings.
    Word(String),
    /// How a word of a name sounds; for `phonetic`.
    Sound(String),
    Date(DateRange),
    Number(f64),
    Quantity(QuantityValue),
    Reference(ReferenceTarget),
    Uri(String),
    /// One value for each component, in the order of the definition, found at the same place.
    Composite(Vec<SearchValue>),
    /// WGS84 degrees; for `Location.near`.
    Position {
        latitude: f64,
        longitude: f64,
    },
}

impl SearchValue {
    /// About how many bytes of memory it takes.
    pub fn bytes(&self) -> usize {
        let text = |text: &Text| text.exact.len() + text.folded.len();
        let maybe = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let system = |system: &TokenSystem| match system {
            TokenSystem::Uri(uri) => uri.len(),
            TokenSystem::None | TokenSystem::Implied => 0,
        };
        let beside = match self {
            Self::Token { system: of, code } => system(of) + code.len(),
            Self::TokenText(of) | Self::Text(of) => text(of),
            Self::TypedIdentifier { type_system, type_code, value } => {
                system(type_system) + type_code.len() + value.len()
            }
            Self::Word(one) | Self::Sound(one) | Self::Uri(one) => one.len(),
            Self::Quantity(of) => {
                let canonical = of.canonical.as_ref().map_or(0, |canonical| canonical.unit.len());
                maybe(&of.system) + maybe(&of.code) + maybe(&of.unit) + canonical
            }
            Self::Reference(ReferenceTarget::Local { id, .. }) => id.as_str().len(),
            Self::Reference(ReferenceTarget::Absolute(url)) => url.len(),
            Self::Reference(ReferenceTarget::Canonical { url, version }) => url.len() + maybe(version),
            Self::Reference(ReferenceTarget::Contained { id }) => id.len(),
            Self::Reference(ReferenceTarget::Identifier { system, value }) => maybe(system) + value.len(),
            Self::Composite(parts) => parts.iter().map(Self::bytes).sum(),
            Self::Date(_) | Self::Number(_) | Self::Position { .. } => 0,
        };
        size_of::<Self>() + beside
    }

    /// Puts into a hash what equal values have in common.
    pub(super) fn digest(&self, into: &mut impl Hasher) {
        discriminant(self).hash(into);
        match self {
            Self::Token { system, code } => (system, code).hash(into),
            Self::TokenText(text) | Self::Text(text) => text.exact.hash(into),
            Self::TypedIdentifier { type_system, type_code, value } => (type_system, type_code, value).hash(into),
            Self::Date(range) => range.hash(into),
            Self::Quantity(quantity) => (sortable(quantity.low), &quantity.code, &quantity.unit).hash(into),
            Self::Reference(target) => target.hash(into),
            Self::Uri(text) | Self::Word(text) | Self::Sound(text) => text.hash(into),
            Self::Composite(parts) => parts.iter().for_each(|part| part.digest(into)),
            // Of zero and its opposite alike, which are equal.
            Self::Number(number) => sortable(*number).hash(into),
            Self::Position { latitude, longitude } => (sortable(*latitude), sortable(*longitude)).hash(into),
        }
    }
}

/// The system of a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenSystem {
    /// The element could name a system and does not.
    None,
    /// The element is a `code` or `boolean`, whose system follows from its definition: any system asked for
    /// is taken for that one.
    Implied,
    Uri(String),
}

/// Text as it stands, and as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// As in the resource; for `:exact`.
    pub exact: String,
    /// By [`fold`](super::fold); begins-with and `:contains` compare this.
    pub folded: String,
}

/// A stretch of time: the first and the last millisecond it can mean, since 1970 UTC. Open ends are
/// `i64::MIN` and `i64::MAX`. A date or time without a zone is read as UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateRange {
    pub start: i64,
    pub end: i64,
}

/// A quantity, or a range of them: a single value has `low == high`.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantityValue {
    pub low: f64,
    pub high: f64,
    pub system: Option<String>,
    pub code: Option<String>,
    pub unit: Option<String>,
    /// In the canonical unit, where the system is UCUM and the unit is known.
    pub canonical: Option<CanonicalQuantity>,
}

/// A quantity in the one unit to which all of its kind are converted.
#[derive(Debug, Clone, PartialEq)]
pub struct CanonicalQuantity {
    pub unit: String,
    pub low: f64,
    pub high: f64,
}

/// What a reference points at.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ReferenceTarget {
    /// A resource here: `Patient/a`, with `/_history/…` left out.
    Local { kind: ResourceType, id: FhirId },
    /// An absolute URL or a URN, as given.
    Absolute(String),
    /// A canonical URL, with the version after `|`.
    Canonical { url: String, version: Option<String> },
    /// `#id`: a resource within this one. No test names it; a chain goes through it.
    Contained { id: String },
    /// A logical reference: `Reference.identifier`; for `:identifier`.
    Identifier { system: Option<String>, value: String },
}

impl Text {
    pub fn new(exact: &str) -> Self {
        Self { exact: exact.to_owned(), folded: super::fold(exact) }
    }
}

impl From<crate::fhir::fhirpath::TimeRange> for DateRange {
    fn from(range: crate::fhir::fhirpath::TimeRange) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// A number as eight bytes (big-endian) that sort as the numbers do.
pub fn sortable(number: f64) -> u64 {
    // -0 and 0 are one number and must be one key.
    let bits = (number + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sortable_numbers_sort_as_numbers(a in -1e300f64..1e300, b in prop_oneof![-1e300f64..1e300, -1.0..1.0f64]) {
            prop_assert_eq!(sortable(a).cmp(&sortable(b)), a.partial_cmp(&b).unwrap());
        }
    }

    #[test]
    fn zero_has_one_key() {
        assert_eq!(sortable(0.0), sortable(-0.0));
        assert!(sortable(-1.0) < sortable(0.0) && sortable(0.0) < sortable(1e-300));
    }
}
