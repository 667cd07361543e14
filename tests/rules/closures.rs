//! Closures: what they are given, when, how often, and what they may do.

use super::{Account, Ledger, Named, everything, ledger};
use membrane::{
    Conditions, Crossing, Direction, Error, ErrorKind, Homecoming, Inspected, Membrane, OnPanic,
    Passable, Policy, PolicyError, PolicyProblem, RuleProblem, Shape, allow, interface, rule,
};
use std::borrow::Cow;
use std::collections::HashMap;
use std::panic::panic_any;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use tests::{Door, Worker, assert_kind, assert_revoked, plain_worker, soon, start};

type Callback = Arc<dyn Fn(u64) -> Result<u64, Error> + Send + Sync>;

#[derive(Passable)]
struct Order {
    worker: Arc<dyn Worker>,
    note: Cow<'static, str>,
}

#[interface]
trait Desk {
    fn take(&self, order: Order, tags: Vec<String>, by: &str) -> Result<usize, Error>;
    fn call(&self, back: Callback, n: u64) -> Result<u64, Error>;
    fn drain(
        &self,
        items: Box<dyn Iterator<Item = Result<u64, Error>> + Send>,
    ) -> Result<u64, Error>;
}

/// Where the parts of an order are in memory.
type Places = (usize, usize, usize, usize);

fn places(order: &Order, tags: &[String], by: &str) -> Places {
    (
        Arc::as_ptr(&order.worker).cast::<()>().addr(),
        order.note.as_ptr().addr(),
        tags.as_ptr().addr(),
        by.as_ptr().addr(),
    )
}

#[derive(Default)]
struct Clerk(Mutex<Vec<Places>>);

impl Desk for Clerk {
    fn take(&self, order: Order, tags: Vec<String>, by: &str) -> Result<usize, Error> {
        self.0.lock().unwrap().push(places(&order, &tags, by));
        Ok(tags.len())
    }

    fn call(&self, back: Callback, n: u64) -> Result<u64, Error> {
        back(n)
    }

    fn drain(
        &self,
        items: Box<dyn Iterator<Item = Result<u64, Error>> + Send>,
    ) -> Result<u64, Error> {
        items.sum()
    }
}

fn desk() -> membrane::PolicyBuilder {
    Policy::builder()
        .inbound(allow!(dyn Desk: take, call, drain))
        .outbound(allow!(dyn Worker: run))
}

/// C18, C3: check and use see one value. Fails if rules are shown the arguments before they are converted.
#[test]
fn closure_is_given_the_very_values_that_the_target_gets() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let policy = desk().inbound_rule(rule!(dyn Desk: take, move |order, tags, by| {
        noted.lock().unwrap().push(places(order, tags, by));
        order.worker.run() == Ok(7)
    }));
    let membrane = Membrane::new(policy.build().unwrap());
    let clerk = Arc::<Clerk>::default();
    let lent = membrane.wrap::<dyn Desk>(clerk.clone()).unwrap();
    let worker = plain_worker();
    let order = Order {
        worker: worker.clone(),
        note: Cow::Owned(String::from("soon")),
    };
    assert_eq!(lent.take(order, vec!["a".into(), "b".into()], "me"), Ok(2));
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen, *clerk.0.lock().unwrap());
    assert_eq!(seen.len(), 1);
    // What both got is a proxy.
    assert_ne!(seen[0].0, Arc::as_ptr(&worker).cast::<()>().addr());
}

/// Fails if rules are asked before the list of methods or the switch.
#[test]
fn closure_is_asked_once_for_each_call_that_gets_so_far() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let policy = everything()
        .inbound_rule(rule!(dyn Account: deposit, move |_| {
            count.fetch_add(1, SeqCst);
            true
        }))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy.clone());
    let (ledger, account) = ledger();
    let lent = membrane.wrap(account.clone()).unwrap();
    assert_eq!(lent.deposit(1), Ok(1));
    assert_eq!(lent.close(), Ok(2));
    assert_eq!(asked.load(SeqCst), 1);
    // The owner does not go through the membrane.
    assert_eq!(account.deposit(1), Ok(3));
    assert_eq!(asked.load(SeqCst), 1);
    membrane.revoke("over");
    assert_revoked(lent.deposit(1), "over");
    assert_eq!((asked.load(SeqCst), ledger.entered()), (1, 3));
}

