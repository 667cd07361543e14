//! What these tests lend: a library whose books may take a while.

use super::executors::Bell;
use membrane::{Error, Passable, Policy, PolicyBuilder, allow, interface};
use std::sync::{Arc, Mutex};
use tests::{Census, Token};

/// What is lent.
#[interface]
pub(crate) trait Book {
    async fn read(&self) -> Result<String, Error>;
    async fn burn(&self) -> Result<(), Error>;
    fn title(&self) -> Result<String, Error>;
}

/// A caller's object, which the library calls.
#[interface]
pub(crate) trait Reader {
    async fn told(&self, book: Arc<dyn Book>) -> Result<u64, Error>;
}

/// Data that is borrowed.
#[derive(Clone, Debug, PartialEq, Passable)]
pub(crate) struct Shelf {
    pub(crate) row: u32,
    pub(crate) label: String,
}

/// The lender.
#[interface]
pub(crate) trait Library {
    /// Waits for the bell, and doubles.
    async fn wait(&self, number: u64) -> Result<u64, Error>;
    /// Is over at once.
    async fn at_once(&self, number: u64) -> Result<u64, Error>;
    async fn find(&self, title: &str, bytes: &[u8], shelf: &Shelf) -> Result<Arc<dyn Book>, Error>;
    /// Whether this is the library's own book.
    async fn take_back(&self, book: Arc<dyn Book>) -> Result<bool, Error>;
    async fn tell(&self, reader: Arc<dyn Reader>) -> Result<u64, Error>;
    async fn panic(&self, after: bool) -> Result<(), Error>;
    async fn close(&self) -> Result<(), Error>;
    /// A default method, which is one call.
    async fn twice(&self, number: u64) -> Result<u64, Error> {
        let once = self.at_once(number).await?;
        self.at_once(once).await
    }
    fn count(&self) -> Result<usize, Error>;
}

/// Where borrowed arguments lie.
pub(crate) fn addresses(title: &str, bytes: &[u8], shelf: &Shelf) -> [String; 3] {
    let shelf = std::ptr::from_ref(shelf).addr();
    [title.as_ptr().addr(), bytes.as_ptr().addr(), shelf].map(|address| format!("{address:#x}"))
}

pub(crate) struct Novel {
    pub(crate) bell: Arc<Bell>,
    pub(crate) _token: Token,
}

#[interface]
impl Book for Novel {
    async fn read(&self) -> Result<String, Error> {
        self.bell.rung().await;
        Ok(String::from("once"))
    }
    async fn burn(&self) -> Result<(), Error> {
        panic!("not listed")
    }
    fn title(&self) -> Result<String, Error> {
        Ok(String::from("novel"))
    }
}

/// The library itself, with a look at what it does.
pub(crate) struct House {
    pub(crate) bell: Arc<Bell>,
    /// Counts what lives: the house, its book, and each future while it is not over.
    pub(crate) census: Census,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    pub(crate) book: Arc<dyn Book>,
    _token: Token,
}

impl House {
    pub(crate) fn new(census: &Census) -> Arc<Self> {
        let bell = Bell::new();
        Arc::new(Self {
            book: Arc::new(Novel {
                bell: bell.clone(),
                _token: census.token(),
            }),
            bell,
            census: census.clone(),
            log: Arc::default(),
            _token: census.token(),
        })
    }

    fn note(&self, what: impl Into<String>) {
        self.log.lock().unwrap().push(what.into());
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }
}

#[interface]
impl Library for House {
    async fn wait(&self, number: u64) -> Result<u64, Error> {
        let _token = self.census.token();
        self.note("wait");
        self.bell.rung().await;
        self.note("rung");
        Ok(2 * number)
    }

    async fn at_once(&self, number: u64) -> Result<u64, Error> {
        self.note("at_once");
        Ok(2 * number)
    }

    async fn find(&self, title: &str, bytes: &[u8], shelf: &Shelf) -> Result<Arc<dyn Book>, Error> {
        self.note(format!("find {title} {bytes:?} {}", shelf.label));
        self.note(addresses(title, bytes, shelf).join(" "));
        Ok(self.book.clone())
    }

    async fn take_back(&self, book: Arc<dyn Book>) -> Result<bool, Error> {
        Ok(Arc::ptr_eq(&book, &self.book))
    }

    async fn tell(&self, reader: Arc<dyn Reader>) -> Result<u64, Error> {
        let told = reader.told(self.book.clone()).await?;
        self.note(format!("told {told}"));
        reader.told(self.book.clone()).await
    }

    async fn panic(&self, after: bool) -> Result<(), Error> {
        let payload = self.census.token();
        if after {
            self.bell.rung().await;
        }
        std::panic::panic_any(payload)
    }

    async fn close(&self) -> Result<(), Error> {
        self.note("close");
        Ok(())
    }

    fn count(&self) -> Result<usize, Error> {
        Ok(self.log().len())
    }
}

/// Allows all but `close` and `burn`.
pub(crate) fn lending() -> PolicyBuilder {
    Policy::builder()
        .inbound(allow!(dyn Library: wait, at_once, find, take_back, tell, panic, twice, count))
        .inbound(allow!(dyn Book: read, title))
        .outbound(allow!(dyn Library: wait, at_once))
        .outbound(allow!(dyn Reader: told))
}

pub(crate) fn policy() -> Policy {
    lending().build().unwrap()
}
