import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { CallMemory, MemoryHolder } from "./call-memory.ts";

/** The interval of the gRPC port, too. */
const SWEEP_MS = 100;

/**
 * Open responses of an HTTP listener. Node keeps a response, and its connection, for as long as the
 * client does not read it. This counts their bytes and ends them after a timeout.
 */
export class HttpResponses {
  readonly #memory: CallMemory;
  readonly #unreadTimeoutMs: number;
  /**
   * Kept until the connection closes: Node does not report the end of a response that waits behind
   * another.
   */
  readonly #connections = new Map<Socket, Connection>();
  readonly #sweep: NodeJS.Timeout;

  constructor(memory: CallMemory, unreadTimeoutMs: number) {
    this.#memory = memory;
    this.#unreadTimeoutMs = unreadTimeoutMs;
    this.#sweep = setInterval(() => this.#count(), SWEEP_MS).unref();
  }

  /** Adds a response and returns how many are open on its connection. */
  add({ socket }: Pick<IncomingMessage, "socket">, response: ServerResponse): number {
    const { responses } = this.#connectionOf(socket);
    responses.add(response);
    response.once("close", () => responses.delete(response));
    // Ends a connection whose client has read nothing for this time, at most twice as long. A
    // stream without data is silent too, so only unwritten bytes count.
    response.setTimeout(this.#unreadTimeoutMs, () => {
      if (response.writableLength > 0) socket.destroy();
    });
    return responses.size;
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
      const bytes = connection.unreadBytes;
      if (bytes > 0) this.#memory.hold(connection, bytes);
      else this.#memory.release(connection);
    }
  }
}

class Connection implements MemoryHolder {
  readonly responses = new Set<ServerResponse>();
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  get unreadBytes(): number {
    let bytes = 0;
    for (const { writableLength } of this.responses) bytes += writableLength;
    return bytes;
  }

  /** HTTP/1.1 can end a started response only by closing the connection. */
  abandon(): void {
    this.#socket.destroy();
  }
}
