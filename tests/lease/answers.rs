//! The same answers as a plain call's.

use super::*;

#[test]
fn leased_call_needs_no_frame_and_answers_as_a_plain_one() {
    let stage = stage();
    assert_eq!(stage.account.depth(), Ok(1), "a plain call has a frame");
    let lease = lease(&stage.account);
    for _ in 0..3 {
        assert_short(&lease);
        assert_eq!(lease.text("ab").as_deref(), Ok("abab"));
        assert_eq!(lease.name().as_deref(), Ok("savings, 0 deep"));
    }
    let object: &dyn Account = &*lease;
    assert_eq!(object.depth(), Ok(0));
}

/// K3. Fails when `Leased::__ready` does not look at the list.
#[test]
fn method_that_is_not_listed_is_refused_through_a_lease() {
    let stage = stage();
    let lease = lease(&stage.account);
    assert_short(&lease);
    assert_eq!(lease.destroy(), stage.account.destroy());
    assert_kind(lease.destroy(), ErrorKind::Refused);
    assert_kind(lease.rename(), ErrorKind::Refused);
}

/// K2. Fails when a leased call leaves out a conversion.
#[test]
fn arguments_results_and_errors_of_leased_calls_are_wrapped() {
    let stage = stage();
    let lease = lease(&stage.account);
    // An argument that is at home arrives as itself, the dry side's own comes back as itself.
    assert_eq!(lease.is_self(stage.account.clone()), Ok(true));
    let own = Savings::opened();
    assert!(Arc::ptr_eq(&lease.same(own.clone()).unwrap(), &own));
    assert_eq!(lease.is_self(own), Ok(false));
    assert!(Arc::ptr_eq(
        &lease.same(stage.account.clone()).unwrap(),
        &stage.account
    ));
    match lease.fail() {
        Err(Failure::Owns(account)) => assert!(Arc::ptr_eq(&account, &stage.account)),
        other => panic!("{other:?}"),
    }
    // A callback is a call of its own, with a frame.
    assert_eq!(lease.run(callback(|| depth() as u64)), Ok(1));
    assert_short(&lease);
}

/// An object that revokes while it is being wrapped.
#[derive(Debug)]
struct Revokes(Membrane);
impl Named for Revokes {
    fn name(&self) -> Result<String, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn rename(&self) -> Result<(), Error> {
        Err(ErrorKind::Failed.into())
    }
}
impl Account for Revokes {
    fn depth(&self) -> Result<u64, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn destroy(&self) -> Result<u64, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn run(&self, _: Callback) -> Result<u64, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn run_long(&self, _: Callback) -> Result<[u64; 8], Error> {
        Err(ErrorKind::Failed.into())
    }
    fn same(&self, _: Arc<dyn Account>) -> Result<Arc<dyn Account>, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn is_self(&self, _: Arc<dyn Account>) -> Result<bool, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn fail(&self) -> Result<u64, Failure> {
        Err(Error::from(ErrorKind::Failed).into())
    }
    fn pass_on(&self, _: Error) -> Result<u64, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn text(&self, _: &str) -> Result<String, Error> {
        Err(ErrorKind::Failed.into())
    }
    fn __membrane_account(&self, _: &membrane::__private::Query<'_>) {
        self.0.revoke("asked for it");
    }
}

/// K10. An error that the target passes on loses its reason; one of the membrane's own keeps it.
///
/// Fails when an error of the membrane's own is converted, as the target's are, or the target's are not.
#[test]
fn reasons_of_errors_are_those_of_a_plain_call() {
    let gone = membrane();
    gone.revoke("another membrane's reason");
    let foreign = gone.wrap(Savings::opened()).unwrap_err();
    assert_revoked::<()>(Err(foreign), "another membrane's reason");
    let stage = stage();
    let leased = lease(&stage.account);
    assert_eq!(leased.pass_on(foreign), stage.account.pass_on(foreign));
    assert_eq!(leased.pass_on(foreign).unwrap_err().reason(), None);
    assert_short(&leased);

    let revokes: Arc<dyn Account> = Arc::new(Revokes(stage.membrane.clone()));
    assert_revoked(leased.is_self(revokes), "asked for it");
    // And one that is deep in itself is told so, with the scope live.
    let fresh = self::stage();
    let leased = lease(&fresh.account);
    let panics: Arc<dyn Account> = Arc::new(Revokes(fresh.membrane.clone()));
    fresh.membrane.revoke("before");
    assert_revoked(leased.is_self(panics), "before");
}

/// The list of the interface that crossed counts, not that of the interface through which it is called.
#[test]
fn lease_through_a_super_interface_has_the_rights_of_the_interface_that_crossed() {
    let stage = stage();
    let named: Arc<dyn Named> = stage.account.clone();
    let leased = lease(&named);
    assert_eq!(leased.name().as_deref(), Ok("savings, 0 deep"));
    assert_kind(leased.rename(), ErrorKind::Refused);
}

mod diamond {
    use super::*;

    #[interface]
    pub(crate) trait Base {
        fn first(&self) -> Result<u64, Error>;
        fn base(&self) -> Result<u64, Error>;
    }
    #[interface]
    pub(crate) trait Left: Base {
        fn left(&self) -> Result<u64, Error>;
    }
    #[interface]
    pub(crate) trait Right: Base {
        fn right(&self) -> Result<u64, Error>;
    }
    #[interface]
    pub(crate) trait Top: Left + Right {
        fn top(&self) -> Result<u64, Error>;
    }

