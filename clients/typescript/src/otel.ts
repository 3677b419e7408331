import { createRequire } from "node:module";
import type * as OpenTelemetry from "@opentelemetry/api";

let found: typeof OpenTelemetry | null | undefined;

/** Returns the installed `@opentelemetry/api`, or null: it is optional. Looked up once. */
export function openTelemetry(): typeof OpenTelemetry | null {
  if (found !== undefined) return found;
  try {
    found = createRequire(import.meta.url)("@opentelemetry/api") as typeof OpenTelemetry;
  } catch {
    found = null;
  }
  return found;
}

/** The name of the tracer and the meter. */
export const SCOPE = "dlq-client";

/** The attributes of all spans and metrics of a queue, by OpenTelemetry's conventions for messaging. */
export function queueAttributes(operation: "send" | "process", queue: string) {
  return {
    "messaging.system": "dlq",
    "messaging.operation.name": operation,
    "messaging.destination.name": queue,
  };
}
