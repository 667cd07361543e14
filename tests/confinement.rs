//! What was lent can be used as listed, in every view of it, and nothing else can be reached from it.

use membrane::{
    Allow, Direction, Error, ErrorKind, Interface, Membrane, Policy, PolicyBuilder, allow,
    interface,
};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tests::fixtures::parcel::{Actor, Inbox, Load, Ref, Secret, swap_policy, swapping};
use tests::sized;

// ---------------------------------------------------------------------------------------------------------------------
// A hierarchy of three levels, and a diamond.

#[interface]
trait Base: std::fmt::Debug {
    fn base(&self) -> Result<u64, Error>;
}

#[interface]
trait Middle: Base {
    fn middle(&self) -> Result<u64, Error>;
}

#[interface]
trait Top: Middle {
    fn top(&self) -> Result<u64, Error>;
    fn sum(&self) -> Result<u64, Error> {
        Ok(self.top()? + self.middle()? + self.base()?)
    }
}

#[interface]
trait Left: Base {
    fn left(&self) -> Result<u64, Error>;
}

#[interface]
trait Right: Base {
    fn right(&self) -> Result<u64, Error>;
}

#[interface]
trait Bottom: Left + Right {
    fn bottom(&self) -> Result<u64, Error>;
}

/// The target of all of them. Writes down which of its methods are entered.
#[derive(Debug, Default)]
struct Thing {
    entered: Mutex<Vec<&'static str>>,
}

impl Thing {
    fn entered(&self) -> MutexGuard<'_, Vec<&'static str>> {
        self.entered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, method: &'static str, result: u64) -> u64 {
        self.entered().push(method);
        result
    }

    fn take_entered(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.entered())
    }
}

impl Base for Thing {
    fn base(&self) -> Result<u64, Error> {
        Ok(self.enter("base", 1))
    }
}

impl Middle for Thing {
    fn middle(&self) -> Result<u64, Error> {
        Ok(self.enter("middle", 2))
    }
}

impl Top for Thing {
    fn top(&self) -> Result<u64, Error> {
        Ok(self.enter("top", 4))
    }
}

impl Left for Thing {
    fn left(&self) -> Result<u64, Error> {
        Ok(self.enter("left", 8))
    }
}

impl Right for Thing {
    fn right(&self) -> Result<u64, Error> {
        Ok(self.enter("right", 16))
    }
}

impl Bottom for Thing {
    fn bottom(&self) -> Result<u64, Error> {
        Ok(self.enter("bottom", 32))
    }
}

