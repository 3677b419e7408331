import { callAnswers, countCalls } from "../support/link-answers.ts";
import { LinkProxy } from "../support/link-proxy.ts";
import { type Stranger, startNarrowProxy, startStranger } from "./stranger.ts";

/** Between an agent and the server: a link of its own for each scenario, which may break. */
export class AgentLink {
  readonly #proxy: LinkProxy;
  readonly #port: () => number;
  readonly #calls: { count: number };
  #isCut = false;
  #stranger: Stranger | undefined;

  private constructor(proxy: LinkProxy, port: () => number, calls: { count: number }) {
    this.#proxy = proxy;
    this.#port = port;
    this.#calls = calls;
  }

  /** @param port where the server is; asked for each connection */
  static async open(port: () => number): Promise<AgentLink> {
    const calls = { count: 0 };
    const proxy: LinkProxy = await LinkProxy.open(
      () => (link.#isCut ? [] : [{ port: link.#stranger?.port ?? port() }]),
      () => {
        const answers = callAnswers();
        const counter = countCalls(() => void calls.count++);
        return { up: counter, down: answers.down };
      },
    );
    const link = new AgentLink(proxy, port, calls);
    return link;
  }

  get address(): string {
    return this.#proxy.address;
  }

  /** Calls that were begun on it so far, streams and tries included. */
  get calls(): number {
    return this.#calls.count;
  }

  /** Resets what there is, and refuses what is new. */
  cut(): void {
    this.#isCut = true;
    this.#proxy.reset();
  }

  /** Resets what there is; what is new meets somebody else, who answers 404 to each call. */
  async misroute(): Promise<void> {
    await this.#meet(() => startStranger());
  }

  /** Resets what there is; what is new goes by a proxy that answers 413 to each call of more than that. */
  async narrow(mostBytes: number): Promise<void> {
    await this.#meet(() => startNarrowProxy(this.#port(), mostBytes));
  }

  async #meet(start: () => Promise<Stranger>): Promise<void> {
    await this.restore();
    this.#stranger = await start();
    this.#proxy.reset();
  }

  /** Resets what there is. */
  break(): void {
    this.#proxy.reset();
  }

  /** Nothing passes, and nobody is told. */
  hold(): void {
    this.#proxy.set({ stalled: true });
  }

  /** What is asked passes, what is answered does not. */
  mute(): void {
    this.#proxy.set({ stalled: true }, ["down"]);
  }

  /** What is asked passes at 200 KiB/s, as from a place with a poor uplink. */
  slow(): void {
    this.#proxy.set({ latencyMs: 320 }, ["up"]);
  }

  /** All is well again; what was held passes now. */
  async restore(): Promise<void> {
    this.#isCut = false;
    this.#proxy.clear();
    const stranger = this.#stranger;
    this.#stranger = undefined;
    await stranger?.close();
  }

  /** The next answer to a call is lost with its connection: the server has done its part. */
  loseAnswer(): void {
    this.#proxy.cutReplies(1);
  }

  async close(): Promise<void> {
    await this.restore();
    await this.#proxy.close();
  }
}
