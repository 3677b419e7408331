import type { Reason } from "./reason.ts";
import type { QueueSettings } from "./settings.ts";

export type NonRetryable = Pick<QueueSettings, "nonRetryableReasons" | "nonRetryableTypes">;

/** Why the queue never retries such a failure; undefined when it does. */
export function whyNonRetryable(
  reason: Reason,
  type: string,
  settings: NonRetryable,
): string | undefined {
  if (settings.nonRetryableReasons.includes(reason)) return `the queue does not retry ${reason}`;
  const { nonRetryableTypes } = settings;
  if (type === "" || nonRetryableTypes.length === 0) return undefined;
  const named = nonRetryableTypes.find((name) => name === type || name === lastPart(type));
  return named === undefined ? undefined : `the queue does not retry failures of type ${named}`;
}

/**
 * `requests.exceptions.Timeout`, `*net.OpError`, `serde_json::Error`, `Outer$Inner`, `Foo\Bar` and
 * `Problem<T>` without what stands around the name itself.
 */
function lastPart(type: string): string {
  const generic = type.indexOf("<", 1);
  const name = generic > 0 ? type.slice(0, generic) : type;
  return name.slice(Math.max(...SEPARATORS.map((separator) => name.lastIndexOf(separator))) + 1);
}

const SEPARATORS = [".", ":", "$", "/", "\\", "*"];
