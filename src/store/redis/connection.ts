import type { ChainableCommander, Redis } from "ioredis";
import CircuitBreaker from "opossum";
import { DlqError, internal, storeFull, storeUnavailable } from "../../core/errors.ts";
import { anchorOf } from "./keys.ts";
import { closeRedis, createRedis, type RedisTarget } from "./redis-client.ts";
import { type LoadedScript, loadScript, type ScriptClock } from "./script-text/build.ts";
import type { ScriptArg, ScriptName } from "./scripts.ts";

export interface ConnectionOptions {
  target: RedisTarget;
  /** Deadline of one call, in milliseconds: the longest wait of a caller if the store does not answer. */
  timeoutMs: number;
  clock?: ScriptClock;
  /** Called after every script. */
  observe?: (script: ScriptName, ms: number, error: string | undefined) => void;
  onError?: (error: Error) => void;
}

/** One script on one queue or partition, named by the base of its keys. */
export interface ScriptPart {
  readonly base: string;
  readonly args: readonly ScriptArg[];
}

/** The reply for a part that was left for the next call, because the replies before it are large. */
export const NOT_RUN = null;

type ScriptSource = Pick<LoadedScript, "source" | "sha">;
type WireArg = string | Buffer | number;

/** Scripts that free room or settle leases run even while the circuit breaker is open. */
const UNGUARDED: ReadonlySet<ScriptName> = new Set(["settle", "examine", "extend", "abandon"]);

/** Callers that get UNAVAILABLE should try again after this. */
export const RETRY_AFTER_MS = 500;

/**
 * The connection that runs scripts. A call whose reply is lost is not sent again: it rejects with STORE_UNAVAILABLE at its
 * deadline at the latest, and the caller decides.
 */
