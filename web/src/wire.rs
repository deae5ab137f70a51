//! What page and worker agree on: their messages are objects with a `kind`, and those of the protocol
//! carry it as JSON.

/// The version of the protocol. A page and a worker of different versions (one of them from a cache)
/// do not talk to each other.
pub const VERSION: u32 = 1;
