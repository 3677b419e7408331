// A deleted message stays in the append-only file until Redis rewrites it. This asks for that after deletions.

import type { EmbeddedLog } from "./embedded-log.ts";
import { ask } from "./reply.ts";

export interface FileRewriteOptions {
  readonly socketPath: string;
  readonly log: EmbeddedLog;
  /** A rewrite copies all data. Default: at most one a minute. */
  readonly everyMs?: number;
  /** Until the next try while Redis rewrites already, maybe from before the deletion. */
  readonly againMs?: number;
}

const ANSWER_MS = 10_000;

export class FileRewrite {
  readonly #options: Required<FileRewriteOptions>;
  #timer: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;

  constructor(options: FileRewriteOptions) {
    this.#options = { everyMs: 60_000, againMs: 5_000, ...options };
  }

  /** Asks for a rewrite soon. Requests until then share it. */
  request(): void {
    this.#timer ??= this.#schedule(Math.max(0, this.#notBeforeMs - performance.now()));
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(waitMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#start(), waitMs).unref();
  }

  async #start(): Promise<void> {
    const { socketPath, log, everyMs, againMs } = this.#options;
    this.#timer = undefined;
    try {
      await ask(socketPath, ["BGREWRITEAOF"], ANSWER_MS);
      this.#notBeforeMs = performance.now() + everyMs;
    } catch (error) {
      log.info({ error: String(error) }, "the append-only file cannot be rewritten yet; retrying");
      this.#timer = this.#schedule(againMs);
    }
  }
}
