import { QUEUE_NAME } from "../../core/settings.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { checkText, exceedsUtf8, utf8Bytes } from "./text.ts";
import { entryPath, type Violations } from "./violations.ts";

/** Rules that several requests share. */

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
