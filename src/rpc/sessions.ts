import type { ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

export interface SessionsOptions {
  /** Between two PINGs of one connection. */
  pingIntervalMs: number;
  /** Connections are asked to move after this time, give or take a tenth. 0: never. */
  maxAgeMs: number;
  /** From 0 to 1; spreads the ages, so that clients of one moment don't reconnect in one. */
  random: () => number;
  log: { debug(fields: object, message: string): void };
}

/**
 * What a peer may have under way to us on one connection. No bound of what waits here to be read:
 * that is the window of a stream, times their number.
 */
const CONNECTION_WINDOW_BYTES = 8 * 1024 * 1024;

/** A peer that is alive answers in far less than this many intervals. */
const UNANSWERED_LIMIT = 2;

const NEVER = new AbortController().signal;

/**
 * The HTTP/2 connections of one listener. A peer that is gone without a word (a pulled cable, a
 * dropped NAT entry) goes on "receiving" what TCP buffers for many minutes: PINGs find it, and
 * its leases become free for others.
 */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #agings = new Map<ServerHttp2Session, AbortController>();
  /** A session that has ended waits for its peer to close the connection, perhaps for ever. */
  readonly #sockets = new Set<Socket>();
  readonly #whenEmpty = new Set<() => void>();

  constructor(options: SessionsOptions) {
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
    // A broken connection is an everyday event; its calls learn of it by their signals.
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

  /** Aborts when the connection is asked to move. */
  agingOf(session: ServerHttp2Session | undefined): AbortSignal {
    return (session === undefined ? undefined : this.#agings.get(session)?.signal) ?? NEVER;
  }

  /** GOAWAY: open streams go on, new ones go elsewhere, the connection ends with its last one. */
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
        // It was told to leave an interval ago, and stays.
        socket.destroy();
        return;
      }
      if (unanswered >= UNANSWERED_LIMIT) {
        this.#options.log.debug({ unanswered }, "connection is dead: its peer answers no PING");
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
