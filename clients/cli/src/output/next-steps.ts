import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { QueueStats } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { MessageState } from "../../../../gen/dlq/v1/state_pb.ts";
import type { StoredMessage } from "../../../../gen/dlq/v1/stored_message_pb.ts";
import { commandAdvice } from "../doctor/known-conditions.ts";
import { escaped } from "./escape.ts";
import { wrapped } from "./wrap.ts";

// Explanations of the service name its calls. These lines name the commands of this program for them.

/** Returns the command that moves a message, if there is one. */
export function messageSteps(stored: StoredMessage, width: number | undefined): string[] {
  return stepLines([messageStep(stored)], width);
}

/** Returns what to do about the conditions of a queue. */
export function queueSteps(
  { queue, conditions }: QueueStats,
  width: number | undefined,
  indent = 0,
): string[] {
  const steps = conditions.map(({ code }) => commandAdvice(code, queue));
  return stepLines(steps, width, indent);
}

function messageStep({ state, message, movingTo }: StoredMessage): string {
  if (message === undefined || movingTo !== "") return "";
  const { id, dueTime } = message;
  switch (state) {
    case MessageState.QUARANTINED:
      return `dlq retry ${id}`;
    case MessageState.IN_FLIGHT:
      return `dlq take-back ${id} --quiet (if the worker hangs)`;
    default:
      return dueTime !== undefined && timestampMs(dueTime) > Date.now() ? `dlq retry ${id}` : "";
  }
}

function stepLines(steps: readonly string[], width: number | undefined, indent = 0): string[] {
  return [...new Set(steps)]
    .filter((step) => step !== "")
    .flatMap((step) => {
      const [first = "", ...rest] = wrapped(escaped(step), width, indent + 3);
      const space = " ".repeat(indent);
      return [`${space}-> ${first}`, ...rest.map((line) => `${space}   ${line}`)];
    });
}
