//! A caretaker forwards to one object and can be told to stop. What was fetched through it goes on to work.
//!
//! Look for: the same steps twice. The guest fetches a page through a book, the owner takes the book back, and the guest
//! uses the page. With a hand-written caretaker that succeeds; with a membrane it fails, since the page had come out
//! through it and was wrapped on the way.
//!
//! Weak: the text that the guest has read stays read. Data crosses as a copy, and nothing takes a copy back.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex};

use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};

#[interface]
trait Page {
    fn text(&self) -> Result<String, Error>;
}

#[interface]
trait Book {
    fn page(&self, number: u32) -> Result<Arc<dyn Page>, Error>;
}

struct Diary;

struct Leaf(u32);

impl Book for Diary {
    fn page(&self, number: u32) -> Result<Arc<dyn Page>, Error> {
        Ok(Arc::new(Leaf(number)))
    }
}

impl Page for Leaf {
    fn text(&self) -> Result<String, Error> {
        Ok(format!("what happened on day {}", self.0))
    }
}

/// The pattern written by hand, for one interface and one object.
struct Caretaker(Mutex<Option<Arc<dyn Book>>>);

impl Caretaker {
    fn revoke(&self) {
        *self.0.lock().expect("nothing panics under it") = None;
    }
}

impl Book for Caretaker {
    fn page(&self, number: u32) -> Result<Arc<dyn Page>, Error> {
        let book = self.0.lock().expect("nothing panics under it").clone();
        book.ok_or(ErrorKind::Revoked)?.page(number)
    }
}

fn by_hand() -> Result<(), Error> {
    let caretaker = Arc::new(Caretaker(Mutex::new(Some(Arc::new(Diary)))));
    let lent: Arc<dyn Book> = caretaker.clone();
    let kept = lent.page(3)?;

    caretaker.revoke();
    assert!(lent.page(4).is_err(), "the book itself is taken back");
    println!(
        "caretaker: the page kept from before says: {}",
        kept.text()?
    );
    Ok(())
}

fn by_membrane() -> Result<(), Box<dyn StdError>> {
    let policy = Policy::builder()
        .inbound(allow!(dyn Book: page))
        .inbound(allow!(dyn Page: text))
        .build()?;
    let membrane = Membrane::new(policy);
    let lent = membrane.wrap::<dyn Book>(Arc::new(Diary))?;
    let kept = lent.page(3)?;
    assert_eq!(kept.text()?, "what happened on day 3");

    membrane.revoke("the diary is closed");
    assert_eq!(
        lent.page(4).err().map(Error::kind),
        Some(ErrorKind::Revoked)
    );
    let error = kept.text().unwrap_err();
    assert_eq!(error.to_string(), "revoked: the diary is closed");
    println!("membrane: the page kept from before says: {error}");
    Ok(())
}

fn main() -> Result<(), Box<dyn StdError>> {
    by_hand()?;
    by_membrane()
}

#[test]
fn what_came_through_a_membrane_is_revoked_with_it() {
    main().unwrap();
}
