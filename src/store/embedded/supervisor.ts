// Keeps one redis-server running until `stop`. Folders and locks are the caller's: the supervisor gets a function that
// launches a server, and a first server that runs already.

import { setTimeout as delay } from "node:timers/promises";
import type { EmbeddedLog } from "./embedded-log.ts";
import { terminate } from "./process-identity.ts";
import { untilReady } from "./readiness.ts";
import { RestartBackoff } from "./restart-backoff.ts";
import type { ServerExit, ServerProcess } from "./server-process.ts";

export interface UnexpectedExit extends ServerExit {
  readonly restartInMs: number;
}

export interface SupervisorParts {
  readonly socketPath: string;
  readonly launch: () => Promise<ServerProcess>;
  /** Returns a text: why a server ended, whether it is started again, and what to do. */
  readonly explain: (exit: ServerExit, restarts: boolean) => string;
  readonly log: EmbeddedLog;
}

/** Redis only has to finish a write when it stops; a disk that takes longer is broken. */
const STOP_GRACE_MS = 30_000;

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #stopping = new AbortController();
  readonly #listeners: ((exit: UnexpectedExit) => void)[] = [];
  readonly #firstReady = Promise.withResolvers<void>();
  #wasReady = false;
  #current: ServerProcess | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    this.#firstReady.promise.catch(() => {}); // a caller that awaits `ready` still gets it
  }

  /** Undefined while no server runs: between an unexpected end and the restart. */
  get pid(): number | undefined {
    return this.#current?.identity.pid;
  }

  /**
   * Resolves when all data is loaded for the first time. Rejects if Redis refuses to start, or if `stop` is called first;
   * Redis is not started again then.
   */
  get ready(): Promise<void> {
    return this.#firstReady.promise;
  }

  onUnexpectedExit(listener: (exit: UnexpectedExit) => void): void {
    this.#listeners.push(listener);
  }

  start(first: ServerProcess): void {
    this.#ended = this.#keepRunning(first);
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the embedded Redis was stopped"));
    this.#firstReady.reject(this.#stopping.signal.reason);
    // Watching a server that was taken over keeps no process alive: without this timer the process could end before that
    // server.
    const awake = setInterval(() => {}, STOP_GRACE_MS);
    try {
      if (this.#current !== undefined) await terminate(this.#current.identity, STOP_GRACE_MS);
      await this.#ended;
    } finally {
      clearInterval(awake);
    }
  }

  async #keepRunning(first: ServerProcess): Promise<void> {
    const backoff = new RestartBackoff();
    let server: ServerProcess | undefined = first;
    for (;;) {
      const upAtMs = performance.now();
      const exit: ServerExit = server === undefined ? NOT_STARTED : await this.#runOnce(server);
      if (this.#stopping.signal.aborted) return;
      // A server that exits by itself before it was ever ready would do so again. A signal came from outside.
      const restarts = this.#wasReady || exit.code === null;
      const why = this.#parts.explain(exit, restarts);
      if (!restarts) return this.#firstReady.reject(new Error(why));
      const restartInMs = backoff.next(performance.now() - upAtMs);
      this.#parts.log.error({ code: exit.code, signal: exit.signal, restartInMs }, why);
      for (const listener of this.#listeners) listener({ ...exit, restartInMs });
      server = await this.#relaunch(restartInMs);
      if (this.#stopping.signal.aborted) return await this.#abandon(server);
    }
  }

  async #runOnce(server: ServerProcess): Promise<ServerExit> {
    this.#current = server;
    const gone = new AbortController();
    const loaded = this.#untilLoaded(gone.signal);
    const exit = await server.exited;
    this.#current = undefined;
    gone.abort();
    await loaded;
    return exit;
  }

  async #untilLoaded(gone: AbortSignal): Promise<void> {
    const { socketPath, log } = this.#parts;
    try {
      await untilReady(socketPath, log, gone);
    } catch {
      return; // it ended before it was ready
    }
    this.#wasReady = true;
    this.#firstReady.resolve();
    log.info({ pid: this.pid, socketPath }, "Redis is ready");
  }

  /** Undefined: it could not be started; that counts as an unexpected end. */
  async #relaunch(waitMs: number): Promise<ServerProcess | undefined> {
    try {
      await delay(waitMs, undefined, { signal: this.#stopping.signal });
      return await this.#parts.launch();
    } catch (error) {
      if (!this.#stopping.signal.aborted) {
        this.#parts.log.error({ err: error }, "cannot start redis-server");
      }
      return undefined;
    }
  }

  /** `stop` was called while a server was being launched. */
  async #abandon(server: ServerProcess | undefined): Promise<void> {
    if (server === undefined) return;
    await terminate(server.identity, STOP_GRACE_MS);
    await server.exited;
  }
}

const NOT_STARTED: ServerExit = { code: null, signal: null, lastLines: [] };
