//! The processes that serve one store, and which of them are there.

use crate::clock::Timestamp;
use crate::db::postgres::bell::RING;
use crate::db::{Engine, WriteTx, values};
use crate::error::StoreError;
use crate::ids::{DeedId, NodeId};

/// That the node which a row names is not there; the parameter of this number is now.
pub(super) fn is_gone(now: u8) -> String {
    format!("NOT EXISTS (SELECT 1 FROM node n WHERE n.id = node AND n.alive_until > ${now})")
}

impl WriteTx<'_> {
    /// Says that a node is there until a time, and forgets those that have long not been.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn note_node(&mut self, node: NodeId, until: Timestamp, forgotten: Timestamp) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO node (id, alive_until) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until",
            values![&node.0, until.0],
        )?;
        self.execute("DELETE FROM node WHERE alive_until < $1", values![forgotten.0])?;
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
