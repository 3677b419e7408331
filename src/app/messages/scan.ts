import type { QueuePattern } from "../../core/queue-pattern.ts";
import { Turns } from "../../core/turns.ts";
import type { MessagePlace, MessageState, Store } from "../../store/contract.ts";
import { nextTurn } from "../timers.ts";

export type ScanStore = Pick<Store, "messageReads" | "queues">;

export interface ScanRange {
  queues: QueuePattern;
  newestFirst: boolean;
  /** Undefined: from the start. */
  after: ScanPlace | undefined;
}

/** A place in the order of messages: by queue, then in order of arrival. */
export interface ScanPlace {
  queue: string;
  /** Undefined: before the first message of the queue. */
  message: MessagePlace | undefined;
}

/** The states of some messages of one queue. Without messages: the queue begins here. */
export interface ScanStep {
  queue: string;
  /** Where the step begins. */
  from: MessagePlace | undefined;
  nowMs: number;
  messages: readonly MessageState[];
}

/** Names that are read at once. */
const NAMES = 100;
/** Pages that are read at once, of all calls together: sends and deliveries wait behind them. */
const PAGES_AT_ONCE = 2;
const turns = new Turns(PAGES_AT_ONCE);

/**
 * Reads the states of all messages in a range, about a thousand at a time. Other work runs in between. A message that is there
 * all the time is in one step.
 */
export async function* scan(
  store: ScanStore,
  { queues, newestFirst, after }: ScanRange,
  signal: AbortSignal,
): AsyncGenerator<ScanStep> {
  for await (const queue of queuesOf(store, queues, after)) {
    let from = queue === after?.queue ? after.message : undefined;
    for (let more = true; more; ) {
      signal.throwIfAborted();
      const place = { newestFirst, after: from };
      const page = await turns.run(() => store.messageReads.states(queue, place));
      yield { queue, from, nowMs: page.nowMs, messages: page.messages };
      more = page.more;
      // A page without messages is the last one: chunks are kept only while they have some.
      from = page.messages.at(-1) ?? from;
      await nextTurn();
    }
  }
}

/** The queues from a place on, in order. */
async function* queuesOf(
  store: ScanStore,
  queues: QueuePattern,
  after: ScanPlace | undefined,
): AsyncGenerator<string> {
  if (queues.only !== undefined) {
    yield queues.only;
    return;
  }
  if (after !== undefined) yield after.queue;
  let last = after?.queue ?? beforeAll(queues.prefix);
  for (;;) {
    const names = await store.queues(last, NAMES);
    for (const name of names) {
      if (name > queues.prefix && !name.startsWith(queues.prefix)) return;
      if (queues.matches(name)) yield name;
      last = name;
    }
    if (names.length < NAMES) return;
  }
}

/** A text that sorts behind all names before the first one with the prefix. */
function beforeAll(prefix: string): string {
  if (prefix === "") return "";
  const code = prefix.charCodeAt(prefix.length - 1);
  // No name has a character behind "~".
  return `${prefix.slice(0, -1)}${String.fromCharCode(code - 1)}~`;
}
