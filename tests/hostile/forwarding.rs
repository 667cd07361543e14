//! The question is forwarded.

use super::*;

/// Positive control: this is what an honest answer brings about.
#[test]
fn proxy_that_is_asked_itself_answers_and_comes_home() {
    let stage = stage();
    stage.desk.take(stage.stolen.clone()).unwrap();
    let home = stage.owner.taken();
    let victim: Arc<dyn Safe> = stage.victim;
    assert!(Arc::ptr_eq(&home, &victim));
    assert_eq!(home.destroy(), Ok(1));
}

/// B3, C1, D3. The owner would take the evil object for its own victim, and call anything on it.
///
/// Fails when `Query::answer` does not compare addresses.
#[test]
fn object_that_forwards_the_question_to_a_stolen_proxy_is_not_believed() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |_, query| stolen.__membrane_safe(query));
    stage.arrives_as_itself(&evil);
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |_, query| stolen.__membrane_named(query));
    stage.arrives_as_itself(&evil);
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |_, query| {
        let up: Arc<dyn Named> = stolen.clone();
        <dyn Safe as Target>::ask(&stolen, query);
        <dyn Named as Target>::ask(&up, query);
    });
    stage.arrives_as_itself(&evil);
}

/// The same from the wet side, against an object of the dry side's.
#[test]
fn object_of_the_owner_that_forwards_the_question_is_not_believed_either() {
    let stage = stage();
    let guests = Honest::new(3);
    let raw_guest: Arc<dyn Safe> = guests.clone();
    let taken_in = stage.membrane.wrap_inbound(raw_guest.clone()).unwrap();
    let forwarded = taken_in.clone();
    let evil = Evil::new(move |_, query| forwarded.__membrane_safe(query));
    stage.owner.take(evil.clone()).unwrap();
    let got = stage.desk.give().unwrap();
    assert!(!Arc::ptr_eq(&got, &raw_guest));
    assert_eq!(got.open(), Ok(EVIL));
    assert!(evil.asked() > 0);
    // Control.
    stage.owner.take(taken_in).unwrap();
    assert!(Arc::ptr_eq(&stage.desk.give().unwrap(), &raw_guest));
}

#[test]
fn object_that_forwards_the_question_to_many_proxies_or_in_turn_is_not_believed() {
    let stage = stage();
    let foreign = Membrane::new(open_policy());
    let victim: Arc<dyn Safe> = stage.victim.clone();
    let grant = stage.membrane.grant(&open_policy()).unwrap();
    let broken = stage.membrane.grant(&open_policy()).unwrap();
    let broken_proxy = broken.wrap(victim.clone()).unwrap();
    broken.revoke("gone");
    let loot = [
        stage.stolen.clone(),
        grant.wrap(victim.clone()).unwrap(),
        foreign.wrap(victim.clone()).unwrap(),
        foreign.wrap_inbound(victim).unwrap(),
        broken_proxy,
        Evil::new(|evil, _| assert!(evil.asked() > 0)) as Arc<dyn Safe>,
    ];
    let turn = AtomicUsize::new(0);
    let one_by_one = loot.clone();
    let evil = Evil::new(move |_, query| {
        one_by_one[turn.fetch_add(1, SeqCst) % one_by_one.len()].__membrane_safe(query);
    });
    for _ in 0..loot.len() {
        stage.arrives_as_itself(&evil);
    }
    let evil = Evil::new(move |_, query| {
        for one in &loot {
            one.__membrane_safe(query);
            one.__membrane_named(query);
        }
    });
    stage.arrives_as_itself(&evil);
}

/// C3: it answers differently each time it is asked; identity does not depend on what it says.
#[test]
fn object_that_changes_its_mind_has_one_proxy_all_the_same() {
    let stage = stage();
    let stolen = stage.stolen.clone();
    let evil = Evil::new(move |evil, query| {
        if evil.asked().is_multiple_of(2) {
            stolen.__membrane_safe(query);
        }
    });
    let raw: Arc<dyn Safe> = evil.clone();
    let first = stage.membrane.wrap_inbound(raw.clone()).unwrap();
    for _ in 0..4 {
        assert!(Arc::ptr_eq(
            &stage.membrane.wrap_inbound(raw.clone()).unwrap(),
            &first
        ));
    }
    assert_eq!(evil.asked(), 1, "what is known is not asked again");
    drop(first);
    for _ in 0..4 {
        let again = stage.membrane.wrap_inbound(raw.clone()).unwrap();
        assert_eq!(again.open(), Ok(EVIL));
        assert!(!Arc::ptr_eq(&again, &raw));
    }
    assert_eq!(evil.asked(), 5);
    let first = stage.membrane.wrap_inbound(raw.clone()).unwrap();
    // Home again it is itself: its proxy answers for it, not it.
    assert!(Arc::ptr_eq(&stage.membrane.wrap(first).unwrap(), &raw));
}
