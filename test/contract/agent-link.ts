import { callAnswers, countCalls } from "../support/link-answers.ts";
import { LinkProxy } from "../support/link-proxy.ts";
import { startLimitedProxy, startUnknownServer, type UnknownServer } from "./unknown-server.ts";

/** The link between an agent and the server. Each scenario has its own, and may break it. */
export class AgentLink {
  readonly #proxy: LinkProxy;
  readonly #port: () => number;
  readonly #calls: { count: number };
  #isCut = false;
  #unknown: UnknownServer | undefined;

  private constructor(proxy: LinkProxy, port: () => number, calls: { count: number }) {
    this.#proxy = proxy;
    this.#port = port;
    this.#calls = calls;
  }

  /** @param port of the server, read for each connection */
  static async open(port: () => number): Promise<AgentLink> {
    const calls = { count: 0 };
    const proxy: LinkProxy = await LinkProxy.open(
      () => (link.#isCut ? [] : [{ port: link.#unknown?.port ?? port() }]),
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

  /** Calls over this link so far, streams and retries included. */
  get calls(): number {
    return this.#calls.count;
  }

  /** Resets connections, and new ones until `restore`. */
  cut(): void {
    this.#isCut = true;
    this.#proxy.reset();
  }

  /** Resets connections. New ones reach a server that answers 404 to each call. */
  async misroute(): Promise<void> {
    await this.#redirect(() => startUnknownServer());
  }

  /** Resets connections. New ones use a proxy that answers 413 to larger calls. */
  async narrow(mostBytes: number): Promise<void> {
    await this.#redirect(() => startLimitedProxy(this.#port(), mostBytes));
  }

  async #redirect(start: () => Promise<UnknownServer>): Promise<void> {
    await this.restore();
    this.#unknown = await start();
    this.#proxy.reset();
  }

  /** Resets connections; new ones work. */
  break(): void {
    this.#proxy.reset();
  }

  /** Nothing passes, silently. */
  hold(): void {
    this.#proxy.set({ stalled: true });
  }

  /** Requests pass, answers do not. */
  mute(): void {
    this.#proxy.set({ stalled: true }, ["down"]);
  }

  /** Requests pass at 200 KiB/s, as over a slow uplink. */
  slow(): void {
    this.#proxy.set({ latencyMs: 320 }, ["up"]);
  }

  /** Ends every fault; what was held passes now. */
  async restore(): Promise<void> {
    this.#isCut = false;
    this.#proxy.clear();
    const unknown = this.#unknown;
    this.#unknown = undefined;
    await unknown?.close();
  }

  /** The next answer to a call is lost with its connection; the server has executed the call. */
  loseAnswer(): void {
    this.#proxy.cutReplies(1);
  }

  async close(): Promise<void> {
    await this.restore();
    await this.#proxy.close();
  }
}
