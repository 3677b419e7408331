import { type JobMessageState, jobFacts } from "../../history/job-sources.ts";
import { CLOCK_TOLERANCE_MS, NEVER } from "../clock.ts";
import type { Findings } from "../findings.ts";
import type { Ledger, Message } from "../ledger.ts";
import type { Act, Job } from "../operator-jobs.ts";

/** The action of a job that removed a message, until a time. Undefined: none did, or an Undelete has brought it back. */
export function removalOf(message: Message, untilMs = NEVER): Act | undefined {
  const last = lastAct(message, ["discard", "purge", "undelete"], untilMs);
  return last?.action === "undelete" ? undefined : last;
}

/** The latest of these actions on a message, until a time. */
export function lastAct(
  { acts }: Message,
  actions: readonly Act["action"][],
  untilMs = NEVER,
): Act | undefined {
  return acts.findLast(({ action, at }) => actions.includes(action) && at <= untilMs);
}

/** Reports whether jobs and the send left a message in quarantine at a time, if no worker did anything. */
export function isSetAside(message: Message, atMs: number): boolean {
  const last = lastAct(message, ["retry", "quarantine"], atMs);
  if (last !== undefined) return last.action === "quarantine";
  return jobFacts(message.source.name)?.state === "quarantined";
}

/** Checks what jobs did to a message, and counts it for {@link checkJobs}. */
export function checkActs(message: Message, ledger: Ledger, findings: Findings): void {
  const facts = jobFacts(message.source.name);
  const done = new Set<Job>();
  for (const act of message.acts) {
    const job = ledger.jobOf(act.action, facts?.mark ?? "");
    const words = `${message}: ${act.action} at ${act.at} ms (${act.note || "no note"})`;
    if (job === undefined) {
      findings.broken("job-selected", `${words}, and no job selects it`);
      continue;
    }
    const report = (rule: "job-selected" | "job-once", why: string) =>
      findings.brokenUnlessForgotten(rule, `${words}, ${why}`, job.askedAt, act.at);
    if (done.has(job)) report("job-once", `the second time by ${job}`);
    const isGone = removalOf(message, act.at - 1) !== undefined;
    if (isGone !== (act.action === "undelete")) {
      report("job-selected", isGone ? "but it was removed" : "but it was there");
    }
    done.add(job);
    job.acts++;
    const why = unselected(message, act, job);
    if (why !== undefined) report("job-selected", why);
  }
  checkActPlaces(message, findings);
  checkSetAside(message, findings);
  checkRemoved(message, findings);
  if (facts === undefined || mayBeLost(message, findings)) return;
  for (const job of ledger.jobsOf(facts.mark)) {
    if (!done.has(job) && mustSelect(message, facts.state, job)) job.missed.push(String(message));
  }
}

/** Whether a rollback may have undone the send, so that no job could find the message. */
function mayBeLost({ kept, acts, createdAt }: Message, findings: Findings): boolean {
  return kept === undefined && acts.length === 0 && findings.mayHaveForgottenSend(createdAt);
}

/** Why a job must not act on a message so. */
function unselected({ createdAt, deliveries }: Message, act: Act, job: Job): string | undefined {
  if (act.note !== "" && act.note !== `${job.id}: ${job.request}`) return `not by ${job}`;
  if (createdAt > job.createdAt)
    return `but it came at ${createdAt} ms, after ${job} of ${job.createdAt} ms`;
  if (act.at < job.createdAt) return `before ${job} of ${job.createdAt} ms`;
  const delivered = deliveries.find(
    ({ issuedAt }) => issuedAt > job.createdAt && issuedAt < act.at,
  );
  return delivered && `but it was delivered at ${delivered.issuedAt} ms, after the job's creation`;
}

/** Whether a job selects a message for sure, as nothing else can have happened to it. */
function mustSelect(message: Message, state: JobMessageState, job: Job): boolean {
  const { sentAt, deliveries } = message;
  if (job.seen?.state !== "DONE" || sentAt + CLOCK_TOLERANCE_MS >= job.askedAt) return false;
  if (state === "soon" || deliveries.some(({ issuedAt }) => issuedAt < job.endedAt)) return false;
  if (lastAct(message, ["retry"], job.endedAt) ?? removalOf(message, job.endedAt)) return false;
  // What is removed is erased sooner if the store has no room.
  if (job.action === "undelete") return false;
  return job.action !== "quarantine" || !isSetAside(message, job.askedAt);
}

/** A job acts on a message where its send or the job before left it. */
function checkActPlaces({ source, acts }: Message, findings: Findings): void {
  let place = source.queue;
  for (const { action, at, queue, to } of acts) {
    if (source.isKnown && queue !== place) {
      const words = `${source.name}: ${action} at ${at} ms in queue ${queue}, not in ${place}`;
      findings.broken("in-place", words);
    }
    place = to;
  }
}

/** A message that is set aside is not delivered before a job retries it. */
function checkSetAside(message: Message, findings: Findings): void {
  if (jobFacts(message.source.name) === undefined) return;
  if (message.kept?.state === "SCHEDULED" && isSetAside(message, NEVER)) {
    findings.broken("stays-ended", `${message} was in quarantine, and is stored as scheduled`);
  }
  for (const { number, issuedAt } of message.deliveries) {
    if (!isSetAside(message, issuedAt)) continue;
    const words = `${message}: delivery ${number} was issued at ${issuedAt} ms, when it was in quarantine`;
    findings.brokenUnlessForgotten("stays-ended", words, issuedAt, issuedAt);
  }
}

/** A removed message is neither stored nor delivered again. */
function checkRemoved(message: Message, findings: Findings): void {
  const removal = removalOf(message);
  if (removal === undefined) return;
  const words = `${message}: ${removal.action} by a job at ${removal.at} ms`;
  const { at } = removal;
  if (message.kept !== undefined) findings.broken("stays-ended", `${words}, but it is stored`);
  for (const { number, issuedAt } of message.deliveries) {
    if (issuedAt <= at) continue;
    const again = `${words}, but delivery ${number} was issued at ${issuedAt} ms`;
    findings.brokenUnlessForgotten("stays-ended", again, issuedAt, issuedAt);
  }
}

/** Checks that each job has ended, its counts, and that it left nothing out. Call it after all messages are checked. */
export function checkJobs(ledger: Ledger, findings: Findings): void {
  for (const job of ledger.jobs) {
    const { seen, askedAt, endedAt, acts, missed } = job;
    const report = (rule: "job-ends" | "job-counts" | "job-complete", words: string) =>
      findings.brokenUnlessForgotten(rule, `${job}: ${words}`, askedAt, endedAt);
    if (seen?.state !== "DONE") {
      // Also one without an answer: the operator repeats the call until there is one.
      report("job-ends", `it is ${seen?.state ?? "not seen again"}`);
      continue;
    }
    const { selected, passed, done, refused, left } = seen;
    if (done !== acts) report("job-counts", `${done} done, ${acts} in the outbox`);
    if (selected !== done + refused + left) {
      report("job-counts", `${selected} selected, ${done} done, ${refused} refused, ${left} left`);
    }
    if (missed.length > passed + refused + left) {
      report("job-complete", `${missed.length} left out, such as ${missed[0]}`);
    }
  }
}
