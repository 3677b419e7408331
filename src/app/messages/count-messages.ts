import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import type { QueuePattern } from "../../core/queue-pattern.ts";
import type { Filter, MessageValue } from "../../rules/filter.ts";
import type { MessageState } from "../../store/contract.ts";
import { Pace } from "../timers.ts";
import { type DamagedCandidate, readCandidates, type Selection } from "./candidates.ts";
import type { ContentView, RedactionOf } from "./content-view.ts";
import type { DamageLog } from "./damage-log.ts";
import { contentFacts, stateFacts } from "./filter-facts.ts";
import type { Scanner, ScanStep } from "./scan.ts";
import type { ScanSlots } from "./scan-slots.ts";
import { whileRead } from "./while-read.ts";

export interface CountMessagesCommand {
  queues: QueuePattern;
  filter: Filter;
  /** Messages are counted separately for each combination of these values. Empty: together. */
  by: readonly MessageValue[];
  /** Whether the filter and the values see what queues hide. */
  showRedacted: boolean;
}

/** The counts so far. */
export interface MessageCounts {
  /** The largest first; at most COUNTS_SHOWN. */
  counts: readonly MessageCount[];
  /** Messages with other values. */
  others: number;
  examined: number;
  /** Messages with content that the filter or the values did not see. */
  redacted: number;
  /** Messages that are not counted because they cannot be read. */
  damaged: number;
  /** The queue that is being examined; empty at the end. */
  queue: string;
  isDone: boolean;
}

export interface MessageCount {
  values: readonly string[];
  count: number;
}

export type CountMessages = (
  command: CountMessagesCommand,
  signal: AbortSignal,
) => AsyncIterable<MessageCounts>;

/** Combinations in an answer. */
export const COUNTS_SHOWN = 1_000;
/** Combinations that are counted; messages with further ones count as others. */
const COUNTS_KEPT = 10_000;
/** Progress is reported this often. */
const PROGRESS_MS = 1_000;

export interface CountMessagesParts {
  scanner: Scanner;
  slots: ScanSlots;
  redactionOf: RedactionOf;
  damageLog: Pick<DamageLog, "report">;
  /** A clock in milliseconds. */
  now(): number;
  /** A count ends if its caller reads nothing for so long, in milliseconds. Default: 60 s. */
  unreadMs?: number;
}

/**
 * Yields the counts so far once a second, and the final ones. Rejects with BUSY if too many counts run, or if the caller has not
 * read for long: other counts wait for its slot.
 */
export function createCountMessages(parts: CountMessagesParts): CountMessages {
  const { slots, unreadMs } = parts;
  return async function* count(command, signal) {
    const giveBack = await slots.take(signal);
    const counting = countAll(parts, command, signal);
    yield* whileRead(counting, { giveBack, unreadMs, what: "the counts were" });
  };
}

async function* countAll(
  { scanner, redactionOf, damageLog, now }: CountMessagesParts,
  { queues, filter, by, showRedacted }: CountMessagesCommand,
  signal: AbortSignal,
): AsyncGenerator<MessageCounts> {
  const tally = new Tally();
  const range = { queues, newestFirst: false, after: undefined, narrowing: filter.narrowing };
  let reportedAtMs = now();
  const isReportDue = () => {
    const nowMs = now();
    const isDue = nowMs - reportedAtMs >= PROGRESS_MS;
    if (isDue) reportedAtMs = nowMs;
    return isDue;
  };
  for await (const step of scanner.states(range, signal)) {
    const redaction = showRedacted ? undefined : redactionOf(step.queue);
    const selection = { filter, redaction, history: false };
    for await (const one of valuesOf(scanner, selection, by, step, signal)) {
      if ("damage" in one) {
        damageLog.report(step.queue, one.state.id, one.damage.cause);
        tally.damaged++;
      } else {
        if (one.values !== undefined) tally.add(one.values);
        if (one.view?.hasHidden) tally.redacted++;
      }
      if (isReportDue()) yield { ...tally.result(), queue: step.queue, isDone: false };
    }
    tally.examined += step.examined;
    if (isReportDue()) yield { ...tally.result(), queue: step.queue, isDone: false };
  }
  yield { ...tally.result(), queue: "", isDone: true };
}

interface Counted {
  /** Undefined: it was read and does not match. */
  values: string[] | undefined;
  /** Undefined: its content was not needed. */
  view?: ContentView;
}

async function* valuesOf(
  scanner: Scanner,
  selection: Selection,
  by: readonly MessageValue[],
  step: ScanStep,
  signal: AbortSignal,
): AsyncGenerator<Counted | DamagedCandidate> {
  const { filter } = selection;
  const { queue, nowMs } = step;
  const isByState = by.every(({ isOfState }) => isOfState);
  const open: MessageState[] = [];
  const pace = new Pace();
  for (const message of step.messages) {
    const state = stateFacts(queue, message.id, message);
    const matches = filter.matchesState(state, nowMs);
    if (matches === true && isByState)
      yield { values: by.map((value) => value.ofState(state, nowMs)) };
    else if (matches !== false) open.push(message);
    if (pace.isTooLong) await pace.giveTurn();
  }
  const read = readCandidates(scanner, selection, step, open, signal);
  for await (const one of read) {
    if ("damage" in one) {
      yield one;
      continue;
    }
    const { state: message, details, view, matches } = one;
    if (!matches) {
      yield { values: undefined, view };
      continue;
    }
    const values = readStored(() => {
      const state = stateFacts(queue, message.id, { ...message, ...details });
      const content = contentFacts(queue, details, view);
      return by.map((value) => value.of(state, content, nowMs));
    });
    if (values instanceof DamagedMessage) yield { state: message, damage: values };
    else yield { values, view };
  }
}

class Tally {
  /** By the values, as JSON: a copy that does not hold the message that they are of. */
  readonly #counts = new Map<string, number>();
  #others = 0;
  examined = 0;
  redacted = 0;
  damaged = 0;

  add(values: readonly string[]): void {
    const key = JSON.stringify(values);
    const count = this.#counts.get(key);
    if (count !== undefined) this.#counts.set(key, count + 1);
    else if (this.#counts.size < COUNTS_KEPT) this.#counts.set(key, 1);
    else this.#others++;
  }

  result(): Omit<MessageCounts, "queue" | "isDone"> {
    const counts = [...this.#counts].toSorted(([, a], [, b]) => b - a);
    const rest = counts.slice(COUNTS_SHOWN).reduce((sum, [, count]) => sum + count, 0);
    return {
      counts: counts
        .slice(0, COUNTS_SHOWN)
        .map(([key, count]) => ({ values: JSON.parse(key) as string[], count })),
      others: this.#others + rest,
      examined: this.examined,
      redacted: this.redacted,
      damaged: this.damaged,
    };
  }
}
