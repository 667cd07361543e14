//! So many live proxies at once.

use super::*;
use tests::{sized, start};

fn left(membrane: &Membrane) -> u64 {
    membrane.conditions().proxies_left.unwrap()
}

/// Fails if a known object counts twice, or a dropped proxy goes on counting.
#[test]
fn proxies_count_while_they_live_both_ways() {
    for direction in DIRECTIONS {
        let membrane = under(|builder| builder.proxies(2));
        let (a, b, c) = (Stock::new(), Stock::new(), Stock::new());
        let first = lend(&membrane, &a, direction);
        let again = lend(&membrane, &a, direction);
        let second = lend(&membrane, &b, direction);
        assert_eq!(left(&membrane), 0);
        let object: Arc<dyn Shop> = c.clone();
        assert_unmet(
            membrane.pass(object, direction).map(drop),
            Condition::Proxies,
            None,
        );
        drop(first);
        assert_eq!(left(&membrane), 0, "still held");
        drop(again);
        assert_eq!(left(&membrane), 1);
        let third = lend(&membrane, &c, direction);
        second.ping().unwrap();
        third.ping().unwrap();
        drop((second, third));
        assert_eq!(left(&membrane), 2);
    }
}

/// What would need a proxy too many does not cross: neither as an argument nor as a result, and nothing stays behind.
#[test]
fn reference_without_room_does_not_cross() {
    let membrane = under(|builder| builder.proxies(1).calls(9).concurrency(1));
    let (stock, shop) = lent(&membrane);
    assert_unmet(shop.hand(Stock::new()), Condition::Proxies, None);
    assert_eq!(stock.entered(), 0);
    assert_eq!(membrane.conditions().calls_left, Some(9));
    assert_unmet(shop.open().map(drop), Condition::Proxies, None);
    assert_eq!(stock.entered(), 1);
    assert_unmet(shop.items(1).map(drop), Condition::Proxies, None);
    assert_unmet(shop.tell(Arc::new(Ok)), Condition::Proxies, None);
    assert_eq!(left(&membrane), 0);
    assert_eq!(membrane.live_proxies(), 1);
    // An object that comes home needs none.
    shop.hand(shop.clone()).unwrap();
    drop(shop);
    assert_eq!(left(&membrane), 1);
}

/// A hostile holder that keeps what is broken must not use up its neighbours' room.
#[test]
fn revoked_proxies_count_no_longer() {
    let membrane = under(|builder| builder.proxies(3));
    let child = grant(&membrane, |builder| builder.proxies(2));
    let kept = [lent(&child), lent(&child)];
    assert_eq!((left(&membrane), left(&child)), (1, 0));
    child.revoke("enough");
    assert_eq!((left(&membrane), left(&child)), (3, 2));
    drop(kept);
    assert_eq!((left(&membrane), left(&child)), (3, 2));
}

#[test]
fn child_counts_at_its_parent() {
    let membrane = under(|builder| builder.proxies(2));
    let child = grant(&membrane, |builder| builder.proxies(2));
    let plain = membrane.grant(&policy()).unwrap();
    let held = [lent(&plain), lent(&child)];
    assert_eq!((left(&membrane), left(&child)), (0, 0));
    let refused = child.wrap(Stock::new() as Arc<dyn Shop>);
    assert_unmet(refused.map(drop), Condition::Proxies, None);
    drop(held);
    assert_eq!((left(&membrane), left(&child)), (2, 2));
}

/// Proxies made, shared, dropped and revoked by several threads: never too many, and none is counted in the end.
#[test]
fn count_is_exact_whatever_the_threads() {
    const MOST: u64 = 5;
    let rounds = sized(3_000, 20);
    let membrane = under(|builder| builder.proxies(MOST));
    let objects: Vec<_> = (0..8).map(|_| Stock::new()).collect();
    let workers: Vec<_> = (0..4)
        .map(|at| {
            let (membrane, objects) = (membrane.clone(), objects.clone());
            start(move || {
                let mut made = 0;
                for round in 0..rounds {
                    let grant = if round % 10 == 0 {
                        membrane.grant(&policy()).unwrap()
                    } else {
                        membrane.clone()
                    };
                    let object: Arc<dyn Shop> = objects[(round + at) % 8].clone();
                    match grant.wrap(object) {
                        Ok(proxy) => {
                            made += 1;
                            if round % 10 == 0 {
                                grant.revoke("over");
                            }
                            drop(proxy);
                        }
                        Err(error) => assert_eq!(error.condition(), Some(Condition::Proxies)),
                    }
                    assert!(membrane.live_proxies() as u64 <= MOST);
                }
                made
            })
        })
        .collect();
    let made: usize = workers.into_iter().map(tests::Started::finish).sum();
    assert!(made > rounds / 2);
    assert_eq!(left(&membrane), MOST);
    assert_eq!(membrane.live_proxies(), 0);
}
