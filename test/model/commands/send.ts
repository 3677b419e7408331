import fc from "fast-check";
import type { SendCommand, SendResult } from "../../../src/app/commands.ts";
import { DlqError } from "../../../src/core/errors.ts";
import type { SendReply } from "../../../src/store/contract.ts";
import { factsWith } from "../../rules/facts.ts";
import { bytes } from "../../support/store-items.ts";
import type { OwnRetry } from "../life/message.ts";
import { type SendRequest, send } from "../life/send.ts";
import { KEY_ATTRIBUTE, QUEUE } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import { chance, loss, requestKind } from "./choices.ts";
import { type Play, step } from "./play.ts";
import { hexOf, same } from "./results.ts";

const OWN: readonly OwnRetry[] = [
  ...Array.from({ length: 6 }, () => ({ maxRetries: undefined, fixedDelayMs: undefined })),
  { maxRetries: 8, fixedDelayMs: undefined },
  { maxRetries: 4, fixedDelayMs: 2_000 },
  { maxRetries: 1, fixedDelayMs: 500 },
  { maxRetries: 0, fixedDelayMs: undefined },
];

export const reason = () =>
  fc.constantFrom("TIMEOUT", "VALIDATION_FAILED", "EXECUTION_FAILED", "UNKNOWN_ERROR");

const WHENS: readonly { delayMs?: number; dueInMs?: number }[] = [
  ...[{ delayMs: 0 }, { delayMs: 0 }, { delayMs: 0 }, { delayMs: 1_000 }, {}],
  ...[{ dueInMs: -5_000 }, { dueInMs: 4_000 }, { delayMs: 90_000 }],
];

/** Ordering keys. */
export const ORDERS = ["x", "y"] as const;

export const sendRequestArgs = () =>
  fc.record({
    request: requestKind(),
    payload: fc.constantFrom("p0", "p0", "p0", "p0", "p0", "p1"),
    size: fc.constantFrom(16, 16, 60, 150),
    reason: fc.oneof(
      { weight: 15, arbitrary: reason() },
      { weight: 1, arbitrary: fc.constant("POISON_MESSAGE" as const) },
    ),
    source: fc.constantFrom("", "", "s0", "s1"),
    dedup: fc.constantFrom("", "", "", "k0", "k1", "k2"),
    when: fc.constantFrom(...WHENS),
    ttlMs: fc.constantFrom(0, 0, 24 * 3_600_000, 24 * 3_600_000, 60_000, 5_000),
    own: fc.constantFrom(...OWN),
    priority: fc.constantFrom(0, 0, 0, 0, 5, -3),
    key: fc.constantFrom("", "a", "a", "b"),
    order: fc.constantFrom("", "", ...ORDERS),
  });
export type SendRequestArgs =
  ReturnType<typeof sendRequestArgs> extends fc.Arbitrary<infer T> ? T : never;

/** What the arguments mean now. Keys whose time is just running out are left out. */
export function sendRequestFrom(play: Play, args: SendRequestArgs): SendRequest {
  const { life } = play;
  return {
    requestId: play.request("send", args.request),
    // Few different ones under a key, so that sends join.
    payload: args.payload.padEnd(args.dedup === "" ? args.size : 16, "."),
    reason: args.reason,
    failure: play.fresh("failure"),
    sourceId: life.sources.isCertain(args.source, life.nowMs) ? args.source : "",
    dedupKey: life.dedup.isCertain(args.dedup, life.nowMs) ? args.dedup : "",
    delayMs: args.when.delayMs,
    dueAtMs: args.when.dueInMs === undefined ? undefined : life.nowMs + args.when.dueInMs,
    ttlMs: args.ttlMs,
    own: args.own,
    priority: args.priority,
    key: args.key,
    order: args.order,
  };
}

