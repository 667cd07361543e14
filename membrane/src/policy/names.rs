//! Policies from names that are known at run time only, checked against a set of known interfaces.

use super::{Allow, Policy, PolicyBuilder, PolicyError, PolicyProblem, allow};
use crate::direction::Direction;
use crate::fault::{self, Fault};
use crate::interface::{Argument, Interface, Super};
use crate::rules::{self, Check};

/// The interfaces that a policy from names may speak of.
///
/// # Examples
///
/// ```
/// # use membrane::{Error, interface};
/// # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; }
/// use membrane::Interfaces;
///
/// let known = Interfaces::new().with::<dyn Account>();
/// assert_eq!(known.names().collect::<Vec<_>>(), ["Account"]);
/// ```
#[derive(Clone, Default)]
pub struct Interfaces(Vec<Known>);

#[derive(Clone, Copy)]
struct Known {
    /// Every method allowed.
    all: Allow,
    key: &'static str,
    supers: &'static [Super],
    arguments: &'static [&'static [Argument]],
}

impl Interfaces {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an interface. Adding it again changes nothing.
    #[must_use]
    pub fn with<T: ?Sized + Interface>(mut self) -> Self {
        let known = Known {
            all: allow::<T>(u64::MAX),
            key: T::__KEY,
            supers: T::__SUPERS,
            arguments: T::__ARGUMENTS,
        };
        if self
            .0
            .iter()
            .all(|other| other.all.interface != known.all.interface)
        {
            self.0.push(known);
        }
        self
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|known| known.all.name)
    }
}

impl Known {
    /// The number of the method of this name.
    fn number(&self, method: &str) -> Result<usize, Lookup> {
        let mut found: Option<(usize, &str)> = None;
        for (index, name) in self.all.methods.iter().enumerate() {
            if *name != method {
                continue;
            }
            let owner = self.owner(index);
            match found {
                None => found = Some((index, owner)),
                // A super-interface that is inherited twice: its first place counts.
                Some((_, first)) if first == owner => {}
                Some(_) => return Err(Lookup::Ambiguous),
            }
        }
        found.map(|(index, _)| index).ok_or(Lookup::Unknown)
    }

    /// The interface, by key, whose own method number `index` is: the innermost one that starts at or before it.
    fn owner(&self, index: usize) -> &'static str {
        let mut owner = (self.key, 0);
        for (key, offset, _) in self.supers {
            if *offset as usize <= index && *offset >= owner.1 {
                owner = (*key, *offset);
            }
        }
        owner.0
    }
}

enum Lookup {
    Unknown,
    Ambiguous,
}

/// One line of a policy from names.
#[derive(Clone, Debug)]
pub struct NamedRule<'a> {
    /// Which side's objects.
    pub direction: Direction,
    /// The interface's name.
    pub interface: &'a str,
    /// The allowed methods' names. None makes the interface's references opaque, on record.
    pub methods: &'a [&'a str],
}

/// A rule on one argument, in names. The rule that it becomes is an [`ArgumentRule`](crate::ArgumentRule).
#[derive(Clone, Debug)]
pub struct NamedArgumentRule<'a> {
    /// Which side's objects.
    pub direction: Direction,
    /// The interface's name.
    pub interface: &'a str,
    /// The method's name.
    pub method: &'a str,
    /// The argument's name, as in the interface's source. A field of it after a dot: `options.depth`.
    pub argument: &'a str,
    /// What it must be like.
    pub check: Check,
}

