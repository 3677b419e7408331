//! The common part of workers with handlers and with a stream.

use crate::call_error::refusal;
use crate::client::Client;
use crate::error::Error;
use crate::v1::{self, StreamDueRequest};
use crate::worker::due_stream::{self, StreamListener};
use crate::worker::lease::{Closed, Lease};
use crate::worker::leases::Leases;
use crate::worker::options::WorkerBuilder;
use crate::worker::outcome::Outcome;
use crate::worker::outcome_reporter::OutcomeReporter;
use crate::worker::ready::Ready;
use crate::worker::worker_reports::WorkerReports;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// How long a cancelled handler may take to end before its message is released.
const CANCEL_GRACE: Duration = Duration::from_secs(1);
// A stopping worker waits for the answers to its outcomes for the rest of its timeout, within these limits.
const MIN_REPORT_TIME: Duration = Duration::from_secs(1);
const MAX_REPORT_TIME: Duration = Duration::from_secs(5);

pub(crate) struct WorkerCore {
    client: Client,
    runtime: Handle,
    pub(super) reports: Arc<WorkerReports>,
    outcome_reporter: Arc<OutcomeReporter>,
    leases: Arc<Leases>,
    ready: Ready,
    running: Mutex<HashMap<String, Arc<Lease>>>,
    idle: Notify,
    session_id: Mutex<String>,
    drain_timeout: Duration,
    /// Cancelled when the worker stops taking deliveries.
    closing: CancellationToken,
    /// Cancelled when the stream has ended.
    stream_ended: CancellationToken,
    /// Cancelled when the worker has stopped.
    ended: CancellationToken,
    /// The worker waits for handlers no longer.
    pub(super) is_aborting: AtomicBool,
    /// The deadline of running handlers, once the worker stops.
    deadline: watch::Sender<Option<Instant>>,
    /// The server's permanent refusal.
    refused: Mutex<Option<Status>>,
}

impl std::fmt::Debug for WorkerCore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkerCore").finish_non_exhaustive()
    }
}

impl WorkerCore {
    pub(crate) fn start(client: Client, request: StreamDueRequest, options: WorkerBuilder) -> Arc<Self> {
        let reports = Arc::new(WorkerReports::new(
            &request.queues,
            options.on_error,
            options.on_settled,
        ));
        let channel = Arc::clone(&client.inner().channel);
        let leases = Arc::new(Leases::new(Arc::clone(&channel)));
        let (reported, held) = (Arc::clone(&reports), Arc::clone(&leases));
        let outcome_reporter = OutcomeReporter::new(
            channel,
            Box::new(move |one, result| {
                held.remove(&one.lease);
                match result {
                    Ok(result) => reported.answered(one, result.as_ref()),
                    Err(status) => reported.given_up(one, status),
                }
            }),
        );
        let core = Arc::new(Self {
            client,
            runtime: Handle::current(),
            reports,
            outcome_reporter,
            leases,
            ready: Ready::default(),
            running: Mutex::default(),
            idle: Notify::new(),
            session_id: Mutex::default(),
            drain_timeout: options.drain_timeout,
            closing: CancellationToken::new(),
            stream_ended: CancellationToken::new(),
            ended: CancellationToken::new(),
            is_aborting: AtomicBool::new(false),
            deadline: watch::Sender::new(None),
            refused: Mutex::default(),
        });
        tokio::spawn(Arc::clone(&core.outcome_reporter).pump(core.ended.clone()));
        tokio::spawn(Arc::clone(&core).extend_leases());
        tokio::spawn(Arc::clone(&core).run_stream(request));
        core
    }

    async fn extend_leases(self: Arc<Self>) {
        let extend = self.leases.extend(
            |lease| self.lose(lease),
            |status| self.reports.interrupted(&refusal(status, false)),
        );
        tokio::select! {
            () = extend => {}
            () = self.ended.cancelled() => {}
        }
    }

    async fn run_stream(self: Arc<Self>, request: StreamDueRequest) {
        let _ended = self.stream_ended.clone().drop_guard();
        let connector = self.client.inner().connector.clone();
        tokio::select! {
            status = due_stream::run(&connector, request, &*self) => {
                self.reports.error(&refusal(status.clone(), false), None);
                *self.refused.lock().unwrap() = Some(status);
                self.begin_stop(None);
            }
            () = self.closing.cancelled() => {}
        }
    }

    /// Returns the next deliveries, which then count as running: those that wait, at most `size`. Returns `None` once
    /// the worker stops.
    pub(crate) fn poll_batch(&self, size: usize, context: &mut Context<'_>) -> Poll<Option<Vec<Arc<Lease>>>> {
        // Under one lock: a delivery that is neither waiting nor running would be missed by a stop.
        let mut running = self.running.lock().unwrap();
        let mut batch = Vec::new();
        while batch.len() < size {
            match self.ready.poll_next(context) {
                Poll::Ready(Some(lease)) => {
                    lease.start();
                    running.insert(lease.token.clone(), Arc::clone(&lease));
                    batch.push(lease);
                }
                end if batch.is_empty() => return end.map(|_| None),
                _ => break,
            }
        }
        Poll::Ready(Some(batch))
    }

