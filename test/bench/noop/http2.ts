import { once } from "node:events";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { decodeRequest, encodeReply, reply } from "./reply.ts";

/** Flag and length before each gRPC message. */
const PREFIX_BYTES = 5;

export async function startHttp2(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  server.on("stream", answer);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function answer(stream: ServerHttp2Stream): void {
  const chunks: Buffer[] = [];
  stream.on("error", () => {}); // the caller closed the connection
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    const request = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    decodeRequest(request.subarray(PREFIX_BYTES));
    const message = encodeReply(reply());
    const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
    frame[0] = 0;
    frame.writeUInt32BE(message.length, 1);
    frame.set(message, PREFIX_BYTES);
    stream.respond(
      { ":status": 200, "content-type": "application/grpc+proto" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(frame);
  });
}
