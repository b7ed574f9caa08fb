//! What the definitions table holds, as types. All text is part of the program image and never copied.

use crate::fhir::ResourceType;

/// The primitive types of R4 (datatypes.html#primitive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

impl Primitive {
    pub const ALL: [Self; 20] = [
        Self::Base64Binary,
        Self::Boolean,
        Self::Canonical,
        Self::Code,
        Self::Date,
        Self::DateTime,
        Self::Decimal,
        Self::Id,
        Self::Instant,
        Self::Integer,
        Self::Markdown,
        Self::Oid,
        Self::PositiveInt,
        Self::String,
        Self::Time,
        Self::UnsignedInt,
        Self::Uri,
        Self::Url,
        Self::Uuid,
        Self::Xhtml,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Base64Binary => "base64Binary",
            Self::Boolean => "boolean",
            Self::Canonical => "canonical",
            Self::Code => "code",
            Self::Date => "date",
            Self::DateTime => "dateTime",
            Self::Decimal => "decimal",
            Self::Id => "id",
            Self::Instant => "instant",
            Self::Integer => "integer",
            Self::Markdown => "markdown",
            Self::Oid => "oid",
            Self::PositiveInt => "positiveInt",
            Self::String => "string",
            Self::Time => "time",
            Self::UnsignedInt => "unsignedInt",
            Self::Uri => "uri",
            Self::Url => "url",
            Self::Uuid => "uuid",
            Self::Xhtml => "xhtml",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|primitive| primitive.name() == name)
    }
}

/// A set of resource types, as bits by [`ResourceType::number`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TypeSet([u64; 3]);

impl TypeSet {
    pub const EMPTY: Self = Self([0; 3]);
    pub const ALL: Self = {
        // 146 types: two full words, and 18 bits of the third.
        assert!(ResourceType::ALL.len() == 146);
        Self([u64::MAX, u64::MAX, (1 << 18) - 1])
    };

    pub fn insert(&mut self, kind: ResourceType) {
        if let Some(word) = self.0.get_mut(usize::from(kind.number() / 64)) {
            *word |= 1 << (kind.number() % 64);
        }
    }

    pub fn contains(&self, kind: ResourceType) -> bool {
        self.0.get(usize::from(kind.number() / 64)).is_some_and(|word| word & (1 << (kind.number() % 64)) != 0)
    }

    pub fn iter(&self) -> impl Iterator<Item = ResourceType> + '_ {
        ResourceType::ALL.iter().copied().filter(|kind| self.contains(*kind))
    }

    pub fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        *self == Self::EMPTY
    }
}

impl FromIterator<ResourceType> for TypeSet {
    fn from_iter<I: IntoIterator<Item = ResourceType>>(kinds: I) -> Self {
        let mut set = Self::EMPTY;
        kinds.into_iter().for_each(|kind| set.insert(kind));
        set
    }
}

/// The place of a type, or of a backbone element within one, in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId(pub(super) u16);

impl NodeId {
    /// From 0, below [`super::Definitions::nodes`].
    pub fn number(self) -> usize {
        usize::from(self.0)
    }
}

/// What an element's value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind {
    Primitive(Primitive),
    /// A datatype, or a backbone element: an object with the elements of that node.
    Object(NodeId),
    /// A whole resource: `contained`, `Bundle.entry.resource`, `Parameters.parameter.resource`.
    Resource,
}

/// One type that an element may have.
#[derive(Debug, Clone, Copy)]
pub struct ElementType {
    pub kind: TypeKind,
    /// The type's name: what follows the stem in a choice's JSON name, first letter raised.
    pub name: &'static str,
    /// For Reference and canonical: what may be pointed at.
    pub targets: TypeSet,
    /// A Quantity without a comparator (profile SimpleQuantity).
    pub simple: bool,
}

