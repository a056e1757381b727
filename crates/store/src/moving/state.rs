//! What a store says of moves: that it is being left or filled, so that nobody serves half of it, or two halves.

use crate::clock::Timestamp;
use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;

/// A move, as one of its two ends has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct State {
    /// The same at both ends.
    pub(super) id: [u8; 16],
    pub(super) side: Side,
    pub(super) stage: Stage,
    /// Where the other end is, without its secrets.
    pub(super) other: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    From,
    To,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Copying,
    /// Nobody serves it any more.
    Closed,
    Moved,
}

impl Side {
    fn as_str(self) -> &'static str {
        match self {
            Side::From => "from",
            Side::To => "to",
        }
    }
}

impl Stage {
    fn as_str(self) -> &'static str {
        match self {
            Stage::Closed => "closed",
            Stage::Copying => "copying",
            Stage::Moved => "moved",
        }
    }
}

/// What is said of moves.
pub(super) fn all(tx: &ReadTx<'_>) -> Result<Vec<State>, StoreError> {
    tx.rows("SELECT id, side, state, other FROM moving ORDER BY began_date_time", &[], |row| {
        let (side, stage) = (row.text(1)?, row.text(2)?);
        let unknown = || StoreError::Corrupt(format!("a move {side} is {stage}"));
        let sides = [Side::From, Side::To];
        let stages = [Stage::Closed, Stage::Copying, Stage::Moved];
        Ok(State {
            id: row.fixed(0)?,
            side: sides.into_iter().find(|known| known.as_str() == side).ok_or_else(unknown)?,
            stage: stages.into_iter().find(|known| known.as_str() == stage).ok_or_else(unknown)?,
            other: row.text(3)?,
        })
    })
}

/// Says that there is a move.
pub(super) fn begin(tx: &mut WriteTx<'_>, state: &State, now: Timestamp) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO moving (id, side, state, other, began_date_time) VALUES ($1, $2, $3, $4, $5)",
        values![&state.id, state.side.as_str(), state.stage.as_str(), &state.other, now.0],
    )?;
    Ok(())
}

/// Says how far a move is that is known to be there; [`StoreError::NotFound`] where it was given up.
pub(super) fn go_on(tx: &mut WriteTx<'_>, id: &[u8; 16], stage: Stage) -> Result<(), StoreError> {
    let touched = tx.execute("UPDATE moving SET state = $1 WHERE id = $2", values![stage.as_str(), id])?;
    if touched == 1 { Ok(()) } else { Err(StoreError::NotFound) }
}

/// Says no more of it.
pub(super) fn forget(tx: &mut WriteTx<'_>, id: &[u8; 16]) -> Result<(), StoreError> {
    tx.execute("DELETE FROM moving WHERE id = $1", values![id]).map(drop)
}

/// Of rows of `moving`: that nobody may write to the store.
pub(crate) const IS_CLOSED: &str = "side = 'to' OR state <> 'copying'";

/// That a store may be served, and written to by commands beside its servers.
///
/// # Errors
/// [`StoreError::Moved`], with what is to be done; [`StoreError::Database`].
pub(crate) fn may_be_served(tx: &ReadTx<'_>) -> Result<(), StoreError> {
    for State { side, stage, other, .. } in all(tx)? {
        match (side, stage) {
            (Side::From, Stage::Copying) => {}
            (Side::From, Stage::Closed) => {
                return Err(StoreError::Moved(format!(
                    "it is being moved, and the other is {other}; run \"restante move\" with --end to finish that, or with --abandon to stay here"
                )));
            }
            (Side::From, Stage::Moved) => {
                return Err(StoreError::Moved(format!(
                    "it was moved, and is {other} now; what is here is of that time. If it can't be served there, run \"restante move\" with --end again"
                )));
            }
            (Side::To, _) => {
                return Err(StoreError::Moved(format!(
                    "a store is being moved here, and not all of it is here yet; the other is {other}; run \"restante move\" with --end"
                )));
            }
        }
    }
    Ok(())
}

/// Whether there is any mail in it, or anybody who could have some.
pub(super) fn is_empty(tx: &ReadTx<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM person) OR EXISTS (SELECT 1 FROM mailbox) OR EXISTS (SELECT 1 FROM blob)
               OR EXISTS (SELECT 1 FROM application)";
    Ok(tx.row(sql, &[], |row| row.integer(0))?.is_none())
}
