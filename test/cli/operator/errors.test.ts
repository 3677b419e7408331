// What the operator's `dlq` says and how it exits when something is wrong, and where its settings come from.

import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { DlqAdminService } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { connectTo, sendAll } from "../../support/grpc.ts";
import { sendRequests } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { homeFolder, jsonLines, runDlq, serve } from "./run-dlq.ts";

const TLS = resolve(import.meta.dirname, "../../rpc/tls");
const certificate = join(TLS, "test-only.crt");
const TOKEN = "a-long-enough-secret-token";

describe("wrong usage exits with 2 and names the next step", () => {
  it.each<[string[], string]>([
    [["nothing"], "unknown command 'nothing'"],
    [["qeues"], "Did you mean queues?"],
    ...["serve", "config", "outbox", "token"].map((name): [string[], string] => [
      [name, "--any", "thing"],
      `${name} is a command of the server's program\n  run \`dlq-server ${name}\` on the machine of the server`,
    ]),
    [["serve", "--help"], "run `dlq-server serve`"],
    [["ls", "--stat", "x"], "Did you mean --state?"],
    [["ls", "a", "b"], "too many arguments"],
    [["ls", "-o", "xml"], "Allowed choices are table, json, jsonl"],
    [["ls", "--limit", "0"], '"0" is no whole number from 1 to'],
    [["ls", "--state", "lost"], '"lost" is none of scheduled, in_flight, quarantined'],
    [["ls", "--since", "yesterday"], "write one such as 30s, 5m, 1h30m or 7d"],
    [["ls", "--target", "http://x/path"], "the address is wrong"],
    [["ls", "--token-file", "/no/such"], "cannot read the token"],
    [["ls", "--context", "moon"], "`dlq context set NAME` adds one"],
    [["show"], "missing required argument 'id'"],
    [["rules"], "Usage: dlq rules"],
  ])("%j", async (args, message) => {
    const { code, stderr, stdout } = await runDlq(args);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr: expect.stringContaining(message),
    });
  });
});

it("4: no server answers", async () => {
  const { code, stderr } = await runDlq(["queues"], { target: "127.0.0.1:1" });
  expect(code).toBe(4);
  expect(stderr).toMatch(
    /^dlq: 127\.0\.0\.1:1 does not answer: .*ECONNREFUSED.*\n {2}is the server running\?/,
  );
});

