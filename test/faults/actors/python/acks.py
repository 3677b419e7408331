"""Reports outcomes with Ack from several threads, one or more in a call."""

import queue
import random
import time
from dataclasses import dataclass

from dlq.v1 import dlq_service_pb2 as dlq
from dlq.v1 import failure_pb2, state_pb2

from history import History, ms_of, new_request, now_ms
from process import start_thread
from servers import DEADLINE_S, CallFailed, Servers

THREADS = 8
MAX_BATCH_SIZE = 8
# How long a batch waits for more outcomes.
GATHER_S = 0.005
TRIES = 6
FIRST_PAUSE_S, MAX_PAUSE_S = 0.05, 0.5

FAILURE = failure_pb2.Failure(reason=state_pb2.REASON_TIMEOUT, message="no answer again")
RESULTS: dict[str, dlq.Outcome] = {
    "succeeded": dlq.Outcome(succeeded=dlq.Succeeded()),
    "failed": dlq.Outcome(failed=dlq.Failed(failure=FAILURE)),
    "bad": dlq.Outcome(failed=dlq.Failed(failure=FAILURE, non_retryable=True)),
    "released": dlq.Outcome(released=dlq.Released()),
    "quarantined": dlq.Outcome(quarantined=dlq.Quarantined(note="as planned")),
    "discarded": dlq.Outcome(discarded=dlq.Discarded(note="as planned")),
}


@dataclass
class Job:
    """A delivery that a worker holds."""

    token: str
    plan: str
    number: int
    attempt: int
    lease_ms: float
    expires: float


@dataclass(frozen=True)
class Report:
    """The outcome of a job; `result` is a key of RESULTS."""

    job: Job
    result: str

    def outcome(self) -> dlq.Outcome:
        outcome = dlq.Outcome(lease_token=self.job.token)
        outcome.MergeFrom(RESULTS[self.result])
        return outcome

    def entry(self) -> dict[str, object]:
        if self.result == "bad":
            return {"token": self.job.token, "outcome": "failed", "nonRetryable": True}
        return {"token": self.job.token, "outcome": self.result}


class Acks:
    """Threads that report outcomes. Unanswered calls are retried until the lease expires."""

    def __init__(self, servers: Servers, history: History, chance: random.Random):
        self._servers, self._history, self._chance = servers, history, chance
        # Not a SimpleQueue: in Python 3.11, with several readers, `get` may wait longer than its timeout,
        # even forever.
        self._reports: queue.Queue[Report | None] = queue.Queue()
        self._threads = [start_thread(self._run) for _ in range(THREADS)]

    def put(self, report: Report) -> None:
        self._reports.put(report)

    def close(self) -> None:
        """Waits until all outcomes are reported."""
        for _ in self._threads:
            self._reports.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (first := self._reports.get()) is not None:
            self._report(self._gather(first))

    def _gather(self, first: Report) -> list[Report]:
        batch = [first]
        size = self._chance.randint(2, MAX_BATCH_SIZE) if self._chance.random() < 0.5 else 1
        until = time.monotonic() + GATHER_S
        while len(batch) < size:
            try:
                report = self._reports.get(timeout=max(0, until - time.monotonic()))
            except queue.Empty:
                break
            if report is None:
                self._reports.put(None)  # the end marker of one thread
                break
            batch.append(report)
        return batch

    def _report(self, batch: list[Report]) -> None:
        request = new_request()
        call = dlq.AckRequest(request_id=request, outcomes=[report.outcome() for report in batch])
        outcomes = [report.entry() for report in batch]
        pause = FIRST_PAUSE_S
        for _ in range(TRIES):
            self._history.write("acking", request=request, outcomes=outcomes)
            try:
                with self._servers.calling() as channel:
                    answer = channel.stub.Ack(call, timeout=DEADLINE_S)
            except CallFailed as failure:
                code, refused = failure.code, failure.refused
                self._history.write("unacked", request=request, code=code, refused=refused)
                if not failure.worth_retrying:
                    return
            else:
                results = [result_entry(result) for result in answer.results]
                self._history.write("acked", request=request, results=results)
                return
            time.sleep(pause)
            pause = min(pause * 2, MAX_PAUSE_S)
            if now_ms() > max(report.job.expires for report in batch):
                return


def result_entry(result: dlq.AckResult) -> dict[str, object]:
    entry: dict[str, object] = {"status": status_name(result.status)}
    # The history has no states of removed messages.
    state = state_pb2.MessageState.Name(result.state).removeprefix("MESSAGE_STATE_")
    if state in ("SCHEDULED", "IN_FLIGHT", "QUARANTINED"):
        entry["state"] = state
    if result.HasField("due_time"):
        entry["dueAt"] = ms_of(result.due_time)
    return entry


def status_name(status: int) -> str:
    return dlq.AckStatus.Name(status).removeprefix("ACK_STATUS_")
