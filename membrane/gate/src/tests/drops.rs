//! Drops inside drops: what is put off, until when, and in which memory.

use crate::quiet::room_to_put_off;
use crate::sync::{Mutex, lock};
use crate::{drop_flat, sync::Arc};

/// Drops that are nested on the stack before further ones are put off.
const NESTED: usize = 64;

/// What each link of a line found after it had dropped the next: its number, and whether this thread had something put off.
type Log = Arc<Mutex<Vec<(usize, bool)>>>;

struct Link {
    number: usize,
    next: Option<Box<Link>>,
    log: Log,
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(next) = self.next.take() {
            drop_flat(next);
        }
        lock(&self.log).push((self.number, room_to_put_off() > 0));
    }
}

/// Drops a line of so many, each of which drops the next.
fn drop_line(length: usize) -> Vec<(usize, bool)> {
    let log = Log::default();
    let mut line = None;
    for number in (0..length).rev() {
        line = Some(Box::new(Link {
            number,
            next: line,
            log: log.clone(),
        }));
    }
    drop_flat(line);
    std::mem::take(&mut *lock(&log))
}

/// Edit that makes it fail: `drop_now` has the innermost drops empty the list, deep on the stack.
#[test]
fn what_is_put_off_is_left_to_the_outermost_drop() {
    for length in [1, NESTED, NESTED + 1, 3 * NESTED + 7] {
        let numbers: Vec<_> = (0..length).collect();
        // Each part inside out, and the next once the outermost of the one before is over.
        let expected = numbers.chunks(NESTED).flat_map(|part| part.iter().rev());
        let dropped = drop_line(length);
        assert!(dropped.iter().map(|(number, _)| number).eq(expected));
    }
}

/// Nobody frees the buffer when the thread ends. Edit that makes it fail: `drop_what_was_put_off` leaves it.
#[test]
fn thread_keeps_no_buffer_for_what_was_put_off() {
    for _ in 0..2 {
        assert!(drop_line(NESTED).iter().all(|(_, put_off)| !put_off));
        assert!(drop_line(3 * NESTED).iter().all(|(_, put_off)| *put_off));
        assert_eq!(room_to_put_off(), 0);
    }
}
