//! What the arguments of a call must be like, beyond their types.
//!
//! A rule belongs to a method of an interface, in one direction, like the method's place on the list: see [`ArgumentRule`].
//! It is part of a policy, and a policy that is derived has the rules of the one it derives from, and its own after them. So
//! the one scope that a call goes through has every rule that applies, however long the chain of grants: see [`standing`].
//!
//! # When
//!
//! A scope whose policy has rules is guarded from birth, and only guarded scopes look here: see `Call::enter`. The arguments
//! are converted by then, and what a rule is shown is what the target is given: by reference, just before.

mod check;
#[cfg(feature = "serde")]
mod data;
mod evaluate;
mod path;
mod problem;
mod standing;

pub use check::{Check, Constant};
pub use problem::RuleProblem;
pub(crate) use standing::StandingRules;

use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::flat::Flat;
use crate::interface::{Argument, Interface};
use crate::passable::{Inspected, Shape};
use crate::policy::PolicyProblem;
use crate::reason::Reason;
use crate::tree::Scope;
use object_membrane_gate::quietly;
use std::any::{Any, TypeId};
use std::fmt;
use std::sync::{Arc, Weak};

/// A condition on the arguments of one method, made by [`rule!`](macro@crate::rule) or from
/// [names](crate::NamedArgumentRule).
///
/// It is a closure that is given every argument by reference, or one or more [`Check`]s, each on one argument. A call that a
/// rule refuses does not reach the target, and is answered [`ErrorKind::Rejected`], like any argument that may not cross:
/// the caller is not told which rule it was.
///
/// # What a rule sees
///
/// The very values that the target is then given: converted, so that references among them are what the target gets, and not
/// read again. No value that can cross changes by itself; an author who writes [`Passable`](crate::Passable) by
/// hand for a type that does, or that shows rules something else than it gives the target, is trusted not to.
///
/// # Which calls
///
/// Like a list of methods, a rule is about objects that crossed as this very interface: a rule on `dyn Account: Named::name`
/// is not asked of objects that crossed as `dyn Named`. Closures and iterators that cross are carried by a method and are no
/// interface's: no rule applies to their calls. If several rules apply, those of the policy that was derived from come
/// first, and all must pass.
///
/// # Closures
///
/// The closure is its author's code. It runs on the caller's thread, under no lock, as part of the call: it may call back, and
/// takes what time it takes. It is run once for each call that gets so far, and a panic in it refuses the call.
///
/// What it is shown, its author gets. So a closure is asked about calls that leave or reach the side that it was added on, the
/// wet side of its membrane, and not about calls between those whom a holder lends on to; what a holder has handed to the owner's
/// side, and somebody takes from there, has come by it. And where any argument may hold a reference (or a closure, or an
/// iterator), because its type is not [`Data`](crate::Data), it may only be added with
/// [`inbound_rule`](crate::PolicyBuilder::inbound_rule), to the policy of a membrane that derives from none: it is then asked
/// about calls of its owner's objects alone, and is shown what its owner's objects get. Elsewhere it is an error
/// ([`RuleProblem::ShownReferences`]): use [`Check`]s, which show their author nothing, or lend through a membrane of one's own.
///
/// A membrane shows the policy that it has, and with it that there is a closure; nobody but the membrane can have it run. In
/// another policy such a rule refuses every call, or is an error ([`RuleProblem::Sealed`]). It goes with the membrane.
///
/// # Authority
///
/// Of a check, none. Of a closure, to see what is said above. A clone is the same rule, and is asked once however often it was
/// inherited.
///
/// # Examples
///
/// ```
/// # use membrane::{Error, ErrorKind, Membrane, interface};
/// use membrane::{Policy, allow, rule};
/// # use std::sync::Arc;
///
/// # #[interface] pub trait Account { fn transfer(&self, to: &str, amount: u64) -> Result<(), Error>; }
/// # struct Savings; impl Account for Savings { fn transfer(&self, _: &str, _: u64) -> Result<(), Error> { Ok(()) } }
/// let policy = Policy::builder()
///     .inbound(allow!(dyn Account: transfer))
///     .inbound_rule(rule!(dyn Account: transfer, |to, amount| to != "me" && *amount <= 100))
///     .build()?;
/// let account = Membrane::new(policy).wrap::<dyn Account>(Arc::new(Savings))?;
/// assert_eq!(account.transfer("you", 100), Ok(()));
/// assert_eq!(account.transfer("you", 101).unwrap_err().kind(), ErrorKind::Rejected);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ArgumentRule(Arc<Body>);

