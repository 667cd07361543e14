//! What can be wrong with a rule on arguments, found when the policy is built.

use super::check::{Check, Constant, MAX_LEVELS};
use super::evaluate::passes;
use super::path;
use crate::passable::Shape;
use std::collections::HashSet;
use std::fmt;

/// One mistake in a rule on the arguments of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleProblem {
    /// The policy does not allow the method, so the rule is never asked.
    MethodNotAllowed,
    /// The method has no such argument.
    UnknownArgument {
        /// The arguments there are.
        known: Vec<String>,
    },
    /// The argument has no such field.
    UnknownField {
        /// The field's name.
        field: String,
        /// The fields there are.
        known: Vec<String>,
    },
    /// The same rule is there twice, or two checks of one kind on one argument.
    Duplicate,
    /// Everything passes: there is no bound, or an empty text.
    Empty {
        /// What kind of check it is.
        check: String,
    },
    /// Nothing passes: a least above the greatest, no value to be one of, or two checks at odds.
    ///
    /// Of two checks it is looked at whether a list has a value that passes the other, whether text may be as long as it must be,
    /// and whether what is within a path can begin and end as it must, whole names compared. Others, such as two patterns, are
    /// not compared; nor is it looked at which values a type has, such as none above 255. What is absent, and an empty list,
    /// passes a check all the same.
    Impossible {
        /// What kinds of check.
        check: String,
    },
    /// The check asks for what the argument does not show.
    Mismatch {
        /// What kind of check it is.
        check: String,
        /// What the argument shows.
        argument: String,
    },
    /// A value is in a list twice.
    Repeated {
        /// The value.
        value: String,
    },
    /// A closure whose author would be shown references that are not its to see: in a derived policy, or about calls of the dry
    /// side's objects.
    ShownReferences,
    /// A closure that is another membrane's: it was read from the policy that a membrane shows.
    Sealed,
    /// More checks inside each other than there may be: 64.
    TooDeep,
    /// A bound is not a number.
    NotANumber,
    /// The path to be within is not a relative one that stays where it begins.
    NotARelativePath {
        /// The path.
        path: String,
    },
}

impl fmt::Display for RuleProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MethodNotAllowed => {
                f.write_str("the method is not allowed: list it, or leave out the rule")
            }
            Self::UnknownArgument { known } => {
                write!(
                    f,
                    "the method has no such argument; it has: {}",
                    known.join(", ")
                )
            }
            Self::UnknownField { field, known } => {
                write!(
                    f,
                    "there is no field `{field}`; there are: {}",
                    known.join(", ")
                )
            }
            Self::Duplicate => {
                f.write_str("it is there twice: write one check of each kind for each argument")
            }
            Self::Empty { check } => write!(f, "{check}: everything passes"),
            Self::Impossible { check } => write!(f, "{check}: nothing passes"),
            Self::Mismatch { check, argument } => {
                write!(f, "{check} cannot be asked of {argument}")
            }
            Self::Repeated { value } => write!(f, "one-of: {value} is there twice"),
            Self::ShownReferences => f.write_str(
                "a closure would be shown references: check single arguments, or add it inbound to the policy of a membrane that derives from none",
            ),
            Self::Sealed => f.write_str("a closure of another membrane's, which nobody else can ask: write one of your own"),
            Self::TooDeep => write!(f, "more than {MAX_LEVELS} checks inside each other"),
            Self::NotANumber => f.write_str("a bound is not a number"),
            Self::NotARelativePath { path } => {
                write!(
                    f,
                    "{path:?} is not a relative path without `..`, NUL, `\\` and `:`"
                )
            }
        }
    }
}

/// What is wrong with one check on an argument of this shape.
pub(super) fn verify(check: &Check, shape: Shape) -> Option<RuleProblem> {
    shallow(check)
        .and_then(|()| fits(check, shape))
        .and_then(|()| sound(check))
        .err()
}

/// What everything below relies on, which goes into the checks inside by calling itself.
fn shallow(check: &Check) -> Result<(), RuleProblem> {
    if check.is_too_deep() {
        return Err(RuleProblem::TooDeep);
    }
    Ok(())
}

