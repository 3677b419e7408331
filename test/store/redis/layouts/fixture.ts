// Data of earlier layouts, as the code of that time wrote it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Redis } from "ioredis";

/** All keys of a fixture begin with it; tests replace exactly its length. */
export const FIXTURE_PREFIX = "fixture";

export interface LayoutFixture {
  /** The test clock when it was written. */
  readonly nowMs: number;
  /** Ids, hex, of messages to look at. */
  readonly known: {
    readonly isolated: string;
    readonly repeated: string;
    readonly joined: string;
    /** In flight: its lease token. */
    readonly held: { readonly id: string; readonly deliveryNumber: number; readonly nonce: string };
  };
  /** Base64 of the name and of Redis' own dump; 0: never expires. */
  readonly keys: readonly {
    readonly key: string;
    readonly ttlMs: number;
    readonly dump: string;
  }[];
}

export function readFixture(name: "layout-1"): LayoutFixture {
  const file = join(import.meta.dirname, `${name}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as LayoutFixture;
}

/** Restores it under another prefix. */
export async function restore(fixture: LayoutFixture, redis: Redis, prefix: string): Promise<void> {
  for (const { key, ttlMs, dump } of fixture.keys) {
    const rest = Buffer.from(key, "base64").subarray(FIXTURE_PREFIX.length);
    const name = Buffer.concat([Buffer.from(prefix), rest]);
    await redis.restore(name, ttlMs, Buffer.from(dump, "base64"), "REPLACE");
  }
}
