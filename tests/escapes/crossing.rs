//! A: a value crosses without being wrapped.

#[path = "crossing/chains.rs"]
mod chains;
#[path = "crossing/chests.rs"]
pub(crate) mod chests;
#[path = "crossing/containers.rs"]
pub(crate) mod containers;
#[path = "crossing/errors.rs"]
mod errors;
#[path = "crossing/hooks.rs"]
mod hooks;
#[path = "crossing/later.rs"]
mod later;
#[path = "crossing/loot.rs"]
pub(crate) mod loot;
#[path = "crossing/making.rs"]
mod making;

use crate::catalogue::{Classes, Stand::Staged};

pub(crate) const CLASSES: Classes = &[
    (
        "A1",
        Staged(&[
            "crossing::errors::a1_error_payload",
            "crossing::errors::a1_panic_payload",
            "crossing::errors::a1_raised_value",
        ]),
    ),
    (
        "A2",
        Staged(&[
            "crossing::errors::a2_secret_anywhere_in_an_error",
            "crossing::errors::a2_error_by_every_way",
        ]),
    ),
    (
        "A3",
        Staged(&[
            "crossing::errors::a3_object_in_an_error_that_no_list_names",
            "crossing::errors::a3_raised_object_that_no_list_names",
        ]),
    ),
    (
        "A4",
        Staged(&[
            "crossing::errors::a4_error_inside_an_error",
            "crossing::errors::a4_error_raised_while_an_error_is_converted",
            "crossing::errors::a4_source_of_a_membranes_error",
        ]),
    ),
    (
        "A7",
        Staged(&[
            "crossing::making::a7_what_a_factory_makes",
            "crossing::making::a7_construct_path_of_a_handle",
            "crossing::making::a7_argument_of_a_factory",
            "crossing::making::a7_what_a_dynamic_factory_makes",
        ]),
    ),
    (
        "A8",
        Staged(&[
            "crossing::later::a8_what_a_future_ends_with",
            "crossing::later::a8_what_a_task_ends_with",
            "crossing::later::a8_message_of_a_channel",
            "crossing::later::a8_callback_that_is_called_later",
        ]),
    ),
    (
        "A10",
        Staged(&[
            "crossing::later::a10_item_of_an_iterator",
            "crossing::later::a10_item_of_an_iterator_that_delegates",
            "crossing::later::a10_item_of_a_stream",
            "crossing::later::a10_item_of_a_dynamic_iterator",
        ]),
    ),
    (
        "A11",
        Staged(&[
            "crossing::containers::a11_all_at_once",
            "crossing::containers::a11_elements_that_a_closure_sees",
            "crossing::containers::a11_list_that_is_extended_by_an_iterator",
            "crossing::containers::a11_zip_of_both_sides_objects",
            "crossing::containers::a11_default_method_that_reads_elements",
        ]),
    ),
    (
        "A12",
        Staged(&[
            "crossing::containers::a12_elements_of_every_container",
            "crossing::containers::a12_elements_by_every_way",
            "crossing::containers::a12_elements_of_a_map",
            "crossing::containers::a12_elements_of_a_dynamic_list",
        ]),
    ),
    (
        "A13",
        Staged(&["crossing::containers::a13_contents_of_promises_streams_and_closures"]),
    ),
    (
        "A15",
        Staged(&[
            "crossing::containers::a15_owner_of_a_buffer",
            "crossing::containers::a15_reason_in_another_membranes_answer",
        ]),
    ),
    (
        "A16",
        Staged(&[
            "crossing::chains::a16_delegation_that_goes_to_and_fro",
            "crossing::chains::a16_delegation_over_three_sides",
        ]),
    ),
    (
        "A18",
        Staged(&[
            "crossing::hooks::a18_audit_hook_of_a_grant",
            "crossing::hooks::a18_record_that_keeps_what_it_is_told_of",
            "crossing::hooks::a18_panic_that_carries_its_frame",
        ]),
    ),
    (
        "A19",
        Staged(&[
            "crossing::later::a19_waker_of_a_suspended_call",
            "crossing::later::a19_variables_of_a_suspended_computation",
        ]),
    ),
    (
        "A20",
        Staged(&[
            "crossing::hooks::a20_formatting",
            "crossing::hooks::a20_coercion_to_a_supertrait",
            "crossing::hooks::a20_coercion_before_it_is_lent_on",
            "crossing::hooks::a20_conversion_of_a_dynamic_object",
        ]),
    ),
    (
        "A21",
        Staged(&[
            "crossing::chains::a21_argument_of_a_callback",
            "crossing::chains::a21_sender_of_a_callback",
            "crossing::chains::a21_argument_of_a_guests_object",
        ]),
    ),
    (
        "A23",
        Staged(&[
            "crossing::chains::a23_name_that_names_nothing",
            "crossing::chains::a23_null_where_an_object_is_to_be",
            "crossing::chains::a23_object_of_nobodys",
        ]),
    ),
];
