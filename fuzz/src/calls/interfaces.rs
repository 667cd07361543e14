//! The interfaces that programs call, and every shape in which references cross.

use membrane::{Error, Lease, Passable, interface, lease};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A reference to an object of the wider interface.
pub type PeerRef = Arc<dyn Peer>;
/// A reference to an object of the narrower interface.
pub type NamedRef = Arc<dyn Named>;
/// A closure.
pub type FunRef = Arc<dyn Fn(Load) -> Result<Load, Fault> + Send + Sync>;
/// An iterator.
pub type Items = Box<dyn Iterator<Item = Result<Load, Fault>> + Send>;

/// What is inherited: a policy lists it under the interface that crossed.
#[interface]
pub trait Named {
    /// The object's number.
    fn ping(&self) -> Result<u64, Fault>;
    /// Plain data in, plain data out, and the membrane's own error type.
    fn mark(&self, text: &str) -> Result<u64, Error>;
}

/// Takes and gives references.
#[interface]
pub trait Peer: Named {
    /// Takes a load and gives one.
    fn swap(&self, load: Load) -> Result<Load, Fault>;
    /// Takes a load and gives one as the payload of an error.
    fn fail(&self, load: Load) -> Result<(), Fault>;
    /// A reference in and out, without anything around it.
    fn near(&self, other: NamedRef) -> Result<NamedRef, Error>;
    /// A default method: runs on the target's side, or not at all.
    fn twice(&self) -> Result<(u64, u64), Fault> {
        Ok((self.ping()?, 2))
    }
}

/// A struct with references among data.
#[derive(Passable)]
pub struct Record<T> {
    /// Data.
    pub label: String,
    /// A reference.
    pub value: T,
    /// Further ones.
    pub others: Vec<NamedRef>,
}

/// References in every shape.
#[derive(Default, Passable)]
#[passable(recursive)]
#[allow(
    missing_docs,
    reason = "a variant is named after the shape that it holds"
)]
pub enum Load {
    #[default]
    Nothing,
    Text(String),
    Peer(PeerRef),
    Named(NamedRef),
    Fun(FunRef),
    Items(Items),
    Option(Option<PeerRef>),
    List(Vec<NamedRef>),
    Deque(VecDeque<PeerRef>),
    Pair((PeerRef, FunRef)),
    Array([PeerRef; 2]),
    Record(Record<PeerRef>),
    Sorted(BTreeMap<u8, PeerRef>),
    Outcome(Result<PeerRef, NamedRef>),
    Fault(Box<Fault>),
    Several(Vec<Load>),
}

/// An error with room for references.
#[derive(Passable)]
#[passable(recursive)]
pub enum Fault {
    /// The membrane's answer.
    Membrane(Error),
    /// The object's own.
    Payload(Load),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Membrane(error)
    }
}

/// A reference as somebody holds it.
#[derive(Clone)]
#[allow(missing_docs, reason = "one variant for each interface")]
pub enum AnyRef {
    Peer(PeerRef),
    Named(NamedRef),
    Fun(FunRef),
}

/// A lease of what a reference is.
pub enum AnyLease {
    /// Of the wider interface.
    Peer(Lease<dyn Peer>),
    /// Of the narrower one.
    Named(Lease<dyn Named>),
}

impl AnyLease {
    /// Leases `one`; closures are not leased.
    pub fn of(one: &AnyRef) -> Option<Self> {
        match one {
            AnyRef::Peer(one) => Some(Self::Peer(lease(one))),
            AnyRef::Named(one) => Some(Self::Named(lease(one))),
            AnyRef::Fun(_) => None,
        }
    }

    /// The interface that it was leased as.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Peer(_) => Kind::Peer,
            Self::Named(_) => Kind::Named,
        }
    }
}

/// An interface, or the type of closures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "as above")]
pub enum Kind {
    Peer,
    Named,
    Fun,
}

impl AnyRef {
    /// Where the object lies, or the proxy.
    pub fn address(&self) -> usize {
        match self {
            Self::Peer(one) => Arc::as_ptr(one).cast::<()>().addr(),
            Self::Named(one) => Arc::as_ptr(one).cast::<()>().addr(),
            Self::Fun(one) => Arc::as_ptr(one).cast::<()>().addr(),
        }
    }

