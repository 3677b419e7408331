import type { DescEnum } from "@bufbuild/protobuf";
import type { GenEnum } from "@bufbuild/protobuf/codegenv2";
import { EventTypeSchema } from "../../../../gen/dlq/v1/event_pb.ts";
import {
  MessageStateSchema,
  QuarantineReasonSchema,
  ReasonSchema,
} from "../../../../gen/dlq/v1/state_pb.ts";
import { usageError } from "../errors.ts";
import { nearestName } from "./nearest.ts";

/** Returns the name of a value without the prefix of its enum; empty for the unspecified value. */
export function shortName(schema: DescEnum, value: number): string {
  if (value === 0) return "";
  return schema.value[value] === undefined ? String(value) : nameOf(schema, value);
}

/** Returns all names without the prefix, without the unspecified one. */
export function shortNames(schema: DescEnum): string[] {
  return schema.values
    .filter(({ number }) => number !== 0)
    .map(({ number }) => nameOf(schema, number));
}

/**
 * Reads a name in any case, with `-` or `_`, with or without its prefix.
 *
 * @throws {CliError} for a name that is not in `allowed`: with the name that was probably meant
 */
export function parseName<Value extends number>(
  schema: GenEnum<Value>,
  text: string,
  allowed: readonly string[] = shortNames(schema),
): Value {
  const prefix = (schema.sharedPrefix ?? "").toUpperCase();
  const upper = text.toUpperCase().replaceAll("-", "_");
  const name = upper.startsWith(prefix) ? upper.slice(prefix.length) : upper;
  const found = schema.values.find(({ number }) => nameOf(schema, number) === name);
  if (found !== undefined && allowed.includes(name)) return found.number as Value;
  const nearest = nearestName(name, allowed)?.toLowerCase();
  const hint = nearest === undefined ? "" : `did you mean ${nearest}?`;
  throw usageError(`"${text}" is none of ${allowed.join(", ").toLowerCase()}`, hint);
}

function nameOf(schema: DescEnum, value: number): string {
  return schema.value[value]?.name.slice((schema.sharedPrefix ?? "").length) ?? "";
}

/** States in which messages are stored. */
export const STATES: readonly string[] = ["SCHEDULED", "IN_FLIGHT", "QUARANTINED"];
export const REASONS: readonly string[] = shortNames(ReasonSchema);
export const QUARANTINE_REASONS: readonly string[] = shortNames(QuarantineReasonSchema);
export const EVENT_TYPES: readonly string[] = shortNames(EventTypeSchema);

export const stateName = (value: number): string => shortName(MessageStateSchema, value);
export const reasonName = (value: number): string => shortName(ReasonSchema, value);
export const quarantineReasonName = (value: number): string =>
  shortName(QuarantineReasonSchema, value);
/** Types of events are written in lower case, as in NATS. */
export const eventTypeName = (value: number): string =>
  shortName(EventTypeSchema, value).toLowerCase();
