//! A reason is made of a text.

use membrane::Reason;

fn main() {
    let _ = Reason::from("mine");
}
