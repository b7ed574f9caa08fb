//! What the reception's pages of the day are filled with. No clinical word stands on any of them.

use askama::Template;

use crate::http::ui::record::AppointmentState;
use crate::http::ui::{Cx, Faults, Field, filters, page, t};

/// The day as a grid, with who waits and who asked.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/day_grid.html")]
pub struct DayGrid {
    pub cx: Cx,
    /// As an address has it.
    pub day: String,
    pub heading: String,
    pub is_today: bool,
    pub columns: Vec<Column>,
    pub rows: Vec<GridRow>,
    pub board: Board,
    pub requests: Vec<RequestRow>,
    pub before: String,
    pub after: String,
}
page!(DayGrid in Today);

impl DayGrid {
    /// Visits are moved on the calendar's page.
    fn is_moving(&self) -> bool {
        false
    }

    fn sum(&self) -> String {
        sum_of(&self.columns)
    }
}

/// How many visits the columns have, and how far they are.
fn sum_of(columns: &[Column]) -> String {
    let all = || {
        columns.iter().flat_map(|column| &column.pieces).filter_map(|(_, cell)| match cell {
            Cell::Booked { entries, .. } => Some(entries),
            _ => None,
        })
    };
    let count = |state: AppointmentState| all().flatten().filter(|entry| entry.state == state).count();
    t("today-sum")
        .with("all", all().flatten().count())
        .with("done", count(AppointmentState::Done))
        .with("here", count(AppointmentState::Arrived))
        .with("missed", count(AppointmentState::DidNotCome))
        .to_string()
}

/// Somebody's day.
#[derive(Debug, Clone)]
pub struct Column {
    pub name: String,
    /// Where the heading leads.
    pub href: Option<String>,
    /// With the row in which each begins.
    pub pieces: Vec<(usize, Cell)>,
}

#[derive(Debug, Clone)]
pub struct GridRow {
    pub time: String,
    /// It is this time now.
    pub now: bool,
    /// Each that begins here, and whether the line of now lies over it.
    pub cells: Vec<(Cell, bool)>,
}

/// One cell, as long as its rows.
#[derive(Debug, Clone)]
pub enum Cell {
    Booked {
        entries: Vec<Entry>,
        span: usize,
    },
    Off {
        word: String,
        span: usize,
    },
    /// `slot` is the time and with whom, as a form that moves a visit there takes it.
    Free {
        href: String,
        slot: String,
        clock: String,
    },
}

#[derive(Debug, Clone)]
pub struct Entry {
    pub id: String,
    pub version: u32,
    pub href: String,
    pub name: String,
    pub clock: String,
    /// It can be given another time.
    pub moves: bool,
    pub kind: String,
    /// Why it lies over another or outside hours, in words.
    pub over: Option<String>,
    pub state: AppointmentState,
}

impl Entry {
    pub(super) fn class(&self) -> &'static str {
        match self.state {
            AppointmentState::Done | AppointmentState::DidNotCome => "past",
            AppointmentState::Arrived => "here",
            _ => "",
        }
    }
}

/// Who is where.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// Longest first.
    pub waiting: Vec<BoardRow>,
    pub in_room: Vec<BoardRow>,
    pub expected: Vec<BoardRow>,
    /// Whose time is over for long, and who was said not to come: whoever comes late is looked for here.
    pub missed: Vec<BoardRow>,
}

#[derive(Debug, Clone)]
pub struct BoardRow {
    pub id: String,
    pub version: u32,
    pub name: String,
    /// When and with whom.
    pub line: String,
    /// How long they wait.
    pub minutes: i64,
}

impl BoardRow {
    /// Longer than a quarter of an hour is too long.
    fn is_late(&self) -> bool {
        self.minutes > 15
    }
}

/// Somebody who asked for a time.
#[derive(Debug, Clone)]
pub struct RequestRow {
    pub href: String,
    pub name: String,
    pub kind: String,
    pub days: String,
    pub asked: String,
    /// The offered times that they did not take.
    pub declined: Option<String>,
}

/// All who asked.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/booking_requests.html")]
pub struct BookingRequests {
    pub cx: Cx,
    pub rows: Vec<RequestRow>,
}
page!(BookingRequests in Requests);

