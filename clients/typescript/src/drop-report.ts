import { AsyncLocalStorage } from "node:async_hooks";
import { Deadline } from "./deadline.ts";
import type { DlqClientError } from "./errors.ts";
import { isLogging, log } from "./log.ts";
import { safeCallback } from "./safe-callback.ts";

type OnDropped = (error: DlqClientError, queue: string) => unknown;
/** Reports one dropped message. */
export type ReportDrop = (error: DlqClientError, queue: string) => void;

const LOG_EVERY_MS = 1_000;
/** The longest that a flush or a close waits for promises of `onDropped`. */
const MAX_WAIT_MS = 5_000;

/**
 * Reports dropped messages: to `onDropped`, else to the console, with at most one line a second. A message that `onDropped`
 * itself sends goes to the console: it would be sent and dropped again and again. The drop of a line
 * that a replaced console sends is not reported.
 */
export class DropReport {
  readonly report: ReportDrop;
  readonly #inCallback = new AsyncLocalStorage<true>();
  readonly #running = new Set<Promise<void>>();
  #unlogged = 0;
  #latest: { readonly queue: string; readonly error: DlqClientError } | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(onDropped: OnDropped = (error, queue) => this.#log(error, queue)) {
    const call = safeCallback("onDropped threw", onDropped, (end) => {
      this.#running.add(end);
      void end.then(() => this.#running.delete(end));
    });
    this.report = (error, queue) => this.#inCallback.run(true, call, error, queue);
  }

  /** Where a drop of a message is reported that is sent now. */
  reportOfSend(): ReportDrop {
    if (isLogging()) return () => {};
    return this.#inCallback.getStore() ? this.#log : this.report;
  }

  /** Resolves when all promises of `onDropped` are settled, or after `maxMs`, at most 5 s. */
  async settled(maxMs: number = MAX_WAIT_MS): Promise<void> {
    if (this.#running.size === 0) return;
    const all = Promise.all(this.#running).then(() => {});
    // Without a limit, an onDropped that itself calls close would wait for ever.
    await new Deadline(Math.min(maxMs, MAX_WAIT_MS)).meets(all);
  }

  /** Logs now what waits for the next line: the program may end. */
  flush(): void {
    if (this.#latest === undefined) return;
    const { queue, error } = this.#latest;
    const count = this.#unlogged;
    const dropped = count > 1 ? `dropped ${count} messages, the last` : "dropped a message";
    log(`${dropped} for queue "${queue}" (${error.kind}): ${error.message}`);
    this.#unlogged = 0;
    this.#latest = undefined;
  }

  readonly #log: ReportDrop = (error, queue) => {
    this.#unlogged++;
    this.#latest = { queue, error };
    if (this.#timer === undefined) this.#logLine();
  };

  #logLine(): void {
    this.#timer = undefined;
    if (this.#latest === undefined) return;
    this.flush();
    this.#timer = setTimeout(() => this.#logLine(), LOG_EVERY_MS);
  }
}