impl Policy {
    /// Builds a policy from names.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] lists everything that is wrong, and nothing is built: an unknown interface or method, a name that
    /// two of the known interfaces share or two super-interfaces of one, an interface or a method that is given twice.
    /// Names are compared exactly: no trimming, no case folding, no wildcard.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, interface};
    /// # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; fn close(&self) -> Result<(), Error>; }
    /// use membrane::{Direction, Interfaces, NamedRule, Policy};
    ///
    /// let known = Interfaces::new().with::<dyn Account>();
    /// let rule = |methods| NamedRule { direction: Direction::Inbound, interface: "Account", methods };
    ///
    /// let policy = Policy::from_names(&known, [rule(&["balance"])])?;
    /// assert!(policy.allows::<dyn Account>(Direction::Inbound, "balance"));
    ///
    /// let error = Policy::from_names(&known, [rule(&["balanse", "*"])]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "`Account` has no method `balanse`; it has: balance, close\n\
    ///      `Account` has no method `*`; it has: balance, close"
    /// );
    /// # Ok::<(), membrane::PolicyError>(())
    /// ```
    pub fn from_names<'a>(
        known: &Interfaces,
        rules: impl IntoIterator<Item = NamedRule<'a>>,
    ) -> Result<Self, PolicyError> {
        Self::from_names_with_rules(known, rules, [])
    }

    /// Builds a policy from names, with rules on arguments.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] lists everything that is wrong, and nothing is built: what [`from_names`](Self::from_names) reports;
    /// for a rule, too, an unknown or ambiguous interface or method; and every [`RuleProblem`](crate::RuleProblem).
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, interface};
    /// # #[interface] pub trait Account { fn deposit(&self, amount: u64) -> Result<(), Error>; }
    /// use membrane::{Check, Direction, Interfaces, NamedArgumentRule, NamedRule, Policy};
    ///
    /// let known = Interfaces::new().with::<dyn Account>();
    /// let direction = Direction::Inbound;
    /// let allow = NamedRule { direction, interface: "Account", methods: &["deposit"] };
    /// let rule = |argument, check| {
    ///     [NamedArgumentRule { direction, interface: "Account", method: "deposit", argument, check }]
    /// };
    ///
    /// let limited = rule("amount", Check::range(1..=100));
    /// assert!(Policy::from_names_with_rules(&known, [allow.clone()], limited).is_ok());
    ///
    /// let wrong = rule("amount", Check::prefix("1"));
    /// let error = Policy::from_names_with_rules(&known, [allow], wrong).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "inbound rule on `amount` of `Account::deposit`: prefix cannot be asked of an integer"
    /// );
    /// # Ok::<(), membrane::PolicyError>(())
    /// ```
    pub fn from_names_with_rules<'a>(
        known: &Interfaces,
        allowed: impl IntoIterator<Item = NamedRule<'a>>,
        rules: impl IntoIterator<Item = NamedArgumentRule<'a>>,
    ) -> Result<Self, PolicyError> {
        let mut builder = Self::builder();
        for NamedRule {
            direction,
            interface,
            methods,
        } in allowed
        {
            let Some(found) = known.find(direction, interface, &mut builder) else {
                continue;
            };
            let mut mask = 0;
            for method in methods {
                if fault::on(Fault::Wildcards) && *method == "*" {
                    mask = u64::MAX;
                    continue;
                }
                match found.method(direction, method, &mut builder) {
                    Some(number) if mask & 1 << number != 0 => {
                        builder.problem(PolicyProblem::DuplicateMethod {
                            direction,
                            interface: interface.into(),
                            method: (*method).into(),
                        });
                    }
                    Some(number) => mask |= 1 << number,
                    None => {}
                }
            }
            builder.add(direction, Allow { mask, ..found.all });
        }
        for rule in rules {
            builder = builder.named_rule(known, rule);
        }
        builder.build()
    }
}

impl PolicyBuilder {
    fn named_rule(mut self, known: &Interfaces, rule: NamedArgumentRule<'_>) -> Self {
        let direction = rule.direction;
        let Some(found) = known.find(direction, rule.interface, &mut self) else {
            return self;
        };
        let Some(number) = found.method(direction, rule.method, &mut self) else {
            return self;
        };
        #[expect(clippy::cast_possible_truncation, reason = "at most 63 methods")]
        let method = (number as u32, found.arguments[number]);
        let interface = (found.all.name, found.all.methods);
        let check = (rule.argument, rule.check);
        let rule = rules::named_rule(found.all.interface, interface, method, check);
        self.rule(direction, rule)
    }
}

impl Interfaces {
    /// The one known interface of this name, or a problem more.
    fn find(
        &self,
        direction: Direction,
        interface: &str,
        builder: &mut PolicyBuilder,
    ) -> Option<&Known> {
        let mut candidates = self.0.iter().filter(|known| known.all.name == interface);
        let Some(found) = candidates.next() else {
            if fault::on(Fault::LenientNames) {
                return None;
            }
            let known = self.names().map(Into::into).collect();
            builder.problem(PolicyProblem::UnknownInterface {
                direction,
                interface: interface.into(),
                known,
            });
            return None;
        };
        if candidates.next().is_some() {
            builder.problem(PolicyProblem::AmbiguousInterface {
                direction,
                interface: interface.into(),
            });
            return None;
        }
        Some(found)
    }
}

impl Known {
    /// The number of the method of this name, or a problem more.
    fn method(
        &self,
        direction: Direction,
        method: &str,
        builder: &mut PolicyBuilder,
    ) -> Option<usize> {
        let (interface, name) = (self.all.name.to_owned(), method.to_owned());
        match self.number(method) {
            Err(_) if fault::on(Fault::LenientNames) => {}
            Ok(number) => return Some(number),
            Err(Lookup::Unknown) => builder.problem(PolicyProblem::UnknownMethod {
                direction,
                interface,
                method: name,
                known: self
                    .all
                    .methods
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect(),
            }),
            Err(Lookup::Ambiguous) => builder.problem(PolicyProblem::AmbiguousMethod {
                direction,
                interface,
                method: name,
            }),
        }
        None
    }
}

impl std::fmt::Debug for Interfaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|known| known.all))
            .finish()
    }
}
