import type { HandlerContext } from "@connectrpc/connect";
import type { BeginWatch } from "../app/events/watch-events.ts";
import { serverBusy } from "../core/errors.ts";
import { Turns } from "../core/turns.ts";
import { addressOf, callerOf } from "./caller.ts";
import { FilterSteps, type WatchFilter } from "./filter-steps.ts";
import { connectionAging } from "./stream-due.ts";

/** Most watches of one connection. */
export const WATCHES_OF_CONNECTION = 200;
const RETRY_AFTER_MS = 5_000;
/** The watches of a connection or a caller. */
class Share {
  open = 0;
  /** One looks for its beginning at a time: it may read all partitions, which takes much of a core. */
  readonly begins = new Turns(1);
}

/** Divides the watches of a server among its callers and connections. A caller is a token, or an address without tokens. */
export class WatchShares {
  readonly #most: number;
  readonly #ofCaller = new Map<string, Share>();
  readonly #ofConnection = new WeakMap<object, Share>();
  readonly #steps = new FilterSteps();
  #open = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Counts a watch until `release` is called. Throws BUSY if there are too many: a caller has at most as many as are left for
   * others, so that there is always room for another caller.
   */
  take(context: HandlerContext, filter: WatchFilter): { begin: BeginWatch; release(): void } {
    const aging = context.values.get(connectionAging);
    // Connections of the HTTP port have few calls each, and share one signal.
    const isHttp = aging === connectionAging.defaultValue;
    const connection = (!isHttp && this.#ofConnection.get(aging)) || new Share();
    const { caller: token } = callerOf(context);
    const name = token === undefined ? addressOf(context) : `token ${token}`;
    const caller = this.#ofCaller.get(name) ?? new Share();
    this.#check(connection, caller);
    const releaseFilter = this.#steps.take(filter, name);
    if (!isHttp) this.#ofConnection.set(aging, connection);
    this.#ofCaller.set(name, caller);
    this.#open++;
    connection.open++;
    caller.open++;
    return {
      // First of its connection, then of its caller: so connections of a caller take turns, too.
      begin: (work) => connection.begins.run(() => caller.begins.run(work)),
      release: () => {
        releaseFilter();
        this.#open--;
        connection.open--;
        caller.open--;
        if (caller.open === 0) this.#ofCaller.delete(name);
      },
    };
  }

  #check(connection: Share, caller: Share): void {
    const left = this.#most - this.#open;
    if (left <= 0) throw busy(`this server has ${this.#most} ${CALLS}, ${LIMIT}`);
    if (connection.open >= WATCHES_OF_CONNECTION)
      throw busy(`this connection has ${WATCHES_OF_CONNECTION} ${CALLS}, ${LIMIT}`);
    if (caller.open >= left)
      throw busy(`this caller has ${caller.open} ${CALLS}, and ${left} are left for others`);
  }
}

const CALLS = "calls of WatchEvents and WatchMessages";
const LIMIT = "the most that are allowed";

function busy(what: string) {
  return serverBusy(RETRY_AFTER_MS, `${what}; end some, use another server, or raise max_watches`);
}
