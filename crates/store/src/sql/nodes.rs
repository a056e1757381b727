//! The processes that serve one store, and which of them are there. They need not agree what time it is: what one has is reckoned
//! by the clock of the database, which all of them share.

use crate::clock::Timestamp;
use crate::db::postgres::bell::RING;
use crate::db::{Engine, ReadTx, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{DeedId, NodeId};
use crate::model::node::Taker;
use std::time::Duration;

/// What time it is for all nodes: where there is one, the parameter of this number, which must be now.
pub(super) fn clock(now: u8) -> String {
    format!("(/*pg (extract(epoch FROM clock_timestamp()) * 1000000)::bigint + 0::bigint * */${now})")
}

/// That the node which a row names is not there; the parameter of this number is now. One that said that it is gone has no row.
pub(super) fn is_gone(now: u8, taker: Taker) -> String {
    let passes_over = i64::from(!taker.from_silent);
    format!("NOT EXISTS (SELECT 1 FROM node n WHERE n.id = node AND (n.alive_until > {} OR {passes_over} = 1))", clock(now))
}

impl ReadTx<'_> {
    /// Whether any node serves a store that several may serve.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub(crate) fn has_nodes(&self, now: Timestamp) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM node WHERE alive_until > {} LIMIT 1", clock(1));
        Ok(self.row(&sql, values![now.0], |row| row.integer(0))?.is_some())
    }
}

impl WriteTx<'_> {
    /// Says that this node is there for so long. Answers whether that still held from the last time.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn note_node(&mut self, now: Timestamp, holds: Duration) -> Result<bool, StoreError> {
        let node = self.node;
        let sql = format!("SELECT 1 FROM node WHERE id = $1 AND alive_until > {}", clock(2));
        let was_there = self.row(&sql, values![&node.0, now.0], |row| row.integer(0))?.is_some();
        let sql = format!(
            "INSERT INTO node (id, alive_until) VALUES ($1, {} + $3) ON CONFLICT (id) DO UPDATE
             SET alive_until = excluded.alive_until WHERE node.alive_until < excluded.alive_until",
            clock(2)
        );
        self.execute(&sql, values![&node.0, now.0, micros(holds)])?;
        Ok(was_there)
    }

    /// Forgets the nodes that have been silent for so long.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn forget_nodes(&mut self, now: Timestamp, silent: Duration) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM node WHERE alive_until < {} - $2", clock(1));
        self.execute(&sql, values![now.0, micros(silent)])?;
        Ok(())
    }

    /// Says that a node is gone: all that it has taken is free, and the others are told.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn remove_node(&mut self, node: NodeId) -> Result<(), StoreError> {
        self.execute("DELETE FROM node WHERE id = $1", values![&node.0])?;
        self.ring()
    }

    /// Has the nodes look for what there is to do, once the deed is done.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn ring(&mut self) -> Result<(), StoreError> {
        match self.engine() {
            Engine::Postgres => self.rows(RING, &[], |_| Ok(())).map(drop),
            Engine::Sqlite => Ok(()),
        }
    }

    /// Forgets deeds that were done before a time: nobody asks any more whether they were.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn forget_deeds(&mut self, before: Timestamp) -> Result<(), StoreError> {
        if self.engine() == Engine::Postgres {
            let newest = DeedId::first_at(before);
            self.execute("DELETE FROM deed WHERE id < $1", values![&newest.0])?;
        }
        Ok(())
    }
}

/// A length of time as it stands in rows.
pub(super) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
