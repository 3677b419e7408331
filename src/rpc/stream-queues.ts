import { tooManyStreamQueues } from "./error-map.ts";

/** One connection may have a tenth of the server's limit, and at least one stream of the most queues. */
const CONNECTION_SHARE = 10;

/**
 * The queues of all open streams, counted for each stream. Names come from clients, who may invent
 * them, and each costs some hundred bytes for as long as its stream is open.
 */
export class StreamQueues {
  readonly #most: number;
  readonly #byConnection = new WeakMap<object, { queues: number }>();
  #queues = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Counts the queues of a stream until the returned function is called. Without a connection only
   * the server's limit applies. Throws a ConnectError above a limit.
   */
  take(queues: number, connection: object | undefined): () => void {
    const own = (connection && this.#byConnection.get(connection)) ?? { queues: 0 };
    const share = Math.max(1_000, Math.floor(this.#most / CONNECTION_SHARE));
    if (connection !== undefined && own.queues + queues > share)
      throw tooManyStreamQueues("this connection", share);
    if (this.#queues + queues > this.#most) throw tooManyStreamQueues("this server", this.#most);
    if (connection !== undefined) this.#byConnection.set(connection, own);
    own.queues += queues;
    this.#queues += queues;
    return () => {
      own.queues -= queues;
      this.#queues -= queues;
    };
  }
}
