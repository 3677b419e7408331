// How letters on the shelf are delivered: what one that can't be read or delivered does to others.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, it, onTestFinished, vi } from "vitest";
import type { DlqAdminStubs } from "../../../../clients/typescript/src/connection.ts";
import { Line } from "../../../../clients/typescript/src/line.ts";
import { Reachability } from "../../../../clients/typescript/src/reachability.ts";
import { SpoolDelivery } from "../../../../clients/typescript/src/spool/delivery.ts";
import type { LetterStore } from "../../../../clients/typescript/src/spool/letter-store.ts";
import { MemoryLetters } from "../../../../clients/typescript/src/spool/memory-letters.ts";
import type { Shelf } from "../../../../clients/typescript/src/spool/shelf.ts";
import { SpoolNews } from "../../../../clients/typescript/src/spool/spool-news.ts";
import { DlqService, SendToDlqRequestSchema } from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { until } from "../client.ts";

function lettersOf(...requestIds: readonly string[]): MemoryLetters {
  const letters = new MemoryLetters();
  for (const requestId of requestIds) {
    letters.add(create(SendToDlqRequestSchema, { requestId, queue: "q" }), 100);
  }
  return letters;
}

/** A delivery to a service in this process, which may refuse what it is sent. */
function deliveryFrom(
  stores: readonly LetterStore[],
  refuses?: ConnectError,
  isRefused: (requestId: string) => boolean = () => true,
) {
  const sent: string[] = [];
  const told: string[] = [];
  const transport = createRouterTransport(({ rpc }) => {
    rpc(DlqService.method.sendToDlq, ({ requestId }) => {
      sent.push(requestId);
      if (refuses !== undefined && isRefused(requestId)) throw refuses;
      return {};
    });
  });
  const stubs = createClient(DlqService, transport);
  const line = new Line(() => ({ stubs, admin: {} as DlqAdminStubs, close: () => {} }));
  const reachability = new Reachability();
  const shelf = {
    stores,
    get count() {
      return stores.reduce((sum, { count }) => sum + count, 0);
    },
    finish: async (store: LetterStore, positions: readonly number[]) =>
      (store as MemoryLetters).finish(positions),
  } as unknown as Shelf;
  const tell = (words: string) => void told.push(words);
  const news = new SpoolNews(tell);
  const delivery = new SpoolDelivery({
    ...{ shelf, line, reachability, news, tell },
    onRefused: () => {},
  });
  onTestFinished(() => delivery.close());
  return { delivery, reachability, sent, told };
}

it("a file that can't be read does not hold up the others", async () => {
  const broken: LetterStore = { count: 1, read: () => Promise.reject(new Error("EIO")) };
  const { delivery, sent } = deliveryFrom([broken, lettersOf("a")]);
  delivery.hasten();
  await until(() => sent.length > 0, "the other one");
  expect(sent).toEqual(["a"]);
});

it("letters that can't be read any more are told of", async () => {
  const letters = lettersOf("a");
  const read = async () => [{ position: 0, request: undefined }];
  const damaged: LetterStore = Object.assign(letters, { read: once(read, []) });
  const { delivery, told } = deliveryFrom([damaged]);
  delivery.hasten();
  await until(() => letters.count === 0, "the end of it");
  expect(told).toEqual([expect.stringContaining("lost 1 letter")]);
});

it("a service that refuses is not away", async () => {
  const refuses = new ConnectError("who are you?", Code.Unauthenticated, undefined, []);
  const { delivery, reachability, sent } = deliveryFrom([lettersOf("a")], refuses);
  for (const beganAtMs of [0, 2]) reachability.failed(beganAtMs, undefined, beganAtMs + 1);
  expect(reachability.isAway()).toBe(true);
  delivery.hasten();
  await until(() => sent.length > 0, "a try");
  await until(() => !reachability.isAway(), "that it was heard");
});

it("what a stranger answers, such as a proxy, is no word on a letter", async () => {
  const letters = lettersOf("a");
  const refuses = new ConnectError("404 Not Found", Code.Unimplemented);
  const { delivery, sent, told } = deliveryFrom([letters], refuses);
  delivery.hasten();
  await until(() => sent.length > 2, "other tries");
  expect(letters.count).toBe(1);
  expect(told).toEqual([expect.stringMatching(/^keeps what is refused: 404 Not Found; is/)]);
});

it("a service that is away is told of, with the last error", async () => {
  const away = new ConnectError("connect ECONNREFUSED", Code.Unavailable);
  const { delivery, sent, told } = deliveryFrom([lettersOf("a")], away);
  delivery.hasten();
  await until(() => sent.length > 2, "other tries");
  expect(told).toEqual(["keeps what can't be delivered: connect ECONNREFUSED"]);
});

it("a letter that is to come again in a moment is nobody's concern", async () => {
  const busy = new ConnectError("in a moment", Code.ResourceExhausted);
  busy.details = [{ type: "google.rpc.RetryInfo", value: new Uint8Array() }];
  const { delivery, sent, told } = deliveryFrom([lettersOf("a")], busy);
  delivery.hasten();
  await until(() => sent.length > 2, "other tries");
  expect(told).toEqual([]);
});

it("what is refused for now is tried again soon, however many others come", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const [refused, ...others] = ["refused", ...Array.from({ length: 30 }, (_, at) => `other${at}`)];
  const letters = lettersOf(refused, ...others);
  const oneByOne: LetterStore = Object.assign(letters, {
    read: (after: number) => {
      vi.advanceTimersByTime(5_000);
      return MemoryLetters.prototype.read.call(letters, after, 1, 1_000);
    },
  });
  const full = new ConnectError("the queue is full", Code.ResourceExhausted);
  const { delivery, sent } = deliveryFrom([oneByOne], full, (id) => id === refused);
  delivery.hasten();
  await until(() => letters.count === 1, "all others");
  const tries = sent.flatMap((id, at) => (id === refused ? [at] : []));
  expect(tries.slice(0, 4)).toEqual([0, 7, 15, 23]);
});

it("however many are refused for now, the others are tried, too", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  onTestFinished(() => void vi.useRealTimers());
  const MOST = 100;
  const refused = Array.from({ length: 20 }, (_, at) => `refused${at}`);
  const letters = lettersOf(...refused, "other");
  const oneByOne: LetterStore = Object.assign(letters, {
    read: async (after: number) => {
      if (sent.length > MOST) return [];
      vi.advanceTimersByTime(5_000);
      return MemoryLetters.prototype.read.call(letters, after, 1, 1_000);
    },
  });
  const full = new ConnectError("the queue is full", Code.ResourceExhausted);
  const { delivery, sent } = deliveryFrom([oneByOne], full, (id) => id !== "other");
  delivery.hasten();
  await until(() => sent.includes("other") || sent.length > MOST, "the other one");
  expect(sent.slice(0, 20)).toEqual([...refused.slice(0, 7), ...refused.slice(0, 13)]);
  expect(sent).toContain("other");
});

it("one that was closed makes no call of what it was reading", async () => {
  const letters = lettersOf("a");
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  const slow: LetterStore = {
    count: 1,
    read: (...given) => gate.then(() => letters.read(...given)),
  };
  const { delivery, sent } = deliveryFrom([slow]);
  delivery.hasten();
  const closed = delivery.close();
  go();
  await closed;
  expect(sent).toEqual([]);
  expect(letters.count).toBe(1);
});

function once<Value>(first: () => Promise<Value>, then: Value): () => Promise<Value> {
  let isFirst = true;
  return () => {
    const result = isFirst ? first() : Promise.resolve(then);
    isFirst = false;
    return result;
  };
}
