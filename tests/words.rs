//! Every word that a person reads comes from the messages: none is missing, none is left over, and no template holds
//! literal text.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use chartbox::http::ui::{EN, ES};
use fluent_syntax::ast;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str, into: &mut Vec<(PathBuf, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, extension, into);
        } else if path.extension().is_some_and(|e| e == extension) {
            let text = std::fs::read_to_string(&path).unwrap();
            into.push((path, text));
        }
    }
}

fn templates() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    files(&root().join("web/templates"), "html", &mut all);
    all
}

fn sources() -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    files(&root().join("src/http"), "rs", &mut all);
    // What tests ask for is no use.
    all.into_iter().map(|(path, text)| (path, text.split("#[cfg(test)]").next().unwrap().to_owned())).collect()
}

/// Message ids with the names of their attributes, as `id` and `id.attribute`, and the variables each uses.
fn messages() -> BTreeMap<String, BTreeSet<String>> {
    messages_of("en", EN)
}

fn messages_of(file: &str, text: &'static str) -> BTreeMap<String, BTreeSet<String>> {
    let resource = fluent_syntax::parser::parse(text).unwrap_or_else(|_| panic!("{file} is not well-formed"));
    let mut all = BTreeMap::new();
    for entry in resource.body {
        let ast::Entry::Message(message) = entry else { continue };
        let mut add = |id: String, pattern: &ast::Pattern<&str>| {
            let mut used = BTreeSet::new();
            variables(pattern, &mut used);
            assert!(all.insert(id.clone(), used).is_none(), "{id} stands twice in {file}");
        };
        if let Some(value) = &message.value {
            add(message.id.name.to_owned(), value);
        }
        for attribute in &message.attributes {
            add(format!("{}.{}", message.id.name, attribute.id.name), &attribute.value);
        }
    }
    all
}

fn variables(pattern: &ast::Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let ast::PatternElement::Placeable { expression } = element else { continue };
        match expression {
            ast::Expression::Inline(inline) => variable(inline, into),
            ast::Expression::Select { selector, variants } => {
                variable(selector, into);
                variants.iter().for_each(|variant| variables(&variant.value, into));
            }
        }
    }
}

fn variable(inline: &ast::InlineExpression<&str>, into: &mut BTreeSet<String>) {
    if let ast::InlineExpression::VariableReference { id } = inline {
        into.insert(id.name.to_owned());
    }
}

/// Ids in quotes that look like a message's: the first is checked to exist when it is asked for by `|t` or `t(`.
fn quoted(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('"').filter_map(|(at, _)| {
        let rest = &text[at + 1..];
        let end = rest.find('"')?;
        let id = &rest[..end];
        let legal = id.starts_with(|c: char| c.is_ascii_lowercase())
            && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
        legal.then_some((at, id))
    })
}

/// Messages that are asked for by `cx.own(…)`: each has one beside it for who acts for another.
fn others(text: &str) -> impl Iterator<Item = String> {
    quoted(text).filter(|(at, _)| text[..*at].ends_with("cx.own(")).map(|(_, id)| format!("{id}-other"))
}

/// Families of messages whose ids are put together; a unit test beside each holds it whole.
const FAMILIES: [&str; 9] =
    ["mail-group-", "notice-kind-", "act-", "why-", "part-", "lab-", "label-", "loinc-", "look-list-"];
/// Attributes that are asked for by a base id put together.
const BASES: [&str; 3] = ["weekday-", "unlock-", "listener-"];

#[test]
fn no_message_is_missing() {
    let messages = messages();
    let mut missing = Vec::new();
    for (path, text) in templates() {
        for (at, id) in quoted(&text) {
            if text[at + id.len() + 2..].starts_with("|t") && !messages.contains_key(id) {
                missing.push(format!("{}: {id}", path.display()));
            }
        }
    }
    for (path, text) in templates().into_iter().chain(sources()) {
        let both = |other: String| [other.trim_end_matches("-other").to_owned(), other];
        let lacking = others(&text).flat_map(both).filter(|id| !messages.contains_key(id));
        missing.extend(lacking.map(|id| format!("{}: {id}", path.display())));
    }
    for (path, text) in sources() {
        for (at, id) in quoted(&text) {
            let before = text[..at].strip_suffix("t(").and_then(|before| before.chars().last());
            let asked = before.is_some_and(|c| !c.is_alphanumeric() && !matches!(c, '_' | ':' | '.' | '"'));
            if asked && !messages.contains_key(id) {
                missing.push(format!("{}: {id}", path.display()));
            }
        }
    }
    assert!(missing.is_empty(), "messages that web/locales/en does not have:\n{}", missing.join("\n"));
}

