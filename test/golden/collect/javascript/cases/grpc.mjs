// gRPC: name -> [library, expected reason, how to cause it].

import { Client, credentials } from "@grpc/grpc-js";
import { PORTS } from "../ports.mjs";
import { all } from "./all.mjs";

const GRPC = "@grpc/grpc-js";

const bytes = (value) => value;

/** @param {string | number} what path on the gRPC peer: a status or another failure */
function byGrpc(what, { port = PORTS.grpc, deadlineMs = 5000 } = {}) {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { promise, resolve, reject } = Promise.withResolvers();
  const options = { deadline: Date.now() + deadlineMs };
  client.makeUnaryRequest(
    `/golden.Fail/${what}`,
    bytes,
    bytes,
    Buffer.alloc(0),
    options,
    (error) => (error ? reject(error) : resolve()),
  );
  return promise;
}

export const grpc = {
  ...all("grpc-js", GRPC, byGrpc, {
    2: "UNKNOWN_ERROR",
    3: "VALIDATION_FAILED",
    7: "AUTHENTICATION_ERROR",
    8: "RESOURCE_EXHAUSTED",
    10: "UNKNOWN_ERROR",
    12: "EXECUTION_FAILED",
    13: "EXECUTION_FAILED",
    14: "NETWORK_ERROR",
    16: "AUTHENTICATION_ERROR",
  }),
  "grpc-js: refused": [GRPC, "NETWORK_ERROR", () => byGrpc(0, { port: PORTS.closed })],
  "grpc-js: too slow": [GRPC, "TIMEOUT", () => byGrpc("hang", { deadlineMs: 100 })],
};
