// Connections of the TypeScript client that die without a word.

import { once } from "node:events";
import { createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { createSessionManager } from "../../../clients/typescript/src/session-manager.ts";
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

it("end their calls, and not the process, also when they are left at that moment", async () => {
  const pings = { pingIntervalMs: 50, pingTimeoutMs: 50 };
  const manager = createSessionManager(`http://${link.address}`, pings);
  onTestFinished(() => manager.close());
  const stream = await manager.request("GET", "/", {}, {});
  const { session } = stream;
  if (session === undefined) throw new Error("a stream without a connection");
  await once(stream, "data");
  link.set({ blackhole: true });

  // The call hears of it first, and its caller leaves the connection; then the connection says it.
  const told = Promise.withResolvers<Error>();
  stream.on("error", (error) => {
    manager.close();
    told.resolve(error);
  });
  const ended = Promise.withResolvers<void>();
  session.once("close", () => ended.resolve()); // not `once`: it would listen for errors, too
  expect((await told.promise).message).toContain("PING timed out");
  await ended.promise;
});
