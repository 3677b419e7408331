// Node's own HTTP client: name -> [library, expected reason, how to cause it].

import { PORTS, url } from "../ports.mjs";

export const fetches = {
  "fetch: refused": ["node", "NETWORK_ERROR", () => fetch(url("closed"))],
  "fetch: no such name": ["node", "NETWORK_ERROR", () => fetch("http://shop.invalid/")],
  "fetch: reset": ["node", "NETWORK_ERROR", () => fetch(url("http", "/reset"))],
  "fetch: hung up": ["node", "NETWORK_ERROR", () => fetch(url("http", "/close"))],
  "fetch: a body that was cut": [
    "node",
    "NETWORK_ERROR",
    async () => (await fetch(url("http", "/cut"))).text(),
  ],
  "fetch: another protocol": ["node", "NETWORK_ERROR", () => fetch(url("foreign"))],
  "fetch: self-signed": ["node", "NETWORK_ERROR", () => fetch(`https://127.0.0.1:${PORTS.https}/`)],
  "fetch: too slow": [
    "node",
    "TIMEOUT",
    () => fetch(url("http", "/hang"), { signal: AbortSignal.timeout(50) }),
  ],
  "fetch: aborted by its caller": [
    "node",
    "UNKNOWN_ERROR",
    () => fetch(url("http", "/hang"), { signal: AbortSignal.abort() }),
  ],
  "fetch: not a URL": ["node", "VALIDATION_FAILED", () => fetch("shop/orders")],
  "fetch: redirected in a circle": ["node", "WEBHOOK_FAILED", () => fetch(url("http", "/loop"))],
  "fetch: HTML instead of JSON": [
    "node",
    "VALIDATION_FAILED",
    async () => (await fetch(url("http", "/html"))).json(),
  ],
  "fetch: half a JSON": [
    "node",
    "VALIDATION_FAILED",
    async () => (await fetch(url("http", "/half-json"))).json(),
  ],
};
