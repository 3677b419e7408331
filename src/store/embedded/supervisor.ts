// Keeps one redis-server running until told to stop. It knows nothing of folders and locks: it is
// given a way to launch a server, and perhaps a first one that already runs.

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
  /** Says in words why a server ended, and what to do. */
  readonly explain: (exit: ServerExit) => string;
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
    this.#firstReady.promise.catch(() => {}); // whoever awaits `ready` still hears it
  }

  /** Undefined while no server runs: between an unexpected end and the restart. */
  get pid(): number | undefined {
    return this.#current?.identity.pid;
  }

  /**
   * The first time that all data is loaded. Rejects when Redis itself refuses to start, or when
   * `stop` comes first; from then on it is not started again.
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
    // What watches a server that was taken over keeps no process alive: without this, the process
    // might be over before the end of that server is seen.
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
      const why = this.#parts.explain(exit);
      // A server that exits by its own decision before it was ever ready has told us what is
      // wrong, and would say the same again. A signal is somebody else's decision.
      if (!this.#wasReady && exit.code !== null) return this.#firstReady.reject(new Error(why));
      const restartInMs = backoff.next(performance.now() - upAtMs);
      this.#parts.log.error({ code: exit.code, signal: exit.signal, restartInMs }, why);
      for (const tell of this.#listeners) tell({ ...exit, restartInMs });
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

  /** Undefined when it could not even be started, which counts as an end of its own. */
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

  /** `stop` came while a server was being launched. */
  async #abandon(server: ServerProcess | undefined): Promise<void> {
    if (server === undefined) return;
    await terminate(server.identity, STOP_GRACE_MS);
    await server.exited;
  }
}

const NOT_STARTED: ServerExit = { code: null, signal: null, lastLines: [] };
