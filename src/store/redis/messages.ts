import { storeFull } from "../../core/errors.ts";
import type { MessageFilter, StoredState } from "../../core/message.ts";
import type { Messages, PrepareRetry, RetryItem, WalkPlace } from "../contract.ts";
import type { Bodies } from "./bodies.ts";
import type { Capacity } from "./capacity.ts";
import { runContents } from "./verbs/contents.ts";
import { type RetrySetup, runFind, runRetry, runRetryMatching } from "./verbs/retry.ts";
import type { RunScript } from "./verbs/run.ts";
import { runWalk } from "./verbs/walk.ts";

export interface RedisMessagesParts {
  run: RunScript;
  journalMax: number;
  bodies: Bodies;
  capacity: Pick<Capacity, "full">;
  /** Packed: what holds deliveries of a queue back now. */
  rulesOf(queue: string): Uint8Array;
}

export class RedisMessages implements Messages {
  readonly #parts: RedisMessagesParts;

  constructor(parts: RedisMessagesParts) {
    this.#parts = parts;
  }

  get full(): string | undefined {
    return this.#parts.capacity.full;
  }

  contents(queue: string, request: Uint8Array, ids: readonly Uint8Array[]) {
    return runContents(this.#parts.run, queue, request, ids, this.#parts.bodies);
  }

  async retry(queue: string, request: Uint8Array, items: readonly RetryItem[]) {
    this.#checkRoom(items);
    return runRetry(this.#parts.run, queue, request, items, this.#setup(queue));
  }

  retryMatching(
    queue: string,
    request: Uint8Array,
    filter: MessageFilter,
    expectedCount: number,
    prepare: PrepareRetry,
  ) {
    const checked: PrepareRetry = async (ids) => {
      const items = await prepare(ids);
      this.#checkRoom(items);
      return items;
    };
    const { run } = this.#parts;
    const setup = this.#setup(queue);
    return runRetryMatching(run, queue, request, filter, expectedCount, setup, checked);
  }

  async matching(queue: string, filter: MessageFilter, most: number): Promise<Uint8Array[]> {
    return (await runFind(this.#parts.run, queue, filter, most)).slice(0, most);
  }

  walk(queue: string, state: StoredState, from?: WalkPlace) {
    return runWalk(this.#parts.run, queue, state, from);
  }

  /** The script runs whatever Redis has left: a retry alone must always go through. */
  #checkRoom(items: readonly RetryItem[]): void {
    const { full } = this.#parts.capacity;
    if (full === undefined || items.every(({ kind }) => kind !== "edit")) return;
    throw storeFull(1000, full);
  }

  #setup(queue: string): RetrySetup {
    const { journalMax, bodies, rulesOf } = this.#parts;
    return { journalMax, bodies, rules: rulesOf(queue) };
  }
}
