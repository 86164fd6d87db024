use super::store::{Row, Seen};
use super::*;
use crate::state::credential::{Fault, Named, Presented};
use std::sync::atomic::{AtomicBool, Ordering};
use yingbi_policies::{Asked, ConsentNeeded, Limit, PolicySet, Reach, Source};

/// A store in memory that can be switched off.
#[derive(Clone, Default)]
struct Stub {
    rows: Arc<Mutex<Vec<(Table, Row)>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
    down: Arc<AtomicBool>,
}

impl Stub {
    fn up(&self) -> Result<(), StoreError> {
        match self.down.load(Ordering::Relaxed) {
            true => Err(StoreError::Unusable("down".to_owned())),
            false => Ok(()),
        }
    }
}

impl Store for Stub {
    fn rows(&self, table: Table, subject: Option<Pseudonym>) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows.lock().unwrap();
        let wanted =
            |(of, row): &&(Table, Row)| *of == table && (subject.is_none() || row.subject == subject);
        Ok(rows.iter().filter(wanted).map(|(_, row)| row.clone()).collect())
    }

    fn row(&self, table: Table, id: &str) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(table, None)?.into_iter().find(|row| row.id == id))
    }

    fn replace(&mut self, table: Table, row: &Row, before: i64) -> Result<bool, StoreError> {
        let is_same = self.row(table, &row.id)?.is_some_and(|old| old.changed == before);
        if is_same {
            self.put(&[(table, row.clone())])?;
        }
        Ok(is_same)
    }

    fn put(&mut self, new: &[(Table, Row)]) -> Result<(), StoreError> {
        self.up()?;
        let mut rows = self.rows.lock().unwrap();
        for (table, row) in new {
            rows.retain(|(of, old)| !(of == table && old.id == row.id));
            rows.push((*table, row.clone()));
        }
        Ok(())
    }

    fn remove(&mut self, table: Table, id: &str) -> Result<(), StoreError> {
        self.up()?;
        self.rows.lock().unwrap().retain(|(of, old)| !(*of == table && old.id == id));
        Ok(())
    }

    fn count(&mut self, seen: &[Seen], _: i64) -> Result<(), StoreError> {
        self.up()?;
        self.seen.lock().unwrap().extend(seen.iter().cloned());
        Ok(())
    }

    fn counted(&self, since: i64) -> Result<Vec<Seen>, StoreError> {
        Ok(self.seen.lock().unwrap().iter().filter(|one| one.last >= since).cloned().collect())
    }
}

fn key() -> PseudonymKey {
    PseudonymKey::new([7; 32])
}

fn rights(stub: &Stub) -> Rights {
    Rights::over(Box::new(stub.clone()), key()).unwrap()
}

fn consent(rights: &Rights, subject: &str) -> Consent {
    Consent {
        id: new_id("c").unwrap(),
        subject: rights.subject(subject).to_string(),
        purpose: "marketing".to_owned(),
        categories: vec![],
        recipient: "self".to_owned(),
        notice: "v1".to_owned(),
        channel: "app".to_owned(),
        evidence: String::new(),
        separate: true,
        guardian: None,
        from: rights.now(),
        until: None,
        recorded: rights.now(),
        recorded_by: "dora".to_owned(),
        withdrawn: None,
    }
}

fn all_of(rights: &Rights, subject: &str) -> Withdrawal {
    Withdrawal::new(Some(rights.subject(subject)), (None, None), (rights.now(), "dora"))
}

/// A consent that anna signed herself, given at a time in seconds since 1970.
fn signed(given: i64, reference: &str) -> Presented {
    Presented {
        subject: Named::Identifier("anna".to_owned()),
        purpose: "marketing".to_owned(),
        categories: vec![],
        recipient: "self".to_owned(),
        notice: String::new(),
        separate: true,
        by_guardian: false,
        given,
        until: i64::MAX / 1000,
        reference: reference.into(),
    }
}

fn covers(rights: &Rights, subject: &str) -> Reach {
    let needed = ConsentNeeded { separate: true, recipient: "self".to_owned(), notices: vec![] };
    let asked = Asked { purpose: Some("marketing"), consent: Some(&needed) };
    rights
        .facts(None, None, None)
        .subjects()
        .map(|subjects| subjects.standing(subject, &asked).consented)
        .unwrap_or_default()
}

