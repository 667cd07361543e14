//! The constant arithmetic that numbers the methods of an interface.
//!
//! A method's number is its position in [`Interface::METHODS`]: the trait's own methods in the order of the source, then
//! those of its super-interfaces. A proxy of `dyn Account` that is called through its supertrait `Named` adds the offset
//! of `Named` within `Account`, at compile time.

#![allow(
    clippy::missing_panics_doc,
    reason = "the constant functions panic at compile time: that is how they report"
)]

use super::{Interface, MAX_METHODS};

/// Joins lists. What fills the joint one beforehand does not stay.
pub const fn concat<T: Copy, const N: usize>(lists: &[&[T]], filler: T) -> [T; N] {
    let mut all = [filler; N];
    let (mut list, mut at) = (0, 0);
    while list < lists.len() {
        let mut index = 0;
        while index < lists[list].len() {
            all[at] = lists[list][index];
            at += 1;
            index += 1;
        }
        list += 1;
    }
    assert!(at == N, "N is the sum of the lengths");
    all
}

/// The number of `T`'s method of this name, own or inherited.
pub const fn number<T: ?Sized + Interface>(method: &str) -> u32 {
    mask::<T>(&[method]).trailing_zeros()
}

/// Compiles if `T`'s method of this number has an argument of this name.
pub const fn check_argument<T: ?Sized + Interface>(method: u32, argument: &str) {
    let arguments = T::__ARGUMENTS[method as usize];
    let mut index = 0;
    while index < arguments.len() {
        if same(arguments[index].0, argument) {
            return;
        }
        index += 1;
    }
    panic!("the method has no argument of this name")
}

