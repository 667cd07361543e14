//! Lists, tuples, options, results, maps and sets.

use super::Dynamic;
use crate::call_error::Mismatch;
use crate::domain::Domain;
use crate::fault::{self, Fault};
use crate::interface::{Case, Describing, Type};
use crate::value::Value;
use membrane::Error;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, Hash};

fn items<'v>(value: &'v Value, expected: &'static str) -> Result<&'v [Value], Mismatch> {
    match value {
        Value::List(items) => Ok(items),
        other => Err(Mismatch::new(expected, other)),
    }
}

/// A list of anything but bytes.
pub(super) fn list<T: Dynamic, L: FromIterator<T>>(
    value: &Value,
    side: &Domain,
) -> Result<L, Mismatch> {
    items(value, "a list")?
        .iter()
        .enumerate()
        .map(|(index, item)| T::from_value(item, side).map_err(|error| error.in_item(index)))
        .collect()
}

impl<T: Dynamic> Dynamic for Vec<T> {
    fn ty(describing: &mut Describing) -> Type {
        T::list_ty(describing)
    }

    fn into_value(self, side: &Domain) -> Value {
        T::list_into_value(self, side)
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        T::list_from_value(value, side)
    }

    fn take_value(value: Value, side: &Domain) -> Result<Self, Mismatch> {
        T::list_take_value(value, side)
    }
}

impl<T: Dynamic> Dynamic for Box<[T]> {
    fn ty(describing: &mut Describing) -> Type {
        T::list_ty(describing)
    }

    fn into_value(self, side: &Domain) -> Value {
        T::list_into_value(self.into_vec(), side)
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        T::list_from_value(value, side).map(Into::into)
    }

    fn take_value(value: Value, side: &Domain) -> Result<Self, Mismatch> {
        T::list_take_value(value, side).map(Into::into)
    }
}

impl<T: Dynamic, const N: usize> Dynamic for [T; N] {
    fn ty(describing: &mut Describing) -> Type {
        T::list_ty(describing)
    }

    fn into_value(self, side: &Domain) -> Value {
        T::list_into_value(self.into(), side)
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        Self::try_from(T::list_from_value(value, side)?)
            .map_err(|_| Mismatch::words(format!("a list of {N}"), "a list of another length"))
    }
}

impl<T: Dynamic> Dynamic for VecDeque<T> {
    fn ty(describing: &mut Describing) -> Type {
        T::list_ty(describing)
    }

    fn into_value(self, side: &Domain) -> Value {
        T::list_into_value(self.into(), side)
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        T::list_from_value(value, side).map(Into::into)
    }
}

impl<T: Dynamic> Dynamic for Box<T> {
    const NULLABLE: bool = T::NULLABLE;

    fn ty(describing: &mut Describing) -> Type {
        T::ty(describing)
    }

    fn into_value(self, side: &Domain) -> Value {
        T::into_value(*self, side)
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        T::from_value(value, side).map(Self::new)
    }

    fn take_value(value: Value, side: &Domain) -> Result<Self, Mismatch> {
        T::take_value(value, side).map(Self::new)
    }

    fn membrane_error(&self) -> Option<Error> {
        T::membrane_error(self)
    }
}

/// `None` is null; `Some(value)` is the value or, where that could be null itself, a list of it alone.
impl<T: Dynamic> Dynamic for Option<T> {
    const NULLABLE: bool = true;

    fn ty(describing: &mut Describing) -> Type {
        let inner = T::ty(describing);
        Type::Optional(Box::new(if T::NULLABLE {
            Type::Tuple([inner].into())
        } else {
            inner
        }))
    }

    fn into_value(self, side: &Domain) -> Value {
        match self {
            None => Value::Null,
            Some(inner) if T::NULLABLE => Value::List([inner.into_value(side)].into()),
            Some(inner) => inner.into_value(side),
        }
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        match value {
            Value::Null => Ok(None),
            value if T::NULLABLE => <(T,)>::from_value(value, side).map(|(inner,)| Some(inner)),
            value => T::from_value(value, side).map(Some),
        }
    }

    fn take_value(value: Value, side: &Domain) -> Result<Self, Mismatch> {
        if T::NULLABLE || value == Value::Null {
            return Self::from_value(&value, side);
        }
        T::take_value(value, side).map(Some)
    }
}

