//! The thread that reads and writes spool files.

use crate::log::log;
use crate::options::SpoolOptions;
use crate::panics::{catch_and_log, catch_panic};
use crate::send::calls::SizedRequest;
use crate::send::drop_report::OnDropped;
use crate::send::pending_send::closed_error;
use crate::spool::store::{Place, SpoolStore, SpooledMessage};
use crate::spool::usage::{SharedUsage, Usage};
use crate::spool::{OnSpooled, SpoolResult};
use std::collections::HashSet;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

const TOUCH_INTERVAL: Duration = Duration::from_secs(20);
const RECOVERY_INTERVAL: Duration = Duration::from_secs(30);

/// A task for the writer thread.
pub(crate) enum Command {
    Store(Arc<SizedRequest>, OnSpooled),
    /// Reads the oldest messages that fit into a number of bytes, without those at the given places.
    Next(usize, HashSet<Place>, oneshot::Sender<Vec<SpooledMessage>>),
    /// Removes messages.
    Done(Vec<Place>, oneshot::Sender<()>),
    /// Replies when all earlier commands are done.
    Flush(mpsc::Sender<()>),
    Close(oneshot::Sender<()>),
}

/// Writes spooled messages in the background, on a thread of its own: a stalled disk must not delay
/// deadlines and leases.
pub(crate) struct SpoolWriter {
    pub(crate) options: SpoolOptions,
    pub(crate) target: String,
    pub(crate) service: String,
    pub(crate) on_dropped: OnDropped,
    /// Notified when there are messages to send.
    pub(crate) new_messages: Arc<Notify>,
    /// Set by the writer.
    pub(crate) usage: Arc<SharedUsage>,
}

impl SpoolWriter {
    pub(crate) fn start(self) -> mpsc::Sender<Command> {
        let (commands, received) = mpsc::channel();
        let runtime = Handle::current();
        std::thread::Builder::new()
            .name("dlq-spool".to_owned())
            .spawn(move || {
                let _entered = runtime.enter(); // callbacks may spawn tasks
                let mut store = SpoolStore::new(self.options, &self.target, &self.service);
                let closed = run(&received, &mut store, &self.new_messages, &self.usage);
                let lost = store.close();
                self.usage.set(Usage::default());
                for lost in lost {
                    let error = closed_error().with_maybe_stored(true);
                    catch_and_log("on_dropped", || (self.on_dropped)(&error, &lost.queue));
                }
                if let Some(closed) = closed {
                    let _ = closed.send(());
                }
            })
            .expect("a thread can be started");
        commands
    }
}

/// Runs until the spool is closed. Returns the reply of the `Close` command, if there was one.
fn run(
    commands: &mpsc::Receiver<Command>,
    store: &mut SpoolStore,
    new_messages: &Notify,
    usage: &SharedUsage,
) -> Option<oneshot::Sender<()>> {
    let mut recover_at = Instant::now();
    let mut touch_at = Instant::now() + TOUCH_INTERVAL;
    loop {
        let now = Instant::now();
        if recover_at <= now || store.can_recover_more() {
            recover_at = now + RECOVERY_INTERVAL;
            if catch_bug(|| store.recover_orphans()).unwrap_or(false) {
                usage.set(store.usage());
                new_messages.notify_one();
            }
        }
        if touch_at <= now {
            touch_at = now + TOUCH_INTERVAL;
            catch_bug(|| store.touch());
            usage.set(store.usage());
        }
        let wait = recover_at.min(touch_at).saturating_duration_since(now);
        match commands.recv_timeout(wait) {
            Ok(Command::Close(closed)) => return Some(closed),
            Ok(command) => {
                catch_bug(|| execute(command, store, new_messages, usage));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return None,
        }
    }
}

/// Replies even after a panic in the store: without a reply the sender would take the spool for closed.
fn execute(command: Command, store: &mut SpoolStore, new_messages: &Notify, usage: &SharedUsage) {
    match command {
        Command::Store(request, on_spooled) => {
            let result = store.add(&request);
            usage.set(store.usage());
            if matches!(result, SpoolResult::Disk | SpoolResult::Memory) {
                new_messages.notify_one();
            }
            on_spooled.call(result);
        }
        Command::Next(max_bytes, skipped, reply) => {
            let messages = catch_bug(|| store.next_messages(max_bytes, &skipped));
            usage.set(store.usage()); // damaged messages are removed
            let _ = reply.send(messages.unwrap_or_default());
        }
        Command::Done(places, reply) => {
            catch_bug(|| store.mark_done(&places));
            usage.set(store.usage());
            let _ = reply.send(());
        }
        Command::Flush(done) => {
            let _ = done.send(());
        }
        Command::Close(_) => unreachable!("it ends the loop"),
    }
}

/// A bug in one command must not end the spool.
fn catch_bug<T>(act: impl FnOnce() -> T) -> Option<T> {
    let done = catch_panic(act);
    if done.is_none() {
        log!(error, "a spool command panicked; the spool continues");
    }
    done
}
