// Inflating for several peers at once, when one sends far more than the others.

import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { gunzip } from "../../src/rpc/grpc/compression.ts";

const MIB = 1024 * 1024;

it("a peer with many messages does not delay other peers", async () => {
  const bomb = gzipSync(Buffer.alloc(4 * MIB));
  const started: string[] = [];
  const inflate = (name: string, peer: object) =>
    gunzip(
      () => {
        started.push(name);
        return bomb;
      },
      4 * MIB,
      peer,
    );
  const [greedy, modest, shy] = [{}, {}, {}];
  const all = Array.from({ length: 40 }, () => inflate("greedy", greedy));
  await Promise.all([...all, inflate("modest", modest), inflate("shy", shy)]);
  // After those that run at once, at most 4, and one more of the first peer.
  expect(started.indexOf("modest")).toBeLessThanOrEqual(5);
  expect(started.indexOf("shy")).toBeLessThanOrEqual(6);
  expect(started).toHaveLength(42);
});
