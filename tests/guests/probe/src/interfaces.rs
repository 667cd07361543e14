//! What the probe and the tests' host say to each other.

use membrane::{Error, Passable, interface};
use runtime::Dynamic;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Data of every kind that has a dynamic form.
#[derive(Passable, Dynamic, Clone, Debug, PartialEq)]
pub struct Everything {
    /// The least and the most of each width.
    pub signed: (i8, i16, i32, i64),
    /// The same.
    pub unsigned: (u8, u16, u32, u64),
    /// Both precisions.
    pub floats: (f32, f64),
    /// Yes or no.
    pub flag: bool,
    /// A letter.
    pub letter: char,
    /// Text.
    pub text: String,
    /// Bytes.
    pub bytes: Vec<u8>,
    /// A fixed number.
    pub array: [u16; 3],
    /// Nothing, something that may be nothing, and so on.
    pub options: (Option<u8>, Option<Option<u8>>, Option<()>),
    /// One of two.
    pub results: Vec<Result<u8, String>>,
    /// By key.
    pub map: BTreeMap<String, i32>,
    /// Once each.
    pub set: BTreeSet<u8>,
    /// Times.
    pub times: (Duration, SystemTime),
    /// Records in lists.
    pub shapes: Vec<Shape>,
}

/// Each kind of case.
#[derive(Passable, Dynamic, Clone, Debug, PartialEq)]
pub enum Shape {
    /// Alone.
    Point,
    /// With one.
    Circle(f64),
    /// With two.
    Line(i32, i32),
    /// With names.
    Rectangle {
        /// One.
        width: u32,
        /// The other.
        height: u32,
    },
    /// In itself.
    Group(Box<Inner>),
}

/// Has shapes in it, which may have this in them.
#[derive(Passable, Dynamic, Clone, Debug, PartialEq)]
#[passable(recursive)]
pub struct Inner {
    /// The next one.
    pub shape: Option<Vec<u8>>,
}

