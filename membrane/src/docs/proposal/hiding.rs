//! The argument that a proxy hides its target, primitive by primitive.
//!
//! # What is claimed
//!
//! A holder in safe Rust has an `Arc<dyn Trait>` that is a proxy, and nothing else of the other side's. Everything that it can do
//! with that is one of three:
//!
//! 1. a **call**, which goes through the gate: [`specification`](super::specification) has the order of checks;
//! 2. an act whose outcome is **the same whatever the target is**;
//! 3. an act that is **listed below with what it tells**, and none of that is the target's.
//!
//! # Why the list is whole
//!
//! Safe Rust has no reflection. What can be done with a value is given by the functions that take one of its type:
//!
//! - those of `Arc` and `Weak`: all of them are below;
//! - those of the trait and its supertraits: methods, and of other traits only `Send`, `Sync`, `Debug` and `'static`, because the
//!   macro refuses every other supertrait (`ui::supertrait_any`, `ui::supertrait_with_blanket_impl`);
//! - those that the language and `std` have for every type: sizes, addresses, type names, `Any`;
//! - those that take such an `Arc` as an argument: methods of this and other interfaces, and this library's own functions.
//!
//! The type of the proxy itself does not come in. It is named in a hidden module, and nobody can make, clone, open or take apart one
//! of somebody else's (`ui::hostile_proxy_made`, `ui::hostile_proxy_cloned`, `ui::hostile_proxy_dereferenced`,
//! `ui::hostile_target_of_proxy`, `ui::hostile_downcast`). What is left is what running code sees of its process: the last tables.
//!
//! What needs a type of known size, or a way to clone, does not compile for a `dyn Trait`:
//!
//! ```compile_fail,E0277
//! # use membrane::{Error, interface};
//! # use std::sync::Arc;
//! # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; }
//! fn take_out(account: Arc<dyn Account>) { drop(Arc::into_inner(account)); }
//! ```
//!
//! ```compile_fail,E0277
//! # use membrane::{Error, interface};
//! # use std::sync::Arc;
//! # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; }
//! fn make_own(account: &mut Arc<dyn Account>) { Arc::make_mut(account); }
//! ```
//!
//! ```compile_fail,E0277
//! # use membrane::{Error, interface};
//! # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; }
//! fn swap(one: &mut dyn Account, other: &mut dyn Account) { std::mem::swap(one, other); }
//! ```
//!
//! ```compile_fail,E0369
//! # use membrane::{Error, interface};
//! # #[interface] pub trait Account { fn balance(&self) -> Result<u64, Error>; }
//! fn compare(one: &dyn Account, other: &dyn Account) -> bool { one == other }
//! ```
//!
//! # Calling
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H1** | call a listed method | what the target answers, converted: that is what the list is for | `tests::containers::reference_in_any_shape_is_wrapped_on_every_way` |
//! | **H2** | call one that is not listed | `Refused`, the same for a live, dead, opaque or hostile target, and the target never hears of it | `tests::errors::refusals::every_refusal_is_the_same`, `tests::hostile::looking::refusal_is_the_same_whatever_is_behind_the_proxy`, `tests::hiding::surroundings::refused_call_enters_no_target` |
//! | **H3** | call a default or inherited method, before or after an upcast | as H1 and H2: it is one call, under the interface that crossed | `tests::confinement::defaults::default_method_runs_as_one_call_on_the_objects_own_side`, `tests::confinement::defaults::default_method_that_is_not_listed_is_not_put_together_from_the_listed_ones`, `tests::confinement::listed::method_is_callable_in_any_view_exactly_when_listed_under_the_interface_that_crossed` |
//! | **H4** | call what generated code has hidden in the trait | nothing: it takes a question that nobody can make, keep or read | `tests::hostile::answering::query_takes_no_answer_from_an_object_and_tells_it_nothing`, `tests::hostile::looking::hidden_items_get_nothing_out_of_a_proxy_that_was_lent`, `ui::hostile_query_made`, `ui::hostile_query_kept` |
//! | **H5** | take a [`lease`](crate::lease()) and call through it | what the call itself would tell; a lease of a proxy and of a plain object look alike | `tests::lease::answers::lease_does_not_tell_a_proxy_from_a_target`, `tests::lease::answers::method_that_is_not_listed_is_refused_through_a_lease`, `tests::hostile::leases::lease_shows_nothing_of_its_target`, `ui::lease_key` |
//! | **H6** | call again and again, to find a rule out | the rule, by what is `Rejected`: a rule is no secret. Nothing of the target, unless the rule is a closure that asks it | `tests::hiding::answers::rule_can_be_found_out_by_trying_and_its_target_cannot`, `tests::escapes::beyond::closures::n17_closure_taken_out_of_a_policy` |
//!
//! # Looking
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H7** | format it with `{:?}` | the interface's name and the list, of what crossed. The target is not asked | `tests::hiding::formatting_shows_the_interface_and_the_list_and_asks_no_target` |
//! | **H8** | format it with `{}`, as an error, as a hash | nothing: `Display`, `Error` and `Hash` are refused as supertraits | `ui::supertrait_display`, `ui::supertrait_error`, `ui::supertrait_hash` |
//! | **H9** | read its address, by `{:p}`, `as_ptr`, `ptr::hash` or order | where the proxy's own memory is; the target is elsewhere | `tests::hostile::looking::proxies_look_alike_whatever_they_stand_for` |
//! | **H10** | read which implementation it has, by the other half of a wide pointer | that it is a proxy of this interface; all of these have one | `tests::hiding::proxies_of_targets_that_differ_in_everything_look_the_same`, `tests::hiding::proxy_is_told_from_a_plain_object_by_what_says_nothing_of_its_target` |
//! | **H11** | compare two, by `Arc::ptr_eq` or address | whether they stand for one object, if one scope lent both as one interface; of two scopes, nothing. `PartialEq` is refused | `tests::identity::one_proxy::proxies_are_the_same_exactly_when_their_objects_are`, `tests::identity::one_proxy::object_has_a_proxy_of_its_own_for_each_interface_direction_and_scope`, `ui::supertrait_eq` |
//! | **H12** | measure it, by `size_of_val`, `align_of_val` | the proxy's own size: one for each interface, and not that of a plain object | `tests::hiding::proxies_of_targets_that_differ_in_everything_look_the_same` |
//! | **H13** | ask for its type, by `type_id` or `type_name_of_val` | `dyn Trait` | `tests::hostile::looking::proxies_look_alike_whatever_they_stand_for` |
//! | **H14** | downcast it | nothing: no `Any` is within reach but that of the reference itself | `tests::hiding::proxies_of_targets_that_differ_in_everything_look_the_same`, `ui::hostile_downcast`, `ui::supertrait_any` |
//! | **H15** | upcast it | the same proxy, with the list that it had | `tests::confinement::upcasts::upcast_proxy_gains_no_right_however_it_is_passed_on`, `tests::attenuation::upcasts::upcast_before_deriving_widens_nothing_on_the_way_out_or_back` |
//!
//! H7, H10, H12, H16 and H17 tell a proxy from a plain object. None tells anything of the target.
//!
//! # Counting, keeping, letting go
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H16** | read `strong_count` | how many references to *this proxy* there are: its own, and those of others whom this scope lent the same object. Not the target's, nor those of other scopes, nor whether a call runs | `tests::hiding::counts_of_a_proxy_are_those_of_the_references_to_it` |
//! | **H17** | read `weak_count` | its own, and one more while the scope is live: so whoever may call nothing still sees that there was a revocation | `tests::hiding::revocation_shows_in_the_weak_count_to_whoever_may_call_nothing` |
//! | **H18** | ask for `get_mut` | as H17: nothing while the scope is live. Afterwards `&mut dyn Trait`, whose methods take `&self` | `tests::hiding::revocation_shows_in_the_weak_count_to_whoever_may_call_nothing` |
//! | **H19** | clone it | the same reference | `tests::hiding::clone_is_the_same_reference` |
//! | **H20** | downgrade and upgrade it | whether somebody still holds this proxy. It keeps no target alive, and does not find the next proxy of the same object | `tests::hiding::weak_reference_is_to_the_proxy_alone` |
//! | **H21** | forget it, or put it where nothing is dropped | nothing; its target goes with the revocation | `tests::hiding::reference_that_is_leaked_keeps_no_target_past_the_revocation` |
//! | **H22** | drop it | nothing. If it is the last that holds the target, the target's `Drop` runs here and now; its panic is caught | `tests::panics::drops::panic_in_the_drop_of_a_target_does_not_reach_its_holder`, `tests::identity::letting_go::proxy_that_nobody_holds_is_freed_with_its_entry_and_its_hold_on_the_object` |
//! | **H23** | transmute it, read its bytes, raise its count | whatever there is: that is `unsafe`, and out of scope | out of scope |
//!
//! # Passing on
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H24** | use it on another thread | the same as on this one | `tests::hiding::proxy_looks_and_answers_the_same_on_another_thread` |
//! | **H25** | hand it to a method of the other side's | nothing: the other side gets its own object, or what the policy says; `Rejected` if that refuses what comes home | `tests::identity::coming_home::object_comes_home_as_itself_by_every_way_there_and_back`, `tests::identity::coming_home::object_is_rejected_at_home_when_the_policy_refuses_it` |
//! | **H26** | wrap it by a membrane of its own | what it did itself: the snapshot, the audit and `lent` of its own membrane show nothing of what is behind, and home is no further than the proxy | `tests::hiding::answers::holders_own_membrane_shows_nothing_of_what_it_wraps`, `tests::identity::foreign::proxy_of_a_foreign_membrane_is_never_stripped` |
//! | **H27** | lend it on by a handle that was attenuated for that | as H26; and by which of its references lead to one object, what H11 tells | `tests::attenuation::owners_object::nothing_that_a_holder_can_do_with_its_handles_yields_the_owners_object` |
//! | **H28** | pass an object of its own, whose author overrode the hidden method | that it is about to be wrapped, and on which thread; nothing of by whom, and it is not believed | `tests::hostile::forwarding::object_that_forwards_the_question_to_a_stolen_proxy_is_not_believed` |
//!
//! # What comes back
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H29** | read an error, its source, its texts | the kind; see the table in [`specification`](super::specification). An interface's own error is data | `tests::errors::untold::no_text_tells_of_the_other_side`, `tests::errors::untold::error_is_one_word_without_a_handle` |
//! | **H30** | hash or compare errors and reasons | what H29 tells. Not the number that a reason has: that would tell how many the process has used, and whether somebody used a text that is guessed | `tests::hiding::answers::hash_of_an_error_is_that_of_what_it_tells` |
//! | **H31** | read a reason | what the revoker or suspender wrote for it, of this scope or one above; nothing of two hops away | `tests::errors::reasons::revoked_says_why_and_nothing_else`, `tests::two_hops::errors::reason_of_a_revocation_is_told_one_hop_and_not_two` |
//! | **H32** | use up all 65,536 reasons | from then on, by making one of a guessed text, whether that text is among those in use | `tests::errors::reasons::reasons_beyond_the_limit_are_unspecified` |
//! | **H33** | read a condition's name and when to try again | that it is not met. If it is an ancestor's, it is shared, and tells that others used it; its own grant's tells nothing of anybody | `tests::hiding::answers::condition_tells_of_other_holders_only_where_it_is_shared`, `tests::hiding::answers::time_to_try_again_is_all_that_a_rate_tells` |
//! | **H34** | ask for a result that is too large for the bytes left | that it is larger than that | `tests::conditions::bytes::too_large_a_result_is_withheld_and_costs_nothing` |
//! | **H35** | measure an iterator, a stream, a future, a closure or a call that waits; ask for a `size_hint` | the same for all: not even whether there is an item | `tests::hiding::answers::what_a_call_returns_looks_the_same_whatever_its_target_made` |
//! | **H36** | take steps, poll, wait | `Ready` or `Pending`, as the target decides, each by a call; a call that waits looks the same before and after | `tests::hiding::answers::future_tells_nothing_between_its_polls`, `tests::asynchronous::calling::async_method_that_is_not_listed_is_refused_when_it_is_polled` |
//! | **H37** | be woken | that the target wants a poll. The target sees a waker of the membrane's, not the holder's | `tests::asynchronous::waking::target_never_sees_the_callers_waker` |
//! | **H38** | give a call up | nothing; the target's future is dropped here and now | `tests::asynchronous::cancelling::dropping_the_callers_future_drops_the_targets`, `tests::asynchronous::cancelling::target_cannot_wake_a_caller_that_is_gone` |
//!
//! # Failing
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H39** | make the target panic | `Panicked`, the same for every panic; or a fresh panic without payload, if the policy says so | `tests::errors::untold::every_panic_is_told_alike`, `tests::panics::propagating::propagated_panic_has_no_payload_of_the_first` |
//! | **H40** | panic in a callback, in a conversion, in its `Drop` | nothing: the other side has an error, or nothing | `tests::panics::calls::panic_of_a_callback_is_an_error_for_its_caller`, `tests::panics::conversions::panic_in_a_conversion_is_an_error` |
//! | **H41** | come back through the membrane from inside | what it would learn at any time | `tests::reentrancy::inside::call_may_do_everything_with_its_own_membrane` |
//! | **H42** | call itself through a proxy until that is too deep | how many calls of membranes its thread is in, and the limit. So a callback can tell whether it was called through one hop or two, and not by whom | `tests::hiding::answers::depth_that_is_left_tells_how_many_calls_the_thread_is_in` |
//! | **H43** | use up the stack, the memory or the processor | the process may end; nothing is told | out of scope |
//! | **H44** | measure time, caches, what the allocator does | whatever that tells: whether an object was wrapped before, say | out of scope |
//!
//! # Around it
//!
//! A call runs on the caller's thread and stack, in one process. What Rust code can see of these it sees with a membrane as
//! without. No reference is among it, and it goes both ways. A guest sees none of it.
//!
//! | | whoever is called may | and learns | shown by |
//! |---|---|---|---|
//! | **H45** | ask for its thread | the id and the name of the thread of whoever called | `tests::hiding::surroundings::whoever_is_called_sees_the_thread_and_the_names_on_its_stack` |
//! | **H46** | capture a backtrace, read addresses of locals | the names of the functions on the stack, of both sides, and how deep it is | `tests::hiding::surroundings::whoever_is_called_sees_the_thread_and_the_names_on_its_stack` |
//! | **H47** | ask where it was called from, by `#[track_caller]` | nothing of the caller's: a place in the interface's own code | `tests::hiding::surroundings::target_is_not_told_where_it_is_called_from` |
//! | **H48** | set a panic hook | message and place of every panic of the process | `tests::hiding::surroundings::panic_hook_sees_what_no_caller_is_told` |
//!
//! # Data
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H49** | look at a buffer's capacity | how much room it has. Not what was in it: safe code can only write there | `tests::hiding::values::buffer_shows_its_room_and_nothing_in_it` |
//! | **H50** | look at the counts of an `Arc<str>` or `Arc<[u8]>` that crossed | how many references both sides have to it, also after a revocation. Where that matters, an interface has a `String` | `tests::hiding::values::shared_text_shows_its_counts_to_both_sides` |
//! | **H51** | look at how a map or set hashes | nothing: it hashes by a state of its own. One that is lent by `&` for a call is the caller's own, and shows the caller's | `tests::hiding::values::map_that_crosses_hashes_by_a_state_of_its_own` |
//!
//! # The other end
//!
//! | | who | may see | shown by |
//! |---|---|---|---|
//! | **H52** | the owner of an object that was lent or passed in | how many proxies hold it, by its counts, and by its `Drop` that nobody does | `tests::hiding::owner_of_an_object_sees_how_many_proxies_hold_it` |
//! | **H53** | who has a handle | its own subtree: grants, proxies, refusals, what is left of conditions. Of those above: what is left where theirs is less, their suspension, and, by numbers of grants, how many the process made | `tests::authority::snapshots::grants_are_listed_after_their_parents_with_how_they_derive`, `tests::authority::labels::label_is_not_shown_to_the_dry_side` |
//! | **H54** | who lends on with an audit hook | the calls of its own subtree | `tests::authority::audit::hooks::hooks_further_up_hear_what_is_heard_below` |
//!
//! # Domains and guests
//!
//! | | a holder may | and learns | shown by |
//! |---|---|---|---|
//! | **H55** | call a dynamic object by a number or a name that is unlisted, missing or out of range, with any arguments | `Refused`, for all of them | `tests::domains::refusals::unlisted_missing_and_out_of_range_methods_look_the_same_whatever_the_arguments_are`, `guests::escapes::checking::e22_refusals_that_differ` |
//! | **H56** | have it described, format it, compare it | the interface's name, the listed methods and their text; whether two references are one object, to one holder. The numbers of what is listed have gaps where something is not, and a guest is told the hash of the whole interface, by which a guess at it can be confirmed: an interface is no secret | `tests::hiding::answers::description_tells_by_gaps_that_something_is_not_listed`, `tests::domains::refusals::description_has_all_of_an_own_object_and_of_others_the_listed_methods_only`, `guests::escapes::checking::d12_methods_that_a_description_tells_of` |
//! | **H57** | read and make up names of objects (handles) | its own objects by its own names; another domain's, a stale or a made-up one finds nothing. The number in a name tells how many domains the process made; a guest's are its own engine's | `tests::hiding::answers::name_of_an_object_tells_how_many_domains_were_made`, `tests::domains::handles::object_has_one_handle_which_is_counted_and_stale_for_ever_once_released`, `guests::forged::handles::handle_that_was_not_given_ends_the_guest`, `guests::forged::handles::handle_of_another_guest_names_nothing_here` |
//! | **H58** | send what is no message | that it was refused; or it is ended, with a word for the kind of end | `guests::forged::messages::bytes_that_are_no_value_end_the_guest`, `guests::pools::random_pools_are_refused_or_read_and_never_panic` |
//! | **H59** | answer what is no answer, with a reason of its own making | nothing: its caller is told `Failed`, and no reason of the guest's | `tests::dynamic::elsewhere::answer_that_is_not_the_interfaces_is_failed`, `guests::forged::messages::reason_that_a_guest_makes_up_is_not_told` |
//!
//! # What this does not show
//!
//! That the list above is whole is an argument about Rust as it is. A new function of `Arc`, or a new trait that every type has, is a
//! new primitive: whoever raises the compiler's version reads the release notes with this page beside them.
