import { unknownMessage, unknownSession } from "../../core/errors.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { QueuePattern } from "../../core/queue-pattern.ts";
import { Turns } from "../../core/turns.ts";
import type { BrokenLease, Store } from "../../store/contract.ts";
import type { Caller } from "../commands.ts";
import { applyQuiet } from "../delivery/apply-quiet.ts";
import type { SessionRegistry } from "../delivery/session-registry.ts";
import type { DecisionLog } from "../observer.ts";
import { type ListedWorker, listWorkers } from "./list-workers.ts";

export type { BrokenLease } from "../../store/contract.ts";
export type { ListedWorker } from "./list-workers.ts";

/** Shows operators workers, and takes messages from them. Rejects with a DlqError. */
export interface WorkerAdmin {
  /** The open streams of queues, and those that have ended and still hold messages. */
  list(queues: QueuePattern): Promise<readonly ListedWorker[]>;
  /** Undefined: no worker holds the message. Rejects with NOT_FOUND if the queue has no such message. */
  breakLease(command: {
    queue: string;
    id: Uint8Array;
    /** Only this delivery of it. Undefined: any delivery. */
    deliveryNumber?: number;
    caller?: Caller;
  }): Promise<BrokenLease | undefined>;
  /**
   * Gives a session no further messages, or lets it take them again. Returns whether that was new. Rejects with NOT_FOUND if
   * there is no such session.
   */
  quiet(command: { sessionId: string; quiet: boolean; caller?: Caller }): Promise<boolean>;
}

interface WorkerAdminParts {
  store: Pick<
    Store,
    | "workers"
    | "queues"
    | "sizes"
    | "breakLease"
    | "messageReads"
    | "sessionQueues"
    | "quietSessions"
    | "hints"
  >;
  /** Notifies worker sessions that leases have ended, and that they are quiet. */
  registry: Pick<SessionRegistry, "leasesEnded" | "get">;
  log: DecisionLog;
}

/** A list of all queues is many reads. */
const LISTS_AT_ONCE = 4;

export function createWorkerAdmin({ store, registry, log }: WorkerAdminParts): WorkerAdmin {
  const turns = new Turns(LISTS_AT_ONCE);
  return {
    list: (queues) => turns.run(() => listWorkers(store, queues)),

    async breakLease({ queue, id, deliveryNumber: asked, caller }) {
      const note = caller === undefined ? "broken by hand" : `broken by ${caller}`;
      const lease = { id, ...(asked !== undefined && { deliveryNumber: asked }) };
      const broken = await store.breakLease(queue, lease, { note, caller });
      if (broken === undefined) {
        const [details] = await store.messageReads.details(queue, [id]);
        if (details === undefined) throw unknownMessage(queue, formatMessageId(id));
        return undefined;
      }
      const { sessionId, deliveryNumber, heldMs, workerId: worker } = broken;
      registry.leasesEnded(sessionId, [{ queue, messageId: id, deliveryNumber }]);
      log.info({ queue, id: formatMessageId(id), worker, heldMs, caller }, "lease broken by hand");
      return broken;
    },

    async quiet({ sessionId, quiet, caller }) {
      const { quietSessions } = store;
      const isKnown = (await store.sessionQueues(sessionId)) !== undefined;
      if (!isKnown && quiet) throw unknownSession(sessionId);
      const changed = quiet
        ? await quietSessions.add(sessionId, caller ?? "")
        : await quietSessions.remove(sessionId);
      if (!isKnown && !changed) throw unknownSession(sessionId);
      const what = quiet ? "worker made quiet by hand" : "worker takes messages again";
      // Shortened, as in the lines of its stream.
      if (changed) log.info({ session: sessionId.slice(0, 8), caller }, what);
      store.hints.announceQuiet(sessionId);
      const session = registry.get(sessionId);
      if (session !== undefined) await applyQuiet(store, [session]);
      return changed;
    },
  };
}