/// An unlisted method with a rule does not exist, so the rule is on a listed one with a wrong argument that cannot cross.
#[test]
fn closure_is_not_asked_about_an_argument_that_may_not_cross() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let policy =
        desk()
            .homecoming(Homecoming::Refuse)
            .inbound_rule(rule!(dyn Desk: take, move |_, _, _| {
                count.fetch_add(1, SeqCst);
                true
            }));
    let membrane = Membrane::new(policy.build().unwrap());
    let lent = membrane.wrap::<dyn Desk>(Arc::<Clerk>::default()).unwrap();
    let worker = membrane.wrap(plain_worker()).unwrap();
    let order = |worker| Order {
        worker,
        note: Cow::Borrowed(""),
    };
    assert_kind(lent.take(order(worker), vec![], ""), ErrorKind::Rejected);
    assert_eq!(asked.load(SeqCst), 0);
    assert_eq!(lent.take(order(plain_worker()), vec![], ""), Ok(0));
    assert_eq!(asked.load(SeqCst), 1);
}

#[test]
fn refusal_tells_its_kind_and_leaves_the_target_unentered() {
    let policy = everything().inbound_rule(rule!(dyn Account: transfer, |to, amount| to == "you"
        && *amount < 5));
    let membrane = Membrane::new(policy.build().unwrap());
    let (ledger, account) = ledger();
    let lent = membrane.wrap(account).unwrap();
    assert_eq!(lent.transfer("you", 4), Ok(1));
    for (to, amount) in [("you", 5), ("me", 4), ("", u64::MAX)] {
        let error = lent.transfer(to, amount).unwrap_err();
        assert_eq!(error, Error::from(ErrorKind::Rejected));
        assert_eq!(error.reason(), None);
        assert_eq!(
            error.to_string(),
            Error::from(ErrorKind::Rejected).to_string()
        );
    }
    assert_eq!(ledger.entered(), 1);
}

#[test]
fn all_closures_of_a_method_must_agree_and_those_without_arguments_count() {
    static OPEN: AtomicUsize = AtomicUsize::new(1);
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "as a rule is called")]
    fn is_even(amount: &u64) -> bool {
        amount.is_multiple_of(2)
    }
    let policy = everything()
        .inbound_rule(rule!(dyn Account: deposit, |amount| *amount < 10))
        .inbound_rule(rule!(dyn Account: deposit, is_even))
        .inbound_rule(rule!(dyn Account: close, || OPEN.load(SeqCst) == 1));
    let lent = Membrane::new(policy.build().unwrap())
        .wrap(ledger().1)
        .unwrap();
    assert_eq!(lent.deposit(8), Ok(1));
    assert_kind(lent.deposit(9), ErrorKind::Rejected);
    assert_kind(lent.deposit(10), ErrorKind::Rejected);
    assert_eq!(lent.close(), Ok(2));
    OPEN.store(0, SeqCst);
    assert_kind(lent.close(), ErrorKind::Rejected);
}

/// Fails if the panic of a rule is left to the call: that would be `Panicked`, or with `Propagate` a panic at the caller.
#[test]
fn panic_in_a_closure_refuses_the_call() {
    struct Loud;
    impl Drop for Loud {
        fn drop(&mut self) {
            // Of no size: a payload whose drop cannot be trusted is not freed.
            panic_any(());
        }
    }
    for on_panic in [OnPanic::Error, OnPanic::Propagate] {
        let policy = everything().on_panic(on_panic).inbound_rule(rule!(
            dyn Account: deposit,
            |amount| match amount {
                0 => panic!("why not"),
                1 => panic_any(Loud),
                _ => true,
            }
        ));
        let membrane = Membrane::new(policy.build().unwrap());
        let (ledger, account) = ledger();
        let lent = membrane.wrap(account).unwrap();
        assert_kind(lent.deposit(0), ErrorKind::Rejected);
        assert_kind(lent.deposit(1), ErrorKind::Rejected);
        assert_eq!(ledger.entered(), 0);
        assert_eq!(lent.deposit(2), Ok(1));
        membrane.revoke("over");
        assert_eq!(membrane.live_proxies(), 0);
    }
}

