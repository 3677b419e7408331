// `dlq export` and `dlq import`, between two real servers.

import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { DlqAdminService, ImportOutcome } from "../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, sendAll, statsOf, type TestClient } from "../../support/grpc.ts";
import { blob, dueIn, sendRequests } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { type DlqRun, jsonLines, runDlq, serve } from "./run-dlq.ts";

const POISON = { failure: { reason: Reason.POISON_MESSAGE } };
const [SMALL, LARGE] = [1_000, 12];

let servers: TestServer[];
let to: TestClient;
beforeAll(async () => {
  servers = await Promise.all([startTestServer(), startTestServer()]);
  const from = connectTo(servers[0]?.grpcAddress ?? "");
  to = connectTo(servers[1]?.grpcAddress ?? "");
  await sendAll(from.dlq, sendRequests(SMALL, "small", dueIn(3_600_000)));
  // Several responses of an export.
  await sendAll(from.dlq, sendRequests(LARGE, "large", { payload: blob(300_000), ...POISON }));
  from.close();
}, 180_000);
afterAll(async () => {
  to?.close();
  await Promise.all((servers ?? []).map((server) => server.stop()));
});

let file: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), "dlq-export-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  file = join(folder, "export.jsonl");
});

const exporting = (args: readonly string[], options: DlqRun = {}) =>
  runDlq(["export", ...args], { target: servers[0]?.grpcAddress ?? "", ...options });
const importing = (args: readonly string[], options: DlqRun = {}) =>
  runDlq(["import", ...args], { target: servers[1]?.grpcAddress ?? "", ...options });

const linesOf = () => readFileSync(file, "utf8").trimEnd().split("\n");
const messagesIn = () => linesOf().filter((line) => line.startsWith('{"message"'));
const inQueue = async (queue: string) => {
  const { scheduled, quarantined } = await statsOf(to.dlq, queue);
  return Number(scheduled + quarantined);
};

/** Ends a command at its first progress. */
const interrupted: DlqRun = {
  columns: 100,
  onWrite: (text, interrupt) => {
    if (/(?:examined|imported) [1-9]/.test(text)) interrupt();
  },
};

describe("an export", () => {
  it("is a private file with a header, messages, and an end with its checksum", async () => {
    const result = await exporting(["small", "--file", file]);
    expect(result).toMatchObject({ code: 0, stderr: expect.stringContaining("1,000 messages in") });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const lines = jsonLines(readFileSync(file, "utf8"));
    expect(lines[0]).toEqual({
      export: {
        ...{ version: 1, id: expect.any(String), time: expect.any(String) },
        ...{ storeId: expect.stringMatching(/^[0-9a-v]{6}$/), queue: "small", filter: "" },
      },
    });
    expect(messagesIn()).toHaveLength(SMALL);
    expect(lines.at(-1)).toEqual({
      end: { messages: SMALL, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it("is not written over, and goes to stdout without a file", async () => {
    writeFileSync(file, "something else\n");
    expect(await exporting(["small", "--file", file])).toMatchObject({ code: 2 });
    expect(await exporting(["small", "--file", file, "--resume"])).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining("not an export") },
    });
    expect(readFileSync(file, "utf8")).toBe("something else\n");
    const { stdout } = await exporting(["large", "--state", "scheduled"]);
    expect(jsonLines(stdout).map((line) => Object.keys(line)[0])).toEqual(["export", "end"]);
  });

  it("that was interrupted continues, with nothing lost or doubled", async () => {
    expect(await exporting(["large", "--file", file], interrupted)).toMatchObject({
      ...{ code: 130, stderr: expect.stringContaining("--resume continues it") },
    });
    const had = messagesIn().length;
    expect(had).toBeGreaterThan(0);
    expect(had).toBeLessThan(LARGE);
    expect(await importing([file])).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining("has no end") },
    });
    // As a crash leaves it: a part of a response.
    writeFileSync(file, `${readFileSync(file, "utf8")}{"message":{"stored`);
    const others = await exporting(["small", "--file", file, "--resume"]);
    expect(others).toMatchObject({ code: 2, stderr: expect.stringContaining('"large"') });
    expect(await exporting(["--file", file, "--resume"])).toMatchObject({ code: 0 });
    expect(new Set(messagesIn()).size).toBe(LARGE);
    expect(messagesIn()).toHaveLength(LARGE);
    expect(await exporting(["--file", file, "--resume"])).toMatchObject({
      ...{ code: 0, stderr: expect.stringContaining("is complete") },
    });
    expect(await importing([file, "--dry-run"])).toMatchObject({ code: 0 });
  });

  it("goes on when its stream breaks", async () => {
    const pages = ["a", "b", ""];
    const asked: string[] = [];
    const target = await serve((router) => {
      router.service(DlqAdminService, {
        async *exportMessages({ resumeToken }) {
          asked.push(resumeToken);
          yield { resumeToken: pages[asked.length - 1] ?? "", storeId: "abc123" };
          if (asked.length < 3) throw new ConnectError("the server stops", Code.Unavailable);
        },
        getQueue: () => ({ queue: { exists: true } }),
      });
    });
    expect(await runDlq(["export", "q", "--file", file], { target })).toMatchObject({ code: 0 });
    expect(asked).toEqual(["", "a", "b"]);
  });
});

