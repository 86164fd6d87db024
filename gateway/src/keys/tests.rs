use super::*;
use crate::admin::{OfficerEntry, OfficerRole};
use crate::config::{DataKeys, FileService, KeyService, Reach, SecretSource, TokenHash};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use yingbi_crypto::SigningKeys;
use yingbi_crypto::keys::{KeyName, KeyState};

/// A store of one category in a directory of its own, its passphrase stretched as little as can be.
struct Place {
    data: DataKeys,
    directory: PathBuf,
}

impl Place {
    fn new(name: &str) -> Place {
        let directory = std::env::temp_dir().join(format!("yingbi-keys-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        // A variable that every process has: tests change no environment.
        let passphrase = SecretSource::Env("PATH".to_owned());
        let data = DataKeys {
            store: directory.join("keystore.json"),
            cache: Duration::from_millis(300),
            health: Duration::from_millis(10),
            timeout: Duration::from_millis(200),
            primary: KeyService { kek: "soft".to_owned(), reach: Reach::File(FileService { passphrase }) },
            standby: None,
        };
        let mut store = Store::default();
        store.keks.insert("soft".to_owned(), Kdf { memory_kib: 8, passes: 1, ..Kdf::new().unwrap() });
        let place = Place { data, directory };
        place.change(&mut store, |lives| lives.complete(&["credit"]));
        place
    }

    fn change(&self, store: &mut Store, change: impl FnOnce(&mut Lives<'_>) -> Result<NewKeys, LifeError>) {
        let mut services = Services::of(&self.data, store).patient();
        change(&mut Lives { store, services: &mut services }).unwrap();
        store.write(&self.data.store, &Held::take(&self.data.store).unwrap()).unwrap();
    }

    fn store(&self) -> Store {
        Store::read(&self.data.store).unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Rounds until something holds.
fn until(keeper: &mut Keeper, holds: impl Fn(&Keeper) -> bool) -> Vec<KeysEvent> {
    let began = std::time::Instant::now();
    let mut events = Vec::new();
    while !holds(keeper) {
        assert!(began.elapsed() < Duration::from_secs(20));
        events.extend(keeper.round().events);
        std::thread::sleep(Duration::from_millis(10));
    }
    events
}

fn active(keeper: &Keeper) -> Option<u32> {
    keeper.keys().ring().active("credit").map(|key| key.version())
}

#[test]
fn k2_while_a_new_version_cannot_be_had_the_one_before_encrypts() {
    let place = Place::new("waits");
    let switch = Injected::default();
    let (mut keeper, _) = Keeper::with(&place.data, vec![(Role::Primary, switch.clone())]).unwrap();
    assert_eq!(active(&keeper), Some(1));
    switch.set(Injected::DOWN);
    let mut store = place.store();
    place.change(&mut store, |lives| lives.rotate(&["credit".to_owned()], false));
    let events = keeper.round().events;
    assert!(events.contains(&KeysEvent::Changed(2)), "{events:?}");
    assert_eq!(active(&keeper), Some(1), "not masked while the key service is slow");
    switch.set(Injected::NONE);
    until(&mut keeper, |keeper| active(keeper) == Some(2));
    assert!(keeper.keys().ring().by_id(&store.keys[0].kid).is_ok());
}

#[test]
fn k5_keys_that_nobody_vouches_for_are_let_go_and_come_back_with_other_nonces() {
    let place = Place::new("lost");
    let switch = Injected::default();
    let (mut keeper, _) = Keeper::with(&place.data, vec![(Role::Primary, switch.clone())]).unwrap();
    let seal = |keeper: &Keeper| {
        let mut sealed = Vec::new();
        let ring = keeper.keys().ring();
        ring.active("credit").unwrap().seal().seal_into(b"", b"one value", &mut sealed).unwrap();
        sealed
    };
    let before = seal(&keeper);
    for fault in [Injected::DOWN, Injected::HANG, Injected::GARBAGE, Injected::WRONG_KEY] {
        switch.set(fault);
        let events = until(&mut keeper, |keeper| keeper.vouched() == Vouched::Lost);
        assert_eq!(events, [KeysEvent::Cached, KeysEvent::Lost], "fault {fault}");
        assert_eq!(active(&keeper), None, "fault {fault}");
        switch.set(Injected::NONE);
        let events = until(&mut keeper, |keeper| active(keeper) == Some(1));
        assert_eq!(events, [KeysEvent::Switched(Role::Primary), KeysEvent::Back], "fault {fault}");
        assert_ne!(seal(&keeper), before, "a nonce was used twice");
    }
}

#[test]
fn k2_a_rotation_leaves_the_counter_of_a_key_in_use_alone() {
    let place = Place::new("counter");
    let (mut keeper, _) = Keeper::open(&place.data).unwrap();
    let held = keeper.keys().ring();
    let mut store = place.store();
    place.change(&mut store, |lives| lives.rotate(&["credit".to_owned()], false));
    until(&mut keeper, |keeper| active(keeper) == Some(2));
    let kid = &store.keys[0].kid;
    let (old, new) = (held.by_id(kid).unwrap(), keeper.keys().ring());
    assert!(std::ptr::eq(old, new.by_id(kid).unwrap()), "the same value, so the same counter");
}

#[test]
fn k2_two_people_with_the_right_roles_and_no_others() {
    let officer = |id: &str, role: OfficerRole| OfficerEntry {
        id: id.to_owned(),
        hash: TokenHash::of(&format!("token of {id}")),
        roles: vec![role],
        acts_as: Vec::new(),
        expires: None,
    };
    let mut officers = vec![officer("sun", OfficerRole::SecurityAdmin), officer("an", OfficerRole::Approver)];
    let both = ["token of sun", "token of an\n"];
    let two = Two { asked: "sun".to_owned(), approved: "an".to_owned() };
    assert_eq!(Two::of(&officers, both), Ok(two.clone()));
    assert_eq!(Two::of(&officers, [both[1], both[0]]), Ok(two));
    assert_eq!(Two::of(&officers, [both[0], both[0]]), Err(DestructionError::NotTwo));
    assert_eq!(Two::of(&officers, [both[0], "token of nobody"]), Err(DestructionError::Nobody));
    officers[1].expires = Some(std::time::UNIX_EPOCH);
    assert_eq!(Two::of(&officers, both), Err(DestructionError::Nobody));
    // One person in two entries is one person.
    officers[1] = officer("sun", OfficerRole::Approver);
    officers[1].hash = TokenHash::of("token of an");
    assert_eq!(Two::of(&officers, both), Err(DestructionError::NotTwo));
}

#[test]
fn k2_a_record_of_destruction_is_of_one_key_and_one_signer() {
    let signer = SigningKeys::from_secret(&[3; 32]).unwrap();
    let name = KeyName { kid: "aaaaaaaaaaaa".to_owned(), category: "credit".to_owned(), version: 1 };
    let two = Two { asked: "sun".to_owned(), approved: "an".to_owned() };
    let record = Destruction::sign(&signer, &name, "why", &two);
    assert!(record.verifies(&name, signer.public()));
    assert!(!record.verifies(&KeyName { version: 2, ..name.clone() }, signer.public()));
    assert!(!record.verifies(&name, SigningKeys::from_secret(&[4; 32]).unwrap().public()));
    assert!(!record.verifies(&name, &[]));
    let unsigned = Destruction { signatures: Vec::new(), ..record.clone() };
    assert!(!unsigned.verifies(&name, signer.public()));
    let bent = Destruction { record: record.record.replace("why", "not"), ..record };
    assert!(!bent.verifies(&name, signer.public()));
}

#[test]
fn k2_what_is_in_use_is_not_destroyed() {
    let place = Place::new("in-use");
    let mut store = place.store();
    let kid = store.keys[0].kid.clone();
    let record = |_: &KeyName| Destruction { record: "{}".to_owned(), signatures: Vec::new() };
    assert!(matches!(store.destroy(&kid, record), Err(LifeError::InUse)));
    place.change(&mut store, |lives| lives.rotate(&["credit".to_owned()], false));
    assert!(matches!(store.destroy(&kid, record), Err(LifeError::InUse)), "it makes tokens");
    place.change(&mut store, |lives| lives.rotate(&["credit".to_owned()], true));
    assert!(store.destroy(&kid, record).is_ok());
    let key = store.key(&kid).unwrap();
    assert_eq!((key.state, &key.wrapped), (KeyState::Destroyed, &BTreeMap::new()));
    assert!(matches!(store.destroy("bbbbbbbbbbbb", record), Err(LifeError::Missing)));
}
