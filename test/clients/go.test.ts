// The Go client: static checks, its own tests, and its modules installed in an empty folder.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageState } from "../../gen/dlq/v1/state_pb.ts";
import { codesOf, fence, readDocument } from "../docs/markdown.ts";
import { findGo, goEnvironment } from "../support/go.ts";
import { connectTo } from "../support/grpc.ts";
import { findRedisServer } from "../support/redis.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const MODULE = resolve(import.meta.dirname, "../../clients/go");
/** The module for OpenTelemetry. */
const OTEL = join(MODULE, "dlqotel");
/** The program that packs the modules. */
const RELEASE = join(MODULE, "release");
/** The programs of other tests with the Go client. */
const AGENT = resolve(import.meta.dirname, "../contract/agents/go");
const STATICCHECK = "honnef.co/go/tools/cmd/staticcheck@v0.8.2";
const MAIN = resolve(import.meta.dirname, "../../src/main.ts");
const DEADLINE_MS = 600_000;

/** Never rejects. */
function go(args: readonly string[], cwd = MODULE, extraEnv: NodeJS.ProcessEnv = {}) {
  const env = { ...goEnvironment(), ...extraEnv };
  const options = { cwd, env, timeout: DEADLINE_MS, maxBuffer: 64 * 2 ** 20 };
  return new Promise<{ code: unknown; output: string }>((done) => {
    execFile(findGo(), args, options, (error, out, err) => {
      done({ code: error === null ? 0 : (error.code ?? error.signal), output: `${out}${err}` });
    });
  });
}

