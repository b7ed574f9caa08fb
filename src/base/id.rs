//! Typed ids: our own are UUIDv7, a resource's is FHIR's.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use super::clock::Ambient;

/// What an [`Id`] is the id of.
pub trait IdKind: 'static {
    const NAME: &'static str;
}

/// A UUIDv7 that can only be the id of a `K`.
pub struct Id<K: IdKind>(Uuid, PhantomData<fn() -> K>);

impl<K: IdKind> Id<K> {
    /// A new id of this moment: sorts after those made before.
    pub fn new(ambient: &Ambient) -> Self {
        let millis = u64::try_from(ambient.now().as_millisecond()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &ambient.bytes::<10>()).into_uuid();
        Self(uuid, PhantomData)
    }

    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes), PhantomData)
    }

    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

macro_rules! id_kinds {
    ($($(#[$doc:meta])* $alias:ident = $kind:ident, $name:literal;)*) => {$(
        #[doc(hidden)] pub enum $kind {}
        impl IdKind for $kind { const NAME: &'static str = $name; }
        $(#[$doc])* pub type $alias = Id<$kind>;
    )*};
}

id_kinds! {
    /// A sign-in account: a person's or a service's.
    AccountId = AccountKind, "account";
    /// A server-side session. This is its public handle; the cookie's secret is another value.
    SessionId = SessionKind, "session";
    /// A bearer token's handle; its secret is another value.
    TokenId = TokenKind, "token";
    /// One run of the box, from start to stop.
    BootId = BootKind, "boot";
    /// One store; it stands in every page's seal.
    StoreId = StoreKind, "store";
}

impl<K: IdKind> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K: IdKind> Copy for Id<K> {}
impl<K: IdKind> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K: IdKind> Eq for Id<K> {}
impl<K: IdKind> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: IdKind> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K: IdKind> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K: IdKind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl<K: IdKind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", K::NAME, self.0)
    }
}
impl<K: IdKind> FromStr for Id<K> {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Uuid::from_str(text).map(|uuid| Self(uuid, PhantomData)).map_err(|_| InvalidId { what: K::NAME })
    }
}
impl<K: IdKind> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}
impl<'de, K: IdKind> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Uuid::deserialize(deserializer).map(|uuid| Self(uuid, PhantomData))
    }
}

/// Text that is not the id it should be. Says which kind, never repeats the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a {what} id")]
pub struct InvalidId {
    pub what: &'static str,
}

/// A resource's logical id: 1 to 64 of `A-Z a-z 0-9 - .` (FHIR R4, datatypes.html#id).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FhirId(Box<str>);

impl FhirId {
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
        if (1..=64).contains(&text.len()) && text.bytes().all(legal) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidId { what: "resource" })
        }
    }

    /// A new id made by the server: a UUIDv7 in its text form.
    pub fn new(ambient: &Ambient) -> Self {
        Self(Id::<StoreKind>::new(ambient).to_string().into())
    }

    /// Whether it is written as [`FhirId::new`] writes them.
    pub fn is_ours(&self) -> bool {
        Uuid::try_parse(&self.0).is_ok_and(|id| id.get_version_num() == 7 && id.to_string() == *self.0)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FhirId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl fmt::Debug for FhirId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "id:{}", self.0)
    }
}
impl TryFrom<String> for FhirId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}
impl From<FhirId> for String {
    fn from(id: FhirId) -> String {
        id.0.into()
    }
}
impl FromStr for FhirId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

/// A resource by type name and id, as in `Observation/abc`. The type name is checked for its shape
/// only; whether FHIR has such a type is the `fhir` room's to say.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceRef {
    text: Box<str>,
    slash: u8,
}

impl ResourceRef {
    pub fn new(type_name: &str, id: &FhirId) -> Result<Self, InvalidId> {
        Self::parse(&format!("{type_name}/{id}"))
    }

    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let wrong = InvalidId { what: "resource reference" };
        let (type_name, id) = text.split_once('/').ok_or(wrong.clone())?;
        let named = (1..=40).contains(&type_name.len()) && type_name.bytes().all(|b| b.is_ascii_alphabetic());
        FhirId::parse(id).map_err(|_| wrong.clone())?;
        let slash = u8::try_from(type_name.len()).map_err(|_| wrong.clone())?;
        if named { Ok(Self { text: text.into(), slash }) } else { Err(wrong) }
    }

    pub fn type_name(&self) -> &str {
        self.text.get(..usize::from(self.slash)).unwrap_or_default()
    }

    pub fn id(&self) -> FhirId {
        FhirId(self.text.get(usize::from(self.slash) + 1..).unwrap_or_default().into())
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl fmt::Debug for ResourceRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
impl TryFrom<String> for ResourceRef {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        Self::parse(&text)
    }
}
impl From<ResourceRef> for String {
    fn from(reference: ResourceRef) -> String {
        reference.text.into()
    }
}
impl FromStr for ResourceRef {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_id_is_what_fhir_allows_and_nothing_else() {
        for good in ["a", "A-1.b", &"x".repeat(64)] {
            assert_eq!(FhirId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", "a/b", "a b", "ä", "a_b", &"x".repeat(65)] {
            assert!(FhirId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_reference_splits_into_type_and_id() {
        let reference = ResourceRef::parse("Observation/a-1").unwrap();
        assert_eq!((reference.type_name(), reference.id().as_str()), ("Observation", "a-1"));
        for bad in ["Observation", "Observation/", "/a", "Obs3/a", "Observation/a/b", "Observation/a b"] {
            assert!(ResourceRef::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_made_later_sort_later_and_read_back() {
        let clock = super::super::ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap());
        let ambient = Ambient::new(clock.clone(), super::super::SeededRandom::new(1));
        let first = AccountId::new(&ambient);
        clock.advance(std::time::Duration::from_millis(1));
        let second = AccountId::new(&ambient);
        assert!(first < second);
        assert_eq!(first.to_string().parse::<AccountId>().unwrap(), first);
    }
}
