import type { Reason } from "./reason.ts";
import type { QueueSettings } from "./settings.ts";

export type NonRetryable = Pick<QueueSettings, "nonRetryableReasons" | "nonRetryableTypes">;

/** Returns why the queue never retries such a failure; undefined if it does. */
export function whyNonRetryable(
  reason: Reason,
  type: string,
  settings: NonRetryable,
): string | undefined {
  if (settings.nonRetryableReasons.includes(reason)) return `the queue does not retry ${reason}`;
  const { nonRetryableTypes } = settings;
  if (type === "" || nonRetryableTypes.length === 0) return undefined;
  const bare = withoutCode(type);
  const names = [type, bare, lastPart(bare)];
  const named = nonRetryableTypes.find((name) => names.includes(name));
  return named === undefined ? undefined : `the queue does not retry failures of type ${named}`;
}

/** Removes the code that the TypeScript client appends: `OrderGone [ECONNREFUSED]`. */
function withoutCode(type: string): string {
  const code = type.endsWith("]") ? type.lastIndexOf(" [") : -1;
  return code > 0 ? type.slice(0, code) : type;
}

/**
 * The bare name in `requests.exceptions.Timeout`, `*net.OpError`, `serde_json::Error`,
 * `Outer$Inner`, `Foo\Bar` and `Problem<T>`.
 */
function lastPart(type: string): string {
  const generic = type.indexOf("<", 1);
  const name = generic > 0 ? type.slice(0, generic) : type;
  return name.slice(Math.max(...SEPARATORS.map((separator) => name.lastIndexOf(separator))) + 1);
}

const SEPARATORS = [".", ":", "$", "/", "\\", "*"];
