import {
  MessageState,
  MessageStateSchema,
  type QuarantineReason,
  QuarantineReasonSchema,
  type Reason,
  ReasonSchema,
} from "../../../../gen/dlq/v1/state_pb.ts";
import type { Run } from "../run.ts";
import { parseName } from "../values/enum-names.ts";

/** What Retry can select in a queue: less than a filter of CEL, and counted exactly. */
export interface RetryFilter {
  readonly states: MessageState[];
  readonly reasons: Reason[];
  readonly quarantineReasons: QuarantineReason[];
}

/** Options that name states and reasons. */
export interface FilterNames {
  readonly state?: readonly string[];
  readonly reason?: readonly string[];
  readonly quarantineReason?: readonly string[];
}

/** States in which `retry` acts on messages. */
export const RETRYABLE_STATES: readonly string[] = ["SCHEDULED", "QUARANTINED"];

/** @throws {CliError} for an unknown name */
export function retryFilterOf({ state, reason, quarantineReason }: FilterNames): RetryFilter {
  return {
    states: (state ?? ["quarantined"]).map((name) =>
      parseName(MessageStateSchema, name, RETRYABLE_STATES),
    ),
    reasons: (reason ?? []).map((name) => parseName(ReasonSchema, name)),
    quarantineReasons: (quarantineReason ?? []).map((name) =>
      parseName(QuarantineReasonSchema, name),
    ),
  };
}

/** Returns how many messages of a queue match now. */
export async function storedCount(
  run: Run,
  queue: string,
  { states, reasons, quarantineReasons }: RetryFilter,
): Promise<bigint> {
  const { queues } = await run.dlq.stats({ queues: [queue] }, run.call);
  const has = (list: readonly number[], value: number) => list.length === 0 || list.includes(value);
  return (queues[0]?.counts ?? [])
    .filter(
      ({ state, reason, quarantineReason }) =>
        has(states, state) &&
        has(reasons, reason) &&
        (state !== MessageState.QUARANTINED
          ? quarantineReasons.length === 0
          : has(quarantineReasons, quarantineReason)),
    )
    .reduce((sum, { count }) => sum + count, 0n);
}
