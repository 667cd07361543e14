//! A8, A10, A19: what comes later, one by one, or from something that is suspended.

use super::chests;
use super::loot::{BOTH, Bag, plain_and_guarded, settle, turns};
use crate::cast::{Safe, Vault, is_raw, listed};
use crate::lab::{Lab, breaks, contained};
use futures_core::Stream;
use membrane::{Error, Membrane, Policy, allow, interface};
use runtime::{CallError, Value};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use tests::soon;

type Lent = Result<Arc<dyn Vault>, Error>;
type Promise = Pin<Box<dyn Future<Output = Lent> + Send>>;
type Promises = Pin<Box<dyn Future<Output = Result<Promise, Error>> + Send>>;
type Flow = Pin<Box<dyn Stream<Item = Lent> + Send>>;
type Items = Box<dyn Iterator<Item = Lent> + Send>;
type Series = Box<dyn Iterator<Item = Result<Items, Error>> + Send>;
type Receive = Arc<dyn Fn() -> Lent + Send + Sync>;
type Tell = Arc<dyn Fn(Arc<dyn Vault>) -> Result<(), Error> + Send + Sync>;

/// Lends a vault, but not at once.
#[interface]
trait Bank: Send + Sync {
    async fn lend(&self, polls: u32) -> Result<Arc<dyn Vault>, Error>;
    async fn promise_later(&self, polls: u32) -> Result<Promise, Error>;
    fn promise(&self, polls: u32) -> Result<Promise, Error>;
    fn promises(&self, polls: u32) -> Result<Promises, Error>;
    fn flow(&self, polls: u32) -> Result<Flow, Error>;
    fn items(&self) -> Result<Items, Error>;
    /// Each item hands on to another iterator.
    fn series(&self) -> Result<Series, Error>;
    /// Takes from a channel.
    fn receiver(&self) -> Result<Receive, Error>;
    /// Whom to tell, later.
    fn subscribe(&self, tell: Tell) -> Result<(), Error>;
}

struct House {
    safe: Arc<Safe>,
    subscribers: Bag<Tell>,
    /// The wakers that the house was polled with.
    wakers: Bag<Waker>,
    /// What its futures carry along.
    ballast: [u64; 512],
}

impl House {
    fn new(safe: &Arc<Safe>) -> Arc<Self> {
        Arc::new(Self {
            safe: safe.clone(),
            subscribers: Bag::new(),
            wakers: Bag::new(),
            ballast: [7; 512],
        })
    }

    fn vault(&self) -> Arc<dyn Vault> {
        self.safe.clone()
    }

    fn later(&self, polls: u32) -> Promise {
        let (vault, wakers, ballast) = (self.vault(), self.wakers.clone(), self.ballast);
        Box::pin(async move {
            note(&wakers).await;
            turns(polls).await;
            note(&wakers).await;
            assert_eq!(ballast[0], 7, "it is kept meanwhile");
            Ok(vault)
        })
    }
}

/// Keeps the waker of whoever polls.
async fn note(wakers: &Bag<Waker>) {
    poll_fn(|context| {
        wakers.put(context.waker().clone());
        Poll::Ready(())
    })
    .await;
}

struct Vaults {
    polls: u32,
    left: u32,
    vault: Arc<dyn Vault>,
    wakers: Bag<Waker>,
    _ballast: [u64; 512],
}

impl Stream for Vaults {
    type Item = Lent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Lent>> {
        self.wakers.put(context.waker().clone());
        if let Some(polls) = self.polls.checked_sub(1) {
            self.polls = polls;
            return Poll::Pending;
        }
        let next = self.left.checked_sub(1);
        self.left = next.unwrap_or(0);
        Poll::Ready(next.map(|_| Ok(self.vault.clone())))
    }
}

/// Three vaults.
struct Row(u32, Arc<dyn Vault>, [u64; 512]);

impl Iterator for Row {
    type Item = Lent;

    fn next(&mut self) -> Option<Lent> {
        self.0 = self.0.checked_sub(1)?;
        assert_eq!(self.2[0], 7, "it is kept meanwhile");
        Some(Ok(self.1.clone()))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0 as usize, Some(self.0 as usize))
    }
}

