import type { Limiters, OpenBreaker } from "../contract.ts";
import { ReplyReader } from "./reply.ts";
import { storedBreakerState } from "./states.ts";
import type { RunScript } from "./verbs/run.ts";

/** Breakers that one answer lists. */
const BREAKERS = 1_000;

export interface RedisLimitersParts {
  run: RunScript;
  journalMax: number;
  /** Packed: what holds deliveries of a queue back now. */
  rulesOf(queue: string): Uint8Array;
}

export class RedisLimiters implements Limiters {
  readonly #parts: RedisLimitersParts;

  constructor(parts: RedisLimitersParts) {
    this.#parts = parts;
  }

  async breakers(queue: string): Promise<OpenBreaker[]> {
    const reply = await this.#parts.run("list_breakers", queue, { most: BREAKERS }, []);
    const reader = new ReplyReader(reply as Buffer);
    const open: OpenBreaker[] = [];
    while (!reader.done) {
      open.push({
        state: storedBreakerState(reader.u8()),
        openSinceMs: reader.ms(),
        retryAtMs: reader.optionalMs(),
        openedCount: reader.u16(),
        key: Buffer.from(reader.bytes(reader.u8())).toString(),
      });
    }
    return open;
  }

  async resetBreaker(queue: string, key: string): Promise<boolean> {
    return (
      (await this.#parts.run("reset_breaker", queue, { key, ...this.#header(queue) }, [])) === 1
    );
  }

  async releaseOrder(queue: string, orderingKey: string): Promise<Uint8Array | undefined> {
    const header = { order: orderingKey, ...this.#header(queue) };
    const id = (await this.#parts.run("release_order", queue, header, [])) as Buffer;
    return id.length === 0 ? undefined : Uint8Array.from(id);
  }

  #header(queue: string) {
    return { journal_max: this.#parts.journalMax, delivery_rules: this.#parts.rulesOf(queue) };
  }
}
