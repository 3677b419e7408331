/** Printed instead of a hidden value. */
const HIDDEN = "[hidden]";

/**
 * Names of secrets and user data, as the last word: `leaseToken`, `lease_token` and `tokens` are
 * hidden, `payloadBytes` and `tokenCount` are not.
 */
const SENSITIVE =
  /(^|_)(tokens?|jwt|authorization|cookie|passwords?|passwd|pwd|passphrase|secrets?|credentials?|api_?key|private_?key|payload|body)$/;

/** A password inside a URL, as in redis://user:password@host. A password may have an @ too. */
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)[^\s/]*@/gi;

/** A token in the text of a header. Shorter words are no tokens, but text about them. */
const BEARER = /(\bbearer\s+)[a-z0-9._~+/=-]{16,}/gi;

/** A JSON Web Token: each part is base64url, and the first two begin with `{"`. */
const JWT = /\beyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g;

/** Bounds deep objects and cycles. */
const DEPTH_MAX = 6;

function isSensitive(key: string): boolean {
  const snake = key.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll("-", "_");
  return SENSITIVE.test(snake.toLowerCase());
}

function hideCredentials(text: string): string {
  return text
    .replaceAll(URL_CREDENTIALS, `$1${HIDDEN}@`)
    .replaceAll(BEARER, `$1${HIDDEN}`)
    .replaceAll(JWT, HIDDEN);
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === "string") return hideCredentials(value);
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
    message: hideCredentials(error.message),
    ...(typeof code === "string" || typeof code === "number" ? { code } : {}),
    stack: hideCredentials(error.stack ?? ""),
    ...(cause !== undefined && depth < DEPTH_MAX
      ? { cause: serializeError(cause, depth + 1) }
      : {}),
  };
}
