import type { LeaseTokenParts } from "../../core/lease-token.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { Store } from "../../store/contract.ts";
import type { Session } from "./session.ts";

/** The streams that are open on this node, by session and by queue. */
export class SessionRegistry {
  readonly #byId = new Map<string, Session>();
  readonly #byQueue = new Map<string, Set<Session>>();
  readonly #hints: Pick<Store["hints"], "announceCredit">;
  /** Told of each queue that a stream asks for. */
  onOpened: ((session: Session) => void) | undefined;

  constructor(hints: Pick<Store["hints"], "announceCredit">) {
    this.#hints = hints;
  }

  add(session: Session): void {
    this.#byId.set(session.options.idText, session);
    for (const queue of session.options.queues) {
      const sessions = this.#byQueue.get(queue) ?? new Set();
      sessions.add(session);
      this.#byQueue.set(queue, sessions);
    }
    this.onOpened?.(session);
  }

  remove(session: Session): void {
    const { idText, queues } = session.options;
    if (this.#byId.get(idText) === session) this.#byId.delete(idText);
    for (const queue of queues) {
      const sessions = this.#byQueue.get(queue);
      sessions?.delete(session);
      if (sessions?.size === 0) this.#byQueue.delete(queue);
    }
  }

  get(idText: string): Session | undefined {
    return this.#byId.get(idText);
  }

  of(queue: string): ReadonlySet<Session> {
    return this.#byQueue.get(queue) ?? NO_SESSIONS;
  }

  all(): Iterable<Session> {
    return this.#byId.values();
  }

  /** A lease ended by an outcome that was reported here, wherever its stream is. */
  leaseEnded(sessionId: Uint8Array, token: LeaseTokenParts): void {
    const idText = formatMessageId(sessionId);
    const session = this.#byId.get(idText);
    if (session) session.release(token.queue, token.messageId, token.deliveryNumber);
    else this.#hints.announceCredit(idText);
  }
}

const NO_SESSIONS: ReadonlySet<Session> = new Set();
