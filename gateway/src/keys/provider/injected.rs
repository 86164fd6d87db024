//! A fault put in front of a key service, for drills.

use super::{Fault, Provider};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// A switch for one service: which fault stands in front of it now.
#[derive(Clone, Debug, Default)]
pub struct Injected(Arc<AtomicU8>);

impl Injected {
    /// No fault.
    pub const NONE: u8 = 0;
    /// Not reached.
    pub const DOWN: u8 = 1;
    /// No answer.
    pub const HANG: u8 = 2;
    /// What is no answer.
    pub const GARBAGE: u8 = 3;
    /// Another key's answer.
    pub const WRONG_KEY: u8 = 4;

    /// From now on.
    pub fn set(&self, fault: u8) {
        self.0.store(fault, Ordering::Release);
    }

    pub(in crate::keys) fn before(&self, provider: Box<dyn Provider>) -> Box<dyn Provider> {
        Box::new(Faulty { switch: self.clone(), provider })
    }

    fn meet(&self) -> Result<(), Fault> {
        match self.0.load(Ordering::Acquire) {
            Injected::DOWN => Err(Fault::Unreachable),
            Injected::GARBAGE => Err(Fault::Garbage),
            Injected::HANG => {
                while self.0.load(Ordering::Acquire) == Injected::HANG {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(Fault::Slow)
            }
            _ => Ok(()),
        }
    }
}

struct Faulty {
    switch: Injected,
    provider: Box<dyn Provider>,
}

impl Provider for Faulty {
    fn wrap(&mut self, parcel: &[u8]) -> Result<Vec<u8>, Fault> {
        self.switch.meet()?;
        self.provider.wrap(parcel)
    }

    fn unwrap(&mut self, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.switch.meet()?;
        let mut parcel = self.provider.unwrap(wrapped)?;
        if self.switch.0.load(Ordering::Acquire) == Injected::WRONG_KEY {
            parcel.iter_mut().for_each(|byte| *byte ^= 0x5a);
        }
        Ok(parcel)
    }
}
