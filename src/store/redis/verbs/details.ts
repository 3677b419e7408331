import { readStored } from "../../../core/damaged-message.ts";
import { cutUtf8 } from "../../../core/utf8.ts";
import type {
  ListedMessage,
  MessageDetails,
  StoredAttempt,
  StoredFailure,
} from "../../contract.ts";
import type { Bodies } from "../bodies.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { optionalMs, Reader } from "../packed/reader.ts";
import type { RunScript } from "../script-runner.ts";
import { stateFields } from "../states.ts";
import { holderEntry, nodeOf, workerOf } from "./stats.ts";
import { readTimeline } from "./timeline.ts";

/** Bytes of one reply, unless a single message is larger. */
const REPLY_BYTES = 4 * 1024 * 1024;
/** Ids of one call: each costs several commands. */
const IDS = 100;
/** Longer decisions are cut. */
const DECISION_BYTES = 255;
/** Values of the reply for each message. */
const VALUES = 6;

/** As MessageReads.listed. */
export async function runDetails(
  { run, bodies }: { run: RunScript; bodies: Bodies },
  queue: string,
  ids: readonly Uint8Array[],
  history: boolean,
  replyBytes = REPLY_BYTES,
): Promise<ListedMessage[]> {
  const items = ids.slice(0, IDS).map((id) => ({ id }));
  const header = { replyBytes, withHistory: history ? 1 : 0 };
  const reply = (await run("details", queue, header, items)) as Buffer[];
  const found: ListedMessage[] = [];
  for (let at = 0; at < reply.length; at += VALUES) {
    const values = reply.slice(at, at + VALUES);
    found.push(readStored(() => readDetails(bodies, values)));
  }
  return found;
}

/** Writes failures as `readFailures` reads them. */
export function packFailures(failures: readonly StoredFailure[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const { failure, attempt } of failures) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(failure.length + (attempt === undefined ? 0 : WITH_ATTEMPT));
    parts.push(length, failure);
    if (attempt === undefined) continue;
    const packed = packAttempt(attempt);
    const packedLength = Buffer.alloc(2);
    packedLength.writeUInt16BE(packed.length);
    parts.push(packedLength, packed);
  }
  return Buffer.concat(parts);
}

function packAttempt(attempt: StoredAttempt): Buffer {
  return LAYOUTS.attempt.pack({
    start: attempt.startedAtMs ?? 0,
    ended: attempt.endedAtMs,
    delivery: attempt.delivery ?? 0,
    exempt: attempt.exempt,
    holder: Buffer.from(holderEntry(attempt.server, attempt.workerId)),
    decision: Buffer.from(cutUtf8(attempt.decision, DECISION_BYTES)),
  });
}

type SixValues = [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer];

function readDetails(bodies: Bodies, values: readonly Buffer[]): MessageDetails | undefined {
  const [facts, body, edits, failures, events, worker] = values as SixValues;
  if (facts.length === 0) return undefined;
  const packed = new Reader(facts).read(LAYOUTS.details);
  return {
    ...stateFields(packed, packed.isolated, packed.priority),
    leaseExpireAtMs: optionalMs(packed.leaseEnd),
    workerId: worker.length === 0 ? undefined : workerOf(String(worker)),
    streamEnded: packed.ended,
    poisoned: packed.poisoned,
    ttlMs: packed.ttl * 1_000,
    roundStartedAtMs: optionalMs(packed.round),
    lastDelayMs: packed.lastDelay,
    moves: packed.hops,
    movesTo: packed.movesTo.length === 0 ? undefined : Buffer.from(packed.movesTo).toString(),
    group: Buffer.from(packed.group).toString("hex"),
    retrySettings: packed.retry,
    envelope: bodies.unpack(body),
    edits: edits.length === 0 ? undefined : bodies.unpack(edits),
    laterFailures: readFailures(failures),
    events: readTimeline(events),
  };
}

/** Added to the length of a failure that `attempt` follows. */
const WITH_ATTEMPT = 2 ** 31;

/** The entries that append_failure of lua/lib/message.lua writes. */
function readFailures(history: Buffer): StoredFailure[] {
  const failures: StoredFailure[] = [];
  const reader = new Reader(history);
  while (!reader.done) {
    const length = reader.number(4);
    if (length < WITH_ATTEMPT) {
      failures.push({ failure: reader.bytes(length), attempt: undefined });
    } else {
      const failure = reader.bytes(length - WITH_ATTEMPT);
      failures.push({ failure, attempt: readAttempt(reader.bytes(reader.number(2))) });
    }
  }
  return failures;
}

function readAttempt(packed: Uint8Array): StoredAttempt {
  const { start, ended, delivery, exempt, ...texts } = new Reader(Buffer.from(packed)).read(
    LAYOUTS.attempt,
  );
  const holder = Buffer.from(texts.holder).toString();
  return {
    startedAtMs: optionalMs(start),
    endedAtMs: ended,
    delivery: delivery === 0 ? undefined : delivery,
    exempt,
    workerId: holder === "" ? undefined : workerOf(holder),
    server: holder === "" ? undefined : nodeOf(holder),
    decision: Buffer.from(texts.decision).toString(),
  };
}
