//! Containers: bare if their contents are, rebuilt otherwise. Those that hash are rebuilt always: whoever has a map has the
//! state that it hashes by, and can find keys that collide in every clone of it.

#![allow(
    clippy::implicit_hasher,
    reason = "a rebuilt map hashes by a state of its own: a foreign hasher would be the other side's code"
)]

use super::{Data, Inspected, Passable, Shape, sum_bytes};
use crate::crossing::Crossing;
use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::marker::PhantomData;
use std::ops::{Range, RangeInclusive};

/// Implements both traits for containers whose elements are taken out one by one.
macro_rules! rebuilt {
    ($($type:ident),*) => {
        $(
            impl<T: Passable> Passable for $type<T> {
                const BARE: bool = T::BARE;

                #[inline]
                fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
                    if Self::BARE { Ok(self) } else { self.into_iter().map(|item| crossing.inner(item)).collect() }
                }

                fn size_bytes(&self) -> u64 {
                    sum_bytes(self)
    }

                const SHAPE: Shape = Shape::List(&T::SHAPE);

                fn inspected(&self) -> Inspected<'_> {
                    Inspected::list(self)
                }
            }

            impl<T: Data> Data for $type<T> {}
        )*
    };
}

rebuilt!(Vec, VecDeque);

impl<T: Passable> Passable for Box<[T]> {
    const BARE: bool = T::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if Self::BARE {
            Ok(self)
        } else {
            self.into_vec()
                .into_iter()
                .map(|item| crossing.inner(item))
                .collect()
        }
    }

    fn size_bytes(&self) -> u64 {
        sum_bytes(&**self)
    }

    const SHAPE: Shape = Shape::List(&T::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::list(self)
    }
}

impl<T: Data> Data for Box<[T]> {}

impl<T: Passable> Passable for Box<T> {
    const BARE: bool = T::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if Self::BARE {
            Ok(self)
        } else {
            crossing.inner(*self).map(Self::new)
        }
    }

    fn size_bytes(&self) -> u64 {
        sum_bytes([&**self])
    }

    const SHAPE: Shape = T::SHAPE;

    fn inspected(&self) -> Inspected<'_> {
        (**self).inspected()
    }
}

impl<T: Data> Data for Box<T> {}

impl<T: Passable> Passable for Option<T> {
    const BARE: bool = T::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        self.map(|value| crossing.inner(value)).transpose()
    }

    fn size_bytes(&self) -> u64 {
        self.as_ref().map_or(0, T::size_bytes)
    }

    const SHAPE: Shape = Shape::Optional(&T::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        self.as_ref().map_or(Inspected::Absent, T::inspected)
    }
}

impl<T: Data> Data for Option<T> {}

impl<T: Passable, E: Passable> Passable for Result<T, E> {
    const BARE: bool = T::BARE && E::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        Ok(match self {
            Ok(value) => Ok(crossing.inner(value)?),
            Err(error) => Err(crossing.inner(error)?),
        })
    }

    fn size_bytes(&self) -> u64 {
        self.as_ref().map_or_else(E::size_bytes, T::size_bytes)
    }
}

impl<T: Data, E: Data> Data for Result<T, E> {}

impl<T: Passable, const N: usize> Passable for [T; N] {
    const BARE: bool = T::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if Self::BARE {
            return Ok(self);
        }
        // `array::map` cannot stop at the first error: after one, the rest is dropped unconverted.
        let mut failed = None;
        let converted = self.map(|item| {
            if failed.is_some() {
                return None;
            }
            crossing
                .inner(item)
                .map_err(|error| failed = Some(error))
                .ok()
        });
        match failed {
            Some(error) => Err(error),
            None => {
                Ok(converted.map(|item| item.expect("an item is missing only after a failure")))
            }
        }
    }

    fn size_bytes(&self) -> u64 {
        sum_bytes(self)
    }

    const SHAPE: Shape = Shape::List(&T::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::list(self)
    }
}

impl<T: Data, const N: usize> Data for [T; N] {}

impl<K: Data + Eq + Hash, V: Passable> Passable for HashMap<K, V> {
    const BARE: bool = false;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        self.into_iter()
            .map(|(key, value)| Ok((crossing.inner(key)?, crossing.inner(value)?)))
            .collect()
    }

    fn size_bytes(&self) -> u64 {
        sum_bytes(self.keys()).saturating_add(sum_bytes(self.values()))
    }

    const SHAPE: Shape = Shape::Map(&K::SHAPE, &V::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::map(self)
    }
}

