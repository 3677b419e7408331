// More of the blind set, until a newer set was collected the held-out set: name -> [library, expected reason, how to cause it].

import Anthropic from "@anthropic-ai/sdk";
import { decode } from "@msgpack/msgpack";
import { Mutex, Semaphore, withTimeout } from "async-mutex";
import {
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  TimeoutStrategy,
  timeout,
} from "cockatiel";
import { Validator } from "jsonschema";
import memjs from "memjs";
import mysql from "mysql";
import needle from "needle";
import { ofetch } from "ofetch";
import * as runtypes from "runtypes";
import { parse as parseToml } from "smol-toml";
import xml2js from "xml2js";
import { host, PORTS, url } from "../ports.mjs";
import { all, limitOf, never } from "./all.mjs";

const byNeedle = (where) =>
  needle("get", where, {
    open_timeout: limitOf(where),
    response_timeout: limitOf(where),
    read_timeout: limitOf(where),
  });
const byOfetch = (where) => ofetch(where, { retry: 0, timeout: limitOf(where) });
const byAnthropic = (peer, path) =>
  new Anthropic({
    apiKey: "x",
    baseURL: url(peer, path),
    maxRetries: 0,
    timeout: limitOf(path),
  }).models.list();

const byMysql = (peer, user, sql = "SELECT 1", more = {}) =>
  new Promise((resolve, reject) => {
    const options = { host, port: PORTS[peer], user, password: "x", connectTimeout: 300, ...more };
    mysql.createConnection(options).query(sql, (error) => (error ? reject(error) : resolve()));
  });

const byMemjs = (peer) =>
  memjs.Client.create(`${host}:${PORTS[peer]}`, { timeout: 0.3, conntimeout: 0.3, retries: 0 }).get(
    "a",
  );

const schema = { type: "object", properties: { id: { type: "integer" } } };

export const blind2 = {
  ...all("needle", "needle", (path) => byNeedle(url("http", path)), {
    "/hang": "TIMEOUT",
    "/close": "NETWORK_ERROR",
    "/cut": "NETWORK_ERROR",
  }),
  "needle: refused": ["needle", "NETWORK_ERROR", () => byNeedle(url("closed"))],
  ...all("ofetch", "ofetch", (path) => byOfetch(url("http", path)), {
    "/status/403": "AUTHENTICATION_ERROR",
    "/status/422": "VALIDATION_FAILED",
    "/status/429": "RESOURCE_EXHAUSTED",
    "/status/502": "WEBHOOK_FAILED",
    "/hang": "TIMEOUT",
    "/close": "NETWORK_ERROR",
  }),
  "ofetch: refused": ["ofetch", "NETWORK_ERROR", () => byOfetch(url("closed"))],
  ...all("anthropic", "@anthropic-ai/sdk", (path) => byAnthropic("http", path), {
    "/status/401": "AUTHENTICATION_ERROR",
    "/status/429": "RESOURCE_EXHAUSTED",
    "/status/529": "RESOURCE_EXHAUSTED",
    "/hang": "TIMEOUT",
  }),
  "anthropic: refused": ["@anthropic-ai/sdk", "NETWORK_ERROR", () => byAnthropic("closed", "")],
  "mysql: refused": ["mysql", "NETWORK_ERROR", () => byMysql("closed", "app")],
  "mysql: a wrong password": ["mysql", "AUTHENTICATION_ERROR", () => byMysql("mysql", "fail_1045")],
  ...all("mysql", "mysql", (code) => byMysql("mysql", "app", `fail_${code}`), {
    1048: "VALIDATION_FAILED",
    1054: "EXECUTION_FAILED",
    1142: "AUTHENTICATION_ERROR",
    1205: "TIMEOUT",
    1213: "UNKNOWN_ERROR",
  }),
  "memjs: refused": ["memjs", "NETWORK_ERROR", () => byMemjs("closed")],
  "memjs: no answer": ["memjs", "TIMEOUT", () => byMemjs("silent")],
  "cockatiel: too slow": [
    "cockatiel",
    "TIMEOUT",
    () => timeout(50, TimeoutStrategy.Aggressive).execute(never),
  ],
  "cockatiel: full": [
    "cockatiel",
    "RESOURCE_EXHAUSTED",
    () => {
      const policy = bulkhead(1);
      return Promise.all([policy.execute(never), policy.execute(never)]);
    },
  ],
  "cockatiel: open": [
    "cockatiel",
    "UNKNOWN_ERROR",
    () => {
      const breaker = new ConsecutiveBreaker(1);
      const policy = circuitBreaker(handleAll, { halfOpenAfter: 60_000, breaker });
      policy.isolate();
      return policy.execute(never);
    },
  ],
  "async-mutex: too slow": [
    "async-mutex",
    "TIMEOUT",
    async () => {
      const mutex = withTimeout(new Mutex(), 50);
      await mutex.acquire();
      await mutex.acquire();
    },
  ],
  "async-mutex: cancelled": [
    "async-mutex",
    "UNKNOWN_ERROR",
    async () => {
      const semaphore = new Semaphore(1);
      await semaphore.acquire();
      const waiting = semaphore.acquire();
      semaphore.cancel();
      await waiting;
    },
  ],
  "runtypes: a wrong type": [
    ...["runtypes", "VALIDATION_FAILED"],
    () => runtypes.Object({ id: runtypes.Number }).check({ id: "x" }),
  ],
  "jsonschema: a wrong type": [
    ...["jsonschema", "VALIDATION_FAILED"],
    () => new Validator().validate({ id: "x" }, schema, { throwError: true }),
  ],
  "smol-toml: no value": ["smol-toml", "VALIDATION_FAILED", () => parseToml("id = ")],
  "msgpack: cut off": [
    "@msgpack/msgpack",
    "VALIDATION_FAILED",
    () => decode(new Uint8Array([0x93, 1])),
  ],
  "xml2js: an open tag": [
    ...["xml2js", "VALIDATION_FAILED", () => xml2js.parseStringPromise("<a><b></a>")],
  ],
};