struct Body {
    interface: TypeId,
    interface_name: &'static str,
    method: u32,
    method_name: &'static str,
    test: Test,
}

enum Test {
    /// A boxed closure, of the one type that the method's proxy asks for.
    Closure {
        closure: Flat<Erased>,
        /// Whether there may be references among the arguments.
        is_shown_references: bool,
    },
    /// A closure that a membrane has. The allocation stays, so that its address is nobody else's.
    Sealed(Weak<Body>),
    Checks(Vec<Checked>),
}

/// A closure without its type.
pub type Erased = Box<dyn Any + Send + Sync>;

/// One check on one argument, or on a field of one.
struct Checked {
    /// As given: `argument`, or `argument.field`.
    argument: String,
    check: Check,
    place: Result<Place, RuleProblem>,
}

/// Where an argument is, and what it shows.
struct Place {
    argument: usize,
    fields: Vec<&'static str>,
    shape: Shape,
}

/// What a rule is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) interface: TypeId,
    /// The way of the call.
    pub(crate) direction: Direction,
    pub(crate) method: u32,
    /// The side at the end that is not the scope's dry side.
    pub(crate) home: u16,
}

/// The arguments of a call, as its generated code shows them.
pub(crate) struct Arguments<'f, 'v> {
    /// Asks a closure.
    pub(crate) ask: &'f dyn Fn(&Erased) -> bool,
    /// Shows an argument, by its place.
    pub(crate) show: &'f dyn Fn(usize) -> Inspected<'v>,
}

/// What `rule!` makes of a closure.
#[doc(hidden)]
pub fn closure_rule<T: ?Sized + Interface>(method: u32, closure: Erased) -> ArgumentRule {
    let mut arguments = T::__ARGUMENTS[method as usize].iter();
    let test = Test::Closure {
        closure: Flat::new(closure),
        is_shown_references: !arguments.all(|(.., data)| *data),
    };
    ArgumentRule::new::<T>(method, test)
}

