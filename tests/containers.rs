//! References inside containers, structs, enums, iterators and closures are wrapped wherever they cross.
//!
//! Each claim is run for every shape of [`shapes`] on every way of [`OUTWARD`] and [`INWARD`].

use membrane::{Direction, Error, ErrorKind, Homecoming, Membrane, Passable, Policy};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::marker::PhantomData;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;
use tests::fixtures::parcel::{
    Actor, Choice, Inbox, Load, Record, Ref, Secret, Shape, shapes, swap_policy, swapping,
};
use tests::fixtures::ways::{INWARD, Link, OUTWARD, Way};
use tests::sized;

fn both() -> impl Iterator<Item = Way> {
    OUTWARD.into_iter().chain(INWARD)
}

fn each_shape(mut claim: impl FnMut(Shape)) {
    for shape in shapes() {
        claim(shape);
    }
}

/// The same references, unwrapped, are what a leak looks like: the positive control of the claims below.
#[test]
fn reference_in_any_shape_is_the_raw_object_without_a_membrane() {
    for way in both() {
        each_shape(|shape| {
            let secret = Secret::new(1);
            let got = way.carry(Link(None), shape.build(&secret.raw)).reach();
            assert!(!got.is_empty(), "{} {}", way.name, shape.name);
            for got in &got {
                secret.assert_raw(got);
            }
        });
    }
}

/// A1, A3, A4, A10, A12, A13, A21.
///
/// Fails when `Call::argument` or either arm of `Call::result` returns its value as it is, when any container's `pass`
/// does, when the derive skips a field, or when `Source::pull`'s call does not convert its item.
#[test]
fn reference_in_any_shape_is_wrapped_on_every_way() {
    for way in both() {
        each_shape(|shape| {
            let membrane = Membrane::new(swap_policy());
            let secret = Secret::new(2);
            let got = way
                .carry(Link(Some(&membrane)), shape.build(&secret.raw))
                .reach();
            assert!(!got.is_empty(), "{} {}", way.name, shape.name);
            for got in &got {
                secret.assert_lent(got);
            }

            membrane.revoke("over");
            for got in &got {
                secret.assert_dead(got, Some("over"));
            }
        });
    }
}

/// B4. Fails when the identity table always makes a new proxy.
#[test]
fn references_to_one_object_stay_one_object_when_they_cross_together() {
    for way in both() {
        each_shape(|shape| {
            let membrane = Membrane::new(swap_policy());
            let (one, other) = (Secret::new(3), Secret::new(4));
            let several = Load::Several(vec![
                shape.build(&one.raw),
                shape.build(&other.raw),
                shape.build(&one.raw),
            ]);
            let got = way.carry(Link(Some(&membrane)), several).reach();
            let (ones, others): (Vec<_>, Vec<_>) = got
                .iter()
                .partition(|got| got.ping().is_ok_and(|number| number == 3));
            assert!(
                ones.len() == 2 * others.len() && !others.is_empty(),
                "{}",
                shape.name
            );
            assert!(
                ones.iter().all(|got| Arc::ptr_eq(got, ones[0])),
                "{}",
                shape.name
            );
            assert!(
                others.iter().all(|got| Arc::ptr_eq(got, others[0])),
                "{}",
                shape.name
            );
            assert!(!Arc::ptr_eq(ones[0], others[0]), "{}", shape.name);
        });
    }
}

/// The owner gets its own object back from a load that went out and came home, whatever the shapes on the way.
///
/// Fails when `Crossing::reference` always wraps.
#[test]
fn reference_in_any_shape_comes_home_as_the_object_itself() {
    for (away, home) in OUTWARD
        .into_iter()
        .zip(INWARD)
        .chain(INWARD.into_iter().zip(OUTWARD))
    {
        each_shape(|shape| {
            let membrane = Membrane::new(swap_policy());
            let secret = Secret::new(5);
            let link = Link(Some(&membrane));
            let away = away.carry(link, shape.build(&secret.raw));
            let got = home.carry(link, away).reach();
            assert!(!got.is_empty(), "{}", shape.name);
            for got in &got {
                secret.assert_raw(got);
            }
        });
    }
}

