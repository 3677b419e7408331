// The Go client as its users get it: what its tools say of it, its own tests, and the README's quickstart
// in an empty folder.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fence, readDocument } from "../docs/markdown.ts";
import { findGo, goEnvironment } from "../support/go.ts";
import { findRedisServer } from "../support/redis.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const MODULE = resolve(import.meta.dirname, "../../clients/go");
/** OpenTelemetry, for those who have it. */
const OTEL = join(MODULE, "dlqotel");
const STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2";
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const DEADLINE_MS = 600_000;

/** Never rejects. */
function go(args: readonly string[], cwd = MODULE, more: NodeJS.ProcessEnv = {}) {
  const env = { ...goEnvironment(), ...more };
  const options = { cwd, env, timeout: DEADLINE_MS, maxBuffer: 64 * 2 ** 20 };
  return new Promise<{ code: unknown; output: string }>((done) => {
    execFile(findGo(), args, options, (error, out, err) => {
      done({ code: error === null ? 0 : (error.code ?? error.signal), output: `${out}${err}` });
    });
  });
}

describe("the Go client", { timeout: DEADLINE_MS }, () => {
  it("is formatted, and neither go vet nor staticcheck has anything to say", async () => {
    expect(await go(["run", "cmd/gofmt", "-l", "."])).toEqual({ code: 0, output: "" });
    for (const module of [MODULE, OTEL]) {
      for (const check of [["vet"], ["run", STATICCHECK]]) {
        const { code, output } = await go([...check, "./..."], module);
        expect(code, output).toBe(0);
      }
    }
  });

  it("passes its own tests, under the race detector", async () => {
    const { code, output } = await go(["test", "-race", "./..."], MODULE, {
      DLQ_SERVER_COMMAND: `${process.execPath} ${MAIN}`,
      DLQ_REDIS_SERVER: findRedisServer(),
    });
    expect(code, output).toBe(0);
    const otel = await go(["test", "-race", "./..."], OTEL);
    expect(otel.code, otel.output).toBe(0);
  });

  it("asks for no newer versions than its stubs were made for", () => {
    const mod = readFileSync(join(MODULE, "go.mod"), "utf8");
    const made = /protoc-gen-go (v[\d.]+)/.exec(
      readFileSync(join(MODULE, "dlqv1/state.pb.go"), "utf8"),
    );
    expect(mod).toContain(`google.golang.org/protobuf ${made?.[1]}`);
  });
});

describe("the README's quickstart in an empty folder", { timeout: DEADLINE_MS }, () => {
  const readme = readDocument("clients/go/README.md");
  const folder = mkdtempSync(join(tmpdir(), "dlq-go-"));
  let server: TestServer;
  let worker: ChildProcess | undefined;

  beforeAll(async () => {
    server = await startTestServer();
    for (const name of ["producer", "worker"]) {
      mkdirSync(join(folder, name));
      const program = fence(readme, `go ${name}`).replace("localhost:50051", server.grpcAddress);
      writeFileSync(join(folder, name, "main.go"), program);
    }
    const install = fence(readme, "sh install").replace("path/to/dlq-service/clients/go", MODULE);
    const steps = [
      ["mod", "init", "shop.example/orders"],
      ...install
        .trimEnd()
        .split("\n")
        .map((line) => line.split(" ").slice(1)),
      ["build", "-o", `${folder}/bin/`, "./..."],
    ];
    for (const step of steps) {
      const { code, output } = await go(step, folder);
      expect(code, `go ${step.join(" ")}\n${output}`).toBe(0);
    }
  }, DEADLINE_MS);

  afterAll(async () => {
    worker?.kill("SIGKILL");
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("sends, and works on it", async () => {
    const env = { ...process.env, DLQ_SPOOL_DIR: join(folder, "spool") };
    const producer = spawn(join(folder, "bin/producer"), {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [sent] = await Promise.all([text(producer.stdout), once(producer, "exit")]);
    expect(sent).toMatch(/^sent [0-9a-f-]{36} <nil>\n$/);
    const running = spawn(join(folder, "bin/worker"), {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    worker = running;
    const [line] = await once(createInterface({ input: running.stdout }), "line");
    expect(line).toBe('attempt 1 {"id":"order-42","amount":100}');
    const exited = once(running, "exit");
    running.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
  });
});
