// A queue with broken data, in one call with sound queues.

import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Redis } from "ioredis";
import { queueBase } from "../../../src/store/redis/keys.ts";
import { PARTITIONS } from "../../../src/store/redis/partitions.ts";
import { connectTo, type DlqClient, msOf } from "../../support/grpc.ts";
import { dueAt, sendRequest } from "../../support/send-requests.ts";
import { dumpQueue } from "../../support/store-dump.ts";
import { brokenInvariants } from "../../support/store-invariants.ts";
import { until } from "../../support/until.ts";
import { Worker } from "../../support/worker.ts";
import type { ExternalEnvironment } from "../rig/external.ts";
import { freshQueueIn, lateMsOf, untilEnded } from "../rig/lives.ts";
import { sendAllPatiently, sendPatiently } from "../rig/patient-send.ts";
import type { FaultKind } from "./kind.ts";

/** Sound queues in the partition of the broken one, and as many in another partition. */
const NEIGHBOURS = 6;
/** From the sends until all are due, or their lives end: until then, a queue is broken. */
const DUE_MS = 3_000;
const BACKED_OFF_MS = 2_000;
const SEEN_DEADLINE_MS = 120_000;
/** Longer than the fault. */
const LEASE_MS = 300_000;
/** Neighbours may be this much later than queues of another partition. A tick that failed is repeated after 30 s. */
const LATER_MS = 5_000;

/** Queues of which one breaks, and others with the same work. */
interface Group {
  readonly broken: string;
  readonly neighbours: readonly string[];
  readonly elsewhere: readonly string[];
}

function groupIn(partition: number): Group {
  const some = (count: number, where: number) =>
    Array.from({ length: count }, () => freshQueueIn(where));
  const before = some(NEIGHBOURS / 2, partition);
  const broken = freshQueueIn(partition);
  const neighbours = [...before, ...some(NEIGHBOURS / 2, partition)];
  return {
    broken,
    neighbours,
    elsewhere: some(NEIGHBOURS, (partition + PARTITIONS / 2) % PARTITIONS),
  };
}

/** In the order of their names. The broken one is not the first: the first of many calls at once goes alone. */
const inOrder = ({ broken, neighbours, elsewhere }: Group) =>
  [broken, ...neighbours, ...elsewhere].toSorted();

/** Breaks a queue with one message. Resolves with what repairs it. */
type Break = (redis: Redis, queue: string) => Promise<() => Promise<unknown>>;

const BREAKS: Readonly<Record<string, Break>> = {
  /** The first key that each tick reads. */
  async "a key of the wrong type"(redis, queue) {
    const key = `${queueBase("dlq", queue)}:meta`;
    const aside = `${key}:aside`;
    const had = (await redis.exists(key)) === 1;
    if (had) await redis.rename(key, aside);
    await redis.set(key, "not a hash");
    return () => (had ? redis.rename(aside, key) : redis.del(key));
  },
  async "a damaged state"(redis, queue) {
    const key = `${queueBase("dlq", queue)}:states:0`;
    const [id, state] = (await redis.callBuffer("HGETALL", key)) as Buffer[];
    if (id === undefined || state === undefined) throw new Error(`${queue} has no message`);
    await redis.hset(key, id, state.subarray(0, 3));
    return () => redis.hset(key, id, state);
  },
};

export const breakQueue: FaultKind<ExternalEnvironment> = {
  name: "broken-queue",
  words:
    "a queue has a key of the wrong type or a damaged state; others in the same calls are on time, and it continues once it is repaired",
  touches: ["servers", "store", "store-link"],
  async run({ environment, random }) {
    const redis = await environment.redis();
    const { servers, storeCalls } = environment;
    const client = connectTo(random.pick(servers).grpcAddress);
    const partition = random.below(PARTITIONS);
    const [waiting, living] = [groupIn(partition), groupIn(partition)];
    const [how, breakIt] = random.pick(Object.entries(BREAKS));
    const broken = [waiting.broken, living.broken];
    const queues = inOrder(waiting);
    const leaseDuration = durationFromMs(LEASE_MS);
    const worker = await Worker.open(client.dlq, { queues, maxInFlight: 100, leaseDuration });
    const repairs: (() => Promise<unknown>)[] = [];
    const repair = () => Promise.all(repairs.splice(0).map((one) => one()));
    try {
      await sendBoth(client.dlq, waiting, living);
      for (const queue of broken) repairs.push(await breakIt(redis, queue));
      for (const calls of storeCalls) calls.watch([...inOrder(waiting), ...inOrder(living)]);

      const sound = ({ neighbours, elsewhere }: Group) => [...neighbours, ...elsewhere];
      await worker.hasReceived(sound(waiting).length);
      await untilEnded(redis, sound(living));
      const together = () =>
        storeCalls
          .flatMap(({ seen }) => seen)
          .filter((some) => some.length > 1 && some.some((queue) => broken.includes(queue))).length;
      const ticks = together();
      const again = await sendBeside(client.dlq, waiting);
      const sends = together() - ticks;
      if (ticks + sends === 0) throw new Error("no call had the broken queue and another one");
      await mustBeReported(environment, broken, [...waiting.neighbours, ...living.neighbours]);
      const words = [latenessOf(worker, waiting), await lifeLateness(redis, living)];

      await repair();
      const ttl = durationFromMs(1_000);
      await sendAllPatiently(client.dlq, [
        { ...sendRequest(waiting.broken), requestId: `${waiting.broken}-repaired` },
        { ...sendRequest(living.broken, { ttl }), requestId: `${living.broken}-repaired` },
      ]);
      await worker.hasReceived(queues.length + again + 1);
      await worker.settleAll(worker.received);
      await untilEnded(redis, [living.broken], 2);
      await lateMsOf(redis, living.broken, 2);
      for (const queue of queues) await mustBeDone(redis, queue);
      for (const queue of broken) await mustBeSound(redis, queue);
      return `${how}, beside others in ${ticks} calls of ticks and ${sends} of sends; ${words.join("; ")}`;
    } finally {
      for (const calls of storeCalls) calls.clear();
      await repair();
      await worker.close();
      client.close();
      redis.disconnect();
    }
  },
};

