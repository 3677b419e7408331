// The package as a new user gets it: packed, installed into an empty folder, and type-checked strictly.
// The programs of its README run unchanged, except for the address of the server.

import { type ChildProcessByStdio, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MessageState } from "../../../gen/dlq/v1/state_pb.ts";
import { codesOf, fence, fencesOf } from "../../docs/markdown.ts";
import { connectTo } from "../../support/grpc.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";

const ROOT = resolve(import.meta.dirname, "../../..");
const PACKAGE = join(ROOT, "clients/typescript");
const TSC = join(ROOT, "node_modules/typescript/bin/tsc");
const run = promisify(execFile);
/** Set by `npm test`; empty if there is no binary for this platform. */
const { DLQ_OLDEST_NODE: OLDEST_NODE = "" } = process.env;

/** Uses the API that the README names. */
const CONSUMER = `
import {
  AckStatus, Code, ConditionCode, ConnectError, createDlqClient, type Delivery, type DlqClient, type DlqClientOptions, DlqClientError, discard,
  fail, Jitter, type Message, MessageState, NonRetryableError, type Origin, quarantine,
  QuarantineReason, type QueueStats, Reason, release, RetryAfterError, type SendResult, type Worker,
} from "dlq-client";
import { deadLetterErrors as expressErrors } from "dlq-client/express";
import { deadLetterErrors as fastifyErrors } from "dlq-client/fastify";
import { deadLetterFetch, refetch } from "dlq-client/fetch";
import { createFakeDlq, type FakeDlq, startLocalServer } from "dlq-client/testing";
import { createDlqReader, type DlqReader } from "dlq-client/web";

/** Uses the other entry points. */
export function useMore(dlq: DlqClient): (Promise<unknown> | undefined)[] {
  const fake: FakeDlq = createFakeDlq({ service: "shop" });
  const { errorHandler } = fastifyErrors(fake, "q", { when: () => true });
  const errors = [expressErrors(dlq, "q"), errorHandler];
  const call = deadLetterFetch(fake, "hooks", { maxRetries: 3 });
  fake.worker({ queues: ["hooks"], handler: refetch(() => ({ authorization: "x" })) });
  const reader: DlqReader = createDlqReader({ url: "http://x" });
  return [call("http://x"), reader.stats({}), startLocalServer(), errors[0]?.(
    1, { method: "GET", url: "/", headers: {} }, { headersSent: true, code: () => 1, status: () => ({ json: () => 1 }) }, () => {},
  )];
}

export async function use(options: DlqClientOptions): Promise<string | undefined> {
  await using dlq: DlqClient = createDlqClient(options);
  const result: SendResult = await dlq.send("q", { a: 1 }, new Error("x"), { reason: "TIMEOUT" });
  if (result.status === "dropped") return result.error.kind;
  if (result.status === "spooled") return result.durable ? undefined : "memory";
  const id: string = result.id;
  const charge = dlq.deadLetter("q", async (order: { id: string }) => order.id.length, {
    payload: (order) => order.id,
    send: (order) => ({ sourceId: order.id }),
  });
  const length: number | undefined = await charge({ id });
  const worker: Worker = dlq.worker({
    queues: ["q"],
    handler: (delivery: Delivery) => {
      const { signal, payload, attempt } = delivery;
      if (signal.aborted) return release({ delayMs: 1 });
      if (attempt === 2) return quarantine("look");
      if (attempt === 3) return discard();
      if (attempt === 4) return fail("x", { retryAfterMs: 5 });
      if (payload.json<{ a: number }>().a === 1) throw new NonRetryableError("no");
      throw new RetryAfterError("later", 1_000, { cause: new DlqClientError("aborted", "x") });
    },
    onSettled: (_, { outcome, state, dueTime }) => console.log(outcome, state, dueTime?.getTime()),
  });
  await worker.stop();
  const { queues } = await dlq.stubs.stats({ queues: ["q"] });
  const [stats]: readonly QueueStats[] = queues;
  if (stats?.conditions.some(({ code }) => code === ConditionCode.NO_WORKERS)) return "no workers";
  return stats?.queue ?? String(length);
}

/** Uses the enums of the contract. */
export async function operate({ stubs }: DlqClient, delivery: Delivery): Promise<Message | Origin | undefined> {
  const filter = {
    states: [MessageState.QUARANTINED],
    quarantineReasons: [QuarantineReason.POISON],
    reasons: [Reason.TIMEOUT],
  };
  try {
    await stubs.retry({ queue: "q", filter, expectedCount: 1 });
    const { results } = await stubs.ack({ outcomes: [] });
    if (results[0]?.status === AckStatus.LEASE_LOST) return undefined;
  } catch (error) {
    if (error instanceof ConnectError && error.code === Code.FailedPrecondition) return undefined;
  }
  await stubs.sendToDlq({ queue: "q", retryPolicy: { jitter: Jitter.NONE } });
  return delivery.origin;
}

/** Tests of a user's handlers need such a payload. */
export const fake: Delivery["payload"] = {
  contentType: "text/plain",
  text: () => "x",
  json: () => JSON.parse("1"),
  bytes: () => new Uint8Array(),
};

// @ts-expect-error nothing but an outcome, or nothing, may be returned
createDlqClient({ url: "http://x" }).worker({ queues: ["q"], handler: () => ({ kind: "failed" }) });
// @ts-expect-error no such reason
void createDlqClient({ url: "http://x" }).send("q", "x", 1, { reason: "BAD_LUCK" });
`;

