//! Whether a value passes a check. What a check does not expect, it refuses.

use super::check::{Check, Constant};
use super::path;
use crate::fault::{self, Fault};
use crate::passable::Inspected;
use wildmatch::WildMatch;

/// Whether `value` passes.
pub(crate) fn passes(check: &Check, value: Inspected<'_>) -> bool {
    match (check, value) {
        (_, Inspected::Opaque) if fault::on(Fault::OpaquePasses) => true,
        (Check::Present, value) => !matches!(value, Inspected::Absent),
        (_, Inspected::Absent) => true,
        (Check::Integer { min, max }, Inspected::Integer(value)) => is_between(&value, *min, *max),
        (Check::Integer { max, .. }, Inspected::Greater) => max.is_none(),
        // A comparison with NaN is false, so the bounds alone would do if there were two.
        (Check::Float { min, max }, Inspected::Float(value)) => {
            !value.is_nan() && is_between(&value, *min, *max)
        }
        (Check::Length { min, max }, Inspected::Text(text)) => {
            is_between(&(text.len() as u64), *min, *max)
        }
        (Check::Length { min, max }, Inspected::List(items)) => {
            is_between(&(items.len() as u64), *min, *max)
        }
        (Check::Length { min, max }, Inspected::Map(entries)) => {
            is_between(&(entries.len() as u64), *min, *max)
        }
        (Check::Characters { min, max }, Inspected::Text(text)) => {
            is_between(&(text.chars().count() as u64), *min, *max)
        }
        (Check::Prefix(prefix), Inspected::Text(text)) => text.starts_with(prefix.as_str()),
        (Check::Suffix(suffix), Inspected::Text(text)) => text.ends_with(suffix.as_str()),
        (Check::Pattern(pattern), Inspected::Text(text)) => WildMatch::new(pattern).matches(&text),
        (Check::Within(base), Inspected::Text(text)) => path::is_within(&text, base),
        (Check::OneOf(values), value) => values.iter().any(|one| is(one, &value)),
        (Check::Each(check), Inspected::List(mut items)) => items.all(|item| passes(check, item)),
        (Check::Keys(check), Inspected::Map(mut entries)) => {
            entries.all(|(key, _)| passes(check, key))
        }
        (Check::Values(check), Inspected::Map(mut entries)) => {
            entries.all(|(_, value)| passes(check, value))
        }
        _ => false,
    }
}

fn is_between<N: PartialOrd>(value: &N, min: Option<N>, max: Option<N>) -> bool {
    min.is_none_or(|min| *value >= min) && max.is_none_or(|max| *value <= max)
}

fn is(constant: &Constant, value: &Inspected<'_>) -> bool {
    match (constant, value) {
        (Constant::Bool(one), Inspected::Bool(value)) => one == value,
        (Constant::Integer(one), Inspected::Integer(value)) => one == value,
        (Constant::Text(one), Inspected::Text(value)) => one == value,
        _ => false,
    }
}

/// The field of `value` that `path` leads to.
pub(crate) fn field<'a>(value: Inspected<'a>, path: &[&'static str]) -> Inspected<'a> {
    let mut at = value;
    for name in path {
        at = match at {
            Inspected::Record(fields) => fields
                .into_iter()
                .find(|(field, _)| field == name)
                .map_or(Inspected::Opaque, |(_, value)| value),
            // Where the whole is absent, so is its part.
            Inspected::Absent => Inspected::Absent,
            _ => Inspected::Opaque,
        };
    }
    at
}

impl Constant {
    /// The value as if it were an argument.
    pub(super) fn inspected(&self) -> Inspected<'_> {
        match self {
            Self::Bool(value) => Inspected::Bool(*value),
            Self::Integer(value) => Inspected::Integer(*value),
            Self::Text(value) => Inspected::text(Some(value)),
        }
    }
}
