// Inflating for several peers at once, when one sends far more than the others.

import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { gunzip } from "../../src/rpc/grpc/compression.ts";

const MIB = 1024 * 1024;

it("a peer with many messages does not delay other peers", async () => {
  const bomb = gzipSync(Buffer.alloc(4 * MIB));
  const done: string[] = [];
  const inflate = async (name: string, peer: object) => {
    await gunzip(() => bomb, 4 * MIB, peer);
    done.push(name);
  };
  const [greedy, modest, shy] = [{}, {}, {}];
  const all = Array.from({ length: 40 }, () => inflate("greedy", greedy));
  await Promise.all([...all, inflate("modest", modest), inflate("shy", shy)]);
  // After the running ones and one more of the first peer.
  expect(done.indexOf("modest")).toBeLessThan(12);
  expect(done.indexOf("shy")).toBeLessThan(12);
  expect(done).toHaveLength(42);
});
