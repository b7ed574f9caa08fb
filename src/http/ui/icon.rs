//! Icons: 16 px grid, 1.5 px stroke, the colour of the text. Each has a meaning; none stands alone without a word.

use std::fmt;

use askama::filters::HtmlSafe;

/// An icon ready for a page. Its markup is a constant of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icon(&'static str);

impl Icon {
    pub fn named(name: &str) -> Option<Self> {
        SHAPES.iter().find(|(known, _)| *known == name).map(|(_, shape)| Self(shape))
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            r#"<svg class="icon" width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{}</svg>"#,
            self.0
        )
    }
}

impl HtmlSafe for Icon {}

const SHAPES: &[(&str, &str)] = &[
    ("alert", r#"<path d="M8 2.2 14.6 13.6H1.4Z"/><path d="M8 6.4v3.4M8 11.6v.1"/>"#),
    ("stop", r#"<path d="M5.4 1.8h5.2l3.6 3.6v5.2l-3.6 3.6H5.4l-3.6-3.6V5.4Z"/><path d="M8 4.8v4M8 11.2v.1"/>"#),
    ("info", r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 7.4v3.6M8 5v.1"/>"#),
    ("ok", r#"<circle cx="8" cy="8" r="6.2"/><path d="m5.2 8.2 2 2 3.6-4.2"/>"#),
    ("check", r#"<path d="m3 8.6 3.2 3.2L13 4.6"/>"#),
    ("cross", r#"<path d="m4 4 8 8M12 4l-8 8"/>"#),
    ("refused", r#"<circle cx="8" cy="8" r="6.2"/><path d="m3.8 12.2 8.4-8.4"/>"#),
    ("clock", r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.4V8l2.6 1.6"/>"#),
    ("planned", r#"<circle cx="8" cy="8" r="5"/>"#),
    ("half", r#"<circle cx="8" cy="8" r="5"/><path d="M8 3a5 5 0 0 1 0 10Z" class="fill"/>"#),
    ("full", r#"<circle cx="8" cy="8" r="5" class="fill"/>"#),
    ("bell", r#"<path d="M3.4 11.4h9.2L11.4 9.6V7a3.4 3.4 0 0 0-6.8 0v2.6ZM6.6 13.6h2.8"/>"#),
    ("mail", r#"<rect x="1.8" y="3.4" width="12.4" height="9.2" rx="1.2"/><path d="m2.2 4.4 5.8 4.6 5.8-4.6"/>"#),
    ("up", r#"<path d="M8 3.4 13 12H3Z" class="fill"/>"#),
    ("down", r#"<path d="M8 12.6 3 4h10Z" class="fill"/>"#),
    ("diamond", r#"<path d="M8 2.6 13.4 8 8 13.4 2.6 8Z" class="fill"/>"#),
    ("ring", r#"<circle cx="8" cy="8" r="3.6"/>"#),
    ("next", r#"<path d="m6 3.4 4.6 4.6L6 12.6"/>"#),
    ("back", r#"<path d="m10 3.4-4.6 4.6 4.6 4.6"/>"#),
    ("search", r#"<circle cx="7" cy="7" r="4.4"/><path d="m10.4 10.4 3.4 3.4"/>"#),
    ("lock", r#"<rect x="3.2" y="7" width="9.6" height="6.8" rx="1.2"/><path d="M5.2 7V5a2.8 2.8 0 0 1 5.6 0v2"/>"#),
    ("leave", r#"<path d="M6.4 2.4H2.6v11.2h3.8M6 8h8M11 5l3 3-3 3"/>"#),
    ("home", r#"<path d="M2.4 7.4 8 2.4l5.6 5v6.2h-4V10H6.4v3.6h-4Z"/>"#),
    ("results", r#"<path d="M6 2.2h4M6.8 2.4v4L3 12.6c-.4.6 0 1.2.7 1.2h8.6c.7 0 1.1-.6.7-1.2L9.2 6.4v-4M5 9.8h6"/>"#),
    ("pill", r#"<rect x="1.6" y="5.2" width="12.8" height="5.6" rx="2.8"/><path d="M8 5.2v5.6"/>"#),
    (
        "calendar",
        r#"<rect x="2.2" y="3.4" width="11.6" height="10.4" rx="1.2"/><path d="M2.2 6.8h11.6M5.2 1.8v3M10.8 1.8v3"/>"#,
    ),
    ("file", r#"<path d="M3.6 1.8h5.2l3.6 3.6v8.8H3.6ZM8.8 1.8v3.6h3.6"/>"#),
    ("list", r#"<path d="M5.6 4h8M5.6 8h8M5.6 12h8M2.4 4h.1M2.4 8h.1M2.4 12h.1"/>"#),
    ("shield", r#"<path d="M8 1.8 13.2 4v4c0 3-2.2 5.2-5.2 6.2C5 13.2 2.8 11 2.8 8V4Z"/>"#),
    ("share", r#"<path d="M8 9.6V2M5 4.6 8 1.8l3 2.8M3.4 8v5.8h9.2V8"/>"#),
    (
        "eye",
        r#"<path d="M1.4 8S3.8 3.6 8 3.6 14.6 8 14.6 8 12.2 12.4 8 12.4 1.4 8 1.4 8Z"/><circle cx="8" cy="8" r="2"/>"#,
    ),
    ("menu", r#"<path d="M2.4 4.2h11.2M2.4 8h11.2M2.4 11.8h11.2"/>"#),
    ("person", r#"<circle cx="8" cy="5.2" r="2.8"/><path d="M2.6 14c.4-3 2.6-4.4 5.4-4.4s5 1.4 5.4 4.4"/>"#),
    ("print", r#"<path d="M4.4 6V2.2h7.2V6M4.4 11.4H2.2V6h11.6v5.4h-2.2M4.4 9.4h7.2v4.4H4.4Z"/>"#),
    ("mobile", r#"<rect x="4.2" y="1.6" width="7.6" height="12.8" rx="1.4"/><path d="M7.2 12.2h1.6"/>"#),
    ("plus", r#"<path d="M8 3v10M3 8h10"/>"#),
    ("key", r#"<circle cx="5" cy="11" r="3"/><path d="m7.2 8.8 6-6M11 5l2 2"/>"#),
    ("computer", r#"<rect x="1.8" y="2.6" width="12.4" height="8.4" rx="1"/><path d="M5.4 13.8h5.2M8 11v2.8"/>"#),
    (
        "box",
        r#"<rect x="2.2" y="2.6" width="11.6" height="10.8" rx="1.4"/><path d="M2.2 6.2h11.6M4.6 10.2h1.8l1-1.8 1.4 2.8.9-1h1.7"/>"#,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_has_one_name() {
        let mut names: Vec<_> = SHAPES.iter().map(|(name, _)| name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), SHAPES.len());
        assert!(Icon::named("alert").is_some());
        assert!(Icon::named("<script>").is_none());
    }
}
