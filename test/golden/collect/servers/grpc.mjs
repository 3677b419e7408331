// A gRPC server with a path for each status: /golden.Fail/14 ends with code 14. /golden.Fail/hang does not answer,
// /golden.Fail/http503 answers like a proxy, /golden.Fail/cut ends the stream without a status. Other methods fail with the
// code that their request contains as `fail_14`.

import { createServer } from "node:http2";
import { listen } from "./tcp.mjs";

/** Code -> a typical message, from a framework or a handler. */
const MESSAGES = {
  1: "request cancelled",
  2: "unexpected failure",
  3: "order_id must not be empty",
  5: "order 17 not found",
  6: "order 17 already exists",
  7: "caller may not read orders",
  8: "quota of 100 requests a minute is used up",
  9: "order 17 is not open",
  10: "transaction was aborted, try again",
  11: "page 99 is past the end",
  12: "method not implemented",
  13: "internal error",
  14: "server is shutting down",
  15: "block 4 is corrupt",
  16: "token expired",
};

export function grpc() {
  const server = createServer();
  server.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    stream.resume();
    const path = headers[":path"];
    if (path.startsWith("/golden.")) answer(stream, path.split("/").at(-1));
    else stream.once("data", (data) => answer(stream, /fail_(\d+)/.exec(data)?.[1] ?? "hang"));
  });
  return listen(server);
}

function answer(stream, what) {
  if (what === "hang") return;
  if (what.startsWith("http")) {
    stream.respond({ ":status": Number(what.slice(4)), "content-type": "text/html" });
    stream.end("<html>");
    return;
  }
  const ok = { ":status": 200, "content-type": "application/grpc" };
  if (what === "cut") {
    stream.respond(ok);
    stream.close(8);
    return;
  }
  const status = { "grpc-status": what, "grpc-message": MESSAGES[what] ?? "" };
  stream.respond({ ...ok, ...status }, { endStream: true });
}
