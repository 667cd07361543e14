//! Tallies: nothing is lost between threads, nothing is mixed up, and nothing is kept.

use crate::tally::{KINDS, MARKS, Tally, kept_for};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread::spawn;

fn count(tally: &Tally, kind: usize) {
    if !tally.count_again(kind) {
        tally.count_first(kind);
    }
}

#[test]
fn every_thread_adds_to_one_sum() {
    let tally = Arc::new(Tally::new());
    let threads: Vec<_> = (0..4_u64)
        .map(|index| {
            let tally = tally.clone();
            spawn(move || {
                for _ in 0..100 * (index + 1) {
                    count(&tally, 0);
                }
                count(&tally, KINDS - 1);
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let counts = tally.counts();
    assert_eq!((counts[0], counts[1], counts[KINDS - 1]), (1000, 0, 4));
}

/// Fails if `Drop for Owner` leaves the sets to the tally, or loses what they counted.
#[test]
fn ended_thread_keeps_no_memory_and_its_counts_stay() {
    let tally = Arc::new(Tally::new());
    for round in 1..=3 {
        let (go, wait) = channel::<()>();
        let counting = tally.clone();
        let (counted, told) = channel();
        let thread = spawn(move || {
            count(&counting, 2);
            counted.send(()).unwrap();
            wait.recv().unwrap();
        });
        told.recv().unwrap();
        assert_eq!(kept_for(tally.number()), (1, round > 1));
        assert_eq!(tally.counts()[2], round);
        go.send(()).unwrap();
        thread.join().unwrap();
        assert_eq!(kept_for(tally.number()), (0, true));
        assert_eq!(tally.counts()[2], round);
    }
    let number = tally.number();
    drop(tally);
    assert_eq!(kept_for(number), (0, false));
}

/// Fails if `Drop for Tally` leaves its sets to the threads.
#[test]
fn dropped_tally_keeps_no_memory_while_threads_live() {
    const MANY: usize = if cfg!(miri) { 10 } else { 1000 };
    let tallies: Arc<Vec<_>> = Arc::new((0..MANY).map(|_| Tally::new()).collect());
    let (go, wait) = channel::<()>();
    let (counted, told) = channel();
    let counting = tallies.clone();
    let thread = spawn(move || {
        for _ in 0..2 {
            counting.iter().for_each(|tally| count(tally, 1));
        }
        drop(counting);
        counted.send(()).unwrap();
        wait.recv().unwrap();
        // What is at hand is no later one's.
        let later = Tally::new();
        assert!(!later.count_again(1));
        count(&later, 1);
        assert_eq!(later.counts()[1], 1);
    });
    told.recv().unwrap();
    let numbers: Vec<_> = tallies.iter().map(Tally::number).collect();
    for tally in tallies.iter() {
        assert_eq!(tally.counts()[1], 2);
        assert_eq!(kept_for(tally.number()), (1, false));
    }
    drop(tallies);
    for number in numbers {
        assert_eq!(kept_for(number), (0, false));
    }
    go.send(()).unwrap();
    thread.join().unwrap();
}

/// Fails if the counter that is at hand, or one of the last few, is used for whatever tally comes next.
#[test]
fn tallies_in_turn_are_not_mixed_up() {
    // More than the last few.
    const MANY: usize = 200;
    let tallies: Vec<_> = (0..MANY).map(|_| Tally::new()).collect();
    for round in 0..3 * MANY {
        count(&tallies[round % MANY], 4);
        count(&tallies[round % 2], 3);
    }
    for (index, tally) in tallies.iter().enumerate() {
        let counts = tally.counts();
        let expected = if index < 2 { 3 * MANY as u64 / 2 } else { 0 };
        assert_eq!((counts[4], counts[3]), (3, expected));
    }
}

#[test]
fn marks_come_and_go_and_change_no_count() {
    let tally = Tally::new();
    assert_eq!(tally.marks(), 0);
    let number = tally.number();
    count(&tally, 5);
    assert!(tally.count_again(5));
    tally.mark(1);
    tally.mark(u64::MAX);
    assert_eq!((tally.marks(), tally.number()), (MARKS, number));
    assert!(!tally.count_again(5), "not without a look at the marks");
    tally.count_first(5);
    tally.unmark(1);
    assert_eq!(tally.marks(), 2);
    tally.unmark(u64::MAX);
    assert_eq!((tally.marks(), tally.number()), (0, number));
    assert!(tally.count_again(5));
    assert_eq!(tally.counts()[5], 4);
}

/// Fails if the thread-local pointer outlives the sets, or what is counted after them is lost.
#[test]
fn thread_that_is_ending_counts_too() {
    struct Late(Arc<Tally>);
    impl Drop for Late {
        fn drop(&mut self) {
            for _ in 0..10 {
                count(&self.0, 0);
            }
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    for first in [true, false] {
        let tally = Arc::new(Tally::new());
        let late = Late(tally.clone());
        spawn(move || {
            // In one of the two orders `LATE` goes after the sets.
            if first {
                count(&late.0, 0);
            }
            LATE.with(|slot| {
                let tally = late.0.clone();
                *slot.borrow_mut() = Some(late);
                count(&tally, 0);
            });
        })
        .join()
        .unwrap();
        assert_eq!(tally.counts()[0], 11 + u64::from(first));
        assert_eq!(kept_for(tally.number()), (0, true));
    }
}

/// Fails if a count is lost, or counted twice, as a thread ends under the eyes of whoever adds up.
#[test]
fn sum_never_goes_down() {
    const ROUNDS: u64 = if cfg!(miri) { 10 } else { 500 };
    let tally = Arc::new(Tally::new());
    let counting = tally.clone();
    let threads = spawn(move || {
        for _ in 0..ROUNDS {
            let counting = counting.clone();
            spawn(move || count(&counting, 6)).join().unwrap();
        }
    });
    let mut before = 0;
    while before < ROUNDS {
        let now = tally.counts()[6];
        assert!((before..=ROUNDS).contains(&now), "{now} after {before}");
        before = now;
    }
    threads.join().unwrap();
    assert_eq!(tally.counts()[6], ROUNDS);
}
