// Waits for a redis-server: first until it listens, then until its data is loaded. Loading has no deadline.

import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { EmbeddedLog } from "./embedded-log.ts";
import { ask } from "./reply.ts";

const ANSWER_MS = 5_000;
const REPORT_EVERY_MS = 5_000;

/** Without progress for this long a warning is logged; the operator decides what to do. */
const STALLED_MS = 60_000;

/** Resolves when the socket accepts connections, which it does before the data is loaded. */
export async function untilListening(socketPath: string, signal: AbortSignal): Promise<void> {
  while (!(await accepts(socketPath))) await delay(5, undefined, { signal });
}

function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.on("connect", () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("error", () => resolve(false));
  });
}

/** Resolves when PING is answered by PONG; rejects only when the signal aborts. */
export async function untilReady(
  socketPath: string,
  log: EmbeddedLog,
  signal: AbortSignal,
): Promise<void> {
  const progress = new LoadingProgress(log);
  for (let pauseMs = 5; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    signal.throwIfAborted();
    if (await pongs(socketPath)) return;
    progress.note(await loadedBytes(socketPath), performance.now());
    await delay(pauseMs, undefined, { signal });
  }
}

async function pongs(socketPath: string): Promise<boolean> {
  try {
    return (await ask(socketPath, ["PING"], ANSWER_MS)) === "PONG";
  } catch {
    return false; // loading, busy with a script, or not listening yet
  }
}

async function loadedBytes(socketPath: string): Promise<number | undefined> {
  const info = await ask(socketPath, ["INFO", "persistence"], ANSWER_MS).catch(() => undefined);
  const bytes = /^loading_loaded_bytes:(\d+)/m.exec(String(info))?.[1];
  return bytes === undefined ? undefined : Number(bytes);
}

/** Logs the progress of loading, once in REPORT_EVERY_MS. */
class LoadingProgress {
  readonly #log: EmbeddedLog;
  #bytes = 0;
  #movedAtMs: number | undefined;
  #reportedAtMs: number | undefined;

  constructor(log: EmbeddedLog) {
    this.#log = log;
  }

  note(bytes: number | undefined, nowMs: number): void {
    this.#movedAtMs ??= nowMs;
    this.#reportedAtMs ??= nowMs;
    if (bytes !== undefined && bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#movedAtMs = nowMs;
    }
    if (nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#reportedAtMs = nowMs;
    const stalledMs = Math.round(nowMs - this.#movedAtMs);
    if (stalledMs < STALLED_MS) {
      this.#log.info({ loadedBytes: this.#bytes }, "Redis is loading its data");
    } else {
      this.#log.warn({ loadedBytes: this.#bytes, stalledMs }, "Redis makes no progress loading");
    }
  }
}
