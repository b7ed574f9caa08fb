//! Who is asking: the cookie of a session or a bearer token, and what a handler knows of the visit.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::request::Parts;

use super::House;
use super::arriving::Held;
use super::joined::Way;
use super::respond::Refusal;
use super::routes::Entrance;
use super::ui::Locale;
use crate::access::{Actor, Listener};
use crate::audit;
use crate::base::Secret;
use crate::identity::{AccountRow, By, SessionRow};

/// The longest secret worth looking up.
const LONGEST: usize = 256;

/// What a request shows of who sent it.
pub(super) enum Credential {
    None,
    Cookie(Secret<String>),
    Bearer(Secret<String>),
}

/// Cookies are sent to every port of a host, so each listener has a name of its own: signing in at the portal
/// of a demo does not end the sign-in at the clinic.
pub(super) const fn cookie_name(entrance: Entrance) -> &'static str {
    match entrance {
        Entrance::Portal => "__Host-chartbox-portal",
        _ => "__Host-chartbox",
    }
}

/// All cookies that came along, each with its name.
pub(super) fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='))
}

/// The session cookie of this listener.
pub(super) fn cookie(headers: &HeaderMap, entrance: Entrance) -> Credential {
    let name = cookie_name(entrance);
    let value = cookies(headers).find_map(|(key, value)| (key == name).then_some(value));
    match value {
        Some(value) if !value.is_empty() && value.len() <= LONGEST => Credential::Cookie(Secret::new(value.to_owned())),
        _ => Credential::None,
    }
}

/// The bearer token (RFC 6750 §2.1), if there is one.
pub(super) fn bearer(headers: &HeaderMap) -> Credential {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    // Of several, whatever stands before the box may have checked another one.
    let value = values.next().filter(|_| values.next().is_none()).and_then(|value| value.to_str().ok());
    match value.and_then(|value| value.split_once(' ')) {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && token.trim().len() <= LONGEST => {
            Credential::Bearer(Secret::new(token.trim().to_owned()))
        }
        _ => Credential::None,
    }
}

/// The `Set-Cookie` that begins a session at a listener. It ends with the browser; the box ends it sooner.
pub fn set_cookie(entrance: Entrance, secret: &str) -> HeaderValue {
    let text = format!("{}={secret}; Path=/; Secure; HttpOnly; SameSite=Strict", cookie_name(entrance));
    let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// The `Set-Cookie` that ends it.
pub fn clear_cookie(entrance: Entrance) -> HeaderValue {
    let text = format!("{}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0", cookie_name(entrance));
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

/// One request's visitor, as the gate found them. Every handler takes one. Cheap to clone.
#[derive(Clone)]
pub struct Visit(Arc<Visitor>);

impl From<Visitor> for Visit {
    fn from(visitor: Visitor) -> Self {
        Self(Arc::new(visitor))
    }
}

impl std::ops::Deref for Visit {
    type Target = Visitor;
    fn deref(&self) -> &Visitor {
        &self.0
    }
}

impl std::ops::DerefMut for Visit {
    /// What one changes of its visit no other holder of it sees.
    fn deref_mut(&mut self) -> &mut Visitor {
        Arc::make_mut(&mut self.0)
    }
}

/// What is known of a visitor.
#[derive(Clone)]
pub struct Visitor {
    pub house: House,
    pub actor: Actor,
    pub entrance: Entrance,
    /// The session, a half-finished one included: then `actor` is anonymous still.
    pub session: Option<SessionRow>,
    /// Whose session or token it is.
    pub account: Option<AccountRow>,
    /// As the browser or program named itself.
    pub user_agent: Option<Box<str>>,
    /// What was asked for, path and query; `None` for what changes something.
    pub at: Option<Box<str>>,
    /// Of a form that was sent: what the record said in its fields when its page was made.
    pub stood: Option<Box<str>>,
    /// The language of the answer.
    pub locale: Locale,
    /// Whether the account acts for others, or for more than one.
    pub links: Links,
    /// That the record goes on which was asked for under another.
    pub joined: Option<Way>,
    /// Its place among the large bodies that are in memory, until it is answered.
    pub held: Option<Arc<Held>>,
}

/// What there is to choose from for an account of a patient's side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Links {
    /// One record, or none: its own, or that of the one for whom it was made.
    #[default]
    One,
    Several,
    /// The session looked as somebody whose permission ended with this request.
    Ended,
}

impl Visit {
    pub fn listener(&self) -> Listener {
        self.entrance.listener()
    }

    pub fn origin(&self) -> Option<IpAddr> {
        self.actor.origin()
    }

    /// What a form of this session carries as `csrf`; empty without a session. Masked anew each time, so that
    /// compressing a page gives nothing of it away.
    pub fn csrf(&self) -> String {
        self.session.as_ref().map(|session| session.form_token(&self.house.ambient)).unwrap_or_default()
    }

    /// On whose behalf `identity` makes a change.
    pub fn by(&self) -> By {
        By {
            actor: self.actor.to_ref(),
            session: self.actor.session(),
            origin: self.actor.origin(),
            user_agent: self.user_agent.clone(),
        }
    }

    /// What an entry says, and by which program it was asked for.
    pub fn told(&self, detail: audit::Detail) -> audit::Detail {
        match &self.user_agent {
            Some(agent) => detail.with_user_agent(agent.as_ref()),
            None => detail,
        }
    }

    /// An entry for the access log in this visitor's name.
    pub fn event(&self, action: audit::Action, purpose: audit::Purpose) -> audit::Event {
        audit::Event::new(self.actor.to_ref(), action, purpose)
            .session(self.actor.session())
            .origin(self.actor.origin())
            .detail(self.told(audit::Detail::none()))
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Refusal::internal("a handler stands outside the gate"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    fn found(credential: Credential) -> Option<String> {
        match credential {
            Credential::None => None,
            Credential::Cookie(secret) | Credential::Bearer(secret) => Some(secret.expose().clone()),
        }
    }

    #[test]
    fn each_listener_reads_its_own_cookie() {
        let both = headers(header::COOKIE, "a=b; __Host-chartbox=staff; __Host-chartbox-portal=mine");
        assert_eq!(found(cookie(&both, Entrance::Clinic)).as_deref(), Some("staff"));
        assert_eq!(found(cookie(&both, Entrance::Portal)).as_deref(), Some("mine"));
        assert_eq!(found(cookie(&headers(header::COOKIE, "__Host-chartbox="), Entrance::Clinic)), None);
        assert_eq!(found(cookie(&headers(header::COOKIE, "chartbox=x"), Entrance::Clinic)), None);
        let long = format!("__Host-chartbox={}", "x".repeat(LONGEST + 1));
        assert_eq!(found(cookie(&headers(header::COOKIE, &long), Entrance::Clinic)), None);
    }

    #[test]
    fn a_bearer_token_is_read_whatever_the_case_of_its_scheme() {
        for (value, token) in
            [("Bearer abc", Some("abc")), ("bearer  abc ", Some("abc")), ("Basic abc", None), ("abc", None)]
        {
            assert_eq!(found(bearer(&headers(header::AUTHORIZATION, value))).as_deref(), token, "{value}");
        }
    }

    #[test]
    fn the_cookie_is_for_this_host_only_and_for_no_script() {
        let text = set_cookie(Entrance::Clinic, "s3cret");
        assert_eq!(text.to_str().unwrap(), "__Host-chartbox=s3cret; Path=/; Secure; HttpOnly; SameSite=Strict");
        assert!(text.is_sensitive());
        assert!(clear_cookie(Entrance::Portal).to_str().unwrap().ends_with("Max-Age=0"));
    }
}
