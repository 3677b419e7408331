import type { Envelope } from "../../gen/dlq/storage/v1/envelope_pb.ts";
import type { QuarantineReason } from "../core/reason.ts";
import { POISON_WHY } from "../core/verdict.ts";

/**
 * What was decided on arrival, in words, as `dlq.storage.v1.Envelope` has it: texts that many messages have are stored as their
 * number here. Stored: a text keeps its number, and new ones come at the end. 0 is none.
 */
const NUMBERED: readonly string[] = [
  "",
  "first delay from preset webhook",
  "first delay from preset validation",
  "first delay from preset execution",
  "first delay from preset network",
  "first delay from preset auth",
  "first delay from preset resource",
  "first delay from preset standard",
  "first delay from message_policy",
  "first delay from rule",
  "first delay from queue_reason",
  "first delay from queue_policy",
  "first delay from default",
  "delay set by the producer",
  "delay set by the failed call",
  "the producer sent it as POISON_MESSAGE",
  "the producer sent it as MAX_RETRIES_EXCEEDED",
  "it was in quarantine in the system it came from",
  "no retries are allowed (message)",
  "no retries are allowed (message_policy)",
  "no retries are allowed (rule)",
  "no retries are allowed (queue_reason)",
  "no retries are allowed (queue)",
  "no retries are allowed (queue_policy)",
  "the queue does not retry VALIDATION_FAILED",
  "the queue does not retry EXECUTION_FAILED",
  "the queue does not retry TIMEOUT",
  "the queue does not retry RESOURCE_EXHAUSTED",
  "the queue does not retry PLUGIN_ERROR",
  "the queue does not retry WEBHOOK_FAILED",
  "the queue does not retry NETWORK_ERROR",
  "the queue does not retry AUTHENTICATION_ERROR",
  "the queue does not retry UNKNOWN_ERROR",
];

const NUMBERS = new Map(NUMBERED.map((text, number) => [text, number]));

/** Undefined: the text itself is stored. */
export function numberOfDecision(text: string): number | undefined {
  return NUMBERS.get(text);
}

/** What of a stored message says whether it is as it arrived. */
interface Progress {
  quarantineReason: QuarantineReason | undefined;
  deliveries: number;
  laterFailures: readonly unknown[];
}

/**
 * What was decided when a message arrived. Empty: unknown, or a number of a newer version. Whether the sender sent too often is found
 * out only when the message is stored.
 */
export function arrivalDecisionOf(
  { decision, decisionNumber }: Pick<Envelope, "decision" | "decisionNumber">,
  { quarantineReason, deliveries, laterFailures }: Progress,
): string {
  const isNew = deliveries === 0 && laterFailures.length === 0;
  if (isNew && quarantineReason === "POISON") return POISON_WHY;
  return decision || (NUMBERED[decisionNumber] ?? "");
}
