import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { reply } from "./reply.ts";

export async function startConnect(): Promise<number> {
  const handler = connectNodeAdapter({
    routes: (router) => router.rpc(DlqService.method.sendToDlq, reply),
  });
  const server = createServer(handler).listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
