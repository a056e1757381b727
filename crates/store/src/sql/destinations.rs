//! Where mail is relayed to. A destination is taken by one courier at a time, so that what goes there goes together, and one
//! that is down holds up nobody else.

use super::nodes::{clock, is_gone, micros};
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::NodeId;
use crate::model::node::Taker;
use crate::model::outbox::Leased;
use std::time::Duration;

/// That a node may take a destination at a time, by the numbers of these parameters.
fn is_free(node: u8, now: u8, taker: Taker) -> String {
    format!("(node <> ${node} AND {} OR leased_until <= {})", is_gone(now, taker), clock(now))
}

fn leased(row: &Row<'_>) -> Result<Leased, StoreError> {
    Ok(Leased { destination: row.text(0)?, failures: row.integer(1)? })
}

impl ReadTx<'_> {
    /// When a node may take the next destination; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn next_relay(&self, taker: Taker, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let next = "SELECT due_date_time FROM destination WHERE leased_until = 0 ORDER BY due_date_time LIMIT 1";
        let next = self.row(next, &[], |row| row.integer(0))?;
        // What was taken by a node that is gone, or too long ago; there is little of it.
        let left = format!(
            "SELECT due_date_time FROM destination WHERE leased_until > 0 AND {} ORDER BY due_date_time LIMIT 1",
            is_free(1, 2, taker)
        );
        let left = self.row(&left, values![&taker.node.0, now.0], |row| row.integer(0))?;
        Ok(next.into_iter().chain(left).min().map(Timestamp))
    }

    /// What a node has taken and not given back.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn leased_by(&self, node: NodeId) -> Result<Vec<Leased>, StoreError> {
        self.rows("SELECT name, failures FROM destination WHERE leased_until > 0 AND node = $1", values![&node.0], leased)
    }

    /// How many forward-paths wait to be relayed, and since when the one does that is due longest.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn queue_depth(&self) -> Result<Vec<(String, i64, Option<Timestamp>)>, StoreError> {
        self.rows(
            "SELECT state, count(*), min(due_date_time) FROM outbox_recipient WHERE state IN ('due', 'relay', 'held') GROUP BY state",
            &[],
            |row| Ok((row.text(0)?, row.integer(1)?, row.optional_integer(2)?.map(Timestamp))),
        )
    }
}

