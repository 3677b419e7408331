import { HIDDEN, hideSecrets, isSensitive } from "./log-secrets.ts";

/** Bounds deep objects and cycles. */
const DEPTH_MAX = 6;

function clean(value: unknown, depth: number): unknown {
  if (typeof value === "string") return hideSecrets(value);
  // JSON has no bigint.
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return serializeError(value);
  if (value instanceof Date) return value;
  // Bytes may be a payload.
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth >= DEPTH_MAX) return "[…]";
  if (Array.isArray(value)) return value.map((item) => clean(item, depth + 1));
  return cleanObject(value, depth);
}

function cleanObject(object: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object)
      .filter(([, value]) => !isEmpty(value))
      .map(([key, value]) => [key, isSensitive(key) ? HIDDEN : clean(value, depth + 1)]),
  );
}

const isBlank = (value: unknown): boolean => (value ?? "") === "";

/** Reports whether a value says nothing, such as a failure without type and message. */
function isEmpty(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return isBlank(value);
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).every(isBlank);
}

/** Returns a copy of a line's fields without secrets, payloads and empty values. */
export function redact(object: object): Record<string, unknown> {
  return cleanObject(object, 0);
}

/**
 * Keeps only the standard fields of an error. Libraries attach commands and headers to errors (a
 * Redis client its arguments, which are payloads), and pino's serializer would print them.
 */
function serializeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return clean(error, 1);
  const code = "code" in error ? error.code : undefined;
  const cause = error.cause;
  return {
    type: error.name,
    message: hideSecrets(error.message),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    stack: hideSecrets(error.stack ?? ""),
    ...(cause !== undefined && depth < DEPTH_MAX
      ? { cause: serializeError(cause, depth + 1) }
      : {}),
  };
}