describe("with a server", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
    await runDlq(["send", "orders", "x"], { target: server.grpcAddress });
  }, 180_000);
  afterAll(() => server?.stop());

  it("takes queues without messages that have settings, and patterns", async () => {
    const client = connectTo(server.grpcAddress);
    onTestFinished(() => client.close());
    await client.admin.updateQueue({ queue: { name: "set", config: { maxRetries: 3 } } });
    for (const args of [
      ["stats", "set"],
      ["queues", "no-*"],
      ["ls", "x*"],
    ])
      expect(await runDlq(args, { target: server.grpcAddress })).toMatchObject({ code: 0 });
  });

  it("3: sends create no queue", async () => {
    const closed = await startTestServer({ env: { DLQ_QUEUE_CREATION: "closed" } });
    onTestFinished(() => closed.stop());
    const { code, stderr } = await runDlq(["send", "new", "x"], { target: closed.grpcAddress });
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringMatching(/^dlq: queue new does not exist.*\n {2}`dlq queues` lists/),
    });
  });

  it.each([
    [
      ["ls", "--filter", "failure.code == 5"],
      2,
      /^dlq: filter: .*failure has no code.*\n {2}docs\/reference\/filters/,
    ],
    [
      ["count", "--by", "nothing"],
      2,
      /^dlq: by.*nothing.*\n {2}--by is one of queue, state, .*, group, .*: docs\/reference\/filters/,
    ],
    [["ls", "bad name"], 2, /^dlq: queue: is neither.*\n {2}see --help/],
    [
      ["show", "01a21eee-752a-7000-8000-000c64f1d2b3", "-q", "orders"],
      3,
      /^dlq: queue orders has no message .*\n {2}`dlq ls` lists messages; .*without --queue/,
    ],
    [
      ["take-back", "01a21eee-752a-7000-8000-000c64f1d2b3", "-q", "orders", "--delivery", "1"],
      3,
      /^dlq: queue orders has no message .*\n {2}`dlq ls` lists messages/,
    ],
    [
      ["explain", "01a21eee-752a-7000-8000-000c64f1d2b3", "-q", "orders"],
      3,
      /^dlq: queue orders has no message .*\n {2}`dlq ls` lists messages/,
    ],
    [["group", "01ffff"], 3, /^dlq: there is no group 01ffff\n {2}`dlq groups` lists groups;/],
    [["group", "01ffff", "--open"], 3, /^dlq: there is no group 01ffff\n {2}`dlq groups` lists/],
    [["ls", "--group", "01ffff"], 3, /^dlq: there is no group 01ffff\n {2}`dlq groups` lists/],
    [
      ["quiet", "00000000-0000-4000-8000-000000000000"],
      3,
      /^dlq: there is no session 00000000\S+ of a worker\n {2}`dlq workers` lists workers with their sessions\n$/,
    ],
    ...["queues", "ls", "count", "stats", "explain", "workers", "groups", "breakers list"].map(
      (command): [string[], number, RegExp] => [
        [...command.split(" "), "oredrs"],
        3,
        /^dlq: there is no queue oredrs; did you mean orders\?\n {2}`dlq queues` lists queues\n$/,
      ],
    ),
    [["ls", "something-else"], 3, /^dlq: there is no queue something-else\n/],
    [
      ["queues", "--timeout", "1ms"],
      4,
      /does not answer: .*\n {2}check --target, or give a longer --timeout/,
    ],
  ])("%j", async (args, code, message) => {
    const result = await runDlq(args, { target: server.grpcAddress });
    expect(result).toEqual({ code, stdout: "", stderr: expect.stringMatching(message) });
  });

  it("other ports and schemes are no servers", async () => {
    const http = await runDlq(["queues"], { target: server.httpAddress });
    expect(http).toMatchObject({ code: 4, stderr: expect.stringContaining("its gRPC port") });
    const tls = await runDlq(["queues"], { target: `https://${server.grpcAddress}` });
    expect(tls.code).toBe(4);
    expect(tls.stderr).toMatch(
      /does not answer: TLS failed: wrong version number\n {2}does the server have TLS\?/,
    );
  });
});

describe("with a server that requires tokens and has TLS", () => {
  let server: TestServer;
  let url: string;
  beforeAll(async () => {
    const tls = { DLQ_TLS_CERT: certificate, DLQ_TLS_KEY: join(TLS, "test-only.key") };
    server = await startTestServer({ env: { DLQ_TOKENS: TOKEN, ...tls } });
    url = `https://${server.grpcAddress}`;
  }, 180_000);
  afterAll(() => server?.stop());

  it("5: the token is missing or wrong", async () => {
    for (const [more, what] of [
      [[], "the call, which had no token"],
      [["--token", "a-token-that-has-expired"], "the token"],
    ] as const) {
      const args = ["queues", "--target", url, "--tls-ca", certificate, ...more];
      const { code, stderr } = await runDlq(args);
      expect(code).toBe(5);
      expect(stderr).toMatch(/^dlq: .*: .*\n {2}set DLQ_TOKEN or --token-file/);
      expect(stderr).toContain(` refused ${what}: `);
      expect(stderr).not.toContain("expired");
    }
  });

  it("4: the certificate is unknown", async () => {
    const { code, stderr } = await runDlq(["queues", "--target", url, "--token", TOKEN]);
    expect({ code, stderr }).toEqual({ code: 4, stderr: expect.stringContaining("--tls-ca FILE") });
  });

  it("takes address, token and certificate from the environment", async () => {
    const env = { DLQ_TARGET: url, DLQ_TOKEN: TOKEN, DLQ_TLS_CA: certificate };
    expect(await runDlq(["queues"], { env })).toMatchObject({ code: 0 });
    // Options are stronger.
    expect(await runDlq(["queues", "--target", "127.0.0.1:1"], { env })).toMatchObject({ code: 4 });
    expect(await runDlq(["--token", "wrong", "queues"], { env })).toMatchObject({ code: 5 });
  });

  it("takes them from the context in force", async () => {
    const home = homeFolder();
    const dlq = (...args: string[]) => runDlq(args, { home });
    const tokenFile = join(home, "token");
    writeFileSync(tokenFile, `${TOKEN}\n`);
    await dlq("context", "set", "away", "--target", "127.0.0.1:1");
    const own = ["--target", url, "--tls-ca", certificate, "--token-file", tokenFile];
    await dlq("context", "set", "here", ...own);
    expect((await dlq("context", "list")).stdout).toMatch(/^\* +away +127\.0\.0\.1:1$/m);
    expect(await dlq("queues")).toMatchObject({ code: 4 });
    expect(await dlq("queues", "--context", "here")).toMatchObject({ code: 0 });
    expect(await dlq("context", "use", "here")).toMatchObject({ code: 0 });
    expect(await dlq("queues")).toMatchObject({ code: 0 });
    expect(jsonLines((await dlq("context", "list", "-o", "jsonl")).stdout)).toMatchObject([
      { name: "away", isInForce: false, hasToken: false },
      { name: "here", isInForce: true, hasToken: true },
    ]);
    const file = join(home, ".config/dlq/config.json");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(file, "utf8")).current).toBe("here");
    // The environment is stronger than the context.
    const env = { DLQ_TARGET: "127.0.0.1:1" };
    expect(await runDlq(["queues"], { home, env })).toMatchObject({ code: 4 });
  });
});

