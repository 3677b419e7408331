import type { Filter } from "../../rules/filter.ts";
import type { MessageDetails, MessagePlace, MessageState } from "../../store/contract.ts";
import { candidates, readCandidates } from "./candidates.ts";
import type { Scanner, ScanPlace, ScanRange, ScanStep } from "./scan.ts";

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

/** About the most messages that one call examines; names of queues count, too. */
export const EXAMINED_A_CALL = 10_000;
/** A call ends after it has read so much content. */
export const BYTES_A_CALL = 64 * 1024 * 1024;

export function createListMessages(scanner: Scanner): ListMessages {
  return async (command, signal) => {
    let examined = 0;
    let cost = 0;
    let bytes = 0;
    let room = command.pageSize;
    const { filter } = command;
    for await (const step of scanner.states(command, signal)) {
      const { queue, messages, from } = step;
      if (cost >= EXAMINED_A_CALL) return { next: { queue, message: from }, examined };
      let last = from;
      const endHere = () => ({
        next: { queue, message: last },
        examined: examined + countTo(step, last),
      });
      const found = await candidates(filter, step);
      const read = readCandidates(scanner, filter, step, found, signal, room);
      for await (const { state, details, matches } of read) {
        if (matches && !command.take(queue, state.id, details)) return endHere();
        last = state;
        bytes += bytesOf(details);
        if ((matches && --room === 0) || bytes >= BYTES_A_CALL) return endHere();
      }
      examined += messages.length;
      cost += step.cost;
    }
    return { next: undefined, examined };
  };
}

function bytesOf({ bytes, laterFailures }: MessageDetails): number {
  return laterFailures.reduce((sum, { failure }) => sum + failure.length, bytes);
}

/** How many messages of a step are examined if it ends after `last`. */
function countTo({ messages }: ScanStep, last: MessagePlace | undefined): number {
  return messages.indexOf(last as MessageState) + 1;
}
