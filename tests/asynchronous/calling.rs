//! Calls of async methods: refused or made when they are first polled, with everything wrapped.

use super::executors::{EXECUTORS, block_on, poll_idly};
use super::library::{Book, House, Library, Reader, Shelf, addresses, lending, policy};
use membrane::{Error, ErrorKind, Membrane, Passable, Policy, allow, interface};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use tests::{Census, assert_kind, assert_revoked, start};

fn lent(census: &Census) -> (Membrane, Arc<House>, Arc<dyn Library>) {
    let (membrane, house) = (Membrane::new(policy()), House::new(census));
    let lent = membrane.wrap::<dyn Library>(house.clone()).unwrap();
    (membrane, house, lent)
}

#[test]
fn async_call_is_answered_on_every_executor() {
    for executor in EXECUTORS {
        let census = Census::default();
        let (membrane, house, lent) = lent(&census);
        let caller = start({
            let lent = lent.clone();
            move || executor.run(async move { (lent.at_once(1).await, lent.wait(2).await) })
        });
        while house.log() != ["at_once", "wait"] {
            std::thread::yield_now();
        }
        // What waits is listed, and what was over at once is not.
        assert!(membrane.live_proxies() <= 2);
        house.bell.ring();
        assert_eq!(caller.finish(), (Ok(2), Ok(4)), "{executor:?}");
        assert_eq!((membrane.live_proxies(), census.alive()), (1, 2));
    }
}

/// Fails when `begin` does not ask whether the method is allowed: `call_sharing` is what asks.
#[test]
fn async_method_that_is_not_listed_is_refused_when_it_is_polled() {
    let census = Census::default();
    let (membrane, house, lent) = lent(&census);
    let future = lent.close();
    assert_kind(block_on(future), ErrorKind::Refused);
    assert_eq!(house.log(), [""; 0]);
    membrane.revoke("over");
    // What is not listed is told from what is revoked first: see M11.
    assert_kind(block_on(lent.close()), ErrorKind::Refused);
    assert_revoked(block_on(lent.at_once(1)), "over");
}

#[test]
fn call_that_is_not_polled_has_no_effect() {
    let census = Census::default();
    let (membrane, house, lent) = lent(&census);
    let unpolled = (lent.wait(1), lent.at_once(1), lent.close());
    assert_eq!((house.log().len(), membrane.live_proxies()), (0, 1));
    drop(unpolled);
    let kept = lent.wait(1);
    membrane.revoke("over");
    assert_revoked(block_on(kept), "over");
    assert_eq!(house.log().len(), 0);
}

/// The holder may list a default method and none of those that it calls: it runs on the owner's side, as one call.
#[test]
fn default_async_method_is_one_call() {
    let census = Census::default();
    let house = House::new(&census);
    let only = Policy::builder()
        .inbound(allow!(dyn Library: twice))
        .build()
        .unwrap();
    let lent = Membrane::new(only)
        .wrap::<dyn Library>(house.clone())
        .unwrap();
    assert_eq!(block_on(lent.twice(3)), Ok(12));
    assert_kind(block_on(lent.at_once(3)), ErrorKind::Refused);
    assert_eq!(house.log(), ["at_once", "at_once"]);
}

/// Fails when the proxy lends its caller's memory to the target's future.
#[test]
fn borrowed_arguments_are_copied() {
    let census = Census::default();
    let (_membrane, house, lent) = lent(&census);
    let (title, bytes) = (String::from("novel"), vec![1_u8, 2]);
    let shelf = Shelf {
        row: 1,
        label: String::from("top"),
    };
    block_on(lent.find(&title, &bytes, &shelf)).unwrap();
    let log = house.log();
    assert_eq!(log[0], "find novel [1, 2] top");
    let mine = addresses(&title, &bytes, &shelf);
    assert!(
        mine.iter().all(|address| !log[1].contains(address)),
        "{log:?}"
    );
    // The same without a membrane is not copied: the addresses can be compared.
    block_on(house.find(&title, &bytes, &shelf)).unwrap();
    assert_eq!(house.log()[3], mine.join(" "));
}

