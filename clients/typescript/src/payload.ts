import { inspect } from "node:util";
import { create } from "@bufbuild/protobuf";
import { type Payload, PayloadSchema } from "../../../gen/dlq/v1/message_pb.ts";
import { jsonText, ORIGINAL } from "./json-text.ts";

const JSON_TYPE = "application/json";

/** The message of a delivery, byte for byte as it was sent. */
export interface DeliveryPayload {
  /** The media type; empty if the sender gave none. */
  readonly contentType: string;
  /** Returns text. Bytes are decoded as UTF-8. */
  text(): string;
  /** Returns the parsed JSON, unchecked as `T`. @throws SyntaxError if it is not JSON */
  json<T = unknown>(): T;
  /** Returns bytes. Text is encoded as UTF-8. */
  bytes(): Uint8Array;
}

/** The payload of a delivery. A send of it sends the same bytes again. */
export class HeldPayload implements DeliveryPayload {
  readonly [ORIGINAL] = this;
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

  /** As a part of another payload: the parsed JSON, else the text, or the bytes in base64. */
  toJSON(): unknown {
    const value = this.#payload?.body.value ?? "";
    if (typeof value !== "string") return Buffer.from(value).toString("base64");
    if (this.contentType !== JSON_TYPE) return value;
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  }

  /** What `console.log` shows. */
  [inspect.custom](): unknown {
    return this.toJSON();
  }

  get raw(): Payload | undefined {
    return this.#payload;
  }
}

/**
 * Builds the payload of a send: a string becomes text, a `Uint8Array` or `ArrayBuffer` bytes, the
 * payload of a delivery stays the same, and any other value becomes JSON.
 *
 * @throws the error of {@link jsonText}
 */
export function payloadOf(value: unknown, contentType: string | undefined): Payload {
  if (value instanceof HeldPayload && value.raw !== undefined) return value.raw;
  const payload = create(PayloadSchema);
  if (value instanceof Uint8Array) {
    payload.body = { case: "data", value };
  } else if (value instanceof ArrayBuffer) {
    payload.body = { case: "data", value: new Uint8Array(value) };
  } else if (typeof value === "string") {
    payload.body = { case: "text", value: value.toWellFormed() };
  } else {
    payload.body = { case: "text", value: jsonText(value).toWellFormed() };
    payload.contentType = JSON_TYPE;
  }
  if (contentType !== undefined) payload.contentType = contentType;
  return payload;
}

export function byteLengthOf({ body }: Payload): number {
  if (body.case === "data") return body.value.byteLength;
  return body.case === "text" ? Buffer.byteLength(body.value) : 0;
}

/** Reports whether both have the same bytes, or, if `other` is JSON, the same JSON. */
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

/** Compares after parsing: other languages write JSON with other spaces and escapes. */
function sameJson(one: Payload | undefined, other: Payload): boolean {
  try {
    const again = JSON.stringify(new HeldPayload(one).json());
    return again === new HeldPayload(other).text();
  } catch {
    return false; // not JSON
  }
}