export class Connection {
  readonly redis: Redis;
  readonly #options: ConnectionOptions;
  #losses = 0;
  /** Since commands could be sent last. */
  #lastError: NodeJS.ErrnoException | undefined;
  readonly #scripts = new Map<ScriptName, LoadedScript>();
  readonly #guard: CircuitBreaker<[ScriptSource, readonly string[], WireArg[]], unknown>;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.redis = createRedis(options.target, "dlq", options.timeoutMs);
    this.redis.on("error", (error: NodeJS.ErrnoException) => {
      this.#lastError = error;
      options.onError?.(error);
    });
    this.redis.on("ready", () => {
      this.#lastError = undefined;
    });
    this.redis.on("close", () => this.#losses++);
    this.#guard = new CircuitBreaker(
      (script: ScriptSource, bases: readonly string[], args: WireArg[]) =>
        this.#evaluate(script, bases, args),
      {
        timeout: false,
        resetTimeout: 500,
        volumeThreshold: 20,
        errorThresholdPercentage: 50,
        rollingCountTimeout: 2000,
        // Not used, and they cost a sort of all latencies.
        rollingPercentilesEnabled: false,
        enableSnapshots: false,
        errorFilter: (error: unknown) =>
          !(error instanceof DlqError) || error.kind !== "STORE_UNAVAILABLE",
      },
    );
  }

  /** How often its socket was lost. On another socket another server may answer. */
  get losses(): number {
    return this.#losses;
  }

  /** Whether commands can be sent now. */
  get ready(): boolean {
    return this.redis.status === "ready";
  }

  /** Why commands cannot be sent, and what to do, without addresses; undefined: they can. */
  get problem(): string | undefined {
    if (this.ready) return undefined;
    const error = this.#lastError;
    // Errors of the system have a code, replies begin with a word, and a timeout has neither.
    const reply = error === undefined ? undefined : /^[A-Z]{3,} /.exec(error.message)?.[0].trim();
    if (reply !== undefined) return `Redis refuses this server (${reply}); see the log`;
    const how = error === undefined ? "connection closed" : (error.code ?? "timeout");
    if (this.redis.status === "connect" && how !== "timeout") {
      return "Redis is loading its data; wait";
    }
    // The embedded Redis has no network, and its own log says nothing about a kill.
    const where =
      this.#options.target.kind === "socket"
        ? "the log of the server"
        : "its log and the network to it";
    return `Redis does not answer (${how}); see ${where}`;
  }

  async run(name: ScriptName, base: string, args: readonly ScriptArg[]): Promise<unknown> {
    return this.#call(name, this.#script(name), [base], args.map(toWire));
  }

  /**
   * Runs a script on many queues or partitions, each with its arguments. Returns their replies in order; that of one whose
   * script failed is an error, and NOT_RUN if it was left for another call.
   */
  async runMany(name: ScriptName, calls: readonly ScriptPart[]): Promise<unknown[]> {
    const bases = calls.map(({ base }) => base);
    const wire = calls.flatMap(({ args }) => [args.length, ...args.map(toWire)]);
    wire.unshift(calls.length);
    const replies = await this.#call(name, this.#script(name).many, bases, wire);
    return (replies as unknown[]).map((reply) =>
      reply instanceof Error ? toDlqError(reply) : reply,
    );
  }

  async #call(
    name: ScriptName,
    script: ScriptSource,
    bases: readonly string[],
    wire: WireArg[],
  ): Promise<unknown> {
    const began = performance.now();
    let failed: string | undefined;
    try {
      return UNGUARDED.has(name)
        ? await this.#evaluate(script, bases, wire)
        : await this.#guard.fire(script, bases, wire);
    } catch (error) {
      const mapped = toDlqError(error);
      failed = mapped.kind;
      throw mapped;
    } finally {
      this.#options.observe?.(name, performance.now() - began, failed);
    }
  }

  /** Any other command, under the same deadline. */
  command<T>(send: (redis: Redis) => Promise<T>): Promise<T> {
    return this.bounded(send(this.redis));
  }

  /** The replies of several commands, in one round trip. Rejects with the first error. */
  read<T>(add: (reading: ChainableCommander) => void): Promise<T[]> {
    return this.command(async (redis) => {
      const reading = redis.pipeline();
      add(reading);
      const results = (await reading.exec()) ?? [];
      return results.map(([error, value]) => {
        if (error) throw error;
        return value as T;
      });
    });
  }

  /** A call on another connection, under the same deadline. */
  async bounded<T>(call: Promise<T>): Promise<T> {
    try {
      return await this.#withDeadline(call);
    } catch (error) {
      throw toDlqError(error);
    }
  }

  async close(): Promise<void> {
    this.#guard.shutdown();
    await closeRedis(this.redis);
  }

  #script(name: ScriptName): LoadedScript {
    let script = this.#scripts.get(name);
    if (!script) {
      script = loadScript(name, this.#options.clock);
      this.#scripts.set(name, script);
    }
    return script;
  }

  async #evaluate({ source, sha }: ScriptSource, bases: readonly string[], args: WireArg[]) {
    const keys = [...bases, ...new Set(bases.map(anchorOf))];
    const keysAndArgs = [keys.length, ...keys, ...args];
    try {
      return await this.#withDeadline(
        this.redis.callBuffer("EVALSHA", sha, ...keysAndArgs) as Promise<unknown>,
      );
    } catch (error) {
      // NOSCRIPT: nothing ran, so the whole text may be sent.
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) {
        throw toDlqError(error);
      }
    }
    try {
      return await this.#withDeadline(
        this.redis.callBuffer("EVAL", source, ...keysAndArgs) as Promise<unknown>,
      );
    } catch (error) {
      throw toDlqError(error);
    }
  }

  /** A reply after the deadline is ignored. */
  #withDeadline<T>(call: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(storeUnavailable(RETRY_AFTER_MS)),
        this.#options.timeoutMs,
      );
      call.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error);
        },
      );
    });
  }
}

/**
 * Scripts count in whole numbers. Another number would stop a script in the middle of its writes: it is rounded, or
 * refused.
 */
function toWire(arg: ScriptArg): WireArg {
  if (typeof arg === "object") return Buffer.from(arg.buffer, arg.byteOffset, arg.byteLength);
  if (typeof arg === "string") return arg;
  if (!Number.isFinite(arg)) throw internal(new RangeError(`${arg} as an argument of a script`));
  return Math.round(arg);
}

/** Errors of a Redis that is full or cannot persist, and what to do. */
const FULL: readonly (readonly [RegExp, string])[] = [
  [/^OOM/, "Redis has used its maxmemory; process or discard messages, or raise it"],
  [/^MISCONF/, "Redis cannot write to its disk; free space there, and see its log"],
];
/** Errors of a script itself: a defect of this service, or damaged data. */
const DEFECT = /^(ERR |WRONGTYPE)/;

function toDlqError(error: unknown): DlqError {
  if (error instanceof DlqError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const full = FULL.find(([sign]) => sign.test(message));
  if (full !== undefined) return storeFull(1000, full[1], error);
  if (DEFECT.test(message)) return internal(withKey(error));
  return storeUnavailable(RETRY_AFTER_MS, error);
}

/** Redis does not name the key that has the wrong type. That of a script is the base of its keys. */
function withKey(error: unknown): unknown {
  if (!(error instanceof Error) || !error.message.startsWith("WRONGTYPE")) return error;
  const { command } = error as Error & { command?: { name: string; args: readonly unknown[] } };
  const key = command?.args[/^eval/i.test(command.name) ? 2 : 0];
  return key === undefined ? error : new Error(`${error.message}, key ${key}`, { cause: error });
}
