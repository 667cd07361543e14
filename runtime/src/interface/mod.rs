//! What is known of an interface at run time: names, parameters, results, documentation, version.
//!
//! Made once for each trait, from the trait, and kept for the life of the program. Nothing here is a secret of either side:
//! the crate that defines an interface is trusted by both.

mod names;
mod table;
mod types;

pub use table::{interface, method};
pub use types::{Case, Describing, FieldType, Type};

pub(crate) use table::Known;

use crate::fault::{self, Fault};
use names::Names;
use std::fmt;

/// An interface: a list of methods, each with a number.
///
/// # Examples
///
/// ```
/// use membrane::{Error, interface};
/// use runtime::{DynamicInterface, Interface};
///
/// /// Money.
/// #[interface(dynamic, version = 3)]
/// pub trait Account {
///     /// In cents.
///     fn balance(&self) -> Result<u64, Error>;
///     fn deposit(&self, cents: u64, note: &str) -> Result<(), Error>;
/// }
///
/// let account: &Interface = <dyn Account>::interface();
/// assert_eq!((account.name(), account.version(), account.doc()), ("Account", 3, "Money."));
/// let deposit = account.method(account.number("deposit").unwrap()).unwrap();
/// assert_eq!(deposit.to_string(), "deposit(cents: integer from 0 to 18446744073709551615, note: text) -> null or membrane error");
/// ```
pub struct Interface {
    name: String,
    version: u32,
    doc: &'static str,
    methods: Box<[Method]>,
    names: Names,
    hash: InterfaceHash,
    /// The interfaces that its methods mention.
    mentions: Box<[Mention]>,
}

/// Finds out about an interface that another one mentions.
pub(crate) type Mention = fn() -> &'static Known;

/// A method of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method {
    pub(crate) name: String,
    pub(crate) doc: &'static str,
    pub(crate) parameters: Box<[Parameter]>,
    pub(crate) result: Type,
    pub(crate) error: Type,
}

/// A parameter of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub(crate) name: String,
    pub(crate) ty: Type,
}

/// Tells one version of an interface from any other: equal if name, version, methods, parameters and types are, in their
/// order. It does not depend on documentation, compiler, target or build. An object that a method mentions counts by its name:
/// what that is has a hash of its own.
///
/// Two traits of the same text have the same hash. It decides which trait an object that comes from elsewhere is
/// [taken for](crate::Runtime::know), and nothing else: policies, proxies and casts go by the Rust trait.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InterfaceHash(u64);

impl InterfaceHash {
    /// As a number, for sending.
    pub const fn to_bits(self) -> u64 {
        self.0
    }

    /// From a number that came from elsewhere. It decides nothing but which known interface is meant.
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// FNV-1a, 64 bits, of a text. Source: Fowler, Noll, Vo, draft-eastlake-fnv.
    fn of(text: &str) -> Self {
        Self(text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        }))
    }
}

impl fmt::Debug for InterfaceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InterfaceHash({self})")
    }
}

impl fmt::Display for InterfaceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Interface {
    pub(crate) fn new(
        name: String,
        version: u32,
        doc: &'static str,
        methods: Vec<Method>,
        mentions: Vec<Mention>,
    ) -> Self {
        let names = Names::new(methods.iter().map(|method| method.name.as_str()));
        let mut interface = Self {
            name,
            version,
            doc,
            methods: methods.into(),
            names,
            hash: InterfaceHash(0),
            mentions: mentions.into(),
        };
        interface.hash = InterfaceHash::of(&interface.canonical());
        interface
    }

    /// What the hash is of.
    fn canonical(&self) -> String {
        use fmt::Write as _;
        let mut text = format!("{} {}", self.name, self.version);
        for method in &self.methods {
            write!(text, "\n{method}").expect("a string takes everything");
        }
        text
    }

    /// The trait's name; of a closure or an iterator, what it takes and gives.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version that its author gave it; 1 if none.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The trait's documentation.
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// The methods by number.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The method of this number.
    pub fn method(&self, number: u32) -> Option<&Method> {
        self.methods.get(usize::try_from(number).ok()?)
    }

    /// The number of the method of this name.
    #[inline]
    pub fn number(&self, method: &str) -> Option<u32> {
        if fault::on(Fault::LooseNames) {
            let mut words = method.split(|letter: char| !letter.is_alphanumeric());
            let last = words.rfind(|word| !word.is_empty())?.to_lowercase();
            let number = self.methods.iter().position(|method| method.name == last)?;
            return u32::try_from(number).ok();
        }
        let found = self.names.find(method)?;
        let is_it = found.is_it || self.methods.get(found.number as usize)?.name == method;
        is_it.then_some(found.number)
    }

    /// See [`InterfaceHash`].
    pub fn hash(&self) -> InterfaceHash {
        self.hash
    }

    pub(crate) fn mentions(&self) -> &[Mention] {
        &self.mentions
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interface")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("methods", &self.methods)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

impl Method {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its documentation.
    pub fn doc(&self) -> &'static str {
        self.doc
    }

    /// What it takes.
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    /// What it gives.
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// What it raises.
    pub fn error(&self) -> &Type {
        &self.error
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.name)?;
        for (index, Parameter { name, ty }) in self.parameters.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            // A closure's have none.
            if !name.is_empty() {
                write!(f, "{name}: ")?;
            }
            ty.fmt(f)?;
        }
        write!(f, ") -> {} or {}", self.result, self.error)
    }
}

impl Parameter {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its type.
    pub fn ty(&self) -> &Type {
        &self.ty
    }
}
