//! What Rust code in one process sees of its surroundings whatever a membrane does: threads, stacks, panics. No reference is
//! among it, and all of it is out of the membrane's hands: see `membrane::docs::limits`.

use super::{Visitor, policy, targets};
use membrane::{Error, ErrorKind, Membrane, Policy, allow, interface};
use std::backtrace::Backtrace;
use std::panic::{Location, set_hook};
use std::sync::{Arc, Mutex};
use std::thread::{ThreadId, current};
use tests::{assert_kind, in_its_own_process, start};

#[derive(Default)]
struct Spy {
    frames: Mutex<String>,
    thread: Mutex<Option<(ThreadId, Option<String>)>>,
}

impl Visitor for Spy {
    fn enter(&self) -> Result<u64, Error> {
        *self.frames.lock().unwrap() = Backtrace::force_capture().to_string();
        let here = current();
        *self.thread.lock().unwrap() = Some((here.id(), here.name().map(Into::into)));
        Ok(7)
    }
}

/// A call runs on the caller's thread, and its stack: whoever is called can read that thread's id and name, and, by a
/// backtrace, the names of the functions that called it.
#[test]
#[cfg_attr(miri, ignore = "no symbols")]
fn whoever_is_called_sees_the_thread_and_the_names_on_its_stack() {
    let [target, _] = targets();
    let lent = Membrane::new(policy()).wrap(target).unwrap();
    let spy = Arc::new(Spy::default());
    let call = start({
        let spy = spy.clone();
        move || lent.guard(spy)
    });
    let thread = call.id();
    assert_eq!(call.finish(), Ok(7));
    assert_eq!(*spy.thread.lock().unwrap(), Some((thread, None)));
    let frames = spy.frames.lock().unwrap();
    assert!(
        frames.contains("hiding::Safe") && frames.contains("guard"),
        "{frames}"
    );
}

#[interface]
trait Asker {
    #[track_caller]
    fn ask(&self) -> Result<(String, u32), Error>;
}

struct Nosy;

impl Asker for Nosy {
    #[track_caller]
    fn ask(&self) -> Result<(String, u32), Error> {
        let from = Location::caller();
        Ok((from.file().into(), from.line()))
    }
}

/// `#[track_caller]` shows no place of the caller's.
#[test]
fn target_is_not_told_where_it_is_called_from() {
    let policy = Policy::builder()
        .inbound(allow!(dyn Asker: ask))
        .build()
        .unwrap();
    let lent = Membrane::new(policy)
        .wrap(Arc::new(Nosy) as Arc<dyn Asker>)
        .unwrap();
    let one = lent.ask().unwrap();
    let other = lent.ask().unwrap();
    let leased = membrane::lease(&lent);
    assert_eq!(one, other, "on two lines");
    assert_ne!(leased.ask().unwrap().1, line!());
    // Control: called as what it is, it is told.
    assert_eq!(Nosy.ask().unwrap(), (file!().into(), line!()));
}

struct Loud;

impl Visitor for Loud {
    fn enter(&self) -> Result<u64, Error> {
        panic!("the combination is 7")
    }
}

/// The panic hook is the process's, and runs first: whoever can set one reads every message. The membrane tells no part of it.
#[test]
fn panic_hook_sees_what_no_caller_is_told() {
    in_its_own_process(
        "surroundings::panic_hook_sees_what_no_caller_is_told",
        || {
            let heard: Arc<Mutex<String>> = Arc::default();
            set_hook(Box::new({
                let heard = heard.clone();
                move |info| heard.lock().unwrap().push_str(&info.to_string())
            }));
            let lent = Membrane::new(policy())
                .wrap(Arc::new(Loud) as Arc<dyn Visitor>)
                .unwrap();
            let error = lent.enter().unwrap_err();
            assert!(heard.lock().unwrap().contains("the combination is 7"));
            assert!(heard.lock().unwrap().contains("surroundings.rs"));
            assert_eq!(error, Error::from(ErrorKind::Panicked));
            let _ = std::panic::take_hook();
        },
    );
}

/// Where calls end is no place to look from either.
#[test]
fn refused_call_enters_no_target() {
    let spy = Arc::new(Spy::default());
    let lent = Membrane::new(Policy::deny_all())
        .wrap(spy.clone() as Arc<dyn Visitor>)
        .unwrap();
    assert_kind(lent.enter(), ErrorKind::Refused);
    assert_eq!(*spy.thread.lock().unwrap(), None);
    assert!(spy.frames.lock().unwrap().is_empty());
}
