//! What dynamic calls take and return: data, and references to objects.
//!
//! A value is a tree. It is 24 bytes, so that an array of arguments lies on the stack; text, bytes, lists and records own
//! their contents, so that a value which was checked cannot change under the one who checked it.

mod measure;

pub use measure::{Extent, MessageLimits};

use crate::object::Object;
use std::borrow::Cow;
use std::fmt;

/// A value of a dynamic call.
///
/// # Authority
///
/// A [`Value::Object`] is a reference that its holder can call. Everything else is data.
///
/// # Examples
///
/// ```
/// use runtime::Value;
///
/// assert_eq!(size_of::<Value>(), 24);
/// let list = Value::from(vec![Value::from(1), Value::from("two")]);
/// assert_eq!(list.to_string(), r#"[1, "two"]"#);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// Yes or no.
    Bool(bool),
    /// An integer from -2⁶³ to 2⁶³ - 1.
    Int(i64),
    /// An integer from 2⁶³ to 2⁶⁴ - 1. Smaller ones are [`Value::Int`]: each integer has one form, which
    /// `From<u64>` chooses.
    Uint(u64),
    /// A number of double precision.
    Float(f64),
    /// Text.
    Text(Box<str>),
    /// Bytes.
    Bytes(Box<[u8]>),
    /// Values in a row.
    List(Box<[Value]>),
    /// Values by name.
    Record(Box<[Field]>),
    /// A reference to an object.
    Object(Object),
}

const _: () = assert!(size_of::<Value>() <= 24);

/// One entry of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name, once in a record.
    pub name: Cow<'static, str>,
    /// What it holds.
    pub value: Value,
}

/// What a value is, without what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// [`Value::Null`].
    Null,
    /// [`Value::Bool`].
    Bool,
    /// [`Value::Int`] or [`Value::Uint`].
    Integer,
    /// [`Value::Float`].
    Float,
    /// [`Value::Text`].
    Text,
    /// [`Value::Bytes`].
    Bytes,
    /// [`Value::List`].
    List,
    /// [`Value::Record`].
    Record,
    /// [`Value::Object`].
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "bool",
            Self::Integer => "integer",
            Self::Float => "float",
            Self::Text => "text",
            Self::Bytes => "bytes",
            Self::List => "list",
            Self::Record => "record",
            Self::Object => "object",
        })
    }
}

impl Value {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) | Self::Uint(_) => Kind::Integer,
            Self::Float(_) => Kind::Float,
            Self::Text(_) => Kind::Text,
            Self::Bytes(_) => Kind::Bytes,
            Self::List(_) => Kind::List,
            Self::Record(_) => Kind::Record,
            Self::Object(_) => Kind::Object,
        }
    }

    /// A record of these fields, in this order.
    ///
    /// # Examples
    ///
    /// ```
    /// use runtime::Value;
    ///
    /// let point = Value::record([("x", 1.into()), ("y", 2.into())]);
    /// assert_eq!(point.field("y"), Some(&Value::Int(2)));
    /// ```
    pub fn record<N: Into<Cow<'static, str>>>(fields: impl IntoIterator<Item = (N, Self)>) -> Self {
        Self::Record(
            fields
                .into_iter()
                .map(|(name, value)| Field {
                    name: name.into(),
                    value,
                })
                .collect(),
        )
    }

    /// The field of this name, if this is a record that has one.
    pub fn field(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Record(fields) => fields
                .iter()
                .find(|field| field.name == name)
                .map(|field| &field.value),
            _ => None,
        }
    }

    /// The object, if this is one.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The integer, whichever of the two forms it has.
    pub(crate) fn as_integer(&self) -> Option<i128> {
        match *self {
            Self::Int(int) => Some(int.into()),
            Self::Uint(uint) => Some(uint.into()),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Int(value.into())
    }
}

impl From<u64> for Value {
    #[inline]
    fn from(value: u64) -> Self {
        i64::try_from(value).map_or(Self::Uint(value), Self::Int)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value.into())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value.into())
    }
}

impl From<Vec<Self>> for Value {
    fn from(value: Vec<Self>) -> Self {
        Self::List(value.into())
    }
}

impl From<Object> for Value {
    fn from(value: Object) -> Self {
        Self::Object(value)
    }
}

impl fmt::Display for Value {
    /// For people: as JSON, but for bytes (`<3 bytes>`) and objects (`<Account>`).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Uint(value) => value.fmt(f),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Bytes(value) => write!(f, "<{} bytes>", value.len()),
            Self::Object(value) => write!(f, "<{}>", value.interface().name()),
            Self::List(values) => {
                f.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Record(fields) => {
                f.write_str("{")?;
                for (index, Field { name, value }) in fields.iter().enumerate() {
                    write!(f, "{}{name:?}: {value}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
        }
    }
}
