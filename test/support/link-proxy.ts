import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import {
  type AnswerFinder,
  cut,
  type Direction,
  Link,
  type LinkFaults,
  NO_FAULTS,
} from "./link.ts";

/** Where a proxy connects to: a loopback port or a unix socket. */
export type Target = { readonly port: number } | { readonly path: string };

/** All data of a server are an answer. */
const ANY_DATA: AnswerFinder = { up: () => {}, down: () => true };

/** A TCP link on loopback with the faults of a network. */
export class LinkProxy {
  readonly #server: Server;
  readonly #targets: () => readonly Target[];
  readonly #finder: () => AnswerFinder;
  readonly #links = new Set<Link>();
  readonly #faults: Record<Direction, LinkFaults> = { up: NO_FAULTS, down: NO_FAULTS };
  #turn = 0;
  #repliesToCut = 0;
  #isClosed = false;
  /** Replies that were cut after the server had executed the request. */
  cut = 0;
  /** Bytes that were lost. */
  lostBytes = 0;
  /** Pieces of data that were delayed. */
  held = 0;

  private constructor(targets: () => readonly Target[], finder: () => AnswerFinder) {
    this.#targets = targets;
    this.#finder = finder;
    this.#server = createServer({ noDelay: true }, (socket) => void this.#accept(socket));
  }

  /**
   * @param targets read for each connection. Several targets take turns; one that refuses is skipped
   * @param finder creates the finder of answers of one connection. Default: all data of the server
   */
  static async open(
    targets: () => readonly Target[],
    finder: () => AnswerFinder = () => ANY_DATA,
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

  /** Sets faults for existing and new connections. */
  set(faults: Partial<LinkFaults>, directions: readonly Direction[] = ["up", "down"]): void {
    for (const direction of directions) {
      this.#faults[direction] = { ...NO_FAULTS, ...faults };
    }
    for (const link of this.#links) link.setFaults(this.#faults);
  }

  /** Ends all faults. Links that lost data stay half-open. */
  clear(): void {
    this.set({});
  }

  /** Resets all connections. Returns their number. */
  reset(): number {
    const { size } = this.#links;
    for (const link of this.#links) link.reset();
    return size;
  }

  /** Loses the next `count` replies, with their connections. The server has executed the requests. */
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
    client.on("error", () => {}); // it may have been closed
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
    const link = new Link(client, server, this.#faults, isCut, {
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
