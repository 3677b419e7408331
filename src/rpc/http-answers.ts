import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { RequestMemory, Unfinished } from "./request-memory.ts";

/** As often as the gRPC port looks what its callers leave lying. */
const SWEEP_MS = 100;

/**
 * The answers of one HTTP listener that are under way. Node keeps what a caller does not read, and
 * its connection, for as long as it stays: here they are counted, and have an end.
 */
export class HttpAnswers {
  readonly #memory: RequestMemory;
  readonly #takenWithinMs: number;
  /** Until they close: of an answer that waits behind another, Node does not say that it is over. */
  readonly #connections = new Map<Socket, Connection>();
  readonly #sweep: NodeJS.Timeout;

  constructor(memory: RequestMemory, takenWithinMs: number) {
    this.#memory = memory;
    this.#takenWithinMs = takenWithinMs;
    this.#sweep = setInterval(() => this.#count(), SWEEP_MS).unref();
  }

  /** Gives how many are under way on its connection, with this one. */
  add({ socket }: Pick<IncomingMessage, "socket">, response: ServerResponse): number {
    const { answers } = this.#connectionOf(socket);
    answers.add(response);
    response.once("close", () => answers.delete(response));
    // Of silence, which the system's taking of a part of it breaks: at most twice as long. A stream
    // that has nothing to say is silent too.
    response.setTimeout(this.#takenWithinMs, () => {
      if (response.writableLength > 0) socket.destroy();
    });
    return answers.size;
  }

  close(): void {
    clearInterval(this.#sweep);
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket);
    if (known !== undefined) return known;
    const connection = new Connection(socket);
    this.#connections.set(socket, connection);
    socket.once("close", () => {
      this.#connections.delete(socket);
      this.#memory.release(connection);
    });
    return connection;
  }

  #count(): void {
    for (const connection of this.#connections.values()) {
      const bytes = connection.untakenBytes;
      if (bytes > 0) this.#memory.hold(connection, bytes);
      else this.#memory.release(connection);
    }
  }
}

class Connection implements Unfinished {
  readonly answers = new Set<ServerResponse>();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get untakenBytes(): number {
    let bytes = 0;
    for (const { writableLength } of this.answers) bytes += writableLength;
    return bytes;
  }

  /** HTTP/1.1 has no other end of an answer that has begun. */
  giveUp(): void {
    this.#socket.destroy();
  }
}
