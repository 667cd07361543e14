//! What dynamic calls and guests cost, one line a row: `row<TAB>measured<TAB>limit<TAB>ok|short`.
//!
//! `cargo bench -p object-membrane-runtime --bench report`. Ratios and minima of interleaved
//! repetitions in one process; a row without a limit says what was measured. `-- quick` leaves out what takes long: ten
//! thousand guests, and the example on 50,000 files.

#![forbid(unsafe_code)]

mod calls;
mod guests;
mod plugin_host;
mod row;

fn main() {
    let quick = std::env::args().any(|argument| argument == "quick");
    println!("row\tmeasured\tlimit\tresult");
    calls::report();
    guests::report(if quick { 200 } else { 10_000 });
    if !quick {
        plugin_host::report();
    }
}
