import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import type { Redaction } from "../../core/redaction/redaction.ts";
import type { Filter } from "../../rules/filter.ts";
import type { MessageDetails, MessageState } from "../../store/contract.ts";
import { Pace } from "../timers.ts";
import { ContentView } from "./content-view.ts";
import { contentFacts, stateFacts } from "./filter-facts.ts";
import type { Scanner, ScanStep } from "./scan.ts";

/** Messages whose content is read at once. */
const DETAILS = 100;

/** A message with its content, as it is now. */
export interface ReadMessage {
  state: MessageState;
  details: MessageDetails;
  view: ContentView;
  /** Whether the filter matches it. */
  matches: boolean;
}

/** A message that cannot be read. */
export interface DamagedCandidate {
  state: MessageState;
  damage: DamagedMessage;
}

/** What a call looks for, and what it may not see. */
export interface Selection {
  filter: Filter;
  /** What the queue of the step hides; undefined: nothing. */
  redaction: Redaction | undefined;
  /** Whether to read timelines, and failures before the latest. */
  history: boolean;
}

/** The messages of a step of which the state alone does not say that the filter doesn't match them. */
export async function candidates(
  filter: Filter,
  { queue, messages, nowMs }: ScanStep,
): Promise<MessageState[]> {
  const found: MessageState[] = [];
  const pace = new Pace();
  for (const one of messages) {
    if (filter.matchesState(stateFacts(queue, one.id, one), nowMs) !== false) found.push(one);
    if (pace.isTooLong) await pace.giveTurn();
  }
  return found;
}

/**
 * Reads candidates of a step, in order, without those that are gone by now. Other work runs in between. `wanted`: how many the
 * caller is likely to take.
 */
export async function* readCandidates(
  scanner: Pick<Scanner, "listed">,
  selection: Selection,
  step: ScanStep,
  found: readonly MessageState[],
  signal: AbortSignal,
  wanted = DETAILS,
): AsyncGenerator<ReadMessage | DamagedCandidate> {
  const { queue } = step;
  let atOnce = Math.min(wanted, DETAILS);
  const pace = new Pace();
  for (let at = 0; at < found.length; ) {
    signal.throwIfAborted();
    const ids = found.slice(at, at + atOnce).map(({ id }) => id);
    atOnce = Math.min(2 * atOnce, DETAILS);
    for (const details of await scanner.listed(queue, ids, selection.history)) {
      const state = found[at++] as MessageState;
      if (pace.isTooLong) await pace.giveTurn();
      // It may have changed since its state was read.
      if (details === undefined) continue;
      if (details instanceof DamagedMessage) {
        yield { state, damage: details };
        continue;
      }
      const view = new ContentView(selection.redaction, details);
      // The next line meets damage again.
      if (selection.redaction !== undefined) await view.prepare().catch(() => {});
      const matches = readStored(() => isMatch(selection.filter, step, state, details, view));
      if (matches instanceof DamagedMessage) yield { state, damage: matches };
      else yield { state, details, view, matches };
    }
  }
}

function isMatch(
  filter: Filter,
  { queue, nowMs }: ScanStep,
  { id, orderingKey }: MessageState,
  details: MessageDetails,
  view: ContentView,
): boolean {
  const state = stateFacts(queue, id, { ...details, orderingKey });
  return filter.matches(state, () => contentFacts(queue, details, view), nowMs);
}
