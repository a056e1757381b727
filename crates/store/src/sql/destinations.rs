//! Where mail is relayed to. A destination is taken by one courier at a time, so that what goes there goes together, and one
//! that is down holds up nobody else.

use crate::clock::Timestamp;
use crate::db::{ReadTx, WriteTx, values};
use crate::error::StoreError;
use crate::model::outbox::Leased;

impl ReadTx<'_> {
    /// When the next destination may be taken; nothing where there is none.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn next_relay(&self) -> Result<Option<Timestamp>, StoreError> {
        let next = self.row(
            "SELECT due_date_time FROM destination WHERE leased_until = 0 ORDER BY due_date_time LIMIT 1",
            &[],
            |row| row.integer(0),
        )?;
        Ok(next.map(Timestamp))
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
        self.execute(
            "INSERT INTO destination (name, due_date_time, leased_until, failures) VALUES ($1, $2, 0, 0)
             ON CONFLICT (name) DO UPDATE SET due_date_time = excluded.due_date_time
             WHERE destination.failures = 0 AND destination.due_date_time > excluded.due_date_time",
            values![name, due.0],
        )?;
        Ok(())
    }

    /// Takes destinations that are due and that nobody has, those that wait longest first; at most `top`.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn lease_destinations(&mut self, now: Timestamp, until: Timestamp, top: i64) -> Result<Vec<Leased>, StoreError> {
        self.rows(
            "UPDATE destination SET leased_until = $1 WHERE name IN (SELECT name FROM destination
             WHERE due_date_time <= $2 AND leased_until <= $2 ORDER BY due_date_time LIMIT $3
             /*pg FOR UPDATE SKIP LOCKED*/) RETURNING name, failures",
            values![until.0, now.0, top],
            |row| Ok(Leased { destination: row.text(0)?, failures: row.integer(1)? }),
        )
    }

    /// Gives a destination back: it is due when the first of what goes there is, and not before a time where it could not be
    /// reached. One to which nothing goes any more is forgotten.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn return_destination(&mut self, leased: &Leased, not_before: Timestamp) -> Result<(), StoreError> {
        let first = self.row(
            "SELECT min(due_date_time) FROM outbox_recipient WHERE state = 'relay' AND destination = $1",
            values![&leased.destination],
            |row| row.optional_integer(0),
        )?;
        match first.flatten() {
            None => self.execute("DELETE FROM destination WHERE name = $1", values![&leased.destination])?,
            Some(first) => self.execute(
                "UPDATE destination SET due_date_time = $1, leased_until = 0, failures = $2 WHERE name = $3",
                values![first.max(not_before.0), leased.failures, &leased.destination],
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

    /// Ends what a process that is gone had taken.
    ///
    /// # Errors
    /// [`StoreError::Database`].
    pub fn end_leases(&mut self) -> Result<(), StoreError> {
        self.execute("UPDATE destination SET leased_until = 0 WHERE leased_until > 0", &[])?;
        Ok(())
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
        self.execute(
            "DELETE FROM destination WHERE NOT EXISTS
             (SELECT 1 FROM outbox_recipient r WHERE r.state = 'relay' AND r.destination = destination.name)",
            &[],
        )?;
        Ok(())
    }
}
