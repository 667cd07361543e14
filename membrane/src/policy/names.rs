//! Policies from names that are known at run time only, checked against a set of known interfaces.

use super::{Allow, Policy, PolicyError, PolicyProblem, allow};
use crate::direction::Direction;
use crate::interface::{Interface, Super};

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
#[derive(Clone, Debug, Default)]
pub struct Interfaces(Vec<Known>);

#[derive(Clone, Copy, Debug)]
struct Known {
    /// Every method allowed.
    all: Allow,
    key: &'static str,
    supers: &'static [Super],
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
    /// The bit of the method of this name.
    fn bit(&self, method: &str) -> Result<u64, Lookup> {
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
        found.map(|(index, _)| 1 << index).ok_or(Lookup::Unknown)
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
        let mut builder = Self::builder();
        for NamedRule {
            direction,
            interface,
            methods,
        } in rules
        {
            let mut candidates = known.0.iter().filter(|known| known.all.name == interface);
            let Some(found) = candidates.next() else {
                let known = known.names().map(Into::into).collect();
                builder.problem(PolicyProblem::UnknownInterface {
                    direction,
                    interface: interface.into(),
                    known,
                });
                continue;
            };
            if candidates.next().is_some() {
                builder.problem(PolicyProblem::AmbiguousInterface {
                    direction,
                    interface: interface.into(),
                });
                continue;
            }
            let mut mask = 0;
            for method in methods {
                let (interface, method) = (interface.to_owned(), String::from(*method));
                match found.bit(&method) {
                    Ok(bit) if mask & bit != 0 => {
                        builder.problem(PolicyProblem::DuplicateMethod {
                            direction,
                            interface,
                            method,
                        });
                    }
                    Ok(bit) => mask |= bit,
                    Err(Lookup::Unknown) => builder.problem(PolicyProblem::UnknownMethod {
                        direction,
                        interface,
                        method,
                        known: found
                            .all
                            .methods
                            .iter()
                            .map(|name| (*name).to_owned())
                            .collect(),
                    }),
                    Err(Lookup::Ambiguous) => {
                        builder.problem(PolicyProblem::AmbiguousMethod {
                            direction,
                            interface,
                            method,
                        });
                    }
                }
            }
            builder.add(direction, Allow { mask, ..found.all });
        }
        builder.build()
    }
}