#[test]
fn p4_a_store_that_is_down_opens_nothing_and_closes_all_the_same() {
    let stub = Stub::default();
    let rights = rights(&stub);
    let [anna, bo] = ["anna", "bo"].map(|name| rights.subject(name));
    rights.consent(anna, &consent(&rights, "anna")).unwrap();
    assert_eq!(covers(&rights, "anna"), Reach::All);
    stub.down.store(true, Ordering::Relaxed);
    // Nothing new is opened (F12).
    assert!(matches!(rights.consent(bo, &consent(&rights, "bo")), Err(ChangeError::Store(_))));
    assert_eq!(covers(&rights, "bo"), Reach::Nothing);
    // What closes something rules, and says that it may be forgotten.
    assert!(matches!(rights.withdraw(&all_of(&rights, "anna")), Err(ChangeError::Store(_))));
    assert_eq!(covers(&rights, "anna"), Reach::Nothing);
    let switch = Switch {
        id: "k-1".to_owned(),
        stops: Stops::Role,
        name: "teller".to_owned(),
        reason: "drill".to_owned(),
        since: rights.now(),
        by: "sara".to_owned(),
    };
    assert!(matches!(rights.throw(switch), Err(ChangeError::Store(_))));
    let access = Switched { caller: None, roles: &["teller"], recipient: None, route: "/x" };
    assert!(rights.stops(&access));
}

#[test]
fn p5_what_is_on_record_rules_after_a_restart_and_investors_are_pseudonyms() {
    let stub = Stub::default();
    let first = rights(&stub);
    for name in ["anna", "bo"] {
        first.consent(first.subject(name), &consent(&first, name)).unwrap();
    }
    first.withdraw(&all_of(&first, "bo")).unwrap();
    let next = rights(&stub);
    assert_eq!([covers(&next, "anna"), covers(&next, "bo")], [Reach::All, Reach::Nothing]);
    let told = stub.rows.lock().unwrap().iter().map(|(_, row)| row.document.clone()).collect::<String>();
    assert!(!told.contains("anna") && !told.contains("\"bo\""), "{told}");
}

#[test]
fn a_row_that_cannot_be_read_stops_the_start() {
    let stub = Stub::default();
    let row = Row { id: "k-1".to_owned(), subject: None, changed: 0, document: "{}".to_owned() };
    stub.rows.lock().unwrap().push((Table::Switches, row));
    assert!(Rights::over(Box::new(stub), key()).is_err(), "a thrown switch would be forgotten");
}

fn limit(at: u64, per: &str) -> Arc<Limit> {
    let yaml = format!(
        "apiVersion: yingbi/v1\nkind: Limit\nmetadata: {{id: l}}\nspec: {{distinct: investors, per: {per}, at: {at}}}\n"
    );
    let (set, _) = PolicySet::compile(&[Source::new("l.yaml", &*yaml)], "v".into()).unwrap();
    set.all_limits()[0].clone()
}

#[test]
fn a5_a_count_is_exact_slides_and_is_of_people() {
    let counters = Counters::default();
    let (limit, scope) = (limit(3, "minute"), Pseudonym([1; 16]));
    let people: Vec<Pseudonym> = (0..10).map(|nth| Pseudonym([nth; 16])).collect();
    let see = |who: &[usize], at: i64| {
        let subjects: Vec<Pseudonym> = who.iter().map(|nth| people[*nth]).collect();
        counters.count(&limit, scope, subjects.iter(), at).is_ok()
    };
    assert!(see(&[0, 0, 1], 0) && see(&[1], 30_000) && see(&[2], 40_000));
    assert!(!see(&[3], 59_999), "0, 1 and 2 were seen in the last minute");
    assert!(see(&[3], 60_000), "0 was seen a minute ago");
    assert!(!see(&[0], 60_001), "1 was seen again since");
    assert!(!see(&[4, 5, 6, 7], 10_000_000), "more than the limit in one answer");
    assert!(see(&[4, 5, 6], 10_000_000), "what was refused was not counted");
    // Another's count is another.
    assert!(counters.count(&limit, Pseudonym([2; 16]), people.iter().take(3), 10_000_001).is_ok());
    let written = counters.unwritten();
    let next = Counters::default();
    next.load(written);
    assert!(next.count(&limit, scope, [people[7]].iter(), 10_000_002).is_err(), "remembered");
}

