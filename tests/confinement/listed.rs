//! A hierarchy of three levels, and a diamond: what is listed is callable, and nothing else.

use super::*;
use membrane::{Allow, Interface};
use std::collections::HashSet;

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
