import { setTimeout as delay } from "node:timers/promises";
import {
  type ConnectionOptions,
  credsAuthenticator,
  errors,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";
import { NatsError, type NatsTarget, toNatsError } from "./nats-error.ts";
import type { NatsOptions, NatsSecrets, NatsTls } from "./nats-options.ts";
import { NatsSession } from "./nats-session.ts";
import { connectNats } from "./nats-transport.ts";

const DEFAULT_TIMEOUT_MS = 5_000;
const CLOSED_TEXT = "the connection to NATS is closed";
const CLOSED = { brief: CLOSED_TEXT, text: CLOSED_TEXT };
/** Of one server. */
const CONNECT_TIMEOUT_MS = 2_000;
/** Between attempts to connect. */
const BACKOFF_MIN_MS = 50;
const BACKOFF_MAX_MS = 2_000;
/** A server that does not answer a PING is given up after two of them. */
const PING_INTERVAL_MS = 5_000;

/** Connects when a session is asked for and there is none, with backoff, for as long as it is asked. */
export class NatsLink {
  /** The servers, and how long one answer may take. */
  readonly target: NatsTarget;
  readonly #options: NatsOptions;
  readonly #stop = new AbortController();
  #session: NatsSession | undefined;
  #attempt: Promise<NatsSession> | undefined;
  #failures = 0;
  /** Of the latest connection. */
  #secrets: readonly string[] = [];

  constructor(options: NatsOptions) {
    this.#options = options;
    const { servers, scheme = "nats", timeoutMs = DEFAULT_TIMEOUT_MS } = options;
    const at = servers.map((server) => `${scheme}://${server}`).join(", ");
    this.target = { at, timeoutMs, secrets: () => this.#secrets };
  }

  /** Returns the present session, or a new one. Rejects within the timeout with why there is none. */
  async session(): Promise<NatsSession> {
    if (this.#stop.signal.aborted) throw new NatsError(CLOSED);
    if (this.#session?.isOver === false) return this.#session;
    this.#attempt ??= this.#connect().finally(() => {
      this.#attempt = undefined;
    });
    const attempt = this.#attempt;
    const over = new AbortController();
    try {
      return await Promise.race([attempt, this.#outOfTime(over.signal)]);
    } finally {
      over.abort();
    }
  }

  /** Gives no further session. */
  stop(): void {
    this.#stop.abort();
  }

  async close(): Promise<void> {
    this.stop();
    await this.#attempt?.catch(() => {});
    await this.#session?.end();
  }

  async #outOfTime(signal: AbortSignal): Promise<never> {
    // Aborted when it no longer matters.
    await delay(this.target.timeoutMs, undefined, { signal });
    throw toNatsError(new errors.TimeoutError(), this.target);
  }

  async #connect(): Promise<NatsSession> {
    const { signal } = this.#stop;
    const timeoutMs = Math.min(CONNECT_TIMEOUT_MS, this.target.timeoutMs);
    let hasNoCertificate = false;
    try {
      if (this.#failures > 0) await delay(backoffMs(this.#failures), undefined, { signal });
      const secrets = await this.#options.secrets();
      const { user = "", password = "", token = "" } = secrets;
      this.#secrets = [user, password, token];
      hasNoCertificate = secrets.tls?.cert === undefined;
      const nc = await connectNats(connectionOptions(this.#options, secrets, timeoutMs));
      this.#session = new NatsSession(nc, this.target.timeoutMs);
      if (signal.aborted) await this.#session.end();
      this.#failures = 0;
      return this.#session;
    } catch (error) {
      this.#failures++;
      if (signal.aborted) throw new NatsError(CLOSED);
      throw toNatsError(error, { ...this.target, timeoutMs, hasNoCertificate });
    }
  }
}

function backoffMs(failures: number): number {
  const most = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** Math.min(failures, 10));
  return most * (0.5 + Math.random() / 2);
}

function connectionOptions(
  { servers, name }: NatsOptions,
  secrets: NatsSecrets,
  connectTimeoutMs: number,
): ConnectionOptions {
  const authenticator = authenticatorOf(secrets);
  return {
    servers: [...servers],
    name,
    reconnect: false,
    timeout: connectTimeoutMs,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    noAsyncTraces: true,
    ignoreClusterUpdates: true,
    ...(authenticator && { authenticator }),
    ...(secrets.tls && { tls: tlsOptions(secrets.tls) }),
  };
}

function authenticatorOf(secrets: NatsSecrets): ConnectionOptions["authenticator"] {
  const { user, password, token, credentials, nkeySeed } = secrets;
  const encoder = new TextEncoder();
  if (credentials !== undefined) return credsAuthenticator(encoder.encode(credentials));
  if (nkeySeed !== undefined) return nkeyAuthenticator(encoder.encode(nkeySeed));
  if (token !== undefined) return tokenAuthenticator(token);
  return user === undefined ? undefined : usernamePasswordAuthenticator(user, password);
}

function tlsOptions({ ca, cert, key }: NatsTls): NonNullable<ConnectionOptions["tls"]> {
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}
