import { MessageView } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import type { StoredMessage } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { CliError, EXIT } from "../errors.ts";
import type { Run } from "../run.ts";
import { filterOf } from "../values/filter.ts";
import { findMessage, listMessages, queuesOf } from "./messages.ts";

/** A message that a worker holds. */
export interface HeldMessage {
  readonly queue: string;
  readonly id: string;
  readonly deliveryCount: number;
  /** The worker's name; empty if its stream has ended. */
  readonly workerId: string;
}

/** Returns what reports whether a worker of this name holds a message. */
export function isHeldBy(worker: string): (stored: StoredMessage) => boolean {
  return ({ lease }) => lease?.workerId === worker;
}

/**
 * Returns all that a worker holds in the queues that match a pattern.
 *
 * @throws {CliError} if Ctrl-C ended the search
 */
export async function heldByWorker(
  run: Run,
  worker: string,
  queue: string,
): Promise<HeldMessage[]> {
  const { answer, endedBy } = await listMessages(run, {
    ...{ queue, filter: filterOf({ state: ["in_flight"] }), matches: isHeldBy(worker) },
    ...{ newestFirst: false, view: MessageView.BASIC, limit: Infinity, maxExamined: Infinity },
  });
  if (endedBy === "interrupt") throw new CliError(EXIT.interrupted, "interrupted");
  return answer.messages.flatMap(heldOf);
}

/** Returns those of the messages that a worker holds. @throws {CliError} if no queue has one of them */
export async function heldAmong(
  run: Run,
  ids: readonly string[],
  queue: string | undefined,
): Promise<HeldMessage[]> {
  const { queues, missing } = await queuesOf(run, ids, queue);
  if (missing.length > 0) {
    throw new CliError(
      EXIT.notFound,
      `no queue has the message ${missing[0]}; nothing was taken back`,
      "`dlq ls --state in_flight` lists what workers hold",
    );
  }
  const held: HeldMessage[] = [];
  for (const [name, own] of queues) {
    for (const id of own) held.push(...heldOf(await findMessage(run, id, name)));
  }
  return held;
}

function heldOf({ state, message, lease, deliveryCount }: StoredMessage): HeldMessage[] {
  if (state !== MessageState.IN_FLIGHT || message === undefined) return [];
  const { id, queue } = message;
  return [{ queue, id, deliveryCount, workerId: lease?.workerId ?? "" }];
}
