// Sends inputs to a real server and checks its answers.

import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { startTestRedis } from "../../support/redis.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { openSession, openStream } from "../calls.ts";
import { ServerProbe } from "../probe.ts";
import { cpuMs } from "../process-figures.ts";
import type { Input } from "./inputs.ts";

/** CPU that one input may cost the server. The wall clock would depend on the machine. */
export const MAX_CPU_MS = 500;
/** Growth of live memory over all inputs. */
export const MAX_GROWTH_MIB = 64;
/** Ends a call that hangs. Streams end by their own, shorter deadline. */
const ANSWER_DEADLINE_MS = 60_000;
const STREAM_MS = 50;

/** The text of an answer, and its status: a gRPC code by number, or a Connect code by name. */
interface Answer {
  readonly status: string;
  readonly text: string;
}

/** Codes of errors that are the server's own fault, in gRPC and Connect. */
const FAULTS: ReadonlySet<string> = new Set(["2", "13", "15", "unknown", "internal", "data_loss"]);
const NO_STATUS = "none";

/** What only the inside of a program says. */
const INTERNAL_TEXT =
  /\b(?:Range|Type|Syntax|Reference)Error\b|node:|node_modules|\.(?:ts|js|lua):\d|is not a function|Cannot (?:read|convert|mix)|Invalid count|Maximum call stack|WRONGTYPE|NOSCRIPT|user_script/;

export class FuzzTarget {
  readonly #server: TestServer;
  readonly #probe: ServerProbe;
  readonly #end: () => Promise<void>;
  #session: ReturnType<typeof openSession>;
  #logged = 0;
  #atFirstMiB = Number.NaN;

  private constructor(server: TestServer, probe: ServerProbe, end: () => Promise<void>) {
    this.#server = server;
    this.#probe = probe;
    this.#end = end;
    this.#session = openSession(server.grpcAddress);
  }

  static async start(): Promise<FuzzTarget> {
    const redis = await startTestRedis({ appendonly: false });
    const socket = `/tmp/dlq-fuzz-${randomUUID()}.sock`;
    const probe = new ServerProbe(socket);
    const args = ["--redis-timeout", "10s", "--max-queues", "1000"];
    const server = await startTestServer({ args, env: probe.env, redisUrl: redis.url });
    return new FuzzTarget(server, probe, async () => {
      await server.stop();
      await redis.stop();
      await rm(socket, { force: true });
    });
  }

  /** Throws an Error that says what is wrong with the answer. */
  async send(input: Input): Promise<void> {
    const before = cpuMs(this.#server.pid);
    const { status, text } = await (input.port === "grpc" ? this.#grpc(input) : this.#http(input));
    const costMs = cpuMs(this.#server.pid) - before;
    const problems = [
      ...(FAULTS.has(status) ? [`the status is ${status}`] : []),
      ...(status === NO_STATUS ? ["the answer has no status"] : []),
      ...(INTERNAL_TEXT.test(text) ? ["the answer has an internal message"] : []),
      ...(costMs > MAX_CPU_MS ? [`it cost ${costMs.toFixed(0)} ms of CPU`] : []),
      ...this.#newErrors(),
    ];
    if (problems.length > 0) throw new Error(`${problems.join("; ")}: ${text.slice(0, 1_000)}`);
  }

  /** Throws an Error if the memory has grown too much since the first call. */
  async checkMemory(): Promise<void> {
    const liveMiB = await this.#probe.liveMiB();
    if (Number.isNaN(this.#atFirstMiB)) this.#atFirstMiB = liveMiB;
    const grown = liveMiB - this.#atFirstMiB;
    if (grown > MAX_GROWTH_MIB) throw new Error(`live memory grew by ${grown.toFixed(0)} MiB`);
  }

  /** Rejects if the server has ended or does not stop normally. */
  async stop(): Promise<void> {
    this.#session.destroy();
    await this.#end();
  }

  /** Unexpected errors that the server has logged since the last input. */
  #newErrors(): string[] {
    const lines = this.#server.logs.slice(this.#logged);
    this.#logged += lines.length;
    return lines
      .filter(({ level }) => level === "error" || level === "fatal" || Number(level) >= 50)
      .map((line) => `the server logged ${JSON.stringify(line)}`);
  }

  #grpc({ path, type, body }: Input): Promise<Answer> {
    if (this.#session.closed || this.#session.destroyed) {
      this.#session = openSession(this.#server.grpcAddress);
    }
    const headers = {
      "content-type": type,
      ...(isStream(path) && { "grpc-timeout": `${STREAM_MS}m` }),
    };
    const stream = openStream(this.#session, path, headers);
    const parts: string[] = [];
    let status = NO_STATUS;
    const onHeaders = (received: Record<string, unknown>) => {
      if (received["grpc-status"] === undefined) return;
      status = String(received["grpc-status"]);
      parts.push(decodeURIComponent(String(received["grpc-message"] ?? "")));
      // Those of the gRPC project have no details.
      const isOwn = status !== "0" && path.startsWith("/dlq.");
      if (isOwn && received["grpc-status-details-bin"] === undefined) {
        status = NO_STATUS;
        parts.push("(no details)");
      }
    };
    stream.on("response", onHeaders);
    stream.on("trailers", onHeaders);
    stream.on("data", () => {});
    stream.end(body);
    return new Promise((resolve) => {
      const timer = setTimeout(() => stream.close(), ANSWER_DEADLINE_MS);
      stream.once("close", () => {
        clearTimeout(timer);
        resolve({ status, text: parts.join(" ") });
      });
    });
  }

  async #http({ path, type, body }: Input): Promise<Answer> {
    const timeouts = { "connect-timeout-ms": `${STREAM_MS}`, "grpc-timeout": `${STREAM_MS}m` };
    const response = await fetch(`http://${this.#server.httpAddress}${path}`, {
      method: "POST",
      headers: { "content-type": type, ...(isStream(path) && timeouts) },
      body: new Uint8Array(body),
      signal: AbortSignal.timeout(ANSWER_DEADLINE_MS),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    const answer = bytes.toString("latin1");
    const text = response.ok && !isStream(path) && !type.includes("web") ? "" : decoded(answer);
    if (type.includes("grpc-web")) {
      const header = response.headers.get("grpc-status");
      const status = /grpc-status: ?(\d+)/.exec(answer)?.[1] ?? header ?? NO_STATUS;
      return { status, text: status === "0" ? "" : text };
    }
    const error = /"code":"(\w+)"/.exec(answer)?.[1];
    if (error === undefined) return { status: response.ok ? "0" : NO_STATUS, text: "" };
    return { status: error, text };
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isStream(path: string): boolean {
  return /StreamDue|Watch|ServerReflection/.test(path);
}
