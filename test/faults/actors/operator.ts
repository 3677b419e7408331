// An operator who sends messages and has batch jobs of each kind act on them, during all faults. Each round has a mark of its own:
// its jobs select the messages with that mark, one job after another, at a rate at which each takes some seconds. Some of what they
// removed is undeleted. It uses plain stubs, and repeats each call with its request id until it is answered.

import { setTimeout as sleep } from "node:timers/promises";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { type BatchJob, BatchJobState } from "../../../gen/dlq/v1/batch_job_pb.ts";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { seededRandom } from "../../support/random.ts";
import { dueIn, type SendRequest, text } from "../../support/send-requests.ts";
import type { JobAction } from "../history/event.ts";
import { JOB_STATES, type JobMessageState, jobSource, UNSELECTED } from "../history/job-sources.ts";
import { openHistory } from "../history/writer.ts";
import { JOB_QUEUES, JOB_TARGET } from "../rig/queues.ts";
import { readArguments } from "./arguments.ts";
import { actionOf, filterOf } from "./job-specs.ts";
import { nameOf } from "./names.ts";
import { payloadOf } from "./payloads.ts";
import { errorOf, recording, untilAnswered } from "./recording.ts";

const args = readArguments(["name", "address", "out", "seed", "rounds"] as const);
const history = openHistory(args.out);
history.write({ e: "started", actor: args.name, role: "producer", language: "typescript" });

const random = seededRandom(Number(args.seed));
/** Half-open connections are found out soon. */
const PING_MS = 2_000;
const baseUrl = `http://${args.address}`;
const session = new Http2SessionManager(baseUrl, {
  ...{ pingIntervalMs: PING_MS, pingTimeoutMs: PING_MS, pingIdleConnection: true },
});
const transport = createGrpcTransport({
  ...{ baseUrl, sessionManager: session, interceptors: [recording(history)] },
});
const dlq = createClient(DlqService, transport);
const admin = createClient(DlqAdminService, transport);

const CALL_MS = 3_000;
const AGAIN_MS = 300;
/** Messages of a round that its jobs select, and others beside them. */
const SELECTED = 16;
const OTHERS = 3;
/** Messages with the mark that are sent when the first job has been created. */
const LATE = 2;
/** A job takes about 3 s. */
const RATE = 6;
const FAR_MS = 30 * 24 * 3_600_000;
const SOON_MS = 4_000;
/** A job that ends so much later than asked hangs. Jobs that the end of the run interrupts get the same time. */
const JOB_MS = 180_000;
/** Jobs after which messages remain as they were for the others, and jobs after which they do not. */
const FIRST: readonly JobAction[] = ["quarantine", "edit", "move"];
const LAST: readonly JobAction[] = ["retry", "discard", "purge"];
const ENDED: readonly BatchJobState[] = [
  ...[BatchJobState.DONE, BatchJobState.CANCELLED, BatchJobState.FAILED],
];

let isOver = false;
let [messages, marks, jobs] = [0, 0, 0];
process.once("SIGTERM", () => {
  isOver = true;
});

/** Calls until there is an answer. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (ConnectError.from(error).code === Code.NotFound) throw error;
      await sleep(AGAIN_MS);
    }
  }
}

/** Stores messages with a mark. Returns their ids. */
async function send(count: number, mark: string): Promise<string[]> {
  const requests = Array.from({ length: count }, () => requestOf(mark));
  const ids = new Map<string, string>();
  await answered(async () => {
    const open = requests.filter(({ requestId }) => !ids.has(requestId));
    const { results } = await dlq.sendToDlqBatch({ requests: open }, { timeoutMs: CALL_MS });
    open.forEach(({ requestId }, at) => {
      const outcome = results[at]?.outcome;
      if (outcome?.case === "response") ids.set(requestId, outcome.value.id);
    });
    if (ids.size < requests.length) throw new Error("some are refused for now");
  });
  // Of messages that a worker has finished meanwhile the id may be forgotten.
  return [...ids.values()].filter((id) => id !== "");
}

function requestOf(mark: string): SendRequest & { readonly requestId: string } {
  const state = random.pick(Object.keys(JOB_STATES) as JobMessageState[]);
  const source = jobSource(`${args.name}-${++messages}`, mark, state);
  return {
    queue: random.pick(JOB_QUEUES.filter((queue) => queue !== JOB_TARGET)),
    requestId: source,
    sourceId: source,
    payload: text(payloadOf(source, "job", random)),
    ...(state === "quarantined" ? { importedHistory: { quarantined: true } } : {}),
    ...dueIn(state === "soon" ? random.below(SOON_MS) : FAR_MS),
  };
}