impl WriteTx<'_> {
    /// Something is to go to a destination at a time. One that could not be reached is not tried earlier for that.
    pub(crate) fn note_destination(&mut self, name: &str, due: Timestamp) -> Result<(), StoreError> {
        // Many do so at once, and only see to it that it is not given back meanwhile. Such locks queue, as those of rows don't.
        self.lock("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", values![name])?;
        // Most often it is being tried already, by whoever has it.
        let is_due = "SELECT 1 FROM destination WHERE name = $1 AND (failures > 0 OR due_date_time <= $2)";
        if self.row(is_due, values![name, due.0], |row| row.integer(0))?.is_some() {
            return Ok(());
        }
        self.execute(
            "INSERT INTO destination (name, due_date_time, leased_until, failures) VALUES ($1, $2, 0, 0)
             ON CONFLICT (name) DO UPDATE SET due_date_time = excluded.due_date_time
             WHERE destination.failures = 0 AND destination.due_date_time > excluded.due_date_time",
            values![name, due.0],
        )?;
        Ok(())
    }

    /// Takes destinations for so long that are due and that nobody has, those that wait longest first; at most `top`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn lease_destinations(
        &mut self,
        from_silent: bool,
        (now, lease): (Timestamp, Duration),
        top: i64,
    ) -> Result<Vec<Leased>, StoreError> {
        let taker = Taker { node: self.node, from_silent };
        let sql = format!(
            "UPDATE destination SET node = $1, leased_until = {} + $3 WHERE name IN (SELECT name FROM destination
             WHERE due_date_time <= $2 AND {} ORDER BY due_date_time LIMIT $4
             /*pg FOR NO KEY UPDATE SKIP LOCKED*/) RETURNING name, failures",
            clock(2),
            is_free(1, 2, taker)
        );
        self.rows(&sql, values![&taker.node.0, now.0, micros(lease), top], leased)
    }

    /// Gives a destination back: it is due when the first of what goes there is, and not before a time where it could not be
    /// reached. One to which nothing goes any more is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn return_destination(&mut self, leased: &Leased, not_before: Timestamp) -> Result<(), StoreError> {
        // What was taken from this node, since it seemed gone, is another's to give back.
        let node = self.node;
        self.hold_destination(&leased.destination)?;
        let first = self.row(
            "SELECT min(due_date_time) FROM outbox_recipient WHERE state = 'relay' AND destination = $1",
            values![&leased.destination],
            |row| row.optional_integer(0),
        )?;
        match first.flatten() {
            None => {
                self.execute("DELETE FROM destination WHERE name = $1 AND node = $2", values![&leased.destination, &node.0])?
            }
            Some(first) => self.execute(
                "UPDATE destination SET due_date_time = $1, leased_until = 0, failures = $2 WHERE name = $3 AND node = $4",
                values![first.max(not_before.0), leased.failures, &leased.destination, &node.0],
            )?,
        };
        Ok(())
    }

    /// Has a destination tried now, also where it could not be reached.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn hurry_destination(&mut self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        self.execute("UPDATE destination SET due_date_time = $1, failures = 0 WHERE name = $2", values![now.0, name])?;
        Ok(())
    }

    /// Ends what this node had taken when it was another process.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_leases(&mut self) -> Result<(), StoreError> {
        let node = self.node;
        // Those from before nodes had names are nobody's.
        self.execute(
            "UPDATE destination SET leased_until = 0 WHERE leased_until > 0 AND (node = $1 OR node IS NULL)",
            values![&node.0],
        )?;
        Ok(())
    }

    /// Waits for those who note that something goes to a destination, and keeps others from it until the deed is done.
    fn hold_destination(&mut self, name: &str) -> Result<(), StoreError> {
        self.lock("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", values![name])
    }

    /// Sends all that is to be relayed, or held, to the destination `of` its address. What is right already is left.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn redirect(&mut self, now: Timestamp, of: impl Fn(&str) -> String) -> Result<(), StoreError> {
        let paths = self.rows(
            "SELECT DISTINCT forward_path, destination, state FROM outbox_recipient WHERE state IN ('relay', 'held')",
            &[],
            |row| Ok((row.text(0)?, row.text(1)?, row.text(2)?)),
        )?;
        for (address, destination, state) in paths {
            let wanted = of(&address);
            if wanted != destination {
                self.execute(
                    "UPDATE outbox_recipient SET destination = $1 WHERE state = $2 AND destination = $3 AND forward_path = $4",
                    values![&wanted, &state, &destination, &address],
                )?;
                if state == "relay" {
                    self.note_destination(&wanted, now)?;
                }
            }
        }
        // Nothing that waits is without a destination, whatever happened.
        self.execute(
            "INSERT INTO destination (name, due_date_time, leased_until, failures)
             SELECT DISTINCT destination, $1 /*pg ::bigint*/, 0, 0 FROM outbox_recipient WHERE state = 'relay'
             ON CONFLICT (name) DO NOTHING",
            values![now.0],
        )?;
        let unused = "SELECT name FROM destination WHERE NOT EXISTS
             (SELECT 1 FROM outbox_recipient r WHERE r.state = 'relay' AND r.destination = destination.name)";
        for name in self.rows(unused, &[], |row| row.text(0))? {
            self.hold_destination(&name)?;
            self.execute(
                "DELETE FROM destination WHERE name = $1
                 AND NOT EXISTS (SELECT 1 FROM outbox_recipient r WHERE r.state = 'relay' AND r.destination = $1)",
                values![&name],
            )?;
        }
        Ok(())
    }
}
