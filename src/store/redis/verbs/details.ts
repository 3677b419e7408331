import type { MessageDetails } from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";
import { storedQuarantineReason, storedReason, storedState } from "../states.ts";
import { workerOf } from "./stats.ts";

type DetailsReply =
  | Buffer
  | [facts: Buffer, body: Buffer, edits: Buffer, failures: Buffer, worker: Buffer];

/** Undefined: the queue has no such message. */
export async function runDetails(
  { run, bodies }: { run: RunScript; bodies: Bodies },
  queue: string,
  id: Uint8Array,
): Promise<MessageDetails | undefined> {
  const reply = (await run("details", queue, { id }, [])) as DetailsReply;
  if (!Array.isArray(reply)) return undefined;
  const [facts, body, edits, failures, worker] = reply;
  const { state, qreason, reason, isolated, expire, leaseEnd, movesTo, ...rest } = new Reader(
    facts,
  ).read(LAYOUTS.details);
  return {
    state: storedState(state),
    quarantineReason: storedQuarantineReason(qreason),
    reason: storedReason(reason),
    isolated,
    attempts: rest.attempts,
    deliveries: rest.delivery,
    releases: rest.releases,
    leaseExpiries: rest.expiries,
    unknownOutcomes: rest.unknown,
    failureCount: rest.failures,
    bytes: rest.size,
    sinceMs: rest.since,
    dueAtMs: rest.due,
    expireAtMs: optionalMs(expire),
    leaseExpireAtMs: optionalMs(leaseEnd),
    workerId: worker.length === 0 ? undefined : workerOf(String(worker)),
    movesTo: movesTo.length === 0 ? undefined : Buffer.from(movesTo).toString(),
    retrySettings: rest.retry,
    envelope: bodies.unpack(body),
    edits: edits.length === 0 ? undefined : bodies.unpack(edits),
    laterFailures: readFailures(failures),
  };
}

/** Each entry has its length in four bytes before it. */
function readFailures(history: Buffer): Uint8Array[] {
  const failures: Uint8Array[] = [];
  const reader = new Reader(history);
  while (!reader.done) failures.push(reader.bytes(reader.number(4)));
  return failures;
}
