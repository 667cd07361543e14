//! The handle by which an owner lends, derives and takes back.

use crate::authority::{AuditEvent, watch};
use crate::conditions::Conditions;
use crate::conditions::ledger::Ledger;
use crate::crossing::Crossing;
use crate::direction::Direction;
use crate::error::{Error, ErrorKind};
use crate::fault::{self, Fault};
use crate::identity::Tables;
use crate::interface::Target;
use crate::lent::Lent;
use crate::passable::Passable;
use crate::policy::{Policy, PolicyError, PolicyProblem};
use crate::query;
use crate::reason::Reason;
use crate::revocation::{self, Revoker, WaitError};
use crate::scoped::ScopedGrant;
use crate::tree::{Node, Scope, Unborn, WetSide, descends};
use object_membrane_gate::sync::lock;
use object_membrane_gate::{drop_quietly, quietly};
use std::sync::Arc;
use std::time::Duration;

/// A boundary around lent objects: every reference that crosses it, either way, is wrapped, and all die together.
///
/// A membrane stands between a **wet** side, which owns objects, and a **dry** side, which gets proxies of them. It can
/// have children, **grants**, with a policy that allows no more than their parent's, each revocable on its own and revoked
/// with its parent:
///
/// - [`grant`](Self::grant) makes one for a further holder: its wet side is this membrane's wet side.
/// - [`attenuate`](Self::attenuate) makes one for lending on: its wet side is this membrane's dry side.
///
/// # Authority
///
/// A handle belongs to its membrane's wet side. Whoever holds it can lend as that side, derive, and revoke. A clone carries
/// the same authority. Handles cannot cross a membrane. To let a holder lend on what it was lent, hand it what
/// [`attenuate`](Self::attenuate) returns, never the membrane that its own proxies came from.
///
/// What is said by a handle, whoever else has it can unsay: a clone [resumes](Self::resume) what was suspended by another, and
/// replaces or ends its [audit](Self::audit) and its [counting](Self::count_calls). Only a revocation is for ever. So an owner
/// that gives a grant's handle away says these things one level up, by a grant of its own that it keeps, and that the other
/// derives from: what holds there holds below, and cannot be undone from there.
///
/// ```
/// # use membrane::{Membrane, Policy};
/// # let (owner, policy) = (Membrane::new(Policy::deny_all()), Policy::deny_all());
/// let kept = owner.grant(&policy)?;
/// let given = kept.attenuate(&policy)?; // Its handle goes to the holder.
/// kept.suspend("not now", None);
/// given.resume(); // No effect: it is not this one that is suspended.
/// assert!(given.is_suspended());
/// # Ok::<(), membrane::PolicyError>(())
/// ```
///
/// Dropping every handle revokes nothing: proxies live on, until a [`Revoker`] that was kept, or nobody, ends them.
///
/// # Concurrency
///
/// All methods may be called from any thread, also from inside a call through the same membrane and from a target's `Drop`.
///
/// # Examples
///
/// ```
/// use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};
/// use std::sync::Arc;
///
/// #[interface]
/// pub trait Account {
///     fn balance(&self) -> Result<u64, Error>;
///     fn close(&self) -> Result<(), Error>;
/// }
///
/// struct Savings(u64);
///
/// impl Account for Savings {
///     fn balance(&self) -> Result<u64, Error> { Ok(self.0) }
///     fn close(&self) -> Result<(), Error> { Ok(()) }
/// }
///
/// let membrane = Membrane::new(Policy::builder().inbound(allow!(dyn Account: balance)).build()?);
/// let lent = membrane.wrap::<dyn Account>(Arc::new(Savings(7)))?;
///
/// assert_eq!(lent.balance(), Ok(7));
/// assert_eq!(lent.close().unwrap_err().kind(), ErrorKind::Refused);
///
/// membrane.revoke("the visit is over");
/// assert_eq!(lent.balance().unwrap_err().to_string(), "revoked: the visit is over");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: Mark S. Miller, *Robust Composition* (2006), ch. 9; `membrane.h` of Cap'n Proto.
#[derive(Clone)]
pub struct Membrane(pub(crate) Arc<Scope>);

impl Membrane {
    /// A membrane of its own, under `policy`.
    ///
    /// # Authority
    ///
    /// None is created: the policy bounds what can be lent through it.
    #[must_use = "nothing is lent before `wrap`"]
    pub fn new(policy: Policy) -> Self {
        Self(Node::root(policy, None))
    }

