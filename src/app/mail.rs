//! From the configuration to a mail server: what is wrong with it is said, and keeps nothing else from running.

use super::config::MailKeys;
use crate::base::{Ambient, Secret};
use crate::http::mails::{Mailing, Outgoing};
use crate::mail::{MailServer, Mailer};

/// A password or a certificate is no larger.
const LARGEST: u64 = 64 << 10;

/// `portal` is where patients sign in, if the configuration does not say it.
pub(super) fn mailing(keys: &MailKeys, portal: Option<String>, ambient: &Ambient) -> Mailing {
    if keys.host.is_empty() {
        return Mailing::Off;
    }
    match outgoing(keys, portal, ambient) {
        Ok(outgoing) => Mailing::On(Box::new(outgoing)),
        Err(why) => {
            tracing::error!(target: "mail", "notices are not sent by e-mail: {why}");
            Mailing::Broken(why)
        }
    }
}

fn outgoing(keys: &MailKeys, portal: Option<String>, ambient: &Ambient) -> Result<Outgoing, String> {
    let user = match (keys.user.as_str(), keys.password_file.get()) {
        ("", _) => None,
        (_, None) => {
            return Err("mail.user is set and mail.password_file is not; name the file with the password.".into());
        }
        (user, Some(path)) => {
            let text = read(path, "mail.password_file")?;
            let password =
                String::from_utf8(text).map_err(|_| "the file of mail.password_file is not text.".to_owned())?;
            Some((user.to_owned(), Secret::new(password.trim_end_matches(['\r', '\n']).to_owned())))
        }
    };
    let authorities = keys.ca_file.get().map(|path| read(path, "mail.ca_file")).transpose()?;
    let server = MailServer {
        host: keys.host.as_str().to_owned(),
        port: u16::try_from(keys.port.get()).unwrap_or_default(),
        tls: keys.tls,
        user,
        authorities,
        from: keys.from.as_str().to_owned(),
    };
    let (host, port, tls) = (server.host.clone(), server.port, server.tls);
    let mailer =
        Mailer::new(server, ambient.clone()).map_err(|error| format!("{error}; see [mail] in the configuration."))?;
    Ok(Outgoing {
        mailer,
        server: format!("{host}:{port}"),
        tls,
        from: keys.from.as_str().to_owned(),
        portal: if keys.portal.is_empty() { portal } else { Some(keys.portal.as_str().to_owned()) },
        give_up_days: keys.give_up_days.get(),
    })
}

fn read(path: &std::path::Path, key: &str) -> Result<Vec<u8>, String> {
    let small = std::fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() <= LARGEST);
    let bytes = if small { std::fs::read(path).ok() } else { None };
    bytes.ok_or_else(|| {
        format!("the file of {key} cannot be read; check that it is there and that the box may read it.")
    })
}
