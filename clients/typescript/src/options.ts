import type { Interceptor, Transport } from "@connectrpc/connect";
import type { DlqClientError } from "./errors.ts";
import { type OptionNames, requireFunction, requireKnown, shown } from "./option-checks.ts";
import { CALLBACK_NAMES, type OutcomeEvent } from "./outcomes/outcome-event.ts";
import type { SpoolOptions } from "./spool/spool-options.ts";

/** How concurrent sends share calls. */
export interface CoalesceOptions {
  /** How long a send waits for others while a call is running; without one it goes at once. Default 2. */
  readonly maxDelayMs?: number | undefined;
  /** Limit of messages in one call, 1 to 1,000. Default 100, so that many sends share several calls. */
  readonly maxMessages?: number | undefined;
  /** Limit of bytes in one call, 1 to 3.5 MiB. Default 3 MiB. */
  readonly maxBytes?: number | undefined;
  /** Limit of calls at a time. Default 4. */
  readonly maxCalls?: number | undefined;
  /** Limit of pending sends. A send beyond it goes to the spool at once, or is dropped. Default 10,000. */
  readonly maxPendingMessages?: number | undefined;
  /** The same limit in bytes. Default 64 MiB. */
  readonly maxPendingBytes?: number | undefined;
}

/** TLS settings in PEM, for an `https:` URL. */
export interface TlsOptions {
  /** Trusted certificates. Default: those of the system. */
  readonly ca?: string | Uint8Array | undefined;
  /** Certificate and key of this client, if the server requires them. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** The expected name in the server's certificate. Default: the host of the URL. */
  readonly serverName?: string | undefined;
}

/** Options of `createDlqClient`. */
export interface DlqClientOptions {
  /** The gRPC address: `127.0.0.1:50051` or `http://127.0.0.1:50051`, or `https:` with TLS. */
  readonly url: string;
  /** A bearer token that the server accepts, or a function that is called for each call: tokens may change. */
  readonly token?: string | (() => string | PromiseLike<string>) | undefined;
  /** The sender, as `origin` of each message: its service, instance and version. */
  readonly service?: string | undefined;
  readonly instance?: string | undefined;
  readonly version?: string | undefined;
  /** Time limit of a send, in ms. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** Time limit of one try, in ms. Default 2,000. */
  readonly tryTimeoutMs?: number | undefined;
  readonly tls?: TlsOptions | undefined;
  /**
   * Connect interceptors around each call, retries and streams included: for tracing, or credentials
   * that change. They run in order, after the token was set.
   */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /**
   * A Connect transport to use instead of gRPC over HTTP/2. The client then ignores `token`, `tls` and
   * `interceptors`; `url` only names the server for the spool.
   */
  readonly transport?: Transport | undefined;
  readonly coalesce?: CoalesceOptions | undefined;
  /**
   * Keeps messages that cannot be sent in time, and sends them later. `false`: they are dropped.
   * Default: files, unless there is a `transport` and no `url`.
   */
  readonly spool?: SpoolOptions | false | undefined;
  /**
   * Called with each dropped message. `flush` and `close` wait for its promises, at most 5 s. A message that
   * it sends with this client, and that is dropped too, is only logged.
   * Default: logs at most one line a second to the console.
   */
  readonly onDropped?: ((error: DlqClientError, queue: string) => void) | undefined;
  /**
   * Called when a worker, of any program, has processed a message that this client sent. The callbacks of a queue
   * come in order, the next one after the promise of the one before; they may come before `send` returns. An error that one
   * throws is logged. At most 10,000 messages are followed, and none after a restart of the program.
   */
  readonly onSucceeded?: ((event: OutcomeEvent) => void) | undefined;
  /** Called like `onSucceeded`, after each failed attempt. `dueTime` is that of the next one. */
  readonly onFailed?: ((event: OutcomeEvent) => void) | undefined;
  /** Called like `onSucceeded`, when a message comes into quarantine, where it stays until an operator decides. */
  readonly onQuarantined?: ((event: OutcomeEvent) => void) | undefined;
}

/** {@link CoalesceOptions} with their defaults. */
export type Coalesce = { readonly [K in keyof CoalesceOptions]-?: number };

const MIB = 1024 ** 2;
const DEFAULTS: Coalesce = {
  maxDelayMs: 2,
  maxMessages: 100,
  maxBytes: 3 * MIB,
  maxCalls: 4,
  maxPendingMessages: 10_000,
  maxPendingBytes: 64 * MIB,
};
/** The server's limits of one call. */
const MAXIMA: CoalesceOptions = { maxMessages: 1_000, maxBytes: 3.5 * MIB };

const COALESCE_OPTIONS: OptionNames<CoalesceOptions> = {
  maxDelayMs: true,
  maxMessages: true,
  maxBytes: true,
  maxCalls: true,
  maxPendingMessages: true,
  maxPendingBytes: true,
};
const TLS_OPTIONS: OptionNames<TlsOptions> = {
  ca: true,
  cert: true,
  key: true,
  serverName: true,
};
const CLIENT_OPTIONS: OptionNames<DlqClientOptions> = {
  url: true,
  token: true,
  service: true,
  instance: true,
  version: true,
  timeoutMs: true,
  tryTimeoutMs: true,
  tls: true,
  interceptors: true,
  transport: true,
  coalesce: true,
  spool: true,
  onDropped: true,
  onSucceeded: true,
  onFailed: true,
  onQuarantined: true,
};

/** @throws TypeError for an unknown option of the client or of its TLS, or an invalid one */
export function requireKnownOptions(options: DlqClientOptions): void {
  requireKnown("the client", options, CLIENT_OPTIONS);
  requireKnown("tls", options.tls ?? {}, TLS_OPTIONS);
  const { token } = options;
  if (token != null && typeof token !== "string" && typeof token !== "function") {
    throw new TypeError(`token is ${shown(token)}; give a text, or a function that returns it`);
  }
  for (const name of ["onDropped", ...CALLBACK_NAMES] as const) {
    if (options[name] != null) requireFunction(name, options[name]);
  }
}

/** @throws TypeError for an unknown option, or a number out of its range */
export function coalesceOf(given: CoalesceOptions = {}): Coalesce {
  requireKnown("coalesce", given, COALESCE_OPTIONS);
  const coalesce: Record<keyof Coalesce, number> = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof Coalesce)[]) {
    const value = given[name] ?? DEFAULTS[name];
    const min = name === "maxDelayMs" ? 0 : 1;
    const max = MAXIMA[name];
    if (!(typeof value === "number" && value >= min && value <= (max ?? value))) {
      const range = max === undefined ? `${min} or more` : `${min} to ${max}`;
      throw new TypeError(`coalesce.${name} is ${shown(value)}; give ${range}`);
    }
    coalesce[name] = value;
  }
  return coalesce;
}
