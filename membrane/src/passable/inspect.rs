//! How a rule that is data sees a value: what it can be told to look at, and what there is to see.
//!
//! A view borrows the value that is delivered; nothing is converted, copied or read elsewhere.

use super::{Borrowed, Data, Passable};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// What a type shows of its values to rules that are data, known while compiling.
///
/// A [`Check`](crate::Check) that asks for what the type of its argument does not show is an error when the policy is built.
///
/// # Examples
///
/// ```
/// use membrane::{Passable, Shape};
///
/// #[derive(Passable)]
/// struct Options { depth: Option<u32>, pattern: String }
///
/// assert!(matches!(Vec::<u64>::SHAPE, Shape::List(Shape::Integer)));
/// assert_eq!(Options::SHAPE.to_string(), "a record of depth (an optional integer), pattern (text)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// Nothing: references, and types that no rule that is data knows. A closure can look at them.
    Opaque,
    /// A truth value.
    Bool,
    /// A whole number of any width.
    Integer,
    /// A floating-point number.
    Float,
    /// Text: strings, characters, paths, and enums none of whose variants has a field, as the variant's name.
    Text,
    /// A value that may be absent.
    Optional(&'static Shape),
    /// Elements: lists, arrays and sets. Bytes are a list of integers.
    List(&'static Shape),
    /// Keys with values.
    Map(&'static Shape, &'static Shape),
    /// Fields by name: a struct with `#[derive(Passable)]`. A struct of one unnamed field looks like that field.
    Record(&'static [(&'static str, Shape)]),
}

impl Shape {
    /// The shape of a value that is there.
    pub(crate) fn present(self) -> Self {
        match self {
            Self::Optional(inner) => inner.present(),
            other => other,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opaque => f.write_str("something that only a closure can look at"),
            Self::Bool => f.write_str("a bool"),
            Self::Integer => f.write_str("an integer"),
            Self::Float => f.write_str("a float"),
            Self::Text => f.write_str("text"),
            Self::Optional(inner) => {
                let inner = inner.present().to_string();
                let plain = inner.trim_start_matches("an ").trim_start_matches("a ");
                write!(f, "an optional {plain}")
            }
            Self::List(element) => write!(f, "a list, each element {element}"),
            Self::Map(key, value) => write!(f, "a map, each key {key}, each value {value}"),
            Self::Record(fields) => {
                f.write_str("a record of ")?;
                for (index, (name, shape)) in fields.iter().enumerate() {
                    let comma = if index > 0 { ", " } else { "" };
                    write!(f, "{comma}{name} ({shape})")?;
                }
                Ok(())
            }
        }
    }
}

/// A value as a rule that is data sees it.
///
/// [`Passable::inspected`] gives it, and is to give what [`Passable::SHAPE`] promises: a check refuses what it does not
/// expect.
///
/// # Examples
///
/// ```
/// use membrane::{Inspected, Passable};
///
/// assert!(matches!(7_u8.inspected(), Inspected::Integer(7)));
/// assert!(matches!(None::<u8>.inspected(), Inspected::Absent));
/// assert!(matches!('é'.inspected(), Inspected::Text(text) if text == "é"));
/// ```
#[non_exhaustive]
pub enum Inspected<'a> {
    /// Something that a rule that is data cannot look at.
    Opaque,
    /// An optional value that is not there. One that is there looks like itself.
    Absent,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A whole number greater than [`i128::MAX`].
    Greater,
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// The elements of a list, an array or a set.
    List(Box<dyn ExactSizeIterator<Item = Inspected<'a>> + 'a>),
    /// The entries of a map.
    Map(Box<dyn ExactSizeIterator<Item = (Inspected<'a>, Inspected<'a>)> + 'a>),
    /// The fields of a struct.
    Record(Vec<(&'static str, Inspected<'a>)>),
}

impl<'a> Inspected<'a> {
    /// A view of a list.
    pub(crate) fn list<T: Passable>(
        items: impl IntoIterator<Item = &'a T, IntoIter: ExactSizeIterator + 'a>,
    ) -> Self {
        Self::List(Box::new(items.into_iter().map(T::inspected)))
    }

    /// A view of a map.
    pub(crate) fn map<K: Passable, V: Passable>(
        entries: impl IntoIterator<Item = (&'a K, &'a V), IntoIter: ExactSizeIterator + 'a>,
    ) -> Self {
        let entries = entries.into_iter();
        Self::Map(Box::new(
            entries.map(|(key, value)| (key.inspected(), value.inspected())),
        ))
    }

    /// A view of what may not be text.
    pub(crate) fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Opaque, |text| Self::Text(Cow::Borrowed(text)))
    }
}

impl fmt::Debug for Inspected<'_> {
    /// Shows what kind of value it is, not the value: arguments do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Opaque => "Opaque",
            Self::Absent => "Absent",
            Self::Bool(_) => "Bool(..)",
            Self::Integer(_) | Self::Greater => "Integer(..)",
            Self::Float(_) => "Float(..)",
            Self::Text(_) => "Text(..)",
            Self::List(_) => "List(..)",
            Self::Map(_) => "Map(..)",
            Self::Record(_) => "Record(..)",
        })
    }
}

/// An argument that is passed by value, by its type.
#[derive(Debug)]
pub struct Owned<A>(PhantomData<A>);

impl<A: Passable> Owned<A> {
    /// What can be seen of it.
    pub const SHAPE: Shape = A::SHAPE;

    /// What there is to see.
    pub fn view(argument: &A) -> Inspected<'_> {
        argument.inspected()
    }

    /// How large it is.
    pub fn size_bytes(argument: &A) -> u64 {
        argument.size_bytes()
    }
}

impl<A: Data> Owned<A> {
    /// Whether it is known to hold no reference.
    pub const DATA: bool = true;
}

/// An argument that is borrowed, by its type.
#[derive(Debug)]
pub struct Lent<A: ?Sized>(PhantomData<A>);

impl<A: ?Sized + Borrowed> Lent<A> {
    /// What can be seen of it.
    pub const SHAPE: Shape = A::SHAPE;
    /// Whether it is known to hold no reference: nothing else can be borrowed.
    pub const DATA: bool = true;

    /// What there is to see.
    pub fn view(argument: &A) -> Inspected<'_> {
        argument.inspected()
    }

    /// How large it is.
    pub fn size_bytes(argument: &A) -> u64 {
        argument.lent_bytes()
    }
}

/// Stands in where an argument's type cannot cross at all, so that the compiler says that and nothing else: an inherent item
/// that exists comes before that of a trait.
pub trait Unseen {
    /// The argument's type.
    type Argument: ?Sized;
    /// Nothing.
    const SHAPE: Shape = Shape::Opaque;
    /// No: also of what can cross and is not [`Data`].
    const DATA: bool = false;

    /// Nothing.
    fn view(_: &Self::Argument) -> Inspected<'_> {
        Inspected::Opaque
    }

    /// None.
    fn size_bytes(_: &Self::Argument) -> u64 {
        0
    }
}

impl<A> Unseen for Owned<A> {
    type Argument = A;
}

impl<A: ?Sized> Unseen for Lent<A> {
    type Argument = A;
}
