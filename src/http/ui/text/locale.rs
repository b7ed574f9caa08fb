//! Which language an answer is in.

use std::future::Future;

tokio::task_local! {
    /// Of the answer that is being made. It is chance-free: set once around a request, read wherever words are made.
    static NOW: Locale;
}

/// A language that the patients' pages have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Locale {
    #[default]
    En,
    Es,
}

impl Locale {
    pub const ALL: [Self; 2] = [Self::En, Self::Es];

    /// As in `<html lang>` (BCP 47).
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
        }
    }

    /// Its own name for itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Es => "Español",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|locale| locale.code() == code)
    }

    /// The language that a browser asks for (RFC 9110 §12.5.4): the one of ours with the highest weight; English where it
    /// asks for neither.
    pub fn wanted(accept_language: &str) -> Self {
        let mut best: Option<(u16, Self)> = None;
        for range in accept_language.split(',').take(20) {
            let (tag, rest) = range.split_once(';').unwrap_or((range, ""));
            let primary = tag.trim().split('-').next().unwrap_or_default().to_ascii_lowercase();
            let weight = match rest.trim().strip_prefix("q=") {
                None => 1000,
                Some(text) => text.trim().parse::<f32>().map_or(0, |q| (q.clamp(0.0, 1.0) * 1000.0) as u16),
            };
            let found = Self::from_code(&primary).filter(|_| weight > 0);
            if let Some(locale) = found.filter(|_| best.is_none_or(|(before, _)| before < weight)) {
                best = Some((weight, locale));
            }
        }
        best.map_or_else(Self::default, |(_, locale)| locale)
    }

    /// The language of the answer that is being made; English outside of any.
    pub fn now() -> Self {
        NOW.try_with(|locale| *locale).unwrap_or_default()
    }

    /// Does `work` with all its words in this language.
    pub async fn within<F: Future>(self, work: F) -> F::Output {
        NOW.scope(self, work).await
    }

    /// The same for work that does not wait.
    pub fn inside<T>(self, work: impl FnOnce() -> T) -> T {
        NOW.sync_scope(self, work)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ui::t;

    #[test]
    fn a_browser_gets_the_language_that_it_likes_best_of_those_that_there_are() {
        for (asked, locale) in [
            ("", Locale::En),
            ("es", Locale::Es),
            ("es-MX,es;q=0.9,en;q=0.8", Locale::Es),
            ("en-GB,en;q=0.9,es;q=0.8", Locale::En),
            ("fr,es;q=0.5,en;q=0.4", Locale::Es),
            ("de", Locale::En),
            ("es;q=0, en;q=0.1", Locale::En),
            ("es;q=nonsense", Locale::En),
        ] {
            assert_eq!(Locale::wanted(asked), locale, "{asked}");
        }
    }

    #[test]
    fn words_are_in_the_language_around_them() {
        assert_eq!(t("sign-out").to_string(), "Sign out");
        assert_eq!(Locale::Es.inside(|| t("sign-out").to_string()), "Cerrar sesión");
        assert_eq!(Locale::Es.inside(|| t("no-such-message").to_string()), "no-such-message");
    }
}
