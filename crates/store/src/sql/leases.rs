//! Where something is carried to: mail to destinations, notifications to the URLs of receivers. Each such place is taken by one
//! courier at a time, so that what goes there goes together, and one that is down holds up nobody else.

use super::nodes::{clock, is_gone, micros};
use crate::clock::Timestamp;
use crate::db::{ReadTx, Row, WriteTx, values};
use crate::error::StoreError;
use crate::ids::NodeId;
use crate::model::lease::{Leased, Work};
use crate::model::node::Taker;
use std::time::Duration;

impl Work {
    /// The table of its places.
    fn table(self) -> &'static str {
        match self {
            Work::Notifications => "notification_target",
            Work::Relay => "destination",
        }
    }
}

/// That a node may take a place at a time, by the numbers of these parameters.
fn is_free(node: u8, now: u8, taker: Taker) -> String {
    format!("(node <> ${node} AND {} OR leased_until <= {})", is_gone(now, taker), clock(now))
}

fn leased(work: Work) -> impl Fn(&Row<'_>) -> Result<Leased, StoreError> {
    move |row| Ok(Leased { work, name: row.text(0)?, failures: row.integer(1)? })
}

impl ReadTx<'_> {
    /// When a node may take the next place of a kind; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn next_lease(&self, work: Work, taker: Taker, now: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        let table = work.table();
        let next = format!("SELECT due_date_time FROM {table} WHERE leased_until = 0 ORDER BY due_date_time LIMIT 1");
        let next = self.row(&next, &[], |row| row.integer(0))?;
        // What was taken by a node that is gone, or too long ago; there is little of it.
        let left = format!(
            "SELECT due_date_time FROM {table} WHERE leased_until > 0 AND {} ORDER BY due_date_time LIMIT 1",
            is_free(1, 2, taker)
        );
        let left = self.row(&left, values![&taker.node.0, now.0], |row| row.integer(0))?;
        Ok(next.into_iter().chain(left).min().map(Timestamp))
    }

    /// What a node has taken and not given back, of whatever kind.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn leased_by(&self, node: NodeId) -> Result<Vec<Leased>, StoreError> {
        let of = |work: Work| {
            let sql = format!("SELECT name, failures FROM {} WHERE leased_until > 0 AND node = $1", work.table());
            self.rows(&sql, values![&node.0], leased(work))
        };
        Ok([of(Work::Relay)?, of(Work::Notifications)?].concat())
    }

    /// Whether a place is a node's still.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn holds(&self, leased: &Leased, node: NodeId) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM {} WHERE name = $1 AND node = $2 AND leased_until > 0", leased.work.table());
        Ok(self.row(&sql, values![&leased.name, &node.0], |row| row.integer(0))?.is_some())
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
    /// Something is to go to a place at a time. One that could not be reached is not tried earlier for that.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn note_due(&mut self, work: Work, name: &str, due: Timestamp) -> Result<(), StoreError> {
        let table = work.table();
        // Many do so at once, and only see to it that it is not given back meanwhile. Such locks queue, as those of rows don't.
        self.lock("SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0))", values![name])?;
        // Most often it is being tried already, by whoever has it.
        let is_due = format!("SELECT 1 FROM {table} WHERE name = $1 AND (failures > 0 OR due_date_time <= $2)");
        if self.row(&is_due, values![name, due.0], |row| row.integer(0))?.is_some() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO {table} (name, due_date_time, leased_until, failures) VALUES ($1, $2, 0, 0)
             ON CONFLICT (name) DO UPDATE SET due_date_time = excluded.due_date_time
             WHERE {table}.failures = 0 AND {table}.due_date_time > excluded.due_date_time"
        );
        self.execute(&sql, values![name, due.0])?;
        Ok(())
    }

    /// Takes places for so long that are due and that nobody has, those that wait longest first; at most `top`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn lease(
        &mut self,
        work: Work,
        from_silent: bool,
        (now, lease): (Timestamp, Duration),
        top: i64,
    ) -> Result<Vec<Leased>, StoreError> {
        let (table, taker) = (work.table(), Taker { node: self.node, from_silent });
        let sql = format!(
            "UPDATE {table} SET node = $1, leased_until = {} + $3 WHERE name IN (SELECT name FROM {table}
             WHERE due_date_time <= $2 AND {} ORDER BY due_date_time LIMIT $4
             /*pg FOR NO KEY UPDATE SKIP LOCKED*/) RETURNING name, failures",
            clock(2),
            is_free(1, 2, taker)
        );
        self.rows(&sql, values![&taker.node.0, now.0, micros(lease), top], leased(work))
    }

    /// Gives a place back: it is due when the first of what goes there is, and not before a time where it could not be reached.
    /// One to which nothing goes any more is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn give_back(&mut self, leased: &Leased, now: Timestamp, not_before: Timestamp) -> Result<(), StoreError> {
        // What was taken from this node, since it seemed gone, is another's to give back.
        let (node, table) = (self.node, leased.work.table());
        self.hold_place(&leased.name)?;
        let first = match leased.work {
            Work::Notifications => self.first_notification(&leased.name, now)?,
            Work::Relay => self.first_relay(&leased.name)?,
        };
        match first {
            None => {
                let sql = format!("DELETE FROM {table} WHERE name = $1 AND node = $2");
                self.execute(&sql, values![&leased.name, &node.0])?
            }
            Some(first) => {
                let sql = format!(
                    "UPDATE {table} SET due_date_time = $1, leased_until = 0, failures = $2 WHERE name = $3 AND node = $4"
                );
                self.execute(&sql, values![first.max(not_before).0, leased.failures, &leased.name, &node.0])?
            }
        };
        Ok(())
    }

    /// When the first forward-path of a destination is due; nothing where none goes there.
    fn first_relay(&self, destination: &str) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT min(due_date_time) FROM outbox_recipient WHERE state = 'relay' AND destination = $1";
        Ok(self.row(sql, values![destination], |row| row.optional_integer(0))?.flatten().map(Timestamp))
    }

    /// Has a destination tried now, also where it could not be reached.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn hurry_destination(&mut self, name: &str, now: Timestamp) -> Result<(), StoreError> {
        self.execute("UPDATE destination SET due_date_time = $1, failures = 0 WHERE name = $2", values![now.0, name])?;
        Ok(())
    }

    /// Ends what this node had taken of a kind when it was another process.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_leases(&mut self, work: Work) -> Result<(), StoreError> {
        let node = self.node;
        // Those from before nodes had names are nobody's.
        let sql = format!("UPDATE {} SET leased_until = 0 WHERE leased_until > 0 AND (node = $1 OR node IS NULL)", work.table());
        self.execute(&sql, values![&node.0])?;
        Ok(())
    }

    /// Waits for those who note that something goes to a place, and keeps others from it until the deed is done.
    fn hold_place(&mut self, name: &str) -> Result<(), StoreError> {
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
                    self.note_due(Work::Relay, &wanted, now)?;
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
            self.hold_place(&name)?;
            self.execute(
                "DELETE FROM destination WHERE name = $1
                 AND NOT EXISTS (SELECT 1 FROM outbox_recipient r WHERE r.state = 'relay' AND r.destination = $1)",
                values![&name],
            )?;
        }
        Ok(())
    }
}
