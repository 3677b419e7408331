import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { type AnswerFinder, cut, type Direction, FAIR, Link, type Weather } from "./link.ts";

/** Where a proxy connects to: a loopback port or a unix socket. */
export type Target = { readonly port: number } | { readonly path: string };

/** Whatever a server says is an answer. */
const ANYTHING: AnswerFinder = { up: () => {}, down: () => true };

/** A TCP link that can be made worse: what a network does, on loopback. */
export class LinkProxy {
  readonly #server: Server;
  readonly #targets: () => readonly Target[];
  readonly #finder: () => AnswerFinder;
  readonly #links = new Set<Link>();
  readonly #weather: Record<Direction, Weather> = { up: FAIR, down: FAIR };
  #turn = 0;
  #repliesToCut = 0;
  #isClosed = false;
  /** Replies that were cut after the request had gone through. */
  cut = 0;
  /** Bytes that vanished. */
  lostBytes = 0;
  /** Pieces of data that were late, or had to wait for the end of a parting. */
  held = 0;

  private constructor(targets: () => readonly Target[], finder: () => AnswerFinder) {
    this.#targets = targets;
    this.#finder = finder;
    this.#server = createServer({ noDelay: true }, (socket) => void this.#accept(socket));
  }

  /**
   * @param targets asked for each connection; with several they take turns, the dead are passed over
   * @param finder makes what finds the answers of one connection. Default: whatever a server says
   */
  static async open(
    targets: () => readonly Target[],
    finder: () => AnswerFinder = () => ANYTHING,
  ): Promise<LinkProxy> {
    const proxy = new LinkProxy(targets, finder);
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

  /** Resets all connections; gives how many there were. */
  reset(): number {
    const { size } = this.#links;
    for (const link of this.#links) link.reset();
    return size;
  }

  /** The next `count` replies are thrown away with their connections: the server has done its part. */
  cutReplies(count: number): void {
    this.#repliesToCut = count;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#server.close();
    this.reset();
    await once(this.#server, "close");
  }

  async #accept(client: Socket): Promise<void> {
    client.on("error", () => {}); // it may be gone by now
    const server = await this.#dial();
    if (server === undefined || client.destroyed || this.#isClosed) {
      server?.destroy();
      cut(client);
      return;
    }
    const finder = this.#finder();
    const isCut = (direction: Direction, data: Buffer) => {
      if (direction === "down") return finder.down(data) && this.#takeCut();
      finder.up(data);
      return false;
    };
    const link = new Link(client, server, this.#weather, isCut, {
      lost: (bytes) => {
        this.lostBytes += bytes;
      },
      held: () => {
        this.held++;
      },
    });
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
