//! Text, and names that are text most of the time.

use super::{Dynamic, DynamicRef};
use crate::call_error::Mismatch;
use crate::domain::Domain;
use crate::interface::{Describing, Type};
use crate::value::Value;
use std::borrow::Cow;
use std::sync::Arc;

macro_rules! text {
    ($($ty:ty),*) => {
        $(
            impl Dynamic for $ty {
                fn ty(_: &mut Describing) -> Type {
                    Type::Text
                }

                fn into_value(self, _: &Domain) -> Value {
                    Value::Text(self.into())
                }

                fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
                    <str as DynamicRef>::hold(value, side).map(|text| text.to_owned().into())
                }

                fn take_value(value: Value, _: &Domain) -> Result<Self, Mismatch> {
                    match value {
                        Value::Text(text) => Ok(String::from(text).into()),
                        other => Err(Mismatch::new("text", &other)),
                    }
                }
            }
        )*
    };
}

text!(String, Box<str>, Cow<'static, str>);

impl Dynamic for Arc<str> {
    fn ty(_: &mut Describing) -> Type {
        Type::Text
    }

    fn into_value(self, _: &Domain) -> Value {
        Value::Text(self.as_ref().into())
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        <str as DynamicRef>::hold(value, side).map(Into::into)
    }
}

impl Dynamic for Arc<[u8]> {
    fn ty(_: &mut Describing) -> Type {
        Type::Bytes
    }

    fn into_value(self, _: &Domain) -> Value {
        Value::Bytes(self.as_ref().into())
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        Vec::<u8>::from_value(value, side).map(Into::into)
    }
}

impl Dynamic for char {
    fn ty(_: &mut Describing) -> Type {
        Type::Text
    }

    fn into_value(self, _: &Domain) -> Value {
        self.to_string().into()
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        let mut letters = <str as DynamicRef>::hold(value, side)?.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Ok(letter),
            _ => Err(Mismatch::words("text of one character", "another text")),
        }
    }
}

/// The form of bytes that are most often text.
#[doc(hidden)]
pub(crate) fn text_or_bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::Text(text.into()),
        Err(error) => Value::Bytes(error.into_bytes().into()),
    }
}

/// The bytes of text or bytes.
pub(crate) fn bytes_of(value: &Value) -> Result<&[u8], Mismatch> {
    match value {
        Value::Text(text) => Ok(text.as_bytes()),
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(Mismatch::new("text or bytes", other)),
    }
}

#[cfg(unix)]
mod system {
    use super::{Describing, Domain, Dynamic, Mismatch, Type, Value, bytes_of, text_or_bytes};
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    use std::path::PathBuf;

    macro_rules! system {
        ($($ty:ty),*) => {
            $(
                impl Dynamic for $ty {
                    fn ty(_: &mut Describing) -> Type {
                        Type::TextOrBytes
                    }

                    fn into_value(self, _: &Domain) -> Value {
                        text_or_bytes(OsString::from(self).into_vec())
                    }

                    fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
                        bytes_of(value).map(|bytes| OsString::from_vec(bytes.to_vec()).into())
                    }
                }
            )*
        };
    }

    system!(OsString, PathBuf);
}