/// A call through one view of an object: the method, and what came of it.
type Attempt = (&'static str, Result<u64, Error>);

fn base_calls(object: &Arc<dyn Base>) -> Vec<Attempt> {
    vec![("base", object.base())]
}

fn middle_calls(object: &Arc<dyn Middle>) -> Vec<Attempt> {
    let up: Arc<dyn Base> = object.clone();
    let mut calls = vec![("middle", object.middle()), ("base", object.base())];
    calls.extend(base_calls(&up));
    calls
}

fn top_calls(object: &Arc<dyn Top>) -> Vec<Attempt> {
    let up: Arc<dyn Middle> = object.clone();
    let far_up: Arc<dyn Base> = object.clone();
    let mut calls = vec![
        ("top", object.top()),
        ("sum", object.sum()),
        ("middle", object.middle()),
        ("base", object.base()),
    ];
    calls.extend(middle_calls(&up));
    calls.extend(base_calls(&far_up));
    calls
}

fn left_calls(object: &Arc<dyn Left>) -> Vec<Attempt> {
    let up: Arc<dyn Base> = object.clone();
    let mut calls = vec![("left", object.left()), ("base", object.base())];
    calls.extend(base_calls(&up));
    calls
}

fn right_calls(object: &Arc<dyn Right>) -> Vec<Attempt> {
    let up: Arc<dyn Base> = object.clone();
    let mut calls = vec![("right", object.right()), ("base", object.base())];
    calls.extend(base_calls(&up));
    calls
}

fn bottom_calls(object: &Arc<dyn Bottom>) -> Vec<Attempt> {
    let (left, right): (Arc<dyn Left>, Arc<dyn Right>) = (object.clone(), object.clone());
    let mut calls = vec![
        ("bottom", object.bottom()),
        ("left", object.left()),
        ("right", object.right()),
        ("base", object.base()),
    ];
    calls.extend(left_calls(&left));
    calls.extend(right_calls(&right));
    calls
}

/// Everything else is listed, under every other interface: none of it may help.
fn tempting(except: &str) -> PolicyBuilder {
    [
        allow!(dyn Base: base),
        allow!(dyn Middle: middle, base),
        allow!(dyn Top: top, sum, middle, base),
        allow!(dyn Left: left, base),
        allow!(dyn Right: right, base),
        allow!(dyn Bottom: bottom, left, right, base),
    ]
    .into_iter()
    .filter(|allow| allow.interface() != except)
    .fold(Policy::builder(), PolicyBuilder::inbound)
}

/// Lends a thing as `T` under each of `lists`, and tries everything.
#[track_caller]
fn only_listed<T: ?Sized + Interface>(
    lists: &[Allow],
    as_interface: fn(Arc<Thing>) -> Arc<T>,
    calls: fn(&Arc<T>) -> Vec<Attempt>,
) {
    for direction in [Direction::Outbound, Direction::Inbound] {
        for list in lists {
            let builder = tempting(list.interface());
            let builder = match direction {
                Direction::Outbound => builder.inbound(*list),
                // What is listed outward must not help inward.
                Direction::Inbound => builder.inbound(full(list.interface())).outbound(*list),
            };
            let membrane = Membrane::new(builder.build().unwrap());
            let thing = Arc::new(Thing::default());
            let lent = membrane
                .pass(as_interface(thing.clone()), direction)
                .unwrap();
            let listed: Vec<_> = list.methods().collect();
            let mut reached = HashSet::new();
            for (method, result) in calls(&lent) {
                if listed.contains(&method) {
                    assert!(result.is_ok(), "{list:?}: {method}: {result:?}");
                    reached.insert(method);
                } else {
                    let kind = result.map_err(Error::kind);
                    assert_eq!(kind, Err(ErrorKind::Refused), "{list:?}: {method}");
                }
            }
            assert_eq!(
                reached.len(),
                listed.len(),
                "{list:?}: every listed method was reached"
            );
            let entered = thing.take_entered();
            // `sum` calls the other three on the object's own side.
            assert!(
                listed.contains(&"sum") || entered.iter().all(|method| listed.contains(method)),
                "{list:?}: {entered:?}"
            );
            // Positive control: unwrapped, all of it works.
            let raw = as_interface(thing);
            assert!(calls(&raw).iter().all(|(_, result)| result.is_ok()));
        }
    }
}

fn full(interface: &str) -> Allow {
    match interface {
        "Base" => allow!(dyn Base: base),
        "Middle" => allow!(dyn Middle: middle, base),
        "Top" => allow!(dyn Top: top, sum, middle, base),
        "Left" => allow!(dyn Left: left, base),
        "Right" => allow!(dyn Right: right, base),
        _ => allow!(dyn Bottom: bottom, left, right, base),
    }
}

/// C6, C8, E20. Fails when a proxy of a deeper interface uses the supertrait's own numbering (`offset` left out).
#[test]
fn method_is_callable_in_any_view_exactly_when_listed_under_the_interface_that_crossed() {
    only_listed::<dyn Base>(
        &[allow!(dyn Base), allow!(dyn Base: base)],
        |thing| thing,
        base_calls,
    );
    only_listed::<dyn Middle>(
        &[
            allow!(dyn Middle),
            allow!(dyn Middle: middle),
            allow!(dyn Middle: base),
        ],
        |thing| thing,
        middle_calls,
    );
    only_listed::<dyn Top>(
        &[
            allow!(dyn Top),
            allow!(dyn Top: top),
            allow!(dyn Top: sum),
            allow!(dyn Top: middle),
            allow!(dyn Top: base),
            allow!(dyn Top: top, base),
        ],
        |thing| thing,
        top_calls,
    );
}

/// C6: a diamond's repeated method is one method.
#[test]
fn method_of_a_diamond_is_callable_on_either_path_exactly_when_listed() {
    only_listed::<dyn Bottom>(
        &[
            allow!(dyn Bottom),
            allow!(dyn Bottom: bottom),
            allow!(dyn Bottom: left),
            allow!(dyn Bottom: right),
            allow!(dyn Bottom: base),
            allow!(dyn Bottom: right, base),
        ],
        |thing| thing,
        bottom_calls,
    );
    only_listed::<dyn Right>(
        &[allow!(dyn Right: right), allow!(dyn Right: base)],
        |thing| thing,
        right_calls,
    );
}

/// Fails when `Policy::mask` answers with all bits for an interface that is not named.
#[test]
fn object_of_an_unnamed_interface_crosses_opaque() {
    for direction in [Direction::Outbound, Direction::Inbound] {
        let membrane = Membrane::new(tempting("Top").build().unwrap());
        let thing = Arc::new(Thing::default());
        let raw: Arc<dyn Top> = thing.clone();
        let lent = membrane.pass(raw.clone(), direction).unwrap();
        for (method, result) in top_calls(&lent) {
            assert_eq!(
                result.map_err(Error::kind),
                Err(ErrorKind::Refused),
                "{method}"
            );
        }
        assert_eq!(thing.take_entered(), [""; 0]);
        assert!(!Arc::ptr_eq(&lent, &raw));

        // Opaque as it is, it has its identity, goes home and dies.
        let again = membrane.pass(raw.clone(), direction).unwrap();
        assert!(Arc::ptr_eq(&lent, &again));
        let back = match direction {
            Direction::Outbound => Direction::Inbound,
            Direction::Inbound => Direction::Outbound,
        };
        assert!(Arc::ptr_eq(
            &membrane.pass(lent.clone(), back).unwrap(),
            &raw
        ));
        membrane.revoke("over");
        let kind = lent.top().map_err(Error::kind);
        assert_eq!(kind, Err(ErrorKind::Refused), "the list is looked at first");
    }
}

#[test]
fn deny_all_policy_lends_nothing_but_identity() {
    let membrane = Membrane::new(Policy::deny_all());
    let secret = Secret::new(1);
    let lent = membrane.wrap(secret.raw.clone()).unwrap();
    for result in [
        lent.ping().map(drop),
        lent.swap(Load::Nothing).map(drop),
        lent.fail(Load::Nothing),
    ] {
        assert_eq!(
            result.expect_err("not listed").error().kind(),
            ErrorKind::Refused
        );
    }
    secret.assert_no_more(&lent);
    assert_eq!(secret.calls.listed(), 0);
}

/// E21: what the object does within its own side is its own affair. Fails when a default method is run on the holder's
/// side, since there `top` would be refused.
#[test]
fn default_method_runs_as_one_call_on_the_objects_own_side() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Top: sum))
        .depth_limit(1)
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let thing = Arc::new(Thing::default());
    let lent = membrane.wrap::<dyn Top>(thing.clone()).unwrap();
    assert_eq!(lent.sum(), Ok(7));
    assert_eq!(thing.take_entered(), ["top", "middle", "base"]);
    assert_eq!(lent.top().map_err(Error::kind), Err(ErrorKind::Refused));
}

