//! The words on the pages: messages of `web/locales/<language>/*.ftl`, by Fluent.
//!
//! A page names a message, never a sentence, so that another language is another folder. Patients choose between them; the
//! staff's pages are in English. A message that a language does not have is said in English, and one that is missing shows
//! its name; `tests/words.rs` finds missing and unused ones.

mod locale;

use std::fmt;
use std::sync::LazyLock;

use askama::{FastWritable, Values};
use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

pub use locale::Locale;

/// All messages of a language: a file for each part of the house, its name a literal so that the text is in the binary.
macro_rules! messages {
    ($language:literal: $($part:literal),+ $(,)?) => {
        concat!($(include_str!(concat!("../../../web/locales/", $language, "/", $part, ".ftl")), "\n"),+)
    };
}

/// The text of the English messages, as Fluent reads it.
pub const EN: &str = messages!(
    "en":
    "frame",
    "words",
    "sign_in",
    "setup",
    "welcome",
    "clinic",
    "chart",
    "entries",
    "emergency",
    "note",
    "results",
    "record",
    "labels",
    "tests",
    "portal",
    "looked",
    "visits",
    "medicines",
    "prescribe",
    "notices",
    "messages",
    "mail",
    "own",
    "asks",
    "inbox",
    "todo",
    "join",
    "waiting",
    "reception",
    "sharing",
    "app",
    "settings",
    "audit",
    "operator",
    "targets",
);
/// The text of the Spanish ones: of all that patients read.
pub const ES: &str = messages!(
    "es":
    "frame",
    "words",
    "sign_in",
    "welcome",
    "clinic",
    "record",
    "labels",
    "tests",
    "portal",
    "looked",
    "visits",
    "medicines",
    "notices",
    "messages",
    "mail",
    "own",
    "asks",
    "todo",
    "join",
    "waiting",
    "sharing",
    "app",
);

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::En, EN));
static SPANISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Locale::Es, ES));

fn bundle(locale: Locale, messages: &str) -> Bundle {
    let mut bundle =
        FluentBundle::new_concurrent(vec![locale.code().parse::<LanguageIdentifier>().unwrap_or_default()]);
    bundle.set_use_isolating(false);
    // A broken message is left out and shows its name; a test holds the file to being whole.
    let resource = FluentResource::try_new(messages.to_owned()).unwrap_or_else(|(resource, _)| resource);
    let _ = bundle.add_resource(resource);
    bundle
}

fn bundle_of(locale: Locale) -> &'static Bundle {
    match locale {
        Locale::En => &ENGLISH,
        Locale::Es => &SPANISH,
    }
}

type Pattern = fluent_syntax::ast::Pattern<&'static str>;

/// A message and what fills its gaps; it becomes words when it is displayed.
#[derive(Debug, Clone)]
pub struct Text {
    id: String,
    args: Vec<(&'static str, FluentValue<'static>)>,
}

/// The message `id`, or its attribute when written `id.attribute`.
pub fn t(id: &str) -> Text {
    Text { id: id.to_owned(), args: Vec::new() }
}

impl Text {
    /// Fills the gap `$name`. Numbers choose plural forms; they are written without grouping, so give a grouped text
    /// beside the number where it can pass 9,999.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Arg) -> Self {
        self.args.push((name, value.value()));
        self
    }

    /// Whether the message is there. For tables that name messages; a test asks.
    pub fn exists(&self) -> bool {
        self.pattern(bundle_of(Locale::En)).is_some()
    }

    fn pattern(&self, bundle: &'static Bundle) -> Option<&'static Pattern> {
        let (id, attribute) = match self.id.split_once('.') {
            Some((id, attribute)) => (id, Some(attribute)),
            None => (self.id.as_str(), None),
        };
        let message = bundle.get_message(id)?;
        match attribute {
            None => message.value(),
            Some(name) => message.get_attribute(name).map(|attribute| attribute.value()),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wanted = bundle_of(Locale::now());
        let found = self.pattern(wanted).map(|pattern| (wanted, pattern));
        let english = bundle_of(Locale::En);
        match found.or_else(|| self.pattern(english).map(|pattern| (english, pattern))) {
            Some((bundle, pattern)) => {
                let args: FluentArgs = self.args.iter().map(|(name, value)| (*name, value.clone())).collect();
                bundle.write_pattern(f, pattern, Some(&args), &mut Vec::new())
            }
            None => f.write_str(&self.id),
        }
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.to_string()
    }
}

/// What may fill a gap in a message.
pub trait Arg {
    fn value(&self) -> FluentValue<'static>;
}

impl<T: Arg + ?Sized> Arg for &T {
    fn value(&self) -> FluentValue<'static> {
        (**self).value()
    }
}

