import fc from "fast-check";
import { differences } from "../compare.ts";
import { counts } from "../life/ack.ts";
import type { Life } from "../life/life.ts";
import type { Token } from "../life/message.ts";
import type { SendRequest } from "../life/send.ts";
import { QUEUE } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import type { RequestKind } from "./choices.ts";
import { lines } from "./results.ts";

/** Commands between two comparisons with the whole store. */
const LOOK_EVERY = 5;

/** The state of a run: the model, and the ids, tokens and requests of its callers. */
export class Play {
  readonly life: Life;
  /** All ids that were ever returned, oldest first. */
  readonly ids: string[] = [];
  /** The send request of each message, by its id. */
  readonly sendRequests = new Map<string, SendRequest>();
  /** All tokens of workers, oldest first. */
  readonly tokens: Token[] = [];
  /** Calls by request id, to be repeated unchanged. */
  readonly past: (() => Promise<void>)[] = [];
  readonly requests: Record<"send" | "ack", string[]> = { send: [], ack: [] };
  #steps = 0;
  #names = 0;

  constructor(life: Life) {
    this.life = life;
  }

  /** A new name. */
  fresh(kind: string): string {
    return `${kind}${++this.#names}`;
  }

  /** The tokens that still count, oldest first. */
  counting(): Token[] {
    return this.tokens.filter((token) => {
      const message = this.life.messages.get(token.id);
      return message !== undefined && counts(message, token);
    });
  }

  /** Empty: none. An earlier one was answered, and its answer is certainly still stored. */
  request(verb: "send" | "ack", kind: RequestKind): string {
    if (kind === "none") return "";
    const earlier = this.requests[verb].at(-1);
    if (kind === "earlier" && earlier !== undefined && this.isCertain(verb, earlier))
      return earlier;
    const fresh = this.fresh("request");
    this.requests[verb].push(fresh);
    return fresh;
  }

  /** Whether the documents determine if the answer of this request is still stored. */
  isCertain(verb: string, request: string): boolean {
    const { answers, nowMs } = this.life;
    return answers.isCertain(`${verb} ${request}`, nowMs);
  }

  async look(rig: Rig): Promise<void> {
    const found = differences(
      this.life,
      await rig.test.dump(QUEUE),
      await rig.store.deliveryBlocks.breakers(QUEUE),
    );
    if (found.length > 0) throw new Error(`store and model differ:\n${lines(found)}`);
  }

  async afterStep(rig: Rig): Promise<void> {
    rig.wire.clear();
    if (++this.#steps % LOOK_EVERY === 0) await this.look(rig);
  }
}

export type Step = fc.AsyncCommand<Play, Rig>;

/** A command with arguments, which a failure prints. */
export function step<A>(
  name: string,
  args: A,
  run: (play: Play, rig: Rig, args: A) => Promise<void>,
): Step {
  return {
    check: () => true,
    async run(play, rig) {
      await run(play, rig, args);
      await play.afterStep(rig);
    },
    toString: () => `${name}${args === undefined ? "" : fc.stringify(args)}`,
  };
}

/** Time passes. */
export async function advance({ life }: Play, rig: Rig, ms: number): Promise<void> {
  await rig.test.clock.advance(ms);
  life.pass(ms);
}
