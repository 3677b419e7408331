import { DlqError } from "../../core/errors.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { LayoutError } from "./storage-version.ts";

/** Refuses a Redis that is too old. Returns warnings about settings that could lose messages. */
export async function checkServer(connection: Connection, prefix: string): Promise<string[]> {
  const info = await connection.command((redis) => redis.info());
  const server = /^redis_version:(\d+)\.(\d+)/m.exec(info);
  if (server && Number(server[1]) < 7) {
    throw new LayoutError(`Redis ${server[1]}.${server[2]} is too old: install Redis 7.0 or newer`);
  }
  return [...warnings(info), ...(await hintWarnings(connection, prefix))];
}

/** Scripts publish hints, and by default a user of an ACL may use no channels. */
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
      `Redis evicts keys when it is full (maxmemory-policy ${policy}): messages can be lost; set maxmemory-policy noeviction`,
    );
  }
  if (/^aof_enabled:0/m.test(info)) {
    found.push(
      "Redis keeps no append-only file: a crash of it loses messages; set appendonly yes and appendfsync always",
    );
  }
  return found;
}
