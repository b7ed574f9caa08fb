//! The configuration: every key with its type, default and meaning, in one place.
//!
//! `config.example.toml` is made from the doc comments here, and a test holds the two together. A key that
//! is not here is refused, with the nearest one that is. Nothing here may be an option that does nothing.

mod read;
mod value;

use std::path::PathBuf;

pub use read::{ConfigError, Problem};
pub use value::{Address, Every, Level, MaybePath, Names, Targets, Validation, Whole, Words, Zone};

use crate::access::Reach;
use crate::backup::{Keep, Schedule};
use crate::mail::MailTls;
use value::{Setting, address};

/// Where the configuration is looked for when no file is named.
pub const DEFAULT_FILE: &str = "/etc/chartbox/config.toml";

/// What is known of a key: for the example, and for naming the nearest one.
#[derive(Debug, Clone)]
pub struct Key {
    pub section: &'static str,
    pub key: &'static str,
    /// Its doc comment, line by line.
    pub doc: &'static [&'static str],
    /// Its default as TOML.
    pub default: String,
}

macro_rules! config {
    ($(
        $(#[doc = $section_doc:literal])*
        $section:ident: $type:ident {
            $( $(#[doc = $doc:literal])* $key:ident: $value:ty = $default:expr; )*
        }
    )*) => {
        /// The whole configuration, with what was not given at its default.
        #[derive(Debug, Clone, PartialEq, Default)]
        pub struct Config {
            $( $(#[doc = $section_doc])* pub $section: $type, )*
        }

        $(
            $(#[doc = $section_doc])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $type {
                $( $(#[doc = $doc])* pub $key: $value, )*
            }

            impl Default for $type {
                fn default() -> Self {
                    Self { $( $key: $default, )* }
                }
            }
        )*

        impl Config {
            /// Sets one key. `None` when there is no such key.
            fn set(&mut self, section: &str, key: &str, value: &toml::de::DeValue<'_>) -> Option<Result<(), String>> {
                match (section, key) {
                    $( $( (stringify!($section), stringify!($key)) => {
                        Some(Setting::read(value).map(|value| self.$section.$key = value))
                    } )* )*
                    _ => None,
                }
            }

            /// Every key there is, in the order of the example.
            pub fn keys() -> Vec<Key> {
                let config = Self::default();
                vec![ $( $( Key {
                    section: stringify!($section),
                    key: stringify!($key),
                    doc: &[$($doc),*],
                    default: Setting::show(&config.$section.$key),
                }, )* )* ]
            }

            fn sections() -> &'static [(&'static str, &'static [&'static str])] {
                &[ $( (stringify!($section), &[$($section_doc),*]), )* ]
            }
        }
    };
}

config! {
    /// The box itself.
    house: HouseKeys {
        /// The folder that holds everything: the store, the key slots, the certificates.
        data_dir: PathBuf = PathBuf::from("/var/lib/chartbox");
        /// Further names under which the box is opened, besides its own (as in "box.clinic.example"). `chartbox init`
        /// has to know them too: the box's certificate authority vouches only for names that were listed then.
        names: Names = Names::default();
        /// The clinic's time zone, as in "Europe/Lisbon". "system" takes the machine's.
        time_zone: Zone = Zone::system();
    }

    /// Where the box listens: an address with its port, or "off". "[::]" is every IPv6 and IPv4 address of the
    /// machine; port 0 takes a free one.
    listen: Listen {
        /// HTTPS for staff, patients on the clinic's network, and FHIR clients.
        clinic: Address = address("[::]:443");
        /// HTTPS for patients and those who act for them; the only listener meant to be reachable from outside.
        portal: Address = Address::OFF;
        /// Plain HTTP: shows how to trust this box's certificate, and nothing of a record.
        welcome: Address = address("[::]:80");
        /// Metrics and health, for a watcher on this machine. Keep it on the loopback.
        ops: Address = address("127.0.0.1:9464");
    }

    /// How long a sign-in lasts.
    session: Session {
        /// Minutes without use until a sign-in of staff ends (1 to 1440).
        staff_idle_minutes: Whole<1, 1440> = Whole::of(15);
        /// The same for patients and those who act for them (1 to 1440).
        patient_idle_minutes: Whole<1, 1440> = Whole::of(15);
        /// Hours until any sign-in ends, however much it is used (1 to 168).
        absolute_hours: Whole<1, 168> = Whole::of(12);
    }

    /// Who sees whom.
    access: Access {
        /// Which patients are in a clinician's care: "clinic" is all of the clinic's, "care-team" only those whose care
        /// team the clinician is in, or who have an appointment or a visit with them.
        reach: Reach = Reach::Clinic;
    }

    /// What one request or connection may take.
    limits: LimitKeys {
        /// The largest single resource, in MiB (1 to 64).
        body_mib: Whole<1, 64> = Whole::of(2);
        /// The largest bundle or document, in MiB (1 to 512).
        bundle_mib: Whole<1, 512> = Whole::of(16);
        /// Seconds until an answer has to begin (1 to 600).
        request_seconds: Whole<1, 600> = Whole::of(30);
        /// Seconds that a client has for its handshake and for its headers (1 to 120).
        header_seconds: Whole<1, 120> = Whole::of(10);
        /// Seconds that a connection may stay open without a byte either way (5 to 3600).
        idle_seconds: Whole<5, 3600> = Whole::of(60);
        /// Connections at one time, for each listener (8 to 65536). When all are taken, the one that has been silent for
        /// longest makes room, of the address that has most of them.
        connections: Whole<8, 65536> = Whole::of(1024);
        /// The most of them from one address (4 to 65536); an IPv6 network of 64 bits counts as one. Beyond it, that
        /// address's own silent connections make room. More where a whole town comes in by one address.
        connections_per_address: Whole<4, 65536> = Whole::of(256);
        /// The most entries in one bundle (1 to 100000).
        bundle_entries: Whole<1, 100000> = Whole::of(5000);
        /// The most matches on one page of a search or a history (10 to 10000).
        page: Whole<10, 10000> = Whole::of(1000);
        /// How many steps an included resource's own references are followed by _include:iterate (1 to 20).
        include_depth: Whole<1, 20> = Whole::of(5);
        /// The most resources that come along with one page by _include and _revinclude (10 to 100000).
        included: Whole<10, 100000> = Whole::of(5000);
        /// How many links a chained search may have, as in "subject.organization.name" (1 to 10).
        chain_depth: Whole<1, 10> = Whole::of(5);
        /// Seconds until a search is given up (1 to 600).
        search_seconds: Whole<1, 600> = Whole::of(10);
    }

    /// Bringing in records from elsewhere.
    import: ImportKeys {
        /// What an import keeps: "strict" refuses whatever breaks a rule of FHIR R4; "lenient" keeps resources with codes
        /// that the standard does not know, references to the wrong type, or broken rules between elements, and tags them
        /// (urn:chartbox:validation, not-valid). What cannot be read, or could do harm, is refused either way.
        validation: Validation = Validation::Strict;
    }

    /// Bulk exports by other programs (FHIR's $export).
    export: ExportKeys {
        /// Hours until an export is forgotten: one that waits for the health administrator's approval, and one whose files
        /// can be fetched (1 to 720).
        keep_hours: Whole<1, 720> = Whole::of(24);
    }

    /// The access log.
    audit: Audit {
        /// Hours between signed checkpoints of the access log (1 to 168).
        checkpoint_hours: Whole<1, 168> = Whole::of(24);
        /// The hour of the clinic's day at which the box verifies its whole access log, each night (0 to 23).
        verify_hour: Whole<0, 23> = Whole::of(3);
    }

    /// Backups: encrypted copies of everything, outside the box.
    backup: BackupKeys {
        /// Where backups go, each place with a name of your choice, as in { usb = "/media/usb/chartbox" }. A folder is
        /// made if its parent is there. Two places are better than one, and one of them outside the house.
        ///
        /// An SFTP server or an S3 bucket is a section of its own, at the end of this file, with what it takes to reach it.
        /// Folders stand beside them then, instead of in this line:
        ///
        ///   [backup.targets]
        ///   usb = "/media/usb/chartbox"
        ///
        ///   [backup.targets.away]
        ///   place = "sftp://backup@nas.example:22/chartbox"       a folder on the server; /~/… in the account's own
        ///   key_file = "/etc/chartbox/backup-ssh"                 the private key, without a passphrase
        ///   known_hosts = "/etc/chartbox/backup-known-hosts"      from: ssh-keyscan -p 22 nas.example
        ///
        ///   [backup.targets.cloud]
        ///   place = "s3://bucket/chartbox"
        ///   endpoint = "https://minio.example:9000"               without it, Amazon's of the region
        ///   region = "eu-central-1"
        ///   credentials = "/etc/chartbox/backup-s3"               aws_access_key_id = …, aws_secret_access_key = …
        ///   ca_file = "/etc/chartbox/minio-ca.pem"                for a server with an authority of its own
        ///   style = "path"                                        or "host": the bucket before the server's name
        ///
        /// The files have to be readable by the box's user and by nobody else: put them into /etc/chartbox, and there
        /// `chown chartbox: FILE && chmod 600 FILE`. The service sees nothing that lies in /home or /root. "systemd:NAME"
        /// instead of a path is a credential that systemd hands in (LoadCredential=NAME:…). `chartbox backup try` says
        /// whether it works.
        targets: Targets = Targets::default();
        /// Hours between backups: 1, 2, 3, 4, 6, 8, 12 or 24.
        every_hours: Every = Every::H24;
        /// The hour of the clinic's day at which the day's first backup is made (0 to 23). One that was missed, since the
        /// box or the target was off, is made up for.
        hour: Whole<0, 23> = Whole::of(1);
        /// How many backups stay when old ones are removed, each night: the newest of each of the last hours (0 to 1000) …
        keep_hourly: Whole<0, 1000> = Whole::of(24);
        /// … of the last days (0 to 1000) …
        keep_daily: Whole<0, 1000> = Whole::of(14);
        /// … of the last weeks (0 to 1000) …
        keep_weekly: Whole<0, 1000> = Whole::of(8);
        /// … of the last months (0 to 1000) …
        keep_monthly: Whole<0, 1000> = Whole::of(24);
        /// … and of the last years (0 to 1000). The newest stays in any case, and the newest that was restored in a drill.
        keep_yearly: Whole<0, 1000> = Whole::of(10);
        /// Days between drills, in which the box restores its newest backup into a throwaway store and compares (1 to 90).
        drill_days: Whole<1, 90> = Whole::of(7);
    }

    /// Notices by e-mail to patients who asked for them, through a mail server of the clinic's. A letter says that something
    /// waits and never what it is.
    mail: MailKeys {
        /// The mail server's name, as in "mail.clinic.example". Without one no e-mail is sent.
        host: Words = Words::default();
        /// Its port (1 to 65535).
        port: Whole<1, 65535> = Whole::of(465);
        /// How the connection is secured: "tls" from its start (usually port 465), "starttls" (587), or "off", for a server
        /// on this machine.
        tls: MailTls = MailTls::Wrapped;
        /// The user name at the server, if it asks for one.
        user: Words = Words::default();
        /// The file that holds the password, and nothing else. Only the box should be able to read it.
        password_file: MaybePath = MaybePath::default();
        /// Certificates (PEM) that are trusted besides the system's: of a server with a certificate of the house.
        ca_file: MaybePath = MaybePath::default();
        /// The address that letters come from, as in "Alder Street Clinic <notices@clinic.example>".
        from: Words = Words::default();
        /// Where patients sign in, as letters say it; without it, the portal listener's own address.
        portal: Words = Words::default();
        /// After so many days a letter that cannot be sent is given up (1 to 30).
        give_up_days: Whole<1, 30> = Whole::of(3);
    }

    /// The log for the operator. It never holds a name, a secret, or an address with an id in it.
    log: Log {
        /// How much is logged: "error", "warn", "info", "debug" or "trace".
        level: Level = Level::Info;
    }
}

impl Config {
    /// `config.example.toml`.
    pub fn example() -> String {
        let mut out = String::from(
            "# Chartbox configuration: every key there is, with its default.\n\
             # Remove the \"#\" before a key to change it. Put the file at /etc/chartbox/config.toml, or name it with\n\
             # --config FILE. `chartbox config check FILE` reads it and says what is wrong.\n\
             # This file is made from the program: `chartbox config example`.\n",
        );
        for (section, doc) in Self::sections() {
            out.push('\n');
            comment(&mut out, doc);
            out.push_str(&format!("[{section}]\n"));
            for key in Self::keys().iter().filter(|key| key.section == *section) {
                comment(&mut out, key.doc);
                out.push_str(&format!("#{} = {}\n", key.key, key.default));
            }
        }
        out
    }

    /// What the listeners allow.
    pub fn limits(&self) -> crate::http::Limits {
        let seconds = |whole: u32| std::time::Duration::from_secs(u64::from(whole));
        crate::http::Limits {
            resource_bytes: self.limits.body_mib.get() as usize * (1 << 20),
            bundle_bytes: self.limits.bundle_mib.get() as usize * (1 << 20),
            request: seconds(self.limits.request_seconds.get()),
            header: seconds(self.limits.header_seconds.get()),
            idle: seconds(self.limits.idle_seconds.get()),
            connections: self.limits.connections.get() as usize,
            connections_per_source: self.limits.connections_per_address.get() as usize,
            bundle_entries: self.limits.bundle_entries.get() as usize,
            chain_depth: self.limits.chain_depth.get() as usize,
        }
    }

    /// What one search may cost.
    pub fn search_limits(&self) -> crate::record::Limits {
        crate::record::Limits {
            page: self.limits.page.get() as usize,
            include_depth: self.limits.include_depth.get() as usize,
            included: self.limits.included.get() as usize,
            search_time: std::time::Duration::from_secs(u64::from(self.limits.search_seconds.get())),
            ..Default::default()
        }
    }
}

fn comment(out: &mut String, lines: &[&str]) {
    for line in lines {
        out.push_str(&format!("#{}\n", line.trim_end()));
    }
}

impl Config {
    /// When backups are made, tried and removed.
    pub fn backup_schedule(&self) -> Schedule {
        Schedule {
            every_hours: self.backup.every_hours.hours(),
            hour: self.backup.hour.get(),
            drill_days: self.backup.drill_days.get(),
            keep: self.keep(),
        }
    }

    /// What stays when old backups are removed.
    pub fn keep(&self) -> Keep {
        let backup = &self.backup;
        Keep {
            hourly: backup.keep_hourly.get(),
            daily: backup.keep_daily.get(),
            weekly: backup.keep_weekly.get(),
            monthly: backup.keep_monthly.get(),
            yearly: backup.keep_yearly.get(),
            zone: self.house.time_zone.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_in_the_project_is_the_one_made_from_the_types() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(there == Config::example(), "run: cargo run -- config example > config.example.toml");
    }

    #[test]
    fn the_example_says_the_defaults_and_reads_back_as_them() {
        let bare: String = Config::example()
            .lines()
            .map(|line| match line.strip_prefix('#') {
                Some(key) if !key.starts_with(' ') => format!("{key}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        assert_eq!(
            bare.lines().filter(|line| line.contains(" = ") && !line.starts_with('#')).count(),
            Config::keys().len()
        );
        assert_eq!(Config::parse(&bare).unwrap(), Config::default());
    }

    #[test]
    fn every_key_is_documented() {
        for key in Config::keys() {
            assert!(!key.doc.is_empty(), "{}.{}", key.section, key.key);
        }
    }
}
