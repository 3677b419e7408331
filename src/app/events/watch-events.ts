import { invalidField } from "../../core/errors.ts";
import type { DlqEvent, EventType } from "../../core/event.ts";
import type { QueuePattern } from "../../core/queue-pattern.ts";
import { Turns } from "../../core/turns.ts";
import type { EventFilter } from "../../rules/event-filter.ts";
import type { Outbox, OutboxGap, OutboxItem, OutboxPosition } from "../../store/contract.ts";
import { Pace } from "../timers.ts";
import type { EventMaker } from "./event-maker.ts";
import { OutboxFollower, type Positions, partitionsOf } from "./outbox-follower.ts";

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
  /** By partition. Undefined: from the oldest change that is kept. */
  readonly positions: ReadonlyMap<number, OutboxPosition | undefined>;
}

/** The next events of a watch. */
export interface EventBatch {
  events: readonly DlqEvent[];
  /** What is missing before the events. */
  gap: EventGap | undefined;
  /** Where to go on behind the events; undefined: a later batch has it. */
  resume: ResumePoint | undefined;
}

export interface EventGap {
  missed: number;
  undone: number;
}

export type WatchEvents = (
  command: WatchEventsCommand,
  signal: AbortSignal,
) => AsyncIterable<EventBatch>;

export interface WatchEventsParts {
  outbox: Outbox;
  maker: Pick<EventMaker, "eventsOf">;
  /** A clock in milliseconds. */
  now(): number;
}

/** Events in a batch: an event takes up to about 1.2 KiB. */
const BATCH = 500;
/** Partitions whose beginnings are looked for at once. */
const LOOKUPS_AT_ONCE = 8;
/** Positions are given this often. */
const POSITIONS_MS = 1_000;

/**
 * Yields the events of queues as they happen. The first batch comes at once. Rejects with INVALID_ARGUMENT if the point to go on
 * from is of another store, and if the store does not answer.
 */
export function createWatchEvents(parts: WatchEventsParts): WatchEvents {
  return async function* watch(command, signal) {
    if (command.resume !== undefined && command.resume.storeId !== parts.outbox.storeId) {
      throw invalidField(
        "resume_token",
        "is of another deployment, or of a Redis whose data was lost; leave it out, and set start_time to the time of the last event",
      );
    }
    const partitions = partitionsOf(parts.outbox, command.queues);
    const follower = new OutboxFollower(parts.outbox, partitions);
    try {
      yield* watchEvents(parts, command, follower, partitions, signal);
    } finally {
      follower.stop();
    }
  };
}

async function* watchEvents(
  parts: WatchEventsParts,
  command: WatchEventsCommand,
  follower: OutboxFollower,
  partitions: readonly number[],
  signal: AbortSignal,
): AsyncGenerator<EventBatch> {
  const { outbox, now } = parts;
  const { positions, behind } = await startOf(outbox, command, partitions);
  const resume = () => ({ storeId: outbox.storeId, positions: new Map(positions) });
  const placeOnly = () => ({ events: [], gap: undefined, resume: resume() });
  yield placeOnly();
  let givenAtMs = now();
  let isGiven = true;
  for await (const items of follower.items(positions, behind, signal)) {
    const isDue = now() - givenAtMs >= POSITIONS_MS;
    if (items.length > 0) isGiven = false;
    for await (const { isLast, ...batch } of batchesOf(parts, command, items)) {
      isGiven = isLast && isDue;
      yield { ...batch, resume: isGiven ? resume() : undefined };
    }
    // Events that are not wanted move the place, too.
    if (!isGiven && (isDue || items.length === 0)) {
      isGiven = true;
      yield placeOnly();
    }
    if (isGiven) givenAtMs = now();
  }
}

/** Where the watch begins in each partition, and the partitions where it does not begin at the end. */
async function startOf(
  outbox: Outbox,
  { resume, sinceMs }: WatchEventsCommand,
  partitions: readonly number[],
): Promise<{ positions: Positions; behind: readonly number[] }> {
  const positions = resume?.positions ?? new Map<number, never>();
  const unknown = partitions.filter((partition) => !positions.has(partition));
  const turns = new Turns(LOOKUPS_AT_ONCE);
  // Also with a position for each: the first batch comes once the store can be read.
  const found =
    sinceMs === undefined || unknown.length === 0
      ? await outbox.ends(unknown)
      : await turns.map(unknown, (partition) => outbox.since(partition, sinceMs));
  const begun = new Map(unknown.map((partition, at) => [partition, found[at]]));
  return {
    positions: new Map(
      partitions.map((partition) => [partition, positions.get(partition) ?? begun.get(partition)]),
    ),
    behind: sinceMs === undefined ? partitions.filter((one) => positions.has(one)) : partitions,
  };
}

interface Batch extends Pick<EventBatch, "events" | "gap"> {
  isLast: boolean;
}

async function* batchesOf(
  { maker }: WatchEventsParts,
  command: WatchEventsCommand,
  items: readonly OutboxItem[],
): AsyncGenerator<Batch> {
  let events: DlqEvent[] = [];
  let gap: EventGap | undefined;
  const pace = new Pace();
  for (const item of items) {
    if (pace.isTooLong) await pace.giveTurn();
    if (!("kind" in item)) {
      if (events.length > 0) yield { events, gap, isLast: false };
      [events, gap] = events.length > 0 ? [[], gapOf(item)] : [events, gapOf(item, gap)];
      continue;
    }
    if (!command.queues.some((pattern) => pattern.matches(item.queue))) continue;
    for (const event of await maker.eventsOf(item, command.types)) {
      if (command.filter(event)) events.push(event);
    }
    if (events.length < BATCH) continue;
    yield { events, gap, isLast: false };
    [events, gap] = [[], undefined];
  }
  if (events.length > 0 || gap !== undefined) yield { events, gap, isLast: true };
}

function gapOf(item: OutboxGap, before: EventGap = { missed: 0, undone: 0 }): EventGap {
  return {
    missed: before.missed + ("missed" in item ? item.missed : 0),
    undone: before.undone + ("undone" in item ? item.undone : 0),
  };
}
