import { tooManyJobs } from "../../core/errors.ts";
import { LIMITS } from "../../core/settings.ts";
import type {
  BatchJobs,
  JobStatus,
  JobStep,
  JobStepResult,
  SliceOutcomes,
  StoredJob,
} from "../contract.ts";
import type { Capacity } from "./capacity.ts";
import type { Connection } from "./connection.ts";
import type { StoreContext } from "./context.ts";
import { globalKeys, QUEUE_KEYS, queueBase } from "./keys.ts";
import { CONSTANTS } from "./packed/constants.ts";
import { LUA_NOW, storeNowMs } from "./store-now.ts";
import { runAct } from "./verbs/act.ts";

const { SLICE } = CONSTANTS;

/** A server has a job for so long, and keeps it by asking again. */
const TAKEN_MS = 10_000;
/** Records of ended jobs that are kept. */
const ENDED_MAX = 1_000;
/** How long a repeated request gets the job that it created. */
const REQUEST_KEPT_MS = 86_400_000;
/**
 * KEYS: jobs, request. ARGV: when Redis' history changed, how far numbers go on after that. Returns the number and record of the job of
 * this request; or a new number. A restart or failover may have lost the latest jobs: their numbers are not used again.
 */
const NUMBER = `#!lua
local known = redis.call('GET', KEYS[2])
local record = known and redis.call('HGET', KEYS[1], known)
if record then return { known, record } end
local next = tonumber(redis.call('HGET', KEYS[1], 'next') or '1')
if (redis.call('HGET', KEYS[1], 'history') or ARGV[1]) ~= ARGV[1] then next = next + ARGV[2] end
redis.call('HSET', KEYS[1], 'next', string.format('%d', next + 1), 'history', ARGV[1])
return { string.format('%d', next) }`;

/**
 * KEYS: jobs, active, ended, request. ARGV: number, record, most that have not ended, for how long to keep the request ('': it is
 * none). Returns the number and record of the job of this request, which may be an earlier one; or nothing: there are too many.
 */
const CREATE = `#!lua
local known = ARGV[4] ~= '' and redis.call('GET', KEYS[4])
local record = known and redis.call('HGET', KEYS[1], known)
if record then return { known, record } end
if redis.call('HLEN', KEYS[1]) - 2 - redis.call('ZCARD', KEYS[3]) >= tonumber(ARGV[3]) then return {} end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], ARGV[1], ARGV[1])
if ARGV[4] ~= '' then redis.call('SET', KEYS[4], ARGV[1], 'PX', ARGV[4]) end
return { ARGV[1], ARGV[2] }`;

/** KEYS: jobs, active, ended. ARGV: number, seen, record, status, most that have ended. Returns 1; 0: there is another record. */
const REPLACE = `#!lua flags=allow-oom${LUA_NOW}
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if ARGV[4] == 'WAITING' then
  redis.call('ZADD', KEYS[2], 'NX', ARGV[1], ARGV[1])
else
  redis.call('ZREM', KEYS[2], ARGV[1])
end
if ARGV[4] ~= 'ENDED' then return 1 end
redis.call('ZADD', KEYS[3], now, ARGV[1])
for _, number in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1 - ARGV[5])) do
  redis.call('HDEL', KEYS[1], number)
  redis.call('ZREM', KEYS[3], number)
end
return 1`;

/**
 * KEYS: active. ARGV: for how long, the most to run, then the numbers that the server runs. Returns all that it runs from now on. What
 * is taken for longer than that is from before the clock stepped back.
 */
const TAKE = `#!lua flags=allow-oom${LUA_NOW}
local length, most, running = tonumber(ARGV[1]), tonumber(ARGV[2]), {}
local own = {}
for at = 3, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[at]) then
    running[#running + 1] = ARGV[at]
    own[ARGV[at]] = true
  end
end
local free = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, most)
for _, number in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now + length + 1, '+inf', 'LIMIT', 0, most)) do
  free[#free + 1] = number
end
for _, number in ipairs(free) do
  if #running < most and not own[number] then running[#running + 1] = number end
end
for _, number in ipairs(running) do redis.call('ZADD', KEYS[1], now + length, number) end
return running`;

/** KEYS: active. ARGV: number. */
const GIVE_BACK = `#!lua flags=allow-oom
redis.call('ZADD', KEYS[1], 'XX', ARGV[1], ARGV[1])`;

export interface BatchJobsParts extends StoreContext {
  connection: Pick<Connection, "command">;
  prefix: string;
  capacity: Pick<Capacity, "requireRoom">;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
}

export class RedisBatchJobs implements BatchJobs {
  readonly #parts: BatchJobsParts;
  readonly #keys: ReturnType<typeof globalKeys>;

  constructor(parts: BatchJobsParts) {
    this.#parts = parts;
    this.#keys = globalKeys(parts.prefix);
  }