/// A super-interface: its key, where its methods start, and their names.
pub type Super = (&'static str, u32, &'static [&'static str]);

/// All super-interfaces, flat, given the key of the interface and the number of its own methods, and the direct ones: (key,
/// methods, its own supers).
///
/// Methods are found by the key of their interface, so two interfaces of one key would be one list and two traits.
pub const fn concat_supers<const N: usize>(
    own: (&str, u32),
    supers: &[(&'static str, &'static [&'static str], &[Super])],
) -> [Super; N] {
    let mut flat: [Super; N] = [("", 0, &[]); N];
    let (mut index, mut at, mut offset) = (0, 0, own.1);
    while index < supers.len() {
        let (key, methods, inner) = supers[index];
        flat[at] = (key, offset, methods);
        at += 1;
        let mut deep = 0;
        while deep < inner.len() {
            flat[at] = (inner[deep].0, offset + inner[deep].1, inner[deep].2);
            at += 1;
            deep += 1;
        }
        #[allow(clippy::cast_possible_truncation, reason = "at most 63 methods")]
        let count = methods.len() as u32;
        offset += count;
        index += 1;
    }
    assert!(
        at == N,
        "N is one for each direct super-interface and each of theirs"
    );
    check_keys(own.0, &flat);
    flat
}

const fn check_keys(own: &str, supers: &[Super]) {
    let mut index = 0;
    while index < supers.len() {
        let (key, _, methods) = supers[index];
        assert!(
            !same(own, key),
            "this interface and a super-interface of it cannot be told apart: rename one of them"
        );
        let mut other = 0;
        while other < index {
            // The same one, inherited twice, has the same methods.
            assert!(
                !same(key, supers[other].0) || same_names(methods, supers[other].2),
                "two super-interfaces of this one cannot be told apart: rename one of them"
            );
            other += 1;
        }
        index += 1;
    }
}

/// Where the methods of the interface `key` start among those of `T`: zero for `T` itself.
pub const fn offset<T: ?Sized + Interface>(key: &str) -> u32 {
    if same(T::__KEY, key) {
        return 0;
    }
    let mut index = 0;
    while index < T::__SUPERS.len() {
        if same(T::__SUPERS[index].0, key) {
            return T::__SUPERS[index].1;
        }
        index += 1;
    }
    panic!("not a super-interface")
}

/// The number of `T`'s own method of this name.
pub const fn index<T: ?Sized + Interface>(method: &str) -> u32 {
    let mut index = 0;
    while index < T::__OWN.len() {
        if same(T::__OWN[index], method) {
            #[allow(clippy::cast_possible_truncation, reason = "at most 63 methods")]
            return index as u32;
        }
        index += 1;
    }
    panic!("no such method in this interface")
}

/// The bits of `T`'s methods of these names.
pub const fn mask<T: ?Sized + Interface>(methods: &[&str]) -> u64 {
    let (mut mask, mut index) = (0, 0);
    while index < methods.len() {
        let mut found = false;
        let mut at = 0;
        while at < <T as Interface>::METHODS.len() {
            // Of a diamond's repeated methods only the first are ever called: see `offset`.
            if same(<T as Interface>::METHODS[at], methods[index]) {
                mask |= 1 << at;
                found = true;
                break;
            }
            at += 1;
        }
        assert!(found, "no such method in this interface");
        index += 1;
    }
    mask
}

/// Compiles if an interface may have these methods.
pub const fn check_interface(methods: &[&str]) {
    assert!(
        methods.len() <= MAX_METHODS,
        "an interface has at most 63 methods, inherited ones included: split it"
    );
}

const fn same_names(a: &[&str], b: &[&str]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if !same(a[index], b[index]) {
            return false;
        }
        index += 1;
    }
    true
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut index = 0;
    while index < a.len() {
        if a[index] != b[index] {
            return false;
        }
        index += 1;
    }
    true
}

#[cfg(all(test, not(loom)))]
#[allow(dead_code, reason = "methods are numbered here, not called")]
mod tests {
    use super::{
        Super, check_argument, check_interface, concat, concat_supers, index, mask, number, offset,
    };
    use crate::error::Error;
    use crate::interface;
    use crate::interface::{Interface, MAX_METHODS};

    /// Three methods; two of the names are of one length, one begins as another does.
    #[interface]
    trait Left {
        fn lay(&self) -> Result<(), Error>;
        fn lie(&self, first: u8, other: u8) -> Result<(), Error>;
        fn lied(&self) -> Result<(), Error>;
    }

    #[interface]
    trait Right {
        fn rest(&self) -> Result<(), Error>;
    }

    /// Own methods, then those of `Left`, then those of `Right`.
    #[interface]
    trait Both: Left + Right {
        fn most(&self, only: u8) -> Result<(), Error>;
        fn much(&self) -> Result<(), Error>;
    }

    /// `Left` twice over: once as itself and once as a part of `Both`.
    #[interface]
    trait Diamond: Right + Both {
        fn apex(&self) -> Result<(), Error>;
    }

    const READ: &[&str] = &["read"];
    const WRITE: &[&str] = &["write"];

    #[test]
    fn own_methods_are_numbered_first_and_inherited_ones_in_their_order() {
        assert_eq!(
            <dyn Both as Interface>::METHODS,
            ["most", "much", "lay", "lie", "lied", "rest"]
        );
        assert_eq!(
            ["most", "much", "lay", "lie", "lied", "rest"].map(number::<dyn Both>),
            [0, 1, 2, 3, 4, 5]
        );
        assert_eq!(["lay", "lie", "lied"].map(index::<dyn Left>), [0, 1, 2]);
        assert_eq!(["most", "much"].map(index::<dyn Both>), [0, 1]);
        assert_eq!(mask::<dyn Both>(&["lied", "most", "rest"]), 0b11_0001);
        assert_eq!(mask::<dyn Both>(&[]), 0);
    }

    #[test]
    fn interfaces_methods_start_where_its_first_one_is() {
        let (left, right) = (<dyn Left>::__KEY, <dyn Right>::__KEY);
        assert_eq!(offset::<dyn Both>(<dyn Both>::__KEY), 0);
        assert_eq!(offset::<dyn Both>(left), 2);
        assert_eq!(offset::<dyn Both>(right), 5);
        // Its own; `Right`'s; then `Both`'s, `Left`'s and `Right`'s again.
        assert_eq!(offset::<dyn Diamond>(right), 1);
        assert_eq!(offset::<dyn Diamond>(<dyn Both>::__KEY), 2);
        assert_eq!(offset::<dyn Diamond>(left), 4);
        assert_eq!(number::<dyn Diamond>("rest"), 1);
    }

    #[test]
    #[should_panic(expected = "not a super-interface")]
    fn interface_that_is_not_inherited_starts_nowhere() {
        offset::<dyn Left>(<dyn Right>::__KEY);
    }

    #[test]
    #[should_panic(expected = "no such method in this interface")]
    fn inherited_method_is_not_an_own_one() {
        index::<dyn Both>("lay");
    }

    #[test]
    #[should_panic(expected = "no such method in this interface")]
    fn mask_knows_each_of_its_names() {
        mask::<dyn Both>(&["most", "lai"]);
    }

    #[test]
    fn arguments_are_found_whichever_place_they_have() {
        check_argument::<dyn Both>(0, "only");
        check_argument::<dyn Left>(1, "first");
        check_argument::<dyn Left>(1, "other");
    }

    #[test]
    #[should_panic(expected = "the method has no argument of this name")]
    fn argument_of_another_method_is_refused() {
        check_argument::<dyn Left>(0, "first");
    }

    #[test]
    fn lists_are_joined_in_their_order() {
        let joint: [&str; 4] = concat(&[&["a", "b"], &[], &["c"], &["d"]], "");
        assert_eq!(joint, ["a", "b", "c", "d"]);
    }

    #[test]
    #[should_panic(expected = "N is the sum of the lengths")]
    fn joint_list_has_no_gap() {
        let _: [&str; 3] = concat(&[&["a"], &["b"]], "");
    }

    #[test]
    fn supers_are_listed_where_their_methods_start() {
        let inner: &[Super] = &[("deep", 1, WRITE), ("deeper", 2, READ)];
        let flat = concat_supers::<4>(
            ("own", 2),
            &[("left", READ, &[]), ("right", &["a", "b"], inner)],
        );
        assert_eq!(
            flat.map(|(key, at, _)| (key, at)),
            [("left", 2), ("right", 3), ("deep", 4), ("deeper", 5)]
        );
        let diamond = concat_supers::<2>(("own", 0), &[("same", READ, &[]), ("same", READ, &[])]);
        assert_eq!(diamond.map(|(_, at, _)| at), [0, 1]);
    }

    #[test]
    #[should_panic(expected = "N is one for each direct super-interface and each of theirs")]
    fn list_of_supers_has_no_gap() {
        concat_supers::<2>(("own", 1), &[("one", READ, &[])]);
    }

    /// Fails if `check_keys` does not compare the lists of methods.
    #[test]
    #[should_panic(expected = "two super-interfaces of this one cannot be told apart")]
    fn two_super_interfaces_of_one_key_are_refused() {
        concat_supers::<2>(("own", 1), &[("twin", READ, &[]), ("twin", WRITE, &[])]);
    }

    /// Fails if `check_keys` compares neighbours only, or lists as far as the shorter one goes.
    #[test]
    #[should_panic(expected = "two super-interfaces of this one cannot be told apart")]
    fn two_super_interfaces_of_one_key_are_refused_wherever_they_are() {
        concat_supers::<3>(
            ("own", 1),
            &[
                ("twin", &["a"], &[]),
                ("other", READ, &[]),
                ("twin", &["a", "b"], &[]),
            ],
        );
    }

    /// Fails if `check_keys` compares the first methods only.
    #[test]
    #[should_panic(expected = "two super-interfaces of this one cannot be told apart")]
    fn two_super_interfaces_of_one_key_are_refused_for_their_last_method() {
        concat_supers::<2>(
            ("own", 1),
            &[("twin", &["a", "b"], &[]), ("twin", &["a", "c"], &[])],
        );
    }

    /// Fails if `check_keys` does not compare with the interface's own key.
    #[test]
    #[should_panic(expected = "this interface and a super-interface of it cannot be told apart")]
    fn super_interface_with_the_interfaces_own_key_is_refused() {
        concat_supers::<1>(("twin", 1), &[("twin", READ, &[])]);
    }

    #[test]
    fn interface_has_as_many_methods_as_fit() {
        check_interface(&[""; MAX_METHODS]);
    }

    #[test]
    #[should_panic(expected = "an interface has at most 63 methods")]
    fn interface_has_no_more_methods_than_fit() {
        check_interface(&[""; MAX_METHODS + 1]);
    }
}
