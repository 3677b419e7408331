import { describeSource, type Source } from "./source.ts";
import type { RawValue } from "./value-type.ts";

/** One error in the configuration. All errors are reported together. */
export interface ConfigError {
  /** The setting: `redis-timeout`, `queues.orders.ttl`, `--unknown`. */
  readonly setting: string;
  /** Absent if several settings cause it. */
  readonly source?: Source;
  /** The wrong value, unless it is a secret. */
  readonly value?: RawValue;
  /** Continues a sentence that starts with the value, or a whole sentence. */
  readonly problem: string;
  /** The allowed values; completes "allowed: …". */
  readonly allowed?: string;
  /** What to do, or a similar name. */
  readonly hint?: string;
}

/** Long values are cut, so that an error is one line. */
const SHOWN_CHARS = 60;

function show(value: RawValue): string {
  const text = typeof value === "string" ? value : value.join(",");
  return JSON.stringify(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);
}

/** `redis-timeout (DLQ_REDIS_TIMEOUT): "5" has no unit of time; allowed: a number with …` */
export function formatConfigError(error: ConfigError): string {
  const source = error.source === undefined ? "" : describeSource(error.source);
  // An unknown flag is its own source.
  const where = source === "" || source === error.setting ? "" : ` (${source})`;
  const value = error.value === undefined ? "" : `${show(error.value)} `;
  const allowed = error.allowed === undefined ? "" : `; allowed: ${error.allowed}`;
  const hint = error.hint === undefined ? "" : `; ${error.hint}`;
  return `${error.setting}${where}: ${value}${error.problem}${allowed}${hint}`;
}

/** Returns the hint `did you mean A, B or C?`, or `otherwise` if no name is similar. */
export function didYouMean(names: readonly string[], otherwise: string): { hint: string } {
  const [last, ...others] = names.toReversed();
  if (last === undefined) return { hint: otherwise };
  const all = others.length === 0 ? last : `${others.toReversed().join(", ")} or ${last}`;
  return { hint: `did you mean ${all}?` };
}
