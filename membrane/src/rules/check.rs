//! Rules that are data: what may be asked of one argument.

use std::fmt;
use std::iter::successors;
use std::ops::{Bound, RangeBounds, RangeInclusive};

/// What one argument must be like: plain data, so that it can come from a file.
///
/// A check that cannot look at the argument, that asks for nothing, or that nothing can pass is reported when the policy is
/// built ([`RuleProblem`](crate::RuleProblem)).
///
/// With the cargo feature `serde` it can be read and written, in formats that describe themselves, such as JSON and TOML.
///
/// An optional argument that is absent passes every check but [`Present`](Self::Present). So do absent elements of a list.
///
/// Checks may be inside each other, 64 deep at most: more are an error of the policy, and of reading. A value made in Rust may
/// have any number; to drop, clone or compare it takes stack for each.
///
/// # Examples
///
/// ```
/// # use membrane::{Error, ErrorKind, Membrane, interface};
/// use membrane::{Check, Policy, allow, rule};
/// # use std::sync::Arc;
///
/// # #[interface] pub trait Files { fn write(&self, path: &str, data: Vec<u8>) -> Result<(), Error>; }
/// # struct Disk; impl Files for Disk { fn write(&self, _: &str, _: Vec<u8>) -> Result<(), Error> { Ok(()) } }
/// let policy = Policy::builder()
///     .inbound(allow!(dyn Files: write))
///     .inbound_rule(rule!(dyn Files: write, path: Check::within("out"), data: Check::length(..=1024)))
///     .build()?;
/// let files = Membrane::new(policy).wrap::<dyn Files>(Arc::new(Disk))?;
/// assert_eq!(files.write("out/log.txt", vec![0; 1024]), Ok(()));
/// assert_eq!(files.write("out/../secret", vec![]).unwrap_err().kind(), ErrorKind::Rejected);
/// assert_eq!(files.write("out/log.txt", vec![0; 1025]).unwrap_err().kind(), ErrorKind::Rejected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[cfg_attr(feature = "serde", doc = include_str!("data.md"))]
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Check {
    /// A whole number, from the one bound to the other, both included.
    Integer {
        /// The least.
        min: Option<i128>,
        /// The greatest.
        max: Option<i128>,
    },
    /// A floating-point number, from the one bound to the other, both included. Not-a-number passes never, even
    /// if there is no bound; an infinity passes where its side has no bound, or an infinite one.
    Float {
        /// The least.
        min: Option<f64>,
        /// The greatest.
        max: Option<f64>,
    },
    /// The length: of text in bytes (as UTF-8), of lists, sets and maps in elements; so of bytes in bytes.
    Length {
        /// The least.
        min: Option<u64>,
        /// The greatest.
        max: Option<u64>,
    },
    /// The length of text in characters (Unicode scalar values). What a reader takes for one character may be several.
    Characters {
        /// The least.
        min: Option<u64>,
        /// The greatest.
        max: Option<u64>,
    },
    /// How text begins, byte for byte. Not for paths: `out/../secret` begins with `out/`. See [`Within`](Self::Within).
    Prefix(String),
    /// How text ends, byte for byte.
    Suffix(String),
    /// A value out of a list.
    OneOf(Vec<Constant>),
    /// Text of a pattern: `*` stands for any characters or none, `?` for any one, everything else for itself. Every character
    /// counts as one, `/` too: this is not for paths, either.
    Pattern(String),
    /// A relative path (with `/`) at this one or below it; an empty one stands for wherever the target begins.
    ///
    /// Compared name by name, after empty names and `.` are left out: `a//b/./c` is `a/b/c`. No path passes that is absolute
    /// or has a name `..`, and none that has NUL, `\` or `:` in it, which separate on some systems. Names are compared byte
    /// for byte. What a name leads to, such as a symbolic link, is the target's to look at.
    Within(String),
    /// An optional argument that is there.
    Present,
    /// Every element of a list, an array or a set.
    Each(Box<Check>),
    /// Every key of a map.
    Keys(Box<Check>),
    /// Every value of a map.
    Values(Box<Check>),
}

/// How many checks may be inside each other, the outermost and the innermost included.
pub(super) const MAX_LEVELS: usize = 64;

/// One of the values of [`Check::OneOf`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Constant {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// Text.
    Text(String),
}

impl Check {
    /// A whole number in `range`.
    ///
    /// ```
    /// # use membrane::Check;
    /// assert_eq!(Check::range(1..=100), Check::Integer { min: Some(1), max: Some(100) });
    /// assert_eq!(Check::range(..10), Check::Integer { min: None, max: Some(9) });
    /// ```
    pub fn range<N: Copy + Into<i128>>(range: impl RangeBounds<N>) -> Self {
        // An end that has no neighbour leaves nothing, and then the bounds are the wrong way round.
        let (min, max) = bounds(
            &range,
            |n| (*n).into(),
            |n| n.checked_add(1),
            |n| n.checked_sub(1),
        );
        match (min, max) {
            (Ok(min), Ok(max)) => Self::Integer { min, max },
            _ => Self::Integer {
                min: Some(1),
                max: Some(0),
            },
        }
    }

    /// A floating-point number in `range`.
    pub fn float(range: RangeInclusive<f64>) -> Self {
        let (min, max) = range.into_inner();
        Self::Float {
            min: Some(min),
            max: Some(max),
        }
    }

    /// A [length](Self::Length) in `range`: bytes of text, elements of anything else.
    pub fn length(range: impl RangeBounds<u64>) -> Self {
        let (min, max) = count(&range);
        Self::Length { min, max }
    }

    /// A number of [characters](Self::Characters) in `range`.
    pub fn characters(range: impl RangeBounds<u64>) -> Self {
        let (min, max) = count(&range);
        Self::Characters { min, max }
    }

