//! Quantities and spans of them in words, with their units.

use serde_json::Value;

use super::{list, number, text};
use crate::fhir::search::annotations;
use crate::http::ui::{Bounds, format, t};

/// "< 5 mg": a Quantity, with the digits that were given. Nothing where it has no value.
pub(super) fn quantity(of: &Value) -> Option<String> {
    let shown = format::given(of.get("value")?.as_number()?);
    let comparator = text(of, "/comparator").unwrap_or_default();
    Some(format!("{comparator}{shown} {}", unit(of)).trim_end().to_owned())
}

/// The unit as it is printed; empty where there is none. What its code says in braces makes it another unit, and is printed
/// where the words leave it out: "ng/mL" of `ng/mL{FEU}`.
pub(super) fn unit(of: &Value) -> String {
    let (words, code) = (text(of, "/unit"), text(of, "/code"));
    let shown = words.or(code).map(format::unit).unwrap_or_default();
    let Some(code) = code else { return shown };
    let notes = annotations(code);
    let bare = notes.iter().fold(code.to_owned(), |bare, note| bare.replace(&format!("{{{note}}}"), ""));
    let bare = format::unit(&bare);
    // Of what is only counted the words are the name.
    if bare.is_empty() || notes.is_empty() {
        return shown;
    }
    if shown == bare {
        return format::unit(code);
    }
    let plain = |text: &str| -> String {
        text.to_lowercase().replace('²', "2").chars().filter(|c| c.is_alphanumeric()).collect()
    };
    let is_said = |note: &&&str| plain(&shown).contains(&plain(note));
    let unsaid = notes.iter().filter(|note| !is_said(note)).map(|note| format!(" {}", note.replace('_', " ")));
    format!("{shown}{}", unsaid.collect::<String>())
}

/// "40 to 45 years": a Range, or a reference range, by its two ends.
pub(super) fn span(of: &Value) -> Option<String> {
    let ends = [of.get("low"), of.get("high")];
    let mut units = ends.iter().flatten().map(|end| unit(end));
    let first = units.next().unwrap_or_default();
    if units.all(|unit| unit == first) {
        let words = bounds(of).words();
        return (!words.is_empty()).then(|| format!("{words} {first}").trim_end().to_owned());
    }
    match ends.map(|end| end.and_then(quantity)) {
        [Some(low), Some(high)] => Some(t("range-between").with("low", low).with("high", high).to_string()),
        [Some(low), None] => Some(t("range-from").with("low", low).to_string()),
        [None, Some(high)] => Some(t("range-to").with("high", high).to_string()),
        [None, None] => None,
    }
}

/// The numbers of a span, as they were given.
pub(super) fn bounds(of: &Value) -> Bounds {
    Bounds {
        low: number(of, "/low/value"),
        high: number(of, "/high/value"),
        places: ["/low/value", "/high/value"].map(|at| places(of.pointer(at)?)),
    }
}

/// How many digits behind the point a number was given with.
fn places(value: &Value) -> Option<u8> {
    let text = value.as_number()?.to_string();
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    fraction.bytes().all(|byte| byte.is_ascii_digit()).then(|| u8::try_from(fraction.len()).ok())?
}

/// All that somebody wrote beside something, in the order in which it stands.
pub fn notes(of: &Value) -> Vec<String> {
    list(of, "note").iter().filter_map(|note| super::spoken(note, "text")).collect()
}
