import { storeUnavailable } from "../../../src/core/errors.ts";
import type { Messages, Store } from "../../../src/store/contract.ts";

type StoreVerb = "send" | "route" | "tick" | "abandon" | "examine" | "settle" | "extend" | "leases";
export type Verb = StoreVerb | "retry" | "retryMatching";

/** The verbs of a store, on the wire. */
export type WiredStore = Pick<Store, StoreVerb | "messages">;

/** What is lost of a call: its request, so that it does not run; or its reply. */
export type Loss = "request" | "reply";

/**
 * The wire between use cases and a store. It can lose the next call of a verb, or run something
 * before it.
 */
export class Wire {
  readonly #losses = new Map<Verb, Loss>();
  readonly #firsts = new Map<Verb, () => Promise<void>>();
  /** The last reply that was lost. */
  lostReply: unknown;
  lostCalls = 0;

  lose(verb: Verb, loss: Loss): void {
    this.#losses.set(verb, loss);
  }

  /** Runs something just before the next call of this verb. */
  before(verb: Verb, first: () => Promise<void>): void {
    this.#firsts.set(verb, first);
  }

  /** Drops what was planned for calls that were never made. */
  clear(): void {
    this.#losses.clear();
    this.#firsts.clear();
  }

  over(store: WiredStore): WiredStore {
    const wired: Wires = <A extends unknown[], R>(verb: Verb, call: Call<A, R>) => {
      return async (...args: A): Promise<R> => {
        const first = this.#firsts.get(verb);
        this.#firsts.delete(verb);
        await first?.();
        const loss = this.#losses.get(verb);
        this.#losses.delete(verb);
        if (loss !== undefined) this.lostCalls++;
        if (loss === "request") throw storeUnavailable(1);
        const reply = await call(...args);
        if (loss === undefined) return reply;
        this.lostReply = reply;
        throw storeUnavailable(1);
      };
    };
    return {
      send: wired("send", store.send.bind(store)),
      route: wired("route", store.route.bind(store)),
      tick: wired("tick", store.tick.bind(store)),
      abandon: wired("abandon", store.abandon.bind(store)),
      examine: wired("examine", store.examine.bind(store)),
      settle: wired("settle", store.settle.bind(store)),
      extend: wired("extend", store.extend.bind(store)),
      leases: wired("leases", store.leases.bind(store)),
      messages: this.#messagesOver(store.messages, wired),
    };
  }

  #messagesOver(messages: Messages, wired: Wires): Messages {
    return {
      full: undefined,
      contents: messages.contents.bind(messages),
      retry: wired("retry", messages.retry.bind(messages)),
      retryMatching: wired("retryMatching", messages.retryMatching.bind(messages)),
      matching: messages.matching.bind(messages),
      walk: messages.walk.bind(messages),
    };
  }
}

type Call<A extends unknown[], R> = (...args: A) => Promise<R>;
type Wires = <A extends unknown[], R>(verb: Verb, call: Call<A, R>) => Call<A, R>;
