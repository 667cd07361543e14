//! Which methods of which interfaces may be called, in each direction. Everything else is refused.

mod builder;
mod names;
mod problem;

pub use builder::PolicyBuilder;
pub use names::{Interfaces, NamedArgumentRule, NamedRule};
pub use problem::{PolicyError, PolicyProblem};

use crate::direction::Direction;
use crate::fault::{self, Fault};
use crate::interface::{Interface, Target};
use crate::rules::ArgumentRule;
use std::any::TypeId;
use std::sync::Arc;

/// One interface's list of allowed methods, made by [`allow!`](macro@crate::allow).
///
/// # Examples
///
/// ```
/// # use membrane::{Error, allow, interface};
/// # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; fn close(&self) -> Result<(), Error>; }
/// let allow = allow!(dyn Account: balance);
/// assert_eq!(allow.interface(), "Account");
/// assert_eq!(allow.methods().collect::<Vec<_>>(), ["balance"]);
/// ```
#[derive(Clone, Copy)]
pub struct Allow {
    pub(crate) interface: TypeId,
    pub(crate) name: &'static str,
    pub(crate) methods: &'static [&'static str],
    pub(crate) mask: u64,
}

/// What `allow!` expands to.
#[doc(hidden)]
pub fn allow<T: ?Sized + Interface>(mask: u64) -> Allow {
    Allow {
        interface: TypeId::of::<T>(),
        name: <T as Interface>::NAME,
        methods: <T as Interface>::METHODS,
        mask,
    }
}

impl Allow {
    /// The interface's name.
    pub fn interface(&self) -> &'static str {
        self.name
    }

    /// The allowed methods' names.
    pub fn methods(&self) -> impl Iterator<Item = &'static str> + use<> {
        names_in(self.methods, self.mask)
    }
}

impl std::fmt::Debug for Allow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "dyn {}: ", self.name)?;
        f.debug_list().entries(self.methods()).finish()
    }
}

/// The names of the methods in `mask`.
pub(crate) fn names_in(
    methods: &'static [&'static str],
    mask: u64,
) -> impl Iterator<Item = &'static str> {
    methods
        .iter()
        .enumerate()
        .filter(move |(index, _)| mask & (1 << index) != 0)
        .map(|(_, name)| *name)
}

/// What happens to a reference that comes home to the side of its object.
///
/// Whoever has a membrane's handle can lend through it and call what was lent, and so stands on both sides: what comes home to
/// the dry side comes home to them. Where they are not to get at the dry side's own objects, past the outbound list, choose
/// [`KeepWrapped`](Self::KeepWrapped) or [`Refuse`](Self::Refuse) for the membrane that they have the handle of.
///
/// Ordered from the widest to the narrowest: a derived policy may only move on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Homecoming {
    /// It becomes the object itself again.
    #[default]
    Unwrap,
    /// It stays wrapped: its owner gets a proxy of the proxy, as if it were the other side's object, and may call what the lists
    /// of both directions allow.
    KeepWrapped,
    /// The call that carries it is rejected.
    Refuse,
}

/// What the caller gets when a target panics, whichever side calls.
///
/// Ordered from the widest to the narrowest: a derived policy may only move on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum OnPanic {
    /// A panic of its own, without the payload of the first. For sides that trust each other not to panic on purpose. A guest in
    /// an engine, through which nothing can unwind, gets the [`Error`](Self::Error) all the same.
    Propagate,
    /// An error of kind [`Panicked`](crate::ErrorKind::Panicked).
    #[default]
    Error,
}

/// The methods that may be called, per interface and direction. Immutable, and cheap to clone.
///
/// An interface that is not named can still cross, as a reference with no callable method. Closures and iterators are
/// callable because the method that carried them was listed. A method that is added to an interface later is not
/// allowed: there is no wildcard.
///
/// # Examples
///
/// ```
/// # use membrane::{Error, interface};
/// use membrane::{Direction, Policy, allow};
///
/// # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; fn close(&self) -> Result<(), Error>; }
/// let policy = Policy::builder().inbound(allow!(dyn Account: balance)).build()?;
/// assert!(policy.allows::<dyn Account>(Direction::Inbound, "balance"));
/// assert!(!policy.allows::<dyn Account>(Direction::Inbound, "close"));
/// assert!(!policy.allows::<dyn Account>(Direction::Outbound, "balance"));
/// # Ok::<(), membrane::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct Policy(Arc<Rules>);

