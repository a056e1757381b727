//! Moves a store to another place: from a data directory to PostgreSQL and object storage, or back. Rows and octets are compared and
//! brought in rounds, while the one end is served. The run that ends the move closes it, brings the last, compares everything, and
//! opens the other end. Whatever breaks a move off, another run of it goes on.

mod ends;
mod octets;
mod rows;
mod secrets;
mod state;
mod tables;
#[cfg(test)]
mod tests;
mod uploads;

pub(crate) use state::{IS_CLOSED, may_be_served};

use crate::blobs::is_same_place;
use crate::clock::{Clock, SystemClock};
use crate::error::StoreError;
use crate::ids;
use crate::location::{Location, Octets};
use ends::End;
use rows::Sum;
use state::{Side, Stage, State};
use std::cell::{Cell, RefCell};
use tables::{BLOB, Table};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How many rounds are made while a store is served, and after how few changes no further one is.
const ROUNDS: u32 = 5;
const FEW: u64 = 1000;

/// What a move is about to do, or has done.
#[derive(Debug, Clone)]
pub enum Step {
    /// A round begins.
    Round {
        /// From 1.
        number: u32,
        /// Whether nobody may serve the store that is left any more.
        is_last: bool,
    },
    /// Rows of a table were compared, and brought where they were missing.
    Rows {
        /// The table.
        table: String,
        /// So many rows.
        done: u64,
        /// Of so many.
        of: u64,
    },
    /// A round is over.
    Changes {
        /// Rows that were otherwise, or not there.
        rows: u64,
    },
    /// A table is the same at both ends.
    Same(Compared),
    /// All octets were read where they came to stand, and give their digests.
    Octets {
        /// How many there are.
        octets: u64,
    },
}

/// A table that is the same at both ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The table.
    pub table: String,
    /// How many rows it has.
    pub rows: u64,
    /// A digest of all of them, in hexadecimal figures, whatever their order and the engine.
    pub digest: String,
}

/// A secret that goes along.
#[derive(Debug, Clone, Copy)]
pub struct Secret {
    /// Its name: a path below the data directory.
    pub name: &'static str,
    /// Permissions of its file.
    pub mode: u32,
}

/// How a move ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moved {
    /// All is at the other end, which may be served, and the one may not any more.
    Whole,
    /// What was there is brought; the one end may still be served, and what changes there comes with a later run.
    Followed,
}

/// A move under way.
struct Move {
    from: End,
    to: End,
    id: [u8; 16],
    tables: Vec<Table>,
    /// The table of octets, with no more columns than two places have in common, and those that say where octets stand.
    blob_rows: Table,
    /// Whether nobody may serve the one end any more.
    is_closed: Cell<bool>,
    secrets: &'static [Secret],
    handle: Handle,
    tell: RefCell<Box<dyn FnMut(Step) + Send>>,
}

/// Brings a store from one place to another, which must be empty, or what an earlier run of the same move has left. Where that
/// `ends` the move nobody may serve the one place, then or later, and the other one may be served; else it is the other way round.
/// Of secrets these go along that are there.
///
/// # Errors
/// [`StoreError::Missing`] where there is none; [`StoreError::Conflict`] where there is another at the other place;
/// [`StoreError::InUse`] where the other place is served, or somebody else moves a store there; [`StoreError::Moved`] where this
/// one was moved elsewhere; [`StoreError::Setting`]; [`StoreError::Corrupt`] where octets don't give their digest, or what was
/// brought isn't what is there; and where either place fails. Then the next run goes on.
pub async fn move_store(
    from: Location,
    to: Location,
    ends: bool,
    secrets: &'static [Secret],
    tell: impl FnMut(Step) + Send + 'static,
) -> Result<Moved, StoreError> {
    let (handle, tell) = (Handle::current(), Box::new(tell));
    on_a_thread(move || Move::begin(&from, &to, secrets, handle, tell)?.run(ends)).await
}

/// Has a store stay where it is: a move of it that isn't over is given up. What was brought stays at the other place, which can't
/// be served.
///
/// # Errors
/// [`StoreError::Moved`] where the move is over, or this is the place that is filled; [`StoreError::NotFound`] where there is none; and where the store fails.
pub async fn stay(from: Location) -> Result<(), StoreError> {
    on_a_thread(move || {
        let end = End::left(&from)?;
        let state = end.states()?.into_iter().next().ok_or(StoreError::NotFound)?;
        match state.stage {
            Stage::Closed | Stage::Copying if state.side == Side::From => end.doing(|tx| state::forget(tx, &state.id)),
            _ => may_be_served(&end.reading()),
        }
    })
    .await
}

/// The driver of PostgreSQL may not wait on a thread that does asynchronous work.
async fn on_a_thread<T: Send + 'static>(work: impl FnOnce() -> Result<T, StoreError> + Send + 'static) -> Result<T, StoreError> {
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = tell.send(work()); // nobody may wait any more
    });
    told.await.unwrap_or(Err(StoreError::Stopped))
}