    /// The type that it is held as.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Peer(_) => Kind::Peer,
            Self::Named(_) => Kind::Named,
            Self::Fun(_) => Kind::Fun,
        }
    }

    /// Whether it is still there, asked without keeping it there.
    pub fn watch(&self) -> Watch {
        match self {
            Self::Peer(one) => {
                Watch::Named(Arc::<dyn Named>::downgrade(&(one.clone() as NamedRef)))
            }
            Self::Named(one) => Watch::Named(Arc::downgrade(one)),
            Self::Fun(one) => Watch::Fun(Arc::downgrade(one)),
        }
    }
}

/// Watches an object or a proxy.
#[derive(Clone)]
#[allow(missing_docs, reason = "as above")]
pub enum Watch {
    Named(std::sync::Weak<dyn Named>),
    Fun(std::sync::Weak<dyn Fn(Load) -> Result<Load, Fault> + Send + Sync>),
}

impl Watch {
    /// Whether anybody holds it.
    pub fn is_alive(&self) -> bool {
        match self {
            Self::Named(weak) => weak.strong_count() > 0,
            Self::Fun(weak) => weak.strong_count() > 0,
        }
    }

    /// Where it lies. Nobody else's address while this is there.
    pub fn address(&self) -> usize {
        match self {
            Self::Named(weak) => weak.as_ptr().cast::<()>().addr(),
            Self::Fun(weak) => weak.as_ptr().cast::<()>().addr(),
        }
    }
}

/// One reference or iterator out of a load.
#[allow(missing_docs, reason = "as above")]
pub enum Leaf {
    Ref(AnyRef),
    Items(Items),
}

/// What a load is like, its references left out.
pub type Outline = String;

impl Load {
    /// Takes the load apart, in the order in which its parts cross.
    pub fn take_apart(self, leaves: &mut Vec<Leaf>, outline: &mut Outline) {
        let mut peer = |one| leaves.push(Leaf::Ref(AnyRef::Peer(one)));
        match self {
            Self::Nothing => outline.push('0'),
            Self::Text(text) => {
                outline.push('"');
                outline.push_str(&text);
            }
            Self::Peer(one) => {
                outline.push('p');
                peer(one);
            }
            Self::Named(one) => {
                outline.push('n');
                leaves.push(Leaf::Ref(AnyRef::Named(one)));
            }
            Self::Fun(one) => {
                outline.push('f');
                leaves.push(Leaf::Ref(AnyRef::Fun(one)));
            }
            Self::Items(items) => {
                outline.push('i');
                leaves.push(Leaf::Items(items));
            }
            Self::Option(one) => {
                outline.push(if one.is_some() { 'S' } else { 'N' });
                one.into_iter().for_each(peer);
            }
            Self::List(all) => {
                write(outline, format_args!("[{}]", all.len()));
                leaves.extend(all.into_iter().map(|one| Leaf::Ref(AnyRef::Named(one))));
            }
            Self::Deque(all) => {
                write(outline, format_args!("<{}>", all.len()));
                all.into_iter().for_each(peer);
            }
            Self::Pair((one, other)) => {
                outline.push(',');
                peer(one);
                leaves.push(Leaf::Ref(AnyRef::Fun(other)));
            }
            Self::Array(all) => {
                outline.push('2');
                all.into_iter().for_each(peer);
            }
            Self::Record(record) => {
                write(
                    outline,
                    format_args!("{{{},{}}}", record.label, record.others.len()),
                );
                peer(record.value);
                leaves.extend(
                    record
                        .others
                        .into_iter()
                        .map(|one| Leaf::Ref(AnyRef::Named(one))),
                );
            }
            Self::Sorted(all) => {
                for (key, one) in all {
                    write(outline, format_args!("{key}:"));
                    peer(one);
                }
            }
            Self::Outcome(Ok(one)) => {
                outline.push('+');
                peer(one);
            }
            Self::Outcome(Err(one)) => {
                outline.push('-');
                leaves.push(Leaf::Ref(AnyRef::Named(one)));
            }
            Self::Fault(fault) => match *fault {
                Fault::Membrane(error) => write(outline, format_args!("!{error}")),
                Fault::Payload(load) => {
                    outline.push('?');
                    load.take_apart(leaves, outline);
                }
            },
            Self::Several(all) => {
                outline.push('(');
                for load in all {
                    load.take_apart(leaves, outline);
                }
                outline.push(')');
            }
        }
    }
}

fn write(outline: &mut Outline, text: std::fmt::Arguments<'_>) {
    std::fmt::Write::write_fmt(outline, text).expect("a `String` takes any text");
}
