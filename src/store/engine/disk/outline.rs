//! What a reader of the whole store remembers of it ([`crate::store::outline`]), in two tables of the tree's own.
//!
//! | table | key | value |
//! |---|---|---|
//! | `outline` | empty | the last record of the journal whose touches are marked (u64, little-endian), the outline's number (u64), the reader's head |
//! | `outline` | number of a table (u8) ‖ start of a part | the reader's note |
//! | `touched` | number of a table ‖ start of a part | `00`, or `01` for all parts of the table (the start is empty then) |
//!
//! Whatever puts rows into the tree marks the parts that they lie in, in the same commit, and says so in the head. A program
//! that knows nothing of this leaves the head behind the tree: then nothing is remembered.

use ::redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use crate::store::outline::{Besides, Head, Outline, Part, PartState, Recorder, place};
use crate::store::table::TableId;

pub(super) const OUTLINE: TableDefinition<'static, &[u8], &[u8]> = TableDefinition::new("outline");
pub(super) const TOUCHED: TableDefinition<'static, &[u8], u8> = TableDefinition::new("touched");

const HEAD: &[u8] = &[];
const ALL: u8 = 1;

/// Marks what a commit touches.
pub(super) struct Marks<'t> {
    outline: Table<'t, &'static [u8], &'static [u8]>,
    touched: Table<'t, &'static [u8], u8>,
    /// The table and the end of the part that was marked last.
    last: Option<(TableId, Option<Vec<u8>>)>,
}

impl<'t> Marks<'t> {
    /// None when nothing is remembered.
    pub(super) fn of(transaction: &'t WriteTransaction) -> Result<Option<Self>, ::redb::Error> {
        let outline = transaction.open_table(OUTLINE)?;
        if outline.get(HEAD)?.is_none() {
            return Ok(None);
        }
        Ok(Some(Self { outline, touched: transaction.open_table(TOUCHED)?, last: None }))
    }

    /// Marks the part in which a key lies. Quickest in the order of keys.
    pub(super) fn touch(&mut self, table: TableId, key: &[u8]) -> Result<(), ::redb::Error> {
        if let Some((of, end)) = &self.last
            && *of == table
            && end.as_ref().is_none_or(|end| key < end.as_slice())
        {
            return Ok(());
        }
        let at = place(table, key);
        let mine = |found: &[u8]| found.first() == Some(&table.number());
        let start = match self.outline.range::<&[u8]>(..=at.as_slice())?.next_back() {
            Some(row) => Some(row?.0.value().to_vec()).filter(|start| mine(start)),
            None => None,
        };
        let after = (std::ops::Bound::Excluded(at.as_slice()), std::ops::Bound::Unbounded);
        let end = match self.outline.range::<&[u8]>(after)?.next() {
            Some(row) => Some(row?.0.value().to_vec()).filter(|end| mine(end)),
            None => None,
        };
        self.mark(&start.unwrap_or_else(|| place(table, &[])))?;
        self.last = Some((table, end.and_then(|end| end.get(1..).map(<[u8]>::to_vec))));
        Ok(())
    }

    fn mark(&mut self, start: &[u8]) -> Result<(), ::redb::Error> {
        // What is marked already is not written again.
        if self.touched.get(start)?.is_none() {
            self.touched.insert(start, 0)?;
        }
        Ok(())
    }

    /// Says that the touches up to this record are marked.
    pub(super) fn up_to(mut self, record: u64) -> Result<(), ::redb::Error> {
        let old = self.outline.get(HEAD)?.map(|head| head.value().to_vec()).unwrap_or_default();
        let head = [&record.to_le_bytes(), old.get(8..).unwrap_or_default()].concat();
        self.outline.insert(HEAD, head.as_slice())?;
        Ok(())
    }
}

/// Keeps an outline, whose marks are what the record has. `record` is the last one of the journal that is in the tree. An outline
/// that says what is different from `over` is kept over no other: then nothing is changed.
pub(super) fn remember(
    transaction: &WriteTransaction,
    over: Option<u64>,
    outline: &Outline,
    recorded: &Recorder,
    record: u64,
) -> Result<bool, ::redb::Error> {
    // A number that was left behind by the tree stays used.
    let number = number(&transaction.open_table(OUTLINE)?)?;
    match outline.besides {
        Besides::Go => drop(transaction.delete_table(OUTLINE)?),
        Besides::Stay if number != over => return Ok(false),
        Besides::Stay => {}
    }
    transaction.delete_table(TOUCHED)?;
    let mut rows = transaction.open_table(OUTLINE)?;
    for (table, parts) in &outline.parts {
        for (start, note) in parts {
            let at = place(*table, start);
            match note {
                Some(note) => drop(rows.insert(at.as_slice(), note.as_slice())?),
                None => drop(rows.remove(at.as_slice())?),
            }
        }
    }
    let number = number.unwrap_or(0) + 1;
    rows.insert(HEAD, [&record.to_le_bytes(), &number.to_le_bytes(), outline.head.as_slice()].concat().as_slice())?;
    drop(rows);
    let Some(marks) = Marks::of(transaction)? else { return Ok(false) };
    let marks = std::cell::RefCell::new(marks);
    recorded.each(
        |table, key| marks.borrow_mut().touch(table, key),
        |table| marks.borrow_mut().touched.insert(place(*table, &[]).as_slice(), ALL).map(drop).map_err(Into::into),
    )?;
    Ok(true)
}

/// The head, if everything up to `applied` is marked.
pub(super) fn head(
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    applied: u64,
) -> Result<Option<Head>, ::redb::Error> {
    let head = rows.get(HEAD)?;
    Ok(head.and_then(|head| {
        let (record, rest) = head.value().split_first_chunk()?;
        let (number, own) = rest.split_first_chunk()?;
        let head = || Head { number: u64::from_le_bytes(*number), own: own.to_vec() };
        (u64::from_le_bytes(*record) == applied).then(head)
    }))
}

fn number(rows: &impl ReadableTable<&'static [u8], &'static [u8]>) -> Result<Option<u64>, ::redb::Error> {
    let head = rows.get(HEAD)?;
    Ok(head.and_then(|head| Some(u64::from_le_bytes(*head.value().get(8..)?.first_chunk()?))))
}

/// The parts of a table.
pub(super) fn parts(
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    touched: Option<&impl ReadableTable<&'static [u8], u8>>,
    table: TableId,
) -> Result<Vec<Part>, ::redb::Error> {
    let from = place(table, &[]);
    let mine = |at: &[u8]| at.first() == Some(&table.number());
    let mut all = Vec::new();
    for row in rows.range::<&[u8]>(from.as_slice()..)? {
        let (at, note) = row?;
        if !mine(at.value()) {
            break;
        }
        let start = at.value().get(1..).unwrap_or_default().to_vec();
        all.push(Part { start, note: note.value().to_vec(), state: PartState::Same });
    }
    let Some(touched) = touched else { return Ok(all) };
    let (mut at, mut all_of_it) = (0, false);
    for mark in touched.range::<&[u8]>(from.as_slice()..)? {
        let (start, how) = mark?;
        if !mine(start.value()) {
            break;
        }
        let start = start.value().get(1..).unwrap_or_default();
        while all.get(at).is_some_and(|part| part.start.as_slice() < start) {
            at += 1;
        }
        match all.get_mut(at).filter(|part| part.start == start && how.value() != ALL) {
            Some(part) => part.state = PartState::Touched,
            // A mark of no part that there is may be one of any.
            None => all_of_it = true,
        }
    }
    if all_of_it {
        all.iter_mut().for_each(|part| part.state = PartState::Touched);
    }
    Ok(all)
}