/// What `rule!` makes of checks.
#[doc(hidden)]
pub fn check_rule<T: ?Sized + Interface>(
    method: u32,
    checks: impl IntoIterator<Item = (&'static str, Check)>,
) -> ArgumentRule {
    let arguments = T::__ARGUMENTS[method as usize];
    let checks = checks
        .into_iter()
        .map(|(argument, check)| Checked::new(arguments, argument, check));
    ArgumentRule::new::<T>(method, Test::Checks(checks.collect()))
}

/// What a rule from names becomes.
pub(crate) fn named_rule(
    interface: TypeId,
    (interface_name, methods): (&'static str, &'static [&'static str]),
    (method, arguments): (u32, &[Argument]),
    (argument, check): (&str, Check),
) -> ArgumentRule {
    ArgumentRule(Arc::new(Body {
        interface,
        interface_name,
        method,
        method_name: methods[method as usize],
        test: Test::Checks(vec![Checked::new(arguments, argument, check)]),
    }))
}

impl ArgumentRule {
    fn new<T: ?Sized + Interface>(method: u32, test: Test) -> Self {
        Self(Arc::new(Body {
            interface: TypeId::of::<T>(),
            interface_name: <T as Interface>::NAME,
            method,
            method_name: <T as Interface>::METHODS[method as usize],
            test,
        }))
    }

    /// The interface's name.
    pub fn interface(&self) -> &'static str {
        self.0.interface_name
    }

    /// The method's name.
    pub fn method(&self) -> &'static str {
        self.0.method_name
    }

    /// The checks, each with its argument; none if the rule is a closure.
    pub fn checks(&self) -> impl Iterator<Item = (&str, &Check)> {
        let checks = match &self.0.test {
            Test::Closure { .. } | Test::Sealed(_) => &[][..],
            Test::Checks(checks) => checks,
        };
        checks
            .iter()
            .map(|checked| (checked.argument.as_str(), &checked.check))
    }

    pub(crate) fn type_id(&self) -> TypeId {
        self.0.interface
    }

    pub(crate) fn bit(&self) -> u64 {
        1 << self.0.method
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.origin(), other.origin())
    }

    /// Where the rule is that this one is, or stands for.
    fn origin(&self) -> *const Body {
        match &self.0.test {
            Test::Sealed(origin) => origin.as_ptr(),
            _ => Arc::as_ptr(&self.0),
        }
    }

    fn is_closure(&self) -> bool {
        !matches!(self.0.test, Test::Checks(_))
    }

    fn is_shown_references(&self) -> bool {
        matches!(
            self.0.test,
            Test::Closure {
                is_shown_references: true,
                ..
            }
        )
    }

    /// Whether it is a closure that a membrane has.
    pub(crate) fn is_sealed(&self) -> bool {
        matches!(self.0.test, Test::Sealed(_))
    }

    /// Whether it is a closure, to be run by whoever has it.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.0.test, Test::Closure { .. })
    }

    /// What a membrane shows of it.
    pub(crate) fn sealed(&self) -> Self {
        if !self.is_open() || fault::on(Fault::OpenPolicies) {
            return self.clone();
        }
        Self(Arc::new(Body {
            test: Test::Sealed(Arc::downgrade(&self.0)),
            ..*self.0
        }))
    }

    fn is_on_method_of(&self, other: &Self) -> bool {
        self.0.interface == other.0.interface && self.0.method == other.0.method
    }

    fn is_on(&self, interface: TypeId, method: u32) -> bool {
        self.0.interface == interface && self.0.method == method
    }

    fn reported(
        &self,
        direction: Direction,
        argument: Option<&str>,
        problem: RuleProblem,
    ) -> PolicyProblem {
        PolicyProblem::ArgumentRule {
            direction,
            interface: self.interface().into(),
            method: self.method().into(),
            argument: argument.map(Into::into),
            problem,
        }
    }

    fn passes(&self, arguments: &Arguments<'_, '_>) -> bool {
        match &self.0.test {
            Test::Closure { closure, .. } => (arguments.ask)(closure.get()),
            Test::Sealed(_) => false,
            Test::Checks(checks) => checks.iter().all(|checked| checked.passes(arguments)),
        }
    }
}

impl Checked {
    fn new(arguments: &[Argument], argument: &str, check: Check) -> Self {
        let place = Place::find(arguments, argument);
        Self {
            argument: argument.to_owned(),
            check,
            place,
        }
    }

    fn passes(&self, arguments: &Arguments<'_, '_>) -> bool {
        self.place.as_ref().is_ok_and(|place| {
            let value = evaluate::field((arguments.show)(place.argument), &place.fields);
            evaluate::passes(&self.check, value)
        })
    }

    fn problem(&self) -> Option<RuleProblem> {
        match &self.place {
            Ok(place) => problem::verify(&self.check, place.shape),
            Err(problem) => Some(problem.clone()),
        }
    }
}

