import type { ConnectError } from "@connectrpc/connect";
import { isTimeout } from "./call-error.ts";
import type { Connection, DlqStubs } from "./connection.ts";

/** How long earlier calls may still be answered on a connection that was replaced. */
const LINGER_MS = 5_000;
/** Younger connections stay: timeouts too short for a busy server must not cost a handshake each. */
const MIN_AGE_MS = 1_000;

/**
 * The connection of sends and outcomes. It is replaced when a call on it times out: pings alone would
 * find a vanished peer long after the deadlines of the calls.
 */
export class ReconnectingChannel {
  readonly #connect: () => Connection;
  readonly #replaced = new Set<Connection>();
  #connection: Connection;
  #madeAtMs = performance.now();

  constructor(connect: () => Connection) {
    this.#connect = connect;
    this.#connection = connect();
  }

  get stubs(): DlqStubs {
    return this.#connection.stubs;
  }

  /** Must be called with each error of a call. @param stubs those of the call */
  failed(stubs: DlqStubs, error: ConnectError): void {
    const connection = this.#connection;
    if (!isTimeout(error) || stubs !== connection.stubs) return;
    const nowMs = performance.now();
    if (nowMs - this.#madeAtMs < MIN_AGE_MS) return;
    this.#connection = this.#connect();
    this.#madeAtMs = nowMs;
    this.#replaced.add(connection);
    const end = () => {
      this.#replaced.delete(connection);
      connection.close();
    };
    setTimeout(end, LINGER_MS).unref();
  }

  close(): void {
    this.#connection.close();
    for (const connection of this.#replaced) connection.close();
    this.#replaced.clear();
  }
}
