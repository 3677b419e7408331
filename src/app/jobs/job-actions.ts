import type { BatchJobSpec } from "../../codec/batch-job.ts";
import { decodeTransform } from "../../codec/transform.ts";
import type { Transform } from "../../core/transform/transform.ts";
import type { JobAction, MessageState } from "../../store/contract.ts";

/** What a job does to each message. */
export interface PlannedAction {
  readonly action: JobAction;
  /** Applied before. */
  readonly transforms: readonly Transform[];
  /** The queue of a move. */
  readonly target?: string;
  /** Whether what it removes is erased at once, and cannot be brought back. */
  readonly erases?: true;
}

/** Undefined: this version does not know it. */
export function actionOf({ action }: BatchJobSpec): PlannedAction | undefined {
  switch (action.case) {
    case "retry":
    case "edit": {
      const transforms = action.value.transforms.flatMap((one) => decodeTransform(one) ?? []);
      return { action: action.case, transforms };
    }
    case "quarantine":
    case "discard":
      return { action: action.case, transforms: [] };
    case "purge":
      return { action: "purge", transforms: [], ...(action.value.now && { erases: true }) };
    case "move":
      return { action: "move", transforms: [], target: action.value.queue };
    default:
      return undefined;
  }
}

/** Undefined: it acts on all messages at once. */
export const canaryOf = ({ action }: BatchJobSpec) =>
  action.case === "retry" ? action.value.canary : undefined;

/** Returns why a message in this state cannot be acted on; undefined: it can. */
export function obstacleTo(
  { action, target }: PlannedAction,
  queue: string,
  { state, isMoving }: MessageState,
): string | undefined {
  if (state === "IN_FLIGHT") return "a worker holds it";
  if (isMoving) return "it is moving to another queue";
  if (action === "quarantine" && state === "QUARANTINED") return "it is in quarantine already";
  if (queue === target) return "it is in that queue already";
  return undefined;
}