#[test]
fn reference_in_any_shape_stays_wrapped_at_home_when_the_policy_says_so() {
    each_shape(|shape| {
        let policy = swapping()
            .homecoming(Homecoming::KeepWrapped)
            .build()
            .unwrap();
        let membrane = Membrane::new(policy);
        let secret = Secret::new(6);
        let link = Link(Some(&membrane));
        let away = OUTWARD[1].carry(link, shape.build(&secret.raw));
        let got = INWARD[1].carry(link, away).reach();
        assert!(!got.is_empty(), "{}", shape.name);
        for got in &got {
            secret.assert_lent(got);
        }
    });
}

#[test]
fn container_is_refused_as_a_whole_when_one_reference_in_it_is() {
    let policy = swapping().homecoming(Homecoming::Refuse).build().unwrap();
    let membrane = Membrane::new(policy);
    let (mine, yours) = (Secret::new(7), Actor::echo(8));
    let lent = membrane.wrap(mine.raw.clone()).unwrap();
    let inbox = Inbox::default();
    let keeping = membrane.wrap(Actor::keeping(&inbox)).unwrap();
    let mixed = || vec![yours.clone(), lent.clone(), yours.clone()];
    for load in [
        Load::Vec(mixed()),
        Load::Slice(mixed().into()),
        Load::Deque(mixed().into()),
        Load::Array([yours.clone(), lent.clone(), yours.clone()]),
        Load::Tuple((1, yours.clone(), lent.clone())),
        Load::Sorted([(1, yours.clone()), (2, lent.clone())].into()),
        Load::Hashed([(String::new(), lent.clone())].into()),
        Load::Boxed(Box::new(lent.clone())),
        Load::Option(Some(lent.clone())),
        Load::Failure(Err(lent.clone())),
        Load::Several(vec![
            Load::One(yours.clone()),
            Load::Generic(Record {
                label: String::new(),
                value: Choice::Left(lent.clone()),
            }),
        ]),
    ] {
        let error = keeping.swap(load).expect_err("refused").error();
        assert_eq!(error.kind(), ErrorKind::Rejected);
        assert!(inbox.is_empty());
    }
    // The half that was converted is dropped: nothing of it stays in the tables.
    assert_eq!(membrane.live_proxies(), 2);
    assert!(keeping.swap(Load::Vec(vec![yours])).is_ok());
    assert_eq!(inbox.take().one().ping().unwrap(), 8);
}

#[test]
fn container_that_crosses_keeps_its_contents_and_their_order() {
    let membrane = Membrane::new(swap_policy());
    let raw: Vec<Ref> = (0..5)
        .map(|number| Actor::new(number, Ok).share())
        .collect();
    let numbers = |refs: &[Ref]| {
        refs.iter()
            .map(|one| one.ping().unwrap())
            .collect::<Vec<_>>()
    };
    let expected = [0, 1, 2, 3, 4];

    let vec = membrane.pass(raw.clone(), Direction::Outbound).unwrap();
    assert_eq!(numbers(&vec), expected);
    let deque: VecDeque<_> = raw.iter().cloned().collect();
    let deque = membrane.pass(deque, Direction::Outbound).unwrap();
    assert_eq!(numbers(&Vec::from(deque)), expected);
    let array: [Ref; 5] = std::array::from_fn(|index| raw[index].clone());
    assert_eq!(
        numbers(&membrane.pass(array, Direction::Outbound).unwrap()),
        expected
    );
    let sorted: BTreeMap<u64, Ref> = (0..).zip(raw.iter().cloned()).collect();
    let sorted = membrane.pass(sorted, Direction::Outbound).unwrap();
    assert!(
        sorted
            .iter()
            .all(|(key, value)| value.ping().unwrap() == *key)
            && sorted.len() == 5
    );
    let hashed: HashMap<u64, Ref> = (0..).zip(raw.iter().cloned()).collect();
    let hashed = membrane.pass(hashed, Direction::Outbound).unwrap();
    assert!(
        hashed
            .iter()
            .all(|(key, value)| value.ping().unwrap() == *key)
            && hashed.len() == 5
    );
    let tuple = (
        raw[0].clone(),
        1_u8,
        raw[2].clone(),
        "three",
        raw[4].clone(),
    );
    let tuple = membrane.pass(tuple, Direction::Outbound).unwrap();
    assert_eq!(numbers(&[tuple.0, tuple.2, tuple.4]), [0, 2, 4]);
    assert_eq!((tuple.1, tuple.3), (1, "three"));
    assert!(
        membrane
            .pass(None::<Ref>, Direction::Outbound)
            .unwrap()
            .is_none()
    );
    assert!(
        membrane
            .pass(Vec::<Ref>::new(), Direction::Outbound)
            .unwrap()
            .is_empty()
    );
}

