//! Guarded scopes: who is asked, when, and what becomes of what admission gave.

use super::fixture::{Held, Target, held, scope, scopes};
use crate::{Admission, InUse, Options, Pass, Reclaim, Refusal};
use std::cell::{Cell, RefCell};
use std::panic::panic_any;
use std::rc::Rc;
use std::time::Duration;

type Ends = Rc<RefCell<Vec<Option<Refusal>>>>;

struct Ticket(Ends);

impl Pass for Ticket {
    fn end(self, refusal: Option<Refusal>) {
        self.0.borrow_mut().push(refusal);
    }
}

/// A call and what decides about it.
struct Asked<A, F>(A, F);

impl<R, P, A, F> Admission<Target, R, Refusal> for Asked<A, F>
where
    P: Pass,
    A: Fn() -> P,
    F: FnOnce(Option<&P>) -> Result<R, Refusal>,
{
    type Pass = P;

    fn turned_away(&self, method: u32, refusal: Refusal) -> Refusal {
        assert_eq!(method, 1);
        refusal
    }

    fn admit(&self, method: u32) -> P {
        assert_eq!(method, 1);
        (self.0)()
    }

    fn run(self, _: &Target, pass: Option<&P>) -> Result<R, Refusal> {
        (self.1)(pass)
    }
}

fn asked<R, P: Pass>(
    held: &Held,
    admit: impl Fn() -> P,
    f: impl FnOnce(Option<&P>) -> Result<R, Refusal>,
) -> Result<R, Refusal> {
    let call = Asked(admit, f);
    held.cell.call_admitted(1, call, |_, refusal| refusal)
}

fn admitted<R>(
    held: &Held,
    ends: &Ends,
    f: impl FnOnce(Option<&Ticket>) -> R,
) -> Result<R, Refusal> {
    asked(held, || Ticket(ends.clone()), |ticket| Ok(f(ticket)))
}

/// Fails if `guard` leaves the state alone, or `unguard` does not go back to rest.
#[test]
fn only_calls_of_a_guarded_scope_are_admitted() {
    for scope in scopes(Options::default()) {
        let (held, ends) = (held(&scope), Ends::default());
        assert_eq!(admitted(&held, &ends, |ticket| ticket.is_some()), Ok(false));
        scope.guard();
        scope.guard();
        assert!(scope.is_guarded());
        assert_eq!(admitted(&held, &ends, |ticket| ticket.is_some()), Ok(true));
        assert_eq!(*ends.borrow(), [None]);
        scope.unguard();
        scope.unguard();
        assert!(!scope.is_guarded());
        assert_eq!(admitted(&held, &ends, |ticket| ticket.is_some()), Ok(false));
        assert_eq!(ends.borrow().len(), 1);
    }
}

/// Fails if a cut does not count a guarded scope as live, or `unguard` undoes a cut.
#[test]
fn guarded_scope_is_cut_for_ever() {
    for scope in scopes(Options::default()) {
        let (held, ends) = (held(&scope), Ends::default());
        scope.guard();
        held.revoke();
        scope.unguard();
        scope.guard();
        assert!(scope.is_revoked() && scope.is_drained());
        assert_eq!(admitted(&held, &ends, |_| ()), Err(Refusal::Revoked));
        assert!(
            ends.borrow().is_empty(),
            "nobody is asked about a dead scope"
        );
        assert_eq!(held.drops(), 1);
    }
}

/// Fails if the frame of a call that was not admitted stays, or its end is told as the gate's doing.
#[test]
fn refusal_to_admit_ends_the_call() {
    for scope in scopes(Options::default()) {
        let (held, ends) = (held(&scope), Ends::default());
        scope.guard();
        let result = asked(
            &held,
            || Ticket(ends.clone()),
            |_| Err::<(), _>(Refusal::TooDeep),
        );
        assert_eq!(result, Err(Refusal::TooDeep));
        assert_eq!(*ends.borrow(), [None]);
        held.revoke();
        assert_eq!(held.drops(), 1, "no frame names it");
    }
}

/// Fails if a cut during admission goes unnoticed by the call that is refused then, or frees what its frame names; or if that
/// is not told.
#[test]
fn cut_during_admission_wins() {
    for admits in [true, false] {
        for scope in scopes(Options::default()) {
            let (held, ends) = (held(&scope), Ends::default());
            scope.guard();
            let drops = Cell::new(None);
            let result = asked(
                &held,
                || {
                    held.revoke();
                    drops.set(Some(held.drops()));
                    Ticket(ends.clone())
                },
                |_| admits.then_some(()).ok_or(Refusal::TooDeep),
            );
            assert_eq!(result, Err(Refusal::Revoked));
            assert_eq!(*ends.borrow(), [Some(Refusal::Revoked)]);
            assert_eq!(drops.get(), Some(0), "in use until it is left");
            assert_eq!(held.drops(), 1);
        }
    }
}

/// Fails if `admit` runs outside of `catch_unwind`: the frame would stay.
#[test]
fn panic_in_admission_is_a_refusal() {
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        scope.guard();
        let result = asked(&held, || -> () { panic_any("mine") }, |_| Ok(()));
        assert_eq!(result, Err(Refusal::Panicked));
        held.revoke();
        assert_eq!(held.drops(), 1);
    }
}

/// Fails if the mark that a call has a time changes the number of its method, or gives a pin another one.
#[test]
fn running_call_is_named_by_its_method_and_a_guarded_one_has_its_time() {
    let other = held(&scope());
    // Of two cells in use, so that each is told from what lies before and after it.
    let running = |held: &Held, method| {
        let seen = |_: &Target| {
            other.call(|_| {
                let in_use = InUse::now();
                [held, &other].map(|held| in_use.methods(held.cell.address()).collect())
            })
        };
        let calls: [Vec<_>; 2] = held.cell.call(method, seen, |_, refusal| refusal).unwrap();
        assert_eq!(calls[1], [(1, None)]);
        assert_eq!(calls[0].len(), 1);
        calls[0][0]
    };
    for scope in scopes(Options::default()) {
        let held = held(&scope);
        assert_eq!(running(&held, 62), (62, None));
        assert_eq!(InUse::now().methods(held.cell.address()).count(), 0);
        scope.guard();
        for method in [0, 1, 62] {
            let (named, time) = running(&held, method);
            assert_eq!(named, method);
            assert!(time.is_some_and(|time| time < Duration::from_mins(1)));
        }
        assert_eq!(running(&held, u32::MAX), (u32::MAX, None), "a pin");
    }
}

/// Fails if the end of a call is not told, or is told wrongly.
#[test]
fn end_is_told() {
    for scope in scopes(Options::default()) {
        let (held, ends) = (held(&scope), Ends::default());
        scope.guard();
        assert_eq!(admitted(&held, &ends, |_| 3), Ok(3));
        assert_eq!(
            admitted(&held, &ends, |_| panic_any("mine")),
            Err::<(), _>(Refusal::Panicked)
        );
        assert_eq!(
            admitted(&held, &ends, |_| held.revoke()),
            Err(Refusal::Revoked)
        );
        assert_eq!(
            *ends.borrow(),
            [None, Some(Refusal::Panicked), Some(Refusal::Revoked)]
        );
    }
}
