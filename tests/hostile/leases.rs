//! Leases: the holder can name their type, and with it every hidden method.

use super::answering::mask;
use super::*;

/// An interface of the holder's own, made by hand, that pretends to be `Safe`.
trait Forged: Send + Sync {}

impl Target for dyn Forged {
    const NAME: &'static str = <dyn Safe as Target>::NAME;
    const METHODS: &'static [&'static str] = <dyn Safe as Target>::METHODS;
    type Keep = ();

    fn face(_: Arc<Proxy<Self>>) -> Arc<Self> {
        unreachable!("nothing of the kind crosses")
    }

    fn ask(_: &Arc<Self>, _: &Query<'_>) {}
}

impl membrane::Interface for dyn Forged {
    const NAME: &'static str = <dyn Safe as membrane::Interface>::NAME;
    const METHODS: &'static [&'static str] = <dyn Safe as membrane::Interface>::METHODS;
    const __OWN: &'static [&'static str] = <dyn Safe as membrane::Interface>::__OWN;
    const __KEY: &'static str = <dyn Safe as membrane::Interface>::__KEY;
    const __SUPERS: &'static [membrane::__private::Super] =
        <dyn Safe as membrane::Interface>::__SUPERS;
    const __ARGUMENTS: &'static [&'static [membrane::__private::Argument]] =
        <dyn Safe as membrane::Interface>::__ARGUMENTS;
    type __Key = ();

    fn __extends(_: TypeId) -> bool {
        true
    }
}

/// With the target in hand, the holder could call `destroy`. That the key of `Safe` itself cannot be made is shown by
/// `ui/fail/lease_key.rs`.
///
/// Fails when `Leased::__ready` does not ask `__extends`.
#[test]
fn holder_of_a_lease_gets_no_target_by_an_interface_of_its_own() {
    let stage = stage();
    let lease = membrane::lease(&stage.stolen);
    assert_eq!((lease.open(), lease.name()), (Ok(1), Ok(1)));
    for method in 0..6 {
        assert!(lease.__ready::<dyn Forged>((), method).is_none());
    }
    // What is left is an ordinary call of what the holder has anyway.
    let destroyed = lease.__object().destroy();
    assert_eq!(destroyed.map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
}

/// Whoever leases it calls the evil object, and nothing that it pointed at; and is told nothing of a panic.
#[test]
fn lease_of_an_object_that_answers_for_another_calls_the_object_itself() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    let forwards = Evil::new(move |_, query| {
        stolen.__membrane_safe(query);
        stolen.__membrane_named(query);
    });
    for evil in [forwards, Evil::new(|_, _| panic!("asked"))] {
        let raw: Arc<dyn Safe> = evil.clone();
        let lease = membrane::lease(&raw);
        assert_eq!(evil.asked(), 1);
        assert_eq!((lease.open(), lease.name()), (Ok(EVIL), Ok(EVIL)));
        assert_eq!(format!("{lease:?}"), "Lease(dyn Safe)");
    }
    let (mask, _) = mask(&stage.membrane, Direction::Outbound, &stage.stolen);
    let raw: Arc<dyn Safe> = mask.clone();
    let lease = membrane::lease(&raw);
    assert_eq!(mask.asked.load(SeqCst), 1);
    assert_eq!((lease.open(), lease.destroy()), (Ok(EVIL), Ok(EVIL)));
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
}

/// The key of a lease is not to be had from what a lease lends, nor is there a target in its `Debug`.
#[test]
fn lease_shows_nothing_of_its_target() {
    let stage = stage();
    let lease = membrane::lease(&stage.stolen);
    assert_eq!(
        format!("{lease:?} {:?}", *lease),
        "Lease(dyn Safe) Lease(dyn Safe)"
    );
    assert_eq!(stage.victim.formatted.load(SeqCst), 0);
}
