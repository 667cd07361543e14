//! The data that crosses.

use membrane::{Error, Passable, interface};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

/// An object.
#[interface]
pub trait Thing {
    /// Which it is.
    fn number(&self) -> Result<u64, Error>;
}

/// A closure that takes a value and gives one.
pub type Function = Arc<dyn Fn(Value) -> Result<Value, Error> + Send + Sync>;
/// An iterator of values.
pub type Stream = Box<dyn Iterator<Item = Result<Value, Error>> + Send>;

/// A struct around a value.
#[derive(Passable)]
pub struct Record<T> {
    /// Data.
    pub label: String,
    /// Whatever it is.
    pub value: T,
    /// Maybe more.
    pub more: Option<T>,
}

/// Data nested in itself, with objects in it.
#[derive(Passable)]
#[passable(recursive)]
#[allow(missing_docs, reason = "a variant is named after what it holds")]
pub enum Value {
    Null,
    Number(u64),
    Text(String),
    Bytes(Arc<[u8]>),
    Object(Arc<dyn Thing>),
    Objects([Option<Arc<dyn Thing>>; 3]),
    Function(Function),
    Stream(Stream),
    Boxed(Box<Value>),
    Option(Option<Box<Value>>),
    List(Vec<Value>),
    Slice(Box<[Value]>),
    Deque(VecDeque<Value>),
    Array([Box<Value>; 2]),
    Pair(Box<(Value, u8, Value)>),
    Sorted(BTreeMap<u8, Value>),
    Hashed(HashMap<String, Value>),
    Outcome(Box<Result<Value, Value>>),
    Record(Box<Record<Value>>),
    Named { first: Box<Value>, second: u8 },
}
