//! Putting a policy together from `allow!` lists.

use super::{Allow, Homecoming, OnPanic, Policy, PolicyError, PolicyProblem, Rules};
use crate::direction::Direction;
use crate::fault::{self, Fault};
use crate::rules::{self, ArgumentRule};
use std::sync::Arc;

/// Collects what a [`Policy`] allows; [`build`](Self::build) reports every mistake at once.
///
/// # Examples
///
/// ```
/// # use membrane::{Error, interface};
/// use membrane::{Policy, PolicyProblem, allow};
///
/// # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; fn close(&self) -> Result<(), Error>; }
/// let twice = Policy::builder()
///     .inbound(allow!(dyn Account: balance))
///     .inbound(allow!(dyn Account: close))
///     .build();
/// assert!(matches!(twice.unwrap_err().problems(), [PolicyProblem::DuplicateInterface { .. }]));
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a builder does nothing until `build`"]
pub struct PolicyBuilder {
    rules: Rules,
    problems: Vec<PolicyProblem>,
}

impl PolicyBuilder {
    /// Allows the dry side to call these methods on objects of the wet side.
    pub fn inbound(mut self, allow: Allow) -> Self {
        self.add(Direction::Inbound, allow);
        self
    }

    /// Allows the wet side to call these methods on objects of the dry side.
    pub fn outbound(mut self, allow: Allow) -> Self {
        self.add(Direction::Outbound, allow);
        self
    }

    /// Adds a rule on the arguments of a method that the dry side may call. The method has to be listed, by now or later.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, interface};
    /// use membrane::{Check, Policy, allow, rule};
    ///
    /// # #[interface] pub trait Account { fn deposit(&self, amount: u64) -> Result<(), Error>; fn close(&self) -> Result<(), Error>; }
    /// let error = Policy::builder()
    ///     .inbound(allow!(dyn Account: deposit))
    ///     .inbound_rule(rule!(dyn Account: deposit, amount: Check::range(100..=1)))
    ///     .inbound_rule(rule!(dyn Account: close, || false))
    ///     .build()
    ///     .unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "inbound rule on `amount` of `Account::deposit`: range: nothing passes\n\
    ///      inbound rule on `Account::close`: the method is not allowed: list it, or leave out the rule"
    /// );
    /// ```
    pub fn inbound_rule(self, rule: ArgumentRule) -> Self {
        self.rule(Direction::Inbound, rule)
    }

    /// Adds a rule on the arguments of a method that the wet side may call on objects of the dry side.
    pub fn outbound_rule(self, rule: ArgumentRule) -> Self {
        self.rule(Direction::Outbound, rule)
    }

    pub(super) fn rule(mut self, direction: Direction, rule: ArgumentRule) -> Self {
        self.rules.on_arguments.push((direction, rule));
        self
    }

    /// Says what happens to references that come home. Unless set, they become their object again.
    pub fn homecoming(mut self, homecoming: Homecoming) -> Self {
        self.rules.homecoming = homecoming;
        self
    }

    /// Says what a caller gets when a target panics. Unless set, an error.
    pub fn on_panic(mut self, on_panic: OnPanic) -> Self {
        self.rules.on_panic = on_panic;
        self
    }

    /// Says how many calls inside calls a thread may be in when it calls under this policy, calls through other membranes
    /// counted. Unless set, [`Policy::DEFAULT_DEPTH_LIMIT`].
    pub fn depth_limit(mut self, calls: u32) -> Self {
        if calls == 0 {
            self.problems.push(PolicyProblem::ZeroDepth);
        }
        self.rules.depth_limit = calls;
        self
    }

    /// The policy.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] lists an interface that was named twice for one direction, a depth limit of zero, and what is wrong
    /// with each rule on arguments ([`RuleProblem`](crate::RuleProblem)).
    pub fn build(mut self) -> Result<Policy, PolicyError> {
        self.problems.extend(rules::problems(
            &self.rules.on_arguments,
            |direction, rule| self.rules.mask(direction, rule.type_id()) & rule.bit() != 0,
        ));
        if self.problems.is_empty() || fault::on(Fault::LenientPolicy) {
            Ok(Policy(Arc::new(self.rules)))
        } else {
            Err(PolicyError::new(self.problems))
        }
    }

    pub(super) fn add(&mut self, direction: Direction, allow: Allow) {
        let rules = match direction {
            Direction::Outbound => &mut self.rules.outbound,
            Direction::Inbound => &mut self.rules.inbound,
        };
        if rules.iter().any(|rule| rule.interface == allow.interface) {
            self.problems.push(PolicyProblem::DuplicateInterface {
                direction,
                interface: allow.name.into(),
            });
        } else {
            rules.push(allow);
        }
    }

    pub(super) fn problem(&mut self, problem: PolicyProblem) {
        self.problems.push(problem);
    }
}
