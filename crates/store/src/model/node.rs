//! A process among those that serve one store.

use crate::ids::NodeId;

/// A node that looks for what it may do or take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taker {
    /// Which.
    pub node: NodeId,
    /// Whether it may take what a node has that is silent. Who was silent himself a moment ago may not: whatever kept him from
    /// the store may have kept the others, and they go on with what they have.
    pub from_silent: bool,
}

impl Taker {
    /// The one process that serves a store which no other can.
    pub const ALONE: Taker = Taker { node: NodeId::ALONE, from_silent: true };
}
