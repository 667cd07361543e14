//! What the runtime promises, each with the test that fails when it is false, and what it does not promise.
//!
//! # Domains, calls and guests
//!
//! The tests are in `tests/`: `dynamic.rs`, `domains.rs`, `imports.rs`, and the package in `guests/`.
//!
//! | | promise | shown by |
//! |---|---|---|
//! | **R1** | A call of another domain's object goes through the membrane between the two; which path is taken follows from the domains alone. | `domains.rs` |
//! | **R2** | A method that is not allowed cannot be told from one that does not exist: by its name, its number, its description, or by wrong arguments. | `domains.rs` |
//! | **R3** | A dynamic object behaves as the typed one: every value comes back as it was, every error as itself. | `dynamic.rs`, `guests/data.rs` |
//! | **R4** | An answer of somebody else's that is not of the interface's types becomes `ErrorKind::Failed`, never a value. | `dynamic.rs`, `guests/forged.rs` |
//! | **R5** | A name is valid in the domain that gave it, until it is released, and not again before 2³¹ other objects have had its place. | `domains.rs` |
//! | **R6** | Closing a domain breaks every reference that came through a membrane, to its objects and to those it was lent, and frees what it held. | `domains.rs`, `guests/lifetimes.rs` |
//! | **R7** | A message is checked before it is believed: no cycle, nothing shared, no more than the limits. | `guests/pools.rs` |
//! | **R8** | A guest ends alone: the host goes on, and so do other guests, within limits of their own; nothing of it stays. | `guests/forged.rs`, `guests/limits.rs`, `guests/two_guests.rs`, `guests/churn.rs` |
//! | **R9** | What a guest is told of an end or a failure has no text of the host's. | `guests/forged.rs`, `guests/lifetimes.rs` |
//! | **R10** | No two threads wait for each other in guests: who is inside one does not wait for another, but is told `ErrorKind::Busy`. A guest that says so itself is not believed. | `guests/two_guests.rs`, `guests/forged.rs` |
//! | **R11** | A guest that waits can be called on the thread that it waits for, through whatever other guests that goes, in any order. | `guests/two_guests.rs` |
//! | **R12** | What is imported by one key as one interface is one object while it lives, whichever threads import it; what was made for it in vain is dropped once. | `imports.rs` |
//! | **R13** | An allowlist is a Rust trait's: another trait of the same name and text has its own. | `imports.rs` |
//! | **R14** | A guest made of more instances, memories or tables than the engine allows does not start, and the error says what to raise. | `guests/bounds.rs` |
//!
//! What is not promised:
//!
//! - **The host's own calls.** A guest's deadline is looked at while the guest runs, and when a call to the host returns. A
//!   host's function that does not return holds the guest and its thread.
//! - **That a guest outlives whom it waits for.** Its deadline goes on while it waits for another guest's call, and being called
//!   back takes its fuel: a guest that loops ends those that wait for it with a deadline that is no longer than its own. See
//!   [`Limits::deadline`](crate::Limits::deadline) for how to choose.
//! - **That a call takes no longer than its limits.** What a guest is told at its end of what the host has dropped has as much
//!   time and fuel again.
//! - **What stays inside a closed domain.** A domain's own objects, called from the domain itself or as what they are in Rust,
//!   go on while somebody holds them.
//! - **The stack between.** A guest's stack is bounded, the host's calls between its calls included; a call that goes back
//!   and forth until that is used up ends the guest. Where the policy's limit of calls inside calls is lower, it is an error.
//! - **What a message takes to arrive.** It is lifted out of the guest's memory before it is measured: up to the limit on its
//!   bytes and 256 for each of its nodes. A guest that sends more is ended instead of told.
//! - **What an instance takes beside its memory.** It is bounded by the size of the component, which the engine limits:
//!   `EngineOptions::code_bytes`.
//! - **That compiling is quick.** Components that lie in each other, or are used often, are refused before the engine sees them,
//!   but code can be made to be slow to compile: some 15 µs, and 900 bytes of memory, for each byte have been seen, which is two
//!   minutes for the greatest component that is let in by default. Compile where that does not matter, or allow less.
//! - **That every instruction is short.** A guest is stopped between two of them; to copy a whole table is one, and takes a
//!   tenth of a second for a table that fills the memory which a guest may have by default.
//! - **The names of what is not allowed**, to the holder's own program: `Object::interface` describes the interface, which both
//!   sides compile. A guest's `describe` does not. But the numbers of what is allowed have gaps where something is not, and a
//!   guest is told the hash of the whole interface: it can tell that something is not allowed, and confirm a guess at what.
//! - **The number of domains.** It is in the names of objects: they are given out in order.
//! - **That a guest is there for everybody.** One thread at a time is in it. Another thread waits as long as the guest's deadline
//!   says, and a thread that is inside some guest not at all: both are then told `ErrorKind::Busy`, and may try again. A host that
//!   passes a guest's call on to a thread of its own, and waits for that, cannot have the guest called back from there.
//! - **Times before 1970** do not exist in a guest.
//! - **Text of a guest's.** What a guest says is its own claim: print it with care.
//!
//! # The directory and file power
//!
//! The holder of a [`Dir`](crate::Dir) is hostile: it chooses every name, offset, length and order of calls, from many
//! threads. Someone else may change the tree meanwhile, with authority of their own. The host is trusted, and so is the
//! operating system.
//!
//! | | claim | tests in `runtime/src/powers/tests` |
//! |---|---|---|
//! | **D1** | A holder reaches what lies below its directory, and nothing above or beside it, whatever is renamed or replaced around it. | `anything_but_one_plain_component_is_an_invalid_name`, `subtree_goes_down_only`, `moving_or_replacing_a_directory_above_redirects_nothing` |
//! | **D2** | No symbolic link is followed, also if one takes the place of something else at the last moment. | `a_link_is_listed_as_a_link_and_not_followed`, `a_file_replaced_by_a_link_is_never_followed`, `a_directory_replaced_by_a_link_is_never_followed`; control: `looking_first_and_opening_then_would_be_caught` |
//! | **D3** | Only regular files and directories are handed out. Opening never waits, and wakes nobody at the other end of a FIFO. | `what_is_no_file_is_special_at_once`, `who_waits_at_a_fifo_is_not_woken`, `a_file_replaced_by_a_fifo_is_not_waited_for`, `a_handle_of_something_else_is_closed_unread` |
//! | **D4** | A facet offers what its rights say, and so does everything opened through it. Deriving never widens. | `every_facet_offers_what_its_rights_say_and_nothing_else`, `a_directory_opened_through_a_facet_has_its_rights`, `attenuating_never_widens`, `a_file_does_what_it_was_opened_for` |
//! | **D5** | One call makes the host allocate at most [`MAX_TRANSFER_BYTES`](crate::MAX_TRANSFER_BYTES) and a name, whatever the size of the file or directory. | `one_call_transfers_no_more_than_the_maximum`, `what_is_read_takes_no_more_memory_than_it_has_bytes`, `a_large_directory_is_listed_as_it_is_read` |
//! | **D6** | An error holds a kind and no text or path of the host. | `debug_and_errors_show_no_path`, `error_numbers_without_a_kind_of_their_own_are_told_apart` |
//! | **D7** | No name, offset or length makes the power panic, or raises the signal of a process that writes beyond its limit on file sizes; and names come back byte for byte. | `a_name_that_is_not_utf_8_comes_back_as_it_was_given`, `a_name_that_only_looks_special_is_plain`, `an_offset_no_file_can_have_is_too_large_to_write`, `what_is_beyond_the_limit_on_file_sizes_is_too_large`; beside `Name`: `a_name_of_the_system_comes_back_byte_for_byte` |
//!
//! # What it does not promise
//!
//! - **Quotas.** A holder may open as many files as the process has handles, and one that may create can fill the disk.
//! - **A limit on file sizes that others push at.** Appending looks at the file's length first; if other code makes the same
//!   file longer at that moment, a host with `RLIMIT_FSIZE` is signalled all the same.
//! - **Hard links and mounts.** A file that the host has linked into the directory is in it, wherever else it is; a file
//!   system mounted below it is below it.
//! - **Places.** An object names the file or directory itself. What the host moves out of the lent tree stays open to who
//!   has it open.
//! - **Secrecy of names.** Without the right to read, a holder can still tell by opening whether a name is there.
//! - **Going down without looking.** A directory that the system lets the host read but not search cannot be listed.
//! - **Other systems.** The interfaces are portable; `HostDir` is there on Unix. The moment at which something else has
//!   taken the place of a regular file (D3) is closed by refusing the handle: until then a FIFO or a device may have been
//!   opened without waiting, by whoever could put it there.
