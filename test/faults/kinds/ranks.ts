// Faults of the order of servers in a partition: the first one hangs, or two servers both come first.

import type { Redis } from "ioredis";
import { globalKeys } from "../../../src/store/redis/keys.ts";
import { PARTITIONS } from "../../../src/store/redis/partitions.ts";
import { NODE_SILENCE_MS } from "../../../src/store/redis/sessions.ts";
import { NEXT_LATE_MS, rankOf } from "../../../src/store/redis/wake-ups.ts";
import type { SeededRandom } from "../../support/random.ts";
import type { TestServer } from "../../support/server.ts";
import { measureStalls } from "../../support/stalls.ts";
import { until } from "../../support/until.ts";
import type { ExternalEnvironment } from "../rig/external.ts";
import { freshQueueIn, lateMsOf, sendLives, untilEnded } from "../rig/lives.ts";
import type { FaultKind, Part } from "./kind.ts";
import { holdStill } from "./process-state.ts";

/** Partitions in which a fault looks at lives. */
const LOOKED_AT = 8;
const TTL_MS = 1_000;
const HANG_MS = [5_000, 8_000] as const;
/** The next server looks a second later than the first. After 10 s, a server that hangs is not the first any more. */
const NEXT_WITHIN_MS = 5_000;
const STALE_MS = 4_000;
/** Tries to find the first server alone in its partitions. A slow machine may look too late each time. */
const ALONE_TRIES = 4;
const SEEN_DEADLINE_MS = 120_000;
/** Other faults of these would make lives late, too. */
const TOUCHES: readonly Part[] = ["servers", "store", "store-link"];

/** A server, and partitions in which it comes first. */
interface First {
  readonly server: TestServer;
  /** Its place in the environment, from 0. */
  readonly place: number;
  /** Its name in the store. */
  readonly node: string;
  readonly partitions: readonly number[];
  /** Whether no other server came first there before the fault, as their lives showed. */
  readonly isAlone: boolean;
}

/** A life that was ended. */
interface Ended {
  readonly lateMs: number;
  /** The places of the servers that looked after its queue. */
  readonly visitors: readonly number[];
}

const NODES = globalKeys("dlq").nodes;

async function pickFirst(
  environment: ExternalEnvironment,
  redis: Redis,
  random: SeededRandom,
): Promise<First> {
  const { servers } = environment;
  const server = random.pick(servers);
  const name = new RegExp(`-${server.pid}-[0-9a-f]+$`);
  let alive: readonly string[] = [];
  // An earlier fault may have made its last sign of life old.
  const find = async () => {
    alive = await redis.zrangebyscore(NODES, Date.now() - NODE_SILENCE_MS, "+inf");
    return alive.find((node) => name.test(node));
  };
  const node = await until("a sign of life of the server", find, SEEN_DEADLINE_MS);
  const others = alive.filter((other) => other !== node);
  if (others.length === 0) throw new Error("only one server is alive");
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const own = all.filter((partition) => rankOf(node, others, partition) === 0);
  const partitions = random.shuffled(own).slice(0, LOOKED_AT);
  const first = { server, place: servers.indexOf(server), node, partitions };
  // Others may not have read its sign of life yet.
  let isAlone = false;
  for (let tries = 0; tries < ALONE_TRIES && !isAlone; tries++) {
    const lives = await endLives(environment, redis, first);
    isAlone = lives.every((one) => isByFirst(one) && `${one.visitors}` === `${first.place}`);
  }
  return { ...first, isAlone };
}

/** Has lives end in the partitions of the first server. Resolves when all have ended, which another server must not hinder. */
async function endLives(
  { servers, storeCalls }: ExternalEnvironment,
  redis: Redis,
  { place, partitions }: Pick<First, "place" | "partitions">,
): Promise<Ended[]> {
  const queues = partitions.map(freshQueueIn);
  const other = servers[(place + 1) % servers.length] as TestServer;
  await sendLives(other.grpcAddress, queues, TTL_MS);
  for (const calls of storeCalls) calls.watch(queues);
  try {
    await untilEnded(redis, queues);
    const late = await Promise.all(queues.map((queue) => lateMsOf(redis, queue)));
    return queues.map((queue, at) => ({
      lateMs: late[at] ?? 0,
      visitors: storeCalls.flatMap((calls, index) => (calls.has(queue) ? [index] : [])),
    }));
  } finally {
    for (const calls of storeCalls) calls.clear();
  }
}

