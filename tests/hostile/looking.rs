//! Looking at it from outside.

use super::*;
use std::any::{Any, type_name_of_val};

/// E3, E5, M12.
#[test]
fn debug_of_a_proxy_shows_the_listed_methods_and_never_asks_the_target() {
    let stage = stage();
    let other = Honest::new(123_456);
    let lent = stage.membrane.wrap::<dyn Safe>(other.clone()).unwrap();
    let shown = format!("{lent:?}");
    assert_eq!(shown, format!("{:?}", stage.stolen));
    assert_eq!(shown, "dyn Safe {open, take, take_named, give, name}");
    assert!(format!("{lent:#?}").contains("take_named"));
    let up: Arc<dyn Named> = lent.clone();
    assert_eq!(
        format!("{up:?}"),
        shown,
        "what crossed, whatever it is seen as"
    );
    let opaque = Membrane::new(Policy::deny_all())
        .wrap::<dyn Safe>(other.clone())
        .unwrap();
    assert_eq!(format!("{opaque:?}"), "dyn Safe {}");
    stage.membrane.revoke("over");
    assert_eq!(format!("{lent:?}"), shown);
    assert_eq!(other.formatted.load(SeqCst), 0);
    // Control.
    let raw: Arc<dyn Safe> = other.clone();
    assert!(format!("{raw:?}").contains("123456"));
    assert_eq!(other.formatted.load(SeqCst), 1);
}

/// M12: what the language lets a holder see of a value is the same for all proxies, and for a proxy and an object where
/// the type decides.
#[test]
fn proxies_look_alike_whatever_they_stand_for() {
    let stage = stage();
    let evil: Arc<dyn Safe> = Evil::new(|_, _| {});
    let raw: Arc<dyn Safe> = stage.victim.clone();
    let small = stage.membrane.wrap(evil.clone()).unwrap();
    let large = &stage.stolen;
    assert_ne!(
        size_of_val(&*evil),
        size_of_val(&*raw),
        "control: the objects differ"
    );
    assert_eq!(size_of_val(&*small), size_of_val(&**large));
    assert_eq!(align_of_val(&*small), align_of_val(&**large));
    for one in [&small, large, &raw, &evil] {
        assert_eq!(Any::type_id(&**one), TypeId::of::<dyn Safe>());
        assert_eq!(type_name_of_val(&**one), type_name_of_val(&*raw));
    }
    // Its address is its own: not the target's, nor one within it.
    let within =
        Arc::as_ptr(&stage.victim).addr()..Arc::as_ptr(&stage.victim).addr() + size_of::<Honest>();
    assert!(!within.contains(&Arc::as_ptr(large).cast::<()>().addr()));
    // Its counts are those of the holder's own clones.
    let before = Arc::strong_count(large);
    let clones = vec![raw.clone(); 5];
    assert_eq!(Arc::strong_count(large), before);
    drop(clones);
    assert_eq!(<dyn Safe as Target>::NAME, "Safe");
    assert_eq!(<dyn Safe as membrane::Interface>::METHODS.len(), 6);
}

/// What `__private` offers on a proxy that was lent: nothing that gets past its list.
#[test]
fn hidden_items_get_nothing_out_of_a_proxy_that_was_lent() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    // Bits of one's own making, for a policy of one's own making: it attenuates nothing that was lent.
    let all = membrane::__private::allow::<dyn Safe>(u64::MAX);
    assert_eq!(all.methods().count(), 6);
    let wide = Policy::builder()
        .inbound(all)
        .outbound(all)
        .build()
        .unwrap();
    let on = stage.membrane.attenuate(&open_policy()).unwrap();
    assert!(on.attenuate(&wide).is_err() && on.grant(&wide).is_err());
    let own = Membrane::new(wide);
    for wrapped in [
        own.wrap(stolen.clone()).unwrap(),
        own.wrap_inbound(stolen.clone()).unwrap(),
    ] {
        assert_eq!(wrapped.open(), Ok(1));
        assert_eq!(
            wrapped.destroy().map_err(Error::kind),
            Err(ErrorKind::Refused)
        );
    }
    // Only a list for the interface itself counts, whatever bits it has.
    let excess = membrane::__private::allow::<dyn Safe>(1 << 40);
    let harmless = Policy::builder().inbound(excess).build().unwrap();
    if let Ok(grant) = on.grant(&harmless) {
        let lent = grant.wrap(stolen.clone()).unwrap();
        assert_eq!(lent.open().map_err(Error::kind), Err(ErrorKind::Refused));
        assert_eq!(lent.destroy().map_err(Error::kind), Err(ErrorKind::Refused));
    }
    let mask = membrane::__private::mask::<dyn Safe>(&["destroy"]);
    assert_eq!(mask, 1 << membrane::__private::index::<dyn Safe>("destroy"));
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
    assert!(!<dyn Safe>::__KEY.is_empty());
}

/// E22, M11: a method that is not listed is refused alike on live, dead, opaque and hostile objects, and the object never
/// hears of it.
#[test]
fn refusal_is_the_same_whatever_is_behind_the_proxy() {
    let stage = stage();
    let evil = stage
        .membrane
        .wrap_inbound::<dyn Safe>(Evil::new(|_, _| {}))
        .unwrap();
    let broken = {
        let grant = stage.membrane.grant(&open_policy()).unwrap();
        let lent = grant.wrap::<dyn Safe>(stage.victim.clone()).unwrap();
        grant.revoke("gone");
        lent
    };
    let opaque = Membrane::new(Policy::deny_all())
        .wrap::<dyn Safe>(Honest::new(5))
        .unwrap();
    for one in [&stage.stolen, &evil, &broken, &opaque] {
        let error = one.destroy().unwrap_err();
        assert_eq!(error, Error::from(ErrorKind::Refused));
        assert_eq!(
            error.to_string(),
            "refused: there is no such method, or it is not allowed"
        );
    }
    assert_eq!(stage.victim.destroyed.load(SeqCst), 0);
}
