// Data of earlier layouts, as the code of that time wrote it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync } from "node:zlib";
import type { Redis } from "ioredis";
import type { TestStore } from "../../../support/store.ts";

/** All keys of a fixture begin with it; tests replace exactly its length. */
export const FIXTURE_PREFIX = "fixture";

export interface LayoutFixture<Known> {
  /** The clock when it was written. */
  readonly nowMs: number;
  /** What tests look for. */
  readonly known: Known;
  readonly keys: readonly FixtureKey[];
}

/** Base64 of the name and of Redis' own dump; 0: never expires. */
export interface FixtureKey {
  readonly key: string;
  readonly ttlMs: number;
  readonly dump: string;
}

/** Ids, hex, of messages. */
export interface Layout1Known {
  readonly isolated: string;
  readonly repeated: string;
  readonly joined: string;
  /** In flight: its lease token. */
  readonly held: { readonly id: string; readonly deliveryNumber: number; readonly nonce: string };
}

/** Ids, hex, of messages in `repeats`. */
export interface Layout3Known {
  readonly repeated: string;
  readonly joined: string;
  /** Lease tokens of two messages in `in-flight`. */
  readonly settled: string;
  readonly lost: string;
}

interface Fixtures {
  "layout-1": Layout1Known;
  "layout-3": Layout3Known;
  /** The queue `bulk` alone. */
  "layout-3-bulk": object;
}

/** Large ones are compressed. */
const fileOf = (name: keyof Fixtures) =>
  join(import.meta.dirname, name === "layout-3-bulk" ? `${name}.json.br` : `${name}.json`);

export function readFixture<Name extends keyof Fixtures>(
  name: Name,
): LayoutFixture<Fixtures[Name]> {
  const file = fileOf(name);
  const bytes = readFileSync(file);
  const text = file.endsWith(".br") ? brotliDecompressSync(bytes) : bytes;
  return JSON.parse(text.toString()) as LayoutFixture<Fixtures[Name]>;
}

/** Reads the keys of a pattern, except the clock of tests. */
export async function readKeys(redis: Redis, pattern: string): Promise<FixtureKey[]> {
  const found = (await redis.callBuffer("KEYS", pattern)) as Buffer[];
  return Promise.all(
    found
      .filter((key) => key.toString() !== `${FIXTURE_PREFIX}:clock`)
      .sort(Buffer.compare)
      .map(async (key) => ({
        key: key.toString("base64"),
        ttlMs: Math.max(0, await redis.pttl(key)),
        dump: ((await redis.callBuffer("DUMP", key)) as Buffer).toString("base64"),
      })),
  );
}

export function writeFixture<Name extends keyof Fixtures>(
  name: Name,
  keys: readonly FixtureKey[],
  nowMs: number,
  known: Fixtures[Name],
): void {
  const file = fileOf(name);
  const text = `${JSON.stringify({ nowMs, known, keys }, null, 1)}\n`;
  writeFileSync(file, file.endsWith(".br") ? brotliCompressSync(text) : text);
}

/** Restores it under another prefix. `rename` changes the names of queues. */
export async function restore(
  fixture: LayoutFixture<unknown>,
  redis: Redis,
  prefix: string,
  rename = (queue: string) => queue,
): Promise<void> {
  const restoring = redis.pipeline();
  for (const { key, ttlMs, dump } of fixture.keys) {
    const rest = Buffer.from(key, "base64").toString("latin1").slice(FIXTURE_PREFIX.length);
    const name = rest.replace(/^:\{([^}]*)\}/, (_, queue: string) => `:{${rename(queue)}}`);
    const value = Buffer.from(dump, "base64");
    restoring.restore(Buffer.from(prefix + name, "latin1"), ttlMs, value, "REPLACE");
  }
  for (const [error] of (await restoring.exec()) ?? []) if (error) throw error;
}

/** Replaces all data by the fixture, and sets the clock to when its last server ended. */
export async function becomeFixture(
  { redis, clock, prefix }: TestStore,
  fixture: LayoutFixture<unknown>,
): Promise<void> {
  await redis.flushall();
  await clock.set(fixture.nowMs);
  await restore(fixture, redis, prefix);
}
