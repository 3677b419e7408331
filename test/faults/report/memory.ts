import type { RunResult } from "../conductor.ts";

const MIB = 1024 ** 2;

/** Resident memory of a server, whatever happens to it. */
const SERVER_MIB = 512;
/** Of a worker or producer, which keeps what it has in flight and the requests that it may repeat. */
const ACTOR_MIB = 384;
/** Of a Redis that holds nothing: itself, connections, replies, and what allocators leave unused. */
const REDIS_BASE_MIB = 128;
/** A message of the suite takes about 400 bytes beside its payload of about 100; this is the double. */
const MESSAGE_BYTES = 1_024;
/** An answer that is remembered for repeated sends and outcomes, and a record of the journal. */
const ANSWER_BYTES = 512;
/** How long answers are remembered. */
const REMEMBERED_MS = 600_000;

export interface Memory {
  readonly name: string;
  /** The most that one such process had. */
  readonly bytes: number;
  readonly bound: number;
  readonly words: string;
}

/** Most memory of each sort of process, with its bound. */
export function memoryOf(result: RunResult): Memory[] {
  const groups = Map.groupBy(Object.entries(result.memory), ([name]) => sortOf(name));
  return [...groups].map(([name, some]) => {
    const bytes = Math.max(...some.map(([, most]) => most));
    const bound = boundOf(name, result);
    const words = `${name} ${Math.round(bytes / MIB)} of ${Math.round(bound / MIB)} MiB`;
    return { name, bytes, bound, words };
  });
}

function sortOf(process: string): string {
  if (process.startsWith("server")) return "servers";
  return process === "workers" || process === "producers" ? process : "Redis";
}

function boundOf(sort: string, result: RunResult): number {
  if (sort === "servers") return SERVER_MIB * MIB;
  return sort === "Redis" ? redisBound(result) : ACTOR_MIB * MIB;
}

/** What its messages explain, and the answers of ten minutes at the rate of the run. */
function redisBound({ check, baseline, mostBehind, durationMs }: RunResult): number {
  const { counts } = check;
  const remembered = Math.min(1, REMEMBERED_MS / durationMs);
  const answers = (counts.acknowledged - baseline + counts.applied) * remembered;
  const held = Math.max(baseline + mostBehind, counts.kept);
  return REDIS_BASE_MIB * MIB + held * MESSAGE_BYTES + answers * ANSWER_BYTES;
}
