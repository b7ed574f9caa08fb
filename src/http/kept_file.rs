//! A file of a record as an answer: to be kept by whoever asked, never opened as a page of this box.

use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};

use super::fill::Attachment;

/// Types that a browser may be told, because nothing runs in them here; the rest are bytes.
const KNOWN: [(&str, &str); 7] = [
    ("application/pdf", "pdf"),
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/webp", "webp"),
    ("image/tiff", "tif"),
    ("application/rtf", "rtf"),
    ("application/zip", "zip"),
];

/// Even where a browser shows it, nothing of it runs, and it is not of our origin.
pub(super) const SANDBOX: &str = "default-src 'none'; sandbox; frame-ancestors 'none'";

/// The file under a name, its ending by its type; a text in letters that are known wherever it is opened.
pub(super) fn kept_file(title: &str, media_type: &str, bytes: Vec<u8>) -> Response {
    let file = Attachment { content_type: media_type.to_owned(), bytes };
    if let Some(text) = file.text() {
        return kept_as(title, "text/plain; charset=utf-8", "txt", text.into_bytes());
    }
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = KNOWN.iter().find(|(kind, _)| *kind == essence);
    let (kind, ending) = known.copied().unwrap_or(("application/octet-stream", "bin"));
    kept_as(title, kind, ending, file.bytes)
}

fn kept_as(title: &str, kind: &'static str, ending: &str, bytes: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, disposition(title, ending)),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen")),
    ];
    (headers, bytes).into_response()
}

/// `attachment` with a plain name, and the real one for clients that read it (RFC 6266 §4.3, RFC 8187).
pub(super) fn disposition(title: &str, ending: &str) -> HeaderValue {
    let title: String = title.chars().filter(|c| !c.is_control()).take(80).collect();
    let plain: String = title
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' ') { c } else { '-' })
        .collect();
    let plain = plain.trim();
    let plain = if plain.is_empty() { "document" } else { plain };
    let exact: String = title
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    let text = format!("attachment; filename=\"{plain}.{ending}\"; filename*=UTF-8''{exact}.{ending}");
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_never_a_page_and_its_name_breaks_no_header() {
        let response = kept_file("a\"; b\r\n<é> 🦴", "text/html", b"<b>".to_vec());
        let of = |name: HeaderName| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(of(header::CONTENT_TYPE), "application/octet-stream");
        assert_eq!(
            of(header::CONTENT_DISPOSITION),
            "attachment; filename=\"a-- b--- -.bin\"; filename*=UTF-8''a%22%3B%20b%3C%C3%A9%3E%20%F0%9F%A6%B4.bin"
        );
        assert!(of(header::CONTENT_SECURITY_POLICY).contains("sandbox"));
        assert_eq!(of(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        let response = kept_file("", "Application/PDF", Vec::new());
        let name = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(name.starts_with("attachment; filename=\"document.pdf\""), "{name}");
    }

    #[tokio::test]
    async fn a_text_is_kept_in_the_letters_that_its_answer_names() {
        let response = kept_file("Letter", "text/plain; charset=latin1", b"Gr\xf6\xdfe".to_vec());
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(std::str::from_utf8(&body).unwrap(), "Größe");
    }
}
