import { createHash } from "node:crypto";
import type { Payload } from "../../../gen/dlq/v1/message_pb.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { checkText, utf8Bytes } from "./text.ts";
import type { Violations } from "./violations.ts";

/** Returns its size in bytes. It may be empty, not absent: a payload without a body is more likely a misspelt field than a wish. */
export function checkPayload(
  v: Violations,
  payload: Payload | undefined,
  maxBytes: number,
): number {
  if (payload === undefined) {
    v.add("payload", "is required; an empty message is sent as an empty payload.text");
    return 0;
  }
  checkText(v, "payload.content_type", payload.contentType, WIRE_LIMITS.identityBytes);
  if (payload.body.case === undefined) {
    v.add("payload", "has neither text nor data; one of them must be set, and may be empty");
    return 0;
  }
  const bytes =
    payload.body.case === "text" ? utf8Bytes(payload.body.value) : payload.body.value.length;
  if (bytes > maxBytes) {
    v.add(
      `payload.${payload.body.case}`,
      `is ${bytes} bytes long; this server takes at most ${maxBytes}: store large content elsewhere and send a reference, or raise the server's payload limit`,
    );
  }
  return bytes;
}

/** 16 bytes that differ when the kind, the content type or the content of two payloads differ. */
export function hashPayload(payload: Payload): Uint8Array {
  const hash = createHash("sha256");
  // The length keeps a content type apart from the content that follows it.
  hash.update(`${payload.body.case ?? ""}\n${utf8Bytes(payload.contentType)}\n`);
  hash.update(payload.contentType);
  if (payload.body.value !== undefined) hash.update(payload.body.value);
  return Uint8Array.from(hash.digest().subarray(0, 16));
}