/// One element of a type. In R4 a minimum is 0 or 1, and a maximum 1 or unbounded.
#[derive(Debug, Clone, Copy)]
pub struct Element {
    /// As in FHIRPath: a choice's stem, without `[x]`.
    pub name: &'static str,
    pub required: bool,
    pub repeats: bool,
    pub choice: bool,
    /// The place of its required value set, where that can be listed.
    pub(super) binding: Option<u16>,
    pub(super) types: (u16, u16),
    /// Its rules, where they are about this element and not about its type.
    pub(super) rules: (u16, u16),
}

#[derive(Debug)]
pub(super) struct Node {
    pub name: Box<str>,
    pub base: Option<NodeId>,
    /// Its own elements, sorted by name, then its own choices.
    pub plain: (u16, u16),
    pub choices: (u16, u16),
    /// Whether any own element is required.
    pub requires: bool,
    /// The rules about this type or backbone element.
    pub rules: (u16, u16),
}

/// The codes of a required binding.
#[derive(Debug)]
pub struct ValueSet {
    pub url: &'static str,
    pub(super) groups: Vec<CodeGroup>,
}

#[derive(Debug)]
pub(super) struct CodeGroup {
    pub system: &'static str,
    /// Sorted by bytes.
    pub codes: Box<[&'static str]>,
}

impl ValueSet {
    /// Whether some system of the set has this code: for elements of type `code`.
    pub fn has_code(&self, code: &str) -> bool {
        self.groups.iter().any(|group| group.codes.binary_search(&code).is_ok())
    }

    /// For Coding and CodeableConcept.
    pub fn has_coding(&self, system: &str, code: &str) -> bool {
        self.groups.iter().any(|group| group.system == system && group.codes.binary_search(&code).is_ok())
    }

    /// All codes, in the order of system and code.
    pub fn codes(&self) -> impl Iterator<Item = (&'static str, &'static str)> + '_ {
        self.groups.iter().flat_map(|group| group.codes.iter().map(|code| (group.system, *code)))
    }
}

/// A search parameter's type (search.html#ptypes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ParamKind {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

impl ParamKind {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "number" => Self::Number,
            "date" => Self::Date,
            "string" => Self::String,
            "token" => Self::Token,
            "reference" => Self::Reference,
            "composite" => Self::Composite,
            "quantity" => Self::Quantity,
            "uri" => Self::Uri,
            "special" => Self::Special,
            _ => return None,
        })
    }

    /// As in `SearchParameter.type`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Date => "date",
            Self::String => "string",
            Self::Token => "token",
            Self::Reference => "reference",
            Self::Composite => "composite",
            Self::Quantity => "quantity",
            Self::Uri => "uri",
            Self::Special => "special",
        }
    }
}

/// A search parameter of one type.
#[derive(Debug)]
pub struct SearchParam {
    /// Its number in stored keys: stable over regenerations, one per (base type, code).
    pub id: u16,
    /// The type it is defined on: a resource type, `Resource` or `DomainResource`.
    pub base: &'static str,
    pub code: &'static str,
    pub kind: ParamKind,
    /// FHIRPath from the resource; only the parts that are about [`Self::base`]. Empty for `_text`, `_content`,
    /// `_query` and `_filter`, which are evaluated in other ways.
    pub expression: &'static str,
    /// What a reference may point at; empty for other kinds. A parameter can be chained when it is a reference.
    pub targets: TypeSet,
    /// For composites: the parts, in order.
    pub components: Box<[Component]>,
}

/// A part of a composite search parameter.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// The number of the parameter that says how this part is compared.
    pub param: u16,
    /// FHIRPath from each result of the composite's own expression.
    pub expression: &'static str,
}

/// A rule of the standard that spans elements (conformance-rules.html#constraints).
#[derive(Debug, Clone, Copy)]
pub struct Invariant {
    /// Its place in [`super::Definitions::invariants`]: unlike the key, one for each.
    pub number: u16,
    /// Where it applies: a path such as `Patient.contact`.
    pub context: &'static str,
    pub key: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// FHIRPath from the context.
    pub expression: &'static str,
    pub human: &'static str,
}

impl Invariant {
    /// Whether a resource that breaks it is refused.
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }
}