impl Move {
    fn begin(
        from: &Location,
        to: &Location,
        secrets: &'static [Secret],
        handle: Handle,
        tell: Box<dyn FnMut(Step) + Send>,
    ) -> Result<Move, StoreError> {
        if let (Octets::Objects { url: one }, Octets::Objects { url: other }) = (&from.octets, &to.octets)
            && is_same_place(one, other)
        {
            let why = "the two places would share one object storage, each of which removes what only the other names";
            return Err(StoreError::Setting(format!("{why}; give the new one a prefix of its own")));
        }
        let (from, to) = (End::left(from)?, End::filled(to)?);
        let id = agree(&from, &to)?;
        let mut tables = Table::all()?;
        let of_octets = |table: &&Table| table.name == BLOB;
        let blobs = tables.iter().find(of_octets).cloned().ok_or_else(|| StoreError::Corrupt("no table of octets".to_owned()))?;
        for table in tables.iter_mut().filter(|table| table.name == BLOB) {
            *table = table.with_only(&["digest", "size"]);
        }
        let blob_rows = blobs.with_only(&["digest", "size", "octets", "place"]);
        Ok(Move { from, to, id, tables, blob_rows, is_closed: Cell::new(false), secrets, handle, tell: RefCell::new(tell) })
    }

    fn run(mut self, ends: bool) -> Result<Moved, StoreError> {
        if ends {
            self.close()?;
            self.rounds(1)?;
            self.end()?;
            return Ok(Moved::Whole);
        }
        self.go_on(Stage::Copying)?; // it may have been closed by a run that broke off
        self.from.let_be_served();
        self.rounds(ROUNDS)?;
        Ok(Moved::Followed)
    }

    /// Brings what is otherwise, so many times at most, until little is.
    fn rounds(&self, most: u32) -> Result<(), StoreError> {
        for number in 1..=most {
            self.told(Step::Round { number, is_last: self.is_closed.get() });
            let rows = self.round()?;
            self.told(Step::Changes { rows });
            if rows <= FEW {
                break;
            }
        }
        Ok(())
    }

    /// Closes the end that is left: nobody may serve it any more, and what was begun there is over.
    fn close(&self) -> Result<(), StoreError> {
        if self.from.is_served()? {
            let location = &self.from.location;
            let why = format!("the store {location} is served: stop its servers first, or say no --end and follow it meanwhile");
            return Err(StoreError::Setting(why));
        }
        self.go_on(Stage::Closed)?;
        self.from.wait_for_deeds()?;
        self.is_closed.set(true);
        Ok(())
    }

    /// Says how far it is to the end that is left, unless the move is over there already.
    fn go_on(&self, stage: Stage) -> Result<(), StoreError> {
        let is_over = |state: &State| state.id == self.id && state.stage == Stage::Moved;
        self.from.doing(|tx| if state::all(tx)?.iter().any(is_over) { Ok(()) } else { state::go_on(tx, &self.id, stage) })
    }

    /// Brings what is otherwise; answers how many rows were. While the store is served each page is of a state of its own, and what
    /// that makes crooked the next round puts right.
    fn round(&self) -> Result<u64, StoreError> {
        let from = self.from.reading();
        let removed = self.tables.iter().rev().map(|table| self.remove_others(&from, table)).sum::<Result<u64, StoreError>>()?;
        // What refers to rows comes once these stand still.
        let come = self.tables.iter().filter(|table| self.is_closed.get() || !table.refers);
        let added = come.map(|table| self.add_missing(&from, table)).sum::<Result<u64, StoreError>>()?;
        Ok(removed + added)
    }

    /// Nobody serves the one end any more, and all of it is there: compares everything, and opens the other.
    fn end(&self) -> Result<(), StoreError> {
        for table in &self.tables {
            let (there, here) = (rows::sum(&self.from.reading(), table)?, rows::sum(&self.to.reading(), table)?);
            if there != here {
                return Err(StoreError::Corrupt(format!("the table {} is another at its new place", table.name)));
            }
            self.told(Step::Same(compared(table, &there)));
        }
        self.told(Step::Octets { octets: self.demand_octets()? });
        self.bring_uploads()?;
        self.bring_secrets()?;
        self.to.sync_folders()?;
        self.go_on(Stage::Moved)?;
        self.to.doing(|tx| state::forget(tx, &self.id))
    }

    fn told(&self, step: Step) {
        (self.tell.borrow_mut())(step);
    }
}

/// The id of the move at both ends: that of an earlier run, or a new one.
fn agree(from: &End, to: &End) -> Result<[u8; 16], StoreError> {
    let (left, filled) = (from.states()?, to.states()?);
    if left.iter().any(|state| state.side == Side::To) {
        may_be_served(&from.reading())?; // it isn't whole itself
    }
    if let Some(begun) = filled.iter().find(|state| state.side == Side::To) {
        let known = left.iter().find(|state| state.id == begun.id).ok_or(StoreError::Conflict)?;
        to.claim()?;
        to.sweep()?;
        return Ok(known.id);
    }
    if left.iter().any(|state| state.stage != Stage::Copying) {
        may_be_served(&from.reading())?; // it is closed for a move to another place, or over
    }
    if !filled.is_empty() || !to.is_empty()? {
        return Err(StoreError::Conflict);
    }
    to.claim()?;
    let id = *ids::random().as_bytes();
    for state in left {
        from.doing(|tx| state::forget(tx, &state.id))?; // of a move to another place, which can't go on then
    }
    for (end, side, other) in [(from, Side::From, to), (to, Side::To, from)] {
        let state = State { id, side, stage: Stage::Copying, other: other.location.to_string() };
        end.doing(|tx| state::begin(tx, &state, SystemClock.now()))?;
    }
    Ok(id)
}

fn compared(table: &Table, sum: &Sum) -> Compared {
    Compared { table: table.name.clone(), rows: sum.rows, digest: crate::Digest(sum.digest).to_hex() }
}
