//! N: classes that the catalogue had not: found in later advisories and issues of sandboxes, object brokers and plugin hosts, or
//! of Rust's own making. Each quotes where it was found, if it was.

#[path = "beyond/accounts.rs"]
mod accounts;
#[path = "beyond/closures.rs"]
mod closures;
#[path = "beyond/impostors.rs"]
mod impostors;
#[path = "beyond/lifetimes.rs"]
mod lifetimes;
#[path = "beyond/steps.rs"]
mod steps;

use crate::catalogue::{Classes, Stand::Staged};

pub(crate) const CLASSES: Classes = &[
    ("N1", Staged(&["beyond::impostors::n1_label_that_draws"])),
    (
        "N2",
        Staged(&["beyond::impostors::n2_interface_of_the_same_name"]),
    ),
    (
        "N3",
        Staged(&["beyond::impostors::n3_word_of_the_membranes"]),
    ),
    ("N4", Staged(&["beyond::steps::n4_hint_of_an_iterator"])),
    ("N5", Staged(&["beyond::steps::n5_items_after_the_end"])),
    ("N6", Staged(&["beyond::steps::n6_payload_that_is_a_bomb"])),
    (
        "N7",
        Staged(&["beyond::accounts::n7_odd_sequence_of_requests"]),
    ),
    (
        "N8",
        Staged(&["beyond::accounts::n8_quota_of_many_children"]),
    ),
    (
        "N9",
        Staged(&["beyond::accounts::n9_child_born_while_suspended"]),
    ),
    (
        "N10",
        Staged(&["beyond::accounts::n10_place_kept_by_a_call_that_waits"]),
    ),
    (
        "N11",
        Staged(&["beyond::lifetimes::n11_arguments_of_a_call_that_fails"]),
    ),
    (
        "N12",
        Staged(&["beyond::lifetimes::n12_waker_of_a_call_that_is_over"]),
    ),
    (
        "N13",
        Staged(&["beyond::lifetimes::n13_weak_reference_from_before"]),
    ),
    (
        "N14",
        Staged(&["beyond::lifetimes::n14_guard_that_is_forgotten"]),
    ),
    (
        "N15",
        Staged(&["beyond::lifetimes::n15_last_words_of_what_is_freed"]),
    ),
    (
        "N16",
        Staged(&[
            "beyond::closures::n16_rule_that_a_holder_adds",
            "beyond::closures::n16_rule_about_calls_that_pass_its_owner_by",
            "beyond::closures::n16_rule_about_calls_of_the_holders_objects",
        ]),
    ),
    (
        "N17",
        Staged(&["beyond::closures::n17_closure_taken_out_of_a_policy"]),
    ),
];
