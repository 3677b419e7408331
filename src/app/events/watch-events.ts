import { invalidField } from "../../core/errors.ts";
import type { DlqEvent, EventGap, EventType } from "../../core/event.ts";
import { matcherOf, type QueuePattern } from "../../core/queue-pattern.ts";
import type { EventFilter } from "../../rules/event-filter.ts";
import type {
  Outbox,
  OutboxChange,
  OutboxGap,
  OutboxItem,
  OutboxPosition,
} from "../../store/contract.ts";
import type { Pace } from "../timers.ts";
import type { EventMaker } from "./event-maker.ts";
import { OutboxFollower, partitionsOf } from "./outbox-follower.ts";
import type { SharedFilters } from "./shared-filters.ts";
import type { WatchReads } from "./watch-reads.ts";

export type { OutboxPosition };

export interface WatchEventsCommand {
  queues: readonly QueuePattern[];
  types: ReadonlySet<EventType>;
  filter: EventFilter;
  /** Where to go on. Undefined: nowhere. */
  resume: ResumePoint | undefined;
  /** Where to begin in other partitions. Undefined: at their ends. */
  sinceMs: number | undefined;
}

/** How far a watch has come. */
export interface ResumePoint {
  /** See Outbox. */
  readonly storeId: string;
  /** By partition. */
  readonly positions: ReadonlyMap<number, OutboxPosition>;
}

/** The next events of a watch. */
export interface EventBatch {
  events: readonly DlqEvent[];
  /** Events of the next batches, which are in memory until then. */
  laterEvents?: number;
  /** What is missing before the events. */
  gap: EventGap | undefined;
  /** Where to continue after the events. Undefined: a later batch has it. */
  resume: ResumePoint | undefined;
  /** Of the first batch: events are complete only since this time. Undefined: none that were asked for were removed. */
  keptSinceMs?: number | undefined;
  /** Set once: all events before the watch were yielded with this batch. */
  isCaughtUp?: boolean;
}

/** Runs the search for the beginning of a watch, in turn with others of its caller. */
export type BeginWatch = <T>(search: () => Promise<T>) => Promise<T>;

/** A command whose filter shares its results with those of other watches. */
type SharedCommand = Omit<WatchEventsCommand, "filter"> & {
  readonly filter: Pick<EventFilter, "matches">;
};

export type WatchEvents = (
  command: WatchEventsCommand,
  signal: AbortSignal,
  begin: BeginWatch,
) => AsyncIterable<EventBatch>;

export interface WatchEventsParts {
  outbox: Pick<Outbox, "storeId" | "partitions" | "partitionOf" | "ends" | "sinceSecond">;
  reads: WatchReads;
  maker: Pick<EventMaker, "eventsOf">;
  /** Of all watches of this process, as the pace. */
  filters: SharedFilters;
  pace: Pace;
}

/** Changes whose events are made at once: the store is asked once for all their groups. */
const MADE_AT_ONCE = 100;
/** Events in a batch, and up to so many more: an event takes up to about 1.2 KiB. */
const BATCH = 500;
/** While there are changes, a batch has positions for a token this often. */
const TOKEN_MS = 1_000;

const NO_EVENTS: EventBatch = { events: [], gap: undefined, resume: undefined };

/**
 * Yields the events of queues as they happen. The first batch comes at once. Rejects with INVALID_ARGUMENT if the point to continue
 * from is of another store, and if the store does not answer.
 */
export function createWatchEvents(parts: WatchEventsParts): WatchEvents {
  return async function* watch(command, signal, begin) {
    if (command.resume !== undefined && command.resume.storeId !== parts.outbox.storeId) {
      throw invalidField(
        "resume_token",
        "is of another deployment, or of a Redis whose data was lost; leave it out, and set start_time to the time of the last event",
      );
    }
    const partitions = partitionsOf(parts.outbox, command.queues);
    const follower = new OutboxFollower(parts.reads, partitions, parts.pace);
    const filter = parts.filters.use(command.filter);
    try {
      const start = () => startOf(parts.outbox, command, partitions, signal, begin);
      yield* watchEvents(parts, { ...command, filter }, follower, start, signal);
    } finally {
      filter.release();
      follower.stop();
    }
  };
}

