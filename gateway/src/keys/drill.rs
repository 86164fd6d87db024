//! Drills: a key service fails on purpose, with the firm's own store and services, and comes back.
//!
//! A drill has a keeper of its own. The fault stands in front of the real services, so that before and after it they are
//! really asked, and the gateway that runs is not touched. The time of the cache is shortened, or a drill would last for
//! a quarter of an hour. What is sealed and opened is invented.

use super::{Injected, Keeper, Keys, Role, Round, StoreError, Vouched};
use crate::config::DataKeys;
use std::time::{Duration, Instant};
use yingbi_crypto::envelope;
use yingbi_crypto::keys::KeyFault;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    /// The primary can't be reached; there must be a standby.
    Primary,
    /// No service can be reached.
    Down,
    /// No service answers.
    Hang,
    /// Every service answers what is no answer.
    Garbage,
    /// Every service has another key.
    WrongKey,
}

/// One step: what was done or waited for, how long it took, whether it came out as it must.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// In words, English and Chinese.
    pub what: (&'static str, &'static str),
    /// From the step before.
    pub took: Duration,
    /// As promised.
    pub good: bool,
}

/// Lets it fail, and switches back. The drill is good when every step is.
///
/// # Errors
/// The store can't be used.
pub fn run(data: &DataKeys, failing: Failing) -> Result<Vec<Step>, StoreError> {
    let data = DataKeys { cache: CACHE, ..data.clone() };
    let switches: Vec<(Role, Injected)> =
        data.services().zip(Role::ALL).map(|(_, role)| (role, Injected::default())).collect();
    let (keeper, _) = Keeper::with(&data, switches.clone())?;
    let keys = keeper.keys();
    let mut drill = Drill { keeper, pace: data.health, steps: Vec::new() };
    drill.until(("the primary vouches for the keys", "主密钥服务可用"), PATIENCE, |keeper, _| {
        keeper.vouched() == Vouched::By(Role::Primary) && !keeper.keys().ring().lacks_keys()
    });
    let sealed = sealed(&keys);
    drill.told(("a value is sealed and opened", "可加密并解密"), opens(&keys, &sealed));
    if failing == Failing::Primary && data.standby.is_none() {
        drill.told(("there is no `keys.standby`", "没有配置 `keys.standby`"), false);
        return Ok(drill.steps);
    }
    if drill.steps.iter().all(|step| step.good) {
        let fault = match failing {
            Failing::Primary | Failing::Down => Injected::DOWN,
            Failing::Hang => Injected::HANG,
            Failing::Garbage => Injected::GARBAGE,
            Failing::WrongKey => Injected::WRONG_KEY,
        };
        let fail = switches.iter().filter(|(role, _)| failing != Failing::Primary || *role == Role::Primary);
        fail.for_each(|(_, switch)| switch.set(fault));
        match failing {
            Failing::Primary => drill.standby(&keys, &sealed),
            _ => drill.lost(&keys, &sealed),
        }
    }
    // Back, whatever came of it.
    switches.iter().for_each(|(_, switch)| switch.set(Injected::NONE));
    drill.until(
        ("switched back: the primary vouches again", "已切回：主密钥服务恢复"),
        PATIENCE,
        |keeper, _| keeper.vouched() == Vouched::By(Role::Primary) && !keeper.keys().ring().lacks_keys(),
    );
    drill.told(
        ("what was sealed before the drill is opened", "演练前的密文可解密"),
        opens(&keys, &sealed) && self::sealed(&keys).is_some(),
    );
    Ok(drill.steps)
}

struct Drill {
    keeper: Keeper,
    pace: Duration,
    steps: Vec<Step>,
}

impl Drill {
    fn standby(&mut self, keys: &Keys, sealed: &Option<String>) {
        self.until(
            ("the primary is down: the standby vouches within a second", "主密钥服务中断：一秒内切至备用"),
            SECOND,
            |keeper, _| keeper.vouched() == Vouched::By(Role::Standby),
        );
        let works = opens(keys, sealed) && self::sealed(keys).is_some();
        self.told(("sealing and opening go on", "加解密不受影响"), works);
    }

    fn lost(&mut self, keys: &Keys, sealed: &Option<String>) {
        self.until(
            ("no service vouches: the cached keys are used", "密钥服务全部中断：改用缓存密钥"),
            PATIENCE,
            |keeper, _| keeper.vouched() == Vouched::Cached,
        );
        let works = opens(keys, sealed) && self::sealed(keys).is_some();
        self.told(("sealing and opening go on", "加解密不受影响"), works);
        self.until(
            ("the time of the cache is over (shortened for the drill)", "缓存到期（演练中已缩短）"),
            PATIENCE,
            |keeper, _| keeper.vouched() == Vouched::Lost,
        );
        let ring = keys.ring();
        let nothing_opens =
            sealed.as_deref().and_then(|text| envelope::parse(text).ok()).is_some_and(|sealed| {
                ring.by_id(sealed.kid()).is_err_and(|fault| fault == KeyFault::Unavailable)
            });
        let nothing_seals = ring.slots().iter().all(|slot| ring.active(&slot.name.category).is_none());
        self.told(
            (
                "no key is left: values are masked, nothing is opened, nothing is clear",
                "密钥已清除：改为脱敏，不解密，绝无明文",
            ),
            nothing_opens && nothing_seals,
        );
    }

    fn until(
        &mut self,
        what: (&'static str, &'static str),
        limit: Duration,
        holds: impl Fn(&Keeper, &Round) -> bool,
    ) {
        let began = Instant::now();
        loop {
            let round = self.keeper.round();
            let good = holds(&self.keeper, &round);
            let took = began.elapsed();
            if good || took > limit {
                self.steps.push(Step { what, took, good: good && took <= limit });
                return;
            }
            std::thread::sleep(self.pace);
        }
    }

    fn told(&mut self, what: (&'static str, &'static str), good: bool) {
        self.steps.push(Step { what, took: Duration::ZERO, good });
    }
}

/// An invented value under an active key.
fn sealed(keys: &Keys) -> Option<String> {
    let ring = keys.ring();
    let key = ring.slots().iter().find_map(|slot| ring.active(&slot.name.category))?;
    let mut sealed = Vec::new();
    key.seal().seal_into(BOUND_TO, INVENTED, &mut sealed).ok()?;
    String::from_utf8(sealed).ok()
}

fn opens(keys: &Keys, sealed: &Option<String>) -> bool {
    let ring = keys.ring();
    let envelope = sealed.as_deref().and_then(|text| envelope::parse(text).ok());
    envelope.is_some_and(|envelope| {
        let key = ring.by_id(envelope.kid());
        key.is_ok_and(|key| key.open().open(&envelope, BOUND_TO).is_ok_and(|plain| *plain == INVENTED))
    })
}

const BOUND_TO: &[u8] = b"yingbi/drill";
const INVENTED: &[u8] = b"yingbi drill: nobody's data";
/// In place of `keys.cache_seconds`.
const CACHE: Duration = Duration::from_secs(3);
const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(15);
