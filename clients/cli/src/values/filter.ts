import {
  MessageStateSchema,
  QuarantineReasonSchema,
  ReasonSchema,
} from "../../../../gen/dlq/v1/state_pb.ts";
import { parseDuration } from "./duration.ts";
import { parseName, quarantineReasonName, reasonName, STATES, stateName } from "./enum-names.ts";

/** What selects messages, as options of a command. Lists mean any of their values. */
export interface FilterOptions {
  readonly filter?: string | undefined;
  readonly state?: readonly string[] | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly quarantineReason?: readonly string[] | undefined;
  /** In this state for at most this long. */
  readonly since?: string | undefined;
  /** In this state for at least this long. */
  readonly before?: string | undefined;
  readonly text?: string | undefined;
  readonly type?: string | undefined;
  /** The id of a group. */
  readonly group?: string | undefined;
}

/**
 * Returns the CEL expression for which all given conditions hold; empty for none.
 *
 * @throws {CliError} for an unknown name or a wrong duration
 */
export function filterOf(options: FilterOptions): string {
  const { filter, since, before, text, type, group } = options;
  const states = (options.state ?? []).map((name) =>
    stateName(parseName(MessageStateSchema, name, [...STATES])),
  );
  const reasons = (options.reason ?? []).map((name) => reasonName(parseName(ReasonSchema, name)));
  const causes = (options.quarantineReason ?? []).map((name) =>
    quarantineReasonName(parseName(QuarantineReasonSchema, name)),
  );
  const conditions = [
    anyOf("state", states),
    anyOf("failure.reason", reasons),
    anyOf("quarantine_reason", causes),
    since === undefined ? "" : `state_time > now - ${durationOf(since)}`,
    before === undefined ? "" : `state_time < now - ${durationOf(before)}`,
    group === undefined ? "" : `group_id == ${literal(group)}`,
    type === undefined ? "" : typeIs(type),
    text === undefined ? "" : `payload.contains(${literal(text)})`,
  ].filter((condition) => condition !== "");
  const own = filter?.trim() ?? "";
  if (conditions.length === 0 || own === "") return own || conditions.join(" && ");
  // It may have operators that bind less than `&&`.
  return [...conditions, `(${own})`].join(" && ");
}

/** Returns a condition for a whole type, or for its last part: `Timeout` of `requests.Timeout`. */
function typeIs(type: string): string {
  const ends = [".", "::"].map((mark) => `failure.type.endsWith(${literal(`${mark}${type}`)})`);
  return `(${[`failure.type == ${literal(type)}`, ...ends].join(" || ")})`;
}

/** Returns a condition by which the store leaves out messages; `||` would have it examine all. */
function anyOf(variable: string, values: readonly string[]): string {
  if (values.length === 0) return "";
  const texts = values.map(literal);
  return values.length === 1
    ? `${variable} == ${texts.join("")}`
    : `${variable} in [${texts.join(", ")}]`;
}

/** Returns a text of CEL. */
export function literal(text: string): string {
  return JSON.stringify(text);
}

/** In seconds: CEL takes nine digits, and a month has more milliseconds. */
export const durationLiteral = (ms: number): string => `duration("${ms / 1_000}s")`;

const durationOf = (text: string) => durationLiteral(parseDuration(text));
