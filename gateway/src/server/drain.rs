//! Stopping: listeners close at once, what is in flight finishes within the grace, the log is flushed, the process ends.
//!
//! Pingora sleeps its whole grace period even when nothing is left to wait for, so this ends the process itself.

use crate::admin::Readiness;
use crate::evidence::Lag;
use crate::metrics::Metrics;
use crate::state::inventory::Inventory;
use crate::state::rights::Rights;
use async_trait::async_trait;
use pingora_core::server::{ExecutionPhase, ShutdownSignal, ShutdownSignalWatch};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::broadcast::Receiver;
use yingbi_audit::Log;

/// How often the drain looks whether it is done.
const STEP: Duration = Duration::from_millis(10);

/// SIGTERM and SIGINT both drain.
pub struct Signals;

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            // Without signal handlers the default actions of the system still end the process.
            return std::future::pending().await;
        };
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        ShutdownSignal::GracefulTerminate
    }
}

/// Waits for the end in a thread of its own.
pub fn start(
    mut phases: Receiver<ExecutionPhase>,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
    (audit, lag): (Arc<Log>, Lag),
    (inventory, rights): (Arc<Inventory>, Arc<Rights>),
    grace: Duration,
) {
    std::thread::spawn(move || {
        while let Ok(phase) = phases.blocking_recv() {
            match phase {
                ExecutionPhase::GracefulTerminate => readiness.set_draining(),
                ExecutionPhase::ShutdownGracePeriod => break,
                _ => {}
            }
        }
        let deadline = Instant::now() + grace;
        // One step first: a request that was just accepted counts only once its head is read.
        std::thread::sleep(STEP);
        while metrics.in_flight_now() > 0 && Instant::now() < deadline {
            std::thread::sleep(STEP);
        }
        let cut = metrics.in_flight_now();
        if cut > 0 {
            tracing::warn!(exchanges = cut, "grace is over, exchanges are cut");
        }
        inventory.write();
        rights.write();
        if audit.close().is_err() {
            tracing::error!("the audit log did not close in order");
        }
        lag.wait_shipped(audit.durable());
        tracing::info!("drained");
        crate::logs::flush();
        std::process::exit(0)
    });
}
