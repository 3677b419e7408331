import { once } from "node:events";
import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";

/** A server of HTTP/2 that is not the service, such as a proxy. */
export interface UnknownServer {
  readonly port: number;
  close(): Promise<void>;
}

type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => Promise<void>;

/** A proxy that knows no route to the service. */
export function startUnknownServer(): Promise<UnknownServer> {
  return start((stream) => refuse(stream, 404));
}

/** A proxy that passes on calls up to a size, like nginx, whose default is 1 MiB. */
export async function startLimitedProxy(port: number, mostBytes: number): Promise<UnknownServer> {
  const upstream = connect(`http://127.0.0.1:${port}`).on("error", () => {});
  const proxy = await start(async (stream, headers) => {
    const body = await bodyUpTo(mostBytes, stream);
    if (body === undefined) return refuse(stream, 413);
    const call = upstream.request(headers).on("error", () => stream.close());
    stream.once("close", () => call.close());
    call.on("response", (answer) => stream.respond(answer, { waitForTrailers: true }));
    call.on("trailers", (trailers) => {
      stream.once("wantTrailers", () => stream.sendTrailers(trailers));
    });
    call.end(body);
    call.pipe(stream);
  });
  return {
    port: proxy.port,
    async close() {
      upstream.destroy();
      await proxy.close();
    },
  };
}

/** Resolves with undefined once the body is larger; the rest is read and dropped. */
function bodyUpTo(mostBytes: number, stream: ServerHttp2Stream): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let parts: Buffer[] = [];
    let bytes = 0;
    stream.on("data", (part: Buffer) => {
      bytes += part.length;
      parts = bytes > mostBytes ? [] : [...parts, part];
      if (bytes > mostBytes) resolve(undefined);
    });
    stream.once("end", () => resolve(Buffer.concat(parts)));
  });
}

async function refuse(stream: ServerHttp2Stream, status: number): Promise<void> {
  stream.respond({ ":status": status, "content-type": "text/html" });
  stream.end(`<h1>${status}</h1>`);
}

async function start(answer: Answer): Promise<UnknownServer> {
  const sessions = new Set<ServerHttp2Session>();
  const server = createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {}); // scenarios cut links
    answer(stream, headers).catch(() => stream.close());
  });
  server.on("session", (session) => {
    sessions.add(session.on("error", () => {}));
    session.once("close", () => sessions.delete(session));
  });
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
