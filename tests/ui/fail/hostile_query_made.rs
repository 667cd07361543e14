//! A query is made by the membrane.

use membrane::__private::Query;

fn main() {
    let _: Option<Query<'_>> = Some(Query {
        asked: 0,
        slot: &(),
    });
}
