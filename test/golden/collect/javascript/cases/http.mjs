// Packages with HTTP clients: name -> [library, expected reason, how to cause it].

import axios from "axios";
import got from "got";
import ky from "ky";
import superagent from "superagent";
import { Agent, request, fetch as undiciFetch } from "undici";
import { url } from "../ports.mjs";

const status = (code) => url("http", `/status/${code}`);
const readBody = async (response) => (await response).body.text();

export const http = {
  "undici: headers too late": [
    "undici",
    "TIMEOUT",
    () => request(url("http", "/hang"), { headersTimeout: 50 }),
  ],
  "undici: a body too late": [
    "undici",
    "TIMEOUT",
    () => readBody(request(url("http", "/slow-body"), { bodyTimeout: 50 })),
  ],
  "undici: connecting too slow": [
    "undici",
    "TIMEOUT",
    () => request(url("stalled"), { dispatcher: new Agent({ connect: { timeout: 100 } }) }),
  ],
  "undici: other side closed": ["undici", "NETWORK_ERROR", () => request(url("http", "/close"))],
  "undici fetch: headers too late": [
    "undici",
    "TIMEOUT",
    () => undiciFetch(url("http", "/hang"), { dispatcher: new Agent({ headersTimeout: 50 }) }),
  ],
  "axios: refused": ["axios", "NETWORK_ERROR", () => axios.get(url("closed"))],
  "axios: hung up": ["axios", "NETWORK_ERROR", () => axios.get(url("http", "/close"))],
  "axios: too slow": ["axios", "TIMEOUT", () => axios.get(url("http", "/hang"), { timeout: 50 })],
  "axios: a body that was cut": ["axios", "NETWORK_ERROR", () => axios.get(url("http", "/cut"))],
  "axios: redirected in a circle": [
    "axios",
    "WEBHOOK_FAILED",
    () => axios.get(url("http", "/loop")),
  ],
  "axios: a response too large": [
    "axios",
    "UNKNOWN_ERROR",
    () => axios.get(url("http", "/html"), { maxContentLength: 5 }),
  ],
  "axios: 400": ["axios", "VALIDATION_FAILED", () => axios.get(status(400))],
  "axios: 401": ["axios", "AUTHENTICATION_ERROR", () => axios.get(status(401))],
  "axios: 404": ["axios", "WEBHOOK_FAILED", () => axios.get(status(404))],
  "axios: 429": ["axios", "RESOURCE_EXHAUSTED", () => axios.get(status(429))],
  "axios: 503": ["axios", "WEBHOOK_FAILED", () => axios.get(status(503))],
  "ky: refused": ["ky", "NETWORK_ERROR", () => ky(url("closed"), { retry: 0 })],
  "ky: too slow": ["ky", "TIMEOUT", () => ky(url("http", "/hang"), { retry: 0, timeout: 50 })],
  "ky: 503": ["ky", "WEBHOOK_FAILED", () => ky(status(503), { retry: 0 })],
  "superagent: refused": ["superagent", "NETWORK_ERROR", () => superagent.get(url("closed"))],
  "superagent: too slow": [
    "superagent",
    "TIMEOUT",
    () => superagent.get(url("http", "/hang")).timeout(50),
  ],
  "superagent: 422": ["superagent", "VALIDATION_FAILED", () => superagent.get(status(422))],
  "superagent: half a JSON": [
    "superagent",
    "VALIDATION_FAILED",
    () => superagent.get(url("http", "/half-json")),
  ],
  "got: refused": ["got", "NETWORK_ERROR", () => got(url("closed"), { retry: { limit: 0 } })],
  "got: too slow": [
    "got",
    "TIMEOUT",
    () => got(url("http", "/hang"), { retry: { limit: 0 }, timeout: { request: 50 } }),
  ],
  "got: 403": ["got", "AUTHENTICATION_ERROR", () => got(status(403), { retry: { limit: 0 } })],
  "got: 500": ["got", "WEBHOOK_FAILED", () => got(status(500), { retry: { limit: 0 } })],
  "got: 504": ["got", "TIMEOUT", () => got(status(504), { retry: { limit: 0 } })],
  "got: HTML instead of JSON": ["got", "VALIDATION_FAILED", () => got(url("http", "/html")).json()],
  "got: not gzip": [
    "got",
    "UNKNOWN_ERROR",
    () => got(url("http", "/not-gzip"), { retry: { limit: 0 } }),
  ],
  "got: redirected in a circle": ["got", "WEBHOOK_FAILED", () => got(url("http", "/loop"))],
};
