import {
  type ConnectionOptions,
  type NatsConnection,
  NatsConnectionImpl,
  setTransportFactory,
} from "@nats-io/transport-node";
import { NodeTransport, nodeResolveHost } from "@nats-io/transport-node/lib/node_transport.js";

/** What a server may send before its INFO is complete: one of a large cluster has some KiB. */
const INFO_BYTES = 64 * 1024;

/** As `connect` of the client. If it fails, no socket stays open. */
export function connectNats(options: ConnectionOptions): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new BoundedTransport(), dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

/** The client's transport leaves a socket open, and reads on, when the server sends no INFO in time. */
class BoundedTransport extends NodeTransport {
  #hasGivenUp = false;

  override async dial(server: Parameters<NodeTransport["dial"]>[0]) {
    const socket = await super.dial(server);
    if (!this.#hasGivenUp) return socket;
    socket.destroy();
    throw new Error("connected too late");
  }

  override peekInfo() {
    const { socket } = this;
    let bytes = 0;
    const info = super.peekInfo();
    socket.on("data", ({ length }) => {
      bytes += length;
      if (bytes > INFO_BYTES) socket.destroy(new Error("it sends no INFO: is it NATS?"));
    });
    return info;
  }

  override async close(error?: Error): Promise<void> {
    this.#hasGivenUp = true;
    if (!this.connected) this.socket?.destroy();
    await super.close(error);
  }
}
