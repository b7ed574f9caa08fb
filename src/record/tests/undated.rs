//! What bears no date of its own stands in the indexes by its last change, whatever its text says of that.

use super::*;
use crate::record::layout::{COMPARTMENT, NUMBER, REFERENCE, STRING, TOKEN};
use crate::store::{Direction, KeyRange, ReadExt};

/// As a client has it that read it, changed it and sends it back.
fn problem(patient: &str, updated: &str) -> Value {
    json!({"resourceType": "Condition", "id": "c", "meta": {"versionId": "1", "lastUpdated": updated},
        "subject": {"reference": format!("Patient/{patient}")}, "code": {"text": "Gout"}})
}

/// How many rows of indexes there are, of each kind.
fn rows(house: &Box_) -> [usize; 5] {
    let read = house.records.audit().read().unwrap();
    [
        read.scan(&COMPARTMENT, KeyRange::all(), Direction::Up).unwrap().count(),
        read.scan(&TOKEN, KeyRange::all(), Direction::Up).unwrap().count(),
        read.scan(&STRING, KeyRange::all(), Direction::Up).unwrap().count(),
        read.scan(&REFERENCE, KeyRange::all(), Direction::Up).unwrap().count(),
        read.scan(&NUMBER, KeyRange::all(), Direction::Up).unwrap().count(),
    ]
}

#[test]
fn what_is_sent_back_with_its_old_stamp_leaves_nothing_behind_where_it_stood() {
    let house = new_box();
    house.put(patient("a", "Brandvold"));
    house.put(patient("b", "Corvin"));
    let before = rows(&house);
    let system = Actor::system("test");
    let ids = |of: &str| house.ids(&system, ResourceType::Condition, &format!("patient={of}"));
    let copy = |of: &str| {
        let asked = |reading: &mut Reading<'_>| reading.of_patient(&id(of), ResourceType::Condition, 10);
        house.records.disclose_blocking(&system, why(audit::Action::Read), asked).unwrap().into_inner().found.len()
    };
    for (at, of) in ["a", "b", "a", "a", "b"].into_iter().enumerate() {
        house.put(problem(of, &format!("202{at}-01-01T00:00:00.000Z")));
        let other = if of == "a" { "b" } else { "a" };
        assert_eq!((ids(of).len(), ids(other).len()), (1, 0), "{at}");
        assert_eq!((copy(of), copy(other)), (1, 0), "{at}");
    }
    let change = Change::delete(ResourceType::Condition, id("c"), Condition::None);
    house.records.change_all_blocking(&system, why(audit::Action::Delete), vec![change], Transaction::STRICT).unwrap();
    assert_eq!(rows(&house), before);
}
