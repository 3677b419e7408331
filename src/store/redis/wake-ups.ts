import { hash } from "node:crypto";
import type { Overdue, WakeUps } from "../contract.ts";
import { partitionBase } from "./keys.ts";
import { PARTITIONS, partitionOf } from "./partitions.ts";
import { pagesOf, type RunScript, type ScriptRunnerParts } from "./script-runner.ts";
import { scriptArgs } from "./scripts.ts";

/** A queue is overdue after this, for the first server of its partition; for each further one a second later. */
const FIRST_LATE_MS = 100;
const NEXT_LATE_MS = 1_000;
/** Partitions of one call: others wait for less than a millisecond. */
const PARTITIONS_A_CALL = 64;
const QUEUES_A_PAGE = 100;
/** Most queues of one partition in one answer. */
const QUEUES_A_PARTITION = 100;

export interface WakeUpsParts extends ScriptRunnerParts {
  run: RunScript;
  nodeId: string;
}

/** The wake-up indexes. Scripts write them. */
export class RedisWakeUps implements WakeUps {
  readonly #parts: WakeUpsParts;
  /** By partition, how many other servers look after it before this one. */
  #ranks: readonly number[] = Array.from({ length: PARTITIONS }, () => 0);
  #servers = "";

  constructor(parts: WakeUpsParts) {
    this.#parts = parts;
  }

  /** The servers that are alive: they look after the partitions in an order of their own in each. */
  setServers(alive: ReadonlySet<string>): void {
    const { nodeId } = this.#parts;
    const others = [...alive].filter((node) => node !== nodeId).toSorted();
    const servers = others.join("\n");
    if (servers === this.#servers) return;
    this.#servers = servers;
    const weight = (node: string, partition: number) => hash("sha1", `${partition} ${node}`);
    this.#ranks = this.#ranks.map((_, partition) => {
      const own = weight(nodeId, partition);
      return others.filter((node) => weight(node, partition) > own).length;
    });
  }

  async claimable(queues: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { connection, prefix, enter } = this.#parts;
    await enter();
    const pages = [...Map.groupBy(new Set(queues), partitionOf)].flatMap(([partition, own]) =>
      pagesOf(own, QUEUES_A_PAGE).map((page) => ({ base: partitionBase(prefix, partition), page })),
    );
    const found = new Map<string, number>();
    for (const some of pagesOf(pages, PARTITIONS_A_CALL)) {
      const calls = some.map(({ base, page }) => {
        const items = page.map((queue) => ({ queue }));
        return { base, args: scriptArgs("claimable", {}, items) };
      });
      const replies = await connection.runMany("claimable", calls);
      some.forEach(({ page }, index) => {
        const times = answer(replies[index]) as number[];
        page.forEach((queue, at) => {
          const inMs = times[at] ?? -1;
          if (inMs >= 0) found.set(queue, inMs);
        });
      });
    }
    return found;
  }

  /** Finds those that this server is to tick; see `setServers`. */
  async overdue(): Promise<Overdue> {
    const { connection, prefix, enter } = this.#parts;
    await enter();
    const all = Array.from({ length: PARTITIONS }, (_, partition) => ({
      base: partitionBase(prefix, partition),
      args: scriptArgs("overdue", { late: this.#lateMs(partition), most: QUEUES_A_PARTITION }, []),
    }));
    const found: Overdue = { queues: [], nextMs: Number.POSITIVE_INFINITY };
    for (let at = 0; at < PARTITIONS; at += PARTITIONS_A_CALL) {
      const replies = await connection.runMany("overdue", all.slice(at, at + PARTITIONS_A_CALL));
      replies.forEach((reply, index) => {
        const [firstMs, ...queues] = answer(reply) as [number, ...Buffer[]];
        found.queues.push(...queues.map(String));
        if (firstMs < 0) return;
        found.nextMs = Math.min(found.nextMs, firstMs + this.#lateMs(at + index));
      });
    }
    return found;
  }

  async postpone(queue: string, byMs: number): Promise<void> {
    await this.#parts.run("postpone", queue, { by: byMs }, []);
  }

  #lateMs(partition: number): number {
    return FIRST_LATE_MS + NEXT_LATE_MS * (this.#ranks[partition] ?? 0);
  }
}

function answer(reply: unknown): unknown {
  if (reply instanceof Error) throw reply;
  return reply;
}