/// What can go wrong, by the interface's own account.
#[derive(Passable, Dynamic, Clone, Debug, PartialEq)]
pub enum Fault {
    /// The membrane turned the call back.
    Membrane(Error),
    /// There is not enough.
    Poor {
        /// So much is missing.
        missing: u64,
    },
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

/// The host's service.
#[interface(dynamic)]
pub trait Service {
    /// Adds one.
    fn next(&self, to: u64) -> Result<u64, Error>;
    /// Fails.
    fn fail(&self, missing: u64) -> Result<(), Fault>;
    /// Never allowed.
    fn secret(&self) -> Result<String, Error>;
    /// A new object each time.
    fn child(&self) -> Result<Arc<dyn Service>, Error>;
    /// Gives back what it gets.
    fn echo(&self, visitor: Arc<dyn Visitor>) -> Result<Arc<dyn Visitor>, Error>;
    /// Calls the visitor, now.
    fn visit(&self, visitor: Arc<dyn Visitor>, times: u64) -> Result<u64, Error>;
    /// Keeps the visitor.
    fn keep(&self, visitor: Arc<dyn Visitor>) -> Result<(), Error>;
    /// Waits until the host lets it go on.
    fn wait(&self) -> Result<(), Error>;
    /// Gives back as many bytes as it is told.
    fn bytes(&self, count: u64) -> Result<Vec<u8>, Error>;
    /// Counts.
    fn items(&self, count: u64) -> Result<Items, Error>;
}

/// A closure of one number.
pub type Closure = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

/// A counting iterator.
pub type Items = Box<dyn Iterator<Item = Result<u64, Error>> + Send>;

/// A guest's object that the host's service calls.
#[interface(dynamic)]
pub trait Visitor {
    /// Is visited.
    fn visited(&self, depth: u64) -> Result<u64, Error>;
}

/// A guest's object that counts.
#[interface(dynamic)]
pub trait Counter: Visitor {
    /// The number of calls so far.
    fn count(&self) -> Result<u64, Error>;
}

/// The root object of the probe.
#[interface(dynamic, version = 7)]
pub trait Probe {
    /// Gives back what it gets.
    fn echo(&self, everything: Everything) -> Result<Everything, Error>;
    /// Borrowed arguments, and their sum of lengths.
    fn lengths(&self, text: &str, bytes: &[u8], numbers: &[u64]) -> Result<u64, Error>;
    /// Always fails.
    fn fault(&self, missing: u64) -> Result<(), Fault>;
    /// A new counter.
    fn counter(&self) -> Result<Arc<dyn Counter>, Error>;
    /// So many new counters.
    fn counters(&self, count: u64) -> Result<Vec<Arc<dyn Counter>>, Error>;
    /// The same counter each time.
    fn one_counter(&self) -> Result<Arc<dyn Counter>, Error>;
    /// Adds up what the service makes of the numbers below `times`.
    fn work(&self, service: Arc<dyn Service>, times: u64) -> Result<u64, Error>;
    /// What the service answers to a method that is not allowed, and to one that fails.
    fn refused(&self, service: Arc<dyn Service>) -> Result<Vec<String>, Error>;
    /// Passes a visitor round, and says whether it came home as itself.
    fn round_trip(&self, service: Arc<dyn Service>) -> Result<bool, Error>;
    /// Lets the service call back, and says how deep that went.
    fn call_back(&self, service: Arc<dyn Service>, times: u64) -> Result<u64, Error>;
    /// Calls back and forth until somebody says no; the depth, and what was said.
    fn back_and_forth(&self, service: Arc<dyn Service>) -> Result<(u64, String), Error>;
    /// Keeps the service.
    fn keep(&self, service: Arc<dyn Service>) -> Result<(), Error>;
    /// Uses the service that was kept.
    fn use_kept(&self) -> Result<String, Error>;
    /// Drops all services that were kept.
    fn forget(&self) -> Result<(), Error>;
    /// Whether the two are one object to the guest; gives the first back.
    fn same(
        &self,
        one: Arc<dyn Service>,
        other: Arc<dyn Service>,
    ) -> Result<(bool, Arc<dyn Service>), Error>;
    /// Drops the service in the middle of its own call.
    fn drop_inside(&self, service: Arc<dyn Service>) -> Result<u64, Error>;
    /// Holds as many children of the service as it can get; how many, and what was said in the end.
    fn flood(&self, service: Arc<dyn Service>, most: u64) -> Result<(u64, String), Error>;
    /// The sum of an iterator's items.
    fn sum(&self, items: Items) -> Result<u64, Error>;
    /// Calls a closure.
    fn apply(&self, f: Closure, to: u64) -> Result<u64, Error>;
    /// A closure of its own.
    fn adder(&self, by: u64) -> Result<Closure, Error>;
    /// An iterator of its own.
    fn items(&self, count: u64) -> Result<Items, Error>;
    /// Gives so many bytes, and asks the service for as many; what was said to that.
    fn large(&self, service: Arc<dyn Service>, bytes: u64) -> Result<(String, Vec<u8>), Error>;
    /// Never returns.
    fn spin(&self) -> Result<(), Error>;
    /// Never returns, either.
    fn recurse(&self, depth: u64) -> Result<u64, Error>;
    /// Takes memory.
    fn grow(&self, bytes: u64) -> Result<u64, Error>;
    /// Panics.
    fn panic(&self) -> Result<(), Error>;
    /// Calls the service, and panics while the service calls back.
    fn panic_inside(&self, service: Arc<dyn Service>) -> Result<u64, Error>;
    /// Waits in the service, then says what it got.
    fn wait(&self, service: Arc<dyn Service>) -> Result<String, Error>;
    /// Uses another probe.
    fn meet(&self, other: Arc<dyn Probe>, service: Arc<dyn Service>) -> Result<String, Error>;
}
