use super::*;

const WAIT: Duration = Duration::from_secs(5);

/// A queue whose writer waits for those announced.
fn waiting_for_the_last() -> Queue {
    let queue = Queue::new(8, WAIT);
    queue.lock().writer = Waits::Last;
    queue
}

fn come(queue: &Queue) {
    queue.comes();
    queue.push(b"{}", Some(tokio::sync::oneshot::channel().0)).unwrap();
}

#[test]
fn a_commit_begins_when_all_who_were_announced_have_come() {
    let queue = waiting_for_the_last();
    (0..3).for_each(|_| queue.announce());
    come(&queue);
    come(&queue);
    assert!(!queue.lock().due, "the third is still to come");
    come(&queue);
    assert!(queue.lock().due);
    assert_eq!(queue.take(Work::default()).unwrap().batch.len(), 3);
    assert!(!queue.lock().due, "what comes now is for the next commit");
}

#[test]
fn nobody_waits_for_who_stays_away() {
    let queue = waiting_for_the_last();
    (0..3).for_each(|_| queue.announce());
    queue.stays_away();
    come(&queue);
    assert!(!queue.lock().due);
    queue.stays_away();
    assert!(queue.lock().due);
}

#[test]
fn who_stays_away_begins_no_commit_of_nothing() {
    let queue = waiting_for_the_last();
    queue.announce();
    queue.stays_away();
    assert!(!queue.lock().due);
    queue.push(b"{}", None).unwrap();
    assert!(!queue.lock().due, "a note waits for the next commit");
}

#[test]
fn who_was_served_is_waited_for() {
    let queue = waiting_for_the_last();
    queue.lock().served = 2;
    queue.announce();
    come(&queue);
    assert!(!queue.lock().due, "the other is about to come again");
    queue.announce();
    come(&queue);
    assert!(queue.lock().due);
    assert_eq!(queue.take(Work::default()).unwrap().batch.len(), 2);
    assert_eq!(queue.lock().served, 2);
}

#[test]
fn the_wait_for_those_announced_is_short() {
    let queue = Queue::new(8, WAIT);
    queue.lock().ended_at = Some(Instant::now());
    // Never comes, nor says so.
    queue.announce();
    queue.announce();
    come(&queue);
    let asked = Instant::now();
    assert_eq!(queue.take(Work::default()).unwrap().batch.len(), 1);
    assert!(asked.elapsed() < TICK, "the commit waited for who did not come");
}
