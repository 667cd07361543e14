//! Many calls in a row through one proxy, each checked, with the bookkeeping done once.

use crate::crossing::{Call, Place};
use crate::error::Error;
use crate::fault::{self, Fault};
use crate::interface::Interface;
use crate::passable::Passable;
use crate::proxy::{Route, refused};
use crate::query;
use crate::tree::Node;
use object_membrane_gate as gate;
use std::any::TypeId;
use std::hint::cold_path;
use std::ops::Deref;
use std::sync::Arc;

/// Leases `object` for many calls in a row.
///
/// If `object` is a proxy, its target is in use until the lease is dropped, and a call through the lease saves what a call
/// through the proxy spends on saying so. If not, the lease passes its calls on to `object`. Nothing in the lease tells which it
/// is, and every call has the result that a call of `object` itself would have.
///
/// Worth while from some ten calls on: taking and dropping a lease costs as much as that.
///
/// A call through a lease is an ordinary call of `object`, at the ordinary price,
///
/// - if it is made on another thread than the lease was taken on, or over 8 KiB of stack away from there. So recursion
///   through a lease has the bound on depth that recursion through a proxy has;
/// - while the membrane does more for a call than to look at the list of methods and at the switch;
/// - of a method that is not allowed;
/// - if the lease was taken when the membrane was revoked already, or when this thread had as many leases, and was inside as
///   many calls, as the bound on depth allows for both together.
///
/// # Authority
///
/// None: whoever holds `object` can make the same calls. What a lease adds is that its holder decides how long a revoked
/// target stays in memory.
///
/// # Concurrency
///
/// Each call looks at the list and at the switch before, and at the switch after: a revocation takes effect at once, and
/// withholds the result of a call that is running. But the target is dropped with the lease, not before, and until then
/// [`revoke_and_wait`](crate::Membrane::revoke_and_wait) waits, and reports the method `(leased)`; on the thread that has the
/// lease it returns [`WaitError::Inside`](crate::WaitError::Inside). A lease that is forgotten keeps its target for ever.
///
/// Taking a lease and dropping it take a lock that is shared by the process. A call takes none, and stores nothing.
///
/// # Examples
///
/// ```
/// use membrane::{Error, Membrane, Policy, allow, interface};
/// use std::sync::Arc;
///
/// #[interface]
/// pub trait Image {
///     fn pixel(&self, x: u32, y: u32) -> Result<u32, Error>;
///     fn erase(&self) -> Result<(), Error>;
/// }
///
/// struct Gradient;
///
/// impl Image for Gradient {
///     fn pixel(&self, x: u32, y: u32) -> Result<u32, Error> { Ok(x + y) }
///     fn erase(&self) -> Result<(), Error> { Ok(()) }
/// }
///
/// fn sum(image: &Arc<dyn Image>) -> Result<u32, Error> {
///     let image = membrane::lease(image);
///     let mut sum = 0;
///     for y in 0..10 {
///         for x in 0..10 {
///             sum += image.pixel(x, y)?;
///         }
///     }
///     assert!(image.erase().is_err());
///     Ok(sum)
/// }
///
/// let membrane = Membrane::new(Policy::builder().inbound(allow!(dyn Image: pixel)).build()?);
/// let image = membrane.wrap::<dyn Image>(Arc::new(Gradient))?;
/// assert_eq!(sum(&image), Ok(900));
///
/// let lease = membrane::lease(&image);
/// membrane.revoke("enough");
/// assert!(lease.pixel(1, 1).unwrap_err().is_revoked());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lease<T: ?Sized + Interface>(object: &Arc<T>) -> Lease<T> {
    let (kept, hold) = match query::hold(object) {
        Some(held) => {
            let kept = Kept {
                target: gate::Kept::new(&held.hold, held.target),
                allowed: held.allowed,
                place: held.place,
                stack: stack().wrapping_sub(NEAR),
            };
            (Some(kept), Some(held.hold))
        }
        None => (None, None),
    };
    Lease {
        leased: Leased {
            kept,
            object: object.clone(),
        },
        hold,
    }
}

