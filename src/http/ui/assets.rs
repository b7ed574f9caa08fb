//! The static files of `web/static`, embedded, under addresses that change with their content.
//!
//! All files share one hash, so that a module's `import "./other.js"` and a stylesheet's `url()` stay inside the same
//! version. Whoever serves them may let them be kept for a year, `immutable`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The path below which the files are served: `/static/<hash>/<name>`.
pub const PREFIX: &str = "/static/";

/// What a response needs. Bodies are of the program itself and hold no record data.
#[derive(Debug, Clone)]
pub struct Asset {
    pub bytes: Cow<'static, [u8]>,
    pub content_type: &'static str,
    /// With its quotes, ready for the header.
    pub etag: String,
}

#[derive(rust_embed::Embed)]
#[folder = "web/static"]
struct Files;

struct All {
    hash: String,
    files: BTreeMap<String, Asset>,
}

static ALL: LazyLock<All> = LazyLock::new(|| {
    let mut whole = blake3::Hasher::new();
    let mut files = BTreeMap::new();
    let mut names: Vec<_> = Files::iter().collect();
    names.sort();
    for name in names {
        let Some(file) = Files::get(&name) else { continue };
        let one = blake3::hash(&file.data);
        whole.update(name.as_bytes()).update(one.as_bytes());
        let etag = format!("\"{}\"", short(&one));
        files.insert(name.to_string(), Asset { bytes: file.data, content_type: content_type(&name), etag });
    }
    All { hash: short(&whole.finalize()), files }
});

/// The address of a file, such as `/static/1a2b3c4d5e6f/chartbox.css`.
pub fn url(name: &str) -> String {
    format!("{PREFIX}{}/{name}", ALL.hash)
}

/// The file at a request's `path` (`/static/<hash>/<name>`), or nothing. A hash of another version finds nothing, so
/// that an old page's address is never answered with a new file that is then kept for a year.
pub fn at(path: &str) -> Option<&'static Asset> {
    let (hash, name) = path.strip_prefix(PREFIX)?.split_once('/')?;
    (hash == ALL.hash).then(|| ALL.files.get(name)).flatten()
}

/// The file of that name, for `/favicon.ico` and the like.
pub fn named(name: &str) -> Option<&'static Asset> {
    ALL.files.get(name)
}

/// All names, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.files.keys().map(String::as_str)
}

fn short(hash: &blake3::Hash) -> String {
    hash.to_hex().chars().take(12).collect()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_at_its_address_and_nowhere_else() {
        let url = url("chartbox.css");
        let asset = at(&url).unwrap();
        assert_eq!(asset.content_type, "text/css; charset=utf-8");
        assert!(asset.etag.starts_with('"') && asset.etag.len() == 14);
        assert!(at("/static/000000000000/chartbox.css").is_none());
        assert!(at(&url.replace("chartbox.css", "../Cargo.toml")).is_none());
        assert!(at("/static/").is_none());
        assert!(names().all(|name| named(name).unwrap().content_type != "application/octet-stream"));
    }
}