#[interface]
impl Bank for House {
    async fn lend(&self, polls: u32) -> Result<Arc<dyn Vault>, Error> {
        self.later(polls).await
    }
    async fn promise_later(&self, polls: u32) -> Result<Promise, Error> {
        turns(polls).await;
        Ok(self.later(polls))
    }
    fn promise(&self, polls: u32) -> Result<Promise, Error> {
        Ok(self.later(polls))
    }
    fn promises(&self, polls: u32) -> Result<Promises, Error> {
        let promise = self.later(polls);
        Ok(Box::pin(async move { Ok(promise) }))
    }
    fn flow(&self, polls: u32) -> Result<Flow, Error> {
        Ok(Box::pin(Vaults {
            polls,
            left: 2,
            vault: self.vault(),
            wakers: self.wakers.clone(),
            _ballast: self.ballast,
        }))
    }
    fn items(&self) -> Result<Items, Error> {
        Ok(Box::new(Row(3, self.vault(), self.ballast)))
    }
    fn series(&self) -> Result<Series, Error> {
        let items = self.items();
        Ok(Box::new([items].into_iter()))
    }
    fn receiver(&self) -> Result<Receive, Error> {
        let (sender, receiver) = channel();
        let receiver: Mutex<Receiver<Arc<dyn Vault>>> = Mutex::new(receiver);
        sender.send(self.vault()).expect("it is there");
        Ok(Arc::new(move || {
            let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(receiver.recv().expect("it was sent"))
        }))
    }
    fn subscribe(&self, tell: Tell) -> Result<(), Error> {
        self.subscribers.put(tell);
        Ok(())
    }
}

fn policy() -> Policy {
    let list = allow!(dyn Bank: lend, promise_later, promise, promises, flow, items, series, receiver, subscribe);
    let policy = listed().inbound(list).outbound(list).build();
    policy.expect("one list each way")
}

/// A bank that is lent.
struct Stage {
    house: Arc<House>,
    bank: Arc<dyn Bank>,
    safe: Arc<Safe>,
    _membrane: Membrane,
}

/// `attack` in either direction, on the plain path and on the guarded one.
fn everywhere(faults: &[crate::lab::Break], attack: impl Fn(&Lab, &Stage)) {
    for direction in BOTH {
        for guarded in [0, 1] {
            contained(faults, |lab| {
                let membrane = plain_and_guarded(&policy())[guarded].clone();
                let safe = Safe::new();
                let house = House::new(&safe);
                let bank: Arc<dyn Bank> = house.clone();
                let bank = membrane.pass(bank, direction).expect("live");
                attack(
                    lab,
                    &Stage {
                        house,
                        bank,
                        safe,
                        _membrane: membrane,
                    },
                );
            });
        }
    }
}

fn next(flow: &mut Flow) -> Option<Lent> {
    settle(poll_fn(|context| flow.as_mut().poll_next(context)))
}

