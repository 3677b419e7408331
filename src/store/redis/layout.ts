import { DlqError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { writeWhenFull } from "./when-full.ts";

/** Version of what keys.ts and lua/lib/state.lua describe. */
export const LAYOUT_VERSION = 2;

/** Redis as it has to be, or words about what is wrong with it. */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
}

/**
 * Looks at the store before the first use: old enough servers and data of a newer version are
 * refused. Returns warnings about settings that could lose messages.
 */
export async function checkLayout(connection: Connection, prefix: string): Promise<string[]> {
  const { version } = globalKeys(prefix);
  const info = await connection.command((redis) => redis.info());
  const server = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  if (server && Number(server[1]) < 7) {
    throw new LayoutError(
      `Redis ${server[1]}.${server[2]} is too old: scripts need Redis 7.0 or newer`,
    );
  }
  // Read before it is written: a full store refuses the write, and must still be served.
  let text = await connection.command((redis) => redis.get(version));
  if (text === null) {
    await connection.command((redis) => writeWhenFull(redis, "SET", version, LAYOUT_VERSION, "NX"));
    text = await connection.command((redis) => redis.get(version));
  }
  const found = Number(text);
  if (!Number.isInteger(found) || found < 1) {
    throw new LayoutError(
      `the key "${version}" holds no layout version: is it another program's? use another --redis-prefix`,
    );
  }
  if (found > LAYOUT_VERSION) {
    throw new LayoutError(
      `the data under the prefix "${prefix}" is of layout ${found}, written by a newer server; this one knows ${LAYOUT_VERSION}: run the newer server, or use another --redis-prefix`,
    );
  }
  // The scripts of this version read what layout 1 left, and change it where they meet it; servers of
  // that version must not go on beside them. What layout 1 had: ends of lives by message.
  if (found < LAYOUT_VERSION) {
    await connection.command((redis) => writeWhenFull(redis, "SET", version, LAYOUT_VERSION, "XX"));
  }
  return [...warnings(info), ...(await hintWarnings(connection, prefix))];
}

/** Hints are published by scripts, and a user of an ACL has no channels unless it is told so. */
async function hintWarnings(connection: Connection, prefix: string): Promise<string[]> {
  const { probe } = globalKeys(prefix);
  try {
    await connection.command((redis) => redis.publish(probe, ""));
    return [];
  } catch (error) {
    const cause = error instanceof DlqError ? error.cause : undefined;
    if (!(cause instanceof Error) || !cause.message.startsWith("NOPERM")) throw error;
    return [
      `the Redis user may not use the channels ${prefix}:*: messages that are due may wait for up to 30 s; allow them with &${prefix}:*`,
    ];
  }
}

function warnings(info: string): string[] {
  const found: string[] = [];
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  const max = Number(/^maxmemory:(\d+)/m.exec(info)?.[1] ?? 0);
  if (policy !== undefined && policy !== "noeviction" && max > 0) {
    found.push(
      `Redis evicts keys when it is full (maxmemory-policy ${policy}): messages can be lost; set noeviction`,
    );
  }
  if (/^aof_enabled:0/m.test(info)) {
    found.push(
      "Redis keeps no append-only file: a crash of it loses messages; set appendonly yes and appendfsync always",
    );
  }
  return found;
}
