//! A crossing is made by the membrane.

use membrane::{Crossing, Direction};

fn main() {
    fn turn(crossing: Crossing<'_>) -> Crossing<'_> {
        Crossing {
            direction: Direction::Outbound,
            ..crossing
        }
    }
    let _ = (turn, Direction::Inbound);
}
