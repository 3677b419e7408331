import { describeSource, type Source } from "./source.ts";
import type { RawValue } from "./value-type.ts";

/** One thing that is wrong with the configuration. All of them are reported together. */
export interface ConfigError {
  /** What it is about: `redis-timeout`, `queues.orders.ttl`, `--unknown`. */
  readonly setting: string;
  /** Absent for what several settings cause together. */
  readonly source?: Source;
  /** The offending value, where there is one and it is no secret. */
  readonly value?: RawValue;
  /** Continues the value when there is one; else a sentence of its own. */
  readonly problem: string;
  /** What would be right: completes "allowed: …". */
  readonly allowed?: string;
  /** What to do, or the name that was probably meant. */
  readonly hint?: string;
}

/** Long values are cut: an error is one line. */
const SHOWN_CHARS = 60;

function show(value: RawValue): string {
  const text = typeof value === "string" ? value : value.join(",");
  return JSON.stringify(text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text);
}

/** `redis-timeout (DLQ_REDIS_TIMEOUT): "5" has no unit of time; allowed: a number with …` */
export function formatConfigError(error: ConfigError): string {
  const source = error.source === undefined ? "" : describeSource(error.source);
  // A flag that names itself ("--frobnicate") needs no second mention.
  const where = source === "" || source === error.setting ? "" : ` (${source})`;
  const value = error.value === undefined ? "" : `${show(error.value)} `;
  const allowed = error.allowed === undefined ? "" : `; allowed: ${error.allowed}`;
  const hint = error.hint === undefined ? "" : `; ${error.hint}`;
  return `${error.setting}${where}: ${value}${error.problem}${allowed}${hint}`;
}

export function didYouMean(name: string | undefined, otherwise?: string): { hint?: string } {
  if (name !== undefined) return { hint: `did you mean ${name}?` };
  return otherwise === undefined ? {} : { hint: otherwise };
}
