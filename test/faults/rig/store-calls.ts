import { queueBase } from "../../../src/store/redis/keys.ts";
import type { AnswerFinder } from "../../support/link.ts";

const SCRIPT = "EVALSHA\r\n";

/** The scripts that one server runs on watched queues, as its link to Redis sees them. */
export class StoreCalls {
  /** The watched queues of each call, in order. */
  readonly seen: (readonly string[])[] = [];
  /** The key of a queue in a call -> the queue. */
  readonly #watched = new Map<string, string>();

  /** Sees calls on these queues from now on. */
  watch(queues: readonly string[]): void {
    for (const queue of queues) this.#watched.set(`${queueBase("dlq", queue)}\r\n`, queue);
  }

  /** Sees no calls any more, and forgets the seen ones. */
  clear(): void {
    this.#watched.clear();
    this.seen.length = 0;
  }

  has(queue: string): boolean {
    return this.seen.some((queues) => queues.includes(queue));
  }

  /** Wraps the finder of a connection. A call that is split over two pieces of data may be missed. */
  seeing(finder: AnswerFinder): AnswerFinder {
    return {
      up: (data) => {
        if (this.#watched.size > 0) this.#see(data.toString("latin1"));
        finder.up(data);
      },
      down: (data) => finder.down(data),
    };
  }

  #see(text: string): void {
    for (const call of text.split(SCRIPT).slice(1)) {
      const queues = [...this.#watched].flatMap(([key, queue]) =>
        call.includes(key) ? queue : [],
      );
      if (queues.length > 0) this.seen.push(queues);
    }
  }
}
