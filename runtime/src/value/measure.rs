//! How large a value is, and how large it may be.

use super::Value;
use crate::call_error::Limit;

/// How large a message may be: the arguments of one call together, or its result.
///
/// # Examples
///
/// ```
/// use runtime::{MessageLimits, Value};
///
/// let limits = MessageLimits { bytes: 10, ..MessageLimits::default() };
/// assert!(limits.check(&["0123456789".into()]).is_ok());
/// assert!(limits.check(&["0123456789".into(), "0".into()]).is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageLimits {
    /// The most bytes of text, bytes and names of fields.
    pub bytes: usize,
    /// The most values, those inside others included.
    pub nodes: usize,
    /// The most values inside each other: a value alone is one level, and 0 counts as 1. More than 1,024 counts as 1,024: values
    /// are dropped and converted by recursion.
    pub depth: usize,
}

impl Default for MessageLimits {
    /// 8 MiB, 65,536 values, 64 levels.
    fn default() -> Self {
        Self {
            bytes: 8 << 20,
            nodes: 1 << 16,
            depth: 64,
        }
    }
}

/// How deep values may lie in each other, whatever the limits say.
const MAX_DEPTH: usize = 1024;

/// How large a message is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Bytes of text, bytes and names of fields.
    pub bytes: usize,
    /// Values, those inside others included.
    pub nodes: usize,
}

impl MessageLimits {
    /// Measures a message of these values.
    ///
    /// # Errors
    ///
    /// The first [`Limit`] that it goes beyond; the rest is then not looked at.
    pub fn check(&self, values: &[Value]) -> Result<Extent, Limit> {
        let mut extent = Extent::default();
        for value in values {
            if value.is_one_node() {
                extent.nodes += 1;
            } else {
                self.add(value, 1, &mut extent)?;
            }
        }
        if extent.nodes > self.nodes {
            return Err(Limit::MessageNodes);
        }
        Ok(extent)
    }

    /// [`check`](Self::check), of whoever does not ask how large the message is.
    #[inline]
    pub(crate) fn admit(&self, values: &[Value]) -> Result<(), Limit> {
        // Almost always so.
        if values.iter().all(Value::is_one_node) && values.len() <= self.nodes {
            return Ok(());
        }
        self.check(values).map(|_| ())
    }

    /// Whether these are plain scalars, no more of them than there may be.
    #[inline]
    pub(crate) fn are_scalars(&self, values: &[Value]) -> bool {
        values.iter().all(Value::is_scalar) && values.len() <= self.nodes
    }

    fn add(&self, value: &Value, depth: usize, extent: &mut Extent) -> Result<(), Limit> {
        if depth > self.most_levels() {
            return Err(Limit::MessageDepth);
        }
        extent.nodes = extent.nodes.saturating_add(1);
        match value {
            Value::Text(text) => self.weigh(text.len(), extent)?,
            Value::Bytes(bytes) => self.weigh(bytes.len(), extent)?,
            Value::List(values) => {
                for value in values {
                    self.add(value, depth + 1, extent)?;
                }
            }
            Value::Record(fields) => {
                for field in fields {
                    self.weigh(field.name.len(), extent)?;
                    self.add(&field.value, depth + 1, extent)?;
                }
            }
            _ => {}
        }
        if extent.nodes > self.nodes {
            return Err(Limit::MessageNodes);
        }
        Ok(())
    }

    fn weigh(&self, bytes: usize, extent: &mut Extent) -> Result<(), Limit> {
        extent.bytes = extent.bytes.saturating_add(bytes);
        if extent.bytes > self.bytes {
            return Err(Limit::MessageBytes);
        }
        Ok(())
    }
}

impl MessageLimits {
    /// The most values inside each other, in fact.
    pub(crate) fn most_levels(&self) -> usize {
        self.depth.clamp(1, MAX_DEPTH)
    }
}

impl Value {
    /// Itself, unless it is deeper than any message may be: then it is taken apart, which needs no stack.
    pub(crate) fn if_shallow(self) -> Option<Self> {
        if !self.is_deeper_than(MAX_DEPTH) {
            return Some(self);
        }
        let mut pieces = vec![self];
        while let Some(piece) = pieces.pop() {
            match piece {
                Self::List(values) => pieces.extend(values),
                Self::Record(fields) => pieces.extend(fields.into_iter().map(|field| field.value)),
                _ => {}
            }
        }
        None
    }

    fn is_deeper_than(&self, levels: usize) -> bool {
        let Some(within) = levels.checked_sub(1) else {
            return true;
        };
        match self {
            Self::List(values) => values.iter().any(|value| value.is_deeper_than(within)),
            Self::Record(fields) => fields
                .iter()
                .any(|field| field.value.is_deeper_than(within)),
            _ => false,
        }
    }

    /// Whether it counts as one value without any bytes.
    #[inline]
    fn is_one_node(&self) -> bool {
        self.is_scalar() || matches!(self, Self::Object(_))
    }

    #[inline]
    fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::Null | Self::Bool(_) | Self::Int(_) | Self::Uint(_) | Self::Float(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(levels: usize) -> Value {
        (1..levels).fold(Value::Null, |inner, _| vec![inner].into())
    }

    #[test]
    fn each_limit_is_exact_and_is_named() {
        let limits = MessageLimits {
            bytes: 4,
            nodes: 5,
            depth: 3,
        };
        let check = |values: &[Value]| {
            limits
                .check(values)
                .map(|extent| (extent.bytes, extent.nodes))
        };
        assert_eq!(check(&["abcd".into()]), Ok((4, 1)));
        assert_eq!(check(&["abcde".into()]), Err(Limit::MessageBytes));
        assert_eq!(
            check(&[Value::record([("abc", vec![1, 2].into())])]),
            Err(Limit::MessageBytes),
            "names of fields count"
        );
        assert_eq!(check(&[nested(3)]), Ok((0, 3)));
        assert_eq!(check(&[nested(4)]), Err(Limit::MessageDepth));
        let many = |count: usize| vec![Value::Null; count];
        assert_eq!(check(&many(5)), Ok((0, 5)));
        assert_eq!(check(&many(6)), Err(Limit::MessageNodes));
        assert_eq!(check(&[many(4).into()]), Ok((0, 5)));
        assert_eq!(check(&[many(5).into()]), Err(Limit::MessageNodes));
    }
}
