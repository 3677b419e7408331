// Decides when Redis rewrites its append-only file: after deletions, because deleted messages stay in it; when it has grown;
// and when the disk is low. Redis does not decide that by itself: it would also begin a rewrite that does not fit on the
// disk, and on a full disk it ends at its next write.

import type { DiskSpace } from "./disk-watch.ts";
import type { EmbeddedLog } from "./embedded-log.ts";
import { RepeatLimit } from "./repeat-limit.ts";
import { ask } from "./reply.ts";
import { type FileSizes, fits, hasGrown, isWorthRewriting } from "./rewrite-rules.ts";

export interface FileRewriteOptions {
  readonly socketPath: string;
  readonly readSpace: () => Promise<DiskSpace>;
  readonly log: EmbeddedLog;
  /** A rewrite copies all data. Default: at most one a minute. */
  readonly everyMs?: number;
  /** Until the next try if it does not fit, or while Redis rewrites already, maybe from before the deletion. */
  readonly againMs?: number;
}

const ANSWER_MS = 10_000;
/** How often the sizes are read. */
const LOOK_EVERY_MS = 5_000;

export class FileRewrite {
  readonly #options: Required<FileRewriteOptions>;
  readonly #limit = new RepeatLimit();
  #timer: NodeJS.Timeout | undefined;
  #notBeforeMs = 0;
  #lookAtMs = 0;

  constructor(options: FileRewriteOptions) {
    this.#options = { everyMs: 60_000, againMs: 5_000, ...options };
  }

  /** Asks for a rewrite soon. Requests until then share it. */
  request(): void {
    this.#timer ??= this.#schedule(Math.max(0, this.#notBeforeMs - performance.now()));
  }

  /** Call it at least every few seconds: asks for a rewrite if the file has grown or the disk is low. Never rejects. */
  async look(diskIsLow: boolean): Promise<void> {
    const nowMs = performance.now();
    if (nowMs < Math.max(this.#lookAtMs, this.#notBeforeMs)) return;
    this.#lookAtMs = nowMs + LOOK_EVERY_MS;
    try {
      const sizes = await readSizes(this.#options.socketPath);
      const { freeBytes } = await this.#options.readSpace();
      if (diskIsLow && isWorthRewriting(sizes, freeBytes)) {
        await this.#rewrite(sizes, freeBytes);
        this.#options.log.info(
          { ...sizes, freeBytes },
          "the disk is low and the append-only file holds mostly what was deleted: it is rewritten",
        );
      } else if (hasGrown(sizes)) {
        await this.#rewrite(sizes, freeBytes);
      }
    } catch {
      // Redis does not answer or rewrites already; the next call looks again.
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(waitMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#start(), waitMs).unref();
  }

  async #start(): Promise<void> {
    const { socketPath, log, readSpace, againMs } = this.#options;
    this.#timer = undefined;
    try {
      const sizes = await readSizes(socketPath);
      const isStarted = await this.#rewrite(sizes, (await readSpace()).freeBytes);
      if (!isStarted) this.#timer = this.#schedule(againMs);
    } catch (error) {
      log.info({ error: String(error) }, "the append-only file cannot be rewritten yet; retrying");
      this.#timer = this.#schedule(againMs);
    }
  }

  /** False, with a warning: it does not fit. */
  async #rewrite(sizes: FileSizes, freeBytes: number): Promise<boolean> {
    const { socketPath, log, everyMs } = this.#options;
    if (fits(sizes, freeBytes)) {
      await ask(socketPath, ["BGREWRITEAOF"], ANSWER_MS);
      this.#notBeforeMs = performance.now() + everyMs;
      return true;
    }
    if (this.#limit.allows("does not fit")) {
      log.warn(
        { ...sizes, freeBytes },
        "the rewritten append-only file does not fit on the disk; retrying",
      );
    }
    return false;
  }
}

async function readSizes(socketPath: string): Promise<FileSizes> {
  const info = String(await ask(socketPath, ["INFO", "memory", "persistence"], ANSWER_MS));
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, "m").exec(info)?.[1]);
  return {
    fileBytes: field("aof_current_size"),
    baseBytes: field("aof_base_size"),
    dataBytes: field("used_memory_dataset"),
  };
}
