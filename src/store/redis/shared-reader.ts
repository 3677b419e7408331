import type { OutboxPosition } from "../contract/outbox.ts";
import type { OutboxBacklog, SharedReader } from "../contract/shared-reader.ts";
import type { Connection } from "./connection.ts";
import { allPartitionKeys, globalKeys, partitionKeys } from "./keys.ts";
import type { OutboxReads } from "./outbox-reads.ts";
import { layout, ms } from "./packed/layout.ts";
import { Reader } from "./packed/reader.ts";
import { PARTITIONS } from "./partitions.ts";
import { NODE_SILENCE_MS } from "./sessions.ts";
import { LUA_NOW, storeNowMs } from "./store-now.ts";
import { rankOf } from "./wake-ups.ts";

/** A partition is taken for so long. */
const TAKEN_MS = 10_000;

/**
 * The value of a reader in `/outbox-readers`: bytes before the last entry that was read, bytes that are kept for it, when it was
 * written (lua/lib/outbox.lua reads these); then the time of that entry, the number of the next change, the epoch, the server that
 * has the partition, and until when.
 */
const VALUE = /^(\d+) \d+ \d+ (\d+) (\d+) (\d+) (?:\S+) (?:\d+)$/;

/**
 * A server has a partition until a time that is in the future by at most the time for which it is taken: the clock may have stepped
 * back.
 */
const IS_OTHERS = `
local function is_others(server, till, own, length)
  till = tonumber(till)
  return server and server ~= own and till and till > now and till <= now + length
end`;

/** Returns the value of a reader; '': none. A key that is no hash must stop no partition: it begins again. */
const VALUE_OF = `
local function value_of(reader)
  local v = redis.pcall('HGET', KEYS[1], reader)
  if type(v) == 'table' then redis.call('UNLINK', KEYS[1]) end
  return type(v) == 'string' and v or ''
end`;

/** ARGV: reader. */
const READ = `#!lua flags=allow-oom${VALUE_OF}
return value_of(ARGV[1])`;

/** ARGV: reader, server, for how long, a value without server and time. Returns the value before; '': none; false: another server has it. */
const TAKE = `#!lua flags=allow-oom${LUA_NOW}${IS_OTHERS}${VALUE_OF}
local v = value_of(ARGV[1])
local place, server, till = string.match(v, '^(%d+ %d+ %d+ %d+ %d+ %d+) (%S+) (%d+)$')
if is_others(server, till, ARGV[2], tonumber(ARGV[3])) then return false end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %s %.0f', place or ARGV[4], ARGV[2], now + ARGV[3]))
return place and v or ''`;

/** ARGV: reader, value. An unreadable one is replaced. */
const BEGIN = `#!lua flags=allow-oom${VALUE_OF}
local v = value_of(ARGV[1])
if not string.match(v, '^%d+ %d+ %d+ %d+ %d+ %d+ %S+ %d+$') then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end`;

/** ARGV: server, silence in ms. Returns the servers with a sign of life. Signs in the future are from before the clock stepped back. */
const SIGN = `#!lua flags=allow-oom${LUA_NOW}
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('UNLINK', KEYS[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + ARGV[2], '+inf')
redis.call('ZADD', KEYS[1], now, ARGV[1])
return redis.call('ZRANGE', KEYS[1], 0, -1)`;

/** Bytes of an entry that have the number of its first change. */
const HEAD_BYTES = 6;
/** As layout `outbox_entry` begins. */
const FIRST = layout({ first: ms });

/**
 * ARGV: reader, server, for how long, bytes, keep, time, next, epoch, and what the outbox may have now (empty: it is not trimmed).
 * Returns the bytes and the age of what waits behind the position, the begin of its first entry, and 1 if entries before that one
 * were removed. [0]: nothing waits. 0: the server has the partition no more.
 */
const STORE = `#!lua flags=allow-oom${LUA_NOW}${VALUE_OF}
local function entry(command, from, to)
  local found = redis.pcall(command, KEYS[2], from, to, 'COUNT', 1)[1]
  if type(found) ~= 'table' then return end
  local bytes, at = string.match(found[1], '^(%d+)-(%d+)$')
  return { bytes = tonumber(bytes), at = tonumber(at), data = found[2][2] }
end
if string.match(value_of(ARGV[1]), ' (%S+) %d+$') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%s %s %.0f %s %s %s %s %.0f', ARGV[4], ARGV[5], now, ARGV[6], ARGV[7],
  ARGV[8], ARGV[2], now + ARGV[3]))
local last = entry('XREVRANGE', '+', '-')
if not last then return { 0 } end
if ARGV[9] ~= '' and last.bytes > tonumber(ARGV[9]) then
  redis.pcall('XTRIM', KEYS[2], 'MINID', '~', string.format('%.0f', last.bytes - ARGV[9]))
end
local first = entry('XRANGE', '-', '+')
local is_trimmed = first and first.bytes > tonumber(ARGV[4])
if not is_trimmed then first = entry('XRANGE', '(' .. ARGV[4] .. '-' .. ARGV[6], '+') end
if not first then return { 0 } end
return { last.bytes - first.bytes + #last.data, now - first.at, string.sub(first.data, 1, ${HEAD_BYTES}), is_trimmed and 1 or 0 }`;

/** ARGV: reader, server. */
const GIVE_BACK = `#!lua flags=allow-oom${VALUE_OF}
local place, server = string.match(value_of(ARGV[1]), '^(%d+ %d+ %d+ %d+ %d+ %d+) (%S+) %d+$')
if server == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], place .. ' - 0') end`;

