import type { QueuePattern } from "../../core/queue-pattern.ts";
import { QUARANTINE_REASONS, REASONS } from "../../core/reason.ts";
import { Turns } from "../../core/turns.ts";
import type { Narrowing } from "../../rules/narrowing.ts";
import type {
  ListedMessage,
  MessagePlace,
  MessageState,
  StateSelection,
  Store,
} from "../../store/contract.ts";
import { nextTurn } from "../timers.ts";

export type ScanStore = Pick<Store, "messageReads" | "queues">;

export interface ScanRange {
  queues: QueuePattern;
  newestFirst: boolean;
  /** Undefined: from the start. */
  after: ScanPlace | undefined;
  /** Leaves out messages without one of these values. */
  narrowing: Narrowing;
}

/** A place in the order of messages: by queue, then in order of arrival. */
export interface ScanPlace {
  queue: string;
  /** Undefined: before the first message of the queue. */
  message: MessagePlace | undefined;
}

/** The states of some messages of one queue. */
export interface ScanStep {
  queue: string;
  /** Where the step begins. */
  from: MessagePlace | undefined;
  nowMs: number;
  messages: readonly MessageState[];
  /** Messages that were looked at, with those that were left out. */
  examined: number;
  /** What it cost to read, in messages. */
  cost: number;
  /** Where the next step of the queue begins. Undefined: this is its last one. */
  next: MessagePlace | undefined;
}

/** Names that are read at once, and what that costs. */
const NAMES = 100;
const NAMES_COST = 200;
const NO_MATCH = { examined: 0, cost: NAMES_COST, next: undefined };
/** What a page costs besides its messages: a queue may be empty. */
const PAGE_COST = 20;
/** So many messages that the store leaves out cost as much as one that it returns. */
const LEFT_OUT_COST = 5;
/** Pages that are read at once, of all calls together: sends and deliveries wait behind them. */
const PAGES_AT_ONCE = 2;

/** Reads what is stored, for all calls together. */
export class Scanner {
  readonly #store: ScanStore;
  readonly #turns = new Turns(PAGES_AT_ONCE);

  constructor(store: ScanStore) {
    this.#store = store;
  }

  /**
   * Reads the states of all messages in a range, about a thousand at a time. Other work runs in between. A message that is
   * there all the time is in one step.
   */
  async *states(range: ScanRange, signal: AbortSignal): AsyncGenerator<ScanStep> {
    const { newestFirst, after } = range;
    const only = selectionOf(range.narrowing);
    for await (const { queue, matches } of this.#queues(range, signal)) {
      if (!matches) {
        yield { queue, from: undefined, nowMs: 0, messages: [], ...NO_MATCH };
        continue;
      }
      let from = queue === after?.queue ? after.message : undefined;
      do {
        signal.throwIfAborted();
        const place = { newestFirst, after: from, ...(only && { only }) };
        const page = await this.#turns.run(() => this.#store.messageReads.states(queue, place));
        const { nowMs, messages, examined, next } = page;
        const cost = messages.length + (examined - messages.length) / LEFT_OUT_COST + PAGE_COST;
        yield { queue, from, nowMs, messages, examined, cost, next };
        from = next;
        await nextTurn();
      } while (from !== undefined);
    }
  }

  /** As MessageReads.listed. */
  listed(
    queue: string,
    ids: readonly Uint8Array[],
    history: boolean,
    replyBytes?: number,
  ): Promise<readonly ListedMessage[]> {
    const { messageReads } = this.#store;
    return this.#turns.run(() => messageReads.listed(queue, ids, history, replyBytes));
  }

  /** The queues from a place on, in order; of those that don't match the pattern the last one of each page of names. */
  async *#queues(
    { queues, after }: ScanRange,
    signal: AbortSignal,
  ): AsyncGenerator<{ queue: string; matches: boolean }> {
    if (queues.only !== undefined) {
      yield { queue: queues.only, matches: true };
      return;
    }
    if (after !== undefined && queues.matches(after.queue)) {
      yield { queue: after.queue, matches: true };
    }
    let last = after?.queue ?? queues.start;
    for (;;) {
      signal.throwIfAborted();
      const names = await this.#store.queues(last, NAMES);
      for (const queue of names) {
        if (queues.isPast(queue)) return;
        if (queues.matches(queue)) yield { queue, matches: true };
        last = queue;
      }
      if (names.length < NAMES) return;
      if (!queues.matches(last)) yield { queue: last, matches: false };
    }
  }
}

const isKeyOf =
  <Names extends object>(names: Names) =>
  (name: string): name is Extract<keyof Names, string> =>
    Object.hasOwn(names, name);

const isReason = isKeyOf(REASONS);
const isState = isKeyOf({ SCHEDULED: 1, IN_FLIGHT: 1, QUARANTINED: 1 });
const isQuarantineReason = isKeyOf({ ...QUARANTINE_REASONS, "": 0 });

/** Undefined: all messages. A filter has no other names: it would not compile. */
function selectionOf(narrowing: Narrowing): StateSelection | undefined {
  const { states, reasons, quarantineReasons, groupIds } = narrowing;
  const only = {
    ...(states && { states: states.filter(isState) }),
    ...(reasons && { reasons: reasons.filter(isReason) }),
    ...(quarantineReasons && { quarantineReasons: quarantineReasons.filter(isQuarantineReason) }),
    ...(groupIds && { groupIds }),
  };
  return Object.keys(only).length === 0 ? undefined : only;
}
