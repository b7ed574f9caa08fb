//! The types of configuration values: each reads itself from TOML, or says in words what it takes.

use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use toml::de::DeValue;

use crate::access::Reach;
use crate::backup::{Place, TargetSpec};
use crate::mail::MailTls;
use crate::tls::HostName;

/// A value that a key can have.
pub(super) trait Setting: Sized {
    /// Reads it, or says what it takes: the end of a sentence that begins with the key's name.
    fn read(value: &DeValue<'_>) -> Result<Self, String>;
    /// As TOML.
    fn show(&self) -> String;
}

fn text<'a>(value: &'a DeValue<'_>, takes: &str) -> Result<&'a str, String> {
    value.as_str().ok_or_else(|| format!("takes {takes}, not {}", kind(value)))
}

fn kind(value: &DeValue<'_>) -> String {
    match value.type_str() {
        "integer" => "a number".into(),
        "boolean" => "true or false".into(),
        "array" => "a list".into(),
        other => format!("a {other}"),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}

impl Setting for PathBuf {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let path = Self::from(text(value, "a path in quotes")?);
        if path.is_absolute() { Ok(path) } else { Err("takes a whole path, beginning with \"/\"".into()) }
    }
    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

/// A line of text; empty for none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words(String);

impl Words {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Setting for Words {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let text = text(value, "a text in quotes")?.trim();
        let plain = text.chars().count() <= 300 && !text.chars().any(char::is_control);
        if plain { Ok(Self(text.to_owned())) } else { Err("takes one line of at most 300 characters".into()) }
    }
    fn show(&self) -> String {
        quoted(&self.0)
    }
}

/// A whole path; empty for none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MaybePath(Option<PathBuf>);

impl MaybePath {
    pub fn get(&self) -> Option<&std::path::Path> {
        self.0.as_deref()
    }
}

impl Setting for MaybePath {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        match text(value, "a path in quotes")? {
            "" => Ok(Self(None)),
            _ => PathBuf::read(value).map(|path| Self(Some(path))),
        }
    }
    fn show(&self) -> String {
        quoted(&self.0.as_deref().unwrap_or(std::path::Path::new("")).to_string_lossy())
    }
}

/// Where a listener listens, if at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address(pub Option<SocketAddr>);

impl Address {
    pub const OFF: Self = Self(None);
}

impl std::str::FromStr for Address {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self::OFF);
        }
        text.parse().map(|address| Self(Some(address))).map_err(|_| {
            format!(
                "takes an address with its port, as in \"[::]:443\" or \"127.0.0.1:8443\", or \"off\"; \"{text}\" is neither"
            )
        })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("off"),
        }
    }
}

/// For defaults. Text that is no address would be "off", and the test of the example would say so.
pub(super) fn address(text: &str) -> Address {
    text.parse().unwrap_or(Address::OFF)
}

impl Setting for Address {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        text(value, "an address in quotes")?.parse()
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// For defaults: brought within the bounds.
    pub(super) fn of(number: u32) -> Self {
        Self(number.clamp(MIN, MAX))
    }

    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> Setting for Whole<MIN, MAX> {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let takes = format!("takes a whole number from {MIN} to {MAX}");
        let integer = value.as_integer().ok_or_else(|| format!("{takes}, not {}", kind(value)))?;
        let number = u32::from_str_radix(integer.as_str(), integer.radix()).map_err(|_| takes.clone())?;
        if (MIN..=MAX).contains(&number) { Ok(Self(number)) } else { Err(format!("{takes}; {number} is not")) }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// Host names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(pub Vec<HostName>);

impl Setting for Names {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let takes = "takes a list of host names, as in [\"box.clinic.example\"]";
        let list = value.as_array().ok_or_else(|| format!("{takes}, not {}", kind(value)))?;
        let one = |item: &DeValue<'_>| {
            let text = item.as_str().ok_or_else(|| takes.to_owned())?;
            HostName::parse(text).map_err(|_| format!("{takes}; \"{text}\" is none"))
        };
        list.iter().map(|item| one(item.get_ref())).collect::<Result<_, _>>().map(Self)
    }
    fn show(&self) -> String {
        format!("[{}]", self.0.iter().map(|name| quoted(name.as_str())).collect::<Vec<_>>().join(", "))
    }
}

/// Places for backups, by name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Targets(pub Vec<TargetSpec>);