#[test]
fn default_method_that_is_not_listed_is_not_put_together_from_the_listed_ones() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Top: top, middle, base))
        .build()
        .unwrap();
    let membrane = Membrane::new(policy);
    let thing = Arc::new(Thing::default());
    let lent = membrane.wrap::<dyn Top>(thing.clone()).unwrap();
    assert_eq!(lent.sum().map_err(Error::kind), Err(ErrorKind::Refused));
    assert_eq!(thing.take_entered(), [""; 0]);
}

#[derive(Debug)]
struct Overriding;

impl Base for Overriding {
    fn base(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

impl Middle for Overriding {
    fn middle(&self) -> Result<u64, Error> {
        Ok(0)
    }
}

impl Top for Overriding {
    fn top(&self) -> Result<u64, Error> {
        Ok(0)
    }
    fn sum(&self) -> Result<u64, Error> {
        Ok(1000)
    }
}

#[test]
fn default_method_that_the_object_overrides_is_the_objects() {
    let membrane = Membrane::new(tempting("").build().unwrap());
    let lent = membrane.wrap::<dyn Top>(Arc::new(Overriding)).unwrap();
    assert_eq!(lent.sum(), Ok(1000));
}

// ---------------------------------------------------------------------------------------------------------------------
// Upcasts.

/// Gives and takes at each level.
#[interface]
trait Desk {
    fn put_base(&self, object: Arc<dyn Base>) -> Result<(), Error>;
    fn put_middle(&self, object: Arc<dyn Middle>) -> Result<(), Error>;
    fn put_top(&self, object: Arc<dyn Top>) -> Result<(), Error>;
    fn take_base(&self) -> Result<Arc<dyn Base>, Error>;
    fn take_middle(&self) -> Result<Arc<dyn Middle>, Error>;
    fn take_top(&self) -> Result<Arc<dyn Top>, Error>;
}

#[derive(Default)]
struct Drawer {
    base: Mutex<Option<Arc<dyn Base>>>,
    middle: Mutex<Option<Arc<dyn Middle>>>,
    top: Mutex<Option<Arc<dyn Top>>>,
}

fn put<T: ?Sized>(place: &Mutex<Option<Arc<T>>>, object: Arc<T>) {
    *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(object);
}

fn take<T: ?Sized>(place: &Mutex<Option<Arc<T>>>) -> Arc<T> {
    place
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
        .expect("something was put there")
}

impl Desk for Drawer {
    fn put_base(&self, object: Arc<dyn Base>) -> Result<(), Error> {
        put(&self.base, object);
        Ok(())
    }
    fn put_middle(&self, object: Arc<dyn Middle>) -> Result<(), Error> {
        put(&self.middle, object);
        Ok(())
    }
    fn put_top(&self, object: Arc<dyn Top>) -> Result<(), Error> {
        put(&self.top, object);
        Ok(())
    }
    fn take_base(&self) -> Result<Arc<dyn Base>, Error> {
        Ok(take(&self.base))
    }
    fn take_middle(&self) -> Result<Arc<dyn Middle>, Error> {
        Ok(take(&self.middle))
    }
    fn take_top(&self) -> Result<Arc<dyn Top>, Error> {
        Ok(take(&self.top))
    }
}

fn desk_policy() -> PolicyBuilder {
    let list = allow!(dyn Desk: put_base, put_middle, put_top, take_base, take_middle, take_top);
    Policy::builder().inbound(list).outbound(list)
}

/// Fails when `Target::offer` does not offer the target as its super-interfaces.
#[test]
fn upcast_proxy_comes_home_as_the_object_at_every_level() {
    let membrane = Membrane::new(desk_policy().build().unwrap());
    let drawer = Arc::new(Drawer::default());
    let desk = membrane.wrap::<dyn Desk>(drawer.clone()).unwrap();
    let raw: Arc<dyn Top> = Arc::new(Thing::default());
    let raw_middle: Arc<dyn Middle> = raw.clone();
    let raw_base: Arc<dyn Base> = raw.clone();
    let lent = membrane.wrap(raw.clone()).unwrap();
    let middle: Arc<dyn Middle> = lent.clone();

    desk.put_top(lent.clone()).unwrap();
    assert!(Arc::ptr_eq(&take(&drawer.top), &raw));
    desk.put_middle(lent.clone()).unwrap();
    assert!(Arc::ptr_eq(&take(&drawer.middle), &raw_middle));
    desk.put_base(lent.clone()).unwrap();
    assert!(Arc::ptr_eq(&take(&drawer.base), &raw_base));
    desk.put_base(middle).unwrap();
    let home = take(&drawer.base);
    assert!(Arc::ptr_eq(&home, &raw_base));
    // The very object, and not a proxy that looks like it: nothing is listed for it.
    assert_eq!(home.base(), Ok(1));
    assert_eq!(lent.base().map_err(Error::kind), Err(ErrorKind::Refused));

    // The other way: an object of the dry side goes in as `Top` and comes back as its supertraits.
    desk.put_top(raw.clone()).unwrap();
    let taken_in = take(&drawer.top);
    assert!(!Arc::ptr_eq(&taken_in, &raw));
    put::<dyn Base>(&drawer.base, taken_in.clone());
    put::<dyn Middle>(&drawer.middle, taken_in);
    assert!(Arc::ptr_eq(&desk.take_base().unwrap(), &raw_base));
    assert!(Arc::ptr_eq(&desk.take_middle().unwrap(), &raw_middle));
}

#[test]
fn upcast_proxy_of_a_diamond_comes_home_as_the_object_on_either_path() {
    let membrane = Membrane::new(Policy::deny_all());
    let raw: Arc<dyn Bottom> = Arc::new(Thing::default());
    let raw_base: Arc<dyn Base> = raw.clone();
    let lent = membrane.wrap(raw).unwrap();
    let by_left: Arc<dyn Left> = lent.clone();
    let by_right: Arc<dyn Right> = lent.clone();
    for up in [by_left as Arc<dyn Base>, by_right, lent] {
        assert!(Arc::ptr_eq(&membrane.wrap_inbound(up).unwrap(), &raw_base));
    }
}

/// An upcast proxy that goes out once more, or crosses another way, keeps the list that it had.
#[test]
fn upcast_proxy_gains_no_right_however_it_is_passed_on() {
    let policy = || {
        desk_policy()
            .inbound(allow!(dyn Base: base))
            .outbound(allow!(dyn Base: base))
    };
    let membrane = Membrane::new(policy().build().unwrap());
    let other = Membrane::new(policy().build().unwrap());
    let thing = Arc::new(Thing::default());
    let lent: Arc<dyn Base> = membrane.wrap::<dyn Top>(thing.clone()).unwrap();
    assert!(lent.base().is_err());

    let grant = membrane.grant(&policy().build().unwrap()).unwrap();
    let lending_on = membrane.attenuate(&policy().build().unwrap()).unwrap();
    for passed_on in [
        membrane.wrap(lent.clone()).unwrap(),
        lending_on.wrap(lent.clone()).unwrap(),
        grant.wrap(lent.clone()).unwrap(),
        other.wrap(lent.clone()).unwrap(),
        other.wrap_inbound(lent.clone()).unwrap(),
    ] {
        assert_eq!(
            passed_on.base().map_err(Error::kind),
            Err(ErrorKind::Refused),
            "{passed_on:?}"
        );
    }
    assert_eq!(thing.take_entered(), [""; 0]);

    // What crosses as `Base` in the first place has what is listed for `Base`: rights follow from the interface.
    let as_base = membrane.wrap::<dyn Base>(thing).unwrap();
    assert_eq!(as_base.base(), Ok(1));
    assert!(!Arc::ptr_eq(&as_base, &lent));
}

// ---------------------------------------------------------------------------------------------------------------------
// Everything reachable.

/// Each node's neighbours.
type Links = Vec<Arc<Mutex<Vec<Ref>>>>;

/// A graph of objects in which each gives away all its neighbours, in a shape of their own.
fn graph(size: u64) -> (Vec<Secret>, Links) {
    let links: Links = (0..size).map(|_| Arc::default()).collect();
    let nodes: Vec<Secret> = links
        .iter()
        .zip(0..)
        .map(|(links, number)| {
            let links = links.clone();
            let neighbours = move || links.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Secret::scripted(number, move |_| {
                let mut all = neighbours().into_iter();
                let first = all
                    .next()
                    .map(|one| Load::Supply(Arc::new(move || Ok(one.clone()))));
                let second = all
                    .next()
                    .map(|one| Load::Items(Box::new([Ok(one)].into_iter())));
                let rest = Load::Vec(all.collect());
                Ok(Load::Several(
                    first.into_iter().chain(second).chain([rest]).collect(),
                ))
            })
        })
        .collect();
    for (from, links) in links.iter().enumerate() {
        let mut links = links.lock().unwrap_or_else(PoisonError::into_inner);
        for step in [1, 2, 5, 0, 7] {
            links.push(nodes[(from + step) % nodes.len()].raw.clone());
        }
    }
    (nodes, links)
}

/// The objects reached from `start`, each once by address.
fn walk(start: &Ref) -> Vec<Ref> {
    let mut found = vec![start.clone()];
    let mut next = 0;
    while next < found.len() {
        for one in found[next]
            .swap(Load::Nothing)
            .expect("a node answers")
            .reach()
        {
            if !found.iter().any(|known| Arc::ptr_eq(known, &one)) {
                found.push(one);
            }
        }
        next += 1;
    }
    found
}

/// The omniscient oracle: every raw object is known, everything that the holder can reach is looked at.
#[test]
fn whatever_is_reached_from_a_lent_object_is_lent_too_and_dies_with_it() {
    let size = sized(40, 6);
    let (nodes, links) = graph(size as u64);
    let is_raw = |one: &Ref| nodes.iter().any(|node| Arc::ptr_eq(&node.raw, one));
    // Positive control.
    assert_eq!(
        walk(&nodes[0].raw).iter().filter(|one| is_raw(one)).count(),
        size
    );

    let membrane = Membrane::new(swap_policy());
    let found = walk(&membrane.wrap(nodes[0].raw.clone()).unwrap());
    assert_eq!(found.len(), size, "the whole graph, each node as one proxy");
    assert!(!found.iter().any(is_raw));
    for one in &found {
        let number = usize::try_from(one.ping().unwrap()).unwrap();
        nodes[number].assert_lent(one);
    }
    assert_eq!(membrane.live_proxies(), size);
    membrane.revoke("over");
    for one in &found {
        let answer = one.ping().expect_err("revoked").error();
        assert!(answer.is_revoked());
    }
    assert_eq!(membrane.live_proxies(), 0);
    // The graph is full of cycles.
    for links in links {
        links.lock().unwrap().clear();
    }
}

/// A16: each hop of a chain of calls that goes to and fro converts anew.
#[test]
fn reference_is_converted_at_each_hop_of_a_chain_that_goes_to_and_fro() {
    let hops = sized(20, 4);
    let membrane = Membrane::new(swap_policy());
    let (mine, yours) = (Secret::new(1), Secret::new(2));
    let seen = Inbox::default();
    // Each call hands over both secrets and whom to call next; the sides alternate.
    let mut next: Option<Ref> = None;
    for hop in 0..hops {
        let (seen, callee) = (seen.clone(), next.take());
        let actor = Actor::new(hop as u64, move |load| {
            let Load::Several(pair) = load else {
                panic!("a pair")
            };
            let pair: Vec<Ref> = pair.into_iter().map(Load::one).collect();
            seen.put(Load::Vec(pair.clone()));
            match &callee {
                Some(callee) => {
                    callee.swap(Load::Several(pair.into_iter().map(Load::One).collect()))
                }
                None => Ok(Load::Nothing),
            }
        })
        .share();
        // The actor of hop 0 is the last to be called. Even hops are the wet side's.
        let direction = if hop % 2 == 0 {
            Direction::Outbound
        } else {
            Direction::Inbound
        };
        next = Some(membrane.pass(actor, direction).unwrap());
    }
    // The last one made is the dry side's: the wet side calls it.
    let first = next.expect("there are hops");
    let theirs = membrane.wrap_inbound(yours.raw.clone()).unwrap();
    first
        .swap(Load::Several(vec![
            Load::One(mine.raw.clone()),
            Load::One(theirs),
        ]))
        .unwrap();
    for hop in 0..hops {
        let Load::Vec(pair) = seen.take() else {
            panic!("a pair")
        };
        if hop % 2 == 0 {
            mine.assert_lent(&pair[0]);
            yours.assert_raw(&pair[1]);
        } else {
            mine.assert_raw(&pair[0]);
            yours.assert_lent(&pair[1]);
        }
    }
    assert!(seen.is_empty());
}

/// B1: whose an object is follows from the side that it came from, and the two sides' lists are separate.
#[test]
fn each_side_calls_the_others_objects_by_its_own_list_only() {
    #[track_caller]
    fn pings(policy: PolicyBuilder) -> (bool, bool) {
        let membrane = Membrane::new(policy.build().unwrap());
        let (mine, yours) = (Secret::new(1), Secret::new(2));
        let inbox = Inbox::default();
        let keeping = membrane.wrap(Actor::keeping(&inbox)).unwrap();
        let lent = membrane.wrap(mine.raw.clone()).unwrap();
        let outward = lent.ping().is_ok();
        if keeping.swap(Load::One(yours.raw.clone())).is_err() {
            inbox.put(Load::One(membrane.wrap_inbound(yours.raw.clone()).unwrap()));
        }
        let inward = inbox.take().one().ping().is_ok();
        assert_eq!(
            (mine.calls.listed(), yours.calls.listed()),
            (outward.into(), inward.into())
        );
        (outward, inward)
    }
    use tests::fixtures::parcel::Peer;
    assert_eq!(pings(swapping()), (true, true));
    assert_eq!(
        pings(Policy::builder().inbound(allow!(dyn Peer: ping))),
        (true, false)
    );
    assert_eq!(
        pings(Policy::builder().outbound(allow!(dyn Peer: ping))),
        (false, true)
    );
    assert_eq!(
        pings(Policy::builder().inbound(allow!(dyn Peer: swap))),
        (false, false)
    );
}

/// A7: an object that is made for the caller is lent like any other.
#[test]
fn object_made_by_a_call_is_lent_and_freed_with_its_last_proxy() {
    let census = tests::Census::default();
    let membrane = Membrane::new(swap_policy());
    let tokens = census.clone();
    let factory = Actor::new(0, move |_| {
        Ok(Load::One(
            Actor::new(9, Ok).with_token(tokens.token()).share(),
        ))
    });
    let factory = membrane.wrap(factory.share()).unwrap();
    let made = factory.swap(Load::Nothing).unwrap().one();
    assert_eq!(made.ping().unwrap(), 9);
    assert_eq!(
        made.forbidden().expect_err("lent").error().kind(),
        ErrorKind::Refused
    );
    assert_eq!((census.alive(), membrane.live_proxies()), (1, 2));
    drop(made);
    assert_eq!((census.alive(), membrane.live_proxies()), (0, 1));
    let kept = factory.swap(Load::Nothing).unwrap().one();
    membrane.revoke("over");
    assert_eq!((census.made(), census.alive()), (2, 0));
    drop(kept);
}
