//! Signature Version 4 for S3: who sends a request, and that nobody changed it.
//!
//! "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk", Amazon S3 API Reference, whose
//! examples are the tests. The payload's hash is signed too, so that the server refuses what did not arrive as it was sent.

use data_encoding::HEXLOWER;
use ring::{digest, hmac};

use crate::base::{Secret, Timestamp};

/// What a server knows a client by.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub id: String,
    pub secret: Secret<String>,
    /// Of credentials that end after a while.
    pub token: Option<Secret<String>>,
}

/// What is signed of a request.
#[derive(Debug, Clone)]
pub struct ToSign<'a> {
    pub method: &'a str,
    pub authority: &'a str,
    /// As it is sent, its letters encoded.
    pub path: &'a str,
    pub query: &'a [(&'a str, String)],
    /// Further headers, their names in small letters.
    pub headers: Vec<(&'static str, String)>,
    pub payload: &'a [u8],
}

/// Signs: the headers that are sent, `Host` not among them.
pub fn sign(
    request: &ToSign<'_>,
    credentials: &Credentials,
    region: &str,
    at: Timestamp,
) -> Vec<(&'static str, String)> {
    let time = at.strftime("%Y%m%dT%H%M%SZ").to_string();
    let day = at.strftime("%Y%m%d").to_string();
    let payload = hex(digest::digest(&digest::SHA256, request.payload).as_ref());
    let mut headers = request.headers.clone();
    headers.extend([("x-amz-content-sha256", payload.clone()), ("x-amz-date", time.clone())]);
    if let Some(token) = &credentials.token {
        headers.push(("x-amz-security-token", token.expose().clone()));
    }
    let mut signed = headers.clone();
    signed.push(("host", request.authority.to_owned()));
    signed.sort_unstable();
    let names = signed.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let lines: String = signed.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let query = query_text(request.query);
    let canonical = format!("{}\n{}\n{query}\n{lines}\n{names}\n{payload}", request.method, request.path);
    let scope = format!("{day}/{region}/s3/aws4_request");
    let hashed = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashed}");
    let first = zeroize::Zeroizing::new(format!("AWS4{}", credentials.secret.expose()));
    let key = [region.as_bytes(), b"s3", b"aws4_request"]
        .iter()
        .fold(mac(first.as_bytes(), day.as_bytes()), |key, part| mac(key.as_ref(), part));
    let signature = hex(mac(key.as_ref(), to_sign.as_bytes()).as_ref());
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={}/{scope},SignedHeaders={names},Signature={signature}", credentials.id);
    headers.push(("authorization", authorization));
    headers
}

/// A query in the order and the letters in which it is signed and sent.
pub fn query_text(query: &[(&str, String)]) -> String {
    let mut all: Vec<(String, String)> = query.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
    all.sort_unstable();
    all.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encoded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}

fn mac(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text)
}

fn hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(
        method: &str,
        path: &str,
        query: &[(&str, String)],
        headers: &[(&'static str, &str)],
        payload: &[u8],
    ) -> String {
        let credentials = Credentials {
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into()),
            token: None,
        };
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let request = ToSign { method, authority: "examplebucket.s3.amazonaws.com", path, query, headers, payload };
        let signed = sign(&request, &credentials, "us-east-1", "2013-05-24T00:00:00Z".parse().unwrap());
        signed.iter().find(|(name, _)| *name == "authorization").unwrap().1.clone()
    }

    /// The four examples of Amazon's reference.
    #[test]
    fn amazons_own_examples_are_signed_as_it_signs_them() {
        let get = signature("GET", "/test.txt", &[], &[("range", "bytes=0-9")], b"");
        assert_eq!(
            get,
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
             SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,\
             Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        );
        let put = signature(
            "PUT",
            "/test%24file.text",
            &[],
            &[("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
            b"Welcome to Amazon S3.",
        );
        assert!(put.ends_with("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"), "{put}");
        let lifecycle = signature("GET", "/", &[("lifecycle", String::new())], &[], b"");
        assert!(lifecycle.ends_with("fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"), "{lifecycle}");
        let list = signature("GET", "/", &[("max-keys", "2".into()), ("prefix", "J".into())], &[], b"");
        assert!(list.ends_with("34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"), "{list}");
    }

    #[test]
    fn a_query_is_sorted_and_its_letters_are_encoded() {
        let query = [("prefix", "a b/c+".to_owned()), ("list-type", "2".to_owned())];
        assert_eq!(query_text(&query), "list-type=2&prefix=a%20b%2Fc%2B");
    }
}
