import type { Filter } from "../../rules/filter.ts";
import type { MessageDetails, MessagePlace, MessageState } from "../../store/contract.ts";
import { type ScanPlace, type ScanRange, type ScanStep, type ScanStore, scan } from "./scan.ts";
import { select } from "./select.ts";

export interface ListMessagesCommand extends ScanRange {
  filter: Filter;
  pageSize: number;
  /** Takes a message into the answer. Returns false if it has no room: the page ends before it. */
  take(queue: string, id: Uint8Array, details: MessageDetails): boolean;
}

export interface ListedPage {
  /** Where the next page begins; undefined if there is none. */
  next: ScanPlace | undefined;
  examined: number;
}

export type ListMessages = (
  command: ListMessagesCommand,
  signal: AbortSignal,
) => Promise<ListedPage>;

/** The most messages that one call examines. */
export const EXAMINED_A_CALL = 10_000;
/** What a step costs besides its messages: a queue may be empty. */
const STEP_COST = 20;

export function createListMessages(store: ScanStore): ListMessages {
  return async (command, signal) => {
    let examined = 0;
    let cost = 0;
    let room = command.pageSize;
    for await (const step of scan(store, command, signal)) {
      const { queue, messages, from } = step;
      if (cost >= EXAMINED_A_CALL) return { next: { queue, message: from }, examined };
      let last = from;
      for await (const { state, details } of select(store, command.filter, step, signal)) {
        const isTaken = command.take(queue, state.id, details);
        if (isTaken) last = state;
        if (!isTaken || --room === 0) {
          return { next: { queue, message: last }, examined: examined + countTo(step, last) };
        }
      }
      examined += messages.length;
      cost += messages.length + STEP_COST;
    }
    return { next: undefined, examined };
  };
}

/** How many messages of a step are examined if it ends after `last`. */
function countTo({ messages }: ScanStep, last: MessagePlace | undefined): number {
  return messages.indexOf(last as MessageState) + 1;
}