/** Creates a job. Returns its id and the request. */
async function create(action: JobAction, mark: string, ids: readonly string[]) {
  const request = `${args.name}-job-${++jobs}`;
  const byIds = ids.length > 0 && random.chance(0.3);
  const spec = {
    ...{ queue: "batch*", action: actionOf(action), maxRate: RATE, reason: request },
    ...(byIds ? { ids: [...ids] } : { filter: filterOf(mark) }),
  };
  const { job } = await answered(async () => {
    history.write({ e: "creating", request, action, mark });
    try {
      return await admin.createBatchJob({ requestId: request, spec }, { timeoutMs: CALL_MS });
    } catch (error) {
      history.write({ e: "uncreated", request, ...errorOf(error) });
      throw error;
    }
  });
  if (job?.createTime === undefined) throw new Error("a job without a time");
  const createdAt = timestampMs(job.createTime);
  history.write({ e: "created", request, job: job.id, createdAt });
  return { request, id: job.id };
}

/** Resolves when the job has ended, and records how. */
async function untilEnded({ request, id }: { request: string; id: string }): Promise<void> {
  const deadline = performance.now() + JOB_MS;
  for (;;) {
    const job = await jobOf(id, request);
    if (job === undefined || ENDED.includes(job.state) || performance.now() > deadline)
      return record(request, job);
    await sleep(AGAIN_MS);
  }
}

/** Undefined: the server does not know it, or another job has its id by now. */
async function jobOf(id: string, request: string): Promise<BatchJob | undefined> {
  try {
    const { job } = await answered(() => admin.getBatchJob({ id }, { timeoutMs: CALL_MS }));
    return job?.spec?.reason === request ? job : undefined;
  } catch (error) {
    if (ConnectError.from(error).code === Code.NotFound) return undefined;
    throw error;
  }
}

function record(request: string, job: BatchJob | undefined): void {
  const { counts } = job ?? {};
  const sum = (refusals: readonly { readonly count: bigint }[] = []) =>
    refusals.reduce((all, { count }) => all + Number(count), 0);
  history.write({
    e: "job-seen",
    request,
    state: job === undefined ? "GONE" : nameOf(BatchJobState, job.state),
    selected: Number(counts?.selectedCount ?? 0),
    passed: sum(counts?.notSelected),
    done: Number(counts?.doneCount ?? 0),
    refused: sum(counts?.refused),
    left: Number(counts?.changedCount ?? 0),
  });
}

/** Brings back every second of these messages that is removed, in the queues where they may be. */
async function undelete(mark: string, ids: readonly string[]): Promise<void> {
  const request = `${args.name}-undelete-${++jobs}`;
  const half = ids.filter((_, at) => at % 2 === 0);
  history.write({ e: "creating", request, action: "undelete", mark });
  history.write({ e: "created", request, job: "undelete", createdAt: Date.now() });
  let done = 0;
  for (const queue of JOB_QUEUES) {
    const call = { requestId: `${request}-${queue}`, queue, ids: half };
    done += await answered(() => admin.undelete(call, { timeoutMs: CALL_MS })).then(
      ({ undeletedCount }) => undeletedCount,
      () => 0, // no job has moved messages to that queue yet
    );
  }
  const rest = { passed: 0, refused: 0, left: 0 };
  history.write({ e: "job-seen", request, state: "DONE", selected: done, done, ...rest });
}

/** Whether a round begins with an action after which its messages are still there. */
const isFirst = (number: number): boolean => number % (2 * FIRST.length) < FIRST.length;

async function round(): Promise<void> {
  const number = ++marks;
  const mark = `m${number}`;
  const ids = await send(SELECTED, mark);
  await send(OTHERS, UNSELECTED);
  // Six rounds begin with each action.
  const own = isFirst(number) ? FIRST[number % FIRST.length] : undefined;
  const first = random
    .shuffled(FIRST)
    .filter((one) => one === own || (own !== undefined && random.chance(0.3)));
  const last = LAST[number % LAST.length] as JobAction;
  for (const [at, action] of [...first, last].entries()) {
    const job = await create(action, mark, ids);
    if (at === 0) ids.push(...(await send(LATE, mark)));
    await untilEnded(job);
    if (isOver) return;
  }
  if (last === "retry") return;
  await undelete(mark, ids);
  if (random.chance(0.5)) await untilEnded(await create("retry", mark, ids));
}

async function rounds(): Promise<void> {
  while (!isOver) await round();
}

await Promise.all(Array.from({ length: Number(args.rounds) }, rounds));
session.abort();
await untilAnswered();
history.write({ e: "ended" });
