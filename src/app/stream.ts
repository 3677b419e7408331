import { randomUUID } from "node:crypto";
import { DlqError } from "../core/errors.ts";
import { parseMessageId } from "../core/message-id.ts";
import type { QueueSettings } from "../core/settings.ts";
import { Turns } from "../core/turns.ts";
import type { SessionRecord, Store } from "../store/contract.ts";
import type { StreamCommand, StreamFrame } from "./commands.ts";
import { applyQuiet } from "./delivery/apply-quiet.ts";
import { giveBack } from "./delivery/give-back.ts";
import { readLeases } from "./delivery/reconcile.ts";
import { Session } from "./delivery/session.ts";
import type { SessionRegistry } from "./delivery/session-registry.ts";
import type { DecisionLog } from "./observer.ts";
import { atMost } from "./timers.ts";

export interface StreamParts {
  store: Store;
  registry: SessionRegistry;
  settingsOf(queue: string): QueueSettings;
  log: DecisionLog;
  /** The longest time without a frame, in milliseconds. */
  heartbeatMs: number;
  /** Aborts when the server drains. Streams then send a `drain` frame and end. */
  draining: AbortSignal;
  /** How long acks are accepted after that, in milliseconds. */
  drainGraceMs: number;
}

/** Wait before another try after a failure of the store. */
const AGAIN_MS = 250;
/** A stream opens after this time even if the store has not answered. */
const OPEN_MS = 250;
/** Queues whose leases are read at once for one stream: other streams resume at the same time. */
const LEASE_READS_AT_ONCE = 8;

/**
 * Serves a worker's stream: opens its session, writes the messages that pumps claim for it, and
 * cleans up.
 */
export function createStream(parts: StreamParts) {
  return async function* stream(
    command: StreamCommand,
    signal: AbortSignal,
  ): AsyncGenerator<StreamFrame> {
    const { store, registry, log } = parts;
    const session = openSession(parts, command);
    const { idText, workerId, queues } = session.options;
    const record = { sessionId: idText, workerId, queues, maxInFlight: command.maxInFlight };
    const ended = AbortSignal.any([signal, parts.draining]);
    // Shortened: with the whole id a reader of logs could take over the session.
    const facts = () => ({
      session: idText.slice(0, 8),
      worker: shownWorker(command),
      queues: queues.length,
      caller: command.caller,
    });
    try {
      const visible = untilDone(() => store.registerSession(record), ended);
      await Promise.all([loadLeases(store, session, command, ended), atMost(OPEN_MS, visible)]);
      log.info({ ...facts(), held: session.held }, "stream opened");
      const opened = { sessionId: idText, leaseMs: shortestLease(parts, command) };
      yield { kind: "opened", ...opened, leasesHeld: session.held };
      registry.add(session);
      yield* frames(session, ended, parts.heartbeatMs);
      // From now on nothing is claimed for it, even if the last frame is still being read.
      session.end();
      if (parts.draining.aborted && !signal.aborted) {
        yield { kind: "drain", graceMs: parts.drainGraceMs };
      }
    } finally {
      registry.remove(session);
      session.end();
      await giveBack(parts, session.takeRest());
      // Another stream may have taken over the session.
      if (registry.get(idText) === undefined) await unregister(store, record, session.mayHold);
      log.info(facts(), "stream closed");
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
  // The old stream may be a half-open connection that was not detected yet.
  registry.claim(session);
  if (command.resumeSessionId !== undefined) store.hints.announceTakeover(idText);
  return session;
}

/**
 * Loads the leases that a resumed session still holds, and whether it is quiet. If the store does not answer in time, the
 * stream opens, but takes no messages until it does.
 */
async function loadLeases(
  store: Store,
  session: Session,
  command: StreamCommand,
  ended: AbortSignal,
): Promise<void> {
  if (command.resumeSessionId === undefined) return;
  const load = async () => {
    const { id, idText } = session.options;
    // Leases of queues that it had before count too.
    const before = (await store.sessionQueues(idText)) ?? [];
    const named = [...new Set([...session.options.queues, ...before])];
    // Names come from clients, who may invent them.
    const queues = [...(await store.existingOf(named))];
    const isOver = () => ended.aborted || session.ended;
    const reads = new Turns(LEASE_READS_AT_ONCE).map(queues, async (queue) =>
      isOver() ? undefined : readLeases(store, queue, id),
    );
    const [held] = await Promise.all([reads, applyQuiet(store, [session])]);
    if (isOver()) return;
    queues.forEach((queue, index) => {
      const leases = held[index];
      session.resume(queue, leases instanceof DlqError ? [] : (leases ?? []));
    });
    session.loading = false;
  };
  session.loading = true;
  await atMost(OPEN_MS, untilDone(load, ended));
}

function shortestLease(parts: StreamParts, command: StreamCommand): number {
  if (command.leaseMs !== undefined) return command.leaseMs;
  return Math.min(...command.queues.map((queue) => parts.settingsOf(queue).leaseDurationMs));
}

/**
 * Yields frames until the signal aborts: deliveries, queue status changes, or a heartbeat after
 * silence.
 */
async function* frames(
  session: Session,
  ended: AbortSignal,
  heartbeatMs: number,
): AsyncGenerator<StreamFrame> {
  while (!ended.aborted && !session.ended) {
    await nextEvent(session, ended, heartbeatMs);
    if (ended.aborted || session.ended) return;
    const status = session.takeStatus();
    if (status !== undefined) yield { kind: "queueStatus", ...status };
    const deliveries = session.takeFrame();
    if (status !== undefined && deliveries.length === 0) continue;
    yield deliveries.length > 0 ? { kind: "deliveries", deliveries } : { kind: "heartbeat" };
  }
}

/** Resolves when there is something to write, a heartbeat is due, or the stream ends. */
function nextEvent(session: Session, ended: AbortSignal, heartbeatMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      ended.removeEventListener("abort", done);
      session.stopReading();
      resolve();
    };
    const timer = setTimeout(done, heartbeatMs);
    ended.addEventListener("abort", done);
    session.read(done);
  });
}

async function unregister(
  store: Store,
  record: SessionRecord,
  holdsLeases: boolean,
): Promise<void> {
  // If this fails, the entry stays until this server's sign of life expires or the session returns.
  await store.unregisterSession(record, holdsLeases).catch(() => {});
}

/** Retries until the work succeeds or the stream ends. */
async function untilDone(work: () => Promise<void>, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    try {
      return await work();
    } catch {
      await new Promise<void>((resolve) => {
        setTimeout(resolve, AGAIN_MS).unref();
      });
    }
  }
}
