import type { DescEnum, DescField } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import {
  type Duration,
  DurationSchema,
  durationFromMs,
  type Timestamp,
  timestampDate,
  timestampFromMs,
} from "@bufbuild/protobuf/wkt";
import type { RawValue } from "../../config/value-type.ts";
import { durationProblem, toMs } from "./time.ts";

/**
 * Converts a field's value to the text that a setting parses, or returns what is wrong with it.
 */
export function toRaw(field: DescField, value: unknown): { raw: RawValue } | { problem: string } {
  switch (field.fieldKind) {
    case "scalar":
      return { raw: scalarText(value) };
    case "enum":
      return enumText(field.enum, value);
    case "message":
      return field.message.typeName === DurationSchema.typeName
        ? durationText(value as Duration)
        : instantText(value as Timestamp);
    case "list": {
      const items = (value as readonly unknown[]).map((item) =>
        field.listKind === "enum" ? enumText(field.enum, item) : { raw: scalarText(item) },
      );
      const wrong = items.find((item) => "problem" in item);
      if (wrong !== undefined && "problem" in wrong) return wrong;
      return { raw: items.map((item) => ("raw" in item ? item.raw : "")) };
    }
    default:
      return { problem: "is not a value" };
  }
}

/** Converts a setting's value to the field's type. */
export function fromSetting(field: DescField, value: unknown): unknown {
  switch (field.fieldKind) {
    case "scalar":
      return field.scalar === ScalarType.INT64 ? BigInt(value as number) : value;
    case "enum":
      return enumNumber(field.enum, String(value));
    case "message":
      return field.message.typeName === DurationSchema.typeName
        ? durationFromMs(value as number)
        : timestampFromMs(value as number);
    case "list":
      return (value as readonly unknown[]).map((item) =>
        field.listKind === "enum" ? enumNumber(field.enum, String(item)) : item,
      );
    default:
      throw new TypeError(`${field.name} is not a value`);
  }
}

/** Whether the value is unspecified: the zero of an enum. */
export function isUnspecified(field: DescField, value: unknown): boolean {
  return field.fieldKind === "enum" && value === 0;
}

/** Formats without an exponent, which settings do not parse. */
function scalarText(value: unknown): string {
  const text = String(value);
  return typeof value === "number" && /e-/.test(text) ? value.toFixed(20) : text;
}

/** Names without the enum's prefix: `TTL_ACTION_DISCARD` is `DISCARD`. */
function enumText(desc: DescEnum, value: unknown): { raw: string } | { problem: string } {
  const found = desc.values.find(({ number }) => number === value);
  return found === undefined || found.number === 0
    ? { problem: `has a value of ${desc.typeName} that is unknown to this server` }
    : { raw: found.localName };
}

function enumNumber(desc: DescEnum, name: string): number {
  const found = desc.values.find(({ localName }) => localName === name.toUpperCase());
  if (found === undefined) throw new TypeError(`${desc.typeName} has no ${name}`);
  return found.number;
}

/** Rounds up to whole milliseconds. */
function durationText(value: Duration): { raw: string } | { problem: string } {
  const problem = durationProblem(value, 0, Number.MAX_SAFE_INTEGER);
  return problem === undefined
    ? { raw: `${toMs(value)}ms` }
    : { problem: "is negative, or malformed" };
}

function instantText(value: Timestamp): { raw: string } | { problem: string } {
  const date = timestampDate(value);
  return Number.isNaN(date.getTime())
    ? { problem: "is not a timestamp" }
    : { raw: date.toISOString() };
}
