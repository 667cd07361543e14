//! What an owner can ask of its membrane, and be told.

use super::audit::Audit;
use super::snapshot::{GrantId, Snapshot};
use super::{survey, watch};
use crate::fault::{self, Fault};
use crate::membrane_handle::Membrane;
use object_membrane_gate::drop_quietly;
use object_membrane_gate::sync::lock;
use std::sync::Arc;

impl Membrane {
    /// What authority this membrane, and everything derived from it, gives at this moment.
    ///
    /// # Authority
    ///
    /// The snapshot carries none, and shows no object. Of what this membrane derives from it shows what binds this one, too, as
    /// [`conditions`](Self::conditions) does: what is left of the conditions, which others use up as well; the nearest rate; the
    /// nearest suspension, with its reason; and in the [epoch](crate::GrantSnapshot::epoch) how often there was one. It shows no
    /// label, no number, no policy, no proxy and no call of those further up.
    ///
    /// # Concurrency
    ///
    /// It is not one moment for the whole subtree; nothing is stopped for it. Each grant is looked at once, after its parent:
    ///
    /// - whether it is revoked, and how many proxies are alive, is of one moment. That of a child is later than its parent's:
    ///   while a revocation is under way, a child may be shown live under a parent that is shown revoked, or the reverse;
    /// - a grant that somebody holds, be it by a handle or by a proxy, from before this is called until it returns, is in it; one
    ///   that is made meanwhile may be. What derives from a revoked one may be left out, once nothing of it is left to wait for;
    /// - a refusal that its caller was told of before this was called is counted; a later one may be;
    /// - a call is shown running if it ran when this was called and still did when its grant was looked at.
    ///
    /// Takes time in proportion to the grants, and, while calls run anywhere in the process, to the live proxies. Holds the lock
    /// of one grant at a time, under which no other code runs; calls do not take it, wrapping and dropping a proxy do. What
    /// is dropped in the course of it (a grant whose last reference goes meanwhile) is dropped on this thread under no lock.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Membrane, Policy, allow, interface};
    /// # use std::sync::Arc;
    /// # #[interface] pub trait Log { fn line(&self, text: &str) -> Result<(), Error>; fn wipe(&self) -> Result<(), Error>; }
    /// # struct Sink; impl Log for Sink { fn line(&self, _: &str) -> Result<(), Error> { Ok(()) } fn wipe(&self) -> Result<(), Error> { Ok(()) } }
    /// let policy = Policy::builder().inbound(allow!(dyn Log: line)).build()?;
    /// let membrane = Membrane::new(policy.clone());
    /// let bob = membrane.grant(&policy)?.labelled("Bob");
    /// let lent = bob.wrap::<dyn Log>(Arc::new(Sink))?;
    /// assert!(lent.wipe().is_err());
    ///
    /// let snapshot = membrane.snapshot();
    /// let bob = snapshot.labelled("Bob").next().unwrap();
    /// assert_eq!(bob.parent, Some(membrane.id()));
    /// assert_eq!(bob.interfaces[0].allowed, ["line"]);
    /// assert_eq!((bob.live_proxies, bob.refused.not_allowed), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        survey::snapshot(&self.0)
    }

    /// The number by which snapshots name this membrane.
    pub fn id(&self) -> GrantId {
        self.0.data().id()
    }

    /// Says who holds what is lent through this membrane, for the eyes of its owner. The first label stays: whoever derives a
    /// grant names it before handing on the handle.
    ///
    /// Returns whether this is the first. Of the text, the first 256 bytes are kept. Nothing of it is ever shown to the dry
    /// side; owners further up see it in their snapshots.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// let membrane = Membrane::new(Policy::deny_all());
    /// assert!(membrane.set_label("billing plugin"));
    /// assert!(!membrane.set_label("somebody else"));
    /// assert_eq!(membrane.label().as_deref(), Some("billing plugin"));
    /// ```
    pub fn set_label(&self, label: impl AsRef<str>) -> bool {
        self.0.data().set_label(label.as_ref())
    }

    /// This membrane, with a label unless it has one: [`set_label`](Self::set_label) for the line that derives it.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Membrane, Policy};
    /// let membrane = Membrane::new(Policy::deny_all()).labelled("host");
    /// let grant = membrane.grant(&Policy::deny_all())?.labelled("billing plugin");
    /// assert_eq!(grant.label().as_deref(), Some("billing plugin"));
    /// # Ok::<(), membrane::PolicyError>(())
    /// ```
    #[must_use = "it is the same membrane, returned so that calls can follow each other"]
    pub fn labelled(self, label: impl AsRef<str>) -> Self {
        self.set_label(label);
        self
    }

    /// What the owner calls the holder.
    pub fn label(&self) -> Option<String> {
        self.0.data().label()
    }

    /// Has `hook` told of what happens in this membrane and in everything derived from it, now and later: every decision about a
    /// call, and what becomes of grants and proxies. Replaces the hook that this membrane had.
    ///
    /// Hooks further up are told as well, after the nearer ones: who audits below hides nothing from above. What calls cost
    /// without a hook is unchanged; with one, each takes the path of calls that are asked about, and the time of the hooks.
    ///
    /// - A call that runs, or waits, when this is called is not told of.
    /// - A decision is told when the call is over, or when it is refused; to the hooks that there are then.
    /// - A call of an async method that is not over with its first poll is told of twice: that it was [let
    ///   in](crate::AuditEvent::Admitted), and, as any other call, how it ended: when the poll that ends it returns, when the caller
    ///   drops its future, or when the scope is revoked. So are futures that crossed as values, and each item of a stream; polls
    ///   are not.
    /// - Of a revocation each grant is told, after all are cut and callers that wait are woken, and before targets are freed; then
    ///   that the calls have ended that waited until then. A caller that polls as soon as it is woken, on the revoking thread by a
    ///   waker that does so or on its own, ends its call by itself: that may be told before.
    /// - What happens inside a hook, on its thread, is not told to that hook, but to the others; inside eight different ones, to
    ///   the one furthest up only.
    ///
    /// See [`Audit`] for what a hook may do: all that it likes.
    ///
    /// # Authority
    ///
    /// Whoever has a handle of this membrane can replace the hook, or take it away: to hear of a grant whose handle is given away,
    /// [audit one level up](Self#authority).
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Membrane, Policy, allow, interface};
    /// use membrane::{AuditEvent, AuditRecord, Outcome};
    /// # use std::sync::Arc;
    /// use std::sync::mpsc::channel;
    ///
    /// # #[interface] pub trait Log { fn line(&self, text: &str) -> Result<(), Error>; fn wipe(&self) -> Result<(), Error>; }
    /// # struct Sink; impl Log for Sink { fn line(&self, _: &str) -> Result<(), Error> { Ok(()) } fn wipe(&self) -> Result<(), Error> { Ok(()) } }
    /// let membrane = Membrane::new(Policy::builder().inbound(allow!(dyn Log: line)).build()?);
    /// let lent = membrane.wrap::<dyn Log>(Arc::new(Sink))?;
    /// let (tell, told) = channel();
    /// membrane.audit(move |record: &AuditRecord<'_>| {
    ///     if let AuditEvent::Call(decision) = record.event {
    ///         let allowed = decision.outcome == Outcome::Answered;
    ///         tell.send((decision.interface, decision.method, allowed)).unwrap();
    ///     }
    /// });
    /// lent.line("hello")?;
    /// assert!(lent.wipe().is_err());
    /// assert_eq!(told.try_iter().collect::<Vec<_>>(), [("Log", "line", true), ("Log", "wipe", false)]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn audit(&self, hook: impl Audit) {
        let hook: Arc<dyn Audit> = Arc::new(hook);
        watch::change(&self.0, |notes| notes.audit.replace(hook));
    }

    /// Takes this membrane's own hook away, whoever set it; those of membranes that it derives from stay.
    pub fn end_audit(&self) {
        watch::change(&self.0, |notes| notes.audit.take());
    }

    /// Says whether the calls that enter their targets are counted, for snapshots: of this membrane, and of everything derived
    /// from it. They are, too, where a membrane that it derives from says so. What was counted stays. The last handle that says so
    /// or otherwise decides, whoever has it: to count for a grant whose handle is given away, [say so one level
    /// up](Self#authority).
    ///
    /// A counted call takes the path of calls that are asked about, and writes nothing that another thread writes; one that is
    /// not counted costs what it did.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Direction, Error, Membrane, Policy};
    /// # use std::sync::Arc;
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let double: Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync> = Arc::new(|n| Ok(2 * n));
    /// let lent = membrane.pass(double, Direction::Outbound)?;
    /// membrane.count_calls(true);
    /// lent(1)?;
    /// lent(2)?;
    /// assert_eq!(membrane.snapshot().grants[0].calls, Some(2));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn count_calls(&self, on: bool) {
        watch::change(&self.0, |notes| {
            notes.counting = on;
            None
        });
    }

    /// Calls `observer` once, when the last proxy of this membrane is gone: the next time, from now on, that the number of
    /// [live proxies](Self::live_proxies) comes down to zero.
    ///
    /// - If no proxy is alive now, it waits until one has been made and is gone. To be told again, ask again; the observer may do
    ///   so itself.
    /// - A proxy counts from when it is made, also if it never gets to its holder because something beside it may not cross.
    ///   Proxies of both directions count; those of derived grants do not: each grant is watched by itself.
    /// - A revocation ends the watch. The observer is then dropped without being called: [`on_revoke`](Self::on_revoke)
    ///   tells of that. So it is on a membrane that is revoked already, or of which nothing is left to be dropped.
    ///
    /// # Concurrency
    ///
    /// Whether a proxy that is made meanwhile comes before or after the last is gone is decided under the lock under which both
    /// are listed: if before, nobody is told; if after, the observer is called though one is alive again. Called on the
    /// thread that drops the last proxy, under no lock, before that proxy's target is dropped. A panic in it is caught.
    ///
    /// # Examples
    ///
    /// ```
    /// # use membrane::{Error, Membrane, Policy, interface};
    /// # use std::sync::Arc;
    /// # #[interface] pub trait Empty {}
    /// # struct Unit; impl Empty for Unit {}
    /// use std::sync::mpsc::channel;
    ///
    /// let membrane = Membrane::new(Policy::deny_all());
    /// let (tell, told) = channel();
    /// membrane.on_dropped(move || tell.send("nobody holds it any more").unwrap());
    ///
    /// let lent = membrane.wrap::<dyn Empty>(Arc::new(Unit))?;
    /// let copy = lent.clone();
    /// drop(lent);
    /// assert!(told.try_recv().is_err());
    /// drop(copy);
    /// assert!(told.try_recv().is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn on_dropped(&self, observer: impl FnOnce() + Send + 'static) {
        let mut tables = lock(&self.0.data().tables);
        // Under the lock: a revoker cuts first and then takes the tables under it.
        if self.0.is_revoked() && !fault::on(Fault::WatchUnchecked) {
            drop(tables);
            drop_quietly(observer);
        } else {
            tables.make().watch(Box::new(observer));
        }
    }
}
