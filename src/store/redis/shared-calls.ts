import { storeUnavailable } from "../../core/errors.ts";
import { type Connection, NOT_RUN, RETRY_AFTER_MS, type ScriptPart } from "./connection.ts";
import type { ScriptArg, ScriptName } from "./scripts.ts";

/** Parts of one call, and their arguments, unless one part has more: other calls wait for a few milliseconds. */
const PARTS_A_CALL = 64;
const ARGS_A_CALL = 640;
const BYTES_A_CALL = 256 * 1024;
/** Scripts whose calls are short. */
const SHARED: ReadonlySet<ScriptName> = new Set(["send", "tick", "examine", "settle", "extend"]);
/** Calls of one script that are on their way: while Redis works on one, it has the next. */
const CALLS_AT_ONCE = 2;

interface Part extends ScriptPart {
  readonly bytes: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Rejects a part that has waited, at its deadline. */
  timer: NodeJS.Timeout | undefined;
  isLate: boolean;
}

export interface SharedCallsParts {
  connection: Pick<Connection, "run" | "runMany">;
  /** Called before each use of the store; see Opening. */
  enter(): Promise<void> | undefined;
  /** Deadline of one call, in milliseconds. */
  timeoutMs: number;
}

interface Calls {
  waiting: Part[];
  running: number;
}

/**
 * Runs scripts on queues. While calls of a script are on their way, later ones wait and go together, however many queues they
 * are for: most of what a small call costs both sides is the call. Each part stands by itself: if one fails, the others run.
 * A single call is not delayed.
 */
export class SharedCalls {
  readonly #parts: SharedCallsParts;
  readonly #calls = new Map<ScriptName, Calls>();

  constructor(parts: SharedCallsParts) {
    this.#parts = parts;
  }

  run(name: ScriptName, base: string, args: readonly ScriptArg[]): Promise<unknown> {
    // An argument that no script takes must not fail others.
    const isSound = args.every((arg) => typeof arg !== "number" || Number.isFinite(arg));
    if (!SHARED.has(name) || !isSound) return this.#parts.connection.run(name, base, args);
    let calls = this.#calls.get(name);
    if (calls === undefined) {
      calls = { waiting: [], running: 0 };
      this.#calls.set(name, calls);
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const bytes = args.reduce<number>((sum, arg) => sum + sizeOf(arg), 0);
    const part: Part = { base, args, bytes, resolve, reject, timer: undefined, isLate: false };
    calls.waiting.push(part);
    if (calls.running === 0) {
      this.#send(name, calls);
      return promise;
    }
    // Those of this turn of the event loop go together.
    if (calls.running < CALLS_AT_ONCE && calls.waiting.length === 1) {
      setImmediate(() => this.#flush(name, calls));
    }
    // The deadline of the connection begins when the part is sent.
    part.timer = setTimeout(() => {
      part.isLate = true;
      part.reject(storeUnavailable(RETRY_AFTER_MS));
    }, this.#parts.timeoutMs);
    return promise;
  }

  #flush(name: ScriptName, calls: Calls): void {
    while (calls.waiting.length > 0 && calls.running < CALLS_AT_ONCE) this.#send(name, calls);
  }

  #send(name: ScriptName, calls: Calls): void {
    calls.waiting = calls.waiting.filter(({ isLate }) => !isLate);
    const parts = takeNext(calls);
    if (parts.length === 0) return;
    calls.running++;
    this.#run(name, parts)
      .then(
        (replies) => {
          const left = parts.filter((part, index) => {
            const reply = replies[index];
            if (reply === NOT_RUN) return true;
            end(part, reply);
            return false;
          });
          calls.waiting = [...left, ...calls.waiting];
        },
        (error: unknown) => {
          for (const part of parts) end(part, error);
        },
      )
      .finally(() => {
        calls.running--;
        this.#flush(name, calls);
      });
  }

  async #run(name: ScriptName, parts: readonly Part[]): Promise<unknown[]> {
    const { connection, enter } = this.#parts;
    // They may have waited while the store was lost, or upgraded. A part whose deadline ends meanwhile runs all the same: its
    // caller does not know whether it ran, as after a lost reply.
    const entering = enter();
    if (entering !== undefined) await entering;
    const [first, ...others] = parts as [Part, ...Part[]];
    if (others.length === 0) return [await connection.run(name, first.base, first.args)];
    return connection.runMany(name, parts);
  }
}

function end(part: Part, reply: unknown): void {
  clearTimeout(part.timer);
  if (reply instanceof Error) part.reject(reply);
  else part.resolve(reply);
}

function takeNext(calls: Calls): Part[] {
  let count = 0;
  let args = 0;
  let bytes = 0;
  for (const part of calls.waiting) {
    args += part.args.length;
    bytes += part.bytes;
    const isFull = count === PARTS_A_CALL || args > ARGS_A_CALL || bytes > BYTES_A_CALL;
    if (count > 0 && isFull) break;
    count++;
  }
  const parts = calls.waiting.slice(0, count);
  calls.waiting = calls.waiting.slice(count);
  return parts;
}

function sizeOf(arg: ScriptArg): number {
  return typeof arg === "number" ? 8 : arg.length;
}
