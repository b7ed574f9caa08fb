//! What the pages of the calendar are filled with. No clinical word stands on any of them.

use askama::Template;

use super::desk_pages::{Cell, Column, Entry, GridRow};
use super::grid::Drawn;
use crate::http::ui::record::AppointmentState;
use crate::http::ui::{Cx, Faults, Field, filters, page, t};

/// A day or a week of the calendar.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/schedule.html")]
pub struct Schedule {
    pub cx: Cx,
    pub heading: String,
    /// Why the clinic is closed on the day.
    pub holiday: Option<String>,
    /// There is more in it than is shown.
    pub shortened: bool,
    pub is_week: bool,
    pub other_view: String,
    /// Address, name, and whether it is the one that is shown.
    pub people: Vec<(String, String, bool)>,
    pub before: String,
    pub today: Option<String>,
    pub after: String,
    /// This view again, as a form goes back to it.
    pub back: String,
    pub view: View,
    pub moving: Option<Moving>,
}
page!(Schedule in Schedule);

impl Schedule {
    fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    fn is_grid(&self) -> bool {
        matches!(self.view, View::Grid { .. })
    }
}

#[derive(Debug, Clone)]
pub enum View {
    /// Time from top to bottom.
    Grid { columns: Vec<Column>, rows: Vec<GridRow> },
    /// A list in each cell; the heads are address, day, and why the clinic is closed.
    Week { heads: Vec<(String, String, Option<String>)>, rows: Vec<WeekRow> },
}

/// A visit that is being given another time.
#[derive(Debug, Clone)]
pub struct Moving {
    pub id: String,
    pub version: u32,
    pub name: String,
    pub when: String,
}

#[derive(Debug, Clone)]
pub struct WeekRow {
    pub name: String,
    /// Their week; none for what is with nobody of the clinic.
    pub href: Option<String>,
    pub cells: Vec<CellList>,
}

/// Somebody's day in a few lines.
#[derive(Debug, Clone)]
pub struct CellList {
    /// The day of this person alone.
    pub href: String,
    pub entries: Vec<Entry>,
    /// How many stretches of twenty minutes are free.
    pub free: usize,
    /// What the rest is blocked for, each word once; what is no working time has none.
    pub words: Vec<String>,
}

impl CellList {
    pub(super) fn of(drawn: Drawn, href: String, leave_out: impl Fn(AppointmentState) -> bool) -> Self {
        let mut list = Self { href, entries: Vec::new(), free: 0, words: Vec::new() };
        let plain = ["grid-off", "grid-past"].map(|word| t(word).to_string());
        for (_, cell) in drawn.columns.into_iter().flat_map(|column| column.pieces) {
            match cell {
                Cell::Booked { entries, .. } => {
                    list.entries.extend(entries.into_iter().filter(|entry| !leave_out(entry.state)));
                }
                Cell::Free { .. } => list.free += 1,
                Cell::Off { word, .. } if !plain.contains(&word) && !list.words.contains(&word) => {
                    list.words.push(word)
                }
                Cell::Off { .. } => {}
            }
        }
        list
    }
}

/// What is blocked, and the form that blocks more.
#[derive(Debug, Clone, Template)]
#[template(path = "clinic/blocks.html")]
pub struct Blocks {
    pub cx: Cx,
    pub rows: Vec<BlockRow>,
    pub fields: Vec<Field>,
    /// So many visits are booked in the time that was typed.
    pub visits: Option<usize>,
    pub faults: Faults,
}
page!(Blocks in Schedule);

#[derive(Debug, Clone)]
pub struct BlockRow {
    pub id: String,
    pub what: String,
    pub with: String,
    pub when: String,
    /// Of what comes more than once.
    pub series: Option<String>,
}
