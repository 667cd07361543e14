//! Refusals of one method: its receiver, its arguments, its result.

use super::refused;

/// The refusal of one method.
#[track_caller]
pub(super) fn method(signature: &str, word: &str, message: &str) {
    refused(&format!("trait Account {{ {signature} }}"), word, message);
}

/// The refusal of one argument type.
#[track_caller]
fn argument(ty: &str, word: &str, message: &str) {
    method(
        &format!("fn m(&self, a: {ty}) -> Result<(), Error>;"),
        word,
        message,
    );
}

/// The refusal of one return type.
#[track_caller]
fn result(ty: &str, word: &str, message: &str) {
    method(&format!("fn m(&self) -> {ty};"), word, message);
}

#[test]
fn generic_methods_are_refused() {
    method(
        "fn m<T: Into<u8>>(&self) -> Res;",
        "T: Into<u8>",
        "cannot be generic",
    );
    method(
        "fn m<const N: usize>(&self) -> Res;",
        "const N: usize",
        "cannot be generic",
    );
    method(
        "fn m<'a>(&self, a: &str) -> Res;",
        "'a",
        "lifetime parameters",
    );
    argument(
        "impl Into<u8>",
        "impl Into<u8>",
        "`impl Trait` makes the method generic",
    );
    argument(
        "Vec<impl Into<u8>>",
        "impl Into<u8>",
        "`impl Trait` makes the method generic",
    );
    method(
        "fn m(&self) -> Res where Self: Sized;",
        "where Self: Sized",
        "`where` clause",
    );
}

#[test]
fn receivers_other_than_a_shared_reference_are_refused() {
    method(
        "fn m(&mut self) -> Res;",
        "&mut self",
        "use interior mutability",
    );
    method("fn m(self) -> Res;", "self", "cannot be consumed");
    for receiver in [
        "self: Arc<Self>",
        "self: Box<Self>",
        "self: &Arc<Self>",
        "self: &Self",
    ] {
        method(
            &format!("fn m({receiver}) -> Res;"),
            receiver,
            "a receiver other than `&self`",
        );
    }
    method(
        "fn m(&'static self) -> Res;",
        "&'static self",
        "remove the lifetime",
    );
    method("fn m(a: u8) -> Res;", "m", "a function without a receiver");
}

#[test]
fn methods_without_a_way_to_fail_are_refused() {
    method("fn m(&self);", "m", "write `-> Result<(), E>`");
    result("u64", "u64", "write `-> Result<u64, E>`");
    result("()", "()", "write `-> Result<(), E>`");
    result(
        "Option<Arc<dyn Named>>",
        "Option<Arc<dyn Named>>",
        "write `-> Result<Option<Arc<dyn Named>>, E>`",
    );
    result("(u8, u8)", "(u8, u8)", "write `-> Result<(u8, u8), E>`");
    result("!", "!", "write `-> Result<!, E>`");
    result("impl Named", "impl Named", "cannot be called through `dyn`");
}

#[test]
fn borrowed_results_are_refused() {
    for ty in [
        "&str",
        "Result<&str, Error>",
        "Result<Option<&str>, Error>",
        "Result<(u8, &str), Error>",
    ] {
        result(ty, "&str", "a result cannot borrow");
    }
    result(
        "Result<Cow<'_, str>, Error>",
        "'_",
        "a result cannot borrow",
    );
    result("Box<dyn Named + '_>", "'_", "a result cannot borrow");
}

#[test]
fn arguments_that_borrow_more_than_plain_data_are_refused() {
    argument("&mut String", "&mut String", "return the new one");
    argument("Option<&str>", "&str", "only a plain `&T`");
    argument("&[&str]", "&str", "only a plain `&T`");
    argument("Cow<'_, str>", "'_", "only a plain `&T`");
    argument("&Cow<'_, str>", "'_", "only a plain `&T`");
    argument("Option<&mut u8>", "&mut u8", "only a plain `&T`");
}

#[test]
fn references_to_objects_are_passed_by_value() {
    argument("&dyn Named", "&dyn Named", "pass `Arc<dyn Named>` by value");
    argument(
        "&Arc<dyn a::Named>",
        "&Arc<dyn a::Named>",
        "pass `Arc<dyn a::Named>` by value",
    );
    argument(
        "&[Arc<dyn Named>]",
        "&[Arc<dyn Named>]",
        "pass `Arc<dyn Named>` by value",
    );
    argument("dyn Named", "dyn Named", "write `Arc<dyn Named>`");
}

#[test]
fn raw_pointers_are_refused() {
    argument("*const u8", "*const u8", "a raw pointer");
    result("Result<*mut u8, Error>", "*mut u8", "a raw pointer");
}

#[test]
fn own_type_is_refused_by_name() {
    argument("Arc<Self>", "Self", "`Arc<dyn Account>`");
    argument("&Self", "Self", "`Arc<dyn Account>`");
    result("Result<Self::Out, Error>", "Self", "`Arc<dyn Account>`");
}

#[test]
fn qualified_methods_are_refused() {
    method("const fn m(&self) -> Res;", "const", "cannot be `const`");
    method("unsafe fn m(&self) -> Res;", "unsafe", "cannot be `unsafe`");
    method(
        "extern \"C\" fn m(&self) -> Res;",
        "extern \"C\"",
        "cannot be `extern`",
    );
    method("fn m(&self, ...) -> Res;", "...", "cannot be variadic");
    for word in ["default", "pub"] {
        let item = format!("{word} fn m(&self) -> Res;");
        method(&item, &item, "without `pub` or `default`");
    }
}

#[test]
fn patterns_in_arguments_are_refused() {
    method(
        "fn m(&self, (a, b): (u8, u8)) -> Res;",
        "(a, b)",
        "a plain name",
    );
    method("fn m(&self, _: u8) -> Res;", "_", "a plain name");
    method("fn m(&self, ref a: u8) -> Res;", "ref a", "a plain name");
}

#[test]
fn conditions_that_would_not_reach_the_proxy_are_refused() {
    method(
        "fn m(&self, #[cfg(x)] a: u8) -> Res;",
        "#[cfg(x)]",
        "put it on the method",
    );
    let hidden = "#[cfg_attr(x, cfg(y))]";
    method(
        &format!("{hidden} fn m(&self) -> Res;"),
        hidden,
        "is not carried over",
    );
    refused(
        &format!("{hidden} trait A {{}}"),
        hidden,
        "is not carried over",
    );
    let nested = "#[cfg_attr(x, cfg_attr(y, cfg(z)))]";
    method(
        &format!("{nested} fn m(&self) -> Res;"),
        nested,
        "is not carried over",
    );
}

#[test]
fn reserved_names_are_refused() {
    method(
        "fn __membrane_x(&self) -> Res;",
        "__membrane_x",
        "belong to generated code",
    );
    method(
        "fn r#__membrane(&self) -> Res;",
        "r#__membrane",
        "belong to generated code",
    );
}
