// Attacks on the HTTP port: Connect with JSON and protobuf, pages, and HTTP/1.1.

import { gzipSync } from "node:zlib";
import type { Attack } from "../attack.ts";
import {
  ACK,
  BATCH,
  check,
  endlessly,
  inParallel,
  post,
  SEND,
  STATS,
  STREAM,
  UPDATE_QUEUE,
} from "../calls.ts";
import { Peer } from "../wire.ts";

const MIB = 1024 * 1024;
const LARGE = 4 * MIB - 64;

interface Wrong {
  readonly path: string;
  readonly body: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
}

/** Checks that each request gets a status of 4xx or 5xx or a closed connection. */
function refused(wrongs: () => readonly Wrong[], parallel: number): Attack["run"] {
  return ({ target, over, count }) =>
    inParallel(endlessly(wrongs()), parallel, over, async ({ path, body, headers, method }) => {
      const status = await post(target.http, path, body, headers, method);
      if (over.aborted) return;
      check(status === 0 || status >= 400, `${path} ${JSON.stringify(headers)}: ${status}`);
      count("requests");
    });
}

const PROTO = { "content-type": "application/proto" };
const CONNECT_STREAM = { "content-type": "application/connect+json" };
const GZIP = { "content-encoding": "gzip" };

const MALFORMED: readonly Wrong[] = [
  { path: SEND, body: "{" },
  { path: SEND, body: "" },
  { path: SEND, body: "null" },
  { path: SEND, body: '{"queue":1e999}' },
  { path: SEND, body: Buffer.from([0x7b, 0x22, 0xc3, 0x28, 0x22, 0x3a, 0x31, 0x7d]) },
  { path: SEND, body: '{"queue":"\\ud800"}' },
  { path: SEND, body: '{"__proto__":{"queue":"q"},"constructor":1}' },
  { path: SEND, body: Buffer.from([0xff, 0xff]), headers: PROTO },
  { path: SEND, body: "{}", headers: { "content-type": "text/html" } },
  { path: SEND, body: "{}", headers: { "content-type": "application/json; charset=utf-16" } },
  { path: SEND, body: "{}", headers: { "content-encoding": "br" } },
  { path: SEND, body: "no gzip", headers: GZIP },
  { path: SEND, body: "{}", method: "PUT" },
  { path: SEND, body: "{}", method: "DELETE" },
  { path: "/metrics", body: "" },
  { path: "/../../etc/passwd", body: "" },
  { path: "/__proto__", body: "" },
];

/** The answer to these is 200, with the error in the last envelope of the body. */
const MALFORMED_STREAMS: readonly Buffer[] = [
  Buffer.from([0, 0, 0, 0]),
  Buffer.from([0, 0xff, 0xff, 0xff, 0xff]),
  Buffer.from([0xff, 0, 0, 0, 1, 0x7b]),
  Buffer.from([1, 0, 0, 0, 2, 0x7b, 0x7d]),
];

function nested(open: string, close: string): string {
  const depth = Math.floor(LARGE / (open.length + close.length + 1));
  return `{"queues":${open.repeat(depth)}1${close.repeat(depth)}}`;
}

function repeated(begin: string, item: string, end: string): string {
  return `${begin}${`${item},`.repeat(Math.floor(LARGE / (item.length + 1)) - 50)}${item}${end}`;
}

function distinctKeys(begin: string, end: string): string {
  const keys = Array.from({ length: 300_000 }, (_, index) => `"k${index}":""`);
  return `${begin}${keys.join(",")}${end}`;
}

const crowdedJson = (): Wrong[] => [
  { path: STATS, body: nested("[", "]") },
  { path: STATS, body: nested('{"queues":', "}") },
  { path: ACK, body: repeated('{"outcomes":[', "{}", "]}") },
  { path: BATCH, body: repeated('{"requests":[', "{}", "]}") },
  { path: STATS, body: repeated('{"queues":[', '""', "]}") },
  { path: SEND, body: repeated('{"unknown":[', "[]", "]}") },
  { path: SEND, body: distinctKeys("{", "}") },
  { path: SEND, body: distinctKeys('{"attributes":{', "}}") },
  { path: SEND, body: `{"queue":${"9".repeat(LARGE)}}` },
  { path: SEND, body: `{"sendNumber":{"number":"${"9".repeat(LARGE)}"}}` },
  { path: SEND, body: `{"ttl":"${"9".repeat(LARGE)}s"}` },
  { path: UPDATE_QUEUE, body: `{"updateMask":"${",".repeat(LARGE)}"}` },
];

