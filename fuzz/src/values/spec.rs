//! What a value is to be: a description that holds no reference.

use arbitrary::{Arbitrary, Result, Unstructured};
use membrane::Homecoming;
use std::collections::BTreeSet;

/// How deep data may be nested in itself.
pub const LEVELS: usize = 256;
/// How many objects there are.
pub const OBJECTS: usize = 4;

/// A journey of a value.
#[derive(Debug)]
pub struct Input {
    /// Whose value it is: the dry side's, if set.
    pub inbound: bool,
    /// What happens at home.
    pub homecoming: Homecoming,
    /// Whether the holder lends it on.
    pub lend_on: bool,
    /// Whether everything is revoked before it comes home.
    pub revoke: bool,
    /// On which leg closures are called and iterators are run.
    pub late: u8,
    /// The value.
    pub spec: Spec,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "as the variants of `Value`")]
pub enum Spec {
    Null,
    Number(u64),
    Text(String),
    Bytes(Vec<u8>),
    /// Objects are numbered.
    Object(usize),
    Objects([Option<usize>; 3]),
    /// What it gives.
    Function(usize, Box<Spec>),
    /// What it yields, each once.
    Stream(usize, Vec<Spec>),
    Boxed(Box<Spec>),
    Option(Option<Box<Spec>>),
    List(Vec<Spec>),
    Slice(Vec<Spec>),
    Deque(Vec<Spec>),
    Array(Box<[Spec; 2]>),
    Pair(Box<(Spec, u8, Spec)>),
    Sorted(Vec<Spec>),
    Hashed(Vec<Spec>),
    Outcome(bool, Box<Spec>),
    Record(Box<Spec>, Option<Box<Spec>>),
    Named(Box<Spec>),
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let settings: u8 = u.arbitrary()?;
        let late: u8 = u.arbitrary()?;
        let mut spec = Specs { lazy: 0, left: 200 }.spec(u, 0)?;
        // Deeper than any input is long.
        for _ in 0..u.arbitrary::<u8>().unwrap_or(0) % 4 {
            let (times, kind): (u8, u8) = (u.arbitrary().unwrap_or(0), u.arbitrary().unwrap_or(0));
            for _ in 0..times {
                spec = within(kind, spec);
            }
        }
        Ok(Self {
            inbound: settings & 1 != 0,
            homecoming: [
                Homecoming::Unwrap,
                Homecoming::Unwrap,
                Homecoming::KeepWrapped,
                Homecoming::Refuse,
            ][usize::from(settings >> 1 & 3)],
            lend_on: settings & 8 != 0,
            revoke: settings >> 4 == 15,
            late: late % 4,
            spec,
        })
    }

    fn arbitrary_take_rest(mut u: Unstructured<'a>) -> Result<Self> {
        Self::arbitrary(&mut u)
    }
}

/// One more level around a value.
fn within(kind: u8, spec: Spec) -> Spec {
    match kind % 8 {
        0 => Spec::Boxed(Box::new(spec)),
        1 => Spec::Option(Some(Box::new(spec))),
        2 => Spec::List(vec![spec]),
        3 => Spec::Sorted(vec![spec]),
        4 => Spec::Pair(Box::new((Spec::Null, 1, spec))),
        5 => Spec::Outcome(false, Box::new(spec)),
        6 => Spec::Record(Box::new(spec), None),
        _ => Spec::Named(Box::new(spec)),
    }
}

/// Makes specifications that are not too large.
struct Specs {
    lazy: usize,
    left: usize,
}

