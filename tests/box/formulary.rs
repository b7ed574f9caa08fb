//! The formulary of a real box: loaded whole or not at all, on a running box and on a stopped one.

use crate::process::{Place, file, printed, refused};

const DEMO: &str = include_str!("../../src/care/demo/formulary.jsonl");

#[test]
fn a_formulary_is_loaded_whole_and_a_faulty_one_changes_nothing() {
    let place = Place::made(&[]);
    let dir = place.dir();
    let home = tempfile::tempdir().unwrap();
    assert!(printed(&["formulary", "show", "--dir", dir]).contains("No formulary is loaded"));

    let good = file(home.path(), "good.jsonl", DEMO);
    let tried = printed(&["formulary", "import", &good, "--dry-run", "--dir", dir]);
    assert!(tried.contains("nothing was changed") && tried.contains("Invented"), "{tried}");
    assert!(printed(&["formulary", "show", "--dir", dir]).contains("No formulary is loaded"));

    let loaded = printed(&["formulary", "import", &good, "--dir", dir]);
    assert!(loaded.contains("Demo formulary, NO, of 2026-01-12"), "{loaded}");
    let hash = blake3::hash(DEMO.as_bytes()).to_hex().to_string();
    assert!(printed(&["formulary", "show", "--dir", dir]).contains(&hash));

    let running = place.serve();
    let faulty = file(home.path(), "bad.jsonl", &format!("{DEMO}{{\"row\": \"potion\"}}\nnonsense\n"));
    let lines = DEMO.lines().count();
    let (code, said) = refused(&["formulary", "import", &faulty, "--dir", dir]);
    assert_eq!(code, 1);
    for line in [lines + 1, lines + 2] {
        assert!(said.contains(&format!("line {line}: ")), "{said}");
    }
    assert!(printed(&["formulary", "show", "--dir", dir]).contains(&hash), "the old one stays");

    let stale = DEMO.replace("2099-12-31", "2026-01-31");
    let stale = file(home.path(), "stale.jsonl", &stale);
    assert!(printed(&["formulary", "import", &stale, "--dir", dir]).contains("STALE"));
    let shown: serde_json::Value =
        serde_json::from_str(&printed(&["formulary", "show", "--json", "--dir", dir])).unwrap();
    assert_eq!((&shown["stale"], &shown["invented"]), (&true.into(), &true.into()));
    let (code, said) = refused(&["formulary", "import", "/nowhere.jsonl", "--dir", dir]);
    assert!(code == 1 && said.contains("/nowhere.jsonl"), "{said}");
    assert!(running.stop().0);
}
