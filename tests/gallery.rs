//! Renders every page with rich invented data to `target/gallery/*.html`, so that they can be looked at, and holds
//! each to the rules that every page keeps.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
mod samples;

use std::collections::BTreeSet;
use std::path::PathBuf;

use chartbox::http::ui::assets;

#[test]
fn every_page_can_be_looked_at_and_keeps_the_rules() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("../gallery");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(folder.join("static")).unwrap();
    for name in assets::names() {
        std::fs::write(folder.join("static").join(name), &assets::named(name).unwrap().bytes).unwrap();
    }
    let here = assets::url("");
    let mut faults = Vec::new();
    for (name, html) in samples::pages() {
        faults.extend(faults_of(&html).into_iter().map(|fault| format!("{name}: {fault}")));
        std::fs::write(folder.join(format!("{name}.html")), html.replace(&here, "static/")).unwrap();
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// What a page does that no page may do.
fn faults_of(html: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if html.contains("{$") {
        let at = html.find("{$").unwrap();
        faults
            .push(format!("a gap of a message is empty: {}", &html[at.saturating_sub(80)..(at + 40).min(html.len())]));
    }
    let mut ids = BTreeSet::new();
    let mut wanted = Vec::new();
    for tag in html.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        for banned in [" style=", " onclick=", " onload=", " href=\"#\"", " href=\"\"", "javascript:"] {
            if tag.contains(banned) {
                faults.push(format!("has{banned} in <{tag}>"));
            }
        }
        if tag.starts_with("script") && !tag.contains("src=\"/static/") {
            faults.push(format!("a script without a file of ours: <{tag}>"));
        }
        if let Some(id) = attribute(tag, "id")
            && !ids.insert(id.to_owned())
        {
            faults.push(format!("id {id} twice"));
        }
        for name in ["for", "aria-labelledby", "aria-describedby"] {
            wanted.extend(attribute(tag, name).into_iter().flat_map(str::split_whitespace).map(str::to_owned));
        }
        if let Some(target) = attribute(tag, "href").and_then(|href| href.strip_prefix('#')) {
            wanted.push(target.to_owned());
        }
    }
    faults.extend(wanted.into_iter().filter(|id| !ids.contains(id)).map(|id| format!("nothing has the id {id}")));
    if html.starts_with("<!doctype") {
        // Pictures have titles too; the page's stands in the head.
        let (head, body) = html.split_once("<body").unwrap_or((html, ""));
        for (part, needed) in [(head, "<title>"), (head, "lang=\"en\""), (body, "<main id=\"main\""), (body, "<h1")] {
            if part.matches(needed).count() != 1 {
                faults.push(format!("{needed} stands {} times", part.matches(needed).count()));
            }
        }
    }
    faults
}

fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let at = tag.find(&format!(" {name}=\""))?;
    tag[at + name.len() + 3..].split('"').next()
}

#[test]
fn a_record_of_another_is_not_called_the_reader_s_own() {
    let pages: Vec<_> = samples::pages().into_iter().filter(|(name, _)| name.starts_with("acting-")).collect();
    assert!(pages.len() > 8, "{}", pages.len());
    for (name, html) in pages {
        let main = html.split_once("<main").unwrap().1;
        // What a test shows is told of anybody's body.
        let (before, rest) = main.split_once("<div class=\"prose\">").unwrap_or((main, ""));
        let after = rest.split_once("</div>").map_or("", |(_, after)| after);
        for part in [before, after] {
            // The phone is the reader's.
            let part = part.to_lowercase().replace("on your phone", "");
            let found = part.find("your").map(|at| &part[at.saturating_sub(60)..(at + 60).min(part.len())]);
            assert_eq!(found, None, "{name}");
        }
    }
}

fn sample(name: &str) -> String {
    samples::pages().into_iter().find(|(known, _)| *known == name).map(|(_, html)| html).unwrap()
}

fn between<'a>(html: &'a str, from: &str, to: &str) -> &'a str {
    html.split_once(from).unwrap().1.split_once(to).unwrap().0
}

#[test]
fn a_value_of_another_day_is_not_read_as_today_s() {
    for page in ["chart-summary", "chart-summary-of-before"] {
        let html = sample(page);
        let today = between(&html, "id=\"h-today\"", "</header>");
        assert!(today.contains("Today: ") && today.contains("Arrived") && !today.contains("Measured"), "{today}");
        let after = between(&html, "id=\"h-today\"", "<dl class=\"vitals\">");
        assert!(after.contains("<h3 id=\"h-latest\">"), "{after}");
    }
    let html = sample("chart-summary-of-before");
    let fever = between(&html, "<dt>Temperature</dt>", "</div>");
    assert!(fever.contains("<dd class=\"p\"><span class=\"on\">10 Dec 2025</span>"), "{fever}");
}

#[test]
fn on_the_bar_of_safety_a_medicine_begins_with_its_name() {
    let bar = sample("chart-summary");
    let list = between(&bar, "id=\"sf-m\"", "</ul>");
    assert!(list.contains("<li><b>Metformin <span class=\"whole-amount\">1 g</span></b>, "), "{list}");
}

#[test]
fn what_asks_for_something_is_not_printed() {
    let summary = include_str!("../web/templates/portal/summary.html");
    assert!(summary.contains("<header class=\"hand-head no-print\">"), "its heading stands on the sheet itself");
    let prescription = include_str!("../web/templates/clinic/prescription.html");
    assert!(prescription.contains("<section class=\"panel no-print\" aria-labelledby=\"h-stop\">"));
}

#[test]
fn a_number_to_call_is_a_link() {
    let kinds = sample("my-book-kinds");
    assert!(kinds.contains("href=\"tel:01632960100\">Call us</a>"), "{kinds}");
    let late = sample("my-visit-too-late");
    assert!(late.contains("<a class=\"whole-amount\" href=\"tel:"), "{late}");
}

#[test]
fn the_rules_find_what_breaks_them() {
    let page = |body: &str| {
        format!(
            "<!doctype html><html lang=\"en\"><title>x</title><body><main id=\"main\"><h1>x</h1>{body}</main></html>"
        )
    };
    assert!(faults_of(&page("")).is_empty());
    for broken in [
        "<p style=\"x\">",
        "<p id=\"a\"><p id=\"a\">",
        "<label for=\"nothing\">",
        "<script>1</script>",
        "a {$gap} b",
        "<h1>two</h1>",
    ] {
        assert!(!faults_of(&page(broken)).is_empty(), "{broken}");
    }
}
