//! Values and objects that pass, both ways.

use super::{Server, Started, listed};
use membrane::{Error, ErrorKind};
use probe::{Everything, Fault, Inner, Service, Shape};
use runtime::Limits;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tests::{Census, assert_kind};

fn everything() -> Everything {
    Everything {
        signed: (i8::MIN, i16::MAX, i32::MIN, i64::MAX),
        unsigned: (u8::MAX, u16::MAX, u32::MAX, u64::MAX),
        floats: (1.5, -0.0),
        flag: true,
        letter: 'ß',
        text: "naïve".into(),
        bytes: vec![0, 255],
        array: [1, 2, 3],
        options: (None, Some(None), Some(())),
        results: vec![Ok(1), Err("no".into())],
        map: [("a".into(), -1), ("b".into(), 1)].into(),
        set: [3, 1, 2].into(),
        times: (
            Duration::from_nanos(1_000_000_001),
            SystemTime::UNIX_EPOCH + Duration::from_secs(5),
        ),
        shapes: vec![
            Shape::Point,
            Shape::Circle(2.0),
            Shape::Line(1, -1),
            Shape::Rectangle {
                width: 1,
                height: 2,
            },
            Shape::Group(Box::new(Inner {
                shape: Some(vec![1, 2]),
            })),
        ],
    }
}

#[test]
fn data_of_every_kind_comes_back_as_it_was() {
    let started = Started::new(Limits::default());
    let back = started.probe.echo(everything()).expect("it gives it back");
    assert_eq!(back, everything());
    assert!(
        back.floats.1.is_sign_negative(),
        "equality does not tell -0 from 0"
    );
}

#[test]
fn borrowed_arguments_arrive_whole() {
    let started = Started::new(Limits::default());
    assert_eq!(started.probe.lengths("abc", b"de", &[1]), Ok(6));
    assert_eq!(started.probe.lengths("", b"", &[]), Ok(0));
}

#[test]
fn error_of_the_interface_crosses_with_its_fields() {
    let started = Started::new(Limits::default());
    assert_eq!(
        started.probe.fault(u64::MAX),
        Err(Fault::Poor { missing: u64::MAX })
    );
    let server = Server::new();
    let said = started.probe.refused(server.clone()).expect("it tells");
    assert_eq!(
        said[1], "Err(Poor { missing: 3 })",
        "from the host to the guest, too"
    );
    assert_eq!(server.calls(), 1, "the other one was not listed");
}

#[test]
fn method_that_is_not_listed_does_not_reach_the_host() {
    let started = Started::new(Limits::default());
    let server = Server::new();
    let said = started.probe.refused(server.clone()).expect("it tells");
    // Fails if `secret` is put into the policy's list.
    assert!(said[0].starts_with("refused"), "{}", said[0]);
    assert_eq!(server.calls(), 1, "`fail` is listed, and arrived");
}

#[test]
fn method_of_a_guest_that_is_not_listed_is_refused() {
    let policy = membrane::Policy::builder()
        .outbound(membrane::allow!(dyn probe::Probe: lengths))
        .build()
        .expect("one list");
    let started = Started::under(policy, Limits::default());
    assert_eq!(started.probe.lengths("a", b"", &[]), Ok(1));
    assert_kind(started.probe.items(1).map(|_| ()), ErrorKind::Refused);
}

#[test]
fn iterators_and_closures_cross_both_ways() {
    let started = Started::new(Limits::default());
    let probe = &started.probe;
    assert_eq!(probe.sum(Box::new((0..10).map(Ok))), Ok(45));
    let failing: probe::Items = Box::new([Ok(1), Err(Error::from(ErrorKind::Failed))].into_iter());
    assert_kind(probe.sum(failing), ErrorKind::Failed);
    assert_eq!(probe.apply(Arc::new(|x| Ok(x * 2)), 4), Ok(8));
    let adder = probe.adder(4).expect("a closure");
    assert_eq!((adder(5), adder(6)), (Ok(9), Ok(10)));
    let items: Vec<_> = probe.items(4).expect("an iterator").collect();
    assert_eq!(items, [Ok(0), Ok(1), Ok(2), Ok(3)]);
}

#[test]
fn object_of_a_guest_is_one_object_while_it_lives() {
    let started = Started::new(Limits::default());
    let probe = &started.probe;
    let (one, same) = (
        probe.one_counter().expect("one"),
        probe.one_counter().expect("one"),
    );
    assert!(Arc::ptr_eq(&one, &same));
    let another = probe.counter().expect("another");
    assert!(!Arc::ptr_eq(&one, &another));
    assert_eq!(
        (one.visited(0), same.visited(0), one.count()),
        (Ok(0), Ok(0), Ok(2))
    );
    assert_eq!(another.count(), Ok(0));
    drop((one, same));
    assert_eq!(
        probe.one_counter().and_then(|one| one.count()),
        Ok(2),
        "the guest kept it"
    );
}

#[test]
fn object_of_the_host_passed_twice_is_one_object_and_comes_home_as_itself() {
    let started = Started::new(Limits::default());
    let (server, other): (Arc<dyn Service>, Arc<dyn Service>) = (Server::new(), Server::new());
    let (same, back) = started
        .probe
        .same(server.clone(), server.clone())
        .expect("it compares");
    assert!(same);
    assert!(
        Arc::ptr_eq(&back, &server),
        "no proxy of the host's own object"
    );
    let (same, back) = started
        .probe
        .same(server.clone(), other)
        .expect("it compares");
    assert!(!same);
    assert!(Arc::ptr_eq(&back, &server));
    drop(back);
    assert_eq!(started.guest.report().handles, 0);
}

#[test]
fn object_of_a_guest_comes_home_as_itself() {
    let started = Started::new(Limits::default());
    let server = Server::new();
    assert_eq!(started.probe.round_trip(server.clone()), Ok(true));
    assert_eq!(server.calls(), 1);
}

#[test]
fn guest_and_host_call_each_other_inside_calls() {
    let policy = listed().depth_limit(64).build().expect("one list for each");
    let started = Started::under(policy, Limits::default());
    let server = Server::new();
    assert_eq!(started.probe.call_back(server.clone(), 3), Ok(0));
    assert_eq!(server.calls(), 4, "each visit went through the host");
}

#[test]
fn object_that_drops_its_own_handle_during_a_call_finishes_the_call() {
    let started = Started::new(Limits::default());
    let census = Census::default();
    let server = Arc::new(Server::counted(&census));
    assert_eq!(started.probe.drop_inside(server.clone()), Ok(5));
    assert_eq!(server.calls(), 1);
    assert_eq!(started.guest.report().handles, 0);
    drop(server);
    assert_eq!(census.alive(), 0);
}