#[test]
fn no_message_is_left_over() {
    let all: String = templates().into_iter().chain(sources()).map(|(_, text)| text).collect();
    let used: BTreeSet<String> = quoted(&all).map(|(_, id)| id.to_owned()).chain(others(&all)).collect();
    let left: Vec<String> = messages()
        .into_keys()
        .filter(|id| !used.contains(id))
        .filter(|id| !FAMILIES.iter().any(|family| id.starts_with(family)))
        .filter(|id| !(id.contains('.') && BASES.iter().any(|base| id.starts_with(base))))
        .collect();
    assert!(left.is_empty(), "messages that nothing asks for:\n{}", left.join("\n"));
}

/// What only the staff read: their pages are in English.
const STAFF: [&str; 7] =
    ["/clinic/", "/admin/", "/operator/", "/open/setup", "/open/locked", "/http/setup.rs", "/http/locked.rs"];
/// Words of the staff that stand in files which patients' pages share.
const STAFF_WORDS: [&str; 8] =
    ["setup-", "locked-", "find-", "found-", "release-", "nav-emergencies", "account-full-name", "account-user-hint"];

/// The messages, attributes included, that a patient can meet.
fn read_by_patients(messages: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let all: Vec<(PathBuf, String)> = templates().into_iter().chain(sources()).collect();
    let is_staff = |path: &Path| STAFF.iter().any(|part| path.to_string_lossy().contains(part));
    let shared: String = all.iter().filter(|(path, _)| !is_staff(path)).map(|(_, text)| text.as_str()).collect();
    let head = |id: &str| id.split('.').next().unwrap().to_owned();
    let used: BTreeSet<String> = quoted(&shared).map(|(_, id)| head(id)).chain(others(&shared)).collect();
    let wanted = |id: &str| {
        let head = id.split('.').next().unwrap();
        let staff = STAFF_WORDS.iter().any(|word| head.starts_with(word));
        !staff && (used.contains(head) || FAMILIES.iter().any(|family| head.starts_with(family)))
    };
    messages.keys().filter(|id| wanted(id)).cloned().collect()
}

#[test]
fn patients_read_everything_in_spanish_too() {
    let (english, spanish) = (messages(), messages_of("es", ES));
    let wanted = read_by_patients(&english);
    assert!(wanted.contains("sign-out") && wanted.contains("why-treat.you") && !wanted.contains("setup-title"));
    let missing: Vec<_> = wanted.iter().filter(|id| !spanish.contains_key(*id)).collect();
    assert!(missing.is_empty(), "messages that web/locales/es does not have: {missing:?}");
    let left: Vec<_> = spanish.keys().filter(|id| !wanted.contains(*id)).collect();
    assert!(left.is_empty(), "messages of web/locales/es that no patient meets: {left:?}");
    let other: Vec<_> = spanish.iter().filter(|(id, gaps)| english[*id] != **gaps).map(|(id, _)| id).collect();
    assert!(other.is_empty(), "messages whose gaps are others in web/locales/es: {other:?}");
}

