//! Required codes of which FHIR R4's definitions carry no list, because others keep it: what can be told of them by their form.

/// The short names of FHIR's own formats, which the standard's examples have in such a place (http.html#mime-type).
const FORMATS: [&str; 3] = ["xml", "json", "ttl"];

/// What is wrong with the code of an element of this name; `None` where nothing is, or where it is none of these.
pub(super) fn flaw(element: &str, code: &str) -> Option<&'static str> {
    match element {
        "contentType" | "sigFormat" | "targetFormat" if !is_media_type(code) && !FORMATS.contains(&code) => {
            Some("This is no media type, such as text/plain or application/pdf (RFC 6838 §4.2).")
        }
        "currency" if !is_currency(code) => {
            Some("This is no currency: it is written with three capital letters, as EUR (ISO 4217).")
        }
        _ => None,
    }
}

fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// A type and a subtype, and parameters behind them (RFC 2045 §5.1).
fn is_media_type(code: &str) -> bool {
    let mut parts = code.split(';');
    let names = parts.next().unwrap_or_default().trim().split_once('/');
    let named = names.is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
    named
        && parts
            .all(|part| part.trim().split_once('=').is_some_and(|(name, value)| is_token(name) && !value.is_empty()))
}

fn is_token(text: &str) -> bool {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+%'*`|~".contains(&byte);
    (1..=127).contains(&text.len()) && text.bytes().all(of_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_and_currencies_have_their_form() {
        for good in [
            "text/plain",
            "application/fhir+json",
            "text/plain; charset=UTF-8",
            "image/svg+xml",
            "multipart/x; a=\"b c\"",
        ] {
            assert_eq!(flaw("contentType", good), None, "{good}");
        }
        for bad in
            ["nonsense mime", "text", "text/", "/plain", "text/plain;", "text/plain; charset", "t\u{e4}xt/plain", ""]
        {
            assert!(flaw("contentType", bad).is_some(), "{bad}");
        }
        assert_eq!((flaw("currency", "EUR"), flaw("status", "x")), (None, None));
        for bad in ["eur", "EURO", "E1R", ""] {
            assert!(flaw("currency", bad).is_some(), "{bad}");
        }
    }
}
