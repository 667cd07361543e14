//! One proxy.

use super::*;
use membrane::{Error, Passable, interface};
use std::sync::Barrier;
use tests::soon;

/// Fails when the identity table always makes a new proxy.
#[test]
fn object_has_one_proxy_whichever_way_it_crosses() {
    for ways in [OUTWARD, INWARD] {
        let membrane = Membrane::new(swap_policy());
        let secret = Secret::new(1);
        let link = Link(Some(&membrane));
        let first = ways[0].carry(link, Load::One(secret.raw.clone())).one();
        for way in ways {
            for shape in shapes() {
                for got in way.carry(link, shape.build(&secret.raw)).reach() {
                    assert!(Arc::ptr_eq(&got, &first), "{} {}", way.name, shape.name);
                }
            }
        }
        secret.assert_lent(&first);
    }
}

#[test]
fn proxies_are_the_same_exactly_when_their_objects_are() {
    for direction in BOTH {
        let membrane = Membrane::new(swap_policy());
        let raw: Vec<Ref> = (0..sized(30, 5)).map(|_| Actor::echo(0)).collect();
        let twice: Vec<Ref> = raw.iter().chain(&raw).cloned().collect();
        let lent = membrane.pass(twice.clone(), direction).unwrap();
        for (a, raw_a) in lent.iter().zip(&twice) {
            for (b, raw_b) in lent.iter().zip(&twice) {
                assert_eq!(Arc::ptr_eq(a, b), Arc::ptr_eq(raw_a, raw_b));
            }
        }
        assert_eq!(membrane.live_proxies(), raw.len());
    }
}

/// A proxy can be the target of another one of the same membrane: here, when it came in by way of the membrane above.
///
/// Fails when `identity::known` does not tell proxies made for plain objects from others.
#[test]
fn proxy_that_is_known_as_a_target_is_itself_in_its_own_membrane() {
    let membrane = Membrane::new(swap_policy());
    let grant = membrane.grant(&swap_policy()).unwrap();
    let secret = Secret::new(1);
    let own = grant.wrap(secret.raw.clone()).unwrap();
    let above = membrane.wrap(own.clone()).unwrap();
    let layered = grant.wrap(above).unwrap();
    assert!(!Arc::ptr_eq(&layered, &own), "it stands for `own`");
    assert_eq!(grant.live_proxies(), 2);
    assert!(Arc::ptr_eq(&grant.wrap(own.clone()).unwrap(), &own));
}

#[interface]
trait Empty {}

#[interface]
trait Emptier: Empty {}

struct Unit;
impl Empty for Unit {}
impl Emptier for Unit {}

#[repr(align(64))]
struct Wide;
impl Empty for Wide {}

/// Objects without a size have no bytes of their own, and yet an identity.
#[test]
fn objects_without_a_size_are_told_apart() {
    let membrane = Membrane::new(Policy::deny_all());
    let mut raw: Vec<Arc<dyn Empty>> = Vec::new();
    for _ in 0..sized(50, 8) {
        raw.push(Arc::new(Unit));
        raw.push(Arc::new(Wide));
    }
    let lent = membrane.pass(raw.clone(), Direction::Outbound).unwrap();
    for (index, one) in lent.iter().enumerate() {
        assert!(lent[..index].iter().all(|other| !Arc::ptr_eq(one, other)));
        assert!(Arc::ptr_eq(
            &membrane.wrap_inbound(one.clone()).unwrap(),
            &raw[index]
        ));
    }
    assert_eq!(membrane.live_proxies(), raw.len());
}

#[test]
fn object_has_a_proxy_of_its_own_for_each_interface_direction_and_scope() {
    let membrane = Membrane::new(Policy::deny_all());
    let raw: Arc<dyn Emptier> = Arc::new(Unit);
    let raw_up: Arc<dyn Empty> = raw.clone();
    let grant = membrane.grant(&Policy::deny_all()).unwrap();
    let other = Membrane::new(Policy::deny_all());
    let lent: [Arc<dyn Empty>; 5] = [
        membrane.wrap(raw.clone()).unwrap(),
        membrane.wrap(raw_up.clone()).unwrap(),
        membrane.wrap_inbound(raw_up.clone()).unwrap(),
        grant.wrap(raw_up.clone()).unwrap(),
        other.wrap(raw_up.clone()).unwrap(),
    ];
    for (index, one) in lent.iter().enumerate() {
        assert!(
            lent[..index].iter().all(|other| !Arc::ptr_eq(one, other)),
            "{index}"
        );
        assert!(!Arc::ptr_eq(one, &raw_up));
    }
    assert_eq!(
        (
            membrane.live_proxies(),
            grant.live_proxies(),
            other.live_proxies()
        ),
        (3, 1, 1)
    );
}

