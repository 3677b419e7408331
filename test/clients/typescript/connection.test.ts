// The window of a connection, and one whose peer vanishes without closing it.

import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { createHttp2Connection } from "../../../clients/typescript/src/connection.ts";
import { LinkProxy } from "../../support/link-proxy.ts";

let server: Http2Server;
let link: LinkProxy;
beforeAll(async () => {
  server = createServer((_, response) => {
    response.writeHead(200);
    response.write("open");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  link = await LinkProxy.open(() => [{ port }]);
});
afterAll(async () => {
  await link.close();
  server.close();
});

it("lets a server send 4 MiB before it waits for the client", async () => {
  const opened = once(server, "session") as Promise<[ServerHttp2Session]>;
  const connection = createHttp2Connection(`http://${link.address}`);
  const stream = await connection.request("GET", "/", {}, {});
  stream.on("error", () => {}); // it is cut at the end
  onTestFinished(() => connection.close());
  const [session] = await opened;
  // Its stream has sent a few bytes.
  const least = 4 * 1024 * 1024 - 1_000;
  await vi.waitFor(() => expect(session.state.remoteWindowSize).toBeGreaterThan(least));
});

it("ends its calls, and not the process, also if it is closed at that moment", async () => {
  const pings = { pingIntervalMs: 50, pingTimeoutMs: 50 };
  const connection = createHttp2Connection(`http://${link.address}`, pings);
  onTestFinished(() => connection.close());
  const stream = await connection.request("GET", "/", {}, {});
  const { session } = stream;
  if (session === undefined) throw new Error("a stream without a connection");
  await once(stream, "data");
  link.set({ blackhole: true });

  // The call fails first, and its caller closes the connection; then the connection reports the error.
  const failed = Promise.withResolvers<Error>();
  stream.on("error", (error) => {
    connection.close();
    failed.resolve(error);
  });
  const ended = Promise.withResolvers<void>();
  session.once("close", () => ended.resolve()); // not events.once, which listens for errors, too
  expect((await failed.promise).message).toContain("PING timed out");
  await ended.promise;
});
