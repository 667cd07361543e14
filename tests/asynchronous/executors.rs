//! What runs futures in these tests: a plain executor, tokio's two, and the tests themselves, poll by poll.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{Thread, current, park};
use tokio::runtime::Builder;

pub(crate) type Boxed<'a, R> = Pin<Box<dyn Future<Output = R> + Send + 'a>>;

/// Wakes a thread that waits in [`block_on`].
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The plain executor: runs a future on this thread, which sleeps while it waits.
pub(crate) fn block_on<R>(future: impl Future<Output = R>) -> R {
    let waker = Waker::from(Arc::new(Unpark(current())));
    let mut future = Box::pin(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => park(),
        }
    }
}

/// The executors that each scenario runs on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Executor {
    Plain,
    TokioOneThread,
    TokioThreads,
}

pub(crate) const EXECUTORS: [Executor; 3] = [
    Executor::Plain,
    Executor::TokioOneThread,
    Executor::TokioThreads,
];

impl Executor {
    /// Runs `future`; on tokio, as a task of its own.
    pub(crate) fn run<R: Send + 'static>(
        self,
        future: impl Future<Output = R> + Send + 'static,
    ) -> R {
        let runtime = match self {
            Self::Plain => return block_on(future),
            Self::TokioOneThread => Builder::new_current_thread().build(),
            Self::TokioThreads => Builder::new_multi_thread().worker_threads(2).build(),
        };
        runtime
            .unwrap()
            .block_on(async { tokio::spawn(future).await })
            .expect("the task ends")
    }
}

/// Counts how often it is woken.
#[derive(Default)]
pub(crate) struct Counter(AtomicUsize);

impl Counter {
    pub(crate) fn new() -> (Arc<Self>, Waker) {
        let counter = Arc::<Self>::default();
        (counter.clone(), Waker::from(counter))
    }

    pub(crate) fn woken(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Counter {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Polls once.
pub(crate) fn poll<F: Future + ?Sized>(future: &mut Pin<Box<F>>, waker: &Waker) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(waker))
}

/// Polls once, for nobody who waits.
pub(crate) fn poll_idly<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    poll(future, Waker::noop())
}

/// Something to wait for: rung once, or never.
#[derive(Default)]
pub(crate) struct Bell(Mutex<(bool, Vec<Waker>)>);

impl Bell {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    pub(crate) fn ring(&self) {
        let wakers = {
            let mut state = self.0.lock().unwrap();
            state.0 = true;
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Wakes without ringing.
    pub(crate) fn knock(&self) {
        let wakers = self.0.lock().unwrap().1.clone();
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The wakers that were left here.
    pub(crate) fn wakers(&self) -> Vec<Waker> {
        self.0.lock().unwrap().1.clone()
    }

    pub(crate) async fn rung(&self) {
        poll_fn(|context| {
            let mut state = self.0.lock().unwrap();
            if state.0 {
                return Poll::Ready(());
            }
            state.1.push(context.waker().clone());
            Poll::Pending
        })
        .await;
    }
}
