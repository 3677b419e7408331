import {
  ConnectError,
  NonRetryableError,
  RetryAfterError,
} from "../../../../clients/typescript/src/index.ts";
import { isMap, type Json } from "../../json.ts";

class OrderError extends Error {}

/** Creates the error that a command describes. */
export function givenError(given: Json | undefined): unknown {
  if (!isMap(given)) return undefined;
  const { kind, message: text = "it broke", retry_after_ms, non_retryable } = given;
  const message = String(text);
  const cause = givenError(given.cause);
  const options = cause === undefined ? {} : { cause };
  if (typeof retry_after_ms === "number")
    return new RetryAfterError(message, retry_after_ms, options);
  if (non_retryable === true) return new NonRetryableError(message, options);
  switch (kind ?? "custom") {
    case "timeout":
      return Object.assign(new Error(message, options), { code: "ETIMEDOUT" });
    case "refused":
      return Object.assign(new Error(message, options), { code: "ECONNREFUSED" });
    case "value":
      return new RangeError(message, options);
    case "grpc":
      return new ConnectError(message, Number(given.code), undefined, undefined, cause);
    case "custom":
      return new OrderError(message, options);
    default:
      throw new Error(`unknown kind of error: ${String(kind)}`);
  }
}