impl Setting for Targets {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let takes = "takes names with their places, as in { usb = \"/media/usb/chartbox\" }, or a section for each";
        let table = value.as_table().ok_or_else(|| format!("{takes}, not {}", kind(value)))?;
        let one = |(name, place): (&toml::Spanned<std::borrow::Cow<'_, str>>, &toml::Spanned<DeValue<'_>>)| {
            let name = name.get_ref().to_string();
            let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if name.is_empty() || name.len() > 32 || !name.chars().all(legal) {
                return Err(format!("{takes}; a name has small letters, digits and \"-\", and \"{name}\" is none"));
            }
            let place = place_of(place.get_ref()).map_err(|why| format!("{takes}; of {name}, {why}"))?;
            Ok(TargetSpec { name, place })
        };
        let mut all = table.iter().map(one).collect::<Result<Vec<_>, _>>()?;
        all.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(Self(all))
    }
    fn show(&self) -> String {
        let one = |target: &TargetSpec| match target.place.settings().as_slice() {
            [(_, place)] => format!("{} = {}", target.name, quoted(place)),
            settings => {
                let settings = settings.iter().map(|(name, value)| format!("{name} = {}", quoted(value)));
                format!("{} = {{ {} }}", target.name, settings.collect::<Vec<_>>().join(", "))
            }
        };
        match self.0.as_slice() {
            [] => "{}".into(),
            all => format!("{{ {} }}", all.iter().map(one).collect::<Vec<_>>().join(", ")),
        }
    }
}

/// A place as text, or as a table of it and what it takes to reach it.
fn place_of(value: &DeValue<'_>) -> Result<Place, String> {
    let text = |value: &DeValue<'_>, name: &str| {
        value.as_str().map(str::to_owned).ok_or_else(|| format!("{name} is text in quotes, not {}", kind(value)))
    };
    let Some(table) = value.as_table() else { return Place::parse(&text(value, "the place")?) };
    let place = table.get("place").ok_or("its place is missing: place = \"…\"")?;
    let mut place = Place::parse(&text(place.get_ref(), "place")?)?;
    for (option, value) in table.iter().filter(|(option, _)| option.get_ref() != "place") {
        place.set(option.get_ref(), &text(value.get_ref(), option.get_ref())?)?;
    }
    Ok(place)
}

/// Hours that divide a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Every(u32);

impl Every {
    pub(super) const H24: Self = Self(24);

    pub const fn hours(self) -> u32 {
        self.0
    }
}

impl Setting for Every {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let takes = "takes 1, 2, 3, 4, 6, 8, 12 or 24";
        let number = Whole::<1, 24>::read(value).map_err(|_| takes.to_owned())?.get();
        if 24 % number == 0 { Ok(Self(number)) } else { Err(format!("{takes}; {number} is not")) }
    }
    fn show(&self) -> String {
        self.0.to_string()
    }
}

/// A time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(Option<TimeZone>);

impl Zone {
    pub(super) const fn system() -> Self {
        Self(None)
    }

    pub fn get(&self) -> TimeZone {
        self.0.clone().unwrap_or_else(TimeZone::system)
    }
}

impl Setting for Zone {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let name = text(value, "a time zone in quotes")?;
        if name == "system" {
            return Ok(Self::system());
        }
        TimeZone::get(name).map(|zone| Self(Some(zone))).map_err(|_| {
            format!("takes a time zone that this machine knows, as in \"Europe/Lisbon\", or \"system\"; \"{name}\" is neither")
        })
    }
    fn show(&self) -> String {
        quoted(self.0.as_ref().and_then(TimeZone::iana_name).unwrap_or("system"))
    }
}

macro_rules! choice {
    ($type:ty, $($text:literal = $value:path),*) => {
        impl Setting for $type {
            fn read(value: &DeValue<'_>) -> Result<Self, String> {
                let takes = concat!("takes one of", $(" \"", $text, "\"",)*);
                match text(value, concat!("one of", $(" \"", $text, "\"",)*))? {
                    $($text => Ok($value),)*
                    other => Err(format!("{takes}, not \"{other}\"")),
                }
            }
            fn show(&self) -> String {
                $(if *self == $value { return quoted($text); })*
                String::new()
            }
        }
    };
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl From<Level> for tracing::Level {
    fn from(level: Level) -> Self {
        match level {
            Level::Error => Self::ERROR,
            Level::Warn => Self::WARN,
            Level::Info => Self::INFO,
            Level::Debug => Self::DEBUG,
            Level::Trace => Self::TRACE,
        }
    }
}

choice!(
    Level,
    "error" = Level::Error,
    "warn" = Level::Warn,
    "info" = Level::Info,
    "debug" = Level::Debug,
    "trace" = Level::Trace
);

/// How much an import asks of what it brings in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    Strict,
    Lenient,
}

impl Validation {
    /// As the configuration has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Lenient => "lenient",
        }
    }

    pub const fn mode(self) -> crate::fhir::Mode {
        match self {
            Self::Strict => crate::fhir::Mode::Strict,
            Self::Lenient => crate::fhir::Mode::Lenient,
        }
    }
}

choice!(Validation, "strict" = Validation::Strict, "lenient" = Validation::Lenient);
choice!(MailTls, "tls" = MailTls::Wrapped, "starttls" = MailTls::StartTls, "off" = MailTls::Off);
choice!(Reach, "clinic" = Reach::Clinic, "care-team" = Reach::CareTeam);