async function* watchEvents(
  parts: WatchEventsParts,
  command: SharedCommand,
  follower: OutboxFollower,
  startOfWatch: () => Promise<Start>,
  signal: AbortSignal,
): AsyncGenerator<EventBatch> {
  const { outbox, pace } = parts;
  const begun = await untilAborted(startOfWatch(), signal);
  if (begun === undefined) return;
  const { start, unread, keptSinceMs } = begun;
  const resumeAt = (positions: ReadonlyMap<number, OutboxPosition>) => ({
    storeId: outbox.storeId,
    positions: new Map(positions),
  });
  if (pace.isTooLong) await pace.giveTurn();
  yield { ...NO_EVENTS, resume: resumeAt(start), keptSinceMs, isCaughtUp: unread.length === 0 };
  let tokenAtMs = performance.now();
  let isTokenCurrent = true;
  for await (const { items, positions, isCaughtUp } of follower.items(start, unread, signal)) {
    const batches = await batchesOf(parts, command, items);
    if (items.length > 0) isTokenCurrent = false;
    const isTokenDue = items.length === 0 || performance.now() - tokenAtMs >= TOKEN_MS;
    items.length = 0;
    if (isCaughtUp || (isTokenDue && !isTokenCurrent)) {
      // Events that are not wanted move the positions, too.
      const last = batches.pop() ?? NO_EVENTS;
      batches.push({ ...last, resume: resumeAt(positions), isCaughtUp });
      [tokenAtMs, isTokenCurrent] = [performance.now(), true];
    }
    for (let next = batches.shift(); next !== undefined; next = batches.shift()) {
      const laterEvents = batches.reduce((sum, { events }) => sum + events.length, 0);
      // To write a response takes long, too.
      if (pace.isTooLong) await pace.giveTurn();
      yield { ...next, laterEvents };
    }
  }
}

/** Resolves with undefined when the signal aborts: a search may wait for its turn for long, and a watch that ends must not. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

interface Start {
  start: ReadonlyMap<number, OutboxPosition>;
  /** The partitions where the watch does not begin at the end. */
  unread: readonly number[];
  /** The latest of the partitions where something was removed. */
  keptSinceMs: number | undefined;
}

/** Where the watch begins in each partition. */
async function startOf(
  outbox: WatchEventsParts["outbox"],
  { resume, sinceMs }: WatchEventsCommand,
  partitions: readonly number[],
  signal: AbortSignal,
  begin: BeginWatch,
): Promise<Start> {
  const positions = resume?.positions ?? new Map<number, never>();
  const unknown = partitions.filter((partition) => !positions.has(partition));
  // Also with a position for each: the first batch comes once the store can be read.
  const found =
    sinceMs === undefined || unknown.length === 0
      ? (await outbox.ends(unknown)).map((position) => ({ position, keptSinceMs: undefined }))
      : await begin(async () => {
          signal.throwIfAborted();
          return outbox.sinceSecond(unknown, sinceMs, signal);
        });
  const kept = found.flatMap(({ keptSinceMs = 0 }) =>
    keptSinceMs > (sinceMs ?? 0) ? keptSinceMs : [],
  );
  const begun = new Map(unknown.map((partition, at) => [partition, found[at]?.position]));
  const startIn = (partition: number) => positions.get(partition) ?? begun.get(partition);
  return {
    start: new Map(partitions.map((one) => [one, startIn(one) as OutboxPosition])),
    unread: sinceMs === undefined ? partitions.filter((one) => positions.has(one)) : partitions,
    keptSinceMs: kept.length === 0 ? undefined : Math.max(...kept),
  };
}

/** The wanted events of items, without positions. */
async function batchesOf(
  { maker, pace }: WatchEventsParts,
  command: SharedCommand,
  items: readonly OutboxItem[],
): Promise<EventBatch[]> {
  const batches: EventBatch[] = [];
  let events: DlqEvent[] = [];
  let gap: EventGap | undefined;
  const close = () => {
    batches.push({ ...NO_EVENTS, events, gap });
    [events, gap] = [[], undefined];
  };
  const isWanted = matcherOf(command.queues);
  const wanted: OutboxChange[] = [];
  const addWanted = async () => {
    for (const event of await maker.eventsOf(wanted.splice(0), command.types)) {
      if (pace.isTooLong) await pace.giveTurn();
      if (command.filter.matches(event)) events.push(event);
    }
    if (events.length >= BATCH) close();
  };
  for (const item of items) {
    if (pace.isTooLong) await pace.giveTurn();
    if (!("kind" in item)) {
      await addWanted();
      if (events.length > 0) close();
      gap = gapOf(item, gap);
    } else if (!isTooEarly(command, item) && isWanted(item.queue)) {
      wanted.push(item);
      if (wanted.length === MADE_AT_ONCE) await addWanted();
    }
  }
  await addWanted();
  if (events.length > 0 || gap !== undefined) close();
  return batches;
}

/** Whether it is of the second of the time to begin at, and before that time: see Outbox.sinceSecond. */
function isTooEarly({ resume, sinceMs }: SharedCommand, { partition, atMs }: OutboxChange) {
  if (sinceMs === undefined || resume?.positions.has(partition)) return false;
  return atMs < sinceMs && atMs >= Math.floor(sinceMs / 1_000) * 1_000;
}

/** Returns a gap together with the one before it, of this or another partition. */
function gapOf({ gap, count, afterMs, untilMs }: OutboxGap, before?: EventGap): EventGap {
  const { missed = 0, undone = 0 } = before ?? {};
  return {
    ...{ missed, undone, [gap]: (before?.[gap] ?? 0) + count },
    afterMs: Math.min(before?.afterMs ?? afterMs, afterMs),
    untilMs: Math.max(before?.untilMs ?? untilMs, untilMs),
  };
}