/// Whether the check can be asked of an argument of this shape.
fn fits(check: &Check, shape: Shape) -> Result<(), RuleProblem> {
    let fits = match (check, shape.present()) {
        (Check::Present, _) => matches!(shape, Shape::Optional(_)),
        (Check::Integer { .. }, Shape::Integer)
        | (Check::Float { .. }, Shape::Float)
        | (Check::Length { .. }, Shape::Text | Shape::List(_) | Shape::Map(..))
        | (
            Check::Characters { .. }
            | Check::Prefix(_)
            | Check::Suffix(_)
            | Check::Pattern(_)
            | Check::Within(_),
            Shape::Text,
        ) => true,
        (Check::OneOf(values), shape) => values.iter().all(|value| {
            matches!(
                (value, shape),
                (Constant::Bool(_), Shape::Bool)
                    | (Constant::Integer(_), Shape::Integer)
                    | (Constant::Text(_), Shape::Text)
            )
        }),
        (Check::Each(inner), Shape::List(element)) => return fits(inner, *element),
        (Check::Keys(inner), Shape::Map(key, _)) => return fits(inner, *key),
        (Check::Values(inner), Shape::Map(_, value)) => return fits(inner, *value),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(RuleProblem::Mismatch {
        check: check.kind(),
        argument: shape.to_string(),
    })
}

/// Whether something passes the check, and something does not; and whether it says what it means.
pub(super) fn sound(check: &Check) -> Result<(), RuleProblem> {
    shallow(check)?;
    let (is_empty, is_impossible) = match check {
        Check::Integer { min, max } => extremes(*min, *max),
        Check::Float { min, max } => {
            if [min, max].into_iter().flatten().any(|bound| bound.is_nan()) {
                return Err(RuleProblem::NotANumber);
            }
            // Without bounds, not-a-number is refused still.
            (false, extremes(*min, *max).1)
        }
        Check::Length { min, max } | Check::Characters { min, max } => {
            let (is_empty, is_impossible) = extremes(*min, *max);
            (
                is_empty || (max.is_none() && *min == Some(0)),
                is_impossible,
            )
        }
        Check::Prefix(text) | Check::Suffix(text) => (text.is_empty(), false),
        Check::Pattern(text) => (!text.is_empty() && text.chars().all(|c| c == '*'), false),
        Check::OneOf(values) => {
            let mut seen = HashSet::with_capacity(values.len());
            if let Some(value) = values.iter().find(|value| !seen.insert(*value)) {
                return Err(RuleProblem::Repeated {
                    value: value.to_string(),
                });
            }
            (false, values.is_empty())
        }
        Check::Within(base) if path::names(base).is_none() => {
            return Err(RuleProblem::NotARelativePath { path: base.clone() });
        }
        Check::Each(inner) | Check::Keys(inner) | Check::Values(inner) => return sound(inner),
        Check::Within(_) | Check::Present => (false, false),
    };
    let check = check.kind();
    match (is_empty, is_impossible) {
        (true, _) => Err(RuleProblem::Empty { check }),
        (_, true) => Err(RuleProblem::Impossible { check }),
        _ => Ok(()),
    }
}

/// Whether there is no bound, and whether they are the wrong way round.
fn extremes<N: Copy + PartialOrd>(min: Option<N>, max: Option<N>) -> (bool, bool) {
    let is_impossible = matches!((min, max), (Some(min), Some(max)) if min > max);
    (min.is_none() && max.is_none(), is_impossible)
}

/// Whether two checks on one argument are at odds, as far as can be told: see [`RuleProblem::Impossible`].
pub(super) fn at_odds(one: &Check, other: &Check) -> bool {
    match (one, other) {
        (Check::OneOf(values), other) | (other, Check::OneOf(values)) => {
            !values.iter().any(|value| passes(other, value.inspected()))
        }
        (Check::Within(base), Check::Prefix(text)) | (Check::Prefix(text), Check::Within(base)) => {
            !path::may_begin(base, text)
        }
        (Check::Within(_), Check::Suffix(text)) | (Check::Suffix(text), Check::Within(_)) => {
            !path::may_end(text)
        }
        (Check::Each(one), Check::Each(other))
        | (Check::Keys(one), Check::Keys(other))
        | (Check::Values(one), Check::Values(other)) => at_odds(one, other),
        (one, other) => is_longer(one, other) || is_longer(other, one),
    }
}

/// Whether text that passes the one check is longer than what passes the other.
fn is_longer(one: &Check, other: &Check) -> bool {
    let (bytes, characters) = least(one);
    let (most_bytes, most_characters) = match other {
        // A character has one byte to four.
        Check::Length { max: Some(max), .. } => (*max, *max),
        Check::Characters { max: Some(max), .. } => (max.saturating_mul(4), *max),
        _ => return false,
    };
    bytes > most_bytes || characters > most_characters
}

/// How long text is at least that passes: in bytes, and in characters.
fn least(check: &Check) -> (u64, u64) {
    let long = |text: &str| (text.len() as u64, text.chars().count() as u64);
    match check {
        Check::Length { min: Some(min), .. } => (*min, min.div_ceil(4)),
        Check::Characters { min: Some(min), .. } => (*min, *min),
        Check::Prefix(text) | Check::Suffix(text) => long(text),
        Check::Within(base) => {
            path::names(base).map_or((0, 0), |names| long(&names.collect::<Vec<_>>().join("/")))
        }
        _ => (0, 0),
    }
}
