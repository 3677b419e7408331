import type { Http2Session } from "node:http2";
import { type GrpcTransportOptions, Http2SessionManager } from "@connectrpc/connect-node";

type SessionManager = NonNullable<GrpcTransportOptions["sessionManager"]>;
type SessionOptions = ConstructorParameters<typeof Http2SessionManager>;

/** Keeps one HTTP/2 connection, alive by pings, and makes it anew when it breaks. */
export interface ClosableSessionManager extends SessionManager {
  /** Ends the connection, and with it all calls that are under way. */
  close(): void;
}

/**
 * Connect's own, which no longer listens for errors of a connection that it has left. One that dies
 * by an unanswered ping, and is left before it has said so, would end the whole process.
 */
export function createSessionManager(...options: SessionOptions): ClosableSessionManager {
  const manager = new Http2SessionManager(...options);
  const heard = new WeakSet<Http2Session>();
  return {
    authority: manager.authority,
    async request(...request) {
      const stream = await manager.request(...request);
      const { session } = stream;
      if (session !== undefined && !heard.has(session)) {
        heard.add(session);
        session.on("error", () => {}); // its streams tell
      }
      return stream;
    },
    notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
    close: () => manager.abort(),
  };
}
