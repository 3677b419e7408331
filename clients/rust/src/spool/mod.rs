//! Where sends are kept that can't be delivered in time, until they can. The format of the files is that
//! of all clients: clients/SPOOL.md.

mod adoption;
mod call_size;
mod courier;
mod deferred;
mod folder;
mod keeper;
mod memory;
mod orphans;
mod outgoing;
mod owner;
mod record;
mod spool_file;
#[cfg(test)]
mod tests;
mod told;

use crate::builder::SpoolOptions;
use crate::line::Line;
use crate::send::letter::Letter;
use crate::send::pending::closed_error;
use crate::send::reachability::Reachability;
use crate::send::report::{OnDropped, shielded};
use keeper::Keeper;
use outgoing::{Kept, Place};
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use told::Told;
use tonic::Status;

pub(crate) use owner::host_name;
pub(crate) use record::MOST_BODY_BYTES;

const TOUCH_EVERY: Duration = Duration::from_secs(20);
const ADOPT_EVERY: Duration = Duration::from_secs(30);
/// How long an end is held up for what it leaves.
pub(crate) const LAST_WRITES: Duration = Duration::from_secs(3);

/// What a spool is made of.
pub(crate) struct SpoolParts {
    pub(crate) options: SpoolOptions,
    /// `host:port`: only clients of the same one deliver what is in a file.
    pub(crate) target: String,
    pub(crate) service: String,
    pub(crate) line: Arc<Line>,
    pub(crate) reachability: Arc<Reachability>,
    pub(crate) on_dropped: OnDropped,
}

/// Where a letter was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    Disk,
    Memory,
    Full,
    /// For a record.
    TooLong,
    Closed,
}

/// Told where a letter was put. Whatever happens to it: that nobody keeps it, if it is dropped untold.
pub(crate) struct OnPlaced(Option<Box<dyn FnOnce(Placed) + Send>>);

impl OnPlaced {
    pub(crate) fn new(told: impl FnOnce(Placed) + Send + 'static) -> Self {
        Self(Some(Box::new(told)))
    }

    fn tell(mut self, placed: Placed) {
        if let Some(told) = self.0.take() {
            told(placed);
        }
    }
}

impl Drop for OnPlaced {
    fn drop(&mut self) {
        if let Some(told) = self.0.take() {
            told(Placed::Closed);
        }
    }
}