const TSCONFIG = {
  compilerOptions: {
    target: "es2022",
    module: "nodenext",
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  },
  include: ["*.ts"],
};

type Dependencies = Readonly<Record<string, string>>;

let folder: string;
let server: TestServer;
let readme: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dlq-client-"));
  const [started] = await Promise.all([startTestServer(), install()]);
  server = started;
  readme = await readFile(join(folder, "node_modules/dlq-client/README.md"), "utf8");
}, 60_000);

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/**
 * Installs the tarball like npm, but links the declared dependencies from this repository: what a
 * registry serves must not change the test.
 */
async function install(): Promise<void> {
  const modules = join(folder, "node_modules");
  const installed = join(modules, "dlq-client");
  await run("npm", ["pack", "--pack-destination", folder], { cwd: PACKAGE });
  const tarball = (await readdir(folder)).find((name) => name.endsWith(".tgz")) ?? "";
  await mkdir(installed, { recursive: true });
  await run("tar", ["-xzf", join(folder, tarball), "-C", installed, "--strip-components=1"]);
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const { dependencies, peerDependencies } = JSON.parse(
    await readFile(join(installed, "package.json"), "utf8"),
  ) as { dependencies: Dependencies; peerDependencies: Dependencies };
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, "node_modules", name), join(modules, name));
  }
}

/** The items of the README's list of options, as the words in backticks: a name, then its options, sorted. */
function itemsOf(text: string): string[][] {
  const [, list = ""] = text.split("\n## Options\n");
  return list.split(/\n(?=- |\n)/).map((item) => {
    const [name = "", ...options] = codesOf(item);
    return [name, ...options.sort()];
  });
}

/** Starts a program of the README. */
function start(name: string, node: string) {
  return startProgram(`${name}.mjs`, fence(readme, `js ${name}`), node);
}