impl Arg for str {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(apart(self))
    }
}

impl Arg for String {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(apart(self))
    }
}

/// A name that is read from right to left stands apart from its sentence: without that, the number behind it, an age or a
/// date, is drawn before it. Source: Unicode Standard Annex #9, FSI and PDI.
fn apart(text: &str) -> String {
    let right_to_left = |letter: char| matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1eeff}');
    if text.contains(right_to_left) { format!("\u{2068}{text}\u{2069}") } else { text.to_owned() }
}

impl Arg for Text {
    fn value(&self) -> FluentValue<'static> {
        FluentValue::from(self.to_string())
    }
}

macro_rules! number_args {
    ($($ty:ty)*) => {$(
        impl Arg for $ty {
            fn value(&self) -> FluentValue<'static> {
                FluentValue::from(*self)
            }
        }
    )*};
}
number_args! { u8 u16 u32 u64 usize i8 i16 i32 i64 }

/// The filters that templates use.
pub mod filters {
    use askama::Values;

    use super::{Arg, Text};
    use crate::http::ui::dial::{Dial, address};
    use crate::http::ui::icon::Icon;
    use crate::http::ui::uncut::Uncut;

    /// `{{ "message-id"|t }}`
    #[askama::filter_fn]
    pub fn t(id: &str, _: &dyn Values) -> askama::Result<Text> {
        Ok(super::t(id))
    }

    /// `{{ "message-id"|t|arg("name", value) }}`
    #[askama::filter_fn]
    pub fn arg<V: Arg>(text: Text, _: &dyn Values, name: &'static str, value: V) -> askama::Result<Text> {
        Ok(text.with(name, value))
    }

    /// `{{ "alert"|icon }}`
    #[askama::filter_fn]
    pub fn icon(name: &str, _: &dyn Values) -> askama::Result<Icon> {
        Icon::named(name).ok_or(askama::Error::Fmt)
    }

    /// `{{ row.name|uncut }}`: no line break between a number and its unit.
    #[askama::filter_fn]
    pub fn uncut<S: std::fmt::Display>(text: S, _: &dyn Values) -> askama::Result<Uncut> {
        Ok(Uncut::of(&text.to_string()))
    }

    /// `{{ "book-call"|t|arg("phone", phone)|dial(phone) }}`: the number in it is a link that calls it.
    #[askama::filter_fn]
    pub fn dial<S: std::fmt::Display, P: std::fmt::Display>(text: S, _: &dyn Values, phone: P) -> askama::Result<Dial> {
        Ok(Dial::of(&text.to_string(), &phone.to_string()))
    }

    /// The address that calls a number, where it is one.
    #[askama::filter_fn]
    pub fn tel<P: std::fmt::Display>(phone: P, _: &dyn Values) -> askama::Result<Option<String>> {
        Ok(address(&phone.to_string()))
    }

    /// `{{ "chartbox.css"|asset }}`
    #[askama::filter_fn]
    pub fn asset(name: &str, _: &dyn Values) -> askama::Result<String> {
        Ok(crate::http::ui::assets::url(name))
    }
}

impl FastWritable for Text {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(write!(dest, "{self}")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_from_right_to_left_keeps_the_sentence_around_it_in_order() {
        let line = |name: &str| t("print-head-own").with("clinic", name).with("now", "3 March 2026").to_string();
        assert!(line("\u{5d9}\u{5e2}\u{5dc} 7").contains("\u{2068}\u{5d9}\u{5e2}\u{5dc} 7\u{2069}"));
        assert!(!line("Zoë O’Brien").contains('\u{2068}'));
    }
}
