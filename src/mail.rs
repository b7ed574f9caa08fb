//! Sending e-mail through a clinic's own server. It knows letters and servers, and nothing of notices or people; its errors
//! carry no address and no answer of the server, so that they may be logged.

use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::base::{Ambient, Secret};

/// A server that says nothing for this long is away.
const PATIENCE: Duration = Duration::from_secs(30);
/// RFC 5321 §4.5.3.1.3: a path has at most 256 octets, with its brackets.
const LONGEST_ADDRESS: usize = 254;

/// How the connection to the server is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte (RFC 8314 §3.3).
    Wrapped,
    /// By `STARTTLS`, and not without it.
    StartTls,
    /// Not at all: for a server on this machine.
    Off,
}

/// The server, and as whom one speaks to it.
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub tls: MailTls,
    pub user: Option<(String, Secret<String>)>,
    /// Certificates in PEM that are trusted besides the system's.
    pub authorities: Option<Vec<u8>>,
    /// The address that letters come from.
    pub from: String,
}

/// A letter of plain text.
#[derive(Debug, Clone)]
pub struct Letter {
    pub to: String,
    pub subject: String,
    pub text: String,
    /// Its language (BCP 47).
    pub language: &'static str,
}

/// Why a letter was not sent, or why none can be. Nothing of it is personal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MailError {
    #[error("the address that e-mails come from is none")]
    BadSender,
    #[error("the file of trusted certificates holds none")]
    BadAuthority,
    #[error("this is no e-mail address")]
    BadAddress,
    #[error("the mail server cannot be reached")]
    Unreachable,
    #[error("the connection to the mail server could not be secured")]
    Insecure,
    #[error("the mail server refused the user name and password")]
    SignIn,
    #[error("the mail server refused the e-mail for good")]
    Refused,
    #[error("the mail server asked to try again later")]
    Later,
}

impl MailError {
    pub const ALL: [Self; 8] = [
        Self::BadSender,
        Self::BadAuthority,
        Self::BadAddress,
        Self::Unreachable,
        Self::Insecure,
        Self::SignIn,
        Self::Refused,
        Self::Later,
    ];

    /// For rows of the store: a number is a fault's for ever.
    pub const fn number(self) -> u8 {
        match self {
            Self::BadSender => 1,
            Self::BadAuthority => 2,
            Self::BadAddress => 3,
            Self::Unreachable => 4,
            Self::Insecure => 5,
            Self::SignIn => 6,
            Self::Refused => 7,
            Self::Later => 8,
        }
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.number() == number)
    }

    /// Whether trying again changes nothing: it is this letter's own fault.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::BadAddress | Self::Refused)
    }
}

/// A way to a server. Cheap to clone.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    ambient: Ambient,
}

impl Mailer {
    /// Speaks to nobody yet.
    pub fn new(server: MailServer, ambient: Ambient) -> Result<Self, MailError> {
        let from: Mailbox = server.from.parse().map_err(|_| MailError::BadSender)?;
        let parameters = || {
            let mut builder = TlsParameters::builder(server.host.clone());
            if let Some(pem) = &server.authorities {
                builder =
                    builder.add_root_certificate(Certificate::from_pem(pem).map_err(|_| MailError::BadAuthority)?);
            }
            builder.build_rustls().map_err(|_| MailError::Insecure)
        };
        let tls = match server.tls {
            MailTls::Wrapped => Tls::Wrapper(parameters()?),
            MailTls::StartTls => Tls::Required(parameters()?),
            MailTls::Off => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(PATIENCE));
        if let Some((user, password)) = &server.user {
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().clone()));
        }
        Ok(Self { transport: builder.build(), from, ambient })
    }

    /// Hands one letter to the server.
    pub async fn send(&self, letter: &Letter) -> Result<(), MailError> {
        let message = self.message(letter)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(fault(&error)),
        }
    }

    fn message(&self, letter: &Letter) -> Result<Message, MailError> {
        if letter.to.len() > LONGEST_ADDRESS {
            return Err(MailError::BadAddress);
        }
        let to: lettre::Address = letter.to.trim().parse().map_err(|_| MailError::BadAddress)?;
        // Ours, so that nothing of the machine stands in it.
        let id = uuid::Uuid::from_bytes(self.ambient.bytes());
        let name = |name: &'static str| HeaderName::new_from_ascii_str(name);
        let builder: MessageBuilder = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.clone())
            .date(std::time::SystemTime::from(self.ambient.now()))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN);
        let mut message = builder.body(letter.text.clone()).map_err(|_| MailError::BadAddress)?;
        // RFC 3834 §5: nobody's absence answers it.
        let headers = message.headers_mut();
        headers.insert_raw(HeaderValue::new(name("Auto-Submitted"), "auto-generated".into()));
        headers.insert_raw(HeaderValue::new(name("Content-Language"), letter.language.into()));
        Ok(message)
    }
}

/// What a failure means, without its words: these may name the person who was written to.
fn fault(error: &lettre::transport::smtp::Error) -> MailError {
    let status = error.status().map(u16::from);
    match status {
        Some(534 | 535 | 538 | 530) => MailError::SignIn,
        _ if error.is_permanent() => MailError::Refused,
        _ if error.is_transient() => MailError::Later,
        _ if error.is_tls() => MailError::Insecure,
        // What the client itself finds wrong before it speaks: no way to sign in that both know, no STARTTLS.
        _ if error.is_client() => MailError::Insecure,
        _ => MailError::Unreachable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{ManualClock, SeededRandom};

    fn mailer(from: &str) -> Result<Mailer, MailError> {
        let ambient = Ambient::new(ManualClock::at("2026-03-03T09:00:00Z".parse().unwrap()), SeededRandom::new(1));
        let server = MailServer {
            host: "127.0.0.1".into(),
            port: 9,
            tls: MailTls::Off,
            user: None,
            authorities: None,
            from: from.into(),
        };
        Mailer::new(server, ambient)
    }

    fn letter(to: &str) -> Letter {
        Letter { to: to.into(), subject: "Año nuevo".into(), text: "Hello 🙂\n".into(), language: "es" }
    }

    #[test]
    fn a_letter_says_that_it_was_made_by_a_machine_and_nothing_of_the_machine() {
        let mailer = mailer("Alder Street Clinic <notices@clinic.example>").unwrap();
        let text = String::from_utf8(mailer.message(&letter("a@b.example")).unwrap().formatted()).unwrap();
        for part in ["Auto-Submitted: auto-generated", "Content-Language: es", "To: a@b.example", "@clinic.example>"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(text.contains("Date: Tue, 03 Mar 2026 09:00:00"), "{text}");
    }

    #[test]
    fn what_is_no_address_is_refused_before_anybody_is_spoken_to() {
        let mailer = mailer("notices@clinic.example").unwrap();
        let long = format!("{}@b.example", "a".repeat(300));
        for bad in ["", "nobody", "a@b\r\nBcc: x@y.example", "a@b.example, c@d.example", long.as_str()] {
            assert_eq!(mailer.message(&letter(bad)).err(), Some(MailError::BadAddress), "{bad}");
        }
        assert_eq!(mailer_error("nobody"), Some(MailError::BadSender));
    }

    fn mailer_error(from: &str) -> Option<MailError> {
        mailer(from).err()
    }

    #[test]
    fn faults_keep_their_numbers() {
        assert_eq!(MailError::ALL.map(MailError::number), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert!(MailError::ALL.iter().all(|error| MailError::from_number(error.number()) == Some(*error)));
    }
}
