//! Wearing it down.

use super::*;
use tests::sized;

/// E7, E9: objects that are thrown at a membrane and let go leave nothing, whatever they did when asked.
#[test]
fn many_hostile_objects_leave_nothing_behind() {
    let stage = stage();
    let rounds = sized(300, 6);
    let mut panicked = 0;
    for round in 0..rounds {
        let stolen = stage.stolen.clone();
        let evil = Evil::new(move |_, query| match round % 3 {
            0 => stolen.__membrane_safe(query),
            1 => panic!("asked"),
            _ => {}
        });
        let weak = Arc::downgrade(&evil);
        panicked += usize::from(stage.desk.take(evil).is_err());
        drop(
            stage
                .owner
                .taken
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take(),
        );
        assert!(weak.upgrade().is_none());
        assert_eq!(stage.membrane.live_proxies(), 2);
    }
    assert_eq!(panicked, rounds / 3);
}

/// It hands on a proxy of its own, made by a membrane of its own, whose target hands on: wrapped each time, never peeled.
#[test]
fn proxies_of_the_attackers_own_membranes_are_objects_like_any_other() {
    let stage = stage();
    let victim: Arc<dyn Safe> = stage.victim.clone();
    let mut at = stage.stolen.clone();
    let layers = sized(20, 4);
    let mut own = Vec::new();
    for layer in 0..layers {
        let membrane = Membrane::new(open_policy());
        at = if layer % 2 == 0 {
            membrane.wrap(at).unwrap()
        } else {
            membrane.wrap_inbound(at).unwrap()
        };
        own.push(membrane);
    }
    stage.desk.take(at.clone()).unwrap();
    let arrived = stage.owner.taken();
    assert!(!Arc::ptr_eq(&arrived, &victim) && !Arc::ptr_eq(&arrived, &at));
    assert_eq!(arrived.open(), Ok(1));
    assert_eq!(
        arrived.destroy().map_err(Error::kind),
        Err(ErrorKind::Refused)
    );
    own[layers / 2].revoke("one of the layers");
    let error = arrived.open().unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Revoked, None));
}
