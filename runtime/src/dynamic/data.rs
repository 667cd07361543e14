//! Numbers, times, and the membrane's own answers.

use super::{Dynamic, HeldList};
use crate::call_error::Mismatch;
use crate::domain::Domain;
use crate::interface::{Describing, Type};
use crate::value::Value;
use membrane::{Error, ErrorKind};
use std::time::{Duration, SystemTime};

const OUT_OF_RANGE: &str = "an integer out of range";

macro_rules! integers {
    ($($ty:ty as $described:ty),*) => {
        $(
            #[allow(clippy::cast_lossless, reason = "`isize` and `usize` have no `From`")]
            impl Dynamic for $ty {
                fn ty(_: &mut Describing) -> Type {
                    Type::Integer(<$described>::MIN as i128, <$described>::MAX as i128)
                }

                #[inline]
                fn into_value(self, _: &Domain) -> Value {
                    integer(self as i128)
                }

                #[inline]
                fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
                    fitting(value).ok_or_else(|| not_an_integer(<$ty>::MIN as i128, <$ty>::MAX as i128, value))
                }
            }
        )*
    };
}

// The interface is the same whatever the width of an address: what does not fit is refused where it arrives.
integers!(
    i8 as i8,
    i16 as i16,
    i32 as i32,
    i64 as i64,
    isize as i64,
    u16 as u16,
    u32 as u32,
    u64 as u64,
    usize as u64
);

/// The one form of an integer of at most 64 bits.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the types have at most 64 bits, and what is not an i64 is a u64"
)]
fn integer(value: i128) -> Value {
    match i64::try_from(value) {
        Ok(int) => Value::Int(int),
        Err(_) => Value::Uint(value as u64),
    }
}

/// The integer, whichever of the two forms it has: who builds a value by hand may have taken the longer one.
#[inline]
fn fitting<T: TryFrom<i64> + TryFrom<u64>>(value: &Value) -> Option<T> {
    match *value {
        Value::Int(int) => T::try_from(int).ok(),
        Value::Uint(uint) => T::try_from(uint).ok(),
        _ => None,
    }
}

#[cold]
fn not_an_integer(least: i128, most: i128, value: &Value) -> Mismatch {
    let expected = format!("an integer from {least} to {most}");
    match value.as_integer() {
        Some(_) => Mismatch::words(expected, OUT_OF_RANGE),
        None => Mismatch::new(expected, value),
    }
}

/// A list of bytes is not a list of integers.
impl Dynamic for u8 {
    fn ty(_: &mut Describing) -> Type {
        Type::Integer(0, 255)
    }

    #[inline]
    fn into_value(self, _: &Domain) -> Value {
        Value::Int(self.into())
    }

    #[inline]
    fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
        fitting(value).ok_or_else(|| not_an_integer(0, 255, value))
    }

    fn list_ty(_: &mut Describing) -> Type {
        Type::Bytes
    }

    fn list_into_value(list: Vec<Self>, _: &Domain) -> Value {
        Value::Bytes(list.into())
    }

    fn list_from_value(value: &Value, side: &Domain) -> Result<Vec<Self>, Mismatch> {
        Self::list_hold(value, side).map(|held| std::borrow::Borrow::<[u8]>::borrow(&held).to_vec())
    }

    fn list_take_value(value: Value, side: &Domain) -> Result<Vec<Self>, Mismatch> {
        match value {
            Value::Bytes(bytes) => Ok(bytes.into_vec()),
            other => Self::list_from_value(&other, side),
        }
    }

    fn list_hold<'v>(value: &'v Value, _: &Domain) -> Result<HeldList<'v, Self>, Mismatch> {
        match value {
            Value::Bytes(bytes) => Ok(HeldList::Borrowed(bytes)),
            other => Err(Mismatch::new("bytes", other)),
        }
    }

    fn slice_into_value(slice: &[Self], _: &Domain) -> Value {
        Value::Bytes(slice.into())
    }
}

impl Dynamic for bool {
    fn ty(_: &mut Describing) -> Type {
        Type::Bool
    }

    #[inline]
    fn into_value(self, _: &Domain) -> Value {
        Value::Bool(self)
    }