/// Fails if `rules::check` does not look at the switch again.
#[test]
fn closure_that_revokes_its_membrane_ends_the_call() {
    let slot = Arc::new(Mutex::new(None::<Membrane>));
    let inner = slot.clone();
    let policy = everything().inbound_rule(rule!(dyn Account: deposit, move |_| {
        let membrane = inner.lock().unwrap().clone();
        membrane.expect("it is set").revoke("from inside");
        true
    }));
    let membrane = Membrane::new(policy.build().unwrap());
    *slot.lock().unwrap() = Some(membrane.clone());
    let (ledger, account) = ledger();
    let lent = membrane.wrap(account).unwrap();
    assert_revoked(soon(move || lent.deposit(1)), "from inside");
    assert_eq!(ledger.entered(), 0);
    slot.lock().unwrap().take();
}

/// Fails if `rules::check` does not look at the switch again.
#[test]
fn target_is_not_entered_if_its_scope_was_revoked_while_a_closure_ran() {
    let door = Door::shut();
    let inside = door.clone();
    let policy = everything().inbound_rule(rule!(dyn Account: deposit, move |_| {
        inside.pass();
        true
    }));
    let membrane = Membrane::new(policy.build().unwrap());
    let (ledger, account) = ledger();
    let lent = membrane.wrap(account).unwrap();
    let call = start(move || lent.deposit(1));
    door.await_arrivals(1);
    membrane.revoke("meanwhile");
    door.open();
    assert_revoked(call.finish(), "meanwhile");
    assert_eq!(ledger.entered(), 0);
}

/// Fails if a rule is run under a lock of the membrane.
#[test]
fn closure_may_call_wrap_and_derive() {
    let slot = Arc::new(Mutex::new(None::<(Membrane, Arc<dyn Account>)>));
    let inner = slot.clone();
    let policy = everything().inbound_rule(rule!(dyn Account: deposit, move |amount| {
        let (membrane, lent) = inner.lock().unwrap().clone().expect("it is set");
        let grant = membrane.grant(membrane.policy()).unwrap();
        let granted = grant.wrap(lent.clone()).unwrap();
        // Calls itself, one less each time.
        granted.close().is_ok() && (*amount == 0 || lent.deposit(*amount - 1).is_ok())
    }));
    let membrane = Membrane::new(policy.build().unwrap());
    let lent = membrane.wrap(ledger().1).unwrap();
    *slot.lock().unwrap() = Some((membrane, lent.clone()));
    assert_eq!(soon(move || lent.deposit(3)), Ok(8));
    slot.lock().unwrap().take();
}

#[test]
fn closure_that_calls_itself_without_end_is_refused() {
    let slot = Arc::new(Mutex::new(None::<Arc<dyn Account>>));
    let inner = slot.clone();
    let policy = everything().inbound_rule(rule!(dyn Account: deposit, move |amount| {
        let lent = inner.lock().unwrap().clone().expect("it is set");
        lent.deposit(*amount).is_ok()
    }));
    let (ledger, account) = ledger();
    let lent = Membrane::new(policy.build().unwrap())
        .wrap(account)
        .unwrap();
    *slot.lock().unwrap() = Some(lent.clone());
    assert_kind(soon(move || lent.deposit(1)), ErrorKind::Rejected);
    assert_eq!(ledger.entered(), 0);
    slot.lock().unwrap().take();
}

/// Fails if the rules of one direction are asked in the other.
#[test]
fn rule_holds_in_its_direction_only() {
    let policy = everything()
        .inbound_rule(rule!(dyn Account: deposit, |amount| *amount < 10))
        .outbound_rule(rule!(dyn Account: deposit, |amount| *amount > 10));
    let membrane = Membrane::new(policy.build().unwrap());
    let lent = membrane.wrap(ledger().1).unwrap();
    let taken = membrane.wrap_inbound(ledger().1).unwrap();
    assert_eq!(lent.deposit(9), Ok(1));
    assert_kind(lent.deposit(11), ErrorKind::Rejected);
    assert_eq!(taken.deposit(11), Ok(1));
    assert_kind(taken.deposit(9), ErrorKind::Rejected);
    let rules = |direction| membrane.policy().argument_rules(direction).count();
    assert_eq!(
        (rules(Direction::Inbound), rules(Direction::Outbound)),
        (1, 1)
    );
}

