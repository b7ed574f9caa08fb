//! What an S3 server says in XML: a page of a list, an error. The names of backups need no more of XML than elements and text.

use crate::backup::target::{Listed, Name, Shelf};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub files: Vec<Listed>,
    /// What the next page is asked for with.
    pub next: Option<String>,
}

/// Reads a page: the files directly under `prefix` that have a name of ours.
pub fn read_page(text: &str, shelf: Shelf, prefix: &str) -> Option<Page> {
    let inside = element(text, "ListBucketResult")?;
    let mut files = Vec::new();
    let mut rest = inside;
    while let Some((contents, after)) = next_element(rest, "Contents") {
        rest = after;
        let key = unescaped(element(contents, "Key")?)?;
        let bytes: u64 = element(contents, "Size")?.trim().parse().ok()?;
        let name = key.strip_prefix(prefix).and_then(|file| Name::new(shelf, file));
        files.extend(name.map(|name| Listed { name, bytes: Some(bytes) }));
    }
    let more = element(inside, "IsTruncated").is_some_and(|said| said.trim() == "true");
    let next = if more { Some(unescaped(element(inside, "NextContinuationToken")?)?) } else { None };
    Some(Page { files, next })
}

/// Reads an error: its code and its message.
pub fn read_error(text: &str) -> Option<(String, String)> {
    let inside = element(text, "Error")?;
    let code = unescaped(element(inside, "Code")?)?;
    let message = element(inside, "Message").and_then(unescaped).unwrap_or_default();
    Some((code, message))
}

/// What stands in the first element of a name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    next_element(text, name).map(|(inside, _)| inside)
}

/// The same, and what follows it.
fn next_element<'a>(text: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let mut rest = text;
    loop {
        let (_, tail) = rest.split_once('<')?;
        rest = tail;
        let Some(after) = rest.strip_prefix(name) else { continue };
        // Not one whose name only begins so.
        if !after.starts_with([' ', '>', '/', '\n', '\r', '\t']) {
            continue;
        }
        let (attributes, inside) = after.split_once('>')?;
        if attributes.ends_with('/') {
            return Some(("", inside));
        }
        let (inside, after) = inside.split_once(&format!("</{name}"))?;
        return Some((inside, after.split_once('>')?.1));
    }
}

/// Text without its entities; `None` for one that XML does not have.
fn unescaped(text: &str) -> Option<String> {
    let mut parts = text.split('&');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (entity, after) = part.split_once(';')?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            number => {
                let number = number.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        out.push_str(after);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_and_what_is_not_ours_is_left_out() {
        let text = "<?xml version=\"1.0\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>\
            <Prefix>box/packs/</Prefix><KeyCount>2</KeyCount><IsTruncated>true</IsTruncated>\
            <NextContinuationToken>1&amp;2&#61;</NextContinuationToken>\
            <Contents><Key>box/packs/0a</Key><LastModified>x</LastModified><Size>12</Size></Contents>\
            <Contents><Key>box/packs/../../etc</Key><Size>1</Size></Contents>\
            <Contents><Key>box/packs/.hidden</Key><Size>1</Size></Contents>\
            <Contents><Key>other/0b</Key><Size>1</Size></Contents></ListBucketResult>";
        let page = read_page(text, Shelf::Packs, "box/packs/").unwrap();
        let name = Name::new(Shelf::Packs, "0a").unwrap();
        assert_eq!(page, Page { files: vec![Listed { name, bytes: Some(12) }], next: Some("1&2=".into()) });
        let empty = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";
        assert_eq!(read_page(empty, Shelf::Packs, "x"), Some(Page { files: vec![], next: None }));
        let bad = [
            "",
            "<html>",
            "<ListBucketResult>",
            "<ListBucketResult><Contents><Key>x</Key></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        ];
        for bad in bad {
            assert_eq!(read_page(bad, Shelf::Packs, "x"), None, "{bad}");
        }
    }

    #[test]
    fn an_error_is_read() {
        let text = "<Error><Code>NoSuchKey</Code><Message>It &lt;is&gt; not</Message><Resource/></Error>";
        assert_eq!(read_error(text), Some(("NoSuchKey".into(), "It <is> not".into())));
        assert_eq!(read_error("<Error><Codes>x</Codes></Error>"), None);
        assert_eq!(read_error("<Error><Code>&nope;</Code></Error>"), None);
    }
}