#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) outbound: Vec<Allow>,
    pub(crate) inbound: Vec<Allow>,
    /// In the order in which they are asked: inherited ones first.
    pub(crate) on_arguments: Vec<(Direction, ArgumentRule)>,
    pub(crate) homecoming: Homecoming,
    pub(crate) on_panic: OnPanic,
    pub(crate) depth_limit: u32,
}

impl Rules {
    pub(crate) fn of(&self, direction: Direction) -> &[Allow] {
        match direction {
            Direction::Outbound => &self.outbound,
            Direction::Inbound => &self.inbound,
        }
    }

    pub(crate) fn mask(&self, direction: Direction, interface: TypeId) -> u64 {
        self.of(direction)
            .iter()
            .find(|rule| rule.interface == interface)
            .map_or(0, |rule| rule.mask)
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            outbound: Vec::new(),
            inbound: Vec::new(),
            on_arguments: Vec::new(),
            homecoming: Homecoming::Unwrap,
            on_panic: OnPanic::Error,
            depth_limit: Policy::DEFAULT_DEPTH_LIMIT,
        }
    }
}

impl Policy {
    /// How many calls inside calls a thread may make, unless set otherwise.
    pub const DEFAULT_DEPTH_LIMIT: u32 = 128;

    /// Starts a policy that allows nothing.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder::default()
    }

    /// The policy that allows nothing: every reference is opaque.
    pub fn deny_all() -> Self {
        Self(Arc::default())
    }

    /// Whether the method may be called on references that cross as `T`.
    pub fn allows<T: ?Sized + Interface>(&self, direction: Direction, method: &str) -> bool {
        let mask = self.mask(direction, TypeId::of::<T>());
        names_in(<T as Target>::METHODS, mask).any(|name| name == method)
    }

    /// The interfaces named for `direction`, each with its allowed methods.
    pub fn rules(&self, direction: Direction) -> impl Iterator<Item = Allow> + '_ {
        self.0.of(direction).iter().copied()
    }

    /// The rules on arguments for calls in `direction`, those of the policies it derives from included. Of a membrane's policy,
    /// closures are there to be counted, not to be run: see [`ArgumentRule`].
    pub fn argument_rules(&self, direction: Direction) -> impl Iterator<Item = ArgumentRule> + '_ {
        self.argument_rules_of(direction).cloned()
    }

    pub(crate) fn argument_rules_of(
        &self,
        direction: Direction,
    ) -> impl Iterator<Item = &ArgumentRule> {
        let rules = self.0.on_arguments.iter();
        rules
            .filter(move |(way, _)| *way == direction)
            .map(|(_, rule)| rule)
    }

    /// The rules on arguments, in the order in which they are asked.
    pub(crate) fn ruled(&self) -> &[(Direction, ArgumentRule)] {
        &self.0.on_arguments
    }

    /// What a membrane shows of it: with closures that nobody else can run.
    #[inline]
    pub(crate) fn sealed(self) -> Self {
        if self.has_argument_rules() {
            self.with_sealed_rules()
        } else {
            self
        }
    }

    fn with_sealed_rules(self) -> Self {
        if !self.ruled().iter().any(|(_, rule)| rule.is_open()) {
            return self;
        }
        let ruled = self.ruled().iter();
        let sealed = ruled.map(|(direction, rule)| (*direction, rule.sealed()));
        Self(Arc::new(Rules {
            on_arguments: sealed.collect(),
            ..Rules::clone(&self.0)
        }))
    }

    /// Whether any method has a rule on its arguments.
    pub(crate) fn has_argument_rules(&self) -> bool {
        !self.0.on_arguments.is_empty()
    }

    /// What happens to references that come home.
    pub fn homecoming(&self) -> Homecoming {
        self.0.homecoming
    }

    /// What a caller gets when a target panics.
    pub fn on_panic(&self) -> OnPanic {
        self.0.on_panic
    }

    /// How many calls inside calls a thread may make.
    pub fn depth_limit(&self) -> u32 {
        self.0.depth_limit
    }

    /// Derives `narrower` from this policy: the same, if it asks for nothing that this one lacks, under the rules of both.
    ///
    /// The rules on arguments that this policy has for methods of `narrower` are part of what is derived, before `narrower`'s
    /// own, and so of everything that is derived further. A rule can be added; none can be dropped or widened.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names every method and setting in which `narrower` is wider.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Policy, allow, interface};
    /// # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; fn close(&self) -> Result<(), Error>; }
    /// let all = Policy::builder().inbound(allow!(dyn Account: balance, close)).build()?;
    /// let some = Policy::builder().inbound(allow!(dyn Account: balance)).build()?;
    /// assert!(all.attenuate(&some).is_ok());
    /// let error = some.attenuate(&all).unwrap_err();
    /// assert_eq!(error.to_string(), "inbound `Account::close` is not allowed by the policy this one derives from");
    /// # Ok::<(), membrane::PolicyError>(())
    /// ```
    pub fn attenuate(&self, narrower: &Self) -> Result<Self, PolicyError> {
        let mut problems = Vec::new();
        for direction in [Direction::Inbound, Direction::Outbound] {
            for rule in narrower.0.of(direction) {
                let excess = rule.mask & !self.mask(direction, rule.interface);
                problems.extend(names_in(rule.methods, excess).map(|method| {
                    PolicyProblem::WiderMethod {
                        direction,
                        interface: rule.name.into(),
                        method: method.into(),
                    }
                }));
            }
        }
        if narrower.0.homecoming < self.0.homecoming {
            problems.push(PolicyProblem::WiderHomecoming {
                asked: narrower.0.homecoming,
                has: self.0.homecoming,
            });
        }
        if narrower.0.on_panic < self.0.on_panic {
            problems.push(PolicyProblem::WiderOnPanic {
                asked: narrower.0.on_panic,
                has: self.0.on_panic,
            });
        }
        if narrower.0.depth_limit > self.0.depth_limit {
            problems.push(PolicyProblem::WiderDepth {
                asked: narrower.0.depth_limit,
                has: self.0.depth_limit,
            });
        }
        if problems.is_empty() || fault::on(Fault::WiderChild) {
            Ok(narrower.under_rules_of(self))
        } else {
            Err(PolicyError::new(problems))
        }
    }

    /// This policy, with the rules of `wider` for the methods that it allows.
    fn under_rules_of(&self, wider: &Self) -> Self {
        let is_inherited = |(direction, rule): &&(Direction, ArgumentRule)| {
            self.mask(*direction, rule.type_id()) & rule.bit() != 0
                && !self.argument_rules_of(*direction).any(|own| own.is(rule))
        };
        let inherited = wider.0.on_arguments.iter().filter(is_inherited);
        let mut on_arguments: Vec<_> = inherited.cloned().collect();
        if on_arguments.is_empty() {
            return self.clone();
        }
        on_arguments.extend_from_slice(&self.0.on_arguments);
        Self(Arc::new(Rules {
            on_arguments,
            ..Rules::clone(&self.0)
        }))
    }

    pub(crate) fn mask(&self, direction: Direction, interface: TypeId) -> u64 {
        self.0.mask(direction, interface)
    }
}

impl Default for Policy {
    /// Allows nothing.
    fn default() -> Self {
        Self::deny_all()
    }
}

impl std::fmt::Debug for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut policy = f.debug_struct("Policy");
        policy
            .field("inbound", &self.0.inbound)
            .field("outbound", &self.0.outbound);
        if self.has_argument_rules() {
            policy.field("argument_rules", &self.0.on_arguments);
        }
        policy
            .field("homecoming", &self.0.homecoming)
            .field("on_panic", &self.0.on_panic)
            .field("depth_limit", &self.0.depth_limit)
            .finish()
    }
}