/// Fails when `begin` does not convert the result.
#[test]
fn what_an_async_method_returns_is_wrapped_and_comes_home() {
    for executor in EXECUTORS {
        let census = Census::default();
        let (membrane, house, lent) = lent(&census);
        let shelf = Shelf {
            row: 1,
            label: String::new(),
        };
        let book = block_on(lent.find("", &[], &shelf)).unwrap();
        assert!(!Arc::ptr_eq(&book, &house.book));
        assert!(membrane.lent(&book).is_some());
        assert_kind(block_on(book.burn()), ErrorKind::Refused);
        assert_eq!(book.title(), Ok(String::from("novel")));
        house.bell.ring();
        let reading = book.clone();
        let read = start(move || executor.run(async move { reading.read().await }));
        assert_eq!(read.finish(), Ok(String::from("once")));
        assert_eq!(block_on(lent.take_back(book)), Ok(true));
    }
}

/// The wrapping holds for a result that is ready later than the first poll, too.
///
/// Fails when `Proxy<dyn Pending>::poll` does not convert its result.
#[test]
fn late_results_are_wrapped() {
    #[interface]
    trait Slow {
        async fn book(&self) -> Result<Arc<dyn Book>, Instead>;
    }
    #[derive(Passable)]
    enum Instead {
        Other(Arc<dyn Book>),
        Membrane(Error),
    }
    impl From<Error> for Instead {
        fn from(error: Error) -> Self {
            Self::Membrane(error)
        }
    }
    struct Desk(Arc<House>, Mutex<bool>);
    #[interface]
    impl Slow for Desk {
        async fn book(&self) -> Result<Arc<dyn Book>, Instead> {
            self.0.bell.rung().await;
            let failing = {
                let mut failing = self.1.lock().unwrap();
                std::mem::replace(&mut *failing, true)
            };
            if failing {
                return Err(Instead::Other(self.0.book.clone()));
            }
            Ok(self.0.book.clone())
        }
    }
    let census = Census::default();
    let house = House::new(&census);
    let policy = lending().inbound(allow!(dyn Slow: book)).build().unwrap();
    let membrane = Membrane::new(policy);
    let desk = Desk(house.clone(), Mutex::new(false));
    let lent = membrane.wrap::<dyn Slow>(Arc::new(desk)).unwrap();
    let (mut first, mut second) = (lent.book(), lent.book());
    assert!(poll_idly(&mut first).is_pending() && poll_idly(&mut second).is_pending());
    assert_eq!(membrane.live_proxies(), 3);
    house.bell.ring();
    let Ok(book) = block_on(first) else {
        panic!("the first succeeds")
    };
    let Err(Instead::Other(other)) = block_on(second) else {
        panic!("the second fails")
    };
    assert!(Arc::ptr_eq(&book, &other) && !Arc::ptr_eq(&book, &house.book));
    assert!(membrane.lent(&book).is_some());
    assert_kind(block_on(book.burn()), ErrorKind::Refused);
}

/// A reader on the dry side: what it is told is wrapped, and it takes its time.
struct Visitor {
    membrane: Membrane,
    told: Mutex<u64>,
}

#[interface]
impl Reader for Visitor {
    async fn told(&self, book: Arc<dyn Book>) -> Result<u64, Error> {
        assert!(self.membrane.lent(&book).is_some(), "not the owner's own");
        tokio::task::yield_now().await;
        let mut told = self.told.lock().unwrap();
        *told += 1;
        Ok(*told)
    }
}

#[test]
fn async_callback_is_called_through_the_membrane() {
    let census = Census::default();
    let (membrane, house, lent) = lent(&census);
    let visitor = Arc::new(Visitor {
        membrane: membrane.clone(),
        told: Mutex::new(0),
    });
    let reader: Arc<dyn Reader> = visitor;
    let executor = super::executors::Executor::TokioOneThread;
    let result = executor.run({
        let (lent, reader) = (lent.clone(), reader.clone());
        async move { lent.tell(reader).await }
    });
    assert_eq!((result, house.log()), (Ok(2), vec![String::from("told 1")]));
    // Not listed the other way: refused there.
    let deaf = lending_without_reader();
    let lent = deaf.wrap::<dyn Library>(house).unwrap();
    assert_kind(block_on(lent.tell(reader)), ErrorKind::Refused);
}

fn lending_without_reader() -> Membrane {
    let policy = Policy::builder().inbound(allow!(dyn Library: tell));
    Membrane::new(policy.build().unwrap())
}

