import type { LeaseTokenParts } from "../../src/core/lease-token.ts";
import { DEFAULT_QUEUE_SETTINGS } from "../../src/core/settings.ts";
import type {
  Claimed,
  RetryItem,
  SendItem,
  SendReply,
  SendSettings,
  SessionCredit,
  SettleItem,
  SettleKind,
} from "../../src/store/contract.ts";

/** Small valid values to send, claim and settle with. */

export const SETTINGS: SendSettings = DEFAULT_QUEUE_SETTINGS;

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text));
export const text = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString();
export const hex = (value: Uint8Array): string => Buffer.from(value).toString("hex");

export function item(over: Partial<SendItem> = {}): SendItem {
  return {
    requestId: "",
    envelope: bytes("envelope"),
    payloadBytes: over.envelope?.length ?? 8,
    failure: bytes("first failure"),
    reason: "TIMEOUT",
    quarantineReason: undefined,
    delayMs: 0,
    dueAtMs: undefined,
    ttlMs: 0,
    retrySettings: bytes(""),
    sourceId: "",
    dedupKey: "",
    payloadHash: bytes("hash-of-payload!"),
    ...over,
  };
}

let nonces = 0;

/** A session with room for all messages. `n` determines its id; each call has its own nonce. */
export function session(n: number, over: Partial<SessionCredit> = {}): SessionCredit {
  const nonce = Buffer.alloc(16);
  nonce.writeUInt32BE(++nonces, 12);
  return {
    sessionId: sessionId(n),
    nonce: Uint8Array.from(nonce),
    count: 100,
    bytes: 64 << 20,
    leaseMs: 30_000,
    canIsolate: true,
    ...over,
  };
}

export function sessionId(n: number): Uint8Array {
  return new Uint8Array(16).fill(n);
}

export function tokenOf(claimed: Claimed): LeaseTokenParts {
  const { queue, id, deliveryNumber, nonce } = claimed;
  return { queue, messageId: id, deliveryNumber, nonce };
}

export function outcome(
  claimed: Claimed,
  kind: SettleKind,
  over: Partial<SettleItem> = {},
): SettleItem {
  const failed = kind === "failReschedule" || kind === "failQuarantine";
  return {
    token: tokenOf(claimed),
    kind,
    ...(failed ? { reason: "NETWORK_ERROR", failure: bytes("attempt failed") } : {}),
    ...(kind === "failQuarantine" ? { quarantineReason: "RETRIES_EXHAUSTED" } : {}),
    ...(kind === "quarantine" ? { quarantineReason: "WORKER_REQUEST" } : {}),
    ...(kind === "failReschedule" || kind === "release" ? { delayMs: 1_000 } : {}),
    ...over,
  };
}

/** The id of a message that was stored; throws when it was not. */
export function storedId(reply: SendReply | undefined): Uint8Array {
  if (reply?.status !== "stored") throw new Error("the message was not stored");
  return reply.id;
}

/** The only one of a list; throws when there are none or more. */
export function only<T>(values: readonly T[] | undefined): T {
  if (values?.length !== 1) throw new Error(`expected one, found ${values?.length}`);
  return values[0] as T;
}

/** No request: the answer is not stored. */
export const NO_REQUEST = bytes("");

/** Retries messages as they are. */
export const toRetry = (ids: readonly Uint8Array[]): RetryItem[] =>
  ids.map((id) => ({ kind: "retry", id }));
