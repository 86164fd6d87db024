//! A key service behind a bound: a thread of its own makes the calls, whoever asks waits no longer than told, and a
//! service that failed is left alone for a while.

use super::provider::{Connect, Fault, Injected, Provider, connect};
use super::{Store, StoredKey};
use crate::config::{DataKeys, KeyService};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::time::{Duration, Instant};
use yingbi_crypto::keys::{DataKey, KeyName, pack, unpack};
use zeroize::Zeroizing;

/// The services of a configuration, the primary first.
pub struct Services(Vec<Service>);

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// `keys.primary`.
    Primary,
    /// `keys.standby`.
    Standby,
}

impl Role {
    /// Both.
    pub const ALL: [Role; 2] = [Role::Primary, Role::Standby];

    /// The word of metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Role::Primary => "primary",
            Role::Standby => "standby",
        }
    }
}

/// One service.
pub struct Service {
    /// Which.
    pub role: Role,
    /// Name of its key-encrypting key.
    pub kek: String,
    calls: Sender<Call>,
    patience: Duration,
    breaker: Breaker,
    last: Option<Duration>,
}

/// Keeps calls from a service that fails, longer each time.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    open: Option<(Instant, Fault)>,
}

struct Call {
    what: What,
    reply: SyncSender<Result<Zeroizing<Vec<u8>>, Fault>>,
}

enum What {
    /// Only waits until the service was tried.
    Meet,
    Wrap(Zeroizing<Vec<u8>>),
    Unwrap(Vec<u8>),
}

impl Services {
    /// The services that a configuration names. Passphrases are stretched; whether anybody answers is not asked yet.
    pub fn of(data: &DataKeys, store: &Store) -> Services {
        Services::with(data, store, |_| None)
    }

    /// The same, with switches for faults in front of some.
    pub fn with(data: &DataKeys, store: &Store, injected: impl Fn(Role) -> Option<Injected>) -> Services {
        let services = data.services().zip(Role::ALL);
        Services(
            services
                .map(|(service, role)| Service::start(role, service, store, data.timeout, injected(role)))
                .collect(),
        )
    }

    /// All of them, the primary first.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Service> {
        self.0.iter_mut()
    }

    /// Waits until each was reached or not, for as long as a module may take to start.
    pub fn meet(&mut self) {
        for service in &mut self.0 {
            let _ = service.call(What::Meet, CONNECT);
        }
    }

    /// Lets commands, which nobody waits behind, be patient.
    pub fn patient(mut self) -> Services {
        self.0.iter_mut().for_each(|service| service.patience = CONNECT);
        self.meet();
        self
    }
}

impl Service {
    fn start(
        role: Role,
        service: &KeyService,
        store: &Store,
        patience: Duration,
        injected: Option<Injected>,
    ) -> Service {
        let (calls, asked) = channel();
        let mut reach = connect(service, store);
        if let (Some(switch), Ok(inner)) = (injected, &mut reach) {
            let mut inner: Connect = std::mem::replace(inner, Box::new(|| Err(Fault::Unreachable)));
            reach = Ok(Box::new(move || inner().map(|provider| switch.before(provider))));
        }
        // Without a thread calls find nobody, which is what a service that is down looks like.
        let _ = std::thread::Builder::new()
            .name(format!("yingbi-kek-{}", role.name()))
            .spawn(move || work(reach, &asked));
        Service { role, kek: service.kek.clone(), calls, patience, breaker: Breaker::default(), last: None }
    }

    /// A new data key's secret, wrapped, after what came of it was unwrapped again and found the same: nothing goes
    /// into the store that can't be had back.
    ///
    /// # Errors
    /// The service did not do it.
    pub fn wrap(&mut self, name: &KeyName, secret: &[u8; DataKey::SECRET_BYTES]) -> Result<Vec<u8>, Fault> {
        let parcel = pack(name, secret);
        let wrapped = self.guarded(What::Wrap(parcel))?.to_vec();
        let again = self.guarded(What::Unwrap(wrapped.clone()))?;
        if unpack(name, &again).is_some_and(|again| *again == *secret) {
            Ok(wrapped)
        } else {
            Err(Fault::WrongKey)
        }
    }

