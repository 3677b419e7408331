// Names of the contract's enum values, as logs, metrics and tools print them.

import { MessageState, QuarantineReason, Reason } from "../../../gen/dlq/v1/state_pb.ts";

/** Why a message failed. It decides the retry policy. */
export type ReasonName = keyof typeof Reason;
/** The state of a message. */
export type MessageStateName = keyof typeof MessageState;
/** Why a message is quarantined. */
export type QuarantineReasonName = keyof typeof QuarantineReason;

function namesOf<Name extends string>(values: Readonly<Record<Name, number>>): Map<number, Name> {
  return new Map(Object.entries<number>(values).map(([name, value]) => [value, name as Name]));
}

const reasons = namesOf(Reason);
const states = namesOf(MessageState);
const quarantineReasons = namesOf(QuarantineReason);

/** Returns the name; `UNSPECIFIED` for a number that this version does not have. */
export const reasonName = (value: number): ReasonName => reasons.get(value) ?? "UNSPECIFIED";
export const stateName = (value: number): MessageStateName => states.get(value) ?? "UNSPECIFIED";
export const quarantineReasonName = (value: number): QuarantineReasonName =>
  quarantineReasons.get(value) ?? "UNSPECIFIED";