async function startProgram(
  file: string,
  program: string,
  node: string,
): Promise<ChildProcessByStdio<null, Readable, null>> {
  await writeFile(join(folder, file), program.replaceAll("localhost:50051", server.grpcAddress));
  return spawn(node, [file], {
    cwd: folder,
    env: { ...process.env, DLQ_SPOOL_DIR: join(folder, "spool") },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("the packed package", { timeout: 60_000 }, () => {
  it("contains JavaScript with types, the documents, and nothing else", async () => {
    const files = await readdir(join(folder, "node_modules/dlq-client"), { recursive: true });
    for (const name of ["index.js", "index.d.ts", "gen/dlq/v1/dlq_service_pb.js"]) {
      expect(files).toContain(`dist/${name}`);
    }
    const outside = files.filter((name) => !name.startsWith("dist"));
    expect(outside.sort()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    const inside = files.filter((name) => /^dist\/.*\.\w+$/.test(name));
    expect(inside.filter((name) => !/\.(?:js|d\.ts)$/.test(name))).toEqual([]);
  });

  it("has types that pass the strictest compiler options", async () => {
    await writeFile(join(folder, "consumer.ts"), CONSUMER);
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
    const { stdout } = await run(process.execPath, [TSC, "-p", folder]).catch((error) => error);
    expect(stdout).toBe("");
  });

  it("is tested with Node 20, the oldest supported one", ({ skip }) => {
    skip(OLDEST_NODE === "", "there is no binary of it for this platform");
    const { stdout } = spawnSync(OLDEST_NODE, ["--version"], { encoding: "utf8" });
    expect(stdout).toMatch(/^v20\./);
  });

  const nodes = [
    ["this Node", process.execPath],
    ["Node 20", OLDEST_NODE],
  ].filter(([, node]) => node !== "");

  it.each(nodes)("the README's producer and worker run on %s", async (_, node = "") => {
    const producer = await start("producer", node);
    const [sent] = await Promise.all([text(producer.stdout), once(producer, "exit")]);
    expect(sent).toContain("status: 'sent'");
    expect(producer.exitCode).toBe(0);

    const worker = await start("worker", node);
    const exited = once(worker, "exit");
    const lines = createInterface({ input: worker.stdout });
    const [line] = await once(lines, "line");
    expect(line).toMatch(/^attempt 1 \{ id: 'order-\d+', amount: 100 \}$/);
    worker.kill("SIGTERM");
    await exited;
    expect(worker.exitCode).toBe(0);
  });

  it("the examples run, and pass the strictest compiler options", async () => {
    const example = (name: string) => readFile(join(PACKAGE, "examples", name), "utf8");
    const [sending, working] = await Promise.all(["producer.ts", "worker.ts"].map(example));
    const producer = await startProgram("producer.ts", sending ?? "", process.execPath);
    const [sent] = await Promise.all([text(producer.stdout), once(producer, "exit")]);
    expect(sent).toBe("sent\n");
    const client = connectTo(server.grpcAddress); // makes the retry due now
    const filter = { states: [MessageState.SCHEDULED] };
    await client.dlq.retry({ queue: "orders", filter, expectedCount: 1 });
    client.close();
    const worker = await startProgram("worker.ts", working ?? "", process.execPath);
    const exited = once(worker, "exit");
    const [line] = await once(createInterface({ input: worker.stdout }), "line");
    expect(line).toBe('attempt 1 {"id":17,"amount":100}');
    worker.kill("SIGTERM");
    expect(await exited).toEqual([0, null]);
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(TSCONFIG));
    const { stdout } = await run(process.execPath, [TSC, "-p", folder]).catch((error) => error);
    expect(stdout).toBe("");
  });

  it("the README's callbacks are called, and then its program ends", async () => {
    const program = await start("outcomes", process.execPath);
    const worker = await start("worker", process.execPath);
    const [line] = await once(createInterface({ input: program.stdout }), "line");
    expect(line).toBe("order-43 is done");
    const [code] = await once(program, "exit");
    expect(code).toBe(0);
    const exited = once(worker, "exit");
    worker.kill("SIGTERM");
    await exited;
  });

  it("the README's test runs", async () => {
    const test = await start("testing", process.execPath);
    const [printed] = await Promise.all([text(test.stdout), once(test, "exit")]);
    expect(printed).toBe("{ id: 'order-42' } SCHEDULED\n");
    expect(test.exitCode).toBe(0);
  });

  it("the README names all options and kinds of errors, and no others", async () => {
    const source = async (name: string) => readFile(join(PACKAGE, "src", name), "utf8");
    const fields = (text: string, type: string) => {
      const [body = ""] =
        text.split(new RegExp(`interface ${type} [^{]*\\{`))[1]?.split("\n}") ?? [];
      return [...body.matchAll(/^ {2}readonly (\w+)/gm)].map(([, name]) => name ?? "");
    };
    const [options, worker, send, policy] = await Promise.all(
      ["options.ts", "worker/worker-options.ts", "send-options.ts", "retry-policy.ts"].map(source),
    );
    const named = (list: string) =>
      itemsOf(readme)
        .find(([name]) => name === list)
        ?.slice(1);
    const spool = fields(await source("spool/spool-options.ts"), "SpoolOptions");
    expect(named("createDlqClient")).toEqual(fields(options ?? "", "DlqClientOptions").sort());
    expect(named("coalesce")).toEqual(fields(options ?? "", "CoalesceOptions").sort());
    expect(named("spool")).toEqual(spool.sort());
    expect(named("send")).toEqual(fields(send ?? "", "SendOptions").sort());
    expect(named("retryPolicy")).toEqual(fields(policy ?? "", "RetryPolicyOptions").sort());
    const types = ["CommonWorkerOptions", "HandlerOptions", "BatchHandlerOptions"];
    const ofWorkers = types.flatMap((type) => fields(worker ?? "", type));
    expect(named("worker")).toEqual([...new Set(ofWorkers)].sort());

    const kinds = [...(await source("errors.ts")).matchAll(/^ {2}\| "(.+)"/gm)].map(([, k]) => k);
    const errors = readme.split("\n## Errors\n")[1] ?? "";
    const rows = errors
      .split("\n")
      .filter((line) => line.startsWith("- "))
      .flatMap((line) => codesOf(line.split(":")[0] ?? ""));
    expect(rows.sort()).toEqual(kinds.sort());
  });

  it("all programs of the README have valid syntax", async () => {
    for (const { info, text: program } of fencesOf(readme)) {
      if (!info.startsWith("js")) continue;
      const file = join(folder, "syntax.mjs");
      await writeFile(file, program);
      await run(process.execPath, ["--check", file]);
    }
  });
});
