import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";

/** A proxy that knows no route to the service: it speaks HTTP/2, and not gRPC. */
export interface Stranger {
  readonly port: number;
  close(): Promise<void>;
}

export async function startStranger(): Promise<Stranger> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer((_request, response) => {
    response.writeHead(404, { "content-type": "text/html" }).end("<h1>404 Not Found</h1>");
  });
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
  });
  server.on("sessionError", () => {}); // links are cut while it speaks
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
