import { ByQueue } from "../../core/by-queue.ts";
import { formatMessageId } from "../../core/message-id.ts";
import type { EndedLease, Store } from "../../store/contract.ts";
import type { Session } from "./session.ts";

/** The worker sessions with an open stream on this server. */
export class SessionRegistry {
  readonly #byId = new Map<string, Session>();
  readonly #byQueue = new ByQueue<Session>();
  readonly #hints: Pick<Store["hints"], "announceCredit">;
  /** Called for each stream that opens. */
  onOpened: ((session: Session) => void) | undefined;
  /** Called for each stream that has ended. */
  onClosed: ((session: Session) => void) | undefined;

  constructor(hints: Pick<Store["hints"], "announceCredit">) {
    this.#hints = hints;
  }

  /** Makes this the session's stream on this server and ends the one before it. */
  claim(session: Session): void {
    this.#byId.get(session.options.idText)?.end();
    this.#byId.set(session.options.idText, session);
  }

  /** From now on it can get messages. */
  add(session: Session): void {
    for (const queue of session.options.queues) this.#byQueue.add(queue, session);
    this.onOpened?.(session);
  }

  remove(session: Session): void {
    const { idText, queues } = session.options;
    if (this.#byId.get(idText) === session) this.#byId.delete(idText);
    for (const queue of queues) this.#byQueue.delete(queue, session);
    this.onClosed?.(session);
  }

  get(idText: string): Session | undefined {
    return this.#byId.get(idText);
  }

  of(queue: string): Iterable<Session> {
    return this.#byQueue.of(queue);
  }

  has(queue: string): boolean {
    return this.#byQueue.has(queue);
  }

  /** The queues that have a stream on this server. */
  queues(): Iterable<string> {
    return this.#byQueue.queues();
  }

  all(): Iterable<Session> {
    return this.#byId.values();
  }

  /**
   * Leases of a session ended. Frees their room here, or announces them to the session's server.
   */
  leasesEnded(sessionId: Uint8Array, ended: readonly EndedLease[]): void {
    const idText = formatMessageId(sessionId);
    const session = this.#byId.get(idText);
    if (session) release(session, ended);
    else this.#hints.announceCredit(idText, ended);
  }

  /** Leases that ended on another server. */
  leasesEndedElsewhere(idText: string, ended: readonly EndedLease[]): void {
    const session = this.#byId.get(idText);
    if (session) release(session, ended);
  }
}

function release(session: Session, ended: readonly EndedLease[]): void {
  for (const { queue, messageId, deliveryNumber } of ended) {
    session.release(queue, messageId, deliveryNumber);
  }
}
