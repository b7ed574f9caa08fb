//! What becomes of an order: a `ServiceRequest` is completed, revoked, or was entered in error (R4 `request-status`).

use serde_json::Value;

use super::{Author, annotation, put};
use crate::care::within::list;

/// How an order ends, or goes on after somebody said by mistake that it had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closes {
    Done,
    /// Nobody wants it any more.
    CalledOff,
    Mistake,
    OpenAgain,
}

/// The order as it is from now on, with what was said of it beside what others wrote.
pub fn closed(mut order: Value, closes: Closes, note: &str, author: &Author<'_>, now: &str) -> Value {
    let status = match closes {
        Closes::Done => "completed",
        Closes::CalledOff => "revoked",
        Closes::Mistake => "entered-in-error",
        Closes::OpenAgain => "active",
    };
    put(&mut order, "status", status.into());
    if !note.is_empty() {
        let written = list(&order, "note").iter().cloned();
        let notes = written.chain([annotation(note, author, now)]).collect();
        put(&mut order, "note", notes);
    }
    order
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_order_ends_with_its_status_and_keeps_what_others_wrote() {
        let author = Author { person: None, name: "Dr A" };
        let order = json!({"status": "active", "note": [{"text": "left arm"}]});
        let of = |closes, note| closed(order.clone(), closes, note, &author, "2026-03-03T09:31:00Z");
        let off = of(Closes::CalledOff, "moved away");
        assert_eq!((&off["status"], off["note"].as_array().unwrap().len()), (&json!("revoked"), 2));
        assert_eq!(off["note"][1]["text"], "moved away");
        assert_eq!(of(Closes::Done, ""), json!({"status": "completed", "note": [{"text": "left arm"}]}));
        assert_eq!(of(Closes::Mistake, "x")["status"], "entered-in-error");
        let again = closed(off, Closes::OpenAgain, "she is here", &author, "2026-03-04T09:31:00Z");
        assert_eq!((&again["status"], again["note"].as_array().unwrap().len()), (&json!("active"), 3));
    }
}
