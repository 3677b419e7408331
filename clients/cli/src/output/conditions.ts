import {
  ConditionCode,
  ConditionCodeSchema,
  type QueueStats,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { shortName } from "../values/enum-names.ts";
import type { Style } from "./style.ts";

const FAINT: ReadonlySet<ConditionCode> = new Set([ConditionCode.EMPTY, ConditionCode.NOTHING_DUE]);
const BAD: ReadonlySet<ConditionCode> = new Set([
  ConditionCode.DAMAGED,
  ConditionCode.SENDS_REFUSED,
  ConditionCode.BREAKER_OPEN,
]);

/** Returns the bare name of a condition, such as `NO_WORKERS`. */
export function conditionName(code: ConditionCode): string {
  return shortName(ConditionCodeSchema, code);
}

/** Returns the condition to act on first; empty if there is none. */
export function firstCondition({ conditions }: QueueStats): string {
  return conditions[0] === undefined ? "" : conditionName(conditions[0].code);
}

/** Returns how a condition looks: green if messages move, red if something is broken. */
export function conditionPaint(code: ConditionCode | undefined, style: Style) {
  if (code === undefined || FAINT.has(code)) return style.faint;
  if (code === ConditionCode.DELIVERING) return style.good;
  return BAD.has(code) ? style.bad : style.warning;
}