    #[inline]
    fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
        match value {
            Value::Bool(yes) => Ok(*yes),
            other => Err(Mismatch::new("a bool", other)),
        }
    }
}

impl Dynamic for f64 {
    fn ty(_: &mut Describing) -> Type {
        Type::Float
    }

    #[inline]
    fn into_value(self, _: &Domain) -> Value {
        Value::Float(self)
    }

    #[inline]
    fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
        match value {
            Value::Float(float) => Ok(*float),
            other => Err(Mismatch::new("a float", other)),
        }
    }
}

impl Dynamic for f32 {
    fn ty(_: &mut Describing) -> Type {
        Type::Float
    }

    #[inline]
    fn into_value(self, _: &Domain) -> Value {
        Value::Float(self.into())
    }

    /// Rounds to the nearest.
    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "rounding is what is wanted"
    )]
    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        f64::from_value(value, side).map(|float| float as Self)
    }
}

impl Dynamic for () {
    const NULLABLE: bool = true;

    fn ty(_: &mut Describing) -> Type {
        Type::Null
    }

    #[inline]
    fn into_value(self, _: &Domain) -> Value {
        Value::Null
    }

    #[inline]
    fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(()),
            other => Err(Mismatch::new("null", other)),
        }
    }
}

/// Seconds, then nanoseconds below a second.
impl Dynamic for Duration {
    fn ty(describing: &mut Describing) -> Type {
        <(u64, u32)>::ty(describing)
    }

    fn into_value(self, side: &Domain) -> Value {
        (self.as_secs(), self.subsec_nanos()).into_value(side)
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        let (secs, nanos) = <(u64, u32)>::from_value(value, side)?;
        if nanos >= 1_000_000_000 {
            return Err(Mismatch::words(
                "less than a second in nanoseconds",
                "a second or more",
            ));
        }
        Ok(Self::new(secs, nanos))
    }
}

/// Whether it is since the beginning of 1970 (UTC) or before it, and how long.
impl Dynamic for SystemTime {
    fn ty(describing: &mut Describing) -> Type {
        <(bool, Duration)>::ty(describing)
    }

    fn into_value(self, side: &Domain) -> Value {
        match self.duration_since(Self::UNIX_EPOCH) {
            Ok(since) => (true, since),
            Err(error) => (false, error.duration()),
        }
        .into_value(side)
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        let (is_since, duration) = <(bool, Duration)>::from_value(value, side)?;
        let time = if is_since {
            Self::UNIX_EPOCH.checked_add(duration)
        } else {
            Self::UNIX_EPOCH.checked_sub(duration)
        };
        time.ok_or_else(|| Mismatch::words("a time that this system has", "another"))
    }
}

/// The names of the kinds, which are the same in every version.
const KINDS: [(ErrorKind, &str); 10] = [
    (ErrorKind::Refused, "refused"),
    (ErrorKind::Revoked, "revoked"),
    (ErrorKind::Panicked, "panicked"),
    (ErrorKind::TooDeep, "too deep"),
    (ErrorKind::Rejected, "rejected"),
    (ErrorKind::Failed, "failed"),
    (ErrorKind::Exhausted, "exhausted"),
    (ErrorKind::Suspended, "suspended"),
    (ErrorKind::Expired, "expired"),
    (ErrorKind::Busy, "busy"),
];

/// The kind. The reason does not travel: it is for the holders of what was revoked.
impl Dynamic for Error {
    fn ty(_: &mut Describing) -> Type {
        Type::MembraneError
    }

    fn into_value(self, _: &Domain) -> Value {
        let named = KINDS.iter().find(|(kind, _)| *kind == self.kind());
        named.map_or("failed", |(_, name)| name).into()
    }

    fn from_value(value: &Value, _: &Domain) -> Result<Self, Mismatch> {
        let kind = match value {
            Value::Text(text) => KINDS.iter().find(|(_, name)| **name == **text),
            _ => None,
        };
        kind.map(|(kind, _)| (*kind).into())
            .ok_or_else(|| Mismatch::new("a membrane's answer", value))
    }

    fn membrane_error(&self) -> Option<Error> {
        Some(*self)
    }
}