    pub(crate) fn settle(&self, lease: &Arc<Lease>, outcome: Outcome) {
        let closed = lease.close();
        if closed != Closed::Before
            && let Some(duration) = lease.running_time()
        {
            let metrics = &self.client.inner().metrics;
            metrics.handled(lease.queue(), &outcome, duration);
        }
        if closed == Closed::Now {
            self.outcome_reporter.add(Arc::clone(lease), outcome);
        }
        let mut running = self.running.lock().unwrap();
        running.remove(&lease.token);
        if running.is_empty() {
            self.idle.notify_waiters();
        }
    }

    /// Stops after a drop of the worker.
    pub(crate) fn dropped(self: &Arc<Self>) {
        if self.deadline.borrow().is_none() && self.session_id.lock().unwrap().is_empty() {
            self.reports.dropped_at_once();
        }
        self.begin_stop(None);
    }

    fn lose(&self, lease: &Arc<Lease>) {
        self.leases.remove(lease);
        if lease.lose() {
            self.reports.lost(lease);
            lease.cancel.cancel();
        }
    }

    pub(crate) async fn stop(self: &Arc<Self>, timeout: Option<Duration>) {
        self.begin_stop(timeout);
        self.ended().await;
    }

    pub(crate) async fn ended(&self) {
        self.ended.cancelled().await;
    }

    pub(crate) async fn done(&self) -> Result<(), Error> {
        self.ended().await;
        let refused = self.refused.lock().unwrap().clone();
        refused.map_or(Ok(()), |status| Err(refusal(status, false)))
    }

    /// Starts to stop. A later call may shorten the timeout.
    pub(crate) fn begin_stop(self: &Arc<Self>, timeout: Option<Duration>) {
        let until = Instant::now()
            + timeout
                .unwrap_or(self.drain_timeout)
                .min(Duration::from_secs(1 << 32));
        let mut is_first = false;
        self.deadline.send_modify(|deadline| {
            is_first = deadline.is_none();
            *deadline = Some(deadline.map_or(until, |earlier| earlier.min(until)));
        });
        if is_first {
            self.closing.cancel();
            // If the runtime has ended, it drops the task at once.
            let ended = self.ended.clone().drop_guard();
            let core = Arc::clone(self);
            self.runtime.spawn(async move {
                core.drain().await;
                drop(ended);
            });
        }
    }

    async fn drain(self: Arc<Self>) {
        for lease in self.ready.close() {
            self.settle(&lease, Outcome::released());
        }
        // Another thread may be adding deliveries, which must be released, too.
        let _ = tokio::time::timeout(MIN_REPORT_TIME, self.stream_ended.cancelled()).await;
        if !self.is_idle_in_time().await {
            self.is_aborting.store(true, Ordering::SeqCst);
            let running: Vec<_> = self.running.lock().unwrap().values().cloned().collect();
            WorkerReports::cancelled(&running);
            for lease in &running {
                lease.cancel.cancel();
            }
            let _ = tokio::time::timeout(CANCEL_GRACE, self.idle()).await;
            for lease in &running {
                self.settle(lease, Outcome::released());
            }
        }
        let left = self.time_left().clamp(MIN_REPORT_TIME, MAX_REPORT_TIME);
        if tokio::time::timeout(left, self.outcome_reporter.flush())
            .await
            .is_ok()
        {
            let session_id = self.session_id.lock().unwrap().clone();
            let _ = tokio::time::timeout(MIN_REPORT_TIME, self.leases.release_undelivered(&session_id)).await;
        } else {
            self.outcome_reporter.abandon();
            // A callback for an outcome may wait for this stop.
            let _ = tokio::time::timeout(MIN_REPORT_TIME, self.outcome_reporter.flush()).await;
        }
    }

    fn time_left(&self) -> Duration {
        let until = *self.deadline.borrow();
        until.map_or(Duration::ZERO, |until| {
            until.saturating_duration_since(Instant::now())
        })
    }

    /// Waits for running handlers until the deadline, which may move nearer.
    async fn is_idle_in_time(&self) -> bool {
        let mut changes = self.deadline.subscribe();
        let mut idle = pin!(self.idle());
        loop {
            tokio::select! {
                biased;
                () = &mut idle => return true,
                () = tokio::time::sleep(self.time_left()) => return false,
                _ = changes.changed() => {}
            }
        }
    }

    async fn idle(&self) {
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.running.lock().unwrap().is_empty() {
                return;
            }
            idle.await;
        }
    }
}

impl StreamListener for WorkerCore {
    fn opened(&self, session_id: &str, lease_duration: Duration) {
        self.reports.stream_opened();
        session_id.clone_into(&mut self.session_id.lock().unwrap());
        self.leases.set_duration(lease_duration);
        self.outcome_reporter.set_lease_duration(lease_duration);
    }

    fn delivered(&self, deliveries: Vec<v1::Delivery>) {
        let leases: Vec<_> = deliveries
            .into_iter()
            .filter_map(|delivery| Lease::new(delivery, self.client.clone()))
            .collect();
        for lease in &leases {
            self.leases.add(lease);
        }
        for late in self.ready.push(leases).err().into_iter().flatten() {
            self.settle(&late, Outcome::released());
        }
    }

    fn broken(&self, error: &Error) {
        self.reports.interrupted(error);
    }

    async fn before_resume(&self, session_id: &str) {
        self.leases.release_undelivered(session_id).await;
    }
}
