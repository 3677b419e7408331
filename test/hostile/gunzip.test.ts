// Inflating for several peers at once, of whom one sends far more than the others.

import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { gunzip } from "../../src/rpc/grpc/compression.ts";

const MIB = 1024 * 1024;

it("a peer with many messages holds up no other's", async () => {
  const bomb = gzipSync(Buffer.alloc(4 * MIB));
  const done: string[] = [];
  const inflate = async (name: string, peer: object) => {
    await gunzip(() => bomb, 4 * MIB, peer);
    done.push(name);
  };
  const [greedy, modest, shy] = [{}, {}, {}];
  const all = Array.from({ length: 40 }, () => inflate("greedy", greedy));
  await Promise.all([...all, inflate("modest", modest), inflate("shy", shy)]);
  // Behind those that were under way, and one more of the first peer's.
  expect(done.indexOf("modest")).toBeLessThan(12);
  expect(done.indexOf("shy")).toBeLessThan(12);
  expect(done).toHaveLength(42);
});
