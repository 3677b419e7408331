// Where the keys of a queue are. A deployment has 256 partitions, on every kind of Redis; all keys of a partition share one
// hash tag, so that one script may use them all. None of this may change: it says where stored data is.

import { hash } from "node:crypto";

export const PARTITIONS = 256;

/**
 * Two characters a partition, behind `/` in its tag: with them the slots of Redis Cluster, CRC16 of the tag, are spread
 * evenly. Partition N is in one of the 64 slots from 64 N.
 */
const SPREAD =
  "et2z5o196u4p3e733k1n0w155oawcv1l5r7w0b2g3xdv6h4m05205z2k0b1q3p2236130u2p3o1jct4z6q4t5mgw0u1f3g4v0h2m5xbv01243r1wfw1y637q5x28" +
  "09dp8zot2k0n1q3t22074o097s0b2k3x1y6h2v0s1530aw6y1l3i1b3ggu5o156u4t3e2a0d7q5t286ndpfu1u3p2i5x7q01203r7l5igw0y1f3c4v6s4xcv170u" +
  "gw3o1nct1v3s2500bw5y2l0i2b0gdu6o255u7t0eapcu1k3n2q0t12377o394s3b1k0x2y5h3n1kcuap37120t2q0zgt3f4wcu7m5lgv4t6q1d3aguep7n381336" +
  "aw3m1d0w2v346u4p3e73et2z5o193217cv1l3e2v0w15094o3zdt632e5p7uot8z011s3z2i0h7y296o1zft430e7p5ubuoq213s1z0i2h5y3p1u03265zbt0j2o" +
  "0d2a3x4i037s5r2c";

/** What is in the braces of the keys: the partition in hexadecimal, and its characters. No queue has such a name. */
export function partitionTag(partition: number): string {
  const hex = partition.toString(16).padStart(2, "0");
  return `${hex}/${SPREAD.slice(2 * partition, 2 * partition + 2)}`;
}

const TAGS = Array.from({ length: PARTITIONS }, (_, partition) => partitionTag(partition));

/** Bounds the memory: callers may invent names. */
const REMEMBERED = 20_000;
const remembered = new Map<string, number>();

/**
 * Returns the partition of a queue: the first byte of the SHA-256 of its name, as in `printf NAME | sha256sum | cut -c1-2`.
 * Remembers names: a hash takes as long as the rest of a call's preparation.
 */
export function partitionOf(queue: string): number {
  let partition = remembered.get(queue);
  if (partition === undefined) {
    partition = Number.parseInt(hash("sha256", queue).slice(0, 2), 16);
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(queue, partition);
  }
  return partition;
}

/** The tag of a queue's partition. */
export const tagOf = (queue: string): string => TAGS[partitionOf(queue)] as string;
