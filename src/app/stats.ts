import { isPaused } from "../core/delivery-status.ts";
import { DlqError } from "../core/errors.ts";
import { damaged, queueConditions } from "../core/queue-conditions.ts";
import type { QueueSettings } from "../core/settings.ts";
import { nextTokenInMs } from "../core/token-bucket.ts";
import type { BreakerSnapshot, QueueSnapshot, Store } from "../store/contract.ts";
import type { DamagedReport, QueueReport, QueuesPage, StatsReport } from "./commands.ts";

export interface StatsParts {
  store: Pick<Store, "statsOrErrors" | "queues"> & { messages: Pick<Store["messages"], "full"> };
  settingsOf(queue: string): QueueSettings;
}

/** The most queues of one report. */
export const STATS_QUEUES = 1_000;
const FIRST_PAGE: QueuesPage = { pageSize: STATS_QUEUES, after: "" };

/** Reports the contents of queues, or of a page of all queues, and why messages are delivered or not. */
export function createStats({ store, settingsOf }: StatsParts) {
  return async (requested: readonly string[], page?: QueuesPage): Promise<StatsReport> => {
    const { pageSize, after } = page ?? FIRST_PAGE;
    const names =
      requested.length > 0
        ? [...new Set(requested)].toSorted()
        : await store.queues(after, pageSize + 1);
    const queues = requested.length > 0 ? names : names.slice(0, pageSize);
    const found = await store.statsOrErrors(queues);
    const times = found.flatMap((one) => (one instanceof DlqError ? [] : [one.nowMs]));
    return {
      next: names.length > queues.length ? queues.at(-1) : undefined,
      nowMs: times.length === 0 ? undefined : Math.max(...times),
      queues: queues.map((queue, index) => {
        const one = found[index] as QueueSnapshot | DlqError;
        return one instanceof DlqError
          ? reportOfDamaged(queue, one)
          : report(queue, one, settingsOf(queue), store.messages.full);
      }),
    };
  };
}

function reportOfDamaged(queue: string, { cause }: DlqError): DamagedReport {
  const { code, text } = damaged(cause instanceof Error ? cause.message : String(cause));
  return { queue, damaged: true, conditions: [{ code, message: text }] };
}

const CLOSED: BreakerSnapshot = { state: "CLOSED", retryAtMs: undefined };

function report(
  queue: string,
  snapshot: QueueSnapshot,
  settings: QueueSettings,
  storeFull: string | undefined,
): QueueReport {
  const { nowMs, counters, nextDueAtMs, oldestAtMs, oldestQuarantinedAtMs } = snapshot;
  const paused = isPaused(settings, nowMs);
  const { pausedReason, pausedUntilAtMs } = settings;
  // A breaker that the settings no longer have blocks nothing.
  const breaker = settings.breaker === "queue" ? snapshot.breaker : CLOSED;
  const openBreakers = settings.breaker === "off" ? 0 : snapshot.openBreakers;
  const total = (name: string) => counters.get(name) ?? 0;
  const since = (atMs: number | undefined) =>
    atMs === undefined ? undefined : Math.max(0, nowMs - atMs);
  return {
    queue,
    scheduled: snapshot.scheduled,
    dueNow: snapshot.dueNow,
    inFlight: snapshot.inFlight,
    quarantined: snapshot.quarantined,
    bytes: total("bytes"),
    counts: snapshot.cells,
    oldestAgeMs: since(oldestAtMs),
    oldestQuarantinedAgeMs: since(oldestQuarantinedAtMs),
    nextDueAtMs,
    workers: snapshot.workers,
    quietWorkers: snapshot.quietWorkers,
    rates: snapshot.rates,
    totals: {
      accepted: total("accepted"),
      joined: total("joined"),
      succeeded: total("succeeded"),
      discarded: total("discarded"),
      expired: total("expired"),
      purged: total("purged"),
      movedOut: total("moved_out"),
      movedIn: total("moved_in"),
      undeleted: total("undeleted"),
      deliveries: total("deliveries"),
      failedAttempts: total("failed_attempts"),
      released: total("released"),
      leaseExpiries: total("lease_expiries"),
    },
    paused,
    breaker,
    openBreakers,
    heldKeys: snapshot.heldKeys,
    conditions: queueConditions({
      ...snapshot,
      isUnused: total("accepted") + total("moved_in") === 0,
      nextTokenInMs: nextTokenInMs(snapshot.rateBucket, settings.ratePerSecond, nowMs),
      breakerOpen: breaker.state !== "CLOSED",
      openBreakers: settings.breaker === "key" ? openBreakers : 0,
      ...{ paused, pausedReason, pausedUntilAtMs },
      sendsRefused: storeFull ?? reachedLimit(snapshot, settings),
      nextDueInMs: nextDueAtMs === undefined ? undefined : Math.max(0, nextDueAtMs - nowMs),
    }).map(({ text, ...one }) => ({ ...one, message: text })),
  };
}

/** A limit of the queue, in messages or bytes, that refuses the next send. */
function reachedLimit(snapshot: QueueSnapshot, settings: QueueSettings): string | undefined {
  const { scheduled, inFlight, quarantined, counters } = snapshot;
  const { maxMessages, maxBytes } = settings;
  const raise = "process or discard messages, or raise it";
  if (maxMessages > 0 && scheduled + inFlight + quarantined >= maxMessages) {
    return `max_messages (${maxMessages}) is reached; ${raise}`;
  }
  if (maxBytes > 0 && (counters.get("bytes") ?? 0) >= maxBytes) {
    return `max_bytes (${maxBytes}) is reached; ${raise}`;
  }
  return undefined;
}
