import { decodeMessage } from "../../codec/message.ts";
import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import { orderingKeyOf } from "../../core/delivery-settings.ts";
import { formatMessageId, isOfMessage, parseMessageId } from "../../core/message-id.ts";
import { matcherOf, type QueuePattern } from "../../core/queue-pattern.ts";
import { redactionOf } from "../../core/redaction/redaction.ts";
import type { QueueSettings } from "../../core/settings.ts";
import type { Filter } from "../../rules/filter.ts";
import type { MessageDetails, OutboxItem, OutboxPosition, Store } from "../../store/contract.ts";
import { OutboxFollower, type OutboxStep, partitionsOf } from "../events/outbox-follower.ts";
import type { WatchReads } from "../events/watch-reads.ts";
import type { Pace } from "../timers.ts";
import { ContentView } from "./content-view.ts";
import { contentFacts, stateFacts } from "./filter-facts.ts";
import type { Scanner } from "./scan.ts";

export interface WatchMessagesCommand {
  queues: QueuePattern;
  filter: Filter;
  /** Whether the filter and the answer see what queues hide. */
  showRedacted: boolean;
  /** Whether the answer has timelines, and failures before the latest. */
  history: boolean;
}

/** Messages that have changed. */
export interface MessageChanges {
  changes: readonly MessageChange[];
  /** Messages of the next steps, whose ids are in memory until then. */
  laterMessages?: number;
  /** Whether changes were missed before these. */
  listAgain: boolean;
}

export interface MessageChange {
  queue: string;
  id: Uint8Array;
  /** Undefined: it does not match the filter, cannot be read, or is no longer in the queue. */
  now: { details: MessageDetails; view: ContentView } | undefined;
}

export type WatchMessages = (
  command: WatchMessagesCommand,
  signal: AbortSignal,
) => AsyncIterable<MessageChanges>;

export interface WatchMessagesParts {
  store: Pick<Store, "outbox">;
  reads: WatchReads;
  /** Reads messages, few pages at once for all watches. */
  scanner: Pick<Scanner, "listed">;
  /** Of all watches of this process. */
  pace: Pace;
  settingsOf(queue: string): QueueSettings;
  /** The wall clock of this server. */
  now(): number;
}

/** Changes within this time are reported as one. */
const TOGETHER_MS = 250;
/** Messages that are read at once. */
const PAGE = 100;
/** Each watch that is slow to read holds so many, or one larger message. */
const PAGE_BYTES = 256 * 1024;
/** More changes are reported at once. */
const COLLECTED = 5_000;

/** Yields the messages that change. The first step comes at once, without changes. Rejects if the store does not answer. */
export function createWatchMessages(parts: WatchMessagesParts): WatchMessages {
  return async function* watch(command, signal) {
    const { outbox } = parts.store;
    const partitions = partitionsOf(outbox, [command.queues]);
    const follower = new OutboxFollower(parts.reads, partitions, parts.pace);
    try {
      const ends = await outbox.ends(partitions);
      yield { changes: [], listAgain: false };
      const start = new Map(partitions.map((one, at) => [one, ends[at] as OutboxPosition]));
      yield* watchMessages(parts, command, follower.items(start, [], signal, TOGETHER_MS));
    } finally {
      follower.stop();
    }
  };
}

async function* watchMessages(
  parts: WatchMessagesParts,
  command: WatchMessagesCommand,
  steps: AsyncIterable<OutboxStep>,
): AsyncGenerator<MessageChanges> {
  const collected = new Collected(command.queues);
  let reportedAtMs = performance.now();
  for await (const { items } of steps) {
    collected.add(items);
    const isDue = performance.now() - reportedAtMs >= TOGETHER_MS || items.length === 0;
    items.length = 0;
    if (!isDue && collected.size < COLLECTED) continue;
    reportedAtMs = performance.now();
    yield* changesOf(parts, command, collected.take());
  }
}

/** The messages of items, once each, in the order of their first change. */
class Collected {
  readonly #queues: QueuePattern;
  #ids = new Map<string, Set<string>>();
  #hasGap = false;
  size = 0;

  constructor(queues: QueuePattern) {
    this.#queues = queues;
  }

  add(items: readonly OutboxItem[]): void {
    const isWanted = matcherOf([this.#queues]);
    for (const item of items) {
      if (!("kind" in item)) this.#hasGap = true;
      else if (isOfMessage(item) && isWanted(item.queue)) this.#addOne(item.queue, item.id);
    }
  }

  #addOne(queue: string, id: Uint8Array): void {
    const ids = this.#ids.get(queue) ?? new Set();
    this.#ids.set(queue, ids.add(formatMessageId(id)));
    this.size++;
  }

  take(): { ids: ReadonlyMap<string, ReadonlySet<string>>; hasGap: boolean } {
    const taken = { ids: this.#ids, hasGap: this.#hasGap };
    [this.#ids, this.#hasGap, this.size] = [new Map(), false, 0];
    return taken;
  }
}

async function* changesOf(
  parts: WatchMessagesParts,
  command: WatchMessagesCommand,
  { ids, hasGap }: ReturnType<Collected["take"]>,
): AsyncGenerator<MessageChanges> {
  if (hasGap) yield { changes: [], listAgain: true };
  let laterMessages = [...ids.values()].reduce((sum, { size }) => sum + size, 0);
  for (const [queue, names] of ids) {
    const all = [...names];
    for (let at = 0; at < all.length; ) {
      const some = all.slice(at, at + PAGE).map((name) => parseMessageId(name) as Uint8Array);
      const changes = await changesIn(parts, command, queue, some);
      at += changes.length;
      laterMessages -= changes.length;
      yield { changes, laterMessages, listAgain: false };
    }
  }
}

/** Of the first messages, as many as one reply has. What they hold and does not match is not kept. */
async function changesIn(
  parts: WatchMessagesParts,
  command: WatchMessagesCommand,
  queue: string,
  ids: readonly Uint8Array[],
): Promise<MessageChange[]> {
  const found = await parts.scanner.listed(queue, ids, command.history, PAGE_BYTES);
  const changes: MessageChange[] = [];
  for (const details of found) {
    if (parts.pace.isTooLong) await parts.pace.giveTurn();
    const id = ids[changes.length] as Uint8Array;
    changes.push({ queue, id, now: await matching(parts, command, queue, id, details) });
  }
  return changes;
}

async function matching(
  { settingsOf, now }: WatchMessagesParts,
  { filter, showRedacted }: WatchMessagesCommand,
  queue: string,
  id: Uint8Array,
  details: MessageDetails | DamagedMessage | undefined,
): Promise<MessageChange["now"]> {
  if (details === undefined || details instanceof DamagedMessage) return undefined;
  const settings = settingsOf(queue);
  const view = new ContentView(showRedacted ? undefined : redactionOf(settings.redact), details);
  await view.prepare().catch(() => {});
  const matches = readStored(() => {
    const sent = decodeMessage(details.envelope, undefined);
    const orderingKey = orderingKeyOf(sent.orderingKey, settings);
    const state = stateFacts(queue, id, { ...details, orderingKey });
    return filter.matches(state, () => contentFacts(queue, details, view), now());
  });
  return matches === true ? { details, view } : undefined;
}