    /// The secret of a stored key.
    ///
    /// # Errors
    /// The service did not give it, or gave another.
    pub fn unwrap(&mut self, key: &StoredKey) -> Result<Zeroizing<[u8; DataKey::SECRET_BYTES]>, Fault> {
        let wrapped = key.wrapped_by(&self.kek).ok_or(Fault::NothingWrapped)?;
        let parcel = self.guarded(What::Unwrap(wrapped))?;
        let secret = unpack(&key.name(), &parcel).ok_or(Fault::WrongKey);
        self.breaker.note(secret.as_ref().err().copied());
        secret
    }

    /// How long the last call took.
    pub fn last_call(&self) -> Option<Duration> {
        self.last
    }

    fn guarded(&mut self, what: What) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.breaker.pass()?;
        let began = Instant::now();
        let answer = self.call(what, self.patience);
        self.last = Some(began.elapsed());
        self.breaker.note(answer.as_ref().err().copied());
        answer
    }

    fn call(&self, what: What, patience: Duration) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let (reply, answer) = sync_channel(1);
        self.calls.send(Call { what, reply }).map_err(|_| Fault::Unreachable)?;
        match answer.recv_timeout(patience) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => Err(Fault::Slow),
            Err(RecvTimeoutError::Disconnected) => Err(Fault::Unreachable),
        }
    }
}

impl Breaker {
    fn pass(&self) -> Result<(), Fault> {
        match self.open {
            Some((until, fault)) if Instant::now() < until => Err(fault),
            _ => Ok(()),
        }
    }

    fn note(&mut self, fault: Option<Fault>) {
        let Some(fault) = fault else {
            *self = Breaker::default();
            return;
        };
        let pause = PAUSE_LEAST.saturating_mul(1 << self.failures.min(8)).min(PAUSE_MOST);
        self.failures = self.failures.saturating_add(1);
        self.open = Some((Instant::now() + pause, fault));
    }
}

/// Makes the calls, one after the other. Answers that nobody waits for any more are dropped.
fn work(reach: Result<Connect, Fault>, asked: &Receiver<Call>) {
    let mut reach = match reach {
        Ok(reach) => reach,
        Err(fault) => {
            for call in asked {
                let _ = call.reply.try_send(Err(fault));
            }
            return;
        }
    };
    let mut provider = reach();
    let mut again = Instant::now() + pause_after(&provider);
    for Call { what, reply } in asked {
        if provider.is_err() && Instant::now() >= again {
            provider = reach();
            again = Instant::now() + pause_after(&provider);
        }
        let answer = match &mut provider {
            Ok(provider) => perform(provider.as_mut(), what),
            Err(fault) => Err(*fault),
        };
        if let Err(fault @ (Fault::Unreachable | Fault::Failed(_) | Fault::Slow)) = answer {
            // A session that failed once is not trusted again.
            if provider.is_ok() {
                provider = Err(fault);
                again = Instant::now();
            }
        }
        let _ = reply.try_send(answer);
    }
}

fn perform(provider: &mut dyn Provider, what: What) -> Result<Zeroizing<Vec<u8>>, Fault> {
    match what {
        What::Meet => Ok(Zeroizing::default()),
        What::Wrap(parcel) => provider.wrap(&parcel).map(Zeroizing::new),
        What::Unwrap(wrapped) => provider.unwrap(&wrapped),
    }
}

fn pause_after(provider: &Result<Box<dyn Provider>, Fault>) -> Duration {
    match provider {
        Ok(_) => Duration::ZERO,
        // A wrong PIN, given a few times, locks a module for good.
        Err(Fault::Refused) => REFUSED_PAUSE,
        Err(_) => PAUSE_LEAST,
    }
}

/// The longest a module may take to start.
const CONNECT: Duration = Duration::from_secs(10);
const PAUSE_LEAST: Duration = Duration::from_millis(250);
/// A service that came back is noticed within it.
const PAUSE_MOST: Duration = Duration::from_secs(4);
const REFUSED_PAUSE: Duration = Duration::from_secs(600);