export interface SharedReaderParts {
  connection: Connection;
  reads: Pick<OutboxReads, "ends" | "since">;
  prefix: string;
  nodeId: string;
  /** Bytes of a partition's outbox that are kept without readers. */
  outboxMaxBytes: number;
  /** Names the reader. */
  name: string;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
}

export class RedisSharedReader implements SharedReader {
  readonly #parts: SharedReaderParts;
  readonly #keys: readonly string[];
  readonly #servers: string;

  constructor(parts: SharedReaderParts) {
    this.#parts = parts;
    this.#keys = allPartitionKeys(parts.prefix, "outboxReaders");
    this.#servers = globalKeys(parts.prefix).outboxServers(parts.name);
  }

  async begin(keepBytes: number, sinceMs?: number): Promise<void> {
    const { connection, reads, name, enter } = this.#parts;
    await enter();
    const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    const starts = await (sinceMs === undefined
      ? reads.ends(all)
      : Promise.all(
          all.map(async (partition) => (await reads.since(partition, sinceMs)).position),
        ));
    const nowMs = await connection.command(storeNowMs);
    await connection.read((writing) => {
      for (const [partition, start] of starts.entries()) {
        const value = `${placeOf(start, keepBytes, nowMs)} - 0`;
        writing.eval(BEGIN, 1, this.#keys[partition] as string, name, value);
      }
    });
  }

  async assigned(): Promise<ReadonlySet<number>> {
    const { connection, nodeId, enter } = this.#parts;
    await enter();
    const servers = (await connection.command((redis) =>
      redis.eval(SIGN, 1, this.#servers, nodeId, NODE_SILENCE_MS),
    )) as string[];
    const others = servers.filter((server) => server !== nodeId);
    const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
    return new Set(all.filter((partition) => rankOf(nodeId, others, partition) === 0));
  }

  async positions(partitions: readonly number[]): Promise<(OutboxPosition | undefined)[]> {
    const { connection, name, enter } = this.#parts;
    await enter();
    const values = await connection.read<string>((reading) => {
      for (const partition of partitions)
        reading.eval(READ, 1, this.#keys[partition] as string, name);
    });
    return values.map((value) => positionOf(value));
  }

  async take(partition: number, fallback: OutboxPosition): Promise<OutboxPosition | undefined> {
    const { connection, name, nodeId, enter } = this.#parts;
    await enter();
    const key = this.#keys[partition] as string;
    const value = await connection.command(async (redis) => {
      const nowMs = await storeNowMs(redis);
      const place = placeOf(fallback, 0, nowMs);
      return redis.eval(TAKE, 1, key, name, nodeId, TAKEN_MS, place) as Promise<string | null>;
    });
    return value === null ? undefined : (positionOf(value) ?? fallback);
  }

  async store(
    positions: ReadonlyMap<number, OutboxPosition>,
    keepBytes: number,
    trims = false,
  ): Promise<ReadonlyMap<number, OutboxBacklog>> {
    const { connection, prefix, name, nodeId, outboxMaxBytes, enter } = this.#parts;
    await enter();
    const most = trims ? Math.floor(Math.max(keepBytes, outboxMaxBytes)) : "";
    const replies = await connection.read<StoreReply>((writing) => {
      for (const [partition, { entryId, next, epochMs }] of positions) {
        const [before = 0, atMs = 0] = entryId.split("-");
        const { outboxReaders, outbox } = partitionKeys(prefix, partition);
        const value = [before, Math.floor(keepBytes), atMs, next, epochMs, most];
        const keys = [2, outboxReaders, outbox];
        writing.callBuffer("EVAL", STORE, ...keys, name, nodeId, TAKEN_MS, ...value);
      }
    });
    const backlogs = new Map<number, OutboxBacklog>();
    [...positions].forEach(([partition, position], at) => {
      const reply = replies[at] ?? 0;
      if (reply !== 0) backlogs.set(partition, backlogOf(reply, position));
    });
    return backlogs;
  }

  async giveBack(partitions: readonly number[]): Promise<void> {
    const { connection, name, nodeId } = this.#parts;
    await connection.read((writing) => {
      for (const partition of partitions)
        writing.eval(GIVE_BACK, 1, this.#keys[partition] as string, name, nodeId);
    });
  }

  async leave(partitions: readonly number[]): Promise<void> {
    await this.giveBack(partitions);
    const { connection, nodeId } = this.#parts;
    await connection.command((redis) => redis.zrem(this.#servers, nodeId));
  }
}

/** The first six numbers of a value. */
function placeOf({ entryId, next, epochMs }: OutboxPosition, keepBytes: number, nowMs: number) {
  const [before, atMs] = entryId.split("-");
  return [before, Math.floor(keepBytes), nowMs, atMs, next, epochMs].join(" ");
}

type StoreReply = 0 | readonly [bytes: number, ageMs?: number, head?: Buffer, isTrimmed?: number];

function backlogOf(
  [bytes, oldestAgeMs, head, isTrimmed]: Exclude<StoreReply, 0>,
  { next }: OutboxPosition,
): OutboxBacklog {
  const first = isTrimmed === 1 && head !== undefined ? firstIn(head) : next;
  const age = oldestAgeMs === undefined ? undefined : Math.max(0, oldestAgeMs);
  return { bytes, oldestAgeMs: age, missed: Math.max(0, first - next) };
}

function firstIn(head: Buffer): number {
  // A person may have written the entry.
  return head.length < HEAD_BYTES ? 0 : new Reader(head).read(FIRST).first;
}

function positionOf(value: string): OutboxPosition | undefined {
  const [, before, atMs, next, epochMs] = VALUE.exec(value) ?? [];
  if (before === undefined) return undefined;
  return { entryId: `${before}-${atMs}`, next: Number(next), epochMs: Number(epochMs) };
}
