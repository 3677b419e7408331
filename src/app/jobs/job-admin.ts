import {
  type BatchJob,
  type BatchJobSpec,
  BatchJobState,
  copyJob,
  decodeJobRecord,
  encodeJobRecord,
  isSameSpec,
  jobStateName,
  jobTime,
  jobTimeMs,
  newJobRecord,
} from "../../codec/batch-job.ts";
import { invalidField, jobHasEnded, unknownJob } from "../../core/errors.ts";
import { HOUR_MS } from "../../core/time-units.ts";
import { Turns } from "../../core/turns.ts";
import type { Store, StoredJob } from "../../store/contract.ts";
import type { Caller } from "../commands.ts";
import type { GroupAdmin } from "../groups/group-admin.ts";
import { groupIdOf } from "../groups/group-id.ts";
import type { DecisionLog } from "../observer.ts";
import { requestKey } from "../request-key.ts";
import { fillCanary } from "./canary-slice.ts";
import { canaryOf } from "./job-actions.ts";
import { changeRecord, endJob, jobIn, statusOf } from "./job-entry.ts";

/** Creates batch jobs, and shows and controls them. Rejects with a DlqError. */
export interface JobAdmin {
  create(command: { spec: BatchJobSpec; requestId: string; caller: Caller }): Promise<BatchJob>;
  get(number: number): Promise<BatchJob>;
  /** The latest first, without samples, ids and transforms. `next`: where the next page begins; undefined: there is none. */
  list(
    below: number | undefined,
    count: number,
  ): Promise<{ jobs: readonly BatchJob[]; next: number | undefined }>;
  /** Yields a job as it is now, and after changes, until it has ended. */
  watch(number: number, signal: AbortSignal): AsyncIterable<BatchJob>;
  pause(number: number, caller: Caller): Promise<BatchJob>;
  resume(number: number, caller: Caller): Promise<BatchJob>;
  cancel(number: number, caller: Caller): Promise<BatchJob>;
}

export interface JobAdminParts {
  store: Pick<Store, "jobs">;
  groups: Pick<GroupAdmin, "get">;
  /** Runs jobs that wait, soon. */
  wake(): void;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  log: Pick<DecisionLog, "info">;
}

const WATCH_MS = 250;
/** For how long a dry run that has ended shows its samples. */
const SAMPLES_SHOWN_MS = HOUR_MS;

export function createJobAdmin(parts: JobAdminParts): JobAdmin {
  const { groups, wake, sleep, log } = parts;
  const { jobs } = parts.store;
  // Records may be large: others wait while many are decoded.
  const lists = new Turns(1);
  /** Reads that run, for all watchers of a job together. */
  const reads = new Map<number, Promise<StoredJob>>();
  const readForAll = (number: number): Promise<StoredJob> => {
    const running = reads.get(number);
    if (running !== undefined) return running;
    const started = read(number).finally(() => reads.delete(number));
    reads.set(number, started);
    return started;
  };
  const groupIdFor = async (id: string) =>
    groupIdOf((await groups.get(id, undefined)).group.digest);
  const read = async (number: number): Promise<StoredJob> => {
    const stored = await jobs.get(number);
    if (stored === undefined) throw unknownJob(number);
    return stored;
  };
  /** `edit` returns whether it has changed anything. */
  const change = async (
    number: number,
    caller: Caller,
    edit: (job: BatchJob) => boolean,
  ): Promise<BatchJob> => {
    const time = jobTime(await jobs.nowMs());
    const changed = await changeRecord(jobs, await read(number), (record) => {
      const job = jobIn(record);
      job.updateTime = time;
      const isChanged = edit(job);
      if (isChanged) job.stateCaller = caller ?? "";
      return isChanged;
    });
    if (changed === undefined) throw unknownJob(number);
    const job = jobIn(changed.record);
    if (changed.result) {
      const facts = { job: job.id, state: jobStateName(job.state), caller };
      log.info(facts, "job paused, resumed or cancelled");
    }
    return job;
  };

  return {
    async create({ spec, requestId, caller = "" }) {
      // A person may give the first digits of it.
      if (spec.groupId !== "") spec.groupId = await groupIdFor(spec.groupId);
      const canary = canaryOf(spec);
      if (canary !== undefined) fillCanary(canary);
      const { record } = await jobs.create(requestKey(requestId, "job"), (number, createdMs) =>
        encodeJobRecord(
          newJobRecord(
            { id: `j-${number}`, spec, caller, state: BatchJobState.COUNTING },
            createdMs,
          ),
        ),
      );
      wake();
      const job = jobIn(decodeJobRecord(record));
      if (job.spec === undefined || !isSameSpec(job.spec, spec))
        throw invalidField("request_id", `was used for ${job.id}, which does something else`);
      const { queue, action, dryRun, reason } = spec;
      log.info({ job: job.id, action: action.case, queue, dryRun, reason, caller }, "job created");
      return job;
    },

    async get(number) {
      const nowMs = await jobs.nowMs();
      return withoutOldSamples(jobIn(decodeJobRecord((await read(number)).record)), nowMs);
    },

    async list(below, count) {
      const found = await lists.run(() => jobs.list(below, count + 1));
      const shown = found.slice(0, count).map(({ record }) => {
        return briefJob(copyJob(jobIn(decodeJobRecord(record))));
      });
      return { jobs: shown, next: found.length > count ? found[count - 1]?.number : undefined };
    },

    async *watch(number, signal) {
      let seen: Uint8Array | undefined;
      for (;;) {
        const { record } = await readForAll(number);
        if (seen === undefined || Buffer.compare(record, seen) !== 0) {
          seen = record;
          const job = jobIn(decodeJobRecord(record));
          if (statusOf(job) === "ENDED") {
            yield withoutOldSamples(job, await jobs.nowMs());
            return;
          }
          yield job;
        }
        await sleep(WATCH_MS, signal);
      }
    },

    pause: (number, caller) =>
      change(number, caller, (job) => {
        requireOpen(job);
        if (job.state === BatchJobState.PAUSED) return false;
        job.resumeState = job.state;
        job.state = BatchJobState.PAUSED;
        return true;
      }),

    async resume(number, caller) {
      const job = await change(number, caller, (one) => {
        requireOpen(one);
        if (one.state !== BatchJobState.PAUSED) return false;
        one.state = one.resumeState;
        one.resumeState = BatchJobState.UNSPECIFIED;
        return true;
      });
      wake();
      return job;
    },

    cancel: (number, caller) =>
      change(number, caller, (job) => {
        if (job.state === BatchJobState.CANCELLED) return false;
        requireOpen(job);
        endJob(job, BatchJobState.CANCELLED);
        return true;
      }),
  };
}

/** What samples show may have been erased since. */
function withoutOldSamples(job: BatchJob, nowMs: number): BatchJob {
  if (nowMs - (jobTimeMs(job.endTime) ?? nowMs) > SAMPLES_SHOWN_MS) job.samples = [];
  return job;
}

/** Without what may be large. */
function briefJob(job: BatchJob): BatchJob {
  job.samples = [];
  if (job.spec !== undefined) {
    job.spec.ids = [];
    const { action } = job.spec;
    if (action.case === "retry" || action.case === "edit") action.value.transforms = [];
  }
  return job;
}

function requireOpen(job: BatchJob): void {
  if (statusOf(job) === "ENDED") throw jobHasEnded(job.id, jobStateName(job.state));
}
