//! Every kind of thing that can carry an object, and every place where the library itself has the object.

use crate::lab::{breaks, contained};
use crate::stage::{Chest, OPEN, Oak, at_once, chests, guests, is_bare, policy};
use futures_core::Stream;
use membrane::{Direction, Error, ErrorKind, Membrane, Passable, allow, interface, lease};
use runtime::Value;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

type Found = Arc<dyn Chest>;
type Give = Arc<dyn Fn() -> Result<Found, Error> + Send + Sync>;
type Items = Box<dyn Iterator<Item = Result<Found, Error>> + Send>;
type Later = Pin<Box<dyn Future<Output = Result<Found, Error>> + Send>>;
type Flow = Pin<Box<dyn Stream<Item = Result<Found, Error>> + Send>>;

#[derive(Passable)]
struct Parcel<T> {
    weight: u64,
    contents: T,
}

#[derive(Passable)]
enum Delivery<T> {
    Left(T),
    At { place: u64, contents: T },
}

/// All that can carry an object, by its kind.
#[derive(Passable)]
enum Carrier {
    Object(Found),
    Boxed(Box<Found>),
    Optional(Option<Found>),
    Pair((u64, Found)),
    Array([Found; 2]),
    List(Vec<Found>),
    Slice(Box<[Found]>),
    Queue(VecDeque<Found>),
    Map(HashMap<u64, Found>),
    Tree(BTreeMap<u64, Found>),
    Answer(Result<Found, u64>),
    Problem(Result<u64, Found>),
    Struct(Parcel<Found>),
    Case(Delivery<Found>),
    OtherCase(Delivery<Parcel<Found>>),
    Closure(Give),
    Iterator(Items),
    Future(Later),
    Stream(Flow),
    Nested(Vec<Option<(u64, Parcel<Give>)>>),
}

/// One item, and then the end.
struct Once(Option<Found>);

impl Stream for Once {
    type Item = Result<Found, Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Poll::Ready(self.0.take().map(Ok))
    }
}

impl Carrier {
    /// One of each kind.
    fn all(found: &Found) -> Vec<Self> {
        let one = || found.clone();
        let give = || -> Give {
            let found = one();
            Arc::new(move || Ok(found.clone()))
        };
        let parcel = || Parcel {
            weight: 1,
            contents: one(),
        };
        let nested = Parcel {
            weight: 2,
            contents: give(),
        };
        let later = one();
        vec![
            Self::Object(one()),
            Self::Boxed(Box::new(one())),
            Self::Optional(Some(one())),
            Self::Pair((1, one())),
            Self::Array([one(), one()]),
            Self::List(vec![one()]),
            Self::Slice([one()].into()),
            Self::Queue([one()].into()),
            Self::Map([(1, one())].into()),
            Self::Tree([(1, one())].into()),
            Self::Answer(Ok(one())),
            Self::Problem(Err(one())),
            Self::Struct(parcel()),
            Self::Case(Delivery::Left(one())),
            Self::OtherCase(Delivery::At {
                place: 1,
                contents: parcel(),
            }),
            Self::Closure(give()),
            Self::Iterator(Box::new([Ok(one())].into_iter())),
            Self::Future(Box::pin(async move { Ok(later) })),
            Self::Stream(Box::pin(Once(Some(one())))),
            Self::Nested(vec![None, Some((1, nested))]),
        ]
    }

    /// Whatever its holder can get out of it, with the name of its kind.
    fn unpack(self) -> (&'static str, Vec<Found>) {
        match self {
            Self::Object(found) => ("an object", vec![found]),
            Self::Boxed(found) => ("a box", vec![*found]),
            Self::Optional(found) => ("an option", found.into_iter().collect()),
            Self::Pair((_, found)) => ("a pair", vec![found]),
            Self::Array(found) => ("an array", found.into()),
            Self::List(found) => ("a list", found),
            Self::Slice(found) => ("a slice", found.into_vec()),
            Self::Queue(found) => ("a queue", found.into()),
            Self::Map(found) => ("a map", found.into_values().collect()),
            Self::Tree(found) => ("a tree", found.into_values().collect()),
            Self::Answer(found) => ("an answer", found.into_iter().collect()),
            Self::Problem(found) => ("a problem", found.err().into_iter().collect()),
            Self::Struct(parcel) => ("a struct", vec![parcel.contents]),
            Self::Case(Delivery::Left(found)) => ("a case", vec![found]),
            Self::OtherCase(Delivery::At { contents, place: _ }) => {
                ("another case", vec![contents.contents])
            }
            Self::Case(_) | Self::OtherCase(_) => ("no case", Vec::new()),
            Self::Closure(give) => ("a closure", give().into_iter().collect()),
            Self::Iterator(items) => ("an iterator", items.flatten().collect()),
            Self::Future(later) => ("a future", at_once(later).into_iter().collect()),
            Self::Stream(mut flow) => {
                let mut context = Context::from_waker(Waker::noop());
                match flow.as_mut().poll_next(&mut context) {
                    Poll::Ready(Some(Ok(found))) => ("a stream", vec![found]),
                    _ => ("a stream", Vec::new()),
                }
            }
            Self::Nested(list) => {
                let parcels = list.into_iter().flatten().map(|(_, parcel)| parcel);
                let found = parcels.filter_map(|parcel| (parcel.contents)().ok());
                ("what is nested", found.collect())
            }
        }
    }
}

#[interface]
trait Carriage: Send + Sync {
    fn load(&self, carrier: Carrier) -> Result<Carrier, Error>;
}

/// Unpacks what it is given, and gives it back by hand.
struct Porter(Arc<dyn Fn(Carrier) -> Result<Carrier, Error> + Send + Sync>);

