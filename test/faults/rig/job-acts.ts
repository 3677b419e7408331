import type { Acted, OperatorAction } from "../history/event.ts";
import { JOB_QUEUES } from "./queues.ts";

/** A change in the outbox. */
export interface QueueChange {
  readonly at: number;
  readonly queue: string;
  /** In lower case: `moved_in`. */
  readonly kind: string;
  readonly id: string;
  readonly note: string;
  /** Deliveries so far. */
  readonly number: number;
}

const ACTIONS: ReadonlyMap<string, OperatorAction> = new Map([
  ["retried", "retry"],
  ["edited", "edit"],
  ["quarantined", "quarantine"],
  ["discarded", "discard"],
  ["purged", "purge"],
  ["moved_in", "move"],
  ["move_refused", "move"],
  ["undeleted", "undelete"],
]);

/** Returns the action of an operator that a change is, if its queue is one of batch jobs. Only jobs move messages there. */
export function actedIn({ at, queue, kind, id, note, number }: QueueChange): Acted | undefined {
  const action = ACTIONS.get(kind);
  if (action === undefined || !(JOB_QUEUES as readonly string[]).includes(queue)) return undefined;
  const act = { e: "acted", at, id, action, number, to: queue } as const;
  // The note of a move is the other queue.
  if (action === "move") return { ...act, queue: kind === "moved_in" ? note : queue, note: "" };
  if (action === "undelete") return { ...act, queue, note: "" };
  return /^j-\d+(: |$)/.test(note) ? { ...act, queue, note } : undefined;
}
