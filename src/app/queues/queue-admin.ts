import { randomBytes } from "node:crypto";
import {
  changedFields,
  encodeQueueRecord,
  isSameQueueConfig,
  type PastRedact,
  type QueueConfig,
  type QueueRecord,
  queueConfigBytes,
} from "../../codec/queue-record.ts";
import { UNREADABLE_ETAG } from "../../codec/unreadable.ts";
import { isPaused } from "../../core/delivery-status.ts";
import { aborted, invalidField, staleEtag } from "../../core/errors.ts";
import { LIMITS, type QueueSettings } from "../../core/settings.ts";
import type { QueueChange, Store } from "../../store/contract.ts";
import type { Caller } from "../commands.ts";
import type { DecisionLog } from "../observer.ts";
import type { Deletions, QueueDeletion } from "./deletion.ts";
import { pastRedactOf, stillNeeded } from "./past-redact.ts";
import type { SettingsInForce } from "./settings-in-force.ts";

/** A queue with its settings, for operators. */
export interface QueueView extends Omit<QueueRecord, "pastRedact"> {
  readonly name: string;
  readonly settings: QueueSettings;
  readonly exists: boolean;
}

export interface QueueUpdate {
  queue: string;
  /** Empty: any. */
  etag: string;
  /**
   * Returns the new configuration for the present one. Deterministic. Throws a DlqError for an
   * invalid one.
   */
  apply(present: QueueConfig): QueueConfig;
  caller?: Caller;
}

export interface QueuePage {
  queues: QueueView[];
  /** The name after which the next page begins; undefined if there is none. */
  next: string | undefined;
}

/** The use cases for queues. Each rejects only with a DlqError. */
export interface QueueAdmin {
  /** Lists queues by name, after `after`. */
  list(pageSize: number, after: string): Promise<QueuePage>;
  get(queue: string): Promise<QueueView>;
  update(update: QueueUpdate): Promise<QueueView>;
  /** Returns how many messages were removed. */
  delete(deletion: QueueDeletion): Promise<number>;
}

export interface QueueAdminParts {
  store: Pick<Store, "configs" | "queues" | "hasQueue" | "stats">;
  inForce: SettingsInForce;
  deletions: Pick<Deletions, "delete">;
  /** Throws a DlqError if the resulting settings contradict each other. */
  check(queue: string, own: QueueConfig): void;
  log: DecisionLog;
}

/** Attempts when other changes come in between. */
const TRIES = 5;

export function createQueueAdmin(parts: QueueAdminParts): QueueAdmin {
  const { store, inForce } = parts;
  const view = (name: string, exists: boolean): QueueView => {
    const { config, etag, updatedAtMs } = inForce.stored(name);
    return { name, config, etag, updatedAtMs, settings: inForce.of(name), exists };
  };
  return {
    async list(pageSize, after) {
      const [existing] = await Promise.all([
        store.queues(after, pageSize + 1),
        store.configs.refresh(),
      ]);
      const exists = new Set(existing);
      // Names behind these are not of this page.
      const end = existing.length > pageSize ? existing.at(-1) : undefined;
      const configured = [...store.configs.names()].filter(
        (name) =>
          name > after && (end === undefined || name < end) && inForce.stored(name).etag !== "",
      );
      const names = [...new Set([...existing, ...configured])].toSorted();
      const page = names.slice(0, pageSize);
      return {
        queues: page.map((name) => view(name, exists.has(name))),
        next: names.length > page.length ? page.at(-1) : undefined,
      };
    },

    async get(queue) {
      const [exists] = await Promise.all([store.hasQueue(queue), store.configs.refresh()]);
      return view(queue, exists);
    },

    async update(update) {
      await applyUpdate(parts, update);
      return view(update.queue, await store.hasQueue(update.queue));
    },

    delete: (deletion) => parts.deletions.delete(deletion),
  };
}

/**
 * If nothing would change, the call succeeds whatever the etag, so that it can be repeated after a
 * lost answer.
 */
