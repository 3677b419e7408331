import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { StreamQueues } from "../../src/rpc/stream-queues.ts";
import { clientOf, createRig, errorOf } from "./in-memory.ts";
import { opened } from "./scripted-dlq.ts";

const one = {};
const other = {};

describe("the queues of open streams", () => {
  it("are limited for a connection and for the server", () => {
    const queues = new StreamQueues(20_000);
    queues.take(1_000, one);
    queues.take(1_000, one);
    expect(() => queues.take(1, one)).toThrow(/this connection .* 2000 queues/);
    queues.take(1_000, other);
    // Calls without a connection of their own only have the limit of the server.
    queues.take(17_000, undefined);
    expect(() => queues.take(1, undefined)).toThrow(/this server .* 20000 queues/);
  });

  it("are free again when their stream ends", () => {
    const queues = new StreamQueues(10_000);
    const release = queues.take(1_000, one);
    expect(() => queues.take(1, one)).toThrow();
    release();
    queues.take(1_000, one)();
  });
});

it("a stream above the limit is unavailable, and an ended one makes room", async () => {
  const rig = await createRig({ maxStreamQueues: 1_000 });
  rig.dlq.onStream = async function* () {
    yield opened();
  };
  const names = Array.from({ length: 1_000 }, (_, n) => `q${n}`);
  const first = clientOf(rig).streamDue({ queues: names })[Symbol.asyncIterator]();
  await first.next();
  const refused = clientOf(rig)
    .streamDue({ queues: ["q"] })
    [Symbol.asyncIterator]();
  expect(await errorOf(refused.next())).toMatchObject({ code: Code.Unavailable });
  expect((await first.next()).done).toBe(true);
  const next = clientOf(rig)
    .streamDue({ queues: ["q"] })
    [Symbol.asyncIterator]();
  expect((await next.next()).done).toBe(false);
  await next.return?.();
});