    struct Object;

    impl Base for Object {
        fn first(&self) -> Result<u64, Error> {
            Ok(1)
        }
        fn base(&self) -> Result<u64, Error> {
            Ok(depth() as u64)
        }
    }
    impl Left for Object {
        fn left(&self) -> Result<u64, Error> {
            Ok(depth() as u64)
        }
    }
    impl Right for Object {
        fn right(&self) -> Result<u64, Error> {
            Ok(depth() as u64)
        }
    }
    impl Top for Object {
        fn top(&self) -> Result<u64, Error> {
            Ok(depth() as u64)
        }
    }

    /// Fails when `allowed_of` copies a super-interface's methods as one block.
    #[test]
    fn lease_through_either_side_of_a_diamond_has_the_rights_of_the_whole() {
        let policy = Policy::builder()
            .inbound(allow!(dyn Top: base, right, top))
            .build()
            .unwrap();
        let membrane = Membrane::new(policy);
        let top = membrane.wrap::<dyn Top>(Arc::new(Object)).unwrap();
        let (left, right): (Arc<dyn Left>, Arc<dyn Right>) = (top.clone(), top.clone());
        let base: Arc<dyn Base> = left.clone();
        let (top, left, right, base) = (lease(&top), lease(&left), lease(&right), lease(&base));
        let fast = [
            top.top(),
            top.right(),
            top.base(),
            left.base(),
            right.base(),
            right.right(),
            base.base(),
        ];
        assert_eq!(fast, [Ok(0); 7]);
        let refused = [
            top.first(),
            top.left(),
            left.first(),
            left.left(),
            right.first(),
            base.first(),
        ];
        for result in refused {
            assert_kind(result, ErrorKind::Refused);
        }
    }
}

/// M12: what a holder can see of a lease is the same for a proxy and for an object that is none.
#[test]
fn lease_does_not_tell_a_proxy_from_a_target() {
    let stage = stage();
    let local = Savings::opened();
    let (of_proxy, of_local) = (lease(&stage.account), lease(&local));
    assert_eq!(format!("{of_proxy:?}"), "Lease(dyn Account)");
    assert_eq!(format!("{of_local:?}"), "Lease(dyn Account)");
    assert_eq!(format!("{:?}", *of_proxy), format!("{:?}", *of_local));
    assert_eq!(size_of_val(&of_proxy), size_of_val(&of_local));
    assert_eq!(
        Arc::strong_count(&stage.account),
        Arc::strong_count(&local),
        "one more each"
    );
    stage.membrane.revoke("gone");
    assert_eq!(format!("{of_proxy:?}"), "Lease(dyn Account)");
}

#[test]
fn lease_of_an_object_that_is_no_proxy_calls_it() {
    let local = Savings::opened();
    let lease = lease(&local);
    assert_eq!(lease.depth(), Ok(0));
    assert_eq!(lease.text("ab").as_deref(), Ok("abab"));
    assert_eq!(lease.is_self(local.clone()), Ok(true));
    // Its panics are the caller's, as they are without a lease.
    assert!(catch_unwind(AssertUnwindSafe(|| lease.text("panic"))).is_err());
    assert_eq!(Arc::strong_count(&local), 2);
    drop(lease);
    assert_eq!(Arc::strong_count(&local), 1);
}

#[test]
fn panic_of_a_leased_target_is_that_of_a_plain_call() {
    let stage = stage();
    let leased = lease(&stage.account);
    assert_kind(leased.text("panic"), ErrorKind::Panicked);
    let raw = leased.run(callback(|| panic!("the dry side's")));
    assert_kind(raw, ErrorKind::Panicked);
    assert_short(&leased);
    let policy = opening().on_panic(OnPanic::Propagate).build().unwrap();
    let membrane = Membrane::new(policy);
    let account = membrane.wrap(Savings::opened()).unwrap();
    let leased = lease(&account);
    let payload = catch_unwind(AssertUnwindSafe(|| leased.text("panic"))).unwrap_err();
    let text = payload.downcast_ref::<&str>().copied().unwrap_or_default();
    assert!(!text.contains("told to"), "{text}");
    assert_short(&leased);
}

/// Only the outer of two layers is leased: the inner is a proxy that is called like any other.
#[test]
fn both_layers_are_checked_at_each_call() {
    let (inner, outer) = (membrane(), membrane());
    let account = outer.wrap(inner.wrap(Savings::opened()).unwrap()).unwrap();
    let leased = lease(&account);
    assert_eq!(leased.depth(), Ok(1), "the inner one's");
    assert_kind(leased.destroy(), ErrorKind::Refused);
    inner.revoke("the inner one's");
    assert_kind(leased.depth(), ErrorKind::Revoked);
    let grant = outer.grant(&opening().build().unwrap()).unwrap();
    let account = grant.wrap(Savings::opened()).unwrap();
    let leased = lease(&account);
    assert_short(&leased);
    outer.revoke("its parent's");
    assert_revoked(leased.depth(), "its parent's");
}
