//! How much crosses.

use super::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use tests::{sized, start};

/// Fails if arguments and results go to one budget, or to that of the other way.
#[test]
fn arguments_and_results_are_spent_by_their_way() {
    let membrane = under(|builder| builder.bytes_in(1_000).bytes_out(1_000));
    let left = || {
        let standing = membrane.conditions();
        (
            standing.bytes_in_left.unwrap(),
            standing.bytes_out_left.unwrap(),
        )
    };
    let (_, shop) = lent(&membrane);
    assert_eq!(shop.say("hello"), Ok(5));
    assert_eq!(left(), (995, 992));
    shop.fetch(100).unwrap();
    assert_eq!(left(), (987, 892));
    // An error's data is a result.
    shop.complain(10).unwrap_err();
    assert_eq!(left(), (979, 882));
    // A callback's argument goes out, and its result comes in.
    assert_eq!(shop.tell(Arc::new(Ok)), Ok(4));
    assert_eq!(left(), (971, 866));
    // An object of the dry side: its arguments go out.
    let plugin = lend(&membrane, &Stock::new(), Direction::Inbound);
    assert_eq!(plugin.say("hello"), Ok(5));
    assert_eq!(left(), (963, 861));
    // Items when they come.
    assert_eq!(shop.items(3).unwrap().count(), 3);
    assert_eq!(left(), (955, 837));
}

#[test]
fn borrowed_arguments_are_spent_like_owned_ones() {
    let conditions = conditions(|builder| builder.bytes_in(100));
    let membrane = Membrane::with_conditions(post_policy(), &conditions).unwrap();
    let post = post(&membrane);
    post.weigh(&[7; 3], &[]).unwrap();
    assert_eq!(membrane.conditions().bytes_in_left, Some(88));
    post.weigh(&[7; 3], &[1, 2, 3]).unwrap();
    assert_eq!(membrane.conditions().bytes_in_left, Some(64));
    assert_unmet(post.weigh(&[7; 3], &[0; 14]), Condition::BytesIn, None);
    post.weigh(&[7; 3], &[0; 13]).unwrap();
}

/// `Passable::size_bytes` is its author's code, and may take its time. Fails if it is asked for nothing.
#[test]
fn values_are_measured_only_where_their_bytes_are_counted() {
    let measured = |build: fn(ConditionsBuilder) -> ConditionsBuilder| {
        let membrane = Membrane::with_conditions(post_policy(), &conditions(build)).unwrap();
        let post = post(&membrane);
        let (sent, returned) = (Probe::default(), Probe::default());
        post.send(sent.clone()).unwrap();
        post.back(returned.clone()).unwrap();
        (sent.measured(), returned.measured())
    };
    assert_eq!(measured(|builder| builder), (0, 0));
    assert_eq!(measured(|builder| builder.calls(9).proxies(9)), (0, 0));
    assert_eq!(measured(|builder| builder.bytes_in(99)), (1, 1));
    assert_eq!(measured(|builder| builder.bytes_out(99)), (0, 1));
    assert_eq!(
        measured(|builder| builder.bytes_in(99).bytes_out(99)),
        (1, 2)
    );
}

/// Fails if the bytes are spent before they are found to be there, or the target is entered with too many.
#[test]
fn too_many_bytes_inward_are_refused_before_the_target() {
    let membrane = under(|builder| builder.bytes_in(10).calls(10));
    let (stock, shop) = lent(&membrane);
    assert_unmet(shop.say("hello world"), Condition::BytesIn, None);
    assert_eq!(stock.entered(), 0);
    let standing = membrane.conditions();
    assert_eq!(standing.bytes_in_left, Some(10));
    assert_eq!(standing.calls_left, Some(10), "no call is spent");
    shop.say("hello worl").unwrap();
    assert_unmet(shop.say("x"), Condition::BytesIn, None);
    // What has no size still crosses.
    shop.say("").unwrap();
    shop.ping().unwrap();
}

/// Fails if the result is delivered first and counted then.
#[test]
fn too_large_a_result_is_withheld_and_costs_nothing() {
    let membrane = under(|builder| builder.bytes_out(10).calls(10));
    let (stock, shop) = lent(&membrane);
    assert_unmet(shop.fetch(11), Condition::BytesOut, None);
    assert_eq!(stock.entered(), 1, "it ran");
    assert_eq!(membrane.conditions().bytes_out_left, Some(10));
    assert_eq!(membrane.conditions().calls_left, Some(9));
    match shop.complain(11).unwrap_err() {
        Failure::Membrane(error) => assert_unmet::<()>(Err(error), Condition::BytesOut, None),
        Failure::Said(text) => panic!("delivered: {text}"),
    }
    assert_eq!(shop.fetch(10).unwrap().len(), 10);
    assert_unmet(shop.fetch(1), Condition::BytesOut, None);
    shop.ping().unwrap();
}

#[test]
fn zero_bytes_let_through_what_has_no_size() {
    let membrane = under(|builder| builder.bytes_in(0).bytes_out(0));
    let (_, shop) = lent(&membrane);
    shop.ping().unwrap();
    let opened = shop.open().unwrap();
    opened.ping().unwrap();
    assert_unmet(shop.say("x"), Condition::BytesIn, None);
    assert_unmet(shop.say(""), Condition::BytesOut, None);
}