impl<T: Dynamic, E: Dynamic> Dynamic for Result<T, E> {
    fn ty(describing: &mut Describing) -> Type {
        let cases = [("Ok", T::ty(describing)), ("Err", E::ty(describing))];
        Type::Choice(
            "Result".into(),
            cases
                .map(|(name, ty)| Case {
                    name,
                    with: Some(ty),
                })
                .into(),
        )
    }

    fn into_value(self, side: &Domain) -> Value {
        Value::record([match self {
            Ok(value) => ("Ok", value.into_value(side)),
            Err(error) => ("Err", error.into_value(side)),
        }])
    }

    fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
        if let Value::Record(fields) = value
            && let [field] = &**fields
        {
            if field.name == "Ok" {
                return T::from_value(&field.value, side)
                    .map(Ok)
                    .map_err(|error| error.in_field("Ok"));
            }
            if field.name == "Err" {
                return E::from_value(&field.value, side)
                    .map(Err)
                    .map_err(|error| error.in_field("Err"));
            }
        }
        Err(Mismatch::new("a record of Ok or Err", value))
    }
}

macro_rules! tuples {
    ($(($count:literal $($ty:ident $index:tt),*))*) => {
        $(
            impl<$($ty: Dynamic),*> Dynamic for ($($ty,)*) {
                fn ty(describing: &mut Describing) -> Type {
                    Type::Tuple([$($ty::ty(describing)),*].into())
                }

                fn into_value(self, side: &Domain) -> Value {
                    Value::List([$(self.$index.into_value(side)),*].into())
                }

                fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
                    let items = items(value, concat!("a list of ", $count))?;
                    if items.len() != $count {
                        return Err(Mismatch::words(concat!("a list of ", $count), "a list of another length"));
                    }
                    Ok(($($ty::from_value(&items[$index], side).map_err(|error| error.in_item($index))?,)*))
                }
            }
        )*
    };
}

tuples! {
    (1 A 0)
    (2 A 0, B 1)
    (3 A 0, B 1, C 2)
    (4 A 0, B 1, C 2, D 3)
    (5 A 0, B 1, C 2, D 3, E 4)
    (6 A 0, B 1, C 2, D 3, E 4, F 5)
    (7 A 0, B 1, C 2, D 3, E 4, F 5, G 6)
    (8 A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7)
}

/// Lists of pairs. A key that occurs twice is a mismatch: of two readers, one might take the first and one the last.
macro_rules! maps {
    ($($map:ident [$($key:tt)*] [$($hasher:ident)?])*) => {
        $(
            impl<K: Dynamic + $($key)*, V: Dynamic $(, $hasher: BuildHasher + Default + 'static)?> Dynamic for $map<K, V $(, $hasher)?> {
                fn ty(describing: &mut Describing) -> Type {
                    <(K, V)>::list_ty(describing)
                }

                fn into_value(self, side: &Domain) -> Value {
                    <(K, V)>::list_into_value(self.into_iter().collect(), side)
                }

                fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
                    let pairs: Vec<(K, V)> = list(value, side)?;
                    let count = pairs.len();
                    let map: Self = pairs.into_iter().collect();
                    if map.len() == count || fault::on(Fault::LastOfTwo) { Ok(map) } else { Err(twice("key")) }
                }
            }
        )*
    };
}

maps! {
    HashMap [Eq + Hash] [S]
    BTreeMap [Ord] []
}

macro_rules! sets {
    ($($set:ident [$($key:tt)*] [$($hasher:ident)?])*) => {
        $(
            impl<T: Dynamic + $($key)* $(, $hasher: BuildHasher + Default + 'static)?> Dynamic for $set<T $(, $hasher)?> {
                fn ty(describing: &mut Describing) -> Type {
                    T::list_ty(describing)
                }

                fn into_value(self, side: &Domain) -> Value {
                    T::list_into_value(self.into_iter().collect(), side)
                }

                fn from_value(value: &Value, side: &Domain) -> Result<Self, Mismatch> {
                    let items = T::list_from_value(value, side)?;
                    let count = items.len();
                    let set: Self = items.into_iter().collect();
                    if set.len() == count || fault::on(Fault::LastOfTwo) { Ok(set) } else { Err(twice("item")) }
                }
            }
        )*
    };
}

sets! {
    HashSet [Eq + Hash] [S]
    BTreeSet [Ord] []
}

fn twice(what: &str) -> Mismatch {
    Mismatch::words(format!("each {what} once"), "one of them twice")
}
