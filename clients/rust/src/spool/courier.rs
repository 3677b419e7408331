//! Delivers what is kept, oldest first.

use crate::backoff::Backoff;
use crate::call_error;
use crate::line::Line;
use crate::send::calls::{Answer, call_batch, without_service};
use crate::send::reachability::Reachability;
use crate::send::report::{OnDropped, shielded};
use crate::spool::Command;
use crate::spool::call_size::CallSize;
use crate::spool::deferred::Deferred;
use crate::spool::outgoing::{Kept, Place};
use crate::spool::told::Told;
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tonic::Status;

pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(100);
pub(super) const MOST_PAUSE: Duration = Duration::from_secs(30);
const TRY_TIMEOUT: Duration = Duration::from_secs(5);

/// What it is made of.
pub(crate) struct Courier {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) line: Arc<Line>,
    pub(crate) reachability: Arc<Reachability>,
    pub(crate) on_dropped: OnDropped,
    /// There is something to deliver.
    pub(crate) work: Arc<Notify>,
    pub(crate) told: Arc<Told>,
}

/// Until it is dropped, or the files are closed.
pub(crate) async fn deliver(courier: Courier) {
    let mut backoff = Backoff::new(FIRST_PAUSE, MOST_PAUSE);
    let (mut deferred, mut size) = (Deferred::new(), CallSize::new());
    loop {
        let skipped = deferred.skipped();
        let bytes = size.bytes();
        let Some(letters) = courier.ask(|reply| Command::Oldest(bytes, skipped, reply)).await else {
            return;
        };
        if letters.is_empty() {
            courier.wait_for_work(deferred.rest()).await;
        } else if courier.try_all(letters, &mut deferred, &mut size).await {
            backoff.reset();
        } else {
            deferred.rest(); // what fails must not hold them up
            tokio::select! {
                () = tokio::time::sleep(backoff.next()) => {}
                () = courier.reachability.back.notified() => backoff.reset(),
            }
        }
    }
}

impl Courier {
    /// None: the files are closed.
    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).ok()?;
        answer.await.ok()
    }

    async fn wait_for_work(&self, at_latest: Option<Instant>) {
        match at_latest {
            None => self.work.notified().await,
            Some(at) => tokio::select! {
                () = self.work.notified() => {}
                () = tokio::time::sleep_until(at) => {}
            },
        }
    }

    /// Whether the service has answered.
    async fn try_all(&self, letters: Vec<Kept>, deferred: &mut Deferred, size: &mut CallSize) -> bool {
        let mut parts = vec![letters];
        while let Some(mut letters) = parts.pop() {
            let began_at = Instant::now();
            let answers = match self.call(&letters).await {
                Ok(answers) => answers,
                Err(status) if letters.len() > 1 && is_of_the_whole_call(&status) => {
                    // One of them spoils it for all; the halves find out which.
                    let rest = letters.split_off(letters.len() / 2);
                    parts.push(rest);
                    parts.push(letters);
                    continue;
                }
                Err(status) if letters.len() == 1 && is_of_the_whole_call(&status) => vec![Err(status)],
                Err(status) => {
                    if call_error::is_answer(&status) {
                        self.reachability.heard(began_at);
                        self.told.tell(&status);
                    } else {
                        self.reachability.failed(began_at, &status);
                        self.told.tell(&status);
                        if !call_error::never_arrived(&status) {
                            size.unanswered();
                        }
                    }
                    return false;
                }
            };
            if let Some(status) = without_service(&answers) {
                self.reachability.failed(began_at, status);
                self.told.tell(status);
                return false;
            }
            self.reachability.heard(began_at);
            size.answered(began_at.elapsed());
            let done: Vec<Place> = letters
                .iter()
                .zip(answers)
                .filter_map(|(letter, answer)| self.settled(letter, answer, deferred))
                .collect();
            if self.ask(|reply| Command::Done(done, reply)).await.is_none() {
                return false;
            }
        }
        true
    }

    async fn call(&self, letters: &[Kept]) -> Result<Vec<Answer>, Status> {
        let requests = letters.iter().map(|letter| letter.request.clone()).collect();
        call_batch(&self.line, requests, TRY_TIMEOUT).await
    }

    /// Where it was kept, if it is done.
    fn settled(&self, letter: &Kept, answer: Answer, deferred: &mut Deferred) -> Option<Place> {
        match answer {
            Err(status) if call_error::is_for_good(&status) => {
                let error = call_error::refusal(status, true);
                shielded("on_dropped", || (self.on_dropped)(&error, &letter.request.queue));
            }
            Err(status) => {
                self.told.tell(&status);
                // What one is refused for must not hold up the others.
                deferred.add(letter.place);
                return None;
            }
            Ok(_) => {}
        }
        deferred.tried(letter.place);
        Some(letter.place)
    }
}

fn is_of_the_whole_call(status: &Status) -> bool {
    call_error::is_for_good(status)
        || call_error::is_of_the_whole_call(status) && !call_error::is_worth_again(status)
}
