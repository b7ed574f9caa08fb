//! Languages that a patient may speak best, as staff choose and read them.

use crate::http::ui::{Text, t};

/// Languages that are offered: BCP 47, and what they are called.
pub(in crate::http) const LANGUAGES: [(&str, &str); 20] = [
    ("ar", "language-ar"),
    ("bn", "language-bn"),
    ("zh", "language-zh"),
    ("en", "language-en"),
    ("fr", "language-fr"),
    ("de", "language-de"),
    ("hi", "language-hi"),
    ("it", "language-it"),
    ("fa", "language-fa"),
    ("pl", "language-pl"),
    ("pt", "language-pt"),
    ("pa", "language-pa"),
    ("ro", "language-ro"),
    ("ru", "language-ru"),
    ("so", "language-so"),
    ("es", "language-es"),
    ("tr", "language-tr"),
    ("uk", "language-uk"),
    ("ur", "language-ur"),
    ("vi", "language-vi"),
];

/// What a language is called, if it is one of those that are offered.
pub(in crate::http) fn language(code: &str) -> Option<Text> {
    LANGUAGES.iter().find(|(known, _)| *known == code).map(|(_, message)| t(message))
}