    /// Text that [begins](Self::Prefix) so.
    pub fn prefix(text: impl Into<String>) -> Self {
        Self::Prefix(text.into())
    }

    /// Text that [ends](Self::Suffix) so.
    pub fn suffix(text: impl Into<String>) -> Self {
        Self::Suffix(text.into())
    }

    /// One of `values`: texts, whole numbers or truth values.
    ///
    /// ```
    /// # use membrane::{Check, Constant};
    /// assert_eq!(Check::one_of(["r"]), Check::OneOf(vec![Constant::Text("r".into())]));
    /// assert_eq!(Check::one_of([8, 16]), Check::OneOf(vec![Constant::Integer(8), Constant::Integer(16)]));
    /// ```
    pub fn one_of<C: Into<Constant>>(values: impl IntoIterator<Item = C>) -> Self {
        Self::OneOf(values.into_iter().map(Into::into).collect())
    }

    /// Text of a [pattern](Self::Pattern).
    pub fn pattern(pattern: impl Into<String>) -> Self {
        Self::Pattern(pattern.into())
    }

    /// A relative path at `path` or [below](Self::Within) it.
    pub fn within(path: impl Into<String>) -> Self {
        Self::Within(path.into())
    }

    /// Elements each of which passes `check`.
    pub fn each(check: Self) -> Self {
        Self::Each(Box::new(check))
    }

    /// Keys each of which passes `check`.
    pub fn keys(check: Self) -> Self {
        Self::Keys(Box::new(check))
    }

    /// Values each of which passes `check`.
    pub fn values(check: Self) -> Self {
        Self::Values(Box::new(check))
    }

    /// The check inside this one, and of what it is asked.
    fn inner(&self) -> Option<(&'static str, &Self)> {
        match self {
            Self::Each(inner) => Some(("each", inner)),
            Self::Keys(inner) => Some(("keys", inner)),
            Self::Values(inner) => Some(("values", inner)),
            _ => None,
        }
    }

    /// Whether more checks are inside each other than may be.
    pub(super) fn is_too_deep(&self) -> bool {
        let levels = successors(Some(self), |check| check.inner().map(|(_, inner)| inner));
        levels.take(MAX_LEVELS + 1).count() > MAX_LEVELS
    }

    /// What kind of check it is, in one word; with an inner one, in words.
    pub(crate) fn kind(&self) -> String {
        let (mut words, mut at) = (String::new(), self);
        while let Some((whose, inner)) = at.inner() {
            words.push_str(whose);
            words.push(' ');
            at = inner;
        }
        words.push_str(at.word());
        words
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Integer { .. } => "range",
            Self::Float { .. } => "float range",
            Self::Length { .. } => "length",
            Self::Characters { .. } => "characters",
            Self::Prefix(_) => "prefix",
            Self::Suffix(_) => "suffix",
            Self::OneOf(_) => "one-of",
            Self::Pattern(_) => "pattern",
            Self::Within(_) => "within",
            Self::Present => "present",
            Self::Each(_) => "each",
            Self::Keys(_) => "keys",
            Self::Values(_) => "values",
        }
    }
}

/// The bounds of a range, both included; an error where an excluded one has no neighbour.
fn bounds<N, M: Copy>(
    range: &impl RangeBounds<N>,
    convert: impl Fn(&N) -> M,
    next: impl Fn(M) -> Option<M>,
    previous: impl Fn(M) -> Option<M>,
) -> (Result<Option<M>, ()>, Result<Option<M>, ()>) {
    let bound = |bound: Bound<&N>, step: &dyn Fn(M) -> Option<M>| match bound {
        Bound::Unbounded => Ok(None),
        Bound::Included(n) => Ok(Some(convert(n))),
        Bound::Excluded(n) => step(convert(n)).map(Some).ok_or(()),
    };
    (
        bound(range.start_bound(), &next),
        bound(range.end_bound(), &previous),
    )
}

fn count(range: &impl RangeBounds<u64>) -> (Option<u64>, Option<u64>) {
    let (min, max) = bounds(range, |n| *n, |n| n.checked_add(1), |n| n.checked_sub(1));
    match (min, max) {
        (Ok(min), Ok(max)) => (min, max),
        _ => (Some(1), Some(0)),
    }
}

impl From<bool> for Constant {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Constant {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Constant {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(
            impl From<$type> for Constant {
                fn from(value: $type) -> Self {
                    Self::Integer(i128::from(value))
                }
            }
        )*
    };
}

integers!(i8, i16, i32, i64, i128, u8, u16, u32, u64);

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn ends<N: fmt::Display>(
            f: &mut fmt::Formatter<'_>,
            min: Option<N>,
            max: Option<N>,
        ) -> fmt::Result {
            match (min, max) {
                (None, None) => f.write_str(" any"),
                (Some(min), None) => write!(f, " at least {min}"),
                (None, Some(max)) => write!(f, " at most {max}"),
                (Some(min), Some(max)) => write!(f, " {min} to {max}"),
            }
        }
        f.write_str(&self.kind())?;
        let mut at = self;
        while let Some((_, inner)) = at.inner() {
            at = inner;
        }
        match at {
            Self::Integer { min, max } => ends(f, *min, *max),
            Self::Float { min, max } => ends(f, *min, *max),
            Self::Length { min, max } | Self::Characters { min, max } => ends(f, *min, *max),
            Self::Prefix(text) | Self::Suffix(text) | Self::Pattern(text) | Self::Within(text) => {
                write!(f, " {text:?}")
            }
            Self::OneOf(values) => {
                for (index, value) in values.iter().enumerate() {
                    let comma = if index > 0 { "," } else { "" };
                    write!(f, "{comma} {value}")?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
        }
    }
}
