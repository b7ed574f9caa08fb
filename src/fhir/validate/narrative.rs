//! The XHTML of a narrative: well-formed, and nothing in it that could act (narrative.html, invariants txt-1 and txt-2).
//!
//! One pass with a stack of its own; no entity is expanded and nothing is loaded.

/// The named entities of XHTML 1.0 (its appendix A.2), the five of XML among them. Others make a text that no reader of XML takes.
const ENTITIES: &str = "\
    quot amp apos lt gt nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg \
    plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc \
    Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute \
    Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml \
    aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde \
    ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml OElig oelig Scaron scaron Yuml circ tilde ensp \
    emsp thinsp zwnj zwj lrm rlm ndash mdash lsquo rsquo sbquo ldquo rdquo bdquo dagger Dagger permil lsaquo \
    rsaquo euro fnof Alpha Beta Gamma Delta Epsilon Zeta Eta Theta Iota Kappa Lambda Mu Nu Xi Omicron Pi Rho Sigma \
    Tau Upsilon Phi Chi Psi Omega alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron \
    pi rho sigmaf sigma tau upsilon phi chi psi omega thetasym upsih piv bull hellip prime Prime oline frasl \
    weierp image real trade alefsym larr uarr rarr darr harr crarr lArr uArr rArr dArr hArr forall part exist \
    empty nabla isin notin ni prod sum minus lowast radic prop infin ang and or cap cup int there4 sim cong asymp \
    ne equiv le ge sub sup nsub sube supe oplus otimes perp sdot lceil rceil lfloor rfloor lang rang loz spades \
    clubs hearts diams";

/// The elements of HTML 4.0 chapters 7 to 11 and 15 that txt-1 allows. Sorted.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "b",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// Their attributes; none that runs a script or loads anything but an image. Sorted.
const ATTRIBUTES: &[&str] = &[
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "charset",
    "cite",
    "class",
    "colspan",
    "compact",
    "coords",
    "dir",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "hspace",
    "id",
    "lang",
    "longdesc",
    "name",
    "noshade",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "title",
    "type",
    "valign",
    "value",
    "vspace",
    "width",
    "xml:lang",
    "xmlns",
];