  async create(
    request: Uint8Array,
    encode: (number: number, nowMs: number) => Uint8Array,
  ): Promise<StoredJob> {
    const { connection, enter, historyChangedAtMs } = this.#parts;
    await enter();
    const { jobs, activeJobs, endedJobs, jobRequest } = this.#keys;
    const key = jobRequest(Buffer.from(request).toString("base64url"));
    const keptMs = request.length === 0 ? "" : REQUEST_KEPT_MS;
    const [number, record] = await connection.command(
      (redis) =>
        redis.callBuffer(
          ...["EVAL", NUMBER, 2, jobs, key, historyChangedAtMs(), LIMITS.openJobs],
        ) as Promise<Buffer[]>,
    );
    if (record !== undefined) return { number: Number(String(number)), record };
    const own = Number(String(number));
    const nowMs = await connection.command(storeNowMs);
    const [created, stored] = await connection.command(
      (redis) =>
        redis.callBuffer(
          ...["EVAL", CREATE, 4, jobs, activeJobs, endedJobs, key],
          ...[own, asBuffer(encode(own, nowMs)), LIMITS.openJobs, keptMs],
        ) as Promise<Buffer[]>,
    );
    if (stored === undefined) throw tooManyJobs(LIMITS.openJobs);
    return { number: Number(String(created)), record: stored };
  }

  async get(number: number): Promise<StoredJob | undefined> {
    return (await this.#read([number]))[0];
  }

  async list(below: number | undefined, count: number): Promise<readonly StoredJob[]> {
    const { connection, enter } = this.#parts;
    await enter();
    const fields = await connection.command((redis) => redis.hkeys(this.#keys.jobs));
    const numbers = fields.map(Number).filter((one) => one < (below ?? Number.POSITIVE_INFINITY));
    return this.#read(numbers.toSorted((a, b) => b - a).slice(0, count));
  }

  async #read(numbers: readonly number[]): Promise<StoredJob[]> {
    const { connection, enter } = this.#parts;
    if (numbers.length === 0) return [];
    await enter();
    const records = await connection.command((redis) =>
      redis.hmgetBuffer(this.#keys.jobs, ...numbers.map(String)),
    );
    return numbers.flatMap((number, at) => {
      const record = records[at];
      return record ? [{ number, record }] : [];
    });
  }

  async replace(seen: StoredJob, record: Uint8Array, status: JobStatus): Promise<boolean> {
    const { connection, enter } = this.#parts;
    await enter();
    const { jobs, activeJobs, endedJobs } = this.#keys;
    const reply = await connection.command((redis) =>
      redis.call(
        ...["EVAL", REPLACE, 3, jobs, activeJobs, endedJobs],
        ...[seen.number, asBuffer(seen.record), asBuffer(record), status, ENDED_MAX],
      ),
    );
    return reply === 1;
  }

  async take(running: readonly number[], most: number): Promise<readonly number[]> {
    const { connection, enter } = this.#parts;
    await enter();
    const taken = await connection.command((redis) =>
      redis.eval(TAKE, 1, this.#keys.activeJobs, TAKEN_MS, most, ...running),
    );
    return (taken as string[]).map(Number);
  }

  async giveBack(number: number): Promise<void> {
    const { connection } = this.#parts;
    await connection.command((redis) => redis.eval(GIVE_BACK, 1, this.#keys.activeJobs, number));
  }

  async progress(queue: string, number: number): Promise<Uint8Array | undefined> {
    const { connection, enter } = this.#parts;
    await enter();
    const key = this.#progressKey(queue, number);
    return (await connection.command((redis) => redis.getBuffer(key))) ?? undefined;
  }

  /** Edits need room, as those of a retry. */
  async act(queue: string, step: JobStep): Promise<JobStepResult> {
    if (step.items.some(({ write }) => write !== undefined)) this.#parts.capacity.requireRoom();
    return runAct(this.#parts, queue, step);
  }

  forgetProgress(queue: string, number: number): Promise<void> {
    return this.#unlink(this.#progressKey(queue, number));
  }

  async outcomes(queue: string, number: number, slice: number): Promise<SliceOutcomes> {
    const { connection, enter } = this.#parts;
    await enter();
    const key = this.#slicesKey(queue, number);
    const counts = await connection.command((redis) => redis.hgetall(key));
    const countOf = (field: string) => Number(counts[`${slice}:${field}`] ?? 0);
    const group = `${slice}:${SLICE.GROUP}`;
    const failures = Object.entries(counts).flatMap(([field, count]) =>
      field.startsWith(group) ? [[field.slice(group.length), Number(count)] as const] : [],
    );
    return {
      messages: countOf(SLICE.MESSAGES),
      succeeded: countOf(SLICE.SUCCEEDED),
      failed: countOf(SLICE.FAILED),
      withoutOutcome: countOf(SLICE.OTHER),
      failures: new Map(failures),
    };
  }

  forgetOutcomes(queue: string, number: number): Promise<void> {
    return this.#unlink(this.#slicesKey(queue, number));
  }

  async nowMs(): Promise<number> {
    const { connection, enter } = this.#parts;
    await enter();
    return connection.command(storeNowMs);
  }

  async #unlink(key: string): Promise<void> {
    const { connection, enter } = this.#parts;
    await enter();
    await connection.command((redis) => redis.unlink(key));
  }

  #progressKey(queue: string, number: number): string {
    return `${queueBase(this.#parts.prefix, queue)}${QUEUE_KEYS.job}${number}`;
  }

  #slicesKey(queue: string, number: number): string {
    return `${queueBase(this.#parts.prefix, queue)}${QUEUE_KEYS.slices}${number}`;
  }
}

const asBuffer = ({ buffer, byteOffset, length }: Uint8Array) =>
  Buffer.from(buffer, byteOffset, length);