/// Asked of the thread that has the files: a disk that stalls must hold up no deadline and no lease.
enum Command {
    Keep(Arc<Letter>, OnPlaced),
    /// As much as goes in one call of so many bytes.
    Oldest(usize, HashSet<Place>, oneshot::Sender<Vec<Kept>>),
    Done(Vec<Place>, oneshot::Sender<()>),
    Wait(mpsc::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// Keeps what can't be sent, and delivers it when the service is back.
pub(crate) struct Spool {
    commands: mpsc::Sender<Command>,
    max_bytes: u64,
    told: Arc<Told>,
    courier: Mutex<Option<JoinHandle<()>>>,
}

impl Spool {
    /// Its deliveries are a task of the runtime that this is called in.
    pub(crate) fn start(parts: SpoolParts) -> Arc<Self> {
        let (commands, received) = mpsc::channel();
        let max_bytes = parts.options.max_bytes;
        let work = Arc::new(Notify::new());
        let told = Arc::clone(&work);
        let (options, target, service) = (parts.options, parts.target, parts.service);
        let (on_dropped, runtime) = (Arc::clone(&parts.on_dropped), Handle::current());
        std::thread::Builder::new()
            .name("dlq-spool".to_owned())
            .spawn(move || {
                let _within = runtime.enter(); // for whoever is told here, who may spawn a task
                let mut keeper = Keeper::new(options, &target, &service);
                let closed = tend(&received, &mut keeper, &told);
                for lost in keeper.close() {
                    let error = closed_error().maybe_stored_if(true);
                    shielded("on_dropped", || on_dropped(&error, &lost.queue));
                }
                if let Some(closed) = closed {
                    let _ = closed.send(());
                }
            })
            .expect("a thread can be started");
        let asked = commands.clone();
        let refusals = Arc::new(Told::default());
        let deliver = courier::deliver(courier::Courier {
            commands: asked,
            line: parts.line,
            reachability: parts.reachability,
            on_dropped: parts.on_dropped,
            work,
            told: Arc::clone(&refusals),
        });
        let courier = Mutex::new(Some(tokio::spawn(deliver)));
        Arc::new(Self {
            commands,
            max_bytes,
            told: refusals,
            courier,
        })
    }

    pub(crate) const fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// `placed` is called by another thread.
    pub(crate) fn keep(&self, letter: Arc<Letter>, placed: OnPlaced) {
        // Dropped where it is closed, which tells.
        let _ = self.commands.send(Command::Keep(letter, placed));
    }

    /// Why what is refused for now, or can't be delivered, waits here.
    pub(crate) fn tell_of(&self, status: &Status) {
        self.told.tell(status);
    }

    /// Until what was given so far is placed, or the disk takes too long. Blocks.
    pub(crate) fn wait_for_writes(&self) {
        let (done, wait) = mpsc::channel();
        if self.commands.send(Command::Wait(done)).is_ok() {
            let _ = wait.recv_timeout(LAST_WRITES);
        }
    }

    /// What is left stays in its files, for another process; what is in memory only is lost, and told.
    pub(crate) async fn close(&self) {
        let courier = self.courier.lock().unwrap().take();
        if let Some(courier) = courier {
            courier.abort();
            let _ = courier.await;
        }
        let (reply, closed) = oneshot::channel();
        if self.commands.send(Command::Close(reply)).is_ok() {
            // A disk that stalls must not hold up whoever closes.
            let _ = tokio::time::timeout(LAST_WRITES, closed).await;
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Some(courier) = self.courier.lock().unwrap().take() {
            courier.abort();
        }
        let _ = self.commands.send(Command::Close(oneshot::channel().0));
    }
}

/// What the thread does that has the files, until the spool is closed; gives whom to tell that it is.
fn tend(
    commands: &mpsc::Receiver<Command>,
    keeper: &mut Keeper,
    work: &Notify,
) -> Option<oneshot::Sender<()>> {
    let mut adopt_at = Instant::now();
    let mut touch_at = Instant::now() + TOUCH_EVERY;
    loop {
        let now = Instant::now();
        if adopt_at <= now || keeper.wants_more() {
            adopt_at = now + ADOPT_EVERY;
            if unless_at_fault(|| keeper.adopt()).unwrap_or(false) {
                work.notify_one();
            }
        }
        if touch_at <= now {
            touch_at = now + TOUCH_EVERY;
            unless_at_fault(|| keeper.touch());
        }
        let wait = adopt_at.min(touch_at).saturating_duration_since(now);
        match commands.recv_timeout(wait) {
            Ok(Command::Close(closed)) => return Some(closed),
            Ok(command) => {
                unless_at_fault(|| obey(command, keeper, work));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Whoever asks is answered also where we are at fault: no answer says that it is closed.
fn obey(command: Command, keeper: &mut Keeper, work: &Notify) {
    match command {
        Command::Keep(letter, placed) => {
            let place = keeper.keep(&letter);
            if matches!(place, Placed::Disk | Placed::Memory) {
                work.notify_one();
            }
            placed.tell(place);
        }
        Command::Oldest(most_bytes, skipped, reply) => {
            let oldest = unless_at_fault(|| keeper.oldest(most_bytes, &skipped));
            let _ = reply.send(oldest.unwrap_or_default());
        }
        Command::Done(places, reply) => {
            unless_at_fault(|| keeper.done(&places));
            let _ = reply.send(());
        }
        Command::Wait(done) => {
            let _ = done.send(());
        }
        Command::Close(_) => unreachable!("it ends the loop"),
    }
}

/// A fault of ours must not end the spool for as long as the process lives.
fn unless_at_fault<T>(act: impl FnOnce() -> T) -> Option<T> {
    let done = catch_unwind(AssertUnwindSafe(act)).ok();
    if done.is_none() {
        shielded("the log", || {
            tracing::error!("a fault in the spool, which goes on");
        });
    }
    done
}
