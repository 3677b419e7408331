// An HTTP server whose path chooses the failure.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { listen } from "./tcp.mjs";

/** @type {Record<string, (res: import("node:http").ServerResponse, rest: string) => void>} */
const ROUTES = {
  /** /status/503 */
  status: (res, status) => {
    const headers = { "content-type": "application/json" };
    if (status === "401") headers["www-authenticate"] = 'Bearer realm="shop"';
    if (status === "429") headers["retry-after"] = "30";
    res.writeHead(Number(status), headers).end('{"error":"refused"}');
  },
  /** Reads the request and never answers. */
  hang: () => {},
  "slow-body": (res) => {
    res.writeHead(200, { "content-length": "100" }).write("ten bytes.");
  },
  /** Sends a tenth of the declared length and closes the connection. */
  cut: (res) => {
    res.writeHead(200, { "content-length": "100" }).write("ten bytes.", () => {
      res.socket.destroySoon();
    });
  },
  reset: (res) => res.socket.resetAndDestroy(),
  close: (res) => res.socket.destroy(),
  html: (res) => json(res, "<html><body>Welcome</body></html>"),
  "half-json": (res) => json(res, '{"id": 5, "name": '),
  "wrong-json": (res) => json(res, '{"id": "five"}'),
  loop: (res) => res.writeHead(302, { location: "/loop" }).end(),
  /** Declares gzip, but sends plain text. */
  "not-gzip": (res) => res.writeHead(200, { "content-encoding": "gzip" }).end("plain words"),
};

const json = (res, body) => res.writeHead(200, { "content-type": "application/json" }).end(body);

function answer(req, res) {
  const [, route, rest] = req.url.split("/");
  req.resume();
  ROUTES[route](res, rest);
}

export const http = () => listen(createServer(answer));

/** Has a self-signed certificate. */
export function https() {
  const tls = new URL("../../../rpc/tls/", import.meta.url);
  const read = (name) => readFileSync(new URL(name, tls));
  const options = { key: read("test-only.key"), cert: read("test-only.crt") };
  return listen(createTlsServer(options, answer).on("tlsClientError", () => {}));
}
