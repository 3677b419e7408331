import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from "@nats-io/transport-node";
import { NodeTransport, nodeResolveHost } from "@nats-io/transport-node/lib/node_transport.js";

/** What a server may send before its INFO is complete: one of a large cluster has some KiB. */
const INFO_BYTES = 64 * 1024;
/** What it may send without the end of a line. No answer to a request of ours is nearly as large. */
const LINE_BYTES = 4 * 1024 * 1024;
/** PINGs whose answers are not written yet. NATS sends one in two minutes. */
const PINGS_MAX = 1_000;
const LINE_END = "\n".charCodeAt(0);
const PONG_BYTES = "PONG\r\n".length;

/** As `connect` of the client. If it fails, no socket stays open. */
export function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new BoundedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

/**
 * The client's transport leaves a socket open, and reads on, when the server sends no INFO in time, or something that is not of
 * its protocol. This one ends the connection.
 */
class BoundedTransport extends NodeTransport {
  #hasGivenUp = false;
  #pings = 0;

  override async dial(server: Parameters<NodeTransport["dial"]>[0]) {
    const socket = await super.dial(server);
    if (!this.#hasGivenUp) return socket;
    socket.destroy();
    throw new Error("connected too late");
  }

  /** After it rejects, the client destroys the socket. */
  override peekInfo() {
    const { socket } = this;
    return new Promise<Awaited<ReturnType<NodeTransport["peekInfo"]>>>((resolve, reject) => {
      super.peekInfo().then(resolve, reject);
      let bytes = 0;
      socket.on("data", ({ length }) => {
        bytes += length;
        if (bytes > INFO_BYTES) reject(new Error("it sends no INFO: is it NATS?"));
      });
    });
  }

  override async *iterate() {
    let lineBytes = 0;
    let hasEnded = false;
    try {
      for await (const bytes of super.iterate()) {
        const end = bytes.lastIndexOf(LINE_END);
        lineBytes = end < 0 ? lineBytes + bytes.length : bytes.length - end - 1;
        if (lineBytes > LINE_BYTES) {
          this.#fail("it sends a line without an end");
          break;
        }
        yield bytes;
      }
      hasEnded = true;
    } finally {
      if (!hasEnded) {
        this.#fail("it breaks the protocol of NATS");
        // The client would print its error, which has what the server has sent, to our stdout.
        await new Promise(() => {});
      }
    }
  }

  override async _send(frame: Uint8Array): Promise<void> {
    if (this.socket?.destroyed) return;
    // The own PINGs of the client have the same length, and are few.
    if (frame.length !== PONG_BYTES) return super._send(frame);
    if (this.#pings >= PINGS_MAX) this.#fail("it sends PINGs faster than it reads the answers");
    this.#pings++;
    try {
      await super._send(frame);
    } finally {
      this.#pings--;
    }
  }

  override async close(error?: Error): Promise<void> {
    this.#hasGivenUp = true;
    if (!this.connected) this.socket?.destroy();
    await super.close(error);
  }

  #fail(why: string): void {
    this.socket?.destroy(new Error(why));
  }
}
