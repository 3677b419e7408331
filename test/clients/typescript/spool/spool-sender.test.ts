// How spooled messages are sent, and that one that cannot be read or sent does not stop the others.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it, onTestFinished, vi } from "vitest";
import type { DlqAdminStubs } from "../../../../clients/typescript/src/connection.ts";
import { Reachability } from "../../../../clients/typescript/src/reachability.ts";
import { ReconnectingChannel } from "../../../../clients/typescript/src/reconnecting-channel.ts";
import { MemoryFallback } from "../../../../clients/typescript/src/spool/memory-fallback.ts";
import { SpoolSender } from "../../../../clients/typescript/src/spool/spool-sender.ts";
import type { SpoolSource } from "../../../../clients/typescript/src/spool/spool-source.ts";
import type { SpoolStore } from "../../../../clients/typescript/src/spool/spool-store.ts";
import { SpoolWarning } from "../../../../clients/typescript/src/spool/spool-warning.ts";
import { DlqService, SendToDlqRequestSchema } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { until } from "../client.ts";

function messagesOf(...requestIds: readonly string[]): MemoryFallback {
  const messages = new MemoryFallback();
  for (const requestId of requestIds) {
    messages.add(create(SendToDlqRequestSchema, { requestId, queue: "q" }), 100);
  }
  return messages;
}

/** Creates a spool sender for a service in this process, which refuses messages with `refusal`. */
function senderFor(
  sources: readonly SpoolSource[],
  refusal?: ConnectError,
  isRefused: (requestId: string) => boolean = () => true,
) {
  const sent: string[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.sendToDlq, ({ requestId }) => {
      sent.push(requestId);
      if (refusal !== undefined && isRefused(requestId)) throw refusal;
      return {};
    });
  });
  const stubs = createClient(DlqService, transport);
  const channel = new ReconnectingChannel(() => ({
    stubs,
    admin: {} as DlqAdminStubs,
    close: () => {},
  }));
  const reachability = new Reachability();
  const store = {
    sources,
    get count() {
      return sources.reduce((sum, { count }) => sum + count, 0);
    },
    markDone: async (source: SpoolSource, positions: readonly number[]) =>
      (source as MemoryFallback).markDone(positions),
  } as unknown as SpoolStore;
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const warning = new SpoolWarning("server:1", () => store.count);
  const onRefused = () => {};
  const sender = new SpoolSender({ store, channel, reachability, onRefused, warning });
  onTestFinished(() => sender.close());
  return { sender, reachability, sent, logged: () => log.mock.calls.map(([line]) => line) };
}

it("an unreadable file does not stop the others", async () => {
  const broken: SpoolSource = {
    name: "1.spool",
    count: 1,
    read: () => Promise.reject(new Error("EIO")),
  };
  const { sender, sent } = senderFor([broken, messagesOf("a")]);
  sender.startNow();
  await until(() => sent.length > 0, "the other message");
  expect(sent).toEqual(["a"]);
});

it("messages that can no longer be read are logged as lost", async () => {
  const messages = messagesOf("a");
  const read = async () => [{ position: 0, request: undefined }];
  const damaged: SpoolSource = Object.assign(messages, {
    name: "1.spool",
    read: once(read, []),
  });
  const { sender, logged } = senderFor([damaged]);
  sender.startNow();
  await until(() => messages.count === 0, "its end");
  expect(logged()).toEqual([
    "dlq: lost 1 spooled messages: their records in spool file 1.spool are damaged",
  ]);
});

it("a refusal shows that the service is available", async () => {
  const refusal = new ConnectError("who are you?", Code.Unauthenticated, undefined, []);
  const { sender, reachability, sent } = senderFor([messagesOf("a")], refusal);
  for (const beganAtMs of [0, 2]) reachability.failed(beganAtMs, undefined, beganAtMs + 1);
  expect(reachability.isUnavailable()).toBe(true);
  sender.startNow();
  await until(() => sent.length > 0, "a try");
  await until(() => !reachability.isUnavailable(), "the effect of the answer");
});

