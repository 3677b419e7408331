// A worker that misbehaves: it acknowledges twice, late, under other requests, and with tokens that are forged, combined
// from two live ones, or of ended messages. None of this may count twice. It uses plain stubs. It sends no live tokens of
// other workers, because a live token is all that an outcome needs.

import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createConnections } from "../../../clients/typescript/src/connection.ts";
import type { Delivery } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { seededRandom } from "../../support/random.ts";
import { openHistory } from "../history/writer.ts";
import { readArguments, untilAsked } from "./arguments.ts";
import { recording, untilAnswered } from "./recording.ts";

const args = readArguments(["name", "address", "out", "queues", "lease-ms", "seed"] as const);
const history = openHistory(args.out);
history.write({ e: "started", actor: args.name, role: "worker", language: "typescript" });

const random = seededRandom(Number(args.seed));
const leaseMs = Number(args["lease-ms"]);
const connect = createConnections({
  url: `http://${args.address}`,
  interceptors: [recording(history)],
});
const { stubs: dlq, close } = connect();
const CALL_MS = 2_000;
const MAX_IN_FLIGHT = 8;
const PAUSE_MS = 300;
/** Tokens of earlier deliveries, whose messages ended or were delivered again. */
const MAX_OLD = 1_000;

const old: string[] = [];
/** Tokens of current deliveries. */
const held = new Set<string>();
const end = new AbortController();

async function succeed(leaseToken: string, requestId: string = randomUUID()): Promise<void> {
  const outcomes = [{ leaseToken, result: { case: "succeeded", value: {} } } as const];
  await dlq.ack({ requestId, outcomes }, { timeoutMs: CALL_MS }).catch(() => {});
}

/** Changes one byte of a token. */
function forged(token: string): string {
  const at = random.below(token.length);
  return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
}

/** The last bytes of a token are its nonce. The others name the message and the delivery. */
const NONCE_BYTES = 16;

/** Combines the message of one live token with the nonce of another. */
function mixed(token: string): string | undefined {
  const other = [...held].find((one) => one !== token);
  if (other === undefined) return undefined;
  const name = Buffer.from(token, "base64url").subarray(0, -NONCE_BYTES);
  const nonce = Buffer.from(other, "base64url").subarray(-NONCE_BYTES);
  return Buffer.concat([name, nonce]).toString("base64url");
}

const WAYS: readonly ((token: string) => Promise<unknown>)[] = [
  // twice, at the same time and under two requests
  (token) => Promise.all([succeed(token), succeed(token)]),
  // twice, one after the other, and again under the first request
  async (token) => {
    const requestId = randomUUID();
    await succeed(token, requestId);
    await succeed(token);
    await succeed(token, requestId);
  },
  // late
  async (token) => {
    await sleep(leaseMs * (1 + random.next()));
    await succeed(token);
  },
  // invalid tokens first, then the right one
  async (token) => {
    await succeed(forged(token));
    const mix = mixed(token);
    if (mix !== undefined) await succeed(mix);
    if (old.length > 0) await succeed(random.pick(old));
    await succeed(token);
  },
];

async function act({ leaseToken }: Delivery): Promise<void> {
  held.add(leaseToken);
  await random.pick(WAYS)(leaseToken);
  held.delete(leaseToken);
  old.push(leaseToken);
  if (old.length > MAX_OLD) old.shift();
}

async function keepStream(): Promise<void> {
  while (!end.signal.aborted) {
    try {
      const request = {
        queues: args.queues.split(","),
        workerId: args.name,
        maxInFlight: MAX_IN_FLIGHT,
        leaseDuration: durationFromMs(leaseMs),
      };
      const stream = dlq.streamDue(request, { signal: end.signal, timeoutMs: 0 });
      for await (const { frame } of stream) {
        if (frame.case !== "deliveries") continue;
        for (const delivery of frame.value.deliveries) void act(delivery);
      }
    } catch {
      // the server or its link broke; the history has that
    }
    await sleep(PAUSE_MS, undefined, { signal: end.signal }).catch(() => {});
  }
}

const streaming = keepStream();
await untilAsked();
end.abort();
await streaming;
await sleep(2 * leaseMs + CALL_MS); // wait for intentionally late outcomes
close();
await untilAnswered();
history.write({ e: "ended" });