#[test]
fn panic_in_a_poll_is_an_error_and_its_payload_is_dropped() {
    for after in [false, true] {
        let census = Census::default();
        let (membrane, house, lent) = lent(&census);
        let mut future = lent.panic(after);
        if after {
            assert!(poll_idly(&mut future).is_pending());
            assert_eq!(census.alive(), 3);
            house.bell.ring();
        }
        let Poll::Ready(Err(error)) = poll_idly(&mut future) else {
            panic!("an error")
        };
        assert_eq!((error.kind(), error.reason()), (ErrorKind::Panicked, None));
        assert_eq!(census.alive(), 2, "future and payload are dropped");
        drop(future);
        assert!(!membrane.is_revoked());
        assert_eq!(
            (block_on(lent.at_once(1)), membrane.live_proxies()),
            (Ok(2), 1)
        );
    }
}

#[test]
#[should_panic(expected = "polled after the call was over")]
fn caller_that_polls_on_after_the_end_panics() {
    let (_membrane, _house, lent) = lent(&Census::default());
    let mut future = lent.at_once(1);
    assert_eq!(poll_idly(&mut future), Poll::Ready(Ok(2)));
    let _ = poll_idly(&mut future);
}

mod inherited {
    use super::*;

    #[interface]
    trait Lamp {
        async fn light(&self) -> Result<&'static str, Error>;
        async fn dark(&self) -> Result<&'static str, Error> {
            Ok("dark")
        }
    }

    #[interface]
    trait Room: Lamp {
        async fn sit(&self, on: &'static str) -> Result<&'static str, Error>;
    }

    struct Study;

    #[interface]
    impl Lamp for Study {
        async fn light(&self) -> Result<&'static str, Error> {
            Ok("light")
        }
    }

    #[interface]
    impl Room for Study {
        async fn sit(&self, on: &'static str) -> Result<&'static str, Error> {
            Ok(on)
        }
    }

    #[test]
    fn inherited_async_methods_are_listed_under_what_crossed() {
        let policy = Policy::builder()
            .inbound(allow!(dyn Room: sit, light))
            .build()
            .unwrap();
        let room = Membrane::new(policy)
            .wrap::<dyn Room>(Arc::new(Study))
            .unwrap();
        assert_eq!(block_on(room.sit("chair")), Ok("chair"));
        assert_eq!(block_on(room.light()), Ok("light"));
        assert_kind(block_on(room.dark()), ErrorKind::Refused);
        let lamp: Arc<dyn Lamp> = room;
        assert_eq!(block_on(lamp.light()), Ok("light"));
        assert_kind(block_on(lamp.dark()), ErrorKind::Refused);
    }
}

mod written {
    use super::*;

    /// What `#[interface]` makes of an impl block keeps the meaning of `async fn`.
    #[interface]
    trait Odd {
        async fn add(
            &self,
            pair: (u64, u64),
            list: Vec<u64>,
            _unused: String,
        ) -> Result<u64, Error>;
        async fn early(&self, number: u64) -> Result<Box<str>, Error>;
        #[cfg(not(test))]
        async fn gone(&self, nothing: Nothing) -> Result<(), Error>;
        #[cfg(test)]
        async fn r#move(&self, r#in: &u8) -> Result<u8, Error>;
    }

    struct Generic<T>(T);

    #[interface]
    impl<T: Into<u64> + Copy + Send + Sync + 'static> Odd for Generic<T> {
        async fn add(
            &self,
            (a, b): (u64, u64),
            mut list: Vec<u64>,
            _: String,
        ) -> Result<u64, Error> {
            list.push(self.0.into());
            Ok(a + b + list.iter().sum::<u64>())
        }

        async fn early(&self, number: u64) -> Result<Box<str>, Error> {
            if number == 0 {
                return Err(ErrorKind::Rejected.into());
            }
            let text: Result<String, Error> = Ok(Self::name(number));
            Ok(text?.into())
        }

        async fn r#move(&self, r#in: &u8) -> Result<u8, Error> {
            Ok(*r#in)
        }
    }

    impl<T> Generic<T> {
        fn name(number: u64) -> String {
            format!("number {number}")
        }
    }

    #[test]
    fn async_methods_may_be_written_as_elsewhere() {
        let policy = Policy::builder()
            .inbound(allow!(dyn Odd: add, early, r#move))
            .build()
            .unwrap();
        let odd: Arc<dyn Odd> = Arc::new(Generic(1_u8));
        let lent = Membrane::new(policy).wrap(odd.clone()).unwrap();
        for odd in [odd, lent] {
            assert_eq!(block_on(odd.add((1, 2), vec![3], String::new())), Ok(7));
            assert_eq!(block_on(odd.early(5)).as_deref(), Ok("number 5"));
            assert_kind(block_on(odd.early(0)), ErrorKind::Rejected);
            assert_eq!(block_on(odd.r#move(&3)), Ok(3));
        }
    }
}