/** Whether a server that comes first looked in time: the second one waits for longer. */
const isByFirst = ({ lateMs }: Ended) => lateMs < NEXT_LATE_MS;
/** Whether this server and another one looked, each as the first. */
const isByBoth = (ended: Ended, { place }: First) =>
  isByFirst(ended) && ended.visitors.length > 1 && ended.visitors.includes(place);

const slowest = (lives: readonly Ended[]) => Math.max(...lives.map(({ lateMs }) => lateMs));

export const hangFirst: FaultKind<ExternalEnvironment> = {
  name: "hang-first-server",
  words:
    "SIGSTOP for 5 to 8 s of the server that comes first in some partitions; the next one ends lives there",
  touches: TOUCHES,
  async run({ environment, random }) {
    const redis = await environment.redis();
    try {
      const first = await pickFirst(environment, redis, random);
      let lives: Ended[] = [];
      let tookMs = 0;
      let stalledMs = 0;
      const { server, place, isAlone } = first;
      await holdStill("the server", server.pid, random.between(...HANG_MS), async () => {
        const beganAtMs = performance.now();
        const stopStalls = measureStalls();
        lives = await endLives(environment, redis, first);
        stalledMs = stopStalls();
        tookMs = performance.now() - beganAtMs;
      });
      if (slowest(lives) - stalledMs > NEXT_WITHIN_MS) {
        throw new Error(`a life ended ${slowest(lives)} ms late: no other server looked`);
      }
      // While the hanging server counts as alive, nobody else comes first.
      if (isAlone && tookMs < NODE_SILENCE_MS / 2 && lives.some(isByFirst)) {
        throw new Error(`a life ended ${Math.min(...lives.map((one) => one.lateMs))} ms late only`);
      }
      const before = isAlone ? "came first alone" : "was slow";
      return `server ${place + 1}, which ${before}; ${lives.length} lives ended up to ${slowest(lives)} ms late`;
    } finally {
      redis.disconnect();
    }
  },
};

export const twoFirst: FaultKind<ExternalEnvironment> = {
  name: "two-first-servers",
  words: "the others see no sign of life of a server, so two come first in its partitions",
  touches: TOUCHES,
  async run({ environment, random }) {
    const redis = await environment.redis();
    const first = await pickFirst(environment, redis, random);
    const age = () => {
      const atMs = Date.now() - 2 * NODE_SILENCE_MS;
      redis.zadd(NODES, "XX", "LT", atMs, first.node).catch(() => {});
    };
    const timer = setInterval(age, 10);
    try {
      let both = 0;
      const endAtMs = performance.now() + STALE_MS;
      await until(
        "two servers that both come first",
        async () => {
          const lives = await endLives(environment, redis, first);
          both += lives.filter((one) => isByBoth(one, first)).length;
          return (both > 0 && performance.now() > endAtMs) || undefined;
        },
        SEEN_DEADLINE_MS,
      );
      return `server ${first.place + 1} and another one looked after ${both} queues at once`;
    } finally {
      clearInterval(timer);
      redis.disconnect();
    }
  },
};

export const partServer: FaultKind<ExternalEnvironment> = {
  name: "parted-server",
  words:
    "one server is disconnected from Redis until others come first in its partitions; sent data arrives afterwards",
  touches: TOUCHES,
  async run({ environment, random }) {
    const redis = await environment.redis();
    try {
      const first = await pickFirst(environment, redis, random);
      const link = environment.storeLinks[first.place];
      link?.set({ stalled: true });
      const silentAtMs = performance.now() + NODE_SILENCE_MS;
      try {
        const look = async () => {
          const taken = (await endLives(environment, redis, first)).filter(isByFirst);
          return (taken.length > 0 && performance.now() > silentAtMs) || undefined;
        };
        await until("another server to come first", look, SEEN_DEADLINE_MS);
      } finally {
        link?.clear();
      }
      const after = await endLives(environment, redis, first);
      const both = after.filter((one) => isByBoth(one, first)).length;
      return `server ${first.place + 1}; another one took over; then ${both} of ${after.length} queues were looked after by both`;
    } finally {
      redis.disconnect();
    }
  },
};
