import { tooManyQuietSessions } from "../../core/errors.ts";
import { HOUR_MS } from "../../core/time-units.ts";
import type { QuietSessions } from "../contract.ts";
import type { Connection } from "./connection.ts";
import { globalKeys } from "./keys.ts";
import { pagesOf } from "./script-runner.ts";
import { SESSION_KEPT_MS, type Sessions } from "./sessions.ts";
import { LUA_NOW } from "./store-now.ts";

/** An operator makes few workers quiet: more are a mistake. */
export const MOST_QUIET_SESSIONS = 10_000;
/** An entry is written again when it is this old. */
const REFRESH_MS = HOUR_MS;
/** Sessions that are read in one call: it takes Redis less than a millisecond. */
const PAGE = 1_000;

const HEADER = `#!lua flags=allow-oom${LUA_NOW}
local function ends_at(entry) return entry and tonumber(string.match(entry, '^%d+')) or 0 end
local function keep(session, by, kept)
  redis.call('HSET', KEYS[1], session, string.format('%.0f', now + kept) .. '\\n' .. by)
  redis.call('PEXPIRE', KEYS[1], kept)
end`;

/** Removes what has expired, then adds a session. Returns 1 if it is new, 0 if it was there, -1 if there are too many. */
const ADD = `${HEADER}
local session, by, kept, most = unpack(ARGV)
local entries = redis.call('HGETALL', KEYS[1])
local is_there, others = false, 0
for at = 1, #entries, 2 do
  if ends_at(entries[at + 1]) <= now then
    redis.call('HDEL', KEYS[1], entries[at])
  elseif entries[at] == session then
    is_there = true
  else
    others = others + 1
  end
end
if not is_there and others >= tonumber(most) then return -1 end
keep(session, by, kept)
return is_there and 0 or 1`;

/** Returns 1 if the session was quiet. */
const REMOVE = `${HEADER}
local was_quiet = ends_at(redis.call('HGET', KEYS[1], ARGV[1])) > now
redis.call('HDEL', KEYS[1], ARGV[1])
return was_quiet and 1 or 0`;

/** Returns the quiet ones of the sessions, and writes those again that are old. */
const KEEP = `${HEADER}
local kept, refresh = ARGV[1], ARGV[2]
local quiet = {}
if redis.call('EXISTS', KEYS[1]) == 0 then return quiet end
for at = 3, #ARGV do
  local entry = redis.call('HGET', KEYS[1], ARGV[at])
  local ends = ends_at(entry)
  if ends > now then
    quiet[#quiet + 1] = ARGV[at]
    if ends - now < kept - refresh then keep(ARGV[at], string.match(entry, '\\n(.*)') or '', kept) end
  end
end
return quiet`;

export interface QuietSessionsParts {
  connection: Connection;
  prefix: string;
  sessions: Pick<Sessions, "showQuiet">;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
}

/** Stores which sessions are quiet, for all servers. */
export class RedisQuietSessions implements QuietSessions {
  readonly #parts: QuietSessionsParts;
  readonly #key: string;

  constructor(parts: QuietSessionsParts) {
    this.#parts = parts;
    this.#key = globalKeys(parts.prefix).quietSessions;
  }

  async add(sessionId: string, by: string): Promise<boolean> {
    const added = await this.#run(ADD, sessionId, by, SESSION_KEPT_MS, MOST_QUIET_SESSIONS);
    if (added === -1) throw tooManyQuietSessions(MOST_QUIET_SESSIONS);
    return added === 1;
  }

  async remove(sessionId: string): Promise<boolean> {
    return (await this.#run(REMOVE, sessionId)) === 1;
  }

  async keep(sessionIds: readonly string[]): Promise<ReadonlySet<string>> {
    const pages = await Promise.all(
      pagesOf(sessionIds, PAGE).map((page) =>
        this.#run(KEEP, SESSION_KEPT_MS, REFRESH_MS, ...page),
      ),
    );
    return new Set((pages as string[][]).flat());
  }

  async show(sessionId: string, quiet: boolean): Promise<void> {
    const { sessions, enter } = this.#parts;
    // The next sign of life writes what this does not.
    await sessions.showQuiet(sessionId, quiet, enter).catch(() => {});
  }

  async #run(script: string, ...args: (string | number)[]): Promise<unknown> {
    await this.#parts.enter();
    return this.#parts.connection.command((redis) => redis.eval(script, 1, this.#key, ...args));
  }
}
