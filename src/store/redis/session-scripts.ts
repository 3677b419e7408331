import { LUA_NOW } from "./store-now.ts";

/**
 * Writes this node's sign of life. Returns whether the node was unknown, and the nodes silent for an hour. One round trip,
 * because every use of the store waits for it. Signs in the future are from before the clock stepped back: they count from now,
 * so that those of dead servers end.
 */
export const SIGN_OF_LIFE = `#!lua flags=allow-oom${LUA_NOW}
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')) do
  redis.call('ZADD', KEYS[1], now, node)
end
local is_new = redis.call('ZADD', KEYS[1], now, ARGV[1])
return { is_new, redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2]) }`;

/** Writes the queues of a session. Returns when they expire: later after each write, which distinguishes writes of servers. */
export const WRITE_SESSION = `#!lua flags=allow-oom
local before = redis.call('PEXPIRETIME', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local until_ms = redis.call('PEXPIRETIME', KEYS[1])
if until_ms > before then return until_ms end
redis.call('PEXPIREAT', KEYS[1], string.format('%.0f', before + 1))
return before + 1`;

/** Removes the queues of a session, unless another stream has written them since. */
export const REMOVE_SESSION = `#!lua flags=allow-oom
if redis.call('PEXPIRETIME', KEYS[1]) == tonumber(ARGV[1]) then redis.call('UNLINK', KEYS[1]) end`;

/**
 * In one step: between a read and a removal another node may write its own entry. If the stream held leases, which may be lost
 * later, the entry is kept apart for those who look for the worker.
 */
export const REMOVE_OWN = `#!lua flags=allow-oom
local entry = redis.call('HGET', KEYS[1], ARGV[1])
if entry and string.sub(entry, 1, #ARGV[2]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
  if redis.call('EXISTS', KEYS[2]) == 1 then redis.call('SET', KEYS[3], entry, 'PX', ARGV[3]) end
end`;

export const REMOVE_NODE = `#!lua flags=allow-oom
local entries = redis.call('HGETALL', KEYS[1])
for at = 1, #entries, 2 do
  if string.sub(entries[at + 1], 1, #ARGV[1]) == ARGV[1] then redis.call('HDEL', KEYS[1], entries[at]) end
end`;
