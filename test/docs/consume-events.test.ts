// Runs the programs of docs/guides/consume-events.md against a real server and a real NATS, and starts them again.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toGapEvent } from "../../src/codec/cloud-event.ts";
import { manage, subscribe } from "../nats/consumer.ts";
import { connectTo, type TestClient } from "../support/grpc.ts";
import { startTestNats, type TestNats } from "../support/nats.ts";
import { findPython, pythonEnvironment } from "../support/python.ts";
import { sendRequest } from "../support/send-requests.ts";
import { startTestServer, type TestServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { fence, ROOT, readDocument } from "./markdown.ts";

const PAGE = readDocument("docs/guides/consume-events.md");
const CLIENT = resolve(ROOT, "clients/typescript/src/index.ts");
const LANGUAGES = {
  python: [findPython(), "-"],
  js: [process.execPath, "--input-type=module", "-"],
} as const;

let nats: TestNats;
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  nats = await startTestNats();
  server = await startTestServer({ env: { DLQ_NATS_URL: nats.url, DLQ_NATS_STREAM: "DLQ" } });
  client = connectTo(server.grpcAddress);
  await using jsm = await manage(nats.url);
  await until("the stream", () =>
    jsm.streams.info("DLQ").then(
      () => true,
      () => false,
    ),
  );
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
  await nats?.stop();
});

/** A program of the page, which runs until its scope ends. */
interface Program extends AsyncDisposable {
  output(): string;
}

function start(language: keyof typeof LANGUAGES, name: string, cwd: string): Program {
  const [command, ...args] = LANGUAGES[language];
  const text = fence(PAGE, `${language} ${name}`)
    .replaceAll("nats://localhost:4222", nats.url)
    .replaceAll("localhost:50051", server.grpcAddress)
    .replaceAll('"dlq-client"', JSON.stringify(CLIENT));
  const child: ChildProcess = spawn(command, args, { cwd, env: pythonEnvironment() });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  child.stdin?.end(text);
  return {
    output: () => output,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      if (child.kill("SIGKILL")) await ended;
    },
  };
}

/** Resolves when a text is in the output. */
const shows = (program: Program, text: string) =>
  until(`"${text}" in the output`, () => program.output().includes(text)).catch((error) => {
    throw new Error(`the program printed:\n${program.output()}`, { cause: error });
  });

const poison = async (queue: string) =>
  (await client.dlq.sendToDlq({ ...sendRequest(queue), maxRetries: 0 })).id;
const count = (text: string, part: string) => text.split(part).length - 1;

describe.each(Object.keys(LANGUAGES) as (keyof typeof LANGUAGES)[])("in %s", (language) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dlq-docs-"));
    await symlink(resolve(ROOT, "node_modules"), join(folder, "node_modules"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("the consumer handles each event once, and notices of gaps", async () => {
    await using jsm = await manage(nats.url);
    await jsm.consumers.delete("DLQ", "alerts").catch(() => {});
    const queue = `consumed-${language}`;
    const gap = { id: `gap-${language}`, queue, atMs: 0, missed: 3, undone: 0 };
    const { body } = toGapEvent({ ...gap, afterMs: 1, untilMs: 7_000 });
    await using publisher = await subscribe(nats.url, "unused");
    const first = await poison(queue);
    let second: string;
    {
      await using program = start(language, "consumer", folder);
      await shows(program, `${first} of ${queue} is in quarantine`);
      // As after the duplicate window of the stream.
      for (let n = 0; n < 2; n++) publisher.nc.publish(`dlq.${queue}.events_missed`, body);
      // Of a program that uses dlq.compat.
      const old = {
        ...JSON.parse(body),
        event_type: "moved_to_poison",
        event_id: `old-${language}`,
      };
      publisher.nc.publish(`dlq.${queue}.poison`, JSON.stringify({ ...old, message_id: "older" }));
      await publisher.nc.flush();
      await shows(program, `older of ${queue} is in quarantine`);
      second = await poison(queue);
      await shows(program, second);
      const text = `reload ${queue}: events are missing until 1970-01-01T00:00:07.000+00:00`;
      expect(count(program.output(), text)).toBe(1);
    }
    const third = await poison(queue);
    await using again = start(language, "consumer", folder);
    await shows(again, third);
    expect(again.output()).not.toContain(first);
    expect(again.output()).not.toContain(second);
  });

  it("the watch goes on at its stored token", async () => {
    const queue = `watched-${language}`;
    {
      await using program = start(language, "watch", folder);
      const shown = async () => {
        await poison(queue);
        return program.output().includes("is in quarantine");
      };
      await until("an event", shown); // it begins when it is called
    }
    const missed = await poison(queue);
    await using again = start(language, "watch", folder);
    await shows(again, missed);
    await server.restart();
    await shows(again, "the stream ended:");
    const later = await poison(queue);
    await shows(again, `${later} is in quarantine`);
  });
});