function command(sendRequest: SendRequest): SendCommand {
  const { requestId, sourceId, dedupKey, delayMs, dueAtMs, ttlMs, own, payload } = sendRequest;
  const failure = () => bytes(sendRequest.failure);
  return {
    ...{ requestId, queue: QUEUE, sourceId, dedupKey, delayMs, dueAtMs, ttlMs },
    payloadBytes: payload.length,
    priority: sendRequest.priority,
    orderingKey: sendRequest.order,
    attribute: (name) => (name === KEY_ATTRIBUTE ? sendRequest.key : undefined),
    payload: () => payload,
    ruleFacts: () => factsWith({ queue: QUEUE }).message,
    encodeEnvelope: () => bytes(payload),
    payloadHash: bytes(`${payload.slice(0, 2)} of ${payload.length}`.padEnd(16)),
    retry: {
      maxRetries: own.maxRetries,
      policy:
        own.fixedDelayMs === undefined
          ? undefined
          : { initialDelayMs: own.fixedDelayMs, multiplier: 1, jitter: "none" },
    },
    failure: {
      ...{ reason: sendRequest.reason, type: "", message: "" },
      ...{
        stackTrace: "",
        fingerprint: "",
        grpcCode: undefined,
        httpStatus: undefined,
        attributes: {},
        encode: failure,
      },
    },
  };
}

/** One call, as a producer makes it; and what the model says of it. */
export async function sendOnce(
  play: Play,
  rig: Rig,
  sendRequests: readonly SendRequest[],
  other: boolean,
  lost?: "request" | "reply",
): Promise<void> {
  if (lost) rig.wire.lose("send", lost);
  const results = await rig.server(other).send(sendRequests.map(command));
  const replies = lost === "reply" ? (rig.wire.lostReply as SendReply[]).map(replied) : results;
  if (lost === "request") return;
  sendRequests.forEach((sendRequest, index) => {
    const result = replies[index] as SendResult | "full" | DlqError;
    const seen = outcomeOf(result);
    const expected = send(play.life, sendRequest, rig.random, newIdOf(play, result));
    if (seen === "full" || lost === "reply") same("full", seen === "full", expected === undefined);
    if (seen !== "full" && lost === undefined) same(`send ${index}`, seen, expected);
    if (expected && !play.ids.includes(expected.id)) {
      play.ids.push(expected.id);
      play.sendRequests.set(expected.id, sendRequest);
    }
  });
}

function replied(reply: SendReply): Pick<SendResult, "id"> | "full" {
  if (reply.status === "failed") throw reply.error;
  if (reply.status === "full") return "full";
  if (reply.status === "stored") return reply;
  throw new Error(`no queue is deleted, and there are no rules: ${reply.status}`);
}

function outcomeOf(result: Partial<SendResult> | "full" | DlqError) {
  if (result === "full") return "full";
  if (!(result instanceof DlqError)) return { ...result, id: hexOf(result.id as Uint8Array) };
  if (result.kind !== "LIMIT") throw result;
  return "full";
}

/** Of a message that was not returned yet. */
function newIdOf(play: Play, result: SendResult | "full" | DlqError): string {
  if (result === "full" || result instanceof DlqError) return "";
  const id = hexOf(result.id);
  return play.ids.includes(id) ? "an id of an earlier message" : id;
}

export const sendStep = () =>
  fc
    .record({
      sendRequests: fc.array(sendRequestArgs(), { minLength: 1, maxLength: 3 }),
      other: fc.boolean(),
      random: chance(),
      lost: loss(),
      again: fc.boolean(),
    })
    .map((args) =>
      step("Send", args, async (play, rig, { sendRequests: given, other, random, lost, again }) => {
        const sendRequests = given.map((one) => sendRequestFrom(play, one));
        rig.random = random;
        await sendOnce(play, rig, sendRequests, other, lost);
        if (lost && again) await sendOnce(play, rig, sendRequests, !other);
        if (sendRequests.some(({ requestId }) => requestId === "")) return;
        play.past.push(async () => {
          const sure = sendRequests.every(
            ({ requestId, sourceId, dedupKey }) =>
              play.isCertain("send", requestId) &&
              play.life.sources.isCertain(sourceId, play.life.nowMs) &&
              play.life.dedup.isCertain(dedupKey, play.life.nowMs),
          );
          if (sure) await sendOnce(play, rig, sendRequests, other);
        });
      }),
    );