const crowdedProto = (): Wrong[] =>
  (
    [
      [STATS, [0x78, 1]],
      [ACK, [0x12, 0]],
      [BATCH, [0x0a, 0]],
    ] as const
  ).map(([path, bytes]) => ({
    path,
    body: Buffer.alloc(LARGE, Buffer.from(bytes)),
    headers: PROTO,
  }));

function bomb(body: Uint8Array | string, headers = {}): Wrong {
  return { path: SEND, body: gzipSync(body), headers: { ...headers, ...GZIP } };
}

const bombs = (): Wrong[] => [
  bomb(Buffer.alloc(128 * MIB)),
  bomb(Buffer.alloc(LARGE), PROTO),
  ...[...crowdedJson(), ...crowdedProto()].map(({ path, body, headers }) => ({
    ...bomb(body, headers),
    path,
  })),
];

export const HTTP_ATTACKS: readonly Attack[] = [
  {
    name: "http-malformed",
    what: "wrong JSON, types, encodings, methods, paths, envelopes",
    memoryMiB: 0,
    why: "refused requests are not stored",
    atLeast: { requests: MALFORMED.length, envelopes: MALFORMED_STREAMS.length },
    async run(run) {
      const { target, over, count } = run;
      const streams = inParallel(endlessly(MALFORMED_STREAMS), 4, over, async (body) => {
        const status = await post(target.http, STREAM, body, CONNECT_STREAM);
        check(status === 200 || status >= 400, `an envelope: ${status}`);
        count("envelopes");
      });
      await Promise.all([refused(() => MALFORMED, 28)(run), streams]);
    },
  },
  {
    name: "http-crowded",
    what: "4 MiB of nested arrays, of empty objects, of keys, of digits, of two-byte fields",
    memoryMiB: 4 * 12,
    why: "4 requests at a time, each in memory as pieces, joined, and as text",
    atLeast: { requests: 15 },
    run: refused(() => [...crowdedJson(), ...crowdedProto()], 4),
  },
  {
    name: "http-gzip-bomb",
    what: "128 MiB and 4 MiB, compressed to a thousandth, 64 at a time",
    memoryMiB: 48,
    why: "inflated to 4 MiB at most, a few at a time, and decoded one by one",
    atLeast: { requests: 14 },
    run: refused(bombs, 64),
  },
  {
    name: "http-headers",
    what: "100,000 headers, one of 10 MiB, endless chunk extensions, lines that never end",
    memoryMiB: 0,
    why: "16 KiB of headers a connection",
    atLeast: { connections: 5 },
    async run({ target, over, count }) {
      const begin = `POST ${STATS} HTTP/1.1\r\nHost: localhost\r\n`;
      const many = `${begin}${Array.from({ length: 100_000 }, (_, i) => `h${i}: x\r\n`).join("")}\r\n`;
      const huge = `${begin}h: ${"x".repeat(10 * MIB)}\r\n\r\n`;
      const chunk = `${begin}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(10 * MIB)}\r\n`;
      const both = `${begin}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`;
      const line = "G".repeat(10 * MIB);
      const all = [many, huge, chunk, both, line].map((one) => Buffer.from(one));
      await inParallel(endlessly(all), 8, over, async (bytes) => {
        const peer = new Peer(target.http);
        await peer.write(bytes);
        await Promise.race([peer.closed, aborted(over)]);
        peer.destroy();
        count("connections");
      });
    },
  },
  {
    name: "http-pipelining",
    what: "endless requests for /metrics, with unread answers",
    memoryMiB: 64 * 0.128,
    why: "16 requests of each connection, 8 KiB each",
    atLeast: { connections: 64 },
    holds: true,
    async run({ target, count, hold }) {
      const gets = Buffer.from("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000));
      const peers = Array.from({ length: 64 }, () => new Peer(target.http));
      for (const peer of peers) {
        peer.socket.pause();
        peer.socket.write(gets);
        count("connections");
      }
      await hold();
      for (const peer of peers) peer.destroy();
    },
  },
];

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
