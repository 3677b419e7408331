import {
  createDlqClient,
  type DlqAdminStubs,
  type DlqClient,
  type DlqStubs,
} from "../../typescript/src/index.ts";
import { explainCallError } from "./call-errors.ts";
import { usageError } from "./errors.ts";
import type { Io } from "./io.ts";
import { escaped } from "./output/escape.ts";
import { Printer } from "./output/printer.ts";
import { type ConnectionOptions, connectionOf } from "./settings/connection.ts";
import { parseDuration } from "./values/duration.ts";

/** Options of every command. */
export interface CommonOptions extends ConnectionOptions {
  readonly output?: string;
  readonly timeout?: string;
}

const TIMEOUT_MS = 15_000;

/** One run of a command: its connection, its output, and its end by Ctrl-C. */
export class Run {
  readonly io: Io;
  readonly print: Printer;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  readonly #options: CommonOptions;
  #client: DlqClient | undefined;
  #target = "";
  #hasToken = false;

  /** @throws {CliError} for an unknown output */
  constructor(io: Io, options: CommonOptions, signal: AbortSignal) {
    this.io = io;
    this.signal = signal;
    this.#options = options;
    this.print = new Printer(io, options.output);
  }

  /** The client of this run. It opens its connection at the first call. */
  get client(): DlqClient {
    if (this.#client !== undefined) return this.#client;
    const { target, token, tlsCa, context, exposedFile } = connectionOf(this.#options, this.io);
    this.#target = target;
    this.#hasToken = token !== undefined;
    const { print } = this;
    if (exposedFile !== undefined)
      print.note(`Others can read the tokens in ${exposedFile}: chmod 600 ${exposedFile}`);
    if (context !== undefined && print.isTable && print.isTerminal)
      print.note(print.style.faint(escaped(`context ${context}: ${target}`)));
    try {
      this.#client = createDlqClient({
        url: target,
        spool: false,
        ...(token === undefined ? {} : { token }),
        ...(tlsCa === undefined ? {} : { tls: { ca: tlsCa } }),
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw usageError(`the address is wrong: ${why.replace(/^url /, "it ")}`);
    }
    return this.#client;
  }

  /** Calls of producers and workers. */
  get dlq(): DlqStubs {
    return this.client.stubs;
  }

  /** Calls of operators. */
  get admin(): DlqAdminStubs {
    return this.client.admin;
  }

  /** The address of the server. */
  get target(): string {
    void this.client;
    return this.#target;
  }

  /** Options of a call that ends by the timeout and by Ctrl-C. */
  get call(): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    const { timeout } = this.#options;
    return {
      timeoutMs: timeout === undefined ? TIMEOUT_MS : parseDuration(timeout),
      signal: this.signal,
    };
  }

  /** Options of a stream, which ends by Ctrl-C alone. */
  get stream(): { readonly timeoutMs: number; readonly signal: AbortSignal } {
    return { timeoutMs: 0, signal: this.signal };
  }

  explain(error: unknown): unknown {
    return explainCallError(error, this.#target, this.#hasToken);
  }

  async close(): Promise<void> {
    await this.#client?.close(0);
  }
}
