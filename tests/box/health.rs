//! What the box says of its own health, and of its access log.

use crate::process::{Place, printed};
use crate::setup::{PASSWORDS, set_up, sign_in};

#[test]
fn a_verification_is_remembered_over_a_restart_and_shown_to_who_answers_for_it() {
    let place = Place::made(&[]);
    let running = place.serve();
    set_up(&running.client("clinic"), &place.setup_code());
    let operator = running.client("clinic");
    assert_eq!(sign_in(&operator, "otto", PASSWORDS[1]), 303);
    assert!(operator.get("/box").body.contains("Not verified yet"));
    assert!(running.client("ops").get("/metrics").body.contains("chartbox_audit_verified_timestamp_seconds 0\n"));
    printed(&["audit", "verify", "--dir", place.dir()]);
    assert!(running.stop().0);

    let running = place.serve();
    let (operator, admin) = (running.client("clinic"), running.client("clinic"));
    assert_eq!(sign_in(&operator, "otto", PASSWORDS[1]), 303);
    assert_eq!(sign_in(&admin, "ada", PASSWORDS[0]), 303);
    let health = operator.get("/box").body;
    assert!(health.contains("Complete and unchanged.") && !health.contains("Not verified yet"), "{health}");
    // The clinician's Practitioner is all there is.
    assert!(health.contains("Resources in the record") && health.contains("Of 0 patients"), "{health}");
    let explorer = admin.get("/audit").body;
    assert!(explorer.contains("Verified: complete and unchanged"), "{explorer}");
    assert!(explorer.contains("<dt>Next checkpoint</dt><dd>"), "{explorer}");
    let metrics = running.client("ops").get("/metrics").body;
    assert!(metrics.contains("chartbox_audit_tampered 0\n"), "{metrics}");
    assert!(!metrics.contains("chartbox_audit_verified_timestamp_seconds 0\n"), "{metrics}");
    let status = printed(&["status", "--dir", place.dir()]);
    assert!(status.lines().any(|line| line.starts_with("found") && line.ends_with("whole")), "{status}");
}
