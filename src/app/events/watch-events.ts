import type { DlqEvent, EventType } from "../../core/event.ts";
import type { QueuePattern } from "../../core/queue-pattern.ts";
import { Turns } from "../../core/turns.ts";
import type { EventFilter } from "../../rules/event-filter.ts";
import type { Outbox, OutboxGap, OutboxItem, OutboxPosition } from "../../store/contract.ts";
import { Pace } from "../timers.ts";
import type { EventMaker } from "./event-maker.ts";
import { OutboxFollower, type Positions } from "./outbox-follower.ts";

export type { OutboxPosition };

export interface WatchEventsCommand {
  queues: readonly QueuePattern[];
  types: ReadonlySet<EventType>;
  filter: EventFilter;
  /** Where to go on, by partition. */
  positions: ReadonlyMap<number, OutboxPosition>;
  /** Where to begin in other partitions. Undefined: at their ends. */
  sinceMs: number | undefined;
}

/** The next events of a watch. */
export interface EventBatch {
  events: readonly DlqEvent[];
  /** What is missing before the events. */
  gap: EventGap | undefined;
  /** Where to go on behind the events; undefined: a later batch has it. */
  positions: ReadonlyMap<number, OutboxPosition | undefined> | undefined;
  /** Of the first batch: events before this time were removed. Undefined: none that were asked for. */
  keptSinceMs?: number | undefined;
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

/** Yields the events of queues as they happen. The first batch comes at once. Rejects if the store does not answer. */
export function createWatchEvents(parts: WatchEventsParts): WatchEvents {
  return async function* watch(command, signal) {
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
  const { positions, behind, keptSinceMs } = await startOf(outbox, command, partitions);
  const placeOnly = () => ({ events: [], gap: undefined, positions: new Map(positions) });
  yield { ...placeOnly(), keptSinceMs };
  let givenAtMs = now();
  let isGiven = true;
  for await (const items of follower.items(positions, behind, signal)) {
    const isDue = now() - givenAtMs >= POSITIONS_MS;
    if (items.length > 0) isGiven = false;
    for await (const { isLast, ...batch } of batchesOf(parts, command, items)) {
      isGiven = isLast && isDue;
      yield { ...batch, positions: isGiven ? new Map(positions) : undefined };
    }
    // Events that are not wanted move the place, too.
    if (!isGiven && (isDue || items.length === 0)) {
      isGiven = true;
      yield placeOnly();
    }
    if (isGiven) givenAtMs = now();
  }
}

/** The partitions that may have events of queues. */
export function partitionsOf(outbox: Outbox, queues: readonly QueuePattern[]): readonly number[] {
  const names = queues.flatMap(({ only }) => only ?? []);
  if (names.length < queues.length) return [...Array(outbox.partitions).keys()];
  return [...new Set(names.map((name) => outbox.partitionOf(name)))];
}

interface Start {
  positions: Positions;
  /** The partitions where the watch does not begin at the end. */
  behind: readonly number[];
  /** The latest of the partitions where something was removed. */
  keptSinceMs: number | undefined;
}

/** Where the watch begins in each partition. */
async function startOf(
  outbox: Outbox,
  { positions, sinceMs }: WatchEventsCommand,
  partitions: readonly number[],
): Promise<Start> {
  const unknown = partitions.filter((partition) => !positions.has(partition));
  const turns = new Turns(LOOKUPS_AT_ONCE);
  // Also with a position for each: the first batch comes once the store can be read.
  const found =
    sinceMs === undefined || unknown.length === 0
      ? (await outbox.ends(unknown)).map((position) => ({ position, keptSinceMs: undefined }))
      : await turns.map(unknown, (partition) => outbox.since(partition, sinceMs));
  const begun = new Map(unknown.map((partition, at) => [partition, found[at]?.position]));
  const kept = found.flatMap((one) => one.keptSinceMs ?? []);
  return {
    positions: new Map(
      partitions.map((partition) => [partition, positions.get(partition) ?? begun.get(partition)]),
    ),
    behind: sinceMs === undefined ? partitions.filter((one) => positions.has(one)) : partitions,
    keptSinceMs: kept.length === 0 ? undefined : Math.max(...kept),
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