/// Documented: a closure that crosses is no interface's. The rule of the method that carries it sees it as an argument.
#[test]
fn calls_of_a_carried_closure_have_no_rules() {
    let policy = desk().inbound_rule(rule!(dyn Desk: call, |back, n| back(*n) == Ok(2 * n)));
    let lent = Membrane::new(policy.build().unwrap())
        .wrap::<dyn Desk>(Arc::<Clerk>::default())
        .unwrap();
    let calls = Arc::new(AtomicUsize::new(0));
    let count = calls.clone();
    let double: Callback = Arc::new(move |n| {
        count.fetch_add(1, SeqCst);
        Ok(2 * n)
    });
    assert_eq!(lent.call(double, 4), Ok(8));
    assert_eq!(calls.load(SeqCst), 2);
    assert_kind(lent.call(Arc::new(Ok), 4), ErrorKind::Rejected);
}

/// A rule cannot take from an iterator what the target would then miss.
#[test]
fn iterator_arrives_whole() {
    let policy = desk().inbound_rule(rule!(dyn Desk: drain, |items| items.size_hint().0 == 0));
    let lent = Membrane::new(policy.build().unwrap())
        .wrap::<dyn Desk>(Arc::<Clerk>::default())
        .unwrap();
    assert_eq!(lent.drain(Box::new([1, 2, 3].map(Ok).into_iter())), Ok(6));
}

/// Documented: like a list of methods, a rule is about the interface that crossed.
#[test]
fn rule_on_an_inherited_method_is_about_what_crossed() {
    let policy = everything()
        .inbound_rule(rule!(dyn Account: Named::rename, |name| name.len() < 3))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let object = Arc::<Ledger>::default();
    let account = membrane.wrap::<dyn Account>(object.clone()).unwrap();
    assert_eq!(account.rename("ab"), Ok(1));
    assert_kind(account.rename("abc"), ErrorKind::Rejected);
    // The same object, seen as its super-interface by its holder: it crossed as an account.
    let up: Arc<dyn Named> = account;
    assert_kind(up.rename("abc"), ErrorKind::Rejected);
    let named = membrane.wrap::<dyn Named>(object).unwrap();
    assert_eq!(named.rename("abc"), Ok(2));
}

/// Methods of one number in two interfaces, and two methods of one interface, are not mixed up.
#[test]
fn rule_is_asked_about_its_own_method_only() {
    let policy = everything().inbound_rule(rule!(dyn Account: deposit, |_| false));
    let membrane = Membrane::new(policy.build().unwrap());
    let object = Arc::<Ledger>::default();
    let account = membrane.wrap::<dyn Account>(object.clone()).unwrap();
    assert_kind(account.deposit(1), ErrorKind::Rejected);
    assert_eq!(account.transfer("", 1), Ok(1));
    assert_eq!(account.rename(""), Ok(2));
    let named = membrane.wrap::<dyn Named>(object).unwrap();
    assert_eq!(named.rename(""), Ok(3));
}

/// An argument in an implementor's own type that could change while it is looked at does not compile; what is written by hand
/// and does is trusted, and a rule's closure still sees the one value.
#[test]
fn value_with_a_counter_inside_is_looked_at_and_delivered_as_one() {
    struct Mercurial(AtomicUsize);
    impl Passable for Mercurial {
        const BARE: bool = true;
        fn pass(self, _: &Crossing<'_>) -> Result<Self, Error> {
            Ok(self)
        }
    }
    #[interface]
    trait Reader {
        fn read(&self, value: Mercurial) -> Result<usize, Error>;
    }
    struct Once;
    impl Reader for Once {
        fn read(&self, value: Mercurial) -> Result<usize, Error> {
            Ok(value.0.fetch_add(1, SeqCst))
        }
    }
    let policy = Policy::builder()
        .inbound(allow!(dyn Reader: read))
        .inbound_rule(rule!(dyn Reader: read, |value| value.0.fetch_add(1, SeqCst) == 0));
    let lent = Membrane::new(policy.build().unwrap())
        .wrap::<dyn Reader>(Arc::new(Once))
        .unwrap();
    // The rule was the first to read: it read the delivered value, not a copy.
    assert_eq!(lent.read(Mercurial(AtomicUsize::new(0))), Ok(1));
    assert_kind(
        lent.read(Mercurial(AtomicUsize::new(1))),
        ErrorKind::Rejected,
    );
}

