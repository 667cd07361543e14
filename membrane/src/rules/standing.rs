//! The rules of one scope: each with the side whose rule it is.
//!
//! A rule that is a closure runs its author's code, and must show the author nothing that crosses between others, and no
//! reference but as the author's side has it:
//!
//! - it is asked about calls that leave or reach its side, and not about those that stay further down;
//! - where it would be shown references, it may be asked in one place only: in the policy of a membrane that derives from none,
//!   about calls of its owner's objects, whose arguments have become the owner's own view by then.

use super::{ArgumentRule, Asked, RuleProblem};
use crate::direction::Direction;
use crate::fault::{self, Fault};
use crate::policy::{Policy, PolicyProblem};

/// A rule, and whose it is.
#[derive(Clone)]
struct Standing {
    direction: Direction,
    rule: ArgumentRule,
    /// The wet side of the scope that it was added in.
    side: u16,
}

/// The rules of a scope, in the order in which they are asked.
pub(crate) struct StandingRules(Box<[Standing]>);

impl StandingRules {
    /// The rules of `policy` in a scope that derives from none; `None` if there are none.
    #[inline]
    pub(crate) fn of_root(policy: &Policy) -> Option<Box<Self>> {
        if !policy.has_argument_rules() {
            return None;
        }
        let standing = policy
            .ruled()
            .iter()
            .map(|(direction, rule)| Standing::new(*direction, rule, 0));
        Self::listed(standing.collect())
    }

    /// The rules of `policy` in a scope of this wet side, that derives from one of the rules `above`, where `policy` has
    /// those that it inherits, too.
    ///
    /// # Errors
    ///
    /// What there is against those that it adds.
    #[inline]
    pub(crate) fn of_child(
        above: Option<&Self>,
        policy: &Policy,
        side: u16,
    ) -> Result<Option<Box<Self>>, Vec<PolicyProblem>> {
        if !policy.has_argument_rules() {
            return Ok(None);
        }
        Self::derived(above, policy, side)
    }

    fn derived(
        above: Option<&Self>,
        policy: &Policy,
        side: u16,
    ) -> Result<Option<Box<Self>>, Vec<PolicyProblem>> {
        let mut problems = Vec::new();
        let mut standing = Vec::new();
        for (direction, rule) in policy.ruled() {
            let inherited = above.and_then(|above| above.find(*direction, rule));
            if inherited.is_none()
                && let Some(problem) = rule.problem_in_grant()
                && !fault::on(Fault::ClosuresSeeAll)
            {
                problems.push(rule.reported(*direction, None, problem));
            }
            standing.push(inherited.unwrap_or_else(|| Standing::new(*direction, rule, side)));
        }
        if problems.is_empty() {
            Ok(Self::listed(standing))
        } else {
            Err(problems)
        }
    }

    fn listed(standing: Vec<Standing>) -> Option<Box<Self>> {
        (!standing.is_empty()).then(|| Box::new(Self(standing.into())))
    }

    fn find(&self, direction: Direction, rule: &ArgumentRule) -> Option<Standing> {
        let mut standing = self.0.iter();
        let found =
            standing.find(|standing| standing.direction == direction && standing.rule.is(rule));
        found.cloned()
    }

    /// Those that are asked.
    pub(super) fn asked(&self, asked: Asked) -> impl Iterator<Item = &ArgumentRule> {
        let standing = self.0.iter();
        standing
            .filter(move |standing| standing.is_asked(asked))
            .map(|standing| &standing.rule)
    }
}

impl Standing {
    fn new(direction: Direction, rule: &ArgumentRule, side: u16) -> Self {
        Self {
            direction,
            rule: rule.clone(),
            side,
        }
    }

    fn is_asked(&self, asked: Asked) -> bool {
        // Sides are numbered downward: one that is further down is on this side of the rule's.
        let passes_by = asked.home > self.side && !fault::on(Fault::ClosuresSeeAll);
        self.direction == asked.direction
            && self.rule.is_on(asked.interface, asked.method)
            && !(passes_by && self.rule.is_closure())
    }
}

impl ArgumentRule {
    /// What there is against this rule in a policy that derives from another, which does not have it.
    fn problem_in_grant(&self) -> Option<RuleProblem> {
        if self.is_sealed() {
            Some(RuleProblem::Sealed)
        } else if self.is_shown_references() {
            Some(RuleProblem::ShownReferences)
        } else {
            None
        }
    }
}
