import { queueBase } from "../keys.ts";
import type { Upgrade, UpgradeSteps } from "./upgrade.ts";

/** Entries of an index that one step looks at, about. */
const STEP = 1_000;

/**
 * One page of `:expiry`: in the place of each message its chunk, with the earliest end. Gives the
 * cursor of the next page. An entry of a message that is not there any more is dropped.
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
 * Layout 1 listed the end of each message's life, layout 2 lists the first end in each chunk. Its
 * bodies may be compressed, too, which takes no upgrade: each body says itself what it is.
 *
 * Early servers of layout 2 wrote the version without this, and changed entries where they met them,
 * so data of layout 2 may still have some of layout 1: lua/tick.lua reads these.
 */
export const livesByChunk: Upgrade = {
  from: 1,
  to: 2,
  what: "lives end by chunk",
  async run(steps) {
    for (const queue of await steps.queues()) await convert(steps, queueBase(steps.prefix, queue));
  },
};

async function convert(steps: UpgradeSteps, base: string): Promise<void> {
  let cursor = "0";
  do {
    cursor = String(await steps.run(PAGE, base, cursor, STEP));
  } while (cursor !== "0");
}
