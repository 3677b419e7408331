// Keeps one redis-server running until `stop`. Folders and locks are the caller's: the supervisor gets a function that
// launches a server, and a first server that runs already.

import { setTimeout as delay } from "node:timers/promises";
import type { EmbeddedLog } from "./embedded-log.ts";
import { terminate } from "./process-identity.ts";
import { untilReady } from "./readiness.ts";
import { RepeatLimit } from "./repeat-limit.ts";
import { RestartBackoff } from "./restart-backoff.ts";
import type { ServerExit, ServerProcess } from "./server-process.ts";

export interface UnexpectedExit extends ServerExit {
  readonly restartInMs: number;
}

/** Why no server runs. */
export interface Explanation {
  /** The cause and what to do. */
  readonly why: string;
  /** Log lines of Redis, which are never the same again. */
  readonly details?: string;
  /** The same for `/readyz`, without paths; undefined: it will be over in a moment. */
  readonly problem?: string | undefined;
}

export interface SupervisorParts {
  readonly socketPath: string;
  /** If it rejects, no server runs that it launched. */
  readonly launch: () => Promise<ServerProcess>;
  /** Explains an end, and says whether the server is started again. */
  readonly explain: (exit: ServerExit, restarts: boolean) => Explanation;
  /** Explains why `launch` rejected. */
  readonly explainFailure: (error: unknown) => Explanation;
  readonly log: EmbeddedLog;
}

/** Redis only has to finish a write when it stops; a disk that takes longer is broken. */
const STOP_GRACE_MS = 30_000;

export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #stopping = new AbortController();
  readonly #listeners: ((exit: UnexpectedExit) => void)[] = [];
  readonly #firstReady = Promise.withResolvers<void>();
  readonly #limit = new RepeatLimit();
  #wasReady = false;
  #problem: string | undefined;
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

  /** Why no server can be used, and what to do, without paths; undefined: no such problem. */
  get problem(): string | undefined {
    return this.#problem;
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
    for (let server: ServerProcess | undefined = first; server !== undefined; ) {
      const upAtMs = performance.now();
      const exit = await this.#runOnce(server);
      if (this.#stopping.signal.aborted) return;
      // A server that exits by itself before it was ever ready would do so again. A signal came from outside.
      const restarts = this.#wasReady || exit.code === null;
      const explanation = this.#parts.explain(exit, restarts);
      if (!restarts) return this.#firstReady.reject(new Error(textOf(explanation)));
      const restartInMs = backoff.next(performance.now() - upAtMs);
      this.#report({ ...exit, restartInMs }, explanation);
      server = await this.#relaunch(restartInMs, backoff);
    }
  }

  /** Logs it, unless it says the same as a line of the last minute. A signal is sent once: each is logged. */
  #report(exit: UnexpectedExit, explanation: Explanation): void {
    const { code, signal, restartInMs } = exit;
    this.#problem = explanation.problem;
    if (signal !== null || this.#limit.allows(explanation.why)) {
      const why = textOf(explanation);
      this.#parts.log.error({ code, signal, restartInMs }, why);
    }
    for (const listener of this.#listeners) listener(exit);
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
    this.#problem = undefined;
    this.#firstReady.resolve();
    log.info({ pid: this.pid, socketPath }, "Redis is ready");
  }

  /** Tries until a server runs. Undefined: `stop` was called. */
  async #relaunch(waitMs: number, backoff: RestartBackoff): Promise<ServerProcess | undefined> {
    const { signal } = this.#stopping;
    for (let restartInMs = waitMs; ; ) {
      try {
        await delay(restartInMs, undefined, { signal });
        const server = await this.#parts.launch();
        if (signal.aborted) return await this.#abandon(server);
        this.#current = server; // `stop` ends it from now on
        return server;
      } catch (error) {
        if (signal.aborted) return undefined;
        restartInMs = backoff.next(0);
        this.#report({ ...NOT_STARTED, restartInMs }, this.#parts.explainFailure(error));
      }
    }
  }

  /** `stop` was called while a server was being launched. */
  async #abandon(server: ServerProcess): Promise<undefined> {
    await terminate(server.identity, STOP_GRACE_MS);
    await server.exited;
  }
}

function textOf({ why, details }: Explanation): string {
  return details === undefined ? why : `${why} ${details}`;
}

const NOT_STARTED: ServerExit = { code: null, signal: null, lastLines: [] };
