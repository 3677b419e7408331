import type { Interceptor, Transport } from "@connectrpc/connect";
import type { DlqClientError } from "./errors.ts";
import type { SpoolOptions } from "./spool/spool-options.ts";

/** How concurrent sends share calls. */
export interface CoalesceOptions {
  /** How long a send waits for others while a call is under way; with none it goes at once. Default 2. */
  readonly maxDelayMs?: number | undefined;
  /** Most messages of one call: 1 to 1,000. Default 100, so that many sends share several calls at a time. */
  readonly maxMessages?: number | undefined;
  /** Most bytes of one call, at most 3.5 MiB. Default 3 MiB. */
  readonly maxBytes?: number | undefined;
  /** Most calls under way at a time. Default 4. */
  readonly maxCalls?: number | undefined;
  /** Messages in memory beyond which a send goes to the spool at once, or is dropped. Default 10,000. */
  readonly maxPendingMessages?: number | undefined;
  /** Their bytes. Default 64 MiB. */
  readonly maxPendingBytes?: number | undefined;
}

/** TLS of the connection, in PEM; used with an `https:` URL. */
export interface TlsOptions {
  /** Certificates to trust instead of the system's. */
  readonly ca?: string | Uint8Array | undefined;
  /** Certificate and key of this client, where the server asks for one. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /** The name to expect in the server's certificate, if it isn't that of the URL. */
  readonly serverName?: string | undefined;
}

/** What {@link createDlqClient} takes. */
export interface DlqClientOptions {
  /** The gRPC address: `http://127.0.0.1:50051`, or `https:` with TLS. */
  readonly url: string;
  /** A bearer token of the server's `DLQ_TOKENS`. */
  readonly token?: string | undefined;
  /** Who sends, as `origin` of each message: the service, its instance, its version. */
  readonly service?: string | undefined;
  readonly instance?: string | undefined;
  readonly version?: string | undefined;
  /** How long a send tries. Default 5,000. */
  readonly timeoutMs?: number | undefined;
  /** How long one try of it waits for an answer. Default 2,000. */
  readonly tryTimeoutMs?: number | undefined;
  readonly tls?: TlsOptions | undefined;
  /**
   * See or change each call as it goes out, retries and streams included: for tracing, or credentials
   * that change. They are called in order, after the token was set.
   */
  readonly interceptors?: readonly Interceptor[] | undefined;
  /**
   * Any Connect transport instead of gRPC over HTTP/2; `url`, `token`, `tls` and `interceptors` are
   * then its own.
   */
  readonly transport?: Transport | undefined;
  readonly coalesce?: CoalesceOptions | undefined;
  /**
   * Where sends are kept that can't be delivered in time, until they can; `false`: they are dropped.
   * Default: in files, unless there is a `transport` and no `url`.
   */
  readonly spool?: SpoolOptions | false | undefined;
  /**
   * Told of each message that was dropped; for a promise that it gives `flush` and `close` wait 5 s at
   * most. Default: at most one line a second on the console.
   */
  readonly onDropped?: ((error: DlqClientError, queue: string) => void) | undefined;
}

/** {@link CoalesceOptions} as they are in force. */
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
/** What the server takes in one call. */
const MOST = { maxMessages: 1_000, maxBytes: 3.5 * MIB };

/** @throws TypeError for a number that makes no sense */
export function coalesceOf(given: CoalesceOptions = {}): Coalesce {
  const coalesce: Record<keyof Coalesce, number> = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof Coalesce)[]) {
    const value = given[name] ?? DEFAULTS[name];
    const least = name === "maxDelayMs" ? 0 : 1;
    if (!(value >= least))
      throw new TypeError(`coalesce.${name} is ${value}; give ${least} or more`);
    coalesce[name] = value;
  }
  coalesce.maxMessages = Math.min(coalesce.maxMessages, MOST.maxMessages);
  coalesce.maxBytes = Math.min(coalesce.maxBytes, MOST.maxBytes);
  return coalesce;
}