const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// What is wrong with a narrative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Not well-formed, or not a `div` of XHTML: the end of a sentence.
    Malformed(&'static str),
    /// Something that HTML in a record must not have, since it could act.
    Active(&'static str),
    /// Neither text nor an image.
    Blank,
}

/// Open elements at once; real narratives have some ten.
const DEPTH: usize = 100;

pub(super) fn check(text: &str) -> Result<(), Flaw> {
    let mut reader = Reader { rest: text, open: Vec::new(), started: false, content: false };
    reader.run()?;
    if !reader.started {
        return Err(Flaw::Malformed("must be a <div> of XHTML"));
    }
    if !reader.open.is_empty() {
        return Err(Flaw::Malformed("has an element that is not closed"));
    }
    if reader.content { Ok(()) } else { Err(Flaw::Blank) }
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<&'a str>,
    started: bool,
    content: bool,
}

impl<'a> Reader<'a> {
    fn run(&mut self) -> Result<(), Flaw> {
        while !self.rest.is_empty() {
            let at = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(at);
            self.text(text)?;
            self.rest = rest;
            if let Some(comment) = rest.strip_prefix("<!--") {
                self.comment(comment)?;
            } else if rest.starts_with("<!") || rest.starts_with("<?") {
                return Err(Flaw::Malformed("must not have a DOCTYPE, CDATA or processing instruction"));
            } else if let Some(name) = rest.strip_prefix("</") {
                self.close(name)?;
            } else if let Some(name) = rest.strip_prefix('<') {
                self.element(name)?;
            }
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Flaw> {
        let blank = text.trim().is_empty();
        if self.open.is_empty() && !blank {
            return Err(Flaw::Malformed("has text outside its <div>"));
        }
        self.content |= !blank;
        entities(text)
    }

    /// In XML a comment ends at its first `--`. HTML would end it earlier where it starts with `>` or `->`.
    fn comment(&mut self, comment: &'a str) -> Result<(), Flaw> {
        let wrong = Flaw::Malformed("has a comment that is not well-formed");
        let at = comment.find("--").ok_or(wrong)?;
        if comment.starts_with('>') || comment.starts_with("->") {
            return Err(wrong);
        }
        self.rest = comment.get(at..).and_then(|rest| rest.strip_prefix("-->")).ok_or(wrong)?;
        Ok(())
    }

    fn close(&mut self, rest: &'a str) -> Result<(), Flaw> {
        let wrong = Flaw::Malformed("has closing tags that do not match the opening ones");
        let (name, rest) = split_name(rest);
        self.rest = rest.trim_ascii_start().strip_prefix('>').ok_or(wrong)?;
        if self.open.pop() == Some(name) { Ok(()) } else { Err(wrong) }
    }

    fn element(&mut self, rest: &'a str) -> Result<(), Flaw> {
        let (name, mut rest) = split_name(rest);
        if name.is_empty() {
            return Err(Flaw::Malformed("has a < that starts no element; write it as &lt;"));
        }
        if ELEMENTS.binary_search(&name).is_err() {
            return Err(Flaw::Active("has an element that narratives may not have, such as script, form or object"));
        }
        let top = self.open.is_empty();
        if top && (self.started || name != "div") {
            return Err(Flaw::Malformed("must be one <div> of XHTML"));
        }
        if self.open.len() >= DEPTH {
            return Err(Flaw::Malformed("has more than 100 elements inside each other"));
        }
        self.started = true;
        self.content |= name == "img";
        let mut seen: Vec<&str> = Vec::new();
        loop {
            let trimmed = rest.trim_ascii_start();
            if let Some(after) = trimmed.strip_prefix("/>") {
                self.rest = after;
                break;
            }
            if let Some(after) = trimmed.strip_prefix('>') {
                self.rest = after;
                self.open.push(name);
                break;
            }
            if trimmed.len() == rest.len() {
                return Err(Flaw::Malformed("has a tag that is not well-formed"));
            }
            let (attribute, value, after) = attribute_of(trimmed)?;
            if seen.contains(&attribute) {
                return Err(Flaw::Malformed("has the same attribute twice on one element"));
            }
            attribute_allowed(name, attribute, value)?;
            seen.push(attribute);
            rest = after;
        }
        if top && !seen.contains(&"xmlns") {
            return Err(Flaw::Malformed("must start with <div xmlns=\"http://www.w3.org/1999/xhtml\">"));
        }
        Ok(())
    }
}

fn split_name(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_'))).unwrap_or(text.len());
    text.split_at(end)
}

/// `name="value"` or `name='value'`, and what follows.
fn attribute_of(text: &str) -> Result<(&str, &str, &str), Flaw> {
    let wrong = Flaw::Malformed("has an attribute that is not well-formed");
    let (name, rest) = split_name(text);
    let rest = rest.trim_ascii_start().strip_prefix('=').ok_or(wrong)?.trim_ascii_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(wrong)?;
    let (value, after) = rest.get(1..).and_then(|rest| rest.split_once(quote)).ok_or(wrong)?;
    if name.is_empty() || value.contains('<') {
        return Err(wrong);
    }
    entities(value)?;
    Ok((name, value, after))
}

fn attribute_allowed(element: &str, name: &str, value: &str) -> Result<(), Flaw> {
    if ATTRIBUTES.binary_search(&name).is_err() {
        return Err(Flaw::Active("has an attribute that narratives may not have, such as onclick"));
    }
    match name {
        "xmlns" if value != XHTML => Err(Flaw::Malformed("has a namespace that is not XHTML")),
        "href" | "src" | "cite" | "longdesc" if !is_safe_link(element, value) => {
            Err(Flaw::Active("has a link or image address that could run a script"))
        }
        "style" if !is_safe_style(value) => Err(Flaw::Active("has a style that could load or run something")),
        _ => Ok(()),
    }
}

/// What stands before the first slash, question mark or hash decides: it may name a scheme only plainly, since entities and
/// browsers' leniency can hide one.
fn is_safe_link(element: &str, value: &str) -> bool {
    let start = value.split(['/', '?', '#']).next().unwrap_or_default();
    if start.contains('&') {
        return false;
    }
    let Some((scheme, _)) = start.split_once(':') else { return true };
    match scheme.trim().to_ascii_lowercase().as_str() {
        // `cid:` names a part of the same document.
        "http" | "https" | "mailto" | "tel" | "urn" | "ftp" | "cid" => true,
        // An image may carry its own bytes.
        "data" => element == "img" && is_image_data(value),
        _ => false,
    }
}

fn is_safe_style(value: &str) -> bool {
    let plain: String = value.chars().filter(|c| !c.is_ascii_whitespace()).collect::<String>().to_ascii_lowercase();
    let hidden = plain.contains('\\') || plain.contains("/*") || plain.contains("&#");
    let acts = ["expression(", "javascript:", "@import", "behavior:", "-moz-binding", "image(", "image-set(", "src("];
    !hidden && !acts.iter().any(|act| plain.contains(act)) && plain.split("url(").skip(1).all(is_own_image)
}

/// A background image of the same folder, as the standard's own tables have, or one that carries its bytes.
fn is_own_image(after: &str) -> bool {
    let address = after.split(')').next().unwrap_or_default().trim_matches(|c| matches!(c, '\'' | '"'));
    let file = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    address.chars().all(file) || is_image_data(address)
}

/// Pictures only, and none that is a document of its own, as SVG is.
fn is_image_data(address: &str) -> bool {
    let start: String =
        address.chars().filter(|c| !c.is_whitespace()).take(32).collect::<String>().to_ascii_lowercase();
    ["data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp"]
        .iter()
        .any(|image| start.starts_with(image))
}

/// Every `&` starts an entity by name or number.
fn entities(text: &str) -> Result<(), Flaw> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('&') {
        let wrong = Flaw::Malformed("has a & that starts no entity; write it as &amp;");
        let (entity, next) = after.split_once(';').ok_or(wrong)?;
        let good = match entity.strip_prefix('#') {
            Some(number) => {
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok(),
                    None => number.parse().ok(),
                };
                code.and_then(char::from_u32).is_some_and(|c| c >= ' ' || matches!(c, '\t' | '\n' | '\r'))
            }
            None => ENTITIES.split_ascii_whitespace().any(|known| known == entity),
        };
        if !good {
            return Err(wrong);
        }
        rest = next;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inside(html: &str) -> Result<(), Flaw> {
        check(&format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{html}</div>"))
    }

    #[test]
    fn lists_are_sorted() {
        assert!(ELEMENTS.is_sorted() && ATTRIBUTES.is_sorted());
    }

    #[test]
    fn ordinary_narratives_pass() {
        for good in [
            "Text &amp; more &nbsp;&#160;&#xA0;",
            "<p class='a' style=\"color: red\"><b>Bold</b><br/></p >",
            "<a name=\"x\"/><a href=\"#x\">y</a><a href=\"patient.html?a:b\">z</a><a href=\"https://x.org\">w</a>",
            "<img src=\"data:image/png;base64,AAAA\" alt=\"x\"/>",
            "<table border=\"1\"><tbody><tr><td colspan=\"2\">1</td></tr></tbody></table>",
            "<td style=\"background-image: url(tbl_bck1.png)\">x</td>",
            "a<!-- a comment - here -->",
        ] {
            assert_eq!(inside(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_could_act_is_refused() {
        for bad in [
            "<script>alert(1)</script>",
            "<SCRIPT>alert(1)</SCRIPT>",
            "<iframe src=\"http://x.org\"/>",
            "<object/>",
            "<form/>",
            "<svg/>",
            "<style>a</style>",
            "<p onclick=\"a()\">x</p>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "<a href=\" JaVaScRiPt:alert(1)\">x</a>",
            "<a href=\"java&#10;script:alert(1)\">x</a>",
            "<a href=\"&#106;avascript&#58;alert(1)\">x</a>",
            "<a href=\"&#x6a;avascript:alert(1)/\">x</a>",
            "<a href=\"vbscript:x\">x</a>",
            "<a href=\"data:text/html,x\">x</a>",
            "<img src=\"data:image/svg+xml,x\"/>",
            "<p style=\"background: url(http://x.org)\">x</p>",
            "<p style=\"background: url('//x.org')\">x</p>",
            "<p style=\"background: url(a.png) url(/fhir/x)\">x</p>",
            "<p style=\"width: expr/**/ession(a)\">x</p>",
            "<p style=\"background: \\75rl(x)\">x</p>",
            "<p srcset=\"x\">x</p>",
        ] {
            assert!(matches!(inside(bad), Err(Flaw::Active(_))), "{bad}: {:?}", inside(bad));
        }
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for bad in [
            "<a href=\"javascript&colon;alert(1)\">x</a>",
            "<p>&foo;</p>",
            "<p>x",
            "x</p>",
            "<p><b>x</p></b>",
            "a < b",
            "a & b",
            "a &b",
            "&#0;",
            "<p a>x</p>",
            "<p class=a>x</p>",
            "<p class=\"a\"class=\"b\">x</p>",
            "<p class=\"a\" class=\"b\">x</p>",
            "<p class=\"<\">x</p>",
            "<!-- a -- b -->x",
            "<!-->x<p>-->",
            "<!--->x-->",
            "<![CDATA[x]]>",
            "<?x y?>x",
            "<p class=\"x\"",
            "<p",
            "<",
        ] {
            assert!(matches!(inside(bad), Err(Flaw::Malformed(_))), "{bad}: {:?}", inside(bad));
        }
        for bad in [
            "",
            "text",
            "<p>x</p>",
            "<div>no namespace</div>",
            "<div xmlns=\"http://www.w3.org/2000/svg\">x</div>",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div><div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>y",
        ] {
            assert!(matches!(check(bad), Err(Flaw::Malformed(_))), "{bad}");
        }
        assert!(matches!(inside(&"<b>".repeat(100_000)), Err(Flaw::Malformed(_))));
        assert_eq!(inside(" <p> </p>\n"), Err(Flaw::Blank));
    }
}
