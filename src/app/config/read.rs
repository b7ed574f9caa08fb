//! Reading the file: where it is wrong, and what was probably meant.

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::{Config, Key};
use crate::base::said;

/// Why a configuration file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("the configuration {} cannot be read: {}. Check that it is there and that this user may read it.", path.display(), said(cause))]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("{}, {problem}", path.display())]
    Wrong { path: PathBuf, problem: Problem },
}

/// What is wrong in a configuration, and on which line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct Problem {
    pub line: usize,
    pub what: String,
}

impl Config {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
        Self::parse(&text).map_err(|problem| ConfigError::Wrong { path: path.to_owned(), problem })
    }

    /// Reads TOML. The first thing that is wrong is the error.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let at = |offset: usize| 1 + text.bytes().take(offset).filter(|b| *b == b'\n').count();
        let table = DeTable::parse(text).map_err(|error| Problem {
            line: at(error.span().map_or(0, |span| span.start)),
            what: format!("this is not TOML: {}", error.message().replace('\n', " ")),
        })?;
        let mut config = Self::default();
        for (section, value) in table.get_ref() {
            let name = section.get_ref();
            let line = at(section.span().start);
            let wrong = |what: String| Problem { line, what };
            let keys = value.get_ref().as_table().filter(|_| Self::sections().iter().any(|(known, _)| known == name));
            let Some(keys) = keys else {
                return Err(wrong(unknown(name, value.get_ref().is_table())));
            };
            for (key, value) in keys {
                let line = at(key.span().start);
                let dotted = format!("{name}.{}", key.get_ref());
                match config.set(name, key.get_ref(), value.get_ref()) {
                    Some(Ok(())) => {}
                    Some(Err(takes)) => return Err(Problem { line, what: format!("{dotted} {takes}.") }),
                    None => return Err(Problem { line, what: unknown(&dotted, false) }),
                }
            }
        }
        Ok(config)
    }
}

fn unknown(name: &str, is_section: bool) -> String {
    if is_section {
        let near = nearest(name, Config::sections().iter().map(|(section, _)| (*section).to_owned()));
        return format!("there is no section [{name}]. Did you mean [{near}]?");
    }
    let keys: Vec<Key> = Config::keys();
    let (section, key) = name.split_once('.').unwrap_or(("", name));
    // The section counts for less than the key: a key in the wrong place is the likelier slip.
    let near = keys
        .iter()
        .min_by_key(|known| 2 * distance(key, known.key) + distance(section, known.section))
        .map_or_else(String::new, |known| format!("{}.{}", known.section, known.key));
    format!("there is no key {name}. Did you mean {near}?")
}

fn nearest(text: &str, among: impl Iterator<Item = String>) -> String {
    among.min_by_key(|known| distance(text, known)).unwrap_or_default()
}

