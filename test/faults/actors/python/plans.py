"""Processes a delivery by the plan in its payload; see PLANS in event.ts."""

import random
import time

from dlq.v1 import dlq_service_pb2 as dlq

from acks import Acks, Job, Report, status_name
from history import History, ms_of, new_request
from servers import DEADLINE_S, CallFailed, Servers

MAX_WORK_S = 0.02

# Plans without an outcome.
NEVER_REPORTED = {"crash", "baseline"}


def result_of(job: Job) -> str | None:
    """Returns a key of RESULTS, or None if no outcome is reported."""
    if job.plan in NEVER_REPORTED or (job.plan == "silent" and job.number == 1):
        return None
    fails = {"fail1": job.attempt == 1, "fail2": job.attempt <= 2, "exhaust": True}
    if fails.get(job.plan, False):
        return "failed"
    if job.plan == "release" and job.number == 1:
        return "released"
    return {"bad": "bad", "discard": "discarded", "quarantine": "quarantined"}.get(
        job.plan, "succeeded"
    )


class Processor:
    """Works on jobs, and passes the results to Acks."""

    def __init__(self, servers: Servers, history: History, acks: Acks, chance: random.Random):
        self._servers, self._history, self._acks, self._chance = servers, history, acks, chance

    def work(self, job: Job, result: str) -> None:
        time.sleep(self._chance.uniform(0, MAX_WORK_S))
        if job.plan == "slow" and not self._hold(job):
            return
        self._acks.put(Report(job, result))

    def _hold(self, job: Job) -> bool:
        """Works for one and a half leases. Returns False if the server asked to stop."""
        third_s = job.lease_ms / 3_000
        began = time.monotonic()
        for third in range(1, 5):
            sleep_until(began + third * third_s)
            if not self._extend(job, min(DEADLINE_S, third_s)):
                return False
        sleep_until(began + 4.5 * third_s)
        return True

    def _extend(self, job: Job, timeout: float) -> bool:
        request = new_request()
        self._history.write("extending", request=request, tokens=[job.token])
        try:
            with self._servers.calling() as channel:
                call = dlq.ExtendLeaseRequest(lease_tokens=[job.token])
                [result] = channel.stub.ExtendLease(call, timeout=timeout).results
        except CallFailed as failure:
            self._history.write("unextended", request=request, code=failure.code)
            return True  # the result is unknown; the next call decides
        leases: list[dict[str, object]] = []
        if status_name(result.status) == "APPLIED":
            job.expires = ms_of(result.lease_expire_time)
            leases.append({"token": job.token, "expires": job.expires})
        self._history.write("extended", request=request, leases=leases)
        return not result.should_stop


def sleep_until(instant: float) -> None:
    time.sleep(max(0.0, instant - time.monotonic()))
