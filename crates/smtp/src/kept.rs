//! A message on its way from the wire to where it is kept, within a limit.

use crate::receive::refused;
use crate::wire::reply::{self, Reply};
use mailbox::Mail;
use store::{Blob, Spool};

/// Octets that are gathered before they are handed on.
const GATHERED: usize = 256 * 1024;

/// What came of a message. One that is refused is still taken off the wire, and thrown away.
pub(crate) struct Kept {
    state: Result<Spool, Reply>,
    gathered: Vec<u8>,
    limit: u64,
}

impl Kept {
    pub(crate) fn new(mail: &Mail, limit: u64) -> Kept {
        Kept { state: Ok(mail.spool()), gathered: Vec::new(), limit }
    }

    /// Takes the next octets.
    pub(crate) async fn take(&mut self, octets: &[u8]) {
        let Ok(spool) = &self.state else { return };
        if spool.size() + (self.gathered.len() + octets.len()) as u64 > self.limit {
            self.refuse(reply::TOO_LARGE.into());
            return;
        }
        self.gathered.extend_from_slice(octets);
        if self.gathered.len() >= GATHERED {
            self.hand_on().await;
        }
    }

    /// Throws away what came and what will come.
    pub(crate) fn refuse(&mut self, reply: Reply) {
        self.gathered = Vec::new();
        self.state = Err(reply);
    }

    /// Why it is refused.
    pub(crate) fn refusal(&self) -> Option<&Reply> {
        self.state.as_ref().err()
    }

    /// The whole message, ready to be named by a row.
    ///
    /// # Errors
    /// Why it is refused.
    pub(crate) async fn finish(mut self) -> Result<Blob, Reply> {
        self.hand_on().await;
        self.state?.finish().await.map_err(|error| refused(&error.into()))
    }

    async fn hand_on(&mut self) {
        let octets = std::mem::take(&mut self.gathered);
        let taken = std::mem::replace(&mut self.state, Err(reply::LOCAL_ERROR.into()));
        self.state = match taken {
            Ok(spool) => spool.write(octets).await.map_err(|error| refused(&error.into())),
            Err(refused) => Err(refused),
        };
    }
}