describe("the Go client", { timeout: DEADLINE_MS }, () => {
  it("is formatted, and passes go vet and staticcheck", async () => {
    expect(await go(["run", "cmd/gofmt", "-l", ".", AGENT])).toEqual({ code: 0, output: "" });
    for (const module of [MODULE, OTEL, RELEASE, AGENT]) {
      for (const check of [["vet"], ["run", STATICCHECK]]) {
        const { code, output } = await go([...check, "./..."], module);
        expect(code, output).toBe(0);
      }
    }
  });

  it("passes its own tests with the race detector", async () => {
    const { code, output } = await go(["test", "-race", "./..."], MODULE, {
      DLQ_SERVER_COMMAND: `${process.execPath} ${MAIN}`,
      DLQ_REDIS_SERVER: findRedisServer(),
    });
    expect(code, output).toBe(0);
    const otel = await go(["test", "-race", "./..."], OTEL);
    expect(otel.code, otel.output).toBe(0);
  });

  it("has each option in the list of its README", () => {
    const sources = ["options.go", "send_options.go", "worker_options.go"].map((name) =>
      readFileSync(join(MODULE, name), "utf8"),
    );
    const options = sources.flatMap((source) =>
      [...source.matchAll(/^func (With\w+)\(/gm)].map(([, name]) => name ?? ""),
    );
    const fields = [...(sources[0] ?? "").matchAll(/^\t(Max\w+|Folder|Sync) /gm)].map(
      ([, name]) => name ?? "",
    );
    expect(options.length).toBeGreaterThan(30);
    expect(fields.length).toBe(9);
    const [, list = ""] = readFileSync(join(MODULE, "README.md"), "utf8").split("\n## Options\n");
    const listed = codesOf(list.split("\n## ")[0] ?? "");
    expect([...options, ...fields].filter((name) => !listed.includes(name))).toEqual([]);
  });

  it("requires the protobuf version of its generated stubs", () => {
    const mod = readFileSync(join(MODULE, "go.mod"), "utf8");
    const generator = /protoc-gen-go (v[\d.]+)/.exec(
      readFileSync(join(MODULE, "dlqv1/state.pb.go"), "utf8"),
    );
    expect(mod).toContain(`google.golang.org/protobuf ${generator?.[1]}`);
  });
});

describe("the modules, installed in an empty folder from a module proxy", {
  timeout: DEADLINE_MS,
}, () => {
  const readme = readDocument("clients/go/README.md");
  const folder = mkdtempSync(join(tmpdir(), "dlq-go-"));
  const running = new Set<ChildProcess>();
  let server: TestServer;

  /** Writes a program that uses the test's server. */
  function write(name: string, program: string): void {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(
      join(folder, name, "main.go"),
      program.replace("localhost:50051", server.grpcAddress),
    );
  }

  function start(name: string): ChildProcess & { stdout: Readable } {
    const env = { ...process.env, DLQ_SPOOL_DIR: join(folder, "spool") };
    const child = spawn(join(folder, "bin", name), { env, stdio: ["ignore", "pipe", "inherit"] });
    running.add(child);
    return child;
  }

  /** Returns the output of a producer, and the first line of a worker after the message is due. */
  async function sentAndHandled(producer: string, worker: string): Promise<string[]> {
    const sending = start(producer);
    const [sent] = await Promise.all([text(sending.stdout), once(sending, "exit")]);
    await makeDue("orders");
    const working = start(worker);
    const [line] = await once(createInterface({ input: working.stdout }), "line");
    const exited = once(working, "exit");
    working.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    return [sent, String(line)];
  }

  /** Makes the only scheduled message of a queue due. */
  async function makeDue(queue: string): Promise<void> {
    const client = connectTo(server.grpcAddress);
    const filter = { states: [MessageState.SCHEDULED] };
    await client.dlq.retry({ queue, filter, expectedCount: 1 });
    client.close();
  }

  beforeAll(async () => {
    server = await startTestServer();
    // Remove the modules that an earlier run installed under the same version; see also PACKED.
    for (const cache of ["pkg/mod", "pkg/mod/cache/download"]) {
      const { GOPATH } = goEnvironment();
      rmSync(join(String(GOPATH), cache, "github.com/dlq-service"), {
        recursive: true,
        force: true,
      });
    }
    for (const name of ["producer", "worker"]) {
      write(name, fence(readme, `go ${name}`));
      write(`example-${name}`, readFileSync(join(MODULE, "examples", name, "main.go"), "utf8"));
    }
    write("traced", TRACED);
    write("snippets", snippets(readme));
    const testing = fence(readme, "go testing");
    writeFileSync(join(folder, "snippets", "orders_test.go"), `${TESTING}${testing}`);
    const install = fence(readme, "sh install").replace("path/to/dlq-service/clients/go", MODULE);
    const otel = install
      .trimEnd()
      .split("\n")
      .at(-1)
      ?.replace("clients/go@", "clients/go/dlqotel@");
    await shell(`go mod init shop.example/orders\n${install}${otel}`, folder);
    await shell('go build -o "$PWD/bin/" ./...', folder);
  }, DEADLINE_MS);

  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("run the README's programs and the examples", async () => {
    const [sent, line] = await sentAndHandled("producer", "worker");
    expect(sent).toMatch(/^sent [0-9a-f-]{36} <nil>\n$/);
    expect(line).toMatch(/^attempt 1 \{"id":"order-\w+","amount":100\}$/);
    expect(await sentAndHandled("example-producer", "example-worker")).toEqual([
      "sent <nil>\n",
      'attempt 1 {"id":17,"amount":100}',
    ]);
  });

  it("pass the test of the README, and call its callbacks", async () => {
    const env = { ...PACKED, DLQ_SPOOL_DIR: join(folder, "spool") };
    const { code, output } = await go(["test", "./snippets"], folder, env);
    expect(code, output).toBe(0);
  });

  it("send with OpenTelemetry", async () => {
    const traced = start("traced");
    expect(await text(traced.stdout)).toBe("sent <nil>\n");
  });
});

/** Turns off Go's index of module versions, because the unreleased version changes. */
const PACKED = { GODEBUG: "goindex=0" };

/** Runs shell commands of the README with the Go of the tests. */
async function shell(commands: string, cwd: string): Promise<void> {
  const go = findGo();
  const path = go.includes("/") ? `${dirname(go)}:${process.env.PATH}` : process.env.PATH;
  const env = { ...goEnvironment(), ...PACKED, PATH: path };
  await promisify(execFile)("sh", ["-euc", commands], { cwd, env, timeout: DEADLINE_MS });
}

const TRACED = `package main

import (
	"context"
	"fmt"
	"log"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqotel"
)

func main() {
	client, err := dlq.New("localhost:50051", dlq.WithTelemetry(dlqotel.New()))
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close(context.Background())
	result, err := client.Send(context.Background(), "traced", "a", nil)
	fmt.Println(result.Status, err)
}
`;

const TESTING = `package main

import (
	"errors"
	"testing"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqtest"
)

func TestCallbacks(t *testing.T) {
	client, err := callbacks()
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Send(t.Context(), "watched", "a", nil, dlq.WithSourceID("order-42"), dlq.WithMaxRetries(0))
	if err != nil {
		t.Fatal(err)
	}
	select {
	case id := <-alerts:
		if id != "order-42" {
			t.Error(id)
		}
	case <-time.After(time.Minute):
		t.Error("no callback was called")
	}
	if err := client.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

`;

/** Returns a program with the code fragments of the README. */
function snippets(readme: string): string {
  const shown = (name: string) => fence(readme, `go ${name}`);
  return `package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/dlq-service/dlq/clients/go"
	"github.com/dlq-service/dlq/clients/go/dlqhttp"
)

type Order struct{}

func chargeCard(context.Context, Order) error { return nil }

func takeOrder(context.Context, io.Reader) error { return nil }

func deadLetter(ctx context.Context, client *dlq.Client, order Order) error {
	${shown("dead-letter")}
	return err
}

func serve(mux *http.ServeMux, client *dlq.Client) {
	${shown("http")}
}

func webhooks(ctx context.Context, client *dlq.Client, request *http.Request) (*http.Response, error) {
	${shown("webhooks")}
	return response, err
}

func insertRows(context.Context, []*dlq.Delivery) error { return nil }

func batch(ctx context.Context, client *dlq.Client, takeOrder dlq.Handler) error {
	${shown("batch")}
	return err
}

var alerts = make(chan string, 1)

func alert(sourceID string, _ dlq.QuarantineReason) { alerts <- sourceID }

func callbacks() (*dlq.Client, error) {
	${shown("callbacks")}
	return client, err
}

func measure(ctx context.Context, client *dlq.Client) {
	${shown("measure")}
}

func main() {}
`;
}