/** Stores a message in each queue: those of one group are due at the same instant, and lives of the other one end then. */
async function sendBoth(dlq: DlqClient, waiting: Group, living: Group): Promise<void> {
  const due = dueAt(Date.now() + DUE_MS);
  const ttl = durationFromMs(DUE_MS);
  await sendAllPatiently(dlq, [
    ...inOrder(waiting).map((queue) => ({ ...sendRequest(queue, due), requestId: queue })),
    ...inOrder(living).map((queue) => ({ ...sendRequest(queue, { ttl }), requestId: queue })),
  ]);
}

/**
 * Sends to the broken queue and its neighbours in one call. Resolves with the number of messages that are stored.
 * @throws Error if one to a neighbour is refused
 */
async function sendBeside(dlq: DlqClient, { broken, neighbours }: Group): Promise<number> {
  const queues = [broken, ...neighbours].toSorted();
  const requests = queues.map((queue) => ({ ...sendRequest(queue), requestId: `${queue}-again` }));
  const refused = await sendPatiently(dlq, requests);
  for (const [{ queue }, { message }] of refused) {
    if (queue !== broken) throw new Error(`a send to a neighbour was refused: ${message}`);
  }
  return requests.length - refused.size;
}

/** @throws Error if no server reports a broken queue, or one tries it again at once, or the tick of a neighbour fails */
async function mustBeReported(
  { servers }: ExternalEnvironment,
  queues: readonly string[],
  neighbours: readonly string[],
): Promise<void> {
  const reports = (queue: string) =>
    servers.flatMap(({ logs }) =>
      logs.filter((line) => line.queue === queue && String(line.msg).startsWith("tick failed")),
    ).length;
  const areReported = () => queues.every((queue) => reports(queue) > 0) || undefined;
  await until("a report of the broken queues", areReported, SEEN_DEADLINE_MS);
  await new Promise((resolve) => setTimeout(resolve, BACKED_OFF_MS));
  for (const queue of queues) {
    const count = reports(queue);
    if (count > servers.length) throw new Error(`the broken queue was tried ${count} times`);
  }
  const failed = neighbours.filter((queue) => reports(queue) > 0);
  if (failed.length > 0) throw new Error(`ticks of ${failed.length} neighbours failed`);
}

/** @throws Error if deliveries of the neighbours were late */
function latenessOf({ received }: Worker, { neighbours, elsewhere }: Group): string {
  const lateOf = (queues: readonly string[]) =>
    received
      .filter(({ message }) => queues.includes(message.queue))
      .map(({ atMs, message }) => atMs - msOf(message.dueTime));
  return compared("deliveries", lateOf(neighbours), lateOf(elsewhere));
}

/** @throws Error if lives of the neighbours ended late */
async function lifeLateness(redis: Redis, { neighbours, elsewhere }: Group): Promise<string> {
  const lateOf = (queues: readonly string[]) =>
    Promise.all(queues.map((queue) => lateMsOf(redis, queue)));
  return compared("lives", await lateOf(neighbours), await lateOf(elsewhere));
}

function compared(what: string, beside: readonly number[], elsewhere: readonly number[]): string {
  const [own, others] = [Math.max(...beside), Math.max(...elsewhere)];
  const words = `${what} beside it up to ${own} ms late, elsewhere ${others} ms`;
  if (own > others + LATER_MS) throw new Error(words);
  return words;
}

/** @throws Error if a message is left */
async function mustBeDone(redis: Redis, queue: string): Promise<void> {
  const left = await redis.hlen(`${queueBase("dlq", queue)}:states:0`);
  if (left > 0) throw new Error(`queue ${queue} has ${left} messages`);
}

/** @throws Error if the data of a queue contradicts itself */
async function mustBeSound(redis: Redis, queue: string): Promise<void> {
  const broken = brokenInvariants(await dumpQueue(redis, queueBase("dlq", queue)));
  if (broken.length > 0) throw new Error(`queue ${queue} has ${broken.join(", ")}`);
}
