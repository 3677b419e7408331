// Errors of Node itself: name -> [library, expected reason, how to cause it].

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createDecipheriv } from "node:crypto";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { gunzipSync } from "node:zlib";
import { PORTS, url } from "../ports.mjs";

const HOST = "127.0.0.1";
const run = promisify(execFile);
const failed = (emitter) => once(emitter, "error").then(([error]) => Promise.reject(error));

const crash = () => undefined.total;
const overflow = () => overflow() + 1;

export const node = {
  "fs: a missing file": ["node", "EXECUTION_FAILED", () => readFile("/app/missing.json")],
  "fs: a folder instead of a file": ["node", "EXECUTION_FAILED", () => readFile("/")],
  "fs: a full disk": ["node", "RESOURCE_EXHAUSTED", () => writeFile("/dev/full", "x")],
  "fs: a folder that cannot be": ["node", "EXECUTION_FAILED", () => mkdir("/proc/golden")],
  "net: refused": ["node", "NETWORK_ERROR", () => failed(connect(PORTS.closed, HOST))],
  "net: reset": [
    "node",
    "NETWORK_ERROR",
    () => {
      const socket = connect(PORTS.resets, HOST);
      socket.write("hello");
      return failed(socket);
    },
  ],
  "net: write after end": [
    "node",
    "EXECUTION_FAILED",
    () => {
      const socket = connect(PORTS.silent, HOST);
      socket.end();
      socket.write("late");
      return failed(socket);
    },
  ],
  "dns: no such name": ["node", "NETWORK_ERROR", () => lookup("shop.invalid")],
  "tls: the peer speaks no TLS": [
    "node",
    "NETWORK_ERROR",
    () => failed(connectTls(PORTS.foreign, HOST)),
  ],
  "tls: self-signed": ["node", "NETWORK_ERROR", () => failed(connectTls(PORTS.https, HOST))],
  "tls: hung up during the handshake": [
    "node",
    "NETWORK_ERROR",
    () => failed(connectTls(PORTS.hangsUp, HOST)),
  ],
  "http: refused": ["node", "NETWORK_ERROR", () => failed(get(url("closed")))],
  "http: hung up": ["node", "NETWORK_ERROR", () => failed(get(url("http", "/close")))],
  "http: another protocol": ["node", "NETWORK_ERROR", () => failed(get(url("foreign")))],
  "http2: refused": ["node", "NETWORK_ERROR", () => failed(connectHttp2(url("closed")))],
  "http2: another protocol": ["node", "NETWORK_ERROR", () => failed(connectHttp2(url("foreign")))],
  "child: no such program": ["node", "EXECUTION_FAILED", () => run("no-such-program")],
  "child: exit code 3": ["node", "EXECUTION_FAILED", () => run("sh", ["-c", "exit 3"])],
  "timers: aborted by its caller": [
    "node",
    "UNKNOWN_ERROR",
    () => delay(1000, undefined, { signal: AbortSignal.abort() }),
  ],
  "worker: out of memory": [
    "node",
    "RESOURCE_EXHAUSTED",
    () => {
      const code = "const a = []; for (;;) a.push(new Array(1000).fill(Math.random()));";
      return failed(
        new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 8 } }),
      );
    },
  ],
  "assert: not equal": ["node", "EXECUTION_FAILED", () => assert.equal(1, 2)],
  "crypto: a wrong tag": [
    "node",
    "UNKNOWN_ERROR",
    () => {
      const key = Buffer.alloc(32);
      const decipher = createDecipheriv("aes-256-gcm", key, Buffer.alloc(12));
      decipher.setAuthTag(Buffer.alloc(16));
      decipher.update("00", "hex");
      decipher.final();
    },
  ],
  "zlib: not gzip": ["node", "VALIDATION_FAILED", () => gunzipSync(Buffer.from("plain"))],
  "text: not UTF-8": [
    "node",
    "VALIDATION_FAILED",
    () => new TextDecoder("utf-8", { fatal: true }).decode(new Uint8Array([0xff])),
  ],
  "code: a property of undefined": ["node", "EXECUTION_FAILED", () => crash()],
  "code: not a function": ["node", "EXECUTION_FAILED", () => ({}).missing()],
  "code: not defined": ["node", "EXECUTION_FAILED", () => missing],
  "code: endless recursion": ["node", "EXECUTION_FAILED", () => overflow()],
  "code: a circle in JSON": [
    "node",
    "EXECUTION_FAILED",
    () => {
      const circle = {};
      circle.self = circle;
      JSON.stringify(circle);
    },
  ],
  "code: a constant": ["node", "EXECUTION_FAILED", () => Object.freeze([]).push(1)],
  "code: a module that is missing": [
    "node",
    "EXECUTION_FAILED",
    () => import("no-such-module-golden"),
  ],
  "code: a closed file": [
    "node",
    "EXECUTION_FAILED",
    async () => {
      const file = await open("/dev/null");
      await file.close();
      await file.read();
    },
  ],
  "code: something was thrown": [
    "node",
    "UNKNOWN_ERROR",
    () => {
      throw new Error("order 17 could not be processed");
    },
  ],
};