#[test]
fn every_gap_of_a_message_is_filled_where_a_template_asks_for_it() {
    let messages = messages();
    let mut wrong = Vec::new();
    for (path, text) in templates() {
        for (at, id) in quoted(&text) {
            let rest = &text[at + id.len() + 2..];
            let Some(filters) = rest.strip_prefix("|t") else { continue };
            let filters = &filters[..filters.find("}}").unwrap_or(filters.len())];
            let given: BTreeSet<String> =
                filters.split("|arg(\"").skip(1).map(|part| part.split('"').next().unwrap().to_owned()).collect();
            if messages.get(id).is_some_and(|wanted| *wanted != given) {
                wrong.push(format!("{}: {id} wants {:?}, gets {given:?}", path.display(), messages[id]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The functions of a file, each from its name to the next one's.
fn functions(text: &str) -> impl Iterator<Item = &str> {
    let mut begin: Vec<usize> = text.match_indices("fn ").map(|(at, _)| at).collect();
    begin.push(text.len());
    (1..begin.len()).map(move |at| &text[begin[at - 1]..begin[at]])
}

/// Messages that a function asks for by `t("…")` though nothing in it fills one of their gaps.
fn empty_gaps(text: &str, messages: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let mut found = Vec::new();
    // Whoever gets a Text fills the gaps that are left.
    let hands_on = |function: &&str| function.split('{').next().is_some_and(|head| head.contains("Text"));
    for function in functions(text).filter(|function| !hands_on(function)) {
        for (at, id) in quoted(function).filter(|(at, _)| function[..*at].ends_with("t(")) {
            let after = &function[at + id.len() + 2..];
            let Some(gaps) = messages.get(id).filter(|_| after.starts_with(')')) else { continue };
            let is_empty = |gap: &&String| !function.contains(&format!("\"{gap}\","));
            found.extend(gaps.iter().filter(is_empty).map(|gap| format!("{id} lacks {gap}")));
        }
    }
    found
}

#[test]
fn every_gap_of_a_message_is_filled_in_the_function_that_asks_for_it() {
    let messages = messages();
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        wrong.extend(empty_gaps(&text, &messages).into_iter().map(|gap| format!("{}: {gap}", path.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let broken = "fn sum() { t(\"today-sum\").with(\"all\", 1).with(\"done\", 1).with(\"here\", 1) }";
    assert_eq!(empty_gaps(broken, &messages), ["today-sum lacks missed"]);
}

#[test]
fn templates_hold_no_literal_text() {
    let mut found = Vec::new();
    for (path, text) in templates() {
        for word in literal_text(&text) {
            found.push(format!("{}: {word}", path.display()));
        }
    }
    assert!(found.is_empty(), "text that belongs into web/locales/en:\n{}", found.join("\n"));
}

/// Letters between tags, and in the attributes that people see, outside of template expressions.
fn literal_text(template: &str) -> Vec<String> {
    // What the program writes is not the template's own text.
    let mut plain = String::new();
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        let close = match rest.as_bytes().get(open + 1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => {
                plain.push_str(&rest[..=open]);
                rest = &rest[open + 1..];
                continue;
            }
        };
        plain.push_str(&rest[..open]);
        plain.push('\u{1}');
        let end = rest[open..].find(close).expect("a closed expression") + open + close.len();
        rest = &rest[end..];
    }
    plain.push_str(rest);
    let mut found = Vec::new();
    for piece in plain.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or((piece, ""));
        // Commands and keys are the same in every language.
        if !tag.starts_with("code") && !tag.starts_with("kbd") && text.chars().any(char::is_alphabetic) {
            found.push(text.trim().to_owned());
        }
        for attribute in ["aria-label=\"", "placeholder=\"", "title=\"", "alt=\""] {
            if let Some(at) = tag.find(attribute) {
                let value = tag[at + attribute.len()..].split('"').next().unwrap();
                if value.chars().any(char::is_alphabetic) {
                    found.push(format!("{attribute}{value}\""));
                }
            }
        }
    }
    found
}

#[test]
fn the_check_for_literal_text_sees_it() {
    assert_eq!(literal_text("<p>Hello {{ name }}</p>"), ["Hello \u{1}"]);
    assert_eq!(literal_text("<a aria-label=\"Back\">{{ x }}</a>"), ["aria-label=\"Back\""]);
    assert!(literal_text("<p class=\"x\">{{ \"a\"|t }}, {% if x %}. {% endif %}</p><kbd>/</kbd>").is_empty());
}

#[test]
fn templates_keep_to_the_rules_of_markup() {
    for (path, text) in templates() {
        let path = path.display();
        for banned in ["|safe", "style=", "<style", "javascript:", " onclick", " onload", "href=\"#\""] {
            assert!(!text.contains(banned), "{path} has {banned}");
        }
        for form in text.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let opening = form.split('>').next().unwrap();
            if opening.contains("method=\"post\"") {
                let shared = form.contains("include \"parts/sent.html\"");
                assert!(
                    shared || form.contains("name=\"csrf\""),
                    "{path}: a form that posts carries no token:\n{opening}"
                );
            }
        }
    }
}

/// A file that nobody named in `http/ui/text.rs` would be words that nobody ever reads.
#[test]
fn every_file_of_messages_is_in_the_binary() {
    for (language, all) in [("en", EN), ("es", ES)] {
        let mut found = Vec::new();
        files(&root().join("web/locales").join(language), "ftl", &mut found);
        assert!(!found.is_empty());
        for (path, text) in found {
            assert!(all.contains(&text), "{} is named nowhere", path.display());
        }
    }
}