/// A11: the holder's bulk operations read what was wrapped, element by element, before it arrived.
#[test]
fn bulk_operation_of_the_holder_finds_proxies_only() {
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(9);
    let load = vec![secret.raw.clone(); 4];
    let mut got = membrane.pass(load, Direction::Outbound).unwrap();
    let mut sink = Vec::new();
    sink.extend(got.iter().cloned());
    sink.extend_from_slice(&got);
    sink.append(&mut got.clone());
    sink.extend(got.drain(1..));
    sink.sort_by_key(|one| one.ping().unwrap());
    sink.dedup_by(|a, b| !Arc::ptr_eq(a, b));
    assert_eq!(sink.len(), 15);
    for one in &sink {
        secret.assert_lent(one);
    }
}

/// C18: what was handed over is the receiver's own; the giver's later changes to its copy do not reach it.
#[test]
fn container_is_rebuilt_rather_than_shared() {
    let membrane = Membrane::new(swap_policy());
    let (first, second) = (Secret::new(10), Secret::new(11));
    let mut mine = vec![first.raw.clone()];
    let theirs = membrane.pass(mine.clone(), Direction::Outbound).unwrap();
    mine[0] = second.raw.clone();
    mine.push(second.raw.clone());
    assert_eq!(theirs.len(), 1);
    first.assert_lent(&theirs[0]);
}

/// D7.
#[derive(Passable)]
enum Chain {
    Link(Box<Chain>, Ref),
    End,
}

#[test]
fn data_nested_without_end_is_refused_rather_than_overflowing() {
    let membrane = Membrane::new(swap_policy());
    let object = Actor::echo(0);
    let chain = |length: usize| {
        (0..length).fold(Chain::End, |chain, _| {
            Chain::Link(Box::new(chain), object.clone())
        })
    };
    let crossed = membrane.pass(chain(200), Direction::Outbound).unwrap();
    let mut at = &crossed;
    let mut links = 0;
    while let Chain::Link(next, one) = at {
        assert!(!Arc::ptr_eq(one, &object));
        links += 1;
        at = next;
    }
    assert_eq!(links, 200);
    drop(crossed);
    for direction in [Direction::Outbound, Direction::Inbound] {
        let Err(error) = membrane.pass(chain(sized(5000, 300)), direction) else {
            panic!("too deep")
        };
        assert_eq!(error.kind(), ErrorKind::TooDeep);
    }
    assert_eq!(membrane.live_proxies(), 0);
    // Wide is not deep, and the count starts anew for each value.
    let wide: Vec<Chain> = (0..sized(300, 10)).map(|_| chain(2)).collect();
    assert!(membrane.pass(wide, Direction::Outbound).is_ok());
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Passable)]
struct Plain<T> {
    text: String,
    value: T,
}

