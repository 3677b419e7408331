import { randomUUID } from "node:crypto";
import { parseMessageId } from "../core/message-id.ts";
import type { QueueSettings } from "../core/settings.ts";
import type { SessionRecord, Store } from "../store/contract.ts";
import { atMost } from "./at-most.ts";
import type { StreamCommand, StreamFrame } from "./commands.ts";
import { giveBack } from "./delivery/give-back.ts";
import { Session } from "./delivery/session.ts";
import type { SessionRegistry } from "./delivery/session-registry.ts";
import type { DecisionLog } from "./observer.ts";

export interface StreamParts {
  store: Store;
  registry: SessionRegistry;
  settingsOf(queue: string): QueueSettings;
  log: DecisionLog;
  /** Longest silence of a stream, in milliseconds. */
  heartbeatMs: number;
  /** Aborts when the server drains: streams say so and end. */
  draining: AbortSignal;
  /** How long acks are taken after that. */
  drainGraceMs: number;
}

/** How long to wait before a store that did not answer is asked again. */
const AGAIN_MS = 250;
/** A stream opens after this long at the latest, whether or not the store knows of it yet. */
const OPEN_MS = 250;

/** Keeps a worker's stream: opens its session, writes what pumps claim for it, and cleans up. */
export function createStream(parts: StreamParts) {
  return async function* stream(
    command: StreamCommand,
    signal: AbortSignal,
  ): AsyncGenerator<StreamFrame> {
    const { store, registry, log } = parts;
    const session = openSession(parts, command);
    const { idText, workerId, queues } = session.options;
    const record = { sessionId: idText, workerId, queues, maxInFlight: command.maxInFlight };
    const over = AbortSignal.any([signal, parts.draining]);
    // The whole id would let a reader of logs take the session over.
    const facts = {
      session: idText.slice(0, 8),
      worker: shownWorker(command),
      queues: queues.length,
    };
    try {
      const visible = untilDone(() => store.registerSession(record), over);
      await Promise.all([loadLeases(store, session, command, over), atMost(OPEN_MS, visible)]);
      log.info({ ...facts, held: session.held }, "stream opened");
      const opened = { sessionId: idText, leaseMs: shortestLease(parts, command) };
      yield { kind: "opened", ...opened, leasesHeld: session.held };
      registry.add(session);
      yield* frames(session, over, parts.heartbeatMs);
      // Nothing is claimed for it any more, also while it is slow to read its last frame.
      session.end();
      if (parts.draining.aborted && !signal.aborted) {
        yield { kind: "drain", graceMs: parts.drainGraceMs };
      }
    } finally {
      registry.remove(session);
      session.end();
      await giveBack(parts, session.takeRest());
      // Its session may live on, on another stream that has taken it over.
      if (registry.get(idText) === undefined) await leave(store, record);
      log.info(facts, "stream closed");
    }
  };
}

function shownWorker({ workerId }: StreamCommand): string {
  return workerId === "" ? "unnamed" : workerId;
}

function openSession({ registry, store }: StreamParts, command: StreamCommand): Session {
  const idText = command.resumeSessionId ?? randomUUID();
  const id = parseMessageId(idText);
  if (id === undefined) throw new TypeError(`not a session id: ${idText}`);
  const session = new Session({
    idText,
    id,
    workerId: shownWorker(command),
    queues: [...new Set(command.queues)],
    maxInFlight: command.maxInFlight,
    maxInFlightBytes: command.maxInFlightBytes,
    leaseMs: command.leaseMs,
  });
  // The old stream may be a half-open connection that nobody has noticed yet.
  registry.claim(session);
  if (command.resumeSessionId !== undefined) store.hints.announceTakeover(idText);
  return session;
}

/**
 * What a resumed session still holds counts from the start. When the store does not answer, the
 * stream opens all the same, and takes nothing before the answer has come.
 */
async function loadLeases(
  store: Store,
  session: Session,
  command: StreamCommand,
  over: AbortSignal,
): Promise<void> {
  if (command.resumeSessionId === undefined) return;
  const load = async () => {
    const { id, idText } = session.options;
    // It may have had other queues before: what it holds of those counts too.
    const before = (await store.sessionQueues(idText)) ?? [];
    const queues = [...new Set([...session.options.queues, ...before])];
    const held = await Promise.all(queues.map((queue) => store.leases(queue, id)));
    queues.forEach((queue, index) => {
      session.resume(queue, held[index] ?? []);
    });
    session.loading = false;
  };
  session.loading = true;
  await atMost(OPEN_MS, untilDone(load, over));
}

function shortestLease(parts: StreamParts, command: StreamCommand): number {
  if (command.leaseMs !== undefined) return command.leaseMs;
  return Math.min(...command.queues.map((queue) => parts.settingsOf(queue).leaseDurationMs));
}

/** Frames until the signal: what was claimed, or a heartbeat when nothing came for that long. */
async function* frames(
  session: Session,
  over: AbortSignal,
  heartbeatMs: number,
): AsyncGenerator<StreamFrame> {
  while (!over.aborted && !session.ended) {
    await nextClaim(session, over, heartbeatMs);
    if (over.aborted || session.ended) return;
    const news = session.takeNews();
    if (news !== undefined) yield { kind: "queueStatus", ...news };
    const deliveries = session.take();
    if (news !== undefined && deliveries.length === 0) continue;
    yield deliveries.length > 0 ? { kind: "deliveries", deliveries } : { kind: "heartbeat" };
  }
}

/** Resolves when there is something to write, or it is time for a sign of life, or all is over. */
function nextClaim(session: Session, over: AbortSignal, heartbeatMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      over.removeEventListener("abort", done);
      session.stopReading();
      resolve();
    };
    const timer = setTimeout(done, heartbeatMs);
    over.addEventListener("abort", done);
    session.read(done);
  });
}

async function leave(store: Store, record: SessionRecord): Promise<void> {
  // An entry that stays is only wrong until this node is gone, or the session is back.
  await store.unregisterSession(record).catch(() => {});
}

/** Tries again and again, until it works or all is over. */
async function untilDone(work: () => Promise<void>, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    try {
      return await work();
    } catch {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, AGAIN_MS).unref();
      });
    }
  }
}