    /// Lends an object of the wet side: the proxy is for the dry side.
    ///
    /// The proxy is for the dry side to call. An owner that calls through it speaks as the dry side: what it passes counts as
    /// an object of the dry side, and comes out to that side as such.
    ///
    /// The proxy of an object is the same one each time, while it lives. An object of the dry side that had come in
    /// becomes itself again; a proxy that derives from a membrane further up becomes this membrane's proxy of the same
    /// object; a proxy of another tree is wrapped as an ordinary object.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Revoked`] if the membrane is revoked; [`ErrorKind::Rejected`] if the policy refuses references that
    /// come home; [`ErrorKind::TooDeep`] if this thread is inside too many calls; [`ErrorKind::Panicked`] if the object's
    /// own code, asked whether it is a proxy, panics.
    pub fn wrap<T: ?Sized + Target>(&self, object: Arc<T>) -> Result<Arc<T>, Error> {
        self.pass(object, Direction::Outbound)
    }

    /// Takes in an object of the dry side: the proxy is for the wet side.
    ///
    /// # Authority
    ///
    /// `object` must be the dry side's. Whoever takes in an object of the wet side's own has given it away: sent out again, it
    /// comes home to the dry side, as itself.
    ///
    /// # Errors
    ///
    /// As [`wrap`](Self::wrap).
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Membrane, Policy, allow, interface};
    /// # use std::sync::Arc;
    /// # #[interface] pub trait Progress { fn report(&self, done: u64) -> Result<(), Error>; }
    /// # struct Plugin; impl Progress for Plugin { fn report(&self, _: u64) -> Result<(), Error> { Ok(()) } }
    /// let membrane = Membrane::new(Policy::builder().outbound(allow!(dyn Progress: report)).build()?);
    /// let plugin = membrane.wrap_inbound::<dyn Progress>(Arc::new(Plugin))?;
    /// assert!(plugin.report(1).is_ok());
    /// membrane.revoke("plugin unloaded");
    /// assert!(plugin.report(2).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn wrap_inbound<T: ?Sized + Target>(&self, object: Arc<T>) -> Result<Arc<T>, Error> {
        self.pass(object, Direction::Inbound)
    }

    /// Passes any value, with all the references in it: a struct, a list of objects, a closure, an iterator.
    ///
    /// # Errors
    ///
    /// As [`wrap`](Self::wrap).
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Direction, Error, Membrane, Policy};
    /// # use std::sync::Arc;
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let double: Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync> = Arc::new(|n| Ok(2 * n));
    /// let lent = membrane.pass(double, Direction::Outbound)?;
    /// assert_eq!(lent(4), Ok(8));
    /// membrane.revoke("done");
    /// assert!(lent(4).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn pass<V: Passable>(&self, value: V, direction: Direction) -> Result<V, Error> {
        if self.0.is_revoked() {
            // What is passed may be the other side's, and its `Drop` that side's code.
            drop_quietly(value);
            return Err(self.revoked());
        }
        if fault::on(Fault::LoudPass) {
            return value.pass(&Crossing::new(&self.0, direction, self.0.data().wet()));
        }
        // What is passed may run its author's code: asked whether it is a proxy, or dropped half way.
        quietly(|| value.pass(&Crossing::new(&self.0, direction, self.0.data().wet())))
            .unwrap_or(Err(ErrorKind::Panicked.into()))
            .and_then(|value| {
                if self.0.is_revoked() {
                    drop_quietly(value);
                    return Err(self.revoked());
                }
                Ok(value)
            })
    }

    /// Derives a grant for a further holder of the wet side's objects.
    ///
    /// # Authority
    ///
    /// The grant has what `policy` allows, at most what this membrane has; it is revoked with this membrane, or on its own.
    /// Like every handle it belongs to its wet side, which is this membrane's wet side.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] names what `policy` allows beyond this membrane's, or says that this membrane is revoked.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Membrane, Policy, allow, interface};
    /// # use std::sync::Arc;
    /// # #[interface] pub trait Log { fn line(&self, text: &str) -> Result<(), Error>; }
    /// # struct Sink; impl Log for Sink { fn line(&self, _: &str) -> Result<(), Error> { Ok(()) } }
    /// let policy = Policy::builder().inbound(allow!(dyn Log: line)).build()?;
    /// let membrane = Membrane::new(policy.clone());
    /// let (alice, bob) = (membrane.grant(&policy)?, membrane.grant(&policy)?);
    /// let log: Arc<dyn Log> = Arc::new(Sink);
    /// let (for_alice, for_bob) = (alice.wrap(log.clone())?, bob.wrap(log)?);
    ///
    /// alice.revoke("alice left");
    /// assert!(for_alice.line("hello").is_err());
    /// assert!(for_bob.line("hello").is_ok());
    ///
    /// membrane.revoke("closing");
    /// assert!(for_bob.line("hello").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn grant(&self, policy: &Policy) -> Result<Self, PolicyError> {
        self.derive(WetSide::OfParent, policy, &Conditions::default())
    }

    /// Derives a grant by which the holder of this membrane's proxies lends on less.
    ///
    /// # Authority
    ///
    /// The grant's wet side is this membrane's *dry* side: its handle may be handed to the holder of this membrane's
    /// proxies. What the holder wraps with it is either a proxy that it was lent, which the further holder then uses in
    /// one hop under both policies, or an object of the holder's own. References on their way up stop at the holder as
    /// the proxies that it knows, never as the owner's objects.
    ///
    /// Who has the handle is bound by the owner's policy towards the owner, and stands on both sides of the new grant towards
    /// whoever it lends to: by default it can get at their objects themselves, as
    /// [`Homecoming`](crate::Homecoming) says and can change.
    ///
    /// A membrane's dry side is one side, whoever is on it: objects go between two grants that were attenuated from one
    /// membrane as between two hands. For two holders who do not trust each other, make a [`grant`](Self::grant) for each, and
    /// attenuate that.
    ///
    /// # Errors
    ///
    /// As [`grant`](Self::grant).
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};
    /// # use std::sync::Arc;
    /// # #[interface] pub trait File { fn read(&self) -> Result<u64, Error>; fn write(&self) -> Result<(), Error>; }
    /// # struct Disk; impl File for Disk { fn read(&self) -> Result<u64, Error> { Ok(1) } fn write(&self) -> Result<(), Error> { Ok(()) } }
    /// let membrane = Membrane::new(Policy::builder().inbound(allow!(dyn File: read, write)).build()?);
    /// let lent = membrane.wrap::<dyn File>(Arc::new(Disk))?;
    ///
    /// // The holder lends it on, for reading only.
    /// let narrower = membrane.attenuate(&Policy::builder().inbound(allow!(dyn File: read)).build()?)?;
    /// let lent_on = narrower.wrap(lent.clone())?;
    /// assert_eq!(lent_on.read(), Ok(1));
    /// assert_eq!(lent_on.write().unwrap_err().kind(), ErrorKind::Refused);
    /// assert!(lent.write().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn attenuate(&self, policy: &Policy) -> Result<Self, PolicyError> {
        self.derive(WetSide::ParentsDry, policy, &Conditions::default())
    }

    /// Derives a [`grant`](Self::grant) that is revoked when the guard is dropped.
    ///
    /// # Errors
    ///
    /// As [`grant`](Self::grant).
    pub fn scoped(&self, policy: &Policy) -> Result<ScopedGrant, PolicyError> {
        self.grant(policy).map(ScopedGrant)
    }

    /// Runs `f` with a [`grant`](Self::grant) that is revoked when `f` returns or panics, whatever `f` does with it.
    ///
    /// # Errors
    ///
    /// As [`grant`](Self::grant); then `f` is not run.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let kept = membrane.with_grant(&Policy::deny_all(), |grant| grant.clone())?;
    /// assert!(kept.is_revoked());
    /// # Ok::<(), membrane::PolicyError>(())
    /// ```
    pub fn with_grant<R>(
        &self,
        policy: &Policy,
        f: impl FnOnce(&Self) -> R,
    ) -> Result<R, PolicyError> {
        let scoped = self.scoped(policy)?;
        Ok(f(&scoped))
    }

    /// Ends access through this membrane and everything derived from it, both ways, for ever. Again does nothing.
    ///
    /// When this returns, no call passes the switch any more and no result, error or callback of a running call is
    /// delivered: its caller gets the error [`ErrorKind::Revoked`] with `reason`. A call that passed the switch before is
    /// running, though its thread may not have come to the target's code yet: that code may begin after this returns. Where
    /// that matters, [`revoke_and_wait`](Self::revoke_and_wait) rules it out. Callers that wait for an async call, a future or a
    /// stream are woken, before observers are told and anything is freed. Targets are dropped as soon as no call uses them: on
    /// this thread if they are idle, before this returns; by the last call to leave them otherwise. A target's `Drop` that
    /// panics is caught; one that blocks delays this function and the freeing of others, never the cut; and so does an observer,
    /// an audit hook or a waker, whoever set it. The first reason stays.
    ///
    /// # Concurrency
    ///
    /// The cut is one atomic operation for each membrane of the subtree, whatever the number of proxies. A caller that is
    /// past its last look at the switch when that happens has had its result delivered.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// let membrane = Membrane::new(Policy::deny_all());
    /// membrane.revoke("first");
    /// membrane.revoke("second");
    /// assert_eq!(membrane.reason().unwrap().as_str(), "first");
    /// ```
    pub fn revoke(&self, reason: impl Into<Reason>) {
        revocation::revoke(&self.0, reason.into());
    }

    /// [`revoke`](Self::revoke)s several membranes at once: all of them are cut before anything of any is freed, so that what one
    /// side's `Drop` does cannot hold up the cut of another's access.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// let tenants = [(); 3].map(|()| Membrane::new(Policy::deny_all()));
    /// Membrane::revoke_all(&tenants, "closing");
    /// assert!(tenants.iter().all(Membrane::is_revoked));
    /// ```
    pub fn revoke_all<'a>(
        membranes: impl IntoIterator<Item = &'a Self>,
        reason: impl Into<Reason>,
    ) {
        let roots = membranes.into_iter().map(|membrane| membrane.0.clone());
        revocation::revoke_all(roots.collect(), reason.into());
    }

    /// [`revoke`](Self::revoke)s, and waits until nothing runs any more and the targets are dropped.
    ///
    /// # Errors
    ///
    /// Access has ended in any case. [`WaitError::Inside`], at once, if this thread is inside a call of this membrane or one
    /// derived from it; [`WaitError::TimedOut`] after `timeout`, naming what still runs. A `timeout` of zero asks without
    /// waiting; `Duration::MAX` waits for ever.
    ///
    /// # Concurrency
    ///
    /// `timeout` bounds the wait for others. What this thread does for the revocation by itself, as in [`revoke`](Self::revoke),
    /// takes the time that it takes: wakers, audit hooks, observers, and the `Drop` of idle targets, of this membrane and of those
    /// that were derived from it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// # use std::time::Duration;
    /// let membrane = Membrane::new(Policy::deny_all());
    /// assert_eq!(membrane.revoke_and_wait("shutting down", Duration::from_secs(1)), Ok(()));
    /// ```
    pub fn revoke_and_wait(
        &self,
        reason: impl Into<Reason>,
        timeout: Duration,
    ) -> Result<(), WaitError> {
        revocation::revoke_and_wait(&self.0, reason.into(), timeout)
    }

    /// The facet that can only revoke.
    pub fn revoker(&self) -> Revoker {
        Revoker(self.0.clone())
    }

    /// Calls `observer` once, with the reason, when this membrane is revoked: on the revoking thread, after the cut and
    /// before idle targets are freed, under no lock. At once, if it is revoked already. A panic in it is caught.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// use std::sync::mpsc::channel;
    ///
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let (tell, told) = channel();
    /// membrane.on_revoke(move |reason| tell.send(reason).unwrap());
    /// membrane.revoke("enough");
    /// membrane.revoke("really");
    /// assert_eq!(told.iter().map(|reason| reason.as_str()).collect::<Vec<_>>(), ["enough"]);
    /// ```
    pub fn on_revoke(&self, observer: impl FnOnce(Reason) + Send + 'static) {
        {
            let mut family = lock(&self.0.data().family);
            // Under the lock: a revoker cuts first and then takes the observers under it.
            if !self.0.is_revoked() || fault::on(Fault::ObserveUnchecked) {
                family.make().observers.push(Box::new(observer));
                return;
            }
        }
        quietly(|| observer(Reason::from_number(self.0.reason())));
    }

    /// Whether this membrane is revoked, by itself or with one that it derives from.
    pub fn is_revoked(&self) -> bool {
        self.0.is_revoked()
    }

    /// Why it was revoked, if it is.
    pub fn reason(&self) -> Option<Reason> {
        self.is_revoked()
            .then(|| Reason::from_number(self.0.reason()))
    }

    /// What it allows.
    pub fn policy(&self) -> &Policy {
        self.0.data().policy()
    }

    /// What `object` is, if it is a proxy of this membrane or of one derived from it: which way its object went, and what may be
    /// called on it. A broken proxy is one, too.
    ///
    /// # Authority
    ///
    /// To take back what is lent, be it by a grant that somebody further down made; no handle. See [`Lent`].
    ///
    /// Of a proxy that stands for another of the same tree, only what both allow counts. `None` for any other object, also for a
    /// proxy of another tree. The question is the owner's to ask: it takes the membrane's handle.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Direction, Error, Membrane, Policy, allow, interface};
    /// # use std::sync::Arc;
    /// # #[interface] pub trait Log { fn line(&self, text: &str) -> Result<(), Error>; fn wipe(&self) -> Result<(), Error>; }
    /// # struct Sink; impl Log for Sink { fn line(&self, _: &str) -> Result<(), Error> { Ok(()) } fn wipe(&self) -> Result<(), Error> { Ok(()) } }
    /// let membrane = Membrane::new(Policy::builder().inbound(allow!(dyn Log: line)).build()?);
    /// let log: Arc<dyn Log> = Arc::new(Sink);
    /// let lent = membrane.wrap(log.clone())?;
    /// let found = membrane.lent(&lent).unwrap();
    /// assert_eq!(found.direction(), Direction::Outbound);
    /// assert!(found.allows(0) && !found.allows(1));
    /// assert!(membrane.lent(&log).is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn lent<T: ?Sized + Target>(&self, object: &Arc<T>) -> Option<Lent> {
        let found = query::lent(object, self.0.data().root_id())?;
        descends(&found.outer.scope, &self.0).then(|| Lent::new(found, T::METHODS))
    }

    /// How many proxies of this membrane are alive, its children's not counted; zero once it is revoked.
    ///
    /// Closures, iterators, futures and streams that crossed are behind proxies, and so is what is left of an async call that
    /// waits: each counts as one.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Membrane, Policy, interface};
    /// # use std::sync::Arc;
    /// # #[interface] pub trait Empty {}
    /// # struct Unit; impl Empty for Unit {}
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let lent = membrane.wrap::<dyn Empty>(Arc::new(Unit))?;
    /// assert_eq!(membrane.live_proxies(), 1);
    /// drop(lent);
    /// assert_eq!(membrane.live_proxies(), 0);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn live_proxies(&self) -> usize {
        lock(&self.0.data().tables).get().map_or(0, Tables::len)
    }

    pub(crate) fn derive(
        &self,
        wet: WetSide,
        policy: &Policy,
        conditions: &Conditions,
    ) -> Result<Self, PolicyError> {
        let policy = self.policy().attenuate(policy);
        let rules = match &policy {
            Ok(policy) if policy.has_argument_rules() => self.0.data().childs_rules(wet, policy),
            _ => Ok(None),
        };
        let ledger = Ledger::under(self.0.data().ledger(), conditions);
        let (policy, rules, ledger) = match (policy, rules, ledger) {
            (Ok(policy), Ok(rules), Ok(ledger)) => (policy, rules, ledger),
            (policy, rules, ledger) => {
                let of_policy = policy.err().map(|error| error.problems().to_vec());
                let problems = of_policy.into_iter().chain(rules.err()).chain(ledger.err());
                return Err(PolicyError::new(problems.flatten().collect()));
            }
        };
        Node::child(&self.0, wet, policy, rules, ledger)
            .map(|child| {
                if child.data().place().flags().audited {
                    let parent = self.id();
                    let kind = child.data().kind();
                    watch::tell(child.data(), AuditEvent::Granted { parent, kind });
                }
                Self(child)
            })
            .map_err(|unborn| {
                PolicyError::new(vec![match unborn {
                    Unborn::Revoked => PolicyProblem::Revoked,
                    Unborn::TooDeep => PolicyProblem::TooManyGenerations,
                }])
            })
    }

    fn revoked(&self) -> Error {
        Error::revoked(Reason::from_number(self.0.reason()))
    }
}

impl std::fmt::Debug for Membrane {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Membrane")
            .field("policy", self.policy())
            .field("revoked", &self.reason())
            .field("live_proxies", &self.live_proxies())
            .finish()
    }
}