impl<K: Data + Eq + Hash, V: Data> Data for HashMap<K, V> {}

impl<K: Data + Ord, V: Passable> Passable for BTreeMap<K, V> {
    const BARE: bool = K::BARE && V::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if Self::BARE {
            return Ok(self);
        }
        self.into_iter()
            .map(|(key, value)| Ok((crossing.inner(key)?, crossing.inner(value)?)))
            .collect()
    }

    fn size_bytes(&self) -> u64 {
        sum_bytes(self.keys()).saturating_add(sum_bytes(self.values()))
    }

    const SHAPE: Shape = Shape::Map(&K::SHAPE, &V::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::map(self)
    }
}

impl<K: Data + Ord, V: Data> Data for BTreeMap<K, V> {}

impl<T: Data + Eq + Hash> Passable for HashSet<T> {
    const BARE: bool = false;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        self.into_iter().map(|item| crossing.inner(item)).collect()
    }

    fn size_bytes(&self) -> u64 {
        sum_bytes(self)
    }

    const SHAPE: Shape = Shape::List(&T::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::list(self)
    }
}

impl<T: Data + Eq + Hash> Data for HashSet<T> {}

impl<T: Data + Ord> Passable for BTreeSet<T> {
    const BARE: bool = T::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if Self::BARE {
            Ok(self)
        } else {
            self.into_iter().map(|item| crossing.inner(item)).collect()
        }
    }

    fn size_bytes(&self) -> u64 {
        sum_bytes(self)
    }

    const SHAPE: Shape = Shape::List(&T::SHAPE);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::list(self)
    }
}

impl<T: Data + Ord> Data for BTreeSet<T> {}

impl<T: Data> Passable for Range<T> {
    const BARE: bool = T::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        Ok(crossing.inner(self.start)?..crossing.inner(self.end)?)
    }

    fn size_bytes(&self) -> u64 {
        self.start
            .size_bytes()
            .saturating_add(self.end.size_bytes())
    }

    const SHAPE: Shape = Shape::Record(&[("start", T::SHAPE), ("end", T::SHAPE)]);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::Record(vec![
            ("start", self.start.inspected()),
            ("end", self.end.inspected()),
        ])
    }
}

impl<T: Data> Data for Range<T> {}

impl<T: Data> Passable for RangeInclusive<T> {
    const BARE: bool = T::BARE;

    #[inline]
    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        if Self::BARE {
            return Ok(self);
        }
        let (start, end) = self.into_inner();
        Ok(crossing.inner(start)?..=crossing.inner(end)?)
    }

    fn size_bytes(&self) -> u64 {
        self.start()
            .size_bytes()
            .saturating_add(self.end().size_bytes())
    }

    const SHAPE: Shape = Shape::Record(&[("start", T::SHAPE), ("end", T::SHAPE)]);

    fn inspected(&self) -> Inspected<'_> {
        Inspected::Record(vec![
            ("start", self.start().inspected()),
            ("end", self.end().inspected()),
        ])
    }
}

impl<T: Data> Data for RangeInclusive<T> {}

impl<T: Send + 'static> Passable for PhantomData<T> {
    const BARE: bool = true;

    #[inline]
    fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
        Ok(self)
    }
}

impl<T: Send + 'static> Data for PhantomData<T> {}

macro_rules! tuples {
    ($(($($name:ident)+))*) => {
        $(
            impl<$($name: Passable),+> Passable for ($($name,)+) {
                const BARE: bool = $($name::BARE)&&+;

                #[inline]
                #[allow(non_snake_case, reason = "a tuple's fields are named after their types")]
                fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
                    if Self::BARE {
                        return Ok(self);
                    }
                    let ($($name,)+) = self;
                    Ok(($(crossing.inner($name)?,)+))
                }

                #[allow(non_snake_case, reason = "as above")]
                fn size_bytes(&self) -> u64 {
                    let ($($name,)+) = self;
                    0_u64 $(.saturating_add($name.size_bytes()))+
                }
            }

            impl<$($name: Data),+> Data for ($($name,)+) {}
        )*
    };
}

tuples! {
    (A)
    (A B)
    (A B C)
    (A B C D)
    (A B C D F)
    (A B C D F G)
    (A B C D F G H)
    (A B C D F G H I)
}
