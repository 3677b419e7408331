import { create } from "@bufbuild/protobuf";
import { type Payload, PayloadSchema } from "../../../gen/dlq/v1/message_pb.ts";

const JSON_TYPE = "application/json";

/** The message of a delivery, byte for byte as it was sent. */
export interface DeliveryPayload {
  /** A media type; empty if the sender gave none. */
  readonly contentType: string;
  /** As text; bytes are read as UTF-8. */
  text(): string;
  /** Parsed; throws a SyntaxError if it is no JSON. The type is the caller's word. */
  json<T = unknown>(): T;
  /** As bytes; text is given as UTF-8. */
  bytes(): Uint8Array;
}

/** A payload that is sent again as it is. */
export class HeldPayload implements DeliveryPayload {
  readonly #payload: Payload | undefined;

  constructor(payload: Payload | undefined) {
    this.#payload = payload;
  }

  get contentType(): string {
    return this.#payload?.contentType ?? "";
  }

  text(): string {
    const value = this.#payload?.body.value ?? "";
    return typeof value === "string" ? value : new TextDecoder().decode(value);
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }

  bytes(): Uint8Array {
    const value = this.#payload?.body.value ?? "";
    return typeof value === "string" ? new TextEncoder().encode(value) : value;
  }

  get raw(): Payload | undefined {
    return this.#payload;
  }
}

/**
 * A string is text, bytes are bytes, the payload of a delivery stays what it was, and anything else
 * is JSON.
 *
 * @throws what JSON.stringify throws
 */
export function payloadOf(value: unknown, contentType: string | undefined): Payload {
  if (value instanceof HeldPayload && value.raw !== undefined) return value.raw;
  const payload = create(PayloadSchema);
  if (value instanceof Uint8Array) {
    payload.body = { case: "data", value };
  } else if (typeof value === "string") {
    payload.body = { case: "text", value: value.toWellFormed() };
  } else {
    payload.body = { case: "text", value: (JSON.stringify(value) ?? "").toWellFormed() };
    payload.contentType = JSON_TYPE;
  }
  if (contentType !== undefined) payload.contentType = contentType;
  return payload;
}

export function byteLengthOf({ body }: Payload): number {
  if (body.case === "data") return body.value.byteLength;
  return body.case === "text" ? Buffer.byteLength(body.value) : 0;
}

/** Whether both hold the same bytes, as text or not; or, where the other one is JSON, the same JSON. */
export function samePayload(one: Payload | undefined, other: Payload): boolean {
  const a = one?.body.value ?? "";
  const b = other.body.value ?? "";
  if (typeof a === "string" && typeof b === "string") {
    if (a === b) return true;
  } else if (Buffer.from(a as string).equals(Buffer.from(b as string))) {
    return true;
  }
  return other.contentType === JSON_TYPE && sameJson(one, other);
}

/** Other languages write JSON with other spaces and escapes: read and written here, they are gone. */
function sameJson(one: Payload | undefined, other: Payload): boolean {
  try {
    const again = JSON.stringify(new HeldPayload(one).json());
    return again === new HeldPayload(other).text();
  } catch {
    return false; // no JSON
  }
}