/// How far up or down the stack a lease reaches, in bytes.
const NEAR: usize = 8 << 10;

/// About where the stack ends.
#[inline(always)]
fn stack() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(&here).addr()
}

/// An object that is leased, made by [`lease`]. Calls go to the [`Leased`] that it derefs to: `lease.balance()`.
///
/// Stays on its thread.
pub struct Lease<T: ?Sized + Interface> {
    leased: Leased<T>,
    hold: Option<gate::Hold<Node>>,
}

impl<T: ?Sized + Interface> Deref for Lease<T> {
    type Target = Leased<T>;

    #[inline(always)]
    fn deref(&self) -> &Leased<T> {
        &self.leased
    }
}

impl<T: ?Sized + Interface> Drop for Lease<T> {
    fn drop(&mut self) {
        // In this order: the gate's I7; and the proxy, which has the cell, comes last.
        self.leased.kept = None;
        self.hold = None;
    }
}

impl<T: ?Sized + Interface> std::fmt::Debug for Lease<T> {
    /// Shows the interface, the same for every object.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.leased.fmt(f)
    }
}

/// What a [`Lease`] lends to its holder: implements the trait that `T` is the `dyn` of.
pub struct Leased<T: ?Sized + Interface> {
    kept: Option<Kept<T>>,
    object: Arc<T>,
}

/// What was found behind a proxy.
struct Kept<T: ?Sized + Interface> {
    target: gate::Kept<T, Node>,
    /// The methods of `T` that may be called, as bits.
    allowed: u64,
    place: Place,
    /// Where on the stack the lease was taken, less [`NEAR`].
    stack: usize,
}

impl<T: ?Sized + Interface> Leased<T> {
    /// The target, if the method of this number may be called on it now without further ado.
    ///
    /// Only the code generated for the interface `S` has the key, and it is heard only if `S` is `T` or a super-interface.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __ready<S: ?Sized + Interface>(&self, _: S::__Key, method: u32) -> Option<Ready<'_, T>> {
        let kept = self.kept.as_ref()?;
        let is_near = stack().wrapping_sub(kept.stack) < 2 * NEAR;
        if (kept.allowed & (1 << method) != 0 || fault::on(Fault::LeaseUnlisted))
            && is_near
            && T::__extends(TypeId::of::<S>())
            && kept.target.is_open()
        {
            Some(Ready(kept))
        } else {
            cold_path();
            None
        }
    }

    /// What was leased, for an ordinary call.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __object(&self) -> &T {
        &self.object
    }
}

impl<T: ?Sized + Interface> std::fmt::Debug for Leased<T> {
    /// Shows the interface, the same for every object.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lease(dyn {})", <T as Interface>::NAME)?;
        if fault::on(Fault::DebugAsks) && self.kept.is_some() {
            f.write_str(" of a proxy")?;
        }
        Ok(())
    }
}

/// A call that may go ahead.
pub struct Ready<'a, T: ?Sized + Interface>(&'a Kept<T>);

impl<T: ?Sized + Interface> Route<T> for Ready<'_, T> {
    /// Makes the call: `f` converts the arguments, calls the target and converts the result, all panics caught; then the
    /// scope is still live.
    ///
    /// No condition is asked and no rule: while there are any, nothing is ready.
    #[inline(always)]
    fn call<R, E>(self, _: u32, f: impl FnOnce(&T, &Call<'_>) -> Result<R, E>) -> Result<R, E>
    where
        R: Passable,
        E: Passable + From<Error>,
    {
        let kept = self.0;
        kept.target.call(
            |target| f(target, &Call::new(kept.target.scope(), &kept.place, None)),
            refused,
        )
    }
}

impl<T: ?Sized + Interface> std::fmt::Debug for Ready<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ready")
    }
}
