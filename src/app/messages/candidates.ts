import type { Filter } from "../../rules/filter.ts";
import type { MessageDetails, MessageState } from "../../store/contract.ts";
import { contentFacts, stateFacts } from "./filter-facts.ts";
import type { ScanStep, ScanStore } from "./scan.ts";

/** Messages whose content is read at once. */
const DETAILS = 100;

/** A message that a filter matches, as it is now. */
export interface Selected {
  state: MessageState;
  details: MessageDetails;
}

/** Reads the content of messages of a step, and yields those that the filter matches, in order. */
export async function* select(
  store: Pick<ScanStore, "messageReads">,
  filter: Filter,
  step: ScanStep,
  signal: AbortSignal,
  found: readonly MessageState[] = candidates(filter, step),
): AsyncGenerator<Selected> {
  for (let at = 0; at < found.length; ) {
    signal.throwIfAborted();
    const ids = found.slice(at, at + DETAILS).map(({ id }) => id);
    for (const details of await store.messageReads.details(step.queue, ids)) {
      const state = found[at++] as MessageState;
      // It may have changed since its state was read.
      if (details !== undefined && isMatch(filter, step, state, details)) yield { state, details };
    }
  }
}

/** Those of which the state alone does not say that they don't match. */
function candidates(filter: Filter, { queue, messages, nowMs }: ScanStep): MessageState[] {
  return messages.filter(
    (one) => filter.matchesState(stateFacts(queue, one.id, one), nowMs) !== false,
  );
}

function isMatch(
  filter: Filter,
  { queue, nowMs }: ScanStep,
  { id, orderingKey }: MessageState,
  details: MessageDetails,
): boolean {
  const state = stateFacts(queue, id, { ...details, orderingKey });
  return filter.matches(state, () => contentFacts(queue, details), nowMs);
}