/// The proxy is known by the object, not by the reference that was passed.
#[test]
fn object_has_one_proxy_when_it_is_passed_from_several_threads_at_once() {
    for _ in 0..sized(50, 2) {
        let membrane = Membrane::new(swap_policy());
        let raw = Actor::echo(5);
        let threads = 4;
        let barrier = Arc::new(Barrier::new(threads));
        let starts = (0..threads).map(|thread| {
            let (membrane, raw, barrier) = (membrane.clone(), raw.clone(), barrier.clone());
            tests::start(move || {
                barrier.wait();
                if thread % 2 == 0 {
                    return membrane.wrap(raw).unwrap();
                }
                membrane
                    .wrap(Actor::giving(Load::One(raw)))
                    .unwrap()
                    .swap(Load::Nothing)
                    .unwrap()
                    .one()
            })
        });
        let starts: Vec<_> = starts.collect();
        let lent: Vec<Ref> = starts.into_iter().map(tests::Started::finish).collect();
        assert!(lent.iter().all(|one| Arc::ptr_eq(one, &lent[0])));
        assert_eq!(membrane.live_proxies(), 1);
    }
}

/// B12: whoever loses the last reference races with whoever wraps the object anew.
#[test]
fn proxy_works_however_often_it_is_dropped_and_made_anew_on_other_threads() {
    let membrane = Membrane::new(swap_policy());
    let shared: Vec<Secret> = (0..3).map(Secret::new).collect();
    let raw: Arc<Vec<Ref>> = Arc::new(shared.iter().map(|secret| secret.raw.clone()).collect());
    let starts: Vec<_> = (0..3)
        .map(|thread| {
            let (membrane, raw) = (membrane.clone(), raw.clone());
            tests::start(move || {
                for round in 0..sized(2000, 8) {
                    let index = (thread + round) % raw.len();
                    let lent = membrane.wrap(raw[index].clone()).unwrap();
                    assert_eq!(lent.ping().unwrap(), index as u64);
                    assert!(Arc::ptr_eq(
                        &membrane.wrap_inbound(lent).unwrap(),
                        &raw[index]
                    ));
                }
            })
        })
        .collect();
    starts.into_iter().for_each(tests::Started::finish);
    assert_eq!(membrane.live_proxies(), 0);
}

#[derive(Debug, Passable)]
struct Missing(Arc<dyn Empty>);

impl From<Error> for Missing {
    fn from(_: Error) -> Self {
        Self(Arc::new(Unit))
    }
}

#[interface]
trait Finder {
    fn find(&self) -> Result<Arc<dyn Empty>, Missing>;
}

struct Lost(Arc<dyn Empty>);

impl Finder for Lost {
    fn find(&self) -> Result<Arc<dyn Empty>, Missing> {
        Err(Missing(self.0.clone()))
    }
}

impl std::fmt::Debug for dyn Empty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dyn Empty")
    }
}

#[test]
fn object_in_an_error_is_the_proxy_that_its_object_has() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Finder: find))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let raw: Arc<dyn Empty> = Arc::new(Unit);
    let lent = membrane.wrap(raw.clone()).unwrap();
    let finder = membrane.wrap::<dyn Finder>(Arc::new(Lost(raw))).unwrap();
    assert!(Arc::ptr_eq(&finder.find().unwrap_err().0, &lent));
}

#[test]
fn identity_does_not_depend_on_the_thread_that_asks() {
    let membrane = Membrane::new(swap_policy());
    let raw = Actor::echo(1);
    let here = membrane.wrap(raw.clone()).unwrap();
    let there = soon(move || membrane.wrap(raw).unwrap());
    assert!(Arc::ptr_eq(&here, &there));
}