#[test]
fn a3_a_grant_that_may_be_used_once_is_used_once_by_many_at_a_time() {
    let stub = Stub::default();
    let rights = Arc::new(rights(&stub));
    let now = rights.now();
    let holder = rights.caller("teller");
    let grant = Grant {
        id: "g-1".to_owned(),
        template: "bulk".to_owned(),
        ticket: None,
        subject: None,
        holder: holder.to_string(),
        purposes: vec![],
        kinds: None,
        once: true,
        lasts_seconds: 60,
        reason: String::new(),
        asked: now,
        asked_by: "dora".to_owned(),
        approved: Some(now),
        approved_by: Some("otto".to_owned()),
        ends: Some(now.after(Duration::from_secs(60))),
        ended: None,
        ended_by: None,
        used: None,
        break_glass: false,
        review: None,
    };
    rights.ask(grant).unwrap();
    let facts: Vec<Facts> = (0..8).map(|_| rights.facts(Some("g-1"), Some(holder), None)).collect();
    assert!(facts.iter().all(Facts::is_once));
    let taken: Vec<bool> = std::thread::scope(|scope| {
        let each = facts.iter().map(|facts| scope.spawn(|| rights.take(facts).is_ok())).collect::<Vec<_>>();
        each.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1, "{taken:?}");
    assert!(!rights.facts(Some("g-1"), Some(holder), None).is_once());
    assert!(!Rights::over(Box::new(stub), key()).unwrap().facts(Some("g-1"), Some(holder), None).is_once());
}

#[test]
fn p4_what_was_signed_before_a_withdrawal_is_no_consent_after_it() {
    let stub = Stub::default();
    let rights = rights(&stub);
    let anna = rights.subject("anna");
    let now = rights.now().ms() / 1000;
    let tells = |rights: &Rights, given, reference| rights.brought(signed(given, reference)).map(drop);
    assert_eq!(tells(&rights, now, "vc-1"), Ok(()));
    // One credential, whosever it is; then all to a purpose, with nothing on record.
    let one = Withdrawal::new(None, (None, Some("vc-1".to_owned())), (rights.now(), "dora"));
    assert_eq!(rights.withdraw(&one).unwrap(), Vec::<String>::new());
    assert_eq!(tells(&rights, now, "vc-1"), Err(Fault::Withdrawn));
    assert_eq!(tells(&rights, now, "vc-2"), Ok(()));
    let to =
        |purpose: &str| Withdrawal::new(Some(anna), (Some(purpose.to_owned()), None), (rights.now(), "dora"));
    rights.withdraw(&to("other")).unwrap();
    assert_eq!(tells(&rights, now, "vc-2"), Ok(()));
    // What flows at the time is cut off from the record on.
    let brought = Arc::new(rights.brought(signed(now, "vc-2")).unwrap());
    let facts = rights.facts(None, None, Some(brought));
    let needed = ConsentNeeded { separate: true, recipient: "self".to_owned(), notices: vec![] };
    let asked = Asked { purpose: Some("marketing"), consent: Some(&needed) };
    let consented = || facts.subjects().unwrap().standing("anna", &asked).consented;
    assert_eq!(consented(), Reach::All);
    rights.withdraw(&to("marketing")).unwrap();
    assert_eq!(consented(), Reach::Nothing);
    for rights in [&rights, &Rights::over(Box::new(stub.clone()), key()).unwrap()] {
        for (given, reference, expect) in [
            (now - 3600, "vc-1", Err(Fault::Withdrawn)),
            (now - 3600, "vc-2", Err(Fault::Withdrawn)),
            (now + 20, "vc-3", Err(Fault::Withdrawn)),
            // Given anew, well after.
            (now + 60, "vc-4", Ok(())),
            (now + 60, "vc-1", Err(Fault::Withdrawn)),
        ] {
            assert_eq!(tells(rights, given, reference), expect, "{given} {reference}");
        }
    }
    let missing = Withdrawal::new(Some(anna), (None, Some("c-9".to_owned())), (rights.now(), "dora"));
    assert!(matches!(rights.withdraw(&missing), Err(ChangeError::Missing)));
}

#[test]
fn p4_what_closed_while_the_store_was_down_is_written_when_it_is_back() {
    let stub = Stub::default();
    let rights = rights(&stub);
    rights.consent(rights.subject("anna"), &consent(&rights, "anna")).unwrap();
    stub.down.store(true, Ordering::Relaxed);
    assert!(rights.withdraw(&all_of(&rights, "anna")).is_err());
    let restriction = Restriction {
        id: "r-1".to_owned(),
        subject: rights.subject("bo").to_string(),
        state: RestrictionState::Restricted,
        reason: String::new(),
        since: rights.now(),
        by: "dora".to_owned(),
    };
    assert!(rights.restrict(rights.subject("bo"), &restriction).is_err());
    rights.write();
    stub.down.store(false, Ordering::Relaxed);
    rights.write();
    let next = Rights::over(Box::new(stub.clone()), key()).unwrap();
    assert_eq!(covers(&next, "anna"), Reach::Nothing);
    assert_eq!(next.restrictions().unwrap().len(), 1);
    // What is given anew after it holds, also when all is read again.
    next.consent(next.subject("anna"), &consent(&next, "anna")).unwrap();
    assert_eq!(covers(&next, "anna"), Reach::All);
    let last = Rights::over(Box::new(stub), key()).unwrap();
    assert_eq!(covers(&last, "anna"), Reach::All);
}
