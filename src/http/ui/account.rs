//! One's own account: the sessions that are open, and the password. The same for all roles, in two shells.

use askama::Template;

use super::text::Text;
use super::{Cx, Faults, Field, When, filters, page, t};

/// An open session of one's own.
#[derive(Debug, Clone)]
pub struct SessionLine {
    /// Its public handle; stands in the address that ends it.
    pub id: String,
    /// Browser and machine in words; see [`device`].
    pub device: String,
    pub origin: Option<String>,
    pub since: When,
    pub last_used: When,
    /// The one that asks.
    pub current: bool,
}

impl SessionLine {
    fn line(&self, cx: &Cx) -> String {
        let line = t("session-line")
            .with("since", self.since.near_within(&cx.now))
            .with("last", self.last_used.near_within(&cx.now));
        match &self.origin {
            Some(origin) => format!("{line} {}", t("session-from").with("origin", origin)),
            None => line.to_string(),
        }
    }
}

/// A browser in words, as far as its own name tells: "Firefox on Linux".
pub fn device(user_agent: Option<&str>) -> String {
    let agent = user_agent.unwrap_or_default();
    let find = |table: &[(&'static str, &'static str)]| {
        table.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    // Order matters: Edge calls itself Chrome too, Chrome Safari, Android Linux, an iPhone Mac.
    let browser = find(&[("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari")]);
    let system = find(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("CrOS", "Chromebook"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => t("device-on").with("browser", browser).with("system", system).to_string(),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => t("device-unknown").to_string(),
    }
}

/// What both shells' account page holds.
macro_rules! account_page {
    ($name:ident, $path:literal, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Template)]
        #[template(path = $path)]
        pub struct $name {
            pub cx: Cx,
            pub user: String,
            pub sessions: Vec<SessionLine>,
            /// What was wrong with a change of the password.
            pub faults: Faults,
        }
        page!($name in Elsewhere);

        impl $name {
            fn password_fields(&self) -> [Field; 3] {
                password_fields(&self.faults)
            }
        }
    };
}

account_page!(StaffAccount, "clinic/account.html", "The account page of the clinic's staff.");
account_page!(PatientAccount, "portal/account.html", "The account page of patients and proxies.");

/// What a new password has to be.
pub fn password_hint() -> Text {
    t("account-password-hint").with("n", crate::crypto::password::SHORTEST)
}

fn password_fields(faults: &Faults) -> [Field; 3] {
    [
        Field::password("current", t("password-current"), "current-password", faults),
        Field::password("new", t("password-new"), "new-password", faults).hint(password_hint()),
        Field::password("again", t("password-again"), "new-password", faults),
    ]
}

/// Before anything else: a password that somebody else set must be changed. Inputs are `current`, `new` and `again`.
#[derive(Debug, Clone, Template)]
#[template(path = "open/new_password.html")]
pub struct NewPassword {
    pub cx: Cx,
    pub faults: Faults,
}

impl NewPassword {
    fn fields(&self) -> [Field; 3] {
        password_fields(&self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_from_what_it_says() {
        let linux = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 Version/17.5 Safari/604.1";
        let edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0";
        assert_eq!(device(Some(linux)), "Firefox on Linux");
        assert_eq!(device(Some(iphone)), "Safari on iPhone");
        assert_eq!(device(Some(edge)), "Edge on Windows");
        assert_eq!(device(Some("curl/8")), "A device that does not say what it is");
        assert_eq!(device(None), "A device that does not say what it is");
    }
}