async function applyUpdate(parts: QueueAdminParts, update: QueueUpdate): Promise<void> {
  const { store, inForce, check, log } = parts;
  const { queue, etag, caller } = update;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    await store.configs.refresh();
    const seen = store.configs.get(queue);
    const present = inForce.stored(queue);
    const next = update.apply(present.config);
    // An unreadable configuration counts as empty: it is removed even if nothing else would be set.
    if (isSameQueueConfig(next, present.config) && present.etag !== UNREADABLE_ETAG) return;
    if (etag !== "" && etag !== present.etag)
      throw staleEtag(`the configuration of queue ${queue}`);
    checkSize(next, present.config);
    check(queue, next);
    const changed = changedFields(present.config, next);
    // Before the update: afterwards they are removed at once.
    const ending = changed.includes("quarantine_retention")
      ? await endingQuarantine(parts, queue, inForce.with(queue, next))
      : undefined;
    const pause = changed.includes("pause")
      ? pauseChange(inForce.of(queue), inForce.with(queue, next))
      : undefined;
    const { hidesLess, pastRedactAt } = redactChange(inForce, queue, next);
    const encode = encoder(next, pastRedactAt);
    const also = { changeAt: pause, notesEnd: hidesLess };
    if (await store.configs.replace(queue, seen, encode, also)) {
      await store.configs.refresh();
      logChange(log, { queue, caller }, changed, inForce.of(queue));
      if (ending !== undefined)
        log.warn(
          { queue, caller, ...ending },
          "messages in quarantine are older than the new retention and are removed now",
        );
      return;
    }
  }
  throw aborted(200, `the configuration of queue ${queue}`);
}

/**
 * If the next settings end the quarantine of stored messages at once, returns how many are in quarantine, and the age there of
 * the oldest.
 */
async function endingQuarantine(
  { store, inForce }: QueueAdminParts,
  queue: string,
  { quarantineRetentionMs: next }: QueueSettings,
): Promise<{ quarantined: number; oldestMs: number } | undefined> {
  const present = inForce.of(queue).quarantineRetentionMs;
  if (next === 0 || (present !== 0 && next >= present)) return undefined;
  const [stats] = await store.stats([queue]);
  if (stats?.oldestQuarantinedAtMs === undefined) return undefined;
  const oldestMs = stats.nowMs - stats.oldestQuarantinedAtMs;
  return oldestMs < next ? undefined : { quarantined: stats.quarantined, oldestMs };
}

/** Returns what other settings do to a queue at a time of the store's clock: a pause may have ended by itself. */
function pauseChange(before: QueueSettings, after: QueueSettings) {
  return (nowMs: number): QueueChange | undefined => {
    const isPausedAfter = isPaused(after, nowMs);
    if (isPaused(before, nowMs) === isPausedAfter) return undefined;
    return isPausedAfter ? "QUEUE_PAUSED" : "QUEUE_RESUMED";
  };
}

/** A larger one that an earlier version accepted may still change, if it does not grow. */
function checkSize(next: QueueConfig, present: QueueConfig): void {
  const bytes = queueConfigBytes(next);
  const most = LIMITS.queueConfigBytes;
  if (bytes <= most || bytes <= queueConfigBytes(present)) return;
  throw invalidField(
    "queue.config",
    `has ${bytes} bytes with what is set already; at most ${most} are allowed`,
  );
}

/** A pause has a line of its own: operators look for it. */
function logChange(
  log: DecisionLog,
  facts: { queue: string; caller: Caller },
  changed: readonly string[],
  { paused, pausedReason: reason, pausedUntilAtMs }: QueueSettings,
): void {
  if (changed.includes("pause")) {
    const until =
      pausedUntilAtMs === undefined ? {} : { until: new Date(pausedUntilAtMs).toISOString() };
    if (paused) log.info({ ...facts, reason, ...until }, "queue paused");
    else log.info(facts, "queue resumed");
  }
  const others = changed.filter((field) => field !== "pause");
  if (others.length > 0 || changed.length === 0)
    log.info({ ...facts, changed: others }, "queue updated");
}

function encoder(config: QueueConfig, pastRedactAt: (nowMs: number) => PastRedact | undefined) {
  const etag = randomBytes(8).toString("hex");
  return (nowMs: number) => encodeQueueRecord(config, etag, nowMs, pastRedactAt(nowMs));
}

/** Returns what must stay hidden in changes that the outbox has, if the queue gets this configuration. */
function redactChange(inForce: SettingsInForce, queue: string, config: QueueConfig) {
  const { pastRedact: earlier } = inForce.stored(queue);
  const { redact } = inForce.of(queue);
  const next = redact.length === 0 ? [] : inForce.with(queue, config).redact;
  const hidesLess = redact.some((entry) => !next.includes(entry));
  const pastRedactAt = (nowMs: number) =>
    hidesLess ? pastRedactOf(redact, earlier, nowMs) : stillNeeded(earlier, nowMs);
  return { hidesLess, pastRedactAt };
}