describe("Ctrl-C", () => {
  it("ends a listing with what was found, and 130", async () => {
    const server = await startTestServer();
    onTestFinished(() => server.stop());
    const client = connectTo(server.grpcAddress);
    await sendAll(client.dlq, sendRequests(2_500, "many"));
    client.close();
    const { code, stdout, stderr } = await runDlq(["ls", "many", "-n", "9999", "-o", "json"], {
      target: server.grpcAddress,
      columns: 80,
      // The line of progress after the first page.
      onWrite: (_, interrupt) => interrupt(),
    });
    expect(code).toBe(130);
    expect(stderr).toContain("Partial: interrupted after 1,000 messages examined.");
    const answer = JSON.parse(stdout);
    expect(answer.messages).toHaveLength(1_000);
    expect(answer.nextPageToken).not.toBe("");
    // Other forms print each page at once.
    const lines = await runDlq(["ls", "many", "-n", "1500", "--ids"], {
      target: server.grpcAddress,
      onWrite: (_, interrupt) => interrupt(),
    });
    expect(lines.stdout.trimEnd().split("\n")).toHaveLength(1_000);
    expect(lines.code).toBe(130);
    const every = await runDlq(["ls", "many", "--ids"], { target: server.grpcAddress });
    expect(every.stdout.trimEnd().split("\n")).toHaveLength(2_500);
    expect(every.stderr).toBe("");
    const all = await runDlq(["ls", "many", "-n", "1500", "-o", "jsonl"], {
      target: server.grpcAddress,
    });
    const ids = jsonLines(all.stdout).map(({ message }) => (message as { id: string }).id);
    expect(new Set(ids).size).toBe(1_500);
  });

  it("ends a command that waits for a person's input", async () => {
    const { code, stderr } = await runDlq(["send", "orders"], {
      columns: 80,
      stdin: "endless",
      onWrite: (_, interrupt) => interrupt(),
    });
    expect({ code, stderr }).toEqual({ code: 130, stderr: "Reads stdin; Ctrl-D ends it.\n" });
  });

  it("ends a count with the counts so far, and 130", async () => {
    const target = await serveCounts();
    const { code, stdout, stderr } = await runDlq(["count"], {
      target,
      columns: 80,
      onWrite: (_, interrupt) => interrupt(),
    });
    expect(code).toBe(130);
    expect(stdout).toContain("1,234");
    expect(stderr).toContain("Partial: interrupted after 5,000 messages examined.");
  });
});

/** A server whose counts never end. */
const serveCounts = () =>
  serve((router) =>
    router.service(DlqAdminService, {
      async *countMessages(_, { signal }) {
        yield { counts: [{ count: 1_234n }], examinedCount: 5_000n };
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
      },
    }),
  );
