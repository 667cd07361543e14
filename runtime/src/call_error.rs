//! Why a dynamic call failed.
//!
//! Three are to blame: the membrane between the sides turned the call back; the caller's arguments do not fit, or somebody's
//! limit is reached; or the target answered with an error of its own interface.

use crate::value::{Kind, Value};
use membrane::{Error, ErrorKind, Reason};
use std::borrow::Cow;
use std::fmt;

/// Why a dynamic call failed.
///
/// It crosses to the caller, and has nothing of the target's side in it but what the interface declares.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CallError {
    /// The membrane's own answer. A method that does not exist and one that is not allowed are both
    /// [`ErrorKind::Refused`].
    Membrane(Error),
    /// The target's answer: the error of its interface, as a value.
    Raised(Value),
    /// The arguments are not those that the method takes.
    Arguments(Mismatch),
    /// A limit is reached.
    Limit(Limit),
    /// What a [`Foreign`](crate::Foreign) answers whose other side is at work for somebody else. Whoever calls it through its
    /// interface gets [`ErrorKind::Busy`].
    Busy,
}

const _: () = assert!(size_of::<Result<Value, CallError>>() <= 32);

/// Which limit of a [domain](crate::Domain) is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Limit {
    /// [`MessageLimits::bytes`](crate::MessageLimits::bytes).
    MessageBytes,
    /// [`MessageLimits::nodes`](crate::MessageLimits::nodes).
    MessageNodes,
    /// [`MessageLimits::depth`](crate::MessageLimits::depth).
    MessageDepth,
    /// [`Limits::handles`](crate::Limits::handles).
    Handles,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MessageBytes => "the message has too many bytes",
            Self::MessageNodes => "the message has too many values",
            Self::MessageDepth => "the message is nested too deeply",
            Self::Handles => "too many objects are held",
        })
    }
}

impl std::error::Error for Limit {}

/// A value that is not of the type that is wanted.
///
/// It says where: which argument, by number and name, and what in it; what was expected, an integer with its range; and what
/// kind of value was found. All of that is the interface's or the caller's: nothing of the target is in it, and not the value.
///
/// # Examples
///
/// ```
/// use membrane::{Error, interface};
/// use runtime::{CallError, Runtime, Value};
/// use std::sync::Arc;
///
/// #[interface(dynamic)]
/// pub trait Dial {
///     fn turn(&self, to: u8) -> Result<(), Error>;
/// }
/// struct Knob;
/// impl Dial for Knob {
///     fn turn(&self, _: u8) -> Result<(), Error> { Ok(()) }
/// }
///
/// let runtime = Runtime::new();
/// let knob = runtime.host().own::<dyn Dial>(Arc::new(Knob));
/// let turn = knob.method("turn").unwrap();
/// let CallError::Arguments(mismatch) = runtime.host().call(&knob, turn, &[256.into()]).unwrap_err() else { panic!() };
/// assert_eq!(mismatch.to_string(), "argument 0 (to): expected an integer from 0 to 255, found an integer out of range");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Inner {
    /// From the innermost outwards.
    path: Vec<Step>,
    expected: Cow<'static, str>,
    found: Found,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Kind(Kind),
    Words(&'static str),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Its number, and its name if it has one.
    Argument(usize, &'static str),
    Item(usize),
    Field(Cow<'static, str>),
}

impl Mismatch {
    /// A mismatch of a whole value.
    pub fn new(expected: impl Into<Cow<'static, str>>, found: &Value) -> Self {
        Self::of(expected.into(), Found::Kind(found.kind()))
    }

    pub(crate) fn words(expected: impl Into<Cow<'static, str>>, found: &'static str) -> Self {
        Self::of(expected.into(), Found::Words(found))
    }

    fn of(expected: Cow<'static, str>, found: Found) -> Self {
        Self(Box::new(Inner {
            path: Vec::new(),
            expected,
            found,
        }))
    }

    fn step(mut self, step: Step) -> Self {
        self.0.path.push(step);
        self
    }

    pub(crate) fn in_item(self, index: usize) -> Self {
        self.step(Step::Item(index))
    }

    /// The same, seen from the record that the value is a field of.
    #[must_use]
    pub fn in_field(self, name: &'static str) -> Self {
        self.step(Step::Field(name.into()))
    }

    /// The same, seen from the call that the value is an argument of. A closure's arguments have no names.
    #[must_use]
    pub(crate) fn in_argument(self, index: usize, name: &'static str) -> Self {
        self.step(Step::Argument(index, name))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            path,
            expected,
            found,
        } = &*self.0;
        for (index, step) in path.iter().rev().enumerate() {
            match step {
                Step::Argument(argument, "") => write!(f, "argument {argument}")?,
                Step::Argument(argument, name) => write!(f, "argument {argument} ({name})")?,
                Step::Item(item) => write!(f, "[{item}]")?,
                Step::Field(name) => write!(f, "{}{name}", if index > 0 { "." } else { "" })?,
            }
        }
        if !path.is_empty() {
            f.write_str(": ")?;
        }
        write!(f, "expected {expected}, found ")?;
        match found {
            Found::Kind(kind) => kind.fmt(f),
            Found::Words(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Membrane(error) => error.fmt(f),
            Self::Raised(value) => write!(f, "raised: {value}"),
            Self::Arguments(mismatch) => mismatch.fmt(f),
            Self::Limit(limit) => limit.fmt(f),
            Self::Busy => Error::from(ErrorKind::Busy).fmt(f),
        }
    }
}

impl std::error::Error for CallError {}

impl CallError {
    /// Says that access was taken back, for this reason: for those who bring a membrane's answer from elsewhere.
    ///
    /// # Examples
    ///
    /// ```
    /// use runtime::CallError;
    ///
    /// assert_eq!(CallError::revoked("the end").to_string(), "revoked: the end");
    /// ```
    pub fn revoked(reason: impl Into<Reason>) -> Self {
        Self::Membrane(crate::domain::revoked(reason.into()))
    }

    /// What a typed caller is told, whose interface has room for a [`membrane::Error`] only.
    pub(crate) fn as_error(&self) -> Error {
        match self {
            Self::Membrane(error) => *error,
            Self::Limit(_) => ErrorKind::Exhausted.into(),
            Self::Busy => ErrorKind::Busy.into(),
            Self::Raised(_) | Self::Arguments(_) => ErrorKind::Failed.into(),
        }
    }
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

impl From<ErrorKind> for CallError {
    fn from(kind: ErrorKind) -> Self {
        Self::Membrane(kind.into())
    }
}

impl From<Limit> for CallError {
    fn from(limit: Limit) -> Self {
        Self::Limit(limit)
    }
}
