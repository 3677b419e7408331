import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/** Faults of one direction of a link. */
export interface LinkFaults {
  /** How long each piece of data is delayed, ms. */
  readonly latencyMs: number;
  /** Data wait until the fault ends, as in a partitioned network. */
  readonly stalled: boolean;
  /** Data are lost silently. The link stays half-open, also when the fault ends. */
  readonly blackhole: boolean;
}

export const NO_FAULTS: LinkFaults = { latencyMs: 0, stalled: false, blackhole: false };

/** Finds answers in the data of one connection, among pings, settings and heartbeats. */
export interface AnswerFinder {
  /** Takes data of the client. */
  up(data: Buffer): void;
  /** Takes data of the server. Returns whether they contain an answer. */
  down(data: Buffer): boolean;
}

/** `up` is from client to server, `down` from server to client. */
export type Direction = "up" | "down";

type IsCut = (direction: Direction, data: Buffer) => boolean;

/** Counts data that were lost or delayed. */
interface Counter {
  lost(bytes: number): void;
  held(): void;
}

/** One connection through the proxy. */
export class Link {
  onEnd: (() => void) | undefined;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #faults: Record<Direction, LinkFaults>;
  /** Directions that have lost data. */
  readonly #isDead: Record<Direction, boolean> = { up: false, down: false };
  readonly #isCut: IsCut;
  readonly #counter: Counter;
  #onChange: (() => void)[] = [];

  constructor(
    client: Socket,
    server: Socket,
    faults: Record<Direction, LinkFaults>,
    isCut: IsCut,
    counter: Counter,
  ) {
    this.#isCut = isCut;
    this.#counter = counter;
    this.#client = client;
    this.#server = server;
    this.#faults = { ...faults };
    void this.#carry("up", client, server);
    void this.#carry("down", server, client);
    for (const socket of [client, server]) {
      socket.on("error", () => {}); // `close` follows
      socket.once("close", () => this.#end());
    }
  }

  setFaults(faults: Record<Direction, LinkFaults>): void {
    Object.assign(this.#faults, faults);
    for (const wake of this.#onChange.splice(0)) wake();
  }

  reset(): void {
    cut(this.#client);
    cut(this.#server);
  }

  async #carry(direction: Direction, from: Socket, to: Duplex) {
    try {
      for await (const piece of from) {
        const data = piece as Buffer;
        if (this.#isCut(direction, data)) return this.reset();
        const { latencyMs, stalled } = this.#faults[direction];
        if (latencyMs > 0 || stalled) this.#counter.held();
        if (latencyMs > 0) await delay(latencyMs);
        while (this.#faults[direction].stalled) await this.#change();
        if (this.#faults[direction].blackhole) this.#isDead[direction] = true;
        if (this.#isDead[direction]) this.#counter.lost(data.length);
        else if (!to.write(data)) await once(to, "drain");
      }
      // A black hole also loses the end of a connection.
      if (!this.#isDead[direction] && !this.#faults[direction].blackhole) to.end();
    } catch {
      this.reset();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#onChange.push(resolve));
  }

  #end(): void {
    const isUnheard = this.#faults.up.blackhole || this.#faults.down.blackhole;
    const isOver = this.#client.destroyed && this.#server.destroyed;
    if (!isOver && !isUnheard && !this.#isDead.up && !this.#isDead.down) this.reset();
    if (isOver) this.onEnd?.();
    for (const wake of this.#onChange.splice(0)) wake();
  }
}

/**
 * Resets a connection by RST. Not a unix socket, which has none, and not a socket that is being ended: Node 24.21 would fail
 * with EINVAL and then spin on the lost descriptor.
 */
export function cut(socket: Socket): void {
  if ("address" in socket.address() && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
