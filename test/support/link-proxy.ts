import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

/** Where a proxy connects to: a loopback port or a unix socket. */
export type Target = { readonly port: number } | { readonly path: string };

/** What bytes suffer on their way; each direction by itself. */
export interface Weather {
  /** How long each piece of data is held, ms. */
  readonly latencyMs: number;
  /** Data wait here, as in a network that is parted and will heal. */
  readonly stalled: boolean;
  /** Data vanish, and the peer never hears of it: the link is half-open for good. */
  readonly blackhole: boolean;
}

const FAIR: Weather = { latencyMs: 0, stalled: false, blackhole: false };

/** `up` is what the client sends, `down` what the server answers. */
export type Direction = "up" | "down";

/** A TCP link that can be made worse: what a network does, on loopback. */
export class LinkProxy {
  readonly #server: Server;
  readonly #targets: () => readonly Target[];
  readonly #links = new Set<Link>();
  readonly #weather: Record<Direction, Weather> = { up: FAIR, down: FAIR };
  #turn = 0;
  #repliesToCut = 0;
  /** Replies that were cut after the request had gone through. */
  cut = 0;
  /** Bytes that vanished. */
  lostBytes = 0;

  private constructor(targets: () => readonly Target[]) {
    this.#targets = targets;
    this.#server = createServer({ noDelay: true }, (socket) => void this.#accept(socket));
  }

  /** @param targets asked for each connection; with several they take turns, the dead are passed over */
  static async open(targets: () => readonly Target[]): Promise<LinkProxy> {
    const proxy = new LinkProxy(targets);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#links.size;
  }

  /** From now on, for connections that are there and for new ones. */
  set(weather: Partial<Weather>, directions: readonly Direction[] = ["up", "down"]): void {
    for (const direction of directions) {
      this.#weather[direction] = { ...FAIR, ...weather };
    }
    for (const link of this.#links) link.changed(this.#weather);
  }

  /** Fair weather for what is new. Links that lost data stay dead: no byte is ever made up. */
  clear(): void {
    this.set({});
  }

  /** Resets all connections. */
  reset(): void {
    for (const link of this.#links) link.reset();
  }

  /** The next `count` replies are thrown away with their connections: the server has done its part. */
  cutReplies(count: number): void {
    this.#repliesToCut = count;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.reset();
    await once(this.#server, "close");
  }

  async #accept(client: Socket): Promise<void> {
    client.on("error", () => {}); // it may be gone by now
    const server = await this.#dial();
    if (server === undefined || client.destroyed) {
      server?.destroy();
      cut(client);
      return;
    }
    const onLost = (bytes: number) => {
      this.lostBytes += bytes;
    };
    const link = new Link(client, server, this.#weather, () => this.#takeCut(), onLost);
    this.#links.add(link);
    link.onEnd = () => void this.#links.delete(link);
  }

  async #dial(): Promise<Socket | undefined> {
    const targets = this.#targets();
    for (let tries = 0; tries < targets.length; tries++) {
      const target = targets[this.#turn++ % targets.length] as Target;
      const socket = connect("path" in target ? target : { ...target, host: "127.0.0.1" });
      const isThere = await once(socket, "connect").then(
        () => true,
        () => false,
      );
      if (isThere) return socket.setNoDelay(true);
    }
    return undefined;
  }

  #takeCut(): boolean {
    if (this.#repliesToCut === 0) return false;
    this.#repliesToCut--;
    this.cut++;
    return true;
  }
}

/** One connection through the proxy. */
class Link {
  onEnd: (() => void) | undefined;
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #weather: Record<Direction, Weather>;
  /** A direction that has lost data. */
  readonly #isDead: Record<Direction, boolean> = { up: false, down: false };
  readonly #onLost: (bytes: number) => void;
  #onWeather: (() => void)[] = [];

  constructor(
    client: Socket,
    server: Socket,
    weather: Record<Direction, Weather>,
    takeCut: () => boolean,
    onLost: (bytes: number) => void,
  ) {
    this.#onLost = onLost;
    this.#client = client;
    this.#server = server;
    this.#weather = { ...weather };
    void this.#carry("up", client, server, () => false);
    void this.#carry("down", server, client, takeCut);
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

  async #carry(direction: Direction, from: Socket, to: Duplex, takeCut: () => boolean) {
    try {
      for await (const data of from) {
        if (takeCut()) return this.reset();
        const { latencyMs } = this.#weather[direction];
        if (latencyMs > 0) await delay(latencyMs);
        while (this.#weather[direction].stalled) await this.#change();
        if (this.#weather[direction].blackhole) this.#isDead[direction] = true;
        if (this.#isDead[direction]) this.#onLost(data.length);
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

/** By RST where there is such a thing: a unix socket has none. */
function cut(socket: Socket): void {
  if ("address" in socket.address()) socket.resetAndDestroy();
  else socket.destroy();
}
