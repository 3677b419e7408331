// `dlq-client/testing`: the fake behaves like the service, and one call starts the real server.

import { resolve } from "node:path";
import { type Timestamp, timestampNow } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { errorReason } from "../../../clients/typescript/src/google-details.ts";
import {
  createDlqClient,
  discard,
  fail,
  NonRetryableError,
  type Outcome,
  type OutcomeEvent,
  quarantine,
  release,
  type SendResult,
} from "../../../clients/typescript/src/index.ts";
import {
  createFakeDlq,
  type FakeDlq,
  type FakeDlqOptions,
  startLocalServer,
} from "../../../clients/typescript/src/testing/index.ts";
import { EventType } from "../../../gen/dlq/v1/event_pb.ts";
import { startTestServer } from "../../support/server.ts";
import { clientOf, errorOf, stored, until } from "./client.ts";
import { newFolder } from "./spool/spool-support.ts";

const error = new Error("it broke");
const MIB = 1024 ** 2;
const fakes: FakeDlq[] = [];
afterEach(() => Promise.all(fakes.splice(0).map((fake) => fake.close(0))));

function newFake(options: FakeDlqOptions = {}): FakeDlq {
  const fake = createFakeDlq({ onDropped: () => {}, ...options });
  fakes.push(fake);
  return fake;
}

