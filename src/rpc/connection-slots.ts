import type { Socket } from "node:net";

export interface ConnectionSlotsOptions {
  maxConnections: number;
  /** Called for each connection that is closed to make room, and for each that finds none. */
  onFull(): void;
}

/** What identifies a connection: a plain socket and the TLS socket over it have the same. */
type Ends = Pick<Socket, "remoteAddress" | "remotePort">;

/** A connection that has made no call with a token that is still valid. */
interface Unproven {
  readonly address: string;
  readonly socket: Socket;
}

/**
 * The open connections of one port. If all slots are taken, a new connection gets that of another
 * that has made no call with a valid token yet, or whose token was revoked: of the address that has most of these, the one
 * whose last call without a token, such as a health check, or whose start is longest ago. So one
 * caller cannot keep workers and probes out by holding connections.
 */
export class ConnectionSlots {
  readonly #options: ConnectionSlotsOptions;
  readonly #open = new Set<Socket>();
  /** By the ends of each. */
  readonly #unproven = new Map<string, Unproven>();
  /** The keys of `#unproven` by address, longest unused first. */
  readonly #byAddress = new Map<string, Set<string>>();
  /** Sessions and sockets, so that further calls cost only this look-up. */
  readonly #proven = new WeakSet<object>();

  constructor(options: ConnectionSlotsOptions) {
    this.#options = options;
  }

  /** Adds a new connection, or closes it if there is no slot for it. */
  add(socket: Socket): void {
    if (this.#open.size >= this.#options.maxConnections) {
      this.#options.onFull();
      if (!this.#closeOne()) {
        socket.destroy();
        return;
      }
    }
    this.#open.add(socket);
    const key = keyOf(socket);
    this.#addUnproven(key, { address: socket.remoteAddress ?? "", socket });
    socket.once("close", () => {
      this.#open.delete(socket);
      if (this.#unproven.get(key)?.socket === socket) this.#forget(key);
    });
  }

  /**
   * The connection made a call with a valid token, or one that needs none on this server.
   * `whenRevoked` calls its argument when the token is no longer accepted, and returns the function
   * that stops that.
   */
  prove(
    connection: object,
    ends: Ends | undefined,
    whenRevoked: (end: () => void) => () => void,
  ): void {
    if (this.#proven.has(connection) || ends === undefined) return;
    this.#proven.add(connection);
    const key = keyOf(ends);
    const found = this.#unproven.get(key);
    if (found === undefined) return;
    this.#forget(key);
    const stop = whenRevoked(() => {
      this.#proven.delete(connection);
      this.#addUnproven(key, found);
    });
    found.socket.once("close", stop);
  }

  /** The connection made a call that needs no token, such as a health check. */
  use(ends: Ends | undefined): void {
    if (ends === undefined) return;
    const key = keyOf(ends);
    const keys = this.#byAddress.get(ends.remoteAddress ?? "");
    if (keys?.delete(key)) keys.add(key);
  }

  #closeOne(): boolean {
    let most: Set<string> | undefined;
    for (const keys of this.#byAddress.values()) if (keys.size > (most?.size ?? 0)) most = keys;
    const [key] = most ?? [];
    const found = key === undefined ? undefined : this.#unproven.get(key);
    if (key === undefined || found === undefined) return false;
    this.#forget(key);
    this.#open.delete(found.socket);
    found.socket.destroy();
    return true;
  }

  #addUnproven(key: string, one: Unproven): void {
    this.#unproven.set(key, one);
    this.#ofAddress(one.address).add(key);
  }

  #forget(key: string): void {
    const found = this.#unproven.get(key);
    if (found === undefined) return;
    this.#unproven.delete(key);
    const keys = this.#ofAddress(found.address);
    keys.delete(key);
    if (keys.size === 0) this.#byAddress.delete(found.address);
  }

  #ofAddress(address: string): Set<string> {
    const known = this.#byAddress.get(address);
    if (known !== undefined) return known;
    const keys = new Set<string>();
    this.#byAddress.set(address, keys);
    return keys;
  }
}

function keyOf({ remoteAddress, remotePort }: Ends): string {
  return `${remoteAddress} ${remotePort}`;
}