/// Who waits for a time to become free.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/waiting_list.html")]
pub struct WaitingList {
    pub cx: Cx,
    pub rows: Vec<WaitingRow>,
}
page!(WaitingList in Requests);

#[derive(Debug, Clone)]
pub struct WaitingRow {
    pub href: String,
    pub name: String,
    pub kind: String,
    /// With whom; `None` where anybody will do.
    pub with: Option<String>,
    pub days: String,
    pub asked: String,
    /// The time that is offered now, and until when it is held.
    pub offer: Option<(String, String)>,
}

/// One who asked, and the times that there are.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/booking_request.html")]
pub struct BookingRequest {
    pub cx: Cx,
    pub row: RequestRow,
    pub id: String,
    pub version: u32,
    /// Value and words of each free time.
    pub times: Field,
    /// Any time there is, where none of the list fits.
    pub any_time: Vec<Field>,
    /// What a reason is about.
    pub despite: &'static str,
    /// What the patient reads with it where the clinic has no time.
    pub line: Field,
    pub none: bool,
    pub faults: Faults,
}
page!(BookingRequest in Requests);

impl BookingRequest {
    /// Something was typed of any other time.
    fn has_typed(&self) -> bool {
        self.any_time.iter().any(|field| field.name != "with" && !field.value.is_empty())
    }
}

/// One appointment at the desk.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/booking.html")]
pub struct BookingPage {
    pub cx: Cx,
    pub id: String,
    pub version: u32,
    pub patient: String,
    /// Each patient's chart and name.
    pub patients: Vec<(String, String)>,
    pub when: String,
    pub what: String,
    /// Why it lies over another or outside hours, in words.
    pub over: Option<String>,
    pub state: AppointmentState,
    /// Codes and words of the states that come next.
    pub next: Vec<(&'static str, String)>,
    pub times: Option<Field>,
    /// The calendar, to choose a time in.
    pub schedule: Option<String>,
    /// Where somebody else is booked at the same time.
    pub beside: Option<String>,
    /// Day, time and with whom: any time there is.
    pub any_time: Vec<Field>,
    /// A time at which something is in the way.
    pub anyway: Option<Anyway>,
    /// The day of a visit that is not today's, and the sentence that asks whether it is meant.
    pub other_day: Option<(String, String)>,
}
page!(BookingPage in Today);

/// A time that needs a reason.
#[derive(Debug, Clone)]
pub struct Anyway {
    /// As the form takes it, and in words.
    pub time: String,
    pub words: String,
    /// What the reason is about.
    pub despite: &'static str,
    pub reason: Field,
}

/// A new appointment: first whom, then what.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/booking_new.html")]
pub struct BookingNew {
    pub cx: Cx,
    pub with: String,
    pub start: String,
    /// Somebody else is booked then.
    pub taken: bool,
    /// What a reason is about.
    pub despite: &'static str,
    pub when: String,
    pub query: String,
    /// Addresses and names of those who may be meant.
    pub people: Vec<(String, String)>,
    /// Once somebody is chosen: id and name.
    pub patient: Option<(String, String)>,
    pub fields: Vec<Field>,
    pub faults: Faults,
}
page!(BookingNew in Today);

impl BookingNew {
    /// This page without a patient: where whoever is registered for it goes on.
    fn here(&self) -> String {
        let taken = if self.taken { "&over=1" } else { "" };
        format!("/bookings/new?with={}&start={}{taken}", self.with, self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_of_a_day_counts_those_who_did_not_come_and_leaves_no_gap() {
        let entry = |state| Entry {
            id: String::new(),
            version: 1,
            href: String::new(),
            name: String::new(),
            clock: String::new(),
            moves: false,
            kind: String::new(),
            over: None,
            state,
        };
        let column = |states: &[AppointmentState]| {
            let entries = states.iter().copied().map(entry).collect();
            Column { name: String::new(), href: None, pieces: vec![(0, Cell::Booked { entries, span: 1 })] }
        };
        use AppointmentState::{Arrived, DidNotCome, Done, Expected};
        assert_eq!(
            sum_of(&[column(&[Done, Arrived]), column(&[Expected])]),
            "3 appointments, 1 done, 1 arrived",
            "nobody missed"
        );
        assert_eq!(sum_of(&[column(&[DidNotCome])]), "1 appointment, 0 done, 0 arrived, 1 did not come");
    }
}
