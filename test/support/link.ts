import { once } from "node:events";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/** What bytes suffer on their way; each direction by itself. */
export interface Weather {
  /** How long each piece of data is held, ms. */
  readonly latencyMs: number;
  /** Data wait here, as in a network that is parted and will heal. */
  readonly stalled: boolean;
  /** Data vanish, and the peer never hears of it: the link is half-open for good. */
  readonly blackhole: boolean;
}

export const FAIR: Weather = { latencyMs: 0, stalled: false, blackhole: false };

/** Looks at all that passes on one connection, to tell answers from pings, settings and heartbeats. */
export interface AnswerFinder {
  /** Takes what the client sent. */
  up(data: Buffer): void;
  /** Takes what the server sent. Whether an answer is in it. */
  down(data: Buffer): boolean;
}

/** `up` is what the client sends, `down` what the server answers. */
export type Direction = "up" | "down";

type IsCut = (direction: Direction, data: Buffer) => boolean;

/** What a connection tells of its data. */
interface Toll {
  lost(bytes: number): void;
  held(): void;
}

/** One connection through the proxy. */
export class Link {
  onEnd: (() => void) | undefined;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #weather: Record<Direction, Weather>;
  /** A direction that has lost data. */
  readonly #isDead: Record<Direction, boolean> = { up: false, down: false };
  readonly #isCut: IsCut;
  readonly #toll: Toll;
  #onWeather: (() => void)[] = [];

  constructor(
    client: Socket,
    server: Socket,
    weather: Record<Direction, Weather>,
    isCut: IsCut,
    toll: Toll,
  ) {
    this.#isCut = isCut;
    this.#toll = toll;
    this.#client = client;
    this.#server = server;
    this.#weather = { ...weather };
    void this.#carry("up", client, server);
    void this.#carry("down", server, client);
    for (const socket of [client, server]) {
      socket.on("error", () => {}); // `close` follows
      socket.once("close", () => this.#end());
    }
  }

  changed(weather: Record<Direction, Weather>): void {
    Object.assign(this.#weather, weather);
    for (const wake of this.#onWeather.splice(0)) wake();
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
        const { latencyMs, stalled } = this.#weather[direction];
        if (latencyMs > 0 || stalled) this.#toll.held();
        if (latencyMs > 0) await delay(latencyMs);
        while (this.#weather[direction].stalled) await this.#change();
        if (this.#weather[direction].blackhole) this.#isDead[direction] = true;
        if (this.#isDead[direction]) this.#toll.lost(data.length);
        else if (!to.write(data)) await once(to, "drain");
      }
      // In a black hole the end of a connection is not heard of either.
      if (!this.#isDead[direction] && !this.#weather[direction].blackhole) to.end();
    } catch {
      this.reset();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => void this.#onWeather.push(resolve));
  }

  #end(): void {
    const isUnheard = this.#weather.up.blackhole || this.#weather.down.blackhole;
    const isOver = this.#client.destroyed && this.#server.destroyed;
    if (!isOver && !isUnheard && !this.#isDead.up && !this.#isDead.down) this.reset();
    if (isOver) this.onEnd?.();
    for (const wake of this.#onWeather.splice(0)) wake();
  }
}

/**
 * By RST where there is such a thing: a unix socket has none. Nor has one that is just being ended: Node
 * (24.21) would fail with EINVAL, and spin on the descriptor that it has lost.
 */
export function cut(socket: Socket): void {
  if ("address" in socket.address() && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}
