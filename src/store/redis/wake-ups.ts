import { hash } from "node:crypto";
import type { Overdue, WakeUps } from "../contract.ts";
import type { ScriptPart } from "./connection.ts";
import { partitionBase } from "./keys.ts";
import { PARTITIONS, partitionOf } from "./partitions.ts";
import { pagesOf, type RunScript, runAll, type ScriptRunnerParts } from "./script-runner.ts";
import { type ScriptName, scriptArgs } from "./scripts.ts";

/** A queue is overdue after this, for the first server of its partition; for each further one a second later. */
const FIRST_LATE_MS = 100;
export const NEXT_LATE_MS = 1_000;
const QUEUES_A_PAGE = 100;
const QUEUES_A_STEP = 1_000;
/** Most queues of one partition in one answer. */
const QUEUES_A_PARTITION = 100;

export interface WakeUpsParts extends ScriptRunnerParts {
  run: RunScript;
  nodeId: string;
  onError(error: Error): void;
}

/**
 * How many of `others` come before `node` in a partition, by rendezvous hashing: a server that starts or ends changes no order
 * of the rest.
 */
export function rankOf(node: string, others: readonly string[], partition: number): number {
  const weight = (name: string) => hash("sha1", `${partition} ${name}`);
  const own = weight(node);
  return others.filter((other) => weight(other) > own).length;
}

/** The wake-up indexes. Scripts write them. */
export class RedisWakeUps implements WakeUps {
  readonly #parts: WakeUpsParts;
  /** By partition, how many other servers look after it before this one. */
  #ranks: readonly number[] = Array.from({ length: PARTITIONS }, () => 0);
  #servers = "";
  /** By partition, when a queue will be overdue for this server, as far as the last look found; on the clock of this process. */
  readonly #nextAtMs = new Float64Array(PARTITIONS).fill(Number.POSITIVE_INFINITY);

  constructor(parts: WakeUpsParts) {
    this.#parts = parts;
  }

  /** Sets the living servers. Each partition has its own order of them, in which they tick overdue queues. */
  setServers(alive: ReadonlySet<string>): void {
    const { nodeId } = this.#parts;
    const others = [...alive].filter((node) => node !== nodeId).toSorted();
    const servers = others.join("\n");
    if (servers === this.#servers) return;
    this.#servers = servers;
    this.#ranks = this.#ranks.map((_, partition) => rankOf(nodeId, others, partition));
  }

  /** Some at a time: streams may have hundreds of thousands of names, for which nothing else must wait. */
  async claimable(queues: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (const some of pagesOf([...new Set(queues)], QUEUES_A_STEP)) {
      for (const [queue, inMs] of await this.#claimable(some)) found.set(queue, inMs);
    }
    return found;
  }

  async #claimable(queues: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { prefix, enter } = this.#parts;
    await enter();
    const pages = [...Map.groupBy(queues, partitionOf)].flatMap(([partition, own]) =>
      pagesOf(own, QUEUES_A_PAGE).map((page) => ({ base: partitionBase(prefix, partition), page })),
    );
    const calls = pages.map(({ base, page }) => {
      const items = page.map((queue) => ({ queue }));
      return { base, args: scriptArgs("claimable", {}, items) };
    });
    const replies = await this.#read<number[]>("claimable", calls);
    const found = new Map<string, number>();
    pages.forEach(({ page }, index) => {
      page.forEach((queue, at) => {
        const inMs = replies[index]?.[at] ?? -1;
        if (inMs >= 0) found.set(queue, inMs);
      });
    });
    return found;
  }

  /** Finds the queues that this server should tick now. */
  async overdue({ most = QUEUES_A_PARTITION, onlyExpected = false } = {}): Promise<Overdue> {
    const { prefix, enter } = this.#parts;
    await enter();
    const nowMs = performance.now();
    const isLookedAt = (partition: number) =>
      !onlyExpected || (this.#nextAtMs[partition] as number) <= nowMs;
    const partitions = [...this.#nextAtMs.keys()].filter(isLookedAt);
    const calls = partitions.map((partition) => ({
      base: partitionBase(prefix, partition),
      args: scriptArgs("overdue", { late: this.#lateMs(partition), most }, []),
    }));
    const replies = await this.#read<[number, ...Buffer[]]>("overdue", calls);
    const found: string[] = [];
    partitions.forEach((partition, index) => {
      const [firstMs, ...queues] = replies[index] ?? [-1];
      found.push(...queues.map(String));
      const inMs = firstMs < 0 ? Number.POSITIVE_INFINITY : firstMs + this.#lateMs(partition);
      this.#nextAtMs[partition] = nowMs + inMs;
    });
    return { queues: found, nextMs: Math.max(0, Math.round(Math.min(...this.#nextAtMs) - nowMs)) };
  }

  /** Undefined: the data of a partition is damaged, which must not stop the others. */
  async #read<T>(name: ScriptName, calls: readonly ScriptPart[]): Promise<(T | undefined)[]> {
    const replies = await runAll(this.#parts.connection, name, calls);
    return replies.map((reply) => {
      if (!(reply instanceof Error)) return reply as T;
      this.#parts.onError(reply);
      return undefined;
    });
  }

  async postpone(queue: string, byMs: number): Promise<void> {
    await this.#parts.run("postpone", queue, { by: byMs }, []);
  }

  #lateMs(partition: number): number {
    return FIRST_LATE_MS + NEXT_LATE_MS * (this.#ranks[partition] ?? 0);
  }
}
