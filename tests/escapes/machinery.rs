//! D: the membrane runs foreign code, or trusts foreign state.

#[path = "machinery/conversions.rs"]
mod conversions;
#[path = "machinery/exhaustion.rs"]
mod exhaustion;
#[path = "machinery/foreign_code.rs"]
mod foreign_code;
#[path = "machinery/kinds.rs"]
mod kinds;
#[path = "machinery/panics.rs"]
mod panics;
#[path = "machinery/sharing.rs"]
mod sharing;
#[path = "machinery/writing.rs"]
mod writing;

use crate::catalogue::{Classes, Stand::Staged};

pub(crate) const CLASSES: Classes = &[
    (
        "D1",
        Staged(&[
            "machinery::foreign_code::d1_drop_under_a_lock",
            "machinery::foreign_code::d1_hash_of_a_key",
        ]),
    ),
    (
        "D3",
        Staged(&[
            "machinery::foreign_code::d3_question_that_was_overridden",
            "machinery::foreign_code::d3_waker_of_the_caller",
        ]),
    ),
    (
        "D4",
        Staged(&[
            "machinery::conversions::d4_panic_in_a_conversion",
            "machinery::conversions::d4_panic_of_what_is_asked",
        ]),
    ),
    (
        "D5",
        Staged(&["machinery::kinds::d5_every_kind_of_carrier"]),
    ),
    (
        "D6",
        Staged(&[
            "machinery::panics::d6_payload_of_a_panic",
            "machinery::panics::d6_panic_in_a_drop",
        ]),
    ),
    (
        "D7",
        Staged(&[
            "machinery::exhaustion::d7_calls_inside_calls",
            "machinery::exhaustion::d7_questions_inside_questions",
            "machinery::exhaustion::d7_data_inside_data",
            "machinery::exhaustion::d7_wrap_at_the_limit",
        ]),
    ),
    (
        "D9",
        Staged(&[
            "machinery::kinds::d9_iterator_sent_to_another_domain",
            "machinery::kinds::d9_lease_that_has_the_target",
        ]),
    ),
    (
        "D11",
        Staged(&["machinery::writing::d11_write_through_a_derived_reference"]),
    ),
    (
        "D12",
        Staged(&[
            "machinery::writing::d12_description_of_an_object",
            "machinery::writing::d12_object_as_what_it_is_in_rust",
            "machinery::writing::d12_debug_of_a_proxy",
        ]),
    ),
    (
        "D13",
        Staged(&["machinery::sharing::d13_interface_that_is_known_anew"]),
    ),
    (
        "D15",
        Staged(&["machinery::foreign_code::d15_token_that_is_forwarded"]),
    ),
    (
        "D16",
        Staged(&[
            "machinery::conversions::d16_result_that_panics_when_it_is_asked",
            "machinery::conversions::d16_conversion_that_revokes",
        ]),
    ),
    (
        "D17",
        Staged(&["machinery::sharing::d17_object_planted_for_a_peer"]),
    ),
];