/// A15: the list of types that pass bare holds plain data only; they arrive as they were.
#[test]
fn plain_data_arrives_as_it_was() {
    #[track_caller]
    fn same<V: Passable + Clone + PartialEq + std::fmt::Debug>(value: &V) {
        assert!(V::BARE, "plain data needs no walk");
        equal(value);
    }
    #[track_caller]
    fn equal<V: Passable + Clone + PartialEq + std::fmt::Debug>(value: &V) {
        let membrane = Membrane::new(Policy::deny_all());
        for direction in [Direction::Outbound, Direction::Inbound] {
            assert_eq!(membrane.pass(value.clone(), direction).as_ref(), Ok(value));
        }
        membrane.revoke("over");
        assert!(membrane.pass(value.clone(), Direction::Outbound).is_err());
    }
    same(&(1_u8, -2_i64, 'c', true, 1.5_f64));
    same(&String::from("text"));
    same(&vec![Some("a"), None]);
    same(&Ok::<Vec<u8>, String>(vec![1, 2]));
    same(&[[1_u8; 3]; 2]);
    equal(&HashMap::from([(1_u8, String::from("one"))]));
    same(&BTreeMap::from([((1_u8, 2_u8), [3_u8])]));
    equal(&HashSet::from([String::from("one")]));
    same(&BTreeSet::from([1_u8]));
    same(&(
        Range {
            start: 1_u8,
            end: 2,
        },
        RangeInclusive::new(3_u8, 4),
    ));
    same(&PhantomData::<u8>);
    same(&Arc::<str>::from("shared text"));
    same(&Arc::<[u8]>::from([1_u8, 2]));
    same(&Plain {
        text: String::from("x"),
        value: vec![Plain {
            text: String::new(),
            value: 1_u8,
        }],
    });
}

#[test]
fn type_that_may_hold_a_reference_never_passes_bare() {
    fn bare<V: Passable>() -> bool {
        V::BARE
    }
    assert!(
        ![
            bare::<Ref>(),
            bare::<Option<Ref>>(),
            bare::<Vec<Ref>>(),
            bare::<Box<[Ref]>>(),
            bare::<Result<u8, Ref>>(),
            bare::<(u8, Ref)>(),
            bare::<[Ref; 1]>(),
            bare::<HashMap<u8, Ref>>(),
            // They hash by a state that is the other side's.
            bare::<HashMap<u8, u8>>(),
            bare::<Record<HashSet<u8>>>(),
            bare::<BTreeMap<u8, Vec<Option<Ref>>>>(),
            bare::<VecDeque<(u8, Ref)>>(),
            bare::<Record<Ref>>(),
            bare::<Choice<u8, Ref>>(),
            bare::<Plain<Option<Ref>>>(),
            bare::<Load>(),
            bare::<Chain>(),
            // Its reason does not travel.
            bare::<Error>(),
            bare::<Vec<Error>>(),
            bare::<Box<dyn Iterator<Item = Result<u8, Error>> + Send>>(),
            bare::<Arc<dyn Fn() -> Result<u8, Error> + Send + Sync>>(),
        ]
        .contains(&true)
    );
    assert!(bare::<Record<u8>>() && bare::<Choice<u8, String>>() && bare::<Plain<Vec<u8>>>());
}

/// A value of a type with a parameter is taken apart by what the parameter is, not by how the type is written.
#[test]
fn generic_struct_is_bare_or_rebuilt_by_its_parameter() {
    let membrane = Membrane::new(swap_policy());
    let plain = Record {
        label: String::from("plain"),
        value: 7_u8,
    };
    assert_eq!(membrane.pass(plain, Direction::Outbound).unwrap().value, 7);
    let secret = Secret::new(12);
    let record = Record {
        label: String::from("record"),
        value: secret.raw.clone(),
    };
    let record = membrane.pass(record, Direction::Outbound).unwrap();
    assert_eq!(record.label, "record");
    secret.assert_lent(&record.value);
    assert!(
        membrane
            .pass(Choice::<Ref, Ref>::Neither, Direction::Outbound)
            .is_ok()
    );
}

/// An object that is in one value twice, once lent and once its owner's, is one object at home.
#[test]
fn object_is_one_at_home_when_it_arrives_by_itself_and_in_a_container() {
    let membrane = Membrane::new(swap_policy());
    let secret = Secret::new(13);
    let lent = membrane.wrap(secret.raw.clone()).unwrap();
    let back = membrane
        .pass((lent.clone(), vec![Some(lent)]), Direction::Inbound)
        .unwrap();
    assert!(Arc::ptr_eq(&back.0, &secret.raw));
    assert!(
        back.1[0]
            .as_ref()
            .is_some_and(|one| Arc::ptr_eq(one, &secret.raw))
    );
    assert_eq!(back.0.ping().unwrap(), 13);
}
