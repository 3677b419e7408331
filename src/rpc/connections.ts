import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

export interface ConnectionsOptions {
  /** Time between two PINGs of a connection. */
  pingIntervalMs: number;
  /** Connections are asked to reconnect after this time, plus or minus a tenth. 0: never. */
  maxAgeMs: number;
  /** From 0 to 1. Spreads the ages, so that clients do not all reconnect at once. */
  random: () => number;
  log: { debug(fields: object, message: string): void };
}

/**
 * Bytes that a peer may send on one connection before we read them. What waits here to be read is
 * bounded by the window of a stream times the number of streams.
 */
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;

/** A connection is dead after this many unanswered PINGs. */
const UNANSWERED_LIMIT = 2;

const NEVER = new AbortController().signal;

/**
 * The HTTP/2 connections of one listener. A peer that vanished (a pulled cable, a dropped NAT
 * entry) seems to receive data for many minutes because TCP buffers it. PINGs detect it, and its
 * leases become free.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #agings = new Map<ServerHttp2Session, AbortController>();
  /** After its end a connection waits for its peer to close the socket, perhaps for ever. */
  readonly #sockets = new Set<Socket>();
  readonly #whenEmpty = new Set<() => void>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#agings.size;
  }

  add(session: ServerHttp2Session, socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    const aging = new AbortController();
    this.#agings.set(session, aging);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const stopPinging = this.#ping(session, socket);
    const stopAging = this.#age(session, aging);
    // Broken connections are normal; their calls end by their signals.
    session.on("error", (err) => this.#options.log.debug({ err }, "connection failed"));
    session.once("close", () => {
      stopPinging();
      stopAging();
      this.#agings.delete(session);
      if (this.#agings.size > 0) return;
      for (const resolve of this.#whenEmpty) resolve();
      this.#whenEmpty.clear();
    });
  }

  /** Returns a signal that aborts when the connection is asked to reconnect. */
  agingOf(session: ServerHttp2Session | undefined): AbortSignal {
    return (session === undefined ? undefined : this.#agings.get(session)?.signal) ?? NEVER;
  }

  /**
   * Sends GOAWAY: open streams continue, new ones use another connection, and the connection closes
   * after its last stream.
   */
  closeGracefully(): void {
    for (const session of this.#agings.keys()) session.close();
  }

  destroy(): void {
    for (const session of this.#agings.keys()) session.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  async empty(): Promise<void> {
    if (this.#agings.size === 0) return;
    await new Promise<void>((resolve) => this.#whenEmpty.add(resolve));
  }

  #ping(session: ServerHttp2Session, socket: Socket): () => void {
    let unanswered = 0;
    const timer = setInterval(() => {
      if (session.destroyed) {
        // It was asked to close an interval ago.
        socket.destroy();
        return;
      }
      if (unanswered >= UNANSWERED_LIMIT) {
        this.#options.log.debug(
          { unanswered },
          "connection is dead: PINGs are unanswered; closing it",
        );
        session.destroy();
        return;
      }
      unanswered += 1;
      session.ping((error) => {
        if (error === null) unanswered = 0;
      });
    }, this.#options.pingIntervalMs);
    return () => clearInterval(timer);
  }

  #age(session: ServerHttp2Session, aging: AbortController): () => void {
    const { maxAgeMs, random } = this.#options;
    if (maxAgeMs === 0) return () => {};
    const timer = setTimeout(
      () => {
        aging.abort();
        session.close();
      },
      maxAgeMs * (0.9 + 0.2 * random()),
    );
    return () => clearTimeout(timer);
  }
}