impl Carriage for Porter {
    fn load(&self, carrier: Carrier) -> Result<Carrier, Error> {
        (self.0)(carrier)
    }
}

/// D5: "new object kind added without a wrap rule": of every kind there is, as an argument, as a result and passed, whatever
/// can be got out of it is wrapped. What is of no kind does not compile: `ui/fail`'s `argument_*.rs`, `derive_field_*.rs`.
#[test]
fn d5_every_kind_of_carrier() {
    contained(
        breaks![
            membrane::BareReferences,
            membrane::BareArguments,
            membrane::BareResults,
            membrane::BareElements,
            membrane::BareItems,
            membrane::BareCompletions,
        ],
        |lab| {
            for direction in [Direction::Outbound, Direction::Inbound] {
                let oak = Oak::new();
                let kinds = Carrier::all(&oak.chest()).len();
                for kind in 0..kinds {
                    let list = allow!(dyn Carriage: load);
                    let builder = chests().inbound(list).outbound(list);
                    let membrane = Membrane::new(policy(builder));
                    let carrier =
                        move |oak: &Arc<Oak>| Carrier::all(&oak.chest()).swap_remove(kind);
                    let check = |way: &str, carrier: Carrier| {
                        let (kind, found) = carrier.unpack();
                        assert!(!found.is_empty(), "{kind} is empty");
                        lab.reached();
                        for found in found {
                            lab.escaped_if(is_bare(&found, &oak), format!("{kind}, {way}"));
                            assert!(found.name().is_ok());
                        }
                    };
                    let passed = membrane.pass(carrier(&oak), direction);
                    check("passed", passed.expect("live"));
                    let given = oak.clone();
                    let giving = Porter(Arc::new(move |_| Ok(carrier(&given))));
                    let giving: Arc<dyn Carriage> = Arc::new(giving);
                    let giving = membrane.pass(giving, direction).expect("live");
                    let result = giving.load(Carrier::Optional(None));
                    check("a result", result.expect("listed"));
                    let taken = Arc::<std::sync::Mutex<Option<Carrier>>>::default();
                    let keeps = taken.clone();
                    let taking: Arc<dyn Carriage> = Arc::new(Porter(Arc::new(move |carrier| {
                        *crate::stage::locked(&keeps) = Some(carrier);
                        Ok(Carrier::Optional(None))
                    })));
                    let taking = membrane.pass(taking, direction).expect("live");
                    taking.load(carrier(&oak)).expect("listed");
                    let taken = crate::stage::locked(&taken).take();
                    check("an argument", taken.expect("it was given"));
                }
            }
        },
    );
}

#[interface(dynamic)]
trait Spring: Send + Sync {
    fn flow(&self) -> Result<Items, Error>;
}

struct Water(Arc<Oak>);

impl Spring for Water {
    fn flow(&self) -> Result<Items, Error> {
        Ok(Box::new(
            [Ok(self.0.chest()), Ok(self.0.chest())].into_iter(),
        ))
    }
}

/// D9: "runtime-internal operation works on raw targets": an iterator of one domain's is taken out of its object, and sent: the
/// other domain's object has an iterator of the membrane's in it. So are its items, as objects of that domain.
#[test]
fn d9_iterator_sent_to_another_domain() {
    contained(breaks![runtime::SendsBare, membrane::BareItems], |lab| {
        let (runtime, [guest]) = guests(&policy(chests()));
        let host = runtime.host();
        for (owner, other) in [(host, &guest), (&guest, host)] {
            let oak = Oak::new();
            let spring = owner.own::<dyn Spring>(Arc::new(Water(oak.clone())));
            let Ok(Value::Object(items)) = owner.call(&spring, 0, &[]) else {
                panic!("an iterator of its own")
            };
            let sent = owner.send(&items, other).expect("joined");
            let first = other.call(&sent, 0, &[]).expect("an item");
            let first = first.as_object().expect("a chest").clone();
            lab.reached();
            lab.escaped_if(other.call(&first, OPEN, &[]).is_ok(), "the first item");
            let raw = first.typed::<dyn Chest>().expect("a chest");
            lab.escaped_if(is_bare(&raw, &oak), "the first item, as it is in Rust");
            // And the one who sent it has nothing left to read behind the other's back.
            let again = owner.call(&items, 0, &[]);
            lab.escaped_if(again.is_ok(), "it is still read on the other side");
            lab.escaped_if(oak.opened() > 0, "the gold");
        }
    });
}

/// D9: a lease has the target itself, and stays on the holder's side: what goes through it is converted each time.
#[test]
fn d9_lease_that_has_the_target() {
    contained(
        breaks![
            membrane::BareResults,
            membrane::BareArguments,
            membrane::LeaseUnlisted,
        ],
        |lab| {
            for direction in [Direction::Outbound, Direction::Inbound] {
                let membrane = Membrane::new(policy(chests()));
                let inner = Oak::new();
                let oak = Oak::keeping(inner.chest());
                let lent = membrane.pass(oak.chest(), direction).expect("live");
                let leased = lease(&lent);
                assert!(leased.name().is_ok());
                lab.reached();
                lab.escaped_if(is_bare(&leased.kept().expect("kept"), &inner), "a result");
                let gift = Oak::new();
                leased.keep(gift.chest()).expect("listed");
                let taken = oak.taken().expect("it is kept");
                lab.escaped_if(is_bare(&taken, &gift), "an argument");
                lab.escaped_if(leased.open().is_ok(), "what is not listed");
                let seized = leased.seize(gift.chest());
                let kind = seized.map_err(Error::kind);
                lab.escaped_if(
                    kind != Err(ErrorKind::Refused),
                    "what is not listed, with an object",
                );
                let shown = format!("{leased:?}");
                lab.escaped_if(shown != "Lease(dyn Chest)", shown);
            }
        },
    );
}