#[test]
fn never_more_bytes_whatever_the_threads() {
    let budget = sized(60_000, 200) as u64;
    let membrane = under(|builder| builder.bytes_out(budget));
    let (_, shop) = lent(&membrane);
    let callers: Vec<_> = [1, 3, 7]
        .into_iter()
        .map(|size| {
            let shop = shop.clone();
            start(move || {
                let mut bytes = 0;
                while let Ok(fetched) = shop.fetch(size) {
                    bytes += fetched.len() as u64;
                }
                bytes
            })
        })
        .collect();
    let delivered: u64 = callers.into_iter().map(tests::Started::finish).sum();
    assert_eq!(delivered, budget, "down to the last byte, one by one");
}

#[derive(Passable)]
struct Parcel {
    weight: u32,
    label: String,
    inner: Option<Box<Parcel>>,
    shop: Option<Arc<dyn Shop>>,
}

#[derive(Passable)]
enum Shape {
    Point,
    Round(u64),
    Named { name: &'static str, sides: u8 },
}

#[derive(Passable, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[passable(data)]
struct Key(u16, u16);

#[derive(Passable)]
enum Never {}

/// The sizes that the documentation promises.
#[test]
fn values_are_measured_by_what_they_hold() {
    fn size(value: &impl Passable) -> u64 {
        value.size_bytes()
    }
    assert_eq!(size(&()), 0);
    assert_eq!(size(&true), 1);
    assert_eq!(size(&1_u128), 16);
    assert_eq!(size(&'x'), 4);
    assert_eq!(size(&String::from("héllo")), 6);
    assert_eq!(size(&"hello"), 5);
    assert_eq!(size(&Box::<str>::from("hello")), 5);
    assert_eq!(size(&Arc::<str>::from("hello")), 5);
    assert_eq!(size(&Arc::<[u8]>::from([1, 2, 3].as_slice())), 3);
    assert_eq!(size(&Cow::Borrowed("hello")), 5);
    assert_eq!(size(&PathBuf::from("/tmp")), 4);
    assert_eq!(size(&std::ffi::CString::new("abc").unwrap()), 4);
    assert_eq!(size(&::bytes::Bytes::from_static(b"abc")), 3);
    assert_eq!(size(&vec![7_u8; 100]), 100);
    assert_eq!(size(&VecDeque::from([1_u16, 2])), 4);
    assert_eq!(size(&[1_u32; 3]), 12);
    assert_eq!(size(&vec![1_u8, 2, 3].into_boxed_slice()), 3);
    assert_eq!(size(&Some(String::from("abc"))), 3);
    assert_eq!(size(&None::<String>), 0);
    assert_eq!(size(&Ok::<u8, String>(1)), 1);
    assert_eq!(size(&Err::<u8, String>("abc".into())), 3);
    assert_eq!(size(&(1_u8, String::from("abc"), 2_u16)), 6);
    assert_eq!(size(&(1_u8..4)), 2);
    assert_eq!(size(&(1_u8..=4)), 2);
    assert_eq!(size(&HashMap::from([(1_u8, 2_u32), (3, 4)])), 10);
    assert_eq!(size(&BTreeMap::from([(1_u8, 2_u32)])), 5);
    assert_eq!(size(&HashSet::from([1_u64])), 8);
    assert_eq!(size(&BTreeSet::from([1_u64, 2])), 16);
    assert_eq!(size(&Shape::Point), 0);
    assert_eq!(size(&Shape::Round(1)), 8);
    let named = Shape::Named {
        name: "abc",
        sides: 4,
    };
    assert_eq!(size(&named), 4);
    assert_eq!(size(&Key(1, 2)), 4);
    assert_eq!(size(&None::<Never>), 0);
    assert_eq!(size(&Error::from(ErrorKind::Refused)), 0);
    let items: Items = Box::new(std::iter::empty());
    assert_eq!(size(&items), 0);
    let shop: Arc<dyn Shop> = Stock::new();
    assert_eq!(size(&shop), 0);
    let parcel = |inner| Parcel {
        weight: 1,
        label: "abc".into(),
        inner,
        shop: Some(Stock::new()),
    };
    assert_eq!(size(&parcel(None)), 7);
    // What is boxed or listed counts at least what it takes in memory, or a long list of nothing would be free.
    assert_eq!(
        size(&parcel(Some(Box::new(parcel(None))))),
        7 + size_of::<Parcel>() as u64
    );
    assert_eq!(size(&vec![String::new(); 10]), 240);
    assert_eq!(size(&vec!["x".repeat(100)]), 100);
}

/// What takes no memory can be there in any number. Fails, in that it does not end, if such items are counted one by one.
#[test]
fn items_without_a_size_are_measured_at_once() {
    let size = tests::soon(|| vec![(); usize::MAX].size_bytes());
    assert_eq!(size, 0);
    assert_eq!(vec![[0_u8; 3]; 5].size_bytes(), 15);
}
