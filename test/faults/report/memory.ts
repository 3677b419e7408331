import type { RunResult } from "../conductor.ts";

const MIB = 1024 ** 2;

/** Limit for resident memory of a server. */
const SERVER_MIB = 512;
/** More for a server that publishes events: most of it is garbage that is collected late. */
const PUBLISHING_MIB = 128;
/** Limit for a worker or producer, with its messages in flight and pending sends. */
const ACTOR_MIB = 384;
/** Limit for an empty Redis, with connections, replies and unused memory of the allocator. */
const REDIS_BASE_MIB = 128;
/** Limit for each message: twice the usual 400 bytes plus a payload of 100. */
const MESSAGE_BYTES = 1_024;
/** Limit for the stored answer to each send or outcome, with its change in the outbox. */
const ANSWER_BYTES = 512;
/** Limit for the source id of each send, which the store counts for 24 h: twice the usual 65 bytes. */
const SOURCE_BYTES = 128;

/** Limit for each idle queue with its message and the answer to its send: usual are 5,800 bytes. */
const QUEUE_BYTES = 8_192;

export interface Memory {
  readonly name: string;
  /** The peak of one process. */
  readonly bytes: number;
  readonly bound: number;
  readonly words: string;
}

/** Returns the peak of each sort of process, with its limit. */
export function memoryOf(result: RunResult): Memory[] {
  const groups = Map.groupBy(Object.entries(result.memory), ([name]) => sortOf(name));
  return [...groups].map(([name, some]) => {
    const bytes = Math.max(...some.map(([, most]) => most));
    const bound = boundOf(name, result);
    const own = name === "Redis" && bytes > bound ? ` (${ownFigures(result)})` : "";
    const words = `${name} ${Math.round(bytes / MIB)} of ${Math.round(bound / MIB)} MiB${own}`;
    return { name, bytes, bound, words };
  });
}

function sortOf(process: string): string {
  if (process.startsWith("server")) return "servers";
  return process === "workers" || process === "producers" ? process : "Redis";
}

function ownFigures({ storeMemory }: RunResult): string {
  const figures = Object.entries(storeMemory).map(
    ([name, bytes]) => `${name} ${Math.round(bytes / MIB)}`,
  );
  return `at its peak it said, in MiB: ${figures.join(", ")}`;
}

function boundOf(sort: string, result: RunResult): number {
  const isPublishing = result.check.counts.published > 0;
  if (sort === "servers") return (SERVER_MIB + (isPublishing ? PUBLISHING_MIB : 0)) * MIB;
  return sort === "Redis" ? redisBound(result) : ACTOR_MIB * MIB;
}

/** The limit for its messages, source ids and remembered answers. */
function redisBound(result: RunResult): number {
  const { check, baseline, idleQueues, maxBehind, maxRemembered } = result;
  const { counts } = check;
  const held = Math.max(baseline + maxBehind, counts.kept);
  const sources = counts.acknowledged - baseline;
  return (
    REDIS_BASE_MIB * MIB +
    held * MESSAGE_BYTES +
    maxRemembered * ANSWER_BYTES +
    sources * SOURCE_BYTES +
    idleQueues * QUEUE_BYTES
  );
}
