//! Checks as serde data. What is read is sound, and what is written can be read again.

use super::check::{Check, Constant, MAX_LEVELS};
use super::problem::{RuleProblem, sound};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Unexpected, Visitor};
use serde::ser::{self, Serialize, Serializer};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

/// A check, by the names by which it is written.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(rename = "Check", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Range(Bounds<Whole>),
    Float(Bounds<Finite>),
    Length(Bounds<u64>),
    Characters(Bounds<u64>),
    Prefix(String),
    Suffix(String),
    OneOf(Vec<Constant>),
    Pattern(String),
    Within(String),
    Present,
    Each(Inner),
    Keys(Inner),
    Values(Inner),
}

/// A check inside another.
#[derive(serde::Serialize)]
#[serde(transparent)]
struct Inner(Box<Written>);

thread_local! {
    /// How many checks this thread is reading inside each other. Without a destructor, for threads that are ending.
    static LEVELS: Cell<usize> = const { Cell::new(1) };
}

/// One more of them, until it is dropped.
struct Level;

impl Level {
    fn enter() -> Option<Self> {
        LEVELS.with(|levels| {
            let more = levels.get() < MAX_LEVELS;
            more.then(|| levels.set(levels.get() + 1))
        })?;
        Some(Self)
    }
}

impl Drop for Level {
    fn drop(&mut self) {
        LEVELS.with(|levels| levels.set(levels.get() - 1));
    }
}

#[derive(serde::Serialize)]
struct Bounds<N> {
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<N>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<N>,
}

#[derive(serde::Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Bound {
    Min,
    Max,
}

/// A whole number, of 64 bits as it is written.
#[derive(Clone, Copy)]
struct Whole(i128);

/// A floating-point number, finite as it is written: some formats have no other.
#[derive(Clone, Copy, serde::Deserialize)]
#[serde(transparent)]
struct Finite(f64);

fn bounds<N, M>(min: Option<N>, max: Option<N>, convert: fn(N) -> M) -> Bounds<M> {
    Bounds {
        min: min.map(convert),
        max: max.map(convert),
    }
}

impl From<Check> for Written {
    fn from(check: Check) -> Self {
        let inner = |check: Box<Check>| Inner(Box::new(Self::from(*check)));
        match check {
            Check::Integer { min, max } => Self::Range(bounds(min, max, Whole)),
            Check::Float { min, max } => Self::Float(bounds(min, max, Finite)),
            Check::Length { min, max } => Self::Length(Bounds { min, max }),
            Check::Characters { min, max } => Self::Characters(Bounds { min, max }),
            Check::Prefix(text) => Self::Prefix(text),
            Check::Suffix(text) => Self::Suffix(text),
            Check::OneOf(values) => Self::OneOf(values),
            Check::Pattern(text) => Self::Pattern(text),
            Check::Within(path) => Self::Within(path),
            Check::Present => Self::Present,
            Check::Each(check) => Self::Each(inner(check)),
            Check::Keys(check) => Self::Keys(inner(check)),
            Check::Values(check) => Self::Values(inner(check)),
        }
    }
}

impl From<Written> for Check {
    fn from(written: Written) -> Self {
        let inner = |Inner(written)| Box::new(Self::from(*written));
        match written {
            Written::Range(Bounds { min, max }) => Self::Integer {
                min: min.map(|Whole(n)| n),
                max: max.map(|Whole(n)| n),
            },
            Written::Float(Bounds { min, max }) => Self::Float {
                min: min.map(|Finite(n)| n),
                max: max.map(|Finite(n)| n),
            },
            Written::Length(Bounds { min, max }) => Self::Length { min, max },
            Written::Characters(Bounds { min, max }) => Self::Characters { min, max },
            Written::Prefix(text) => Self::Prefix(text),
            Written::Suffix(text) => Self::Suffix(text),
            Written::OneOf(values) => Self::OneOf(values),
            Written::Pattern(text) => Self::Pattern(text),
            Written::Within(path) => Self::Within(path),
            Written::Present => Self::Present,
            Written::Each(check) => Self::Each(inner(check)),
            Written::Keys(check) => Self::Keys(inner(check)),
            Written::Values(check) => Self::Values(inner(check)),
        }
    }
}

impl Serialize for Check {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        sound(self).map_err(ser::Error::custom)?;
        Written::from(self.clone()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Check {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let check = Self::from(Written::deserialize(deserializer)?);
        sound(&check).map_err(de::Error::custom)?;
        Ok(check)
    }
}

/// By hand, since a derived one would use up the stack where the format has no bound of its own.
impl<'de> Deserialize<'de> for Inner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let _level = Level::enter().ok_or_else(|| de::Error::custom(RuleProblem::TooDeep))?;
        Box::deserialize(deserializer).map(Self)
    }
}

/// By hand, since a derived one would take a list for the bounds, and `null` for one that is left out.
impl<'de, N: Deserialize<'de>> Deserialize<'de> for Bounds<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BoundsVisitor(PhantomData))
    }
}

struct BoundsVisitor<N>(PhantomData<N>);

impl<'de, N: Deserialize<'de>> Visitor<'de> for BoundsVisitor<N> {
    type Value = Bounds<N>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`min`, `max` or both")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bounds<N>, A::Error> {
        let (mut min, mut max) = (None, None);
        while let Some(bound) = map.next_key()? {
            let (place, name) = match bound {
                Bound::Min => (&mut min, "min"),
                Bound::Max => (&mut max, "max"),
            };
            if place.replace(map.next_value()?).is_some() {
                return Err(de::Error::duplicate_field(name));
            }
        }
        Ok(Bounds { min, max })
    }
}

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(number) = *self;
        if let Ok(number) = i64::try_from(number) {
            return serializer.serialize_i64(number);
        }
        let number = u64::try_from(number)
            .map_err(|_| ser::Error::custom(format_args!("{number} has more than 64 bits")))?;
        serializer.serialize_u64(number)
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let other = match Constant::deserialize(deserializer)? {
            Constant::Integer(number) => return Ok(Self(number)),
            Constant::Bool(value) => de::Error::invalid_type(Unexpected::Bool(value), &WHOLE),
            Constant::Text(text) => de::Error::invalid_type(Unexpected::Str(&text), &WHOLE),
        };
        Err(other)
    }
}

const WHOLE: &str = "a whole number";

impl Serialize for Finite {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if !self.0.is_finite() {
            return Err(ser::Error::custom("an infinite bound is not written"));
        }
        serializer.serialize_f64(self.0)
    }
}

impl Serialize for Constant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Integer(number) => Whole(*number).serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for Constant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ConstantVisitor)
    }
}

struct ConstantVisitor;

impl Visitor<'_> for ConstantVisitor {
    type Value = Constant;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a whole number or a truth value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Constant, E> {
        Ok(Constant::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Constant, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Constant, E> {
        Ok(number.into())
    }

    fn visit_i128<E>(self, number: i128) -> Result<Constant, E> {
        Ok(number.into())
    }

    fn visit_u128<E: de::Error>(self, number: u128) -> Result<Constant, E> {
        i128::try_from(number)
            .map(Constant::Integer)
            .map_err(|_| E::invalid_value(Unexpected::Other("a number of 128 bits"), &self))
    }

    fn visit_str<E>(self, text: &str) -> Result<Constant, E> {
        Ok(text.into())
    }
}
