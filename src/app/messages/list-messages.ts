import { DamagedMessage, readStored } from "../../core/damaged-message.ts";
import type { Filter } from "../../rules/filter.ts";
import type { MessageDetails, MessagePlace, MessageState } from "../../store/contract.ts";
import { candidates, readCandidates } from "./candidates.ts";
import type { ContentView, RedactionOf } from "./content-view.ts";
import type { DamageLog } from "./damage-log.ts";
import type { Scanner, ScanPlace, ScanRange, ScanStep } from "./scan.ts";
import type { ScanSlots } from "./scan-slots.ts";

export interface ListMessagesCommand extends Omit<ScanRange, "narrowing"> {
  filter: Filter;
  pageSize: number;
  /** Whether the filter and the answer have what queues hide. */
  showRedacted: boolean;
  /** Whether the answer has timelines, and failures before the latest. */
  history: boolean;
  /**
   * Takes a message into the answer, as far as it may be shown. Returns false if it has no room: the page ends before it. Throws
   * on damaged bytes.
   */
  take(queue: string, id: Uint8Array, details: MessageDetails, view: ContentView): boolean;
}

export interface ListedPage {
  /** Where the next page begins; undefined if there is none. */
  next: ScanPlace | undefined;
  examined: number;
  /** Messages with content that the filter or the answer did not have. */
  redacted: number;
  /** Messages that are left out because they cannot be read. */
  damaged: number;
}

export type ListMessages = (
  command: ListMessagesCommand,
  signal: AbortSignal,
) => Promise<ListedPage>;

/** About the most messages that one call examines; names of queues count, too. */
export const EXAMINED_A_CALL = 10_000;
/** A call ends after it has read so much content. */
export const BYTES_A_CALL = 64 * 1024 * 1024;

export interface ListMessagesParts {
  scanner: Scanner;
  slots: ScanSlots;
  redactionOf: RedactionOf;
  damageLog: Pick<DamageLog, "report">;
}

/** Rejects with BUSY if too many lists run. */
export function createListMessages(parts: ListMessagesParts): ListMessages {
  return async (command, signal) => {
    const giveBack = await parts.slots.take(signal);
    try {
      return await listPage(parts, command, signal);
    } finally {
      giveBack();
    }
  };
}

async function listPage(
  { scanner, redactionOf, damageLog }: ListMessagesParts,
  command: ListMessagesCommand,
  signal: AbortSignal,
): Promise<ListedPage> {
  let examined = 0;
  let redacted = 0;
  let damaged = 0;
  let cost = 0;
  let bytes = 0;
  let room = command.pageSize;
  const { filter, showRedacted, history } = command;
  const range = { ...command, narrowing: filter.narrowing };
  for await (const step of scanner.states(range, signal)) {
    const { queue, from } = step;
    if (cost >= EXAMINED_A_CALL)
      return { next: { queue, message: from }, examined, redacted, damaged };
    let last = from;
    const endHere = () => ({
      next: { queue, message: last },
      examined: examined + countTo(step, last),
      ...{ redacted, damaged },
    });
    const found = await candidates(filter, step);
    const redaction = showRedacted ? undefined : redactionOf(queue);
    const read = readCandidates(scanner, { filter, redaction, history }, step, found, signal, room);
    const leaveOut = (state: MessageState, { cause }: DamagedMessage) => {
      damageLog.report(queue, state.id, cause);
      damaged++;
    };
    for await (const one of read) {
      const { state } = one;
      if ("damage" in one) {
        leaveOut(state, one.damage);
        last = state;
        continue;
      }
      const { details, view, matches } = one;
      const taken = matches && readStored(() => command.take(queue, state.id, details, view));
      if (taken instanceof DamagedMessage) leaveOut(state, taken);
      else if (matches && !taken) return endHere();
      last = state;
      if (view.hasHidden) redacted++;
      bytes += bytesOf(details);
      if ((taken === true && --room === 0) || bytes >= BYTES_A_CALL) return endHere();
    }
    examined += step.examined;
    cost += step.cost;
  }
  return { next: undefined, examined, redacted, damaged };
}

function bytesOf({ bytes, laterFailures }: MessageDetails): number {
  return laterFailures.reduce((sum, { failure }) => sum + failure.length, bytes);
}

/** How many messages of a step are examined if it ends after `last`. */
function countTo({ messages }: ScanStep, last: MessagePlace | undefined): number {
  return messages.indexOf(last as MessageState) + 1;
}
