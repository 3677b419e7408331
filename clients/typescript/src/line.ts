import type { ConnectError } from "@connectrpc/connect";
import { isSilent } from "./call-error.ts";
import type { Connection, DlqStubs } from "./connection.ts";

/** How long calls of before may still be answered on a connection that was replaced. */
const LINGER_MS = 5_000;
/** A younger one stays: deadlines too short for a busy server must not cost it a handshake each. */
const LEAST_AGE_MS = 1_000;

/**
 * The connection of sends and outcomes. When a call on it is not answered in time it is replaced:
 * a peer that vanished without a word is otherwise found by pings only, long after the deadlines.
 */
export class Line {
  readonly #connect: () => Connection;
  readonly #lingering = new Set<Connection>();
  #connection: Connection;
  #madeAtMs = performance.now();

  constructor(connect: () => Connection) {
    this.#connect = connect;
    this.#connection = connect();
  }

  get stubs(): DlqStubs {
    return this.#connection.stubs;
  }

  /** Says that a call by `stubs` failed, and how. */
  failed(stubs: DlqStubs, error: ConnectError): void {
    const suspect = this.#connection;
    if (!isSilent(error) || stubs !== suspect.stubs) return;
    const nowMs = performance.now();
    if (nowMs - this.#madeAtMs < LEAST_AGE_MS) return;
    this.#connection = this.#connect();
    this.#madeAtMs = nowMs;
    this.#lingering.add(suspect);
    const end = () => {
      this.#lingering.delete(suspect);
      suspect.close();
    };
    setTimeout(end, LINGER_MS).unref();
  }

  close(): void {
    this.#connection.close();
    for (const suspect of this.#lingering) suspect.close();
    this.#lingering.clear();
  }
}
