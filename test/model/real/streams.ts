import { giveBack } from "../../../src/app/delivery/give-back.ts";
import { reconcile } from "../../../src/app/delivery/reconcile.ts";
import { type Reservation, Session } from "../../../src/app/delivery/session.ts";
import { SessionRegistry } from "../../../src/app/delivery/session-registry.ts";
import { formatMessageId } from "../../../src/core/message-id.ts";
import type { Claimed, Store } from "../../../src/store/contract.ts";
import { sessionId } from "../../support/store-items.ts";
import { QUEUE, SILENT_LOG } from "./names.ts";

/** Workers with little room; the last one also with few bytes. */
export const WORKERS = [
  { name: hexId(1), maxInFlight: 4, maxBytes: 10_000, leaseMs: 30_000 },
  { name: hexId(2), maxInFlight: 1, maxBytes: 10_000, leaseMs: 2_000 },
  { name: hexId(3), maxInFlight: 3, maxBytes: 100, leaseMs: 10_000 },
] as const;
export type Worker = (typeof WORKERS)[number];

function hexId(n: number): string {
  return Buffer.from(sessionId(n)).toString("hex");
}

export function idTextOf({ name }: Worker): string {
  return formatMessageId(Buffer.from(name, "hex"));
}

type StreamStore = Pick<Store, "leases" | "settle"> & {
  hints: Pick<Store["hints"], "announceCredit">;
};

/** The streams of the workers on one server, with the parts that keep them there. */
export class Streams {
  readonly registry: SessionRegistry;
  readonly #store: StreamStore;

  constructor(store: StreamStore) {
    this.#store = store;
    this.registry = new SessionRegistry(store.hints);
  }

  /** Opens a stream: it takes over the leases of its session. */
  async open(worker: Worker): Promise<void> {
    const session = new Session({
      idText: idTextOf(worker),
      id: Uint8Array.from(Buffer.from(worker.name, "hex")),
      workerId: "worker",
      queues: [QUEUE],
      maxInFlight: worker.maxInFlight,
      maxInFlightBytes: worker.maxBytes,
      leaseMs: worker.leaseMs,
    });
    this.registry.claim(session);
    session.resume(QUEUE, await this.#store.leases(QUEUE, session.options.id));
    this.registry.add(session);
  }

  of(worker: Worker): Session {
    const session = this.registry.get(idTextOf(worker));
    if (!session) throw new Error(`no stream of ${worker.name}`);
    return session;
  }

  reserve(worker: Worker, alone: boolean): Reservation | undefined {
    const session = this.of(worker);
    session.read(() => {});
    return session.reserve(QUEUE, 200, alone);
  }

  reconcile(worker: Worker): Promise<void> {
    return reconcile(this.#store, this.of(worker));
  }

  /** The stream breaks: messages that were not written are returned. */
  async close(worker: Worker): Promise<Claimed[]> {
    const session = this.of(worker);
    this.registry.remove(session);
    session.end();
    const unwritten = session.takeRest();
    const { registry } = this;
    await giveBack({ store: this.#store, registry, log: SILENT_LOG }, unwritten);
    return unwritten;
  }
}