impl Place {
    /// Finds `argument.field.field`.
    fn find(arguments: &[Argument], path: &str) -> Result<Self, RuleProblem> {
        let listed =
            |names: &mut dyn Iterator<Item = &'static str>| names.map(Into::into).collect();
        let mut parts = path.split('.');
        let first = parts.next().unwrap_or_default();
        let argument = arguments
            .iter()
            .position(|(name, ..)| *name == first)
            .ok_or_else(|| RuleProblem::UnknownArgument {
                known: listed(&mut arguments.iter().map(|(name, ..)| *name)),
            })?;
        let (mut shape, mut fields) = (arguments[argument].1, Vec::new());
        for part in parts {
            // A part of what may be absent may be absent.
            let is_optional = matches!(shape, Shape::Optional(_));
            let known: &'static [(&'static str, Shape)] = match shape.present() {
                Shape::Record(known) => known,
                _ => &[],
            };
            let found = known.iter().find(|(name, _)| *name == part);
            let (name, inner) = found.ok_or_else(|| RuleProblem::UnknownField {
                field: part.into(),
                known: listed(&mut known.iter().map(|(name, _)| *name)),
            })?;
            fields.push(*name);
            shape = match inner {
                inner if is_optional => Shape::Optional(inner),
                inner => *inner,
            };
        }
        Ok(Self {
            argument,
            fields,
            shape,
        })
    }
}

/// Everything that is wrong with these rules. `is_allowed` says whether the policy lists the rule's method.
pub(crate) fn problems(
    rules: &[(Direction, ArgumentRule)],
    is_allowed: impl Fn(Direction, &ArgumentRule) -> bool,
) -> Vec<PolicyProblem> {
    let mut problems = Vec::new();
    for (index, (direction, rule)) in rules.iter().enumerate() {
        let mut report = |argument: Option<&str>, problem| {
            problems.push(rule.reported(*direction, argument, problem));
        };
        if !is_allowed(*direction, rule) {
            report(None, RuleProblem::MethodNotAllowed);
        }
        // The other side's objects, as they are.
        let is_theirs = *direction == Direction::Outbound && rule.is_shown_references();
        if is_theirs && !fault::on(Fault::ClosuresSeeAll) {
            report(None, RuleProblem::ShownReferences);
        }
        let earlier = rules[..index]
            .iter()
            .filter(|(other, earlier)| other == direction && earlier.is_on_method_of(rule))
            .map(|(_, earlier)| earlier);
        if earlier.clone().any(|earlier| earlier.is(rule)) {
            report(None, RuleProblem::Duplicate);
            continue;
        }
        let Test::Checks(checks) = &rule.0.test else {
            continue;
        };
        let mut seen: Vec<(&str, &Check)> = earlier.flat_map(ArgumentRule::checks).collect();
        for checked in checks {
            let (argument, check) = (checked.argument.as_str(), &checked.check);
            let same = seen.iter().filter(|(other, _)| *other == argument);
            let problem = checked.problem().or_else(|| {
                let twice = same.clone().any(|(_, other)| other.kind() == check.kind());
                twice.then_some(RuleProblem::Duplicate)
            });
            let problem = problem.or_else(|| {
                same.clone()
                    .find(|(_, other)| problem::at_odds(other, check))
                    .map(|(_, other)| RuleProblem::Impossible {
                        check: format!("{} with {}", other.kind(), check.kind()),
                    })
            });
            if let Some(problem) = problem {
                report(Some(argument), problem);
            }
            seen.push((argument, check));
        }
    }
    problems
}

/// Has every rule look at the arguments of a call, and then looks at the switch again: rules take time.
pub(crate) fn check(
    scope: &Scope,
    asked: Asked,
    arguments: &Arguments<'_, '_>,
) -> Result<(), Error> {
    let Some(rules) = scope.data().rules() else {
        return Ok(());
    };
    let mut rules = rules.asked(asked).peekable();
    if rules.peek().is_none() {
        return Ok(());
    }
    for rule in rules {
        // A rule that panics has not agreed.
        if !quietly(|| rule.passes(arguments)).unwrap_or(false) {
            return Err(ErrorKind::Rejected.into());
        }
    }
    if scope.is_revoked() {
        return Err(Error::revoked(Reason::from_number(scope.reason())));
    }
    Ok(())
}

impl fmt::Debug for ArgumentRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dyn {}: {}", self.interface(), self.method())?;
        match &self.0.test {
            Test::Closure { .. } | Test::Sealed(_) => f.write_str(", a closure"),
            Test::Checks(checks) => checks
                .iter()
                .try_for_each(|checked| write!(f, ", {}: {}", checked.argument, checked.check)),
        }
    }
}