/// Fails if a budget is spent before the rules are asked.
#[test]
fn call_that_a_rule_refuses_spends_no_budget() {
    let policy = everything().inbound_rule(rule!(dyn Account: deposit, |amount| *amount < 10));
    let conditions = Conditions::builder().calls(2).build().unwrap();
    let membrane = Membrane::with_conditions(policy.build().unwrap(), &conditions).unwrap();
    let (ledger, account) = ledger();
    let lent = membrane.wrap(account).unwrap();
    for _ in 0..3 {
        assert_kind(lent.deposit(10), ErrorKind::Rejected);
    }
    assert_eq!(membrane.conditions().calls_left, Some(2));
    assert_eq!((lent.deposit(1), lent.deposit(1)), (Ok(1), Ok(2)));
    assert_kind(lent.deposit(1), ErrorKind::Exhausted);
    assert_eq!(ledger.entered(), 2);
}

/// Fails if resuming lets calls go ahead unasked.
#[test]
fn rules_hold_after_a_suspension() {
    let policy = everything().inbound_rule(rule!(dyn Account: deposit, |amount| *amount < 10));
    let membrane = Membrane::new(policy.build().unwrap());
    let lent = membrane.wrap(ledger().1).unwrap();
    membrane.suspend("a while", None);
    assert!(lent.deposit(1).is_err());
    membrane.resume();
    assert_eq!(lent.deposit(1), Ok(1));
    assert_kind(lent.deposit(10), ErrorKind::Rejected);
}

/// What a closure is shown, its author gets: references are not for whoever adds one later.
#[test]
fn closure_that_would_be_shown_references_is_an_error_but_at_the_root() {
    let shown = || rule!(dyn Desk: call, |_, number| *number < 10);
    let policy = desk().inbound_rule(shown()).build().unwrap();
    let owner = Membrane::new(policy.clone());
    let problem = |error: &PolicyError| {
        let [PolicyProblem::ArgumentRule { problem, .. }] = error.problems() else {
            panic!("{error}");
        };
        problem.clone()
    };
    for derive in [Membrane::grant, Membrane::attenuate] {
        let derived = derive(&owner, &policy);
        assert!(derived.is_ok(), "the same rule, which is the owner's");
        let another = desk().inbound_rule(shown()).build().unwrap();
        let error = derive(&owner, &another).unwrap_err();
        assert_eq!(problem(&error), RuleProblem::ShownReferences);
        let elsewhere = Membrane::new(desk().build().unwrap());
        let error = derive(&elsewhere, owner.policy()).unwrap_err();
        assert_eq!(problem(&error), RuleProblem::Sealed);
    }
    let outbound = desk().outbound(allow!(dyn Desk: call));
    let error = outbound.outbound_rule(shown()).build().unwrap_err();
    assert_eq!(problem(&error), RuleProblem::ShownReferences);
    assert_eq!(
        error.to_string(),
        "outbound rule on `Desk::call`: a closure would be shown references: check single arguments, or add it inbound to the \
         policy of a membrane that derives from none"
    );
}

/// Says less than it holds.
struct Entry {
    name: String,
    worker: Arc<dyn Worker>,
}

impl Passable for Entry {
    const BARE: bool = false;
    const SHAPE: Shape = Shape::Text;

    fn pass(self, crossing: &Crossing<'_>) -> Result<Self, Error> {
        Ok(Self {
            name: self.name,
            worker: self.worker.pass(crossing)?,
        })
    }

    fn size_bytes(&self) -> u64 {
        self.name.size_bytes()
    }

    fn inspected(&self) -> Inspected<'_> {
        self.name.inspected()
    }
}

#[interface]
trait Shelf {
    fn file(&self, entry: Entry) -> Result<(), Error>;
    fn count(&self, words: (u64, HashMap<String, u64>)) -> Result<(), Error>;
    fn tell(&self, outcome: Result<Vec<u8>, String>, all: &[u64]) -> Result<(), Error>;
}

/// Fails if what a type shows to checks is taken for all that it holds; or if data is taken for more.
#[test]
fn closure_is_shown_references_wherever_a_type_does_not_rule_them_out() {
    let shelf = || Policy::builder().inbound(allow!(dyn Shelf: file, count, tell));
    let owner = Membrane::new(shelf().build().unwrap());
    for (rule, shown) in [
        (rule!(dyn Shelf: file, |_| true), true),
        (rule!(dyn Shelf: count, |words| words.0 < 9), false),
        (rule!(dyn Shelf: tell, |_, all| all.len() < 9), false),
    ] {
        let policy = shelf().inbound_rule(rule).build().unwrap();
        let derived = owner.attenuate(&policy);
        assert_eq!(derived.is_err(), shown, "{policy:?}");
    }
}
