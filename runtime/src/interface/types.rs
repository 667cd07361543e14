//! What a value has to look like: the types of parameters, results and errors.

use super::{Known, Mention};
use std::any::TypeId;
use std::fmt;

/// The type of a dynamic value.
///
/// It describes; what checks a value is the conversion to the Rust type that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Type {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool,
    /// An integer between two bounds, themselves included.
    Integer(i128, i128),
    /// A number.
    Float,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Text if it is UTF-8, bytes otherwise.
    TextOrBytes,
    /// Any number of values of one type.
    List(Box<Type>),
    /// As many values as there are types, each of its own.
    Tuple(Box<[Type]>),
    /// A value, or null.
    Optional(Box<Type>),
    /// Named fields.
    Record(String, Box<[FieldType]>),
    /// One of several cases.
    Choice(String, Box<[Case]>),
    /// A record or a choice that this one is inside of.
    Itself(String),
    /// A reference to an object of the interface of this name.
    Object(String),
    /// A membrane's own answer.
    MembraneError,
}

/// A field of a [`Type::Record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldType {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: Type,
}

/// A case of a [`Type::Choice`]: its name as a text or, if there is something with it, a record of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: &'static str,
    /// What comes with it.
    pub with: Option<Type>,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool => f.write_str("bool"),
            Self::Integer(least, most) => write!(f, "integer from {least} to {most}"),
            Self::Float => f.write_str("float"),
            Self::Text => f.write_str("text"),
            Self::Bytes => f.write_str("bytes"),
            Self::TextOrBytes => f.write_str("text or bytes"),
            Self::List(ty) => write!(f, "list of ({ty})"),
            Self::Optional(ty) => write!(f, "optional ({ty})"),
            Self::Itself(name) => f.write_str(name),
            Self::Object(name) => write!(f, "object {name}"),
            Self::MembraneError => f.write_str("membrane error"),
            Self::Tuple(types) => {
                f.write_str("(")?;
                for (index, ty) in types.iter().enumerate() {
                    write!(f, "{}{ty}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
            Self::Record(name, fields) => {
                write!(f, "record {name} {{")?;
                for (index, FieldType { name, ty }) in fields.iter().enumerate() {
                    write!(f, "{}{name}: {ty}", if index > 0 { ", " } else { "" })?;
                }
                f.write_str("}")
            }
            Self::Choice(name, cases) => {
                write!(f, "choice {name} {{")?;
                for (index, Case { name, with }) in cases.iter().enumerate() {
                    f.write_str(if index > 0 { ", " } else { "" })?;
                    match with {
                        Some(ty) => write!(f, "{name}: {ty}")?,
                        None => f.write_str(name)?,
                    }
                }
                f.write_str("}")
            }
        }
    }
}

/// The way through the types of one interface, as it is described.
#[derive(Debug, Default)]
pub struct Describing {
    /// The named types that the present one is inside of.
    inside: Vec<TypeId>,
    pub(super) mentions: Vec<Mention>,
}

impl Describing {
    /// Describes the named type `T`, unless it is inside itself.
    pub fn named<T: 'static>(
        &mut self,
        name: &str,
        describe: impl FnOnce(&mut Self) -> Type,
    ) -> Type {
        let id = TypeId::of::<T>();
        if self.inside.contains(&id) {
            return Type::Itself(name.into());
        }
        self.inside.push(id);
        let ty = describe(self);
        self.inside.pop();
        ty
    }

    /// A reference to an object of the interface `name`, which `known` finds out more of, some other time.
    pub(crate) fn object(&mut self, name: String, known: fn() -> &'static Known) -> Type {
        self.mentions.push(known);
        Type::Object(name)
    }
}
