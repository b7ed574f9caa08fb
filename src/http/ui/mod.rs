//! What all pages share: the shell around them, words, dates and numbers, icons, charts, static files.
//!
//! A page is a struct of plain owned data that derives `Template`; handlers fill it and nothing else. Nothing here
//! reads a store. Markup that is not a template's is built only by [`svg`], which escapes.

pub mod account;
pub mod assets;
pub mod charts;
mod dial;
pub mod format;
mod icon;
pub mod paper;
mod parts;
pub mod plain;
pub mod record;
mod series;
mod shell;
mod svg;
mod text;
mod uncut;
pub mod words;

pub use format::When;
pub use icon::Icon;
pub use parts::{FaultSummary, Faults, Field, State, Tone, stands};
pub use series::{Bounds, Flag, Flagged, Reading, Series};
pub(in crate::http) use shell::page;
pub use shell::{Cx, Happened, KeptOf, Meanwhile, NavItem, Place, Viewer, role_word, start_of};
pub use svg::Svg;
pub use text::{Arg, EN, ES, Locale, Text, filters, t};
