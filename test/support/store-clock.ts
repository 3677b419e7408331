import type { Redis } from "ioredis";

/** The store's clock, set by the test. */
export interface TestClock {
  readonly nowMs: number;
  /** What has passed so far, without jumps. */
  readonly passedMs: number;
  /** Jumps to an instant, also back. Keys that expire keep their time to live. */
  set(nowMs: number): Promise<void>;
  /** Lets time pass, also for keys that expire. */
  advance(ms: number): Promise<void>;
}

/** Takes `ms` from the time to live of every key of the prefix, as if they had passed. */
const AGE_KEYS = `
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do
  local left = redis.call('PTTL', key)
  if left > 0 then
    if left > tonumber(ARGV[2]) then redis.call('PEXPIRE', key, left - ARGV[2])
    else redis.call('DEL', key) end
  end
end`;

export function createTestClock(redis: Redis, prefix: string): TestClock {
  let nowMs = 0;
  let passedMs = 0;
  const set = async (toMs: number) => {
    nowMs = toMs;
    await redis.set(`${prefix}:clock`, toMs);
  };
  return {
    get nowMs() {
      return nowMs;
    },
    get passedMs() {
      return passedMs;
    },
    set,
    async advance(ms) {
      passedMs += ms;
      await set(nowMs + ms);
      await redis.eval(AGE_KEYS, 0, prefix, ms);
    },
  };
}