type Surface = (&'static str, fn(&Arc<dyn Bank>, u32) -> Lent);

const COMPLETIONS: [Surface; 4] = [
    ("an async method", |bank, polls| settle(bank.lend(polls))),
    ("a future", |bank, polls| settle(bank.promise(polls)?)),
    ("a future of an async method", |bank, polls| {
        settle(settle(bank.promise_later(polls))?)
    }),
    ("a future of a future", |bank, polls| {
        settle(settle(bank.promises(polls)?)?)
    }),
];

/// A8: whatever the future is, and whenever it is over.
#[test]
fn a8_what_a_future_ends_with() {
    for (name, complete) in COMPLETIONS {
        for polls in [0, 1, 3] {
            everywhere(
                breaks![
                    membrane::BareCompletions,
                    membrane::BareSuspended,
                    membrane::BareReferences
                ],
                |lab, stage| {
                    let vault = complete(&stage.bank, polls).expect("listed");
                    lab.reached();
                    let how = format!("{name}, after {polls} polls");
                    lab.escaped_if(is_raw(&vault, &stage.safe), how);
                    // The same future alone: in an async method nothing is suspended that crosses.
                    let other = settle(stage.bank.promise(polls).expect("listed"));
                    let other = other.expect("listed");
                    lab.escaped_if(is_raw(&other, &stage.safe), "a future");
                },
            );
        }
    }
}

/// A8: on an executor's threads, woken from another one.
#[test]
fn a8_what_a_task_ends_with() {
    everywhere(breaks![membrane::BareCompletions], |lab, stage| {
        let bank = stage.bank.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .build()
            .expect("a runtime");
        let vault = runtime.block_on(async move {
            let task = tokio::spawn(async move { bank.lend(3).await });
            task.await.expect("it ends")
        });
        lab.reached();
        lab.escaped_if(is_raw(&vault.expect("listed"), &stage.safe), "a task");
    });
}

/// A8: what was sent into a channel comes out of it as what is received.
#[test]
fn a8_message_of_a_channel() {
    everywhere(
        breaks![membrane::BareResults, membrane::BareReferences],
        |lab, stage| {
            let receive = stage.bank.receiver().expect("listed");
            let vault = receive().expect("one message");
            lab.reached();
            lab.escaped_if(is_raw(&vault, &stage.safe), "a message");
        },
    );
}

/// A8: a callback that is kept, and called later, on another thread.
#[test]
fn a8_callback_that_is_called_later() {
    everywhere(
        breaks![membrane::BareArguments, membrane::BareReferences],
        |lab, stage| {
            let got = Bag::new();
            let bag = got.clone();
            let tell: Tell = Arc::new(move |vault| {
                bag.put(vault);
                Ok(())
            });
            stage.bank.subscribe(tell).expect("listed");
            let house = stage.house.clone();
            soon(move || {
                for tell in house.subscribers.take() {
                    tell(house.vault()).expect("it is told");
                }
            });
            for vault in got.take() {
                lab.reached();
                lab.escaped_if(is_raw(&vault, &stage.safe), "told later");
            }
        },
    );
}

/// What there is to be had of an iterator.
type Step = fn(Items) -> Vec<Lent>;

/// What the language lets one do with an iterator.
const STEPS: [(&str, Step); 10] = [
    ("next", |mut items| items.next().into_iter().collect()),
    ("nth", |mut items| items.nth(1).into_iter().collect()),
    ("last", |items| items.last().into_iter().collect()),
    ("collect", Iterator::collect),
    ("fold", |items| {
        items.fold(Vec::new(), |mut all, one| {
            all.push(one);
            all
        })
    }),
    ("for_each", |items| {
        let mut all = Vec::new();
        items.for_each(|one| all.push(one));
        all
    }),
    ("by_ref", |mut items| {
        let mut all: Vec<_> = items.by_ref().take(1).collect();
        all.extend(items);
        all
    }),
    ("peekable", |items| {
        let mut items = items.peekable();
        assert!(items.peek().is_some(), "there are some");
        items.collect()
    }),
    ("zip", |items| items.zip(0..).map(|(one, _)| one).collect()),
    ("step_by", |items| items.step_by(2).collect()),
];

/// A10: each step that an iterator has, down to those that nobody wrote.
#[test]
fn a10_item_of_an_iterator() {
    for (name, step) in STEPS {
        everywhere(
            breaks![
                membrane::BareItems,
                membrane::BareSuspended,
                membrane::BareReferences
            ],
            |lab, stage| {
                let items = stage.bank.items().expect("listed");
                let got = step(items);
                assert!(!got.is_empty(), "{name} gives some");
                for vault in got {
                    lab.reached();
                    let vault = vault.expect("an item");
                    lab.escaped_if(is_raw(&vault, &stage.safe), name);
                }
            },
        );
    }
}

/// A10: an iterator that hands on to another one, which was never asked for.
#[test]
fn a10_item_of_an_iterator_that_delegates() {
    everywhere(
        breaks![
            membrane::BareItems,
            membrane::BareSuspended,
            membrane::BareReferences
        ],
        |lab, stage| {
            let series = stage.bank.series().expect("listed");
            let flat = series.flat_map(|items| items.expect("an iterator"));
            for vault in flat {
                lab.reached();
                let vault = vault.expect("an item");
                lab.escaped_if(is_raw(&vault, &stage.safe), "an item of an item");
            }
        },
    );
}

/// A10: each poll of a stream, at once or after some.
#[test]
fn a10_item_of_a_stream() {
    for polls in [0, 2] {
        everywhere(
            breaks![
                membrane::BareItems,
                membrane::BareSuspended,
                membrane::BareReferences
            ],
            |lab, stage| {
                let mut flow = stage.bank.flow(polls).expect("listed");
                while let Some(vault) = next(&mut flow) {
                    lab.reached();
                    let vault = vault.expect("an item");
                    lab.escaped_if(is_raw(&vault, &stage.safe), "an item of a stream");
                }
            },
        );
    }
}

/// A10, dynamically: by number and by name, an item or the error in its place.
#[test]
fn a10_item_of_a_dynamic_iterator() {
    contained(
        breaks![
            membrane::BareItems,
            membrane::BareReferences,
            runtime::SendsBare
        ],
        |lab| {
            let stage = chests::Stage::new();
            for (owner, holder) in stage.sides() {
                let (_, lent) = chests::lend(owner, holder);
                let items = holder.call_named(&lent, "items", &[]);
                let Ok(Value::Object(items)) = items else {
                    panic!("an iterator")
                };
                let item = holder.call(&items, 0, &[]).expect("an item");
                chests::look(lab, holder, &item, "an item");
                let item = holder.call_named(&items, "next", &[]);
                if let Err(CallError::Raised(value)) = item {
                    chests::look(lab, holder, &value, "the error of an item");
                }
            }
        },
    );
}

/// Is woken by nobody that it knows.
struct Caller;

impl Wake for Caller {
    fn wake(self: Arc<Self>) {}
}

/// Polls until it is over, as `waker`.
fn settle_as<R>(waker: &Waker, future: impl Future<Output = R>) -> R {
    let mut future = std::pin::pin!(future);
    for _ in 0..1_000 {
        let polled = future.as_mut().poll(&mut Context::from_waker(waker));
        if let Poll::Ready(result) = polled {
            return result;
        }
    }
    panic!("it is never over")
}

/// Polls the bank, as the one who is woken.
type Polled = fn(&Arc<dyn Bank>, &Waker);

/// What the bank is polled by.
const POLLED: [(&str, Polled); 3] = [
    ("an async method", |bank, waker| {
        settle_as(waker, bank.lend(2)).expect("listed");
    }),
    ("a future", |bank, waker| {
        settle_as(waker, bank.promise(2).expect("listed")).expect("a vault");
    }),
    ("a stream", |bank, waker| {
        let mut flow = bank.flow(2).expect("listed");
        let item = poll_fn(|context| flow.as_mut().poll_next(context));
        settle_as(waker, item).expect("an item").expect("a vault");
    }),
];

/// A19: what is suspended was entered with something of the caller's, its waker, and must not have it to keep.
#[test]
fn a19_waker_of_a_suspended_call() {
    for (name, poll) in POLLED {
        everywhere(breaks![membrane::WakerThrough], |lab, stage| {
            let waker = Waker::from(Arc::new(Caller));
            poll(&stage.bank, &waker);
            for kept in stage.house.wakers.take() {
                lab.reached();
                let same = kept.will_wake(&waker) || kept.data() == waker.data();
                lab.escaped_if(same, format!("the caller's waker, in {name}"));
            }
        });
    }
}

/// A19: what is suspended has the owner's variables in it; its holder is to see none of them, not even how large they are.
#[test]
fn a19_variables_of_a_suspended_computation() {
    everywhere(breaks![membrane::BareSuspended], |lab, stage| {
        let (promise, flow) = (stage.bank.promise(1), stage.bank.flow(1));
        let (promise, flow) = (promise.expect("listed"), flow.expect("listed"));
        let items = stage.bank.items().expect("listed");
        lab.reached();
        let ballast = size_of::<[u64; 512]>();
        lab.escaped_if(size_of_val(&*promise) >= ballast, "the size of a future");
        lab.escaped_if(size_of_val(&*flow) >= ballast, "the size of a stream");
        lab.escaped_if(size_of_val(&*items) >= ballast, "the size of an iterator");
        lab.escaped_if(items.size_hint() != (0, None), "how many are left");
        lab.escaped_if(flow.size_hint() != (0, None), "how many are left");
    });
}