describe("an import", () => {
  it("stores each message once, and says what it did", async () => {
    await exporting(["small", "--file", file]);
    const dry = await importing([file, "--dry-run"]);
    expect(dry).toMatchObject({ code: 0, stdout: "Would be imported: 1,000 messages\n" });
    expect(await inQueue("small")).toBe(0);
    expect(await importing([file])).toMatchObject({
      code: 0,
      stdout: "Imported: 1,000 messages\n",
    });
    const again = await importing([file, "-o", "json"]);
    expect(JSON.parse(again.stdout)).toMatchObject({
      imported: 0,
      alreadyThere: SMALL,
      refused: 0,
    });
    expect(await inQueue("small")).toBe(SMALL);
  });

  it("that was interrupted continues, with nothing lost or doubled", async () => {
    await exporting(["large", "--file", file]);
    const first = await importing([file, "--queue", "large-2"], interrupted);
    expect(first).toMatchObject({ code: 130, stderr: expect.stringContaining("--resume") });
    const had = await inQueue("large-2");
    expect(had).toBeGreaterThan(0);
    expect(had).toBeLessThan(LARGE);
    const wrong = await importing([file, "--resume"]);
    expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining("large-2") });
    const rest = await importing([file, "--queue", "large-2", "--resume", "-o", "json"]);
    expect(JSON.parse(rest.stdout)).toMatchObject({ imported: LARGE, alreadyThere: 0 });
    expect(await inQueue("large-2")).toBe(LARGE);
    expect(existsSync(`${file}.import`)).toBe(false);
  });

  it("finds a changed byte before it stores anything; from stdin it says so at the end", async () => {
    await exporting(["small", "--file", file]);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"text":"{}"', '"text":"[]"'));
    const refused = { code: 2, stderr: expect.stringContaining("checksum") };
    expect(await importing([file, "--queue", "changed"])).toMatchObject(refused);
    expect(await inQueue("changed")).toBe(0);
    const stdin = readFileSync(file, "utf8");
    expect(await importing(["-", "--queue", "changed"], { stdin })).toMatchObject(refused);
    writeFileSync(file, text.split("\n").toSpliced(5, 1).join("\n"));
    expect(await importing([file])).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining("999 messages") },
    });
  });

  it("refuses other versions, and messages that this version cannot read", async () => {
    await exporting(["small", "--file", file]);
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace('"version":1', '"version":2'));
    expect(await importing([file])).toMatchObject({
      ...{ code: 2, stderr: expect.stringContaining("version 2 of the format") },
    });
    const [header, first = ""] = text.split("\n");
    const lines = [header, first.replace('{"message":{', '{"message":{"later":1,'), ""].join("\n");
    writeFileSync(file, lines);
    const result = await importing([file, "--partial", "--queue", "later"]);
    expect(result).toMatchObject({ code: 1, stderr: expect.stringMatching(/line 2: .*later/) });
  });

  it("waits for a server that is unavailable for a moment, and makes calls smaller", async () => {
    await exporting(["large", "--file", file]);
    let calls = 0;
    const target = await serve((router) => {
      router.service(DlqAdminService, {
        importMessages({ messages }) {
          calls++;
          if (calls === 1) throw new ConnectError("the server stops", Code.Unavailable);
          if (messages.length > LARGE / 2)
            throw new ConnectError("too many fields", Code.ResourceExhausted);
          const error = { code: Code.Unavailable, message: "Redis does not answer" };
          const isOpen = calls === 3;
          const results = messages.map((_, index) =>
            isOpen && index === 0
              ? { outcome: ImportOutcome.REFUSED, error }
              : { outcome: ImportOutcome.IMPORTED },
          );
          return { results, storeId: "abc123" };
        },
      });
    });
    const result = await runDlq(["import", file], { target });
    expect(result).toMatchObject({ code: 0, stdout: `Imported: ${LARGE} messages\n` });
  });
});