/// How many letters have to be added, taken away or changed to make one text of the other.
pub(crate) fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(to.chars()) {
            let above = *cell;
            *cell = (above + 1).min(left + 1).min(diagonal + usize::from(a != b));
            diagonal = above;
            left = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_refused_with_its_line_and_the_nearest_right_one() {
        let said = |text: &str| Config::parse(text).unwrap_err().to_string();
        assert_eq!(
            said("[listen]\nclinik = \"[::]:1\"\n"),
            "line 2: there is no key listen.clinik. Did you mean listen.clinic?"
        );
        assert_eq!(said("\n[lisen]\n"), "line 2: there is no section [lisen]. Did you mean [listen]?");
        assert_eq!(said("welcome = \"off\""), "line 1: there is no key welcome. Did you mean listen.welcome?");
        assert_eq!(
            said("[house]\nreach = \"clinic\""),
            "line 2: there is no key house.reach. Did you mean access.reach?"
        );
    }

    #[test]
    fn a_wrong_value_is_said_with_what_the_key_takes() {
        for (text, part) in [
            (
                "[session]\nstaff_idle_minutes = 0",
                "line 2: session.staff_idle_minutes takes a whole number from 1 to 1440; 0 is not.",
            ),
            ("[session]\nstaff_idle_minutes = \"5\"", "not a string."),
            ("[session]\nstaff_idle_minutes = -1", "from 1 to 1440."),
            ("[listen]\nclinic = \"443\"", "or \"off\"; \"443\" is neither."),
            ("[listen]\nclinic = 443", "takes an address in quotes, not a number."),
            ("[access]\nreach = \"all\"", "takes one of \"clinic\" \"care-team\", not \"all\"."),
            ("[house]\ntime_zone = \"Mars/Olympus\"", "\"Mars/Olympus\" is neither."),
            ("[house]\nnames = [\"10.0.0.1\"]", "\"10.0.0.1\" is none."),
            ("[house]\ndata_dir = \"here\"", "takes a whole path"),
            ("[house\n", "line 1: this is not TOML"),
            ("[log]\nlevel = \"info\"\nlevel = \"warn\"", "line 3: this is not TOML: duplicate key"),
        ] {
            let said = Config::parse(text).unwrap_err().to_string();
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn what_is_given_is_taken_and_the_rest_keeps_its_default() {
        let config = Config::parse(
            "[listen]\nportal = \"0.0.0.0:8444\"\nops = \"off\"\n[house]\nnames = [\"Box.Clinic.Example\"]\n\
             time_zone = \"Europe/Lisbon\"\n[access]\nreach = \"care-team\"\n[limits]\nbody_mib = 0x10\n",
        )
        .unwrap();
        assert_eq!(config.listen.portal.to_string(), "0.0.0.0:8444");
        assert_eq!(config.listen.ops, super::super::Address::OFF);
        assert_eq!(config.house.names.0.iter().map(ToString::to_string).collect::<Vec<_>>(), ["box.clinic.example"]);
        assert_eq!(config.house.time_zone.get().iana_name(), Some("Europe/Lisbon"));
        assert_eq!(config.access.reach, crate::access::Reach::CareTeam);
        assert_eq!(config.limits.body_mib.get(), 16);
        assert_eq!(config.listen.clinic, Config::default().listen.clinic);
    }

    #[test]
    fn places_for_backups_are_text_or_sections_with_what_it_takes_to_reach_them() {
        let config = Config::parse(
            "[backup.targets]\nusb = \"/media/usb\"\n[backup.targets.away]\nplace = \"sftp://b@nas:22/x\"\n\
             key_file = \"/k\"\nknown_hosts = \"systemd:hosts\"\n[backup.targets.cloud]\nplace = \"s3://clinic/box\"\n\
             endpoint = \"https://minio.example:9000\"\ncredentials = \"/c\"\nregion = \"eu-west-1\"\nstyle = \"host\"\n",
        )
        .unwrap();
        let places: Vec<String> = config.backup.targets.0.iter().map(|spec| spec.place.to_string()).collect();
        assert_eq!(places, ["sftp://b@nas:22/x", "s3://clinic/box", "/media/usb"]);
        let settings = config.backup.targets.0[0].place.settings();
        assert!(settings.contains(&("known_hosts", "systemd:hosts".to_owned())), "{settings:?}");
        let inline = "[backup]\ntargets = { away = { place = \"sftp://b@nas:22/x\", key_file = \"/k\", known_hosts = \"systemd:hosts\" } }";
        assert_eq!(Config::parse(inline).unwrap().backup.targets.0[..], config.backup.targets.0[..1]);
        for (text, part) in [
            ("[backup]\ntargets = { Usb = \"/x\" }", "\"Usb\" is none"),
            ("[backup]\ntargets = { usb = \"x\" }", "of usb, a place is a folder"),
            ("[backup]\ntargets = { usb = 3 }", "the place is text in quotes, not a number"),
            ("[backup.targets.a]\nkey_file = \"/k\"", "its place is missing"),
            ("[backup.targets.a]\nplace = \"/x\"\nkey_file = \"/k\"", "a folder takes no key_file"),
            ("[backup.targets.a]\nplace = \"s3://box\"\nsecret = \"x\"", "not secret"),
        ] {
            let said = Config::parse(text).unwrap_err().to_string();
            assert!(said.contains(part) && said.starts_with("line "), "{said}");
        }
    }

    #[test]
    fn the_distance_counts_letters() {
        for (from, to, n) in [("", "abc", 3), ("abc", "abc", 0), ("abc", "acb", 2), ("kitten", "sitting", 3)] {
            assert_eq!((distance(from, to), distance(to, from)), (n, n));
        }
    }
}
