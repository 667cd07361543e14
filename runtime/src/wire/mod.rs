//! Values as messages: a pool of nodes that refer to each other by index, for languages of messages in which a type cannot
//! contain itself.
//!
//! # The pool
//!
//! - The first nodes are the message's values: one for each argument, or one for a result.
//! - A node is referred to at most once, from a node before it; every node that is no value of the message is referred to.
//!
//! So reading goes from the last node to the first without recursion, there is no cycle, nothing is shared, and the number
//! of nodes bounds the size of what they mean. A pool that breaks the rules is refused as a whole.

mod read;
mod write;

pub use read::{Malformed, Values, read};
pub use write::write;

/// A reference to an object: on the reader's side, whatever finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// An object that the one who hosts has lent, by its place in the list beside the pool.
    Lent {
        /// The place.
        place: u32,
        /// The same for the same object.
        id: u64,
        /// The hash of its interface.
        interface: u64,
    },
    /// An object of the guest's own.
    Own {
        /// The guest's number for it.
        id: u64,
        /// The hash of its interface.
        interface: u64,
    },
}

/// A node of a pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An integer above those.
    Uint(u64),
    /// A number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A list, of the nodes at these places.
    Items(Vec<u32>),
    /// A record: names, and the nodes at these places.
    Fields(Vec<(String, u32)>),
    /// An object.
    Object(Reference),
}