describe("a fake", () => {
  it("shows the sent messages", async () => {
    const fake = newFake();
    const { id } = stored(await fake.send("orders", { id: 42 }, error, { sourceId: "42" }));
    const [message] = fake.messages("orders");
    expect(message).toMatchObject({ id, sourceId: "42", state: "SCHEDULED", attempts: 0 });
    expect(message?.payload.json()).toEqual({ id: 42 });
    expect(message?.failure).toMatchObject({ type: "Error", message: "it broke" });
    expect(fake.messages("others")).toEqual([]);
  });

  it("stores a repeated request id once, and joins by the dedup key", async () => {
    const fake = newFake();
    const one = stored(await fake.send("q", "x", error, { requestId: "r", dedupKey: "k" }));
    const again = stored(await fake.send("q", "x", error, { requestId: "r", dedupKey: "k" }));
    const joined = stored(await fake.send("q", "x", error, { dedupKey: "k" }));
    expect(again).toEqual(one);
    expect(joined).toMatchObject({ status: "joined", id: one.id });
    expect(fake.messages().map(({ failures }) => failures.length)).toEqual([2]);
  });

  it("refuses an invalid queue name, and returns the reason of a send", async () => {
    const fake = newFake();
    expect(errorOf(await fake.send("no/queue", "x", error)).kind).toBe("refused");
    const results = await Promise.all(["no/queue", "q"].map((queue) => fake.send(queue, "x")));
    expect(results.map(({ status }) => status)).toEqual(["dropped", "sent"]);
    expect(stored(await fake.send("q", "x", error, { reason: "TIMEOUT" })).reason).toBe("TIMEOUT");
  });

  it.each([
    ["text", (bytes: number) => "\u00e4".repeat(bytes / 2) + "x".repeat(bytes % 2)],
    ["data", (bytes: number) => new Uint8Array(bytes)],
  ])("refuses a payload of more than 1 MiB as the service does: %s", async (_, payload) => {
    const fake = newFake();
    const server = await startTestServer();
    onTestFinished(() => server.stop());
    expect((await fake.send("q", payload(MIB), error)).status).toBe("sent");
    const [faked, real] = await Promise.all(
      [fake, clientOf(server)].map((dlq) => dlq.send("q", payload(MIB + 1), error)),
    );
    const { message, code, kind, maybeStored } = errorOf(real as SendResult);
    expect(message).toContain("is 1048577 bytes long");
    expect(errorOf(faked as SendResult)).toMatchObject({ message, code, kind, maybeStored });
  });

  it("a refused send is dropped, and does not go to the spool", async () => {
    const fake = newFake({ spool: { folder: await newFolder() } });
    const single = await fake.send("no/queue", "x", error);
    const together = await Promise.all(["a", "b"].map((text) => fake.send("no/queue", text)));
    for (const result of [single, ...together]) expect(errorOf(result).kind).toBe("refused");
    const refused = await fake.stubs.sendToDlq({ queue: "no/queue" }).catch((reason) => reason);
    expect(errorReason(refused)).toBe("INVALID_REQUEST");
  });

  it("gets the spooled sends when it comes back", async () => {
    const log = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => log.mockRestore());
    const fake = newFake({ spool: { folder: await newFolder() }, timeoutMs: 50 });
    fake.goDown();
    expect(await fake.send("q", "x", error)).toEqual({ status: "spooled", durable: true });
    fake.comeBack();
    expect(await fake.waitFor("q", "SCHEDULED")).toHaveLength(1);
  });

  it("stores two calls without a request id as two messages", async () => {
    const fake = newFake();
    for (let at = 0; at < 2; at++) await fake.stubs.sendToDlq({ queue: "q" });
    expect(fake.messages("q")).toHaveLength(2);
  });

  it("returns the leases of one worker session", async () => {
    const fake = newFake();
    for (const queue of ["q", "other"]) await fake.send(queue, "x", error);
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    const open = async (queue: string) => {
      let sessionId = "";
      const frames = fake.stubs.streamDue({ queues: [queue] }, { signal: abort.signal });
      for await (const { frame } of frames) {
        if (frame.case === "opened") sessionId = frame.value.sessionId;
        if (frame.case === "deliveries") {
          return { sessionId, leaseTokens: frame.value.deliveries.map((one) => one.leaseToken) };
        }
      }
      throw new Error("no deliveries");
    };
    const [one, other] = [await open("q"), await open("other")];
    for (const { sessionId, leaseTokens } of [one, other]) {
      const { results } = await fake.stubs.extendLease({ sessionId });
      expect(results.map((result) => result.leaseToken)).toEqual(leaseTokens);
    }
  });

  it("delivers a message again after each failure, until its retries are used up", async () => {
    const fake = newFake();
    await fake.send("q", "x", error, { maxRetries: 2 });
    const attempts: number[] = [];
    fake.worker({
      queues: ["q"],
      handler: ({ attempt }) => {
        attempts.push(attempt);
        throw error;
      },
    });
    const [message] = await fake.waitFor("q", "QUARANTINED");
    expect(message).toMatchObject({ attempts: 2, quarantineReason: "RETRIES_EXHAUSTED" });
    expect(attempts).toEqual([1, 2]);
    fake.retry("q");
    await vi.waitFor(() => expect(attempts).toEqual([1, 2, 1, 2]));
  });

  it.each([
    [() => {}, { state: "SUCCEEDED" }],
    [() => discard("old"), { state: "DISCARDED", note: "old" }],
    [() => quarantine("look"), { state: "QUARANTINED", quarantineReason: "WORKER_REQUEST" }],
    [
      () => {
        throw new NonRetryableError("no such order");
      },
      { state: "QUARANTINED", quarantineReason: "NON_RETRYABLE" },
    ],
    [() => fail(error, { retryAfterMs: 3_600_000 }), { state: "SCHEDULED", attempts: 1 }],
    [
      () => fail(error, { fingerprint: "card-declined", nonRetryable: true }),
      { state: "QUARANTINED", failure: { message: "it broke", fingerprint: "card-declined" } },
    ],
  ])("applies the outcome of the handler: %s", async (handler, expected) => {
    const fake = newFake();
    await fake.send("q", "x", error);
    const settled = new Promise<string>((done) => {
      fake.worker({ queues: ["q"], handler, onSettled: (_, { state }) => done(state) });
    });
    expect(await settled).toBe(expected.state);
    expect(fake.messages("q")).toMatchObject([expected]);
  });

  it("delivers after the delay of the send, or after retry()", async () => {
    const fake = newFake();
    await fake.send("q", "later", error, { delayMs: 3_600_000 });
    await fake.send("q", "soon", error, { delayMs: 5 });
    const seen: string[] = [];
    fake.worker({ queues: ["q"], handler: ({ payload }) => void seen.push(payload.text()) });
    await fake.waitFor("q", "SUCCEEDED");
    expect(seen).toEqual(["soon"]);
    fake.retry();
    await fake.waitFor("q", "SUCCEEDED", 2);
    expect(seen).toEqual(["soon", "later"]);
  });

  it("has stats, and waitFor rejects with the count that it found", async () => {
    const fake = newFake();
    await fake.send("q", "x", error);
    const { queues } = await fake.stubs.stats({});
    expect(queues).toMatchObject([{ queue: "q", scheduled: 1n, totals: { accepted: 1n } }]);
    await expect(fake.waitFor("q", "SUCCEEDED", 1, 10)).rejects.toThrow(/0 messages of q/);
  });

  it("calls back about outcomes", async () => {
    const got: string[] = [];
    const record = (kind: string) => (event: OutcomeEvent) =>
      void got.push(`${kind} ${event.attempts}`);
    const fake = newFake({
      onSucceeded: record("succeeded"),
      onFailed: record("failed"),
      onQuarantined: record("quarantined"),
    });
    await fake.send("q", "x", error, { maxRetries: 2 });
    let fails = true;
    const handler = () => {
      if (fails) throw error;
    };
    fake.worker({ queues: ["q"], handler, onError: () => {} });
    await until(() => got.length === 3, "the quarantine");
    fails = false;
    fake.retry();
    await until(() => got.length === 4, "the success");
    expect(got).toEqual(["failed 1", "failed 2", "quarantined 2", "succeeded 0"]);
  });

  it("has the events of its messages, from a time or a resume token on", async () => {
    const fake = newFake();
    const startTime = timestampNow();
    await fake.send("q", "x", error);
    await fake.send("other", "x", error);
    const outcomes: (Outcome | undefined)[] = [release(), undefined];
    fake.worker({ queues: ["q"], handler: () => outcomes.shift() });
    await fake.waitFor("q", "SUCCEEDED");
    const found: [EventType, string][] = [];
    const read = async (request: { startTime?: Timestamp; resumeToken?: string }) => {
      for await (const { events, resumeToken } of fake.stubs.watchEvents({
        queues: ["q"],
        ...request,
      })) {
        found.push(...events.map(({ type }): [EventType, string] => [type, resumeToken]));
        if (found.at(-1)?.[0] === EventType.RETRY_SUCCESS) return;
      }
    };
    await read({ startTime });
    const { MESSAGE_ADDED, RETRY_SCHEDULED, RELEASED, RETRY_SUCCESS } = EventType;
    const types = found.map(([type]) => type);
    expect(types).toEqual([MESSAGE_ADDED, RETRY_SCHEDULED, RELEASED, RETRY_SUCCESS]);
    const resumeToken = found.at(-1)?.[1] ?? "";
    found.length = 0;
    outcomes.push(quarantine("look"), undefined);
    await fake.send("q", "y", error);
    await fake.waitFor("q", "QUARANTINED");
    fake.retry();
    await fake.waitFor("q", "SUCCEEDED", 2);
    await read({ resumeToken });
    expect(found.map(([type]) => type)).toEqual([
      ...[MESSAGE_ADDED, RETRY_SCHEDULED, EventType.MOVED_TO_POISON, RETRY_SUCCESS],
    ]);
  });

  it("fails calls while it is down", async () => {
    const fake = newFake({ timeoutMs: 100 });
    fake.goDown();
    expect(errorOf(await fake.send("q", "x", error)).kind).toBe("deadline");
    const waiting = fake.send("q", "y", error, { timeoutMs: 60_000 });
    fake.comeBack();
    expect((await waiting).status).toBe("sent");
    expect(fake.messages().map(({ payload }) => payload.text())).toEqual(["y"]);
  });
});

describe("a local server", { timeout: 90_000 }, () => {
  const command = [process.execPath, resolve(import.meta.dirname, "../../../src/main.ts")];

  it("is the real server, and keeps its data when it is killed", async () => {
    await using server = await startLocalServer({ command });
    await using dlq = createDlqClient({ url: server.url, spool: false });
    const { id } = stored(await dlq.send("q", "x", error));
    await server.kill();
    await server.restart();
    const seen = new Promise((done) => {
      dlq.worker({ queues: ["q"], handler: (delivery) => done(delivery.id) });
    });
    await dlq.stubs.retry({ queue: "q", ids: [id] });
    expect(await seen).toBe(id);
    expect((await fetch(`${server.httpUrl}/readyz`)).status).toBe(200);
  });

  it("names DLQ_SERVER_COMMAND if it cannot be started", async () => {
    const start = startLocalServer({ command: ["no-such-program"] });
    await expect(start).rejects.toThrow(/DLQ_SERVER_COMMAND/);
  });
});