it("a refusal of an unknown server, such as a proxy, does not drop a message", async () => {
  const messages = messagesOf("a");
  const refusal = new ConnectError("404 Not Found", Code.Unimplemented);
  const { sender, sent, logged } = senderFor([messages], refusal);
  sender.startNow();
  await until(() => sent.length > 2, "more tries");
  expect(messages.count).toBe(1);
  expect(logged()).toEqual([
    expect.stringMatching(
      /messages wait in the spool for server:1 \(1\): 404 Not Found; is .*; retrying$/,
    ),
  ]);
});

it("an unavailable service causes a warning with the last error", async () => {
  const unavailable = new ConnectError("connect ECONNREFUSED", Code.Unavailable);
  const { sender, sent, logged } = senderFor([messagesOf("a")], unavailable);
  sender.startNow();
  await until(() => sent.length > 2, "more tries");
  expect(logged()).toEqual([
    "dlq: messages wait in the spool for server:1 (1): connect ECONNREFUSED; is the server at `url` up?; retrying",
  ]);
});

it("a refusal with a RetryInfo causes no warning", async () => {
  const busy = new ConnectError("in a moment", Code.ResourceExhausted);
  busy.details = [{ type: "google.rpc.RetryInfo", value: new Uint8Array() }];
  const { sender, sent, logged } = senderFor([messagesOf("a")], busy);
  sender.startNow();
  await until(() => sent.length > 2, "more tries");
  expect(logged()).toEqual([]);
});

it("a message that may succeed later is retried within 30 s, however many others wait", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const [refused, ...others] = ["refused", ...Array.from({ length: 30 }, (_, at) => `other${at}`)];
  const messages = messagesOf(refused, ...others);
  const oneByOne: SpoolSource = Object.assign(messages, {
    read: (after: number) => {
      vi.advanceTimersByTime(5_000);
      return MemoryFallback.prototype.read.call(messages, after, 1, 1_000);
    },
  });
  const full = new ConnectError("the queue is full", Code.ResourceExhausted);
  const { sender, sent } = senderFor([oneByOne], full, (id) => id === refused);
  sender.startNow();
  await until(() => messages.count === 1, "the others");
  const tries = sent.flatMap((id, at) => (id === refused ? [at] : []));
  expect(tries.slice(0, 4)).toEqual([0, 7, 15, 23]);
});

it("the others are tried, however many messages may succeed later", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const MAX_TRIES = 100;
  const refused = Array.from({ length: 20 }, (_, at) => `refused${at}`);
  const messages = messagesOf(...refused, "other");
  const oneByOne: SpoolSource = Object.assign(messages, {
    read: async (after: number) => {
      if (sent.length > MAX_TRIES) return [];
      vi.advanceTimersByTime(5_000);
      return MemoryFallback.prototype.read.call(messages, after, 1, 1_000);
    },
  });
  const full = new ConnectError("the queue is full", Code.ResourceExhausted);
  const { sender, sent } = senderFor([oneByOne], full, (id) => id !== "other");
  sender.startNow();
  await until(() => sent.includes("other") || sent.length > MAX_TRIES, "the other message");
  expect(sent.slice(0, 20)).toEqual([...refused.slice(0, 7), ...refused.slice(0, 13)]);
  expect(sent).toContain("other");
});

it("close prevents a call for the messages that are being read", async () => {
  const messages = messagesOf("a");
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const slow: SpoolSource = {
    name: "1.spool",
    count: 1,
    read: (...given) => opened.then(() => messages.read(...given)),
  };
  const { sender, sent } = senderFor([slow]);
  sender.startNow();
  const closed = sender.close();
  open();
  await closed;
  expect(sent).toEqual([]);
  expect(messages.count).toBe(1);
});

function once<Value>(first: () => Promise<Value>, then: Value): () => Promise<Value> {
  let isFirst = true;
  return () => {
    const result = isFirst ? first() : Promise.resolve(then);
    isFirst = false;
    return result;
  };
}
