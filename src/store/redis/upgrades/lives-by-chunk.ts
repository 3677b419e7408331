import { baseBeforePartitions } from "./keys-by-partition.ts";
import type { Upgrade, UpgradeSteps } from "./upgrade.ts";

/** About so many entries of an index are one step. */
const STEP = 1_000;

/**
 * One page of `:expiry`: replaces each message by its chunk, with the earliest end. Returns the cursor of the next page.
 * Drops entries of messages that do not exist any more.
 */
const PAGE = `#!lua flags=allow-oom
local expiry, states = KEYS[1] .. ':expiry', KEYS[1] .. ':states:'
local page = redis.call('ZSCAN', expiry, ARGV[1], 'COUNT', ARGV[2])
local found = page[2]
for at = 1, #found, 2 do
  local id, ends = found[at], found[at + 1]
  if #id == 16 then
    local high, middle, low = struct.unpack('>HBI3', id, 7)
    local arrival = (high - 28672) * 268435456 + (middle - 128) * 4194304 + math.floor(low / 4)
    local chunk = string.format('%d', math.floor(arrival / 128))
    if redis.call('HEXISTS', states .. chunk, id) == 1 then
      redis.call('ZADD', expiry, 'LT', ends, chunk)
    end
    redis.call('ZREM', expiry, id)
  end
end
return page[1]`;

/**
 * Layout 1 lists the end of the life of each message, layout 2 the first end in each chunk. In layout 2 bodies may also be
 * compressed, which needs no upgrade.
 *
 * Early servers of layout 2 wrote the version without this upgrade, and changed entries when they met them. So data of
 * layout 2 may still have entries of layout 1: lua/tick/lives.lua reads them.
 */
export const livesByChunk: Upgrade = {
  from: 1,
  to: 2,
  what: "lives end by chunk",
  async run(steps) {
    for (const queue of await steps.queues())
      await convert(steps, baseBeforePartitions(steps.prefix, queue));
  },
};

async function convert(steps: UpgradeSteps, base: string): Promise<void> {
  let cursor = "0";
  do {
    cursor = String(await steps.run(PAGE, base, cursor, STEP));
  } while (cursor !== "0");
}