impl Specs {
    fn spec(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Spec> {
        if depth > 24 || self.left == 0 || u.is_empty() {
            return Ok(Spec::Null);
        }
        self.left -= 1;
        let code: u8 = u.arbitrary()?;
        let object = |u: &mut Unstructured<'_>| Ok(usize::from(u.arbitrary::<u8>()?) % OBJECTS);
        Ok(match code % 24 {
            0 => Spec::Null,
            1 => Spec::Number(u.arbitrary()?),
            2 => Spec::Text(format!("text {code}")),
            3 => Spec::Bytes(vec![code; usize::from(code >> 4)]),
            4..=7 => Spec::Object(object(u)?),
            8 => Spec::Objects([Some(object(u)?), None, Some(object(u)?)]),
            9 => {
                self.lazy += 1;
                Spec::Function(self.lazy, self.boxed(u, depth)?)
            }
            10 => {
                self.lazy += 1;
                Spec::Stream(self.lazy, self.several(u, depth)?)
            }
            11 => Spec::Boxed(self.boxed(u, depth)?),
            12 => Spec::Option(if code & 0x80 == 0 {
                Some(self.boxed(u, depth)?)
            } else {
                None
            }),
            13 | 14 => Spec::List(self.several(u, depth)?),
            15 => Spec::Slice(self.several(u, depth)?),
            16 => Spec::Deque(self.several(u, depth)?),
            17 => Spec::Array(Box::new([
                self.spec(u, depth + 1)?,
                self.spec(u, depth + 1)?,
            ])),
            18 => Spec::Pair(Box::new((
                self.spec(u, depth + 1)?,
                code,
                self.spec(u, depth + 1)?,
            ))),
            19 => Spec::Sorted(self.several(u, depth)?),
            20 => Spec::Hashed(self.several(u, depth)?),
            21 => Spec::Outcome(code & 0x80 == 0, self.boxed(u, depth)?),
            22 => Spec::Record(
                self.boxed(u, depth)?,
                if code & 0x80 == 0 {
                    None
                } else {
                    Some(self.boxed(u, depth)?)
                },
            ),
            _ => Spec::Named(self.boxed(u, depth)?),
        })
    }

    fn boxed(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Box<Spec>> {
        self.spec(u, depth + 1).map(Box::new)
    }

    fn several(&mut self, u: &mut Unstructured<'_>, depth: usize) -> Result<Vec<Spec>> {
        let count: u8 = u.arbitrary()?;
        (0..count % 5).map(|_| self.spec(u, depth + 1)).collect()
    }
}

impl Spec {
    /// What is directly in it, and crosses with it.
    fn inner(&self) -> Vec<&Self> {
        match self {
            Self::Boxed(one) | Self::Outcome(_, one) | Self::Named(one) => vec![one],
            Self::Option(one) => one.iter().map(Box::as_ref).collect(),
            Self::List(all)
            | Self::Slice(all)
            | Self::Deque(all)
            | Self::Sorted(all)
            | Self::Hashed(all) => all.iter().collect(),
            Self::Array(both) => both.iter().collect(),
            Self::Pair(both) => vec![&both.0, &both.2],
            Self::Record(one, more) => std::iter::once(one).chain(more).map(Box::as_ref).collect(),
            _ => Vec::new(),
        }
    }

    /// How deep it is nested in itself.
    pub fn levels(&self) -> usize {
        1 + self
            .inner()
            .into_iter()
            .map(Self::levels)
            .max()
            .unwrap_or(0)
    }

    /// Everything that crosses with it and gets a proxy: objects, closures and iterators, each once.
    pub fn eager(&self) -> BTreeSet<(u8, usize)> {
        let mut found = BTreeSet::new();
        self.collect(&mut found);
        found
    }

    fn collect(&self, found: &mut BTreeSet<(u8, usize)>) {
        match self {
            Self::Object(object) => {
                found.insert((0, *object));
            }
            Self::Objects(objects) => {
                found.extend(objects.iter().flatten().map(|object| (0, *object)));
            }
            Self::Function(number, _) => {
                found.insert((1, *number));
            }
            Self::Stream(number, _) => {
                found.insert((2, *number));
            }
            _ => self
                .inner()
                .into_iter()
                .for_each(|inner| inner.collect(found)),
        }
    }

    /// Whether anything in it comes home, rather than crossing once more as an iterator does.
    pub fn has_identity(&self) -> bool {
        self.eager().iter().any(|(kind, _)| *kind < 2)
    }
}
