//! Search by FHIR R4's own search parameters: what a resource is found by, and what a query asks for.
//!
//! Pure: nothing here reads an index. Rules are those of search.html of FHIR R4 (4.0.1); where it leaves
//! a choice, the choice is written at the place that makes it.

mod clinical;
mod compiled;
mod elements;
mod encoding;
mod extract;
mod fold;
mod hierarchy;
mod matches;
mod names;
mod operand;
mod parse;
mod query;
mod sets;
mod sound;
mod ucum;
mod value;
mod words;

pub use clinical::{care_range, clinical_date, compartment_patients, is_in_compartments};
pub use elements::Elements;
pub use encoding::{encode, encode_pair, escaped, pairs};
pub use extract::{date_range, extract, extract_one, fold_code, is_combined_too_often};
pub use fold::fold;
pub use hierarchy::parent_of;
pub use matches::{GivenUp, GoesOn, decide, decide_while, matches};
pub use operand::shorten;
pub use parse::{Asked, CHAIN_DEPTH, Empty};
pub use query::{
    DateTest, Filter, Handling, Ignored, Include, IncludeWay, NumberTest, PageSize, ParamRef, Prefix, Presence,
    QuantityTest, Query, QueryError, ReferenceTest, Repeat, Sort, SortKey, SortOrder, SoundTest, Special, StringMatch,
    Summary, SystemTest, Test, TokenMatch, TokenTest, Total, TypedIdentifierTest, UnitTest, UriMatch, Way,
};
pub use sound::{Sound, heard};
pub use ucum::{annotations, between};
pub use value::{
    CanonicalQuantity, DateRange, IndexValue, QuantityValue, ReferenceTarget, SearchValue, Text, TokenSystem, sortable,
};

#[cfg(test)]
mod extract_tests;
#[cfg(test)]
mod query_tests;
