// Enum values of the contract by their bare names, as logs, metrics and tools print them.

import { MessageState, QuarantineReason, Reason } from "../../../gen/dlq/v1/state_pb.ts";

/** Why a message failed; decides how it is retried. */
export type ReasonName = keyof typeof Reason;
/** Where a message is in its life. */
export type MessageStateName = keyof typeof MessageState;
/** Why a message is in quarantine. */
export type QuarantineReasonName = keyof typeof QuarantineReason;

function namesOf<Name extends string>(values: Readonly<Record<Name, number>>): Map<number, Name> {
  return new Map(Object.entries<number>(values).map(([name, value]) => [value, name as Name]));
}

const reasons = namesOf(Reason);
const states = namesOf(MessageState);
const quarantineReasons = namesOf(QuarantineReason);

/** A number that this version does not know has no name. */
export const reasonName = (value: number): ReasonName => reasons.get(value) ?? "UNSPECIFIED";
export const stateName = (value: number): MessageStateName => states.get(value) ?? "UNSPECIFIED";
export const quarantineReasonName = (value: number): QuarantineReasonName =>
  quarantineReasons.get(value) ?? "UNSPECIFIED";
