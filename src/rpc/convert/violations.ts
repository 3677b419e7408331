import { type DlqError, type FieldViolation, invalid } from "../../core/errors.ts";
import { QUEUE_NAME } from "../../core/settings.ts";
import { exceedsUtf8, utf8Bytes } from "../../core/utf8.ts";
import { WIRE_LIMITS } from "./limits.ts";

/**
 * Collects all errors of one request, so that the caller gets them all at once. A request with
 * errors has no effect.
 */
export class Violations {
  readonly #prefix: string;
  readonly #found: FieldViolation[] = [];

  /** `prefix` is put before every field, e.g. `requests[3].`. */
  constructor(prefix = "") {
    this.#prefix = prefix;
  }

  /** `field` is the path in the contract, e.g. `payload.content_type`. */
  add(field: string, description: string): void {
    this.#found.push({ field: this.#prefix + field, description });
  }

  get found(): readonly FieldViolation[] {
    return this.#found;
  }

  get any(): boolean {
    return this.#found.length > 0;
  }

  toError(): DlqError {
    return invalid(this.#found);
  }

  throwIfAny(): void {
    if (this.any) throw this.toError();
  }
}

/** The path of a map entry. Long keys are cut so that the path fits into an error's trailers. */
export function entryPath(field: string, key: string): string {
  return `${field}[${JSON.stringify(key.length > 64 ? `${key.slice(0, 64)}…` : key)}]`;
}

export function checkText(v: Violations, field: string, text: string, maxBytes: number): void {
  if (text !== "" && exceedsUtf8(text, maxBytes)) {
    v.add(field, `is ${utf8Bytes(text)} bytes long; at most ${maxBytes} are allowed`);
  }
}

export function checkQueue(v: Violations, field: string, queue: string): void {
  if (QUEUE_NAME.test(queue)) return;
  v.add(
    field,
    queue === ""
      ? "is required: 1 to 128 letters, digits, dots, hyphens or underscores"
      : "is not a queue name: 1 to 128 letters, digits, dots, hyphens or underscores",
  );
}

export function checkRequestId(v: Violations, requestId: string): void {
  checkText(v, "request_id", requestId, WIRE_LIMITS.requestIdBytes);
}

export function checkCount(
  v: Violations,
  field: string,
  count: number,
  min: number,
  max: number,
): void {
  if (count < min) v.add(field, `is empty; at least ${min} is required`);
  if (count > max) v.add(field, `has ${count} entries; at most ${max} are allowed`);
}

export function checkMap(
  v: Violations,
  field: string,
  map: Record<string, string>,
  limit: { count: number; keyBytes: number; valueBytes: number },
): void {
  const entries = Object.entries(map);
  if (entries.length > limit.count) {
    v.add(field, `has ${entries.length} entries; at most ${limit.count} are allowed`);
  }
  for (const [key, value] of entries) {
    if (key === "") v.add(entryPath(field, key), "has an empty key");
    if (exceedsUtf8(key, limit.keyBytes)) {
      v.add(
        entryPath(field, key),
        `has a key of ${utf8Bytes(key)} bytes; at most ${limit.keyBytes} are allowed`,
      );
    }
    if (exceedsUtf8(value, limit.valueBytes)) {
      v.add(
        entryPath(field, key),
        `is ${utf8Bytes(value)} bytes long; at most ${limit.valueBytes} are allowed`,
      );
    }
  }
}
