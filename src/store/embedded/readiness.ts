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
  while (!(await acceptsConnection(socketPath))) await delay(5, undefined, { signal });
}

function acceptsConnection(socketPath: string): Promise<boolean> {
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
    if (await answersPing(socketPath)) return;
    progress.update(await loadedBytes(socketPath), performance.now());
    await delay(pauseMs, undefined, { signal });
  }
}

async function answersPing(socketPath: string): Promise<boolean> {
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
  #progressAtMs: number | undefined;
  #reportedAtMs: number | undefined;

  constructor(log: EmbeddedLog) {
    this.#log = log;
  }

  update(bytes: number | undefined, nowMs: number): void {
    this.#progressAtMs ??= nowMs;
    this.#reportedAtMs ??= nowMs;
    if (bytes !== undefined && bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#progressAtMs = nowMs;
    }
    if (nowMs - this.#reportedAtMs < REPORT_EVERY_MS) return;
    this.#reportedAtMs = nowMs;
    const stalledMs = Math.round(nowMs - this.#progressAtMs);
    if (stalledMs < STALLED_MS) {
      this.#log.info({ loadedBytes: this.#bytes }, "Redis is loading its data");
    } else {
      this.#log.warn({ loadedBytes: this.#bytes, stalledMs }, "Redis makes no progress loading");
    }
  }
}
