//! Markup for pictures, built so that text can only enter it escaped.

use std::fmt::{self, Write};

use askama::filters::HtmlSafe;

/// A finished picture. Only this file's [`Draw`] makes one, and it escapes every text and attribute that is not a
/// constant of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg(String);

impl fmt::Display for Svg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl HtmlSafe for Svg {}

/// A picture being drawn.
pub(super) struct Draw(String);

impl Draw {
    /// Opens `<svg …>`; `attributes` are constants or numbers of ours.
    pub fn open(class: &'static str, attributes: fmt::Arguments<'_>) -> Self {
        let mut out = String::with_capacity(1024);
        let _ = write!(out, r#"<svg class="{class}" {attributes}>"#);
        Self(out)
    }

    /// Markup whose gaps hold only numbers and constants of ours.
    pub fn shape(&mut self, markup: fmt::Arguments<'_>) -> &mut Self {
        let _ = self.0.write_fmt(markup);
        self
    }

    /// `<element attributes>text</element>` with the text escaped.
    pub fn text(&mut self, element: &'static str, attributes: fmt::Arguments<'_>, text: &str) -> &mut Self {
        let _ = write!(self.0, "<{element} {attributes}>");
        escape(&mut self.0, text);
        let _ = write!(self.0, "</{element}>");
        self
    }

    /// What the picture shows, for those who cannot see it.
    pub fn title(&mut self, text: &str) -> &mut Self {
        self.0.push_str("<title>");
        escape(&mut self.0, text);
        self.0.push_str("</title>");
        self
    }

    pub fn finish(mut self) -> Svg {
        self.0.push_str("</svg>");
        Svg(self.0)
    }
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
}

/// A coordinate: at most two decimals, no trailing zero.
pub(super) fn n(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_enters_a_picture_escaped() {
        let mut draw = Draw::open("x", format_args!(r#"width="1""#));
        draw.title("</title><script>alert('1')</script>");
        draw.text("text", format_args!(r#"x="1""#), "a & b < \"c\"");
        let svg = draw.finish().to_string();
        assert_eq!(svg.matches('<').count(), 6, "{svg}");
        assert!(svg.contains("&lt;script&gt;") && svg.contains("a &amp; b &lt; &quot;c&quot;"));
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!(n(12.0), "12");
        assert_eq!(n(12.345), "12.35");
        assert_eq!(n(-0.001), "0");
    }
}
