//! What can be wrong with a policy, said so that it can be mended.

use super::{Homecoming, OnPanic};
use crate::conditions::{Condition, Rate};
use crate::direction::Direction;
use crate::rules::RuleProblem;
use std::fmt;
use std::time::Duration;

/// One mistake in a policy, or in conditions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// The interface is named twice for one direction.
    DuplicateInterface {
        /// For which direction.
        direction: Direction,
        /// Its name.
        interface: String,
    },
    /// The method is listed twice.
    DuplicateMethod {
        /// For which direction.
        direction: Direction,
        /// The interface's name.
        interface: String,
        /// The method's name.
        method: String,
    },
    /// No known interface has this name.
    UnknownInterface {
        /// For which direction.
        direction: Direction,
        /// The name.
        interface: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Two known interfaces have this name.
    AmbiguousInterface {
        /// For which direction.
        direction: Direction,
        /// The name.
        interface: String,
    },
    /// The interface has no such method.
    UnknownMethod {
        /// For which direction.
        direction: Direction,
        /// The interface's name.
        interface: String,
        /// The name.
        method: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// Two interfaces that this one inherits from have a method of this name.
    AmbiguousMethod {
        /// For which direction.
        direction: Direction,
        /// The interface's name.
        interface: String,
        /// The name.
        method: String,
    },
    /// A rule on the arguments of a method is wrong.
    ArgumentRule {
        /// For which direction.
        direction: Direction,
        /// The interface's name.
        interface: String,
        /// The method's name.
        method: String,
        /// The argument, as the rule names it, unless it is the whole rule that is wrong.
        argument: Option<String>,
        /// What is wrong with it.
        problem: RuleProblem,
    },
    /// A depth limit of zero would refuse every call.
    ZeroDepth,
    /// A derived policy asks for a method that its parent lacks.
    WiderMethod {
        /// For which direction.
        direction: Direction,
        /// The interface's name.
        interface: String,
        /// The method's name.
        method: String,
    },
    /// A derived policy is laxer about references that come home.
    WiderHomecoming {
        /// What it asks for.
        asked: Homecoming,
        /// What its parent has.
        has: Homecoming,
    },
    /// A derived policy lets panics through that its parent stops.
    WiderOnPanic {
        /// What it asks for.
        asked: OnPanic,
        /// What its parent has.
        has: OnPanic,
    },
    /// A derived policy asks for deeper nesting.
    WiderDepth {
        /// What it asks for, in calls.
        asked: u32,
        /// What its parent has, in calls.
        has: u32,
    },
    /// Under this condition, of zero, no call or no reference could ever cross.
    ZeroCondition {
        /// The condition.
        condition: Condition,
    },
    /// A rate whose burst takes over 292 years.
    OverflowingRate {
        /// The rate.
        asked: Rate,
    },
    /// Derived conditions ask for more than their parent has left, or than it allows at once.
    WiderBudget {
        /// The condition.
        condition: Condition,
        /// What they ask for, in calls, bytes or proxies.
        asked: u64,
        /// What the parent has: of calls and bytes what is left, of concurrency and proxies all.
        left: u64,
    },
    /// Derived conditions ask for more time than their parent has left.
    WiderExpiry {
        /// What they ask for.
        asked: Duration,
        /// What the parent has left; zero if it is expired.
        left: Duration,
    },
    /// Derived conditions ask for calls more often, or for more at once, than their parent's rate allows.
    WiderRate {
        /// What they ask for.
        asked: Rate,
        /// What the parent has.
        has: Rate,
    },
    /// Derived conditions name another clock than the one by which their parent's expiry or rate counts.
    OtherClock,
    /// The clock panicked when it was asked for the time of birth.
    ClockPanicked,
    /// The membrane that the policy was to be derived under is revoked.
    Revoked,
    /// Membranes are derived from each other too deeply: more than 65,533 times.
    TooManyGenerations,
}

impl fmt::Display for PolicyProblem {
    #[allow(clippy::too_many_lines, reason = "one sentence for each problem")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DuplicateInterface {
                direction,
                interface,
            } => {
                write!(
                    f,
                    "{direction} `{interface}` is listed twice: write one list of its methods"
                )
            }
            Self::DuplicateMethod {
                direction,
                interface,
                method,
            } => {
                write!(f, "{direction} `{interface}::{method}` is listed twice")
            }
            Self::UnknownInterface {
                direction,
                interface,
                known,
            } => {
                write!(
                    f,
                    "{direction} `{interface}` is not a known interface; known: {}",
                    known.join(", ")
                )
            }
            Self::AmbiguousInterface {
                direction,
                interface,
            } => {
                write!(
                    f,
                    "{direction} `{interface}` is the name of two known interfaces: use `allow!` for one of them"
                )
            }
            Self::UnknownMethod {
                interface,
                method,
                known,
                ..
            } => {
                write!(
                    f,
                    "`{interface}` has no method `{method}`; it has: {}",
                    known.join(", ")
                )
            }
            Self::AmbiguousMethod {
                interface, method, ..
            } => {
                write!(
                    f,
                    "`{interface}` inherits two methods `{method}`: it cannot be listed by name"
                )
            }
            Self::ArgumentRule {
                direction,
                interface,
                method,
                argument,
                problem,
            } => {
                let argument = argument.as_deref();
                let of = argument.map_or_else(String::new, |name| format!("`{name}` of "));
                write!(
                    f,
                    "{direction} rule on {of}`{interface}::{method}`: {problem}"
                )
            }
            Self::ZeroDepth => f.write_str("a depth limit of 0 refuses every call: use 1 or more"),
            Self::WiderMethod {
                direction,
                interface,
                method,
            } => {
                write!(
                    f,
                    "{direction} `{interface}::{method}` is not allowed by the policy this one derives from"
                )
            }
            Self::WiderHomecoming { asked, has } => {
                write!(
                    f,
                    "homecoming `{asked:?}` is wider than `{has:?}` of the policy this one derives from"
                )
            }
            Self::WiderOnPanic { asked, has } => write!(
                f,
                "on-panic `{asked:?}` is wider than `{has:?}` of the policy this one derives from"
            ),
            Self::WiderDepth { asked, has } => {
                write!(
                    f,
                    "a depth limit of {asked} is wider than {has} of the policy this one derives from"
                )
            }
            Self::ZeroCondition { condition } => write!(
                f,
                "the condition `{condition}` is zero, so that nothing could ever cross: use more, or leave it out"
            ),
            Self::OverflowingRate { asked } => {
                write!(f, "a rate of {asked}: the burst takes over 292 years")
            }
            Self::WiderBudget {
                condition,
                asked,
                left,
            } => write!(
                f,
                "the condition `{condition}` asks for {asked}, but the membrane this one derives from has {left}"
            ),
            Self::WiderExpiry { asked, left } => write!(
                f,
                "expiry after {asked:?} is later than that of the membrane this one derives from, which has {left:?} left"
            ),
            Self::WiderRate { asked, has } => write!(
                f,
                "a rate of {asked} is more than {has} of the membrane this one derives from"
            ),
            Self::OtherClock => f.write_str(
                "the conditions name another clock than the one that the membrane this one derives from counts by",
            ),
            Self::ClockPanicked => f.write_str("the clock panicked"),
            Self::Revoked => f.write_str("the membrane is revoked: nothing can be derived from it"),
            Self::TooManyGenerations => {
                f.write_str("membranes are derived from each other too deeply")
            }
        }
    }
}

/// Everything that is wrong with a policy, or with conditions; nothing was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError(Vec<PolicyProblem>);

impl PolicyError {
    pub(crate) fn new(problems: Vec<PolicyProblem>) -> Self {
        Self(problems)
    }

    /// The mistakes, in the order in which they were found; at least one.
    pub fn problems(&self) -> &[PolicyProblem] {
        &self.0
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}
