// Completion in shells. Bash runs it; the scripts of the others are checked by their shell if it is installed.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { PRESETS } from "../../../src/core/presets.ts";
import { connectTo } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer } from "../../support/server.ts";
import { Worker } from "../../support/worker.ts";
import { runDlq, serve } from "./run-dlq.ts";

const MAIN = resolve(import.meta.dirname, "../../../clients/cli/src/main.ts");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "dlq-completion-"));
  writeFileSync(join(folder, "dlq"), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(join(folder, "dlq"), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

function runIn(command: string, args: readonly string[]) {
  const PATH = `${folder}${delimiter}${process.env.PATH}`;
  return spawnSync(command, args, { encoding: "utf8", env: { PATH, HOME: folder } });
}

const suggestions = (...words: string[]) =>
  runIn("dlq", ["complete", "--", ...words])
    .stdout.split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t")[0]);

describe("suggests", () => {
  it("commands", () => {
    expect(suggestions("")).toEqual(expect.arrayContaining(["queues", "ls", "show", "retry"]));
    expect(suggestions("st")).toEqual(["stats"]);
    for (const name of ["breakers", "breaker"])
      expect(suggestions(name, "")).toEqual(expect.arrayContaining(["list", "reset"]));
  });

  it("options and their values", () => {
    expect(suggestions("ls", "--st")).toEqual(["--state"]);
    expect(suggestions("ls", "--targ")).toEqual(["--target"]);
    expect(suggestions("ls", "--output", "")).toEqual(["table", "json", "jsonl"]);
    expect(suggestions("ls", "--state", "q")).toEqual(["quarantined"]);
    expect(suggestions("retry", "--reason", "rule,t")).toEqual(["rule,timeout"]);
    expect(suggestions("queue", "set", "--unset", "ttl,ra")).toEqual([
      ...["ttl,rate", "ttl,rate.per_second", "ttl,rate.burst"],
    ]);
    expect(suggestions("ls", "--state=q")).toEqual(["--state=quarantined"]);
    expect(suggestions("work", "orders", "--", "l")).toEqual([]);
    expect(suggestions("jobs", "")).toEqual(
      expect.arrayContaining(["list", "show", "watch", "pause", "resume", "cancel"]),
    );
    expect(suggestions("move", "--me")).toEqual([]);
    for (const name of ["edit", "retry"]) expect(suggestions(name, "--me")).toEqual(["--merge"]);
  });

  it("values of options by their command", () => {
    const states = ["open", "resolved", "regressed", "archived"];
    expect(suggestions("groups", "--state", "")).toEqual(states);
    expect(suggestions("groups", "--sort", "l")).toEqual(["last_failure"]);
    expect(suggestions("top", "--sort", "d")).toEqual(["due", "delivered"]);
    expect(suggestions("retry", "--state", "")).toEqual(["scheduled", "quarantined"]);
    expect(suggestions("send", "orders", "--reason", "t")).toEqual(["timeout"]);
    expect(suggestions("policy", "simulate", "--reason", "t")).toEqual(["timeout"]);
    expect(suggestions("policy", "simulate", "--preset", "")).toEqual(Object.keys(PRESETS));
    expect(suggestions("count", "--by", "h")).toEqual(["hour"]);
    expect(suggestions("count", "--by", "g")).toEqual(["group"]);
    expect(suggestions("ls", "--quarantine-reason", "retries")).toEqual(["retries_exhausted"]);
    expect(suggestions("tail", "--type", "edited,moved_to")).toEqual(["edited,moved_to_poison"]);
  });
});

it("suggests contexts, and queues of the server that the line names", async () => {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  const target = server.grpcAddress;
  await sendOne(target, "orders-eu");
  expect(suggestions("ls", "--target", target, "ord")).toEqual(["orders-eu"]);
  expect(suggestions("retry", "--target", target, "-q", "")).toEqual(["orders-eu"]);
  expect(suggestions("move", "--target", target, "mails", "--to", "")).toEqual(["orders-eu"]);
  expect(suggestions("ls", "--target", "127.0.0.1:1", "")).toEqual([]);
  runIn("dlq", ["context", "set", "moon", "--target", target]);
  expect(suggestions("context", "use", "")).toEqual(["moon"]);
  expect(suggestions("ls", "--context", "moon", "o")).toEqual(["orders-eu"]);
});

it("suggests batch jobs", async () => {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  const action = { case: "purge" as const, value: {} };
  const { job } = await client.admin.createBatchJob({ spec: { queue: "*", action, dryRun: true } });
  for (const name of ["show", "watch", "cancel"])
    expect(suggestions("jobs", name, "--target", server.grpcAddress, "")).toEqual([job?.id]);
});

it("suggests groups and sessions", async () => {
  const server = await startTestServer();
  onTestFinished(() => server.stop());
  await sendOne(server.grpcAddress, "orders");
  const client = connectTo(server.grpcAddress);
  onTestFinished(() => client.close());
  const worker = await Worker.open(client.dlq, { queues: ["orders"] });
  const at = ["--target", server.grpcAddress];
  const { groups } = await client.admin.listGroups({});
  const ids = groups.map(({ id }) => id.slice(0, 8));
  expect(ids).toHaveLength(1);
  expect(suggestions("group", ...at, "")).toEqual(ids);
  expect(suggestions("ls", ...at, "--group", "")).toEqual(ids);
  const { workers } = await client.admin.listWorkers({ queue: "orders" });
  expect(workers).toHaveLength(1);
  expect(suggestions("quiet", ...at, "")).toEqual(workers.map(({ sessionId }) => sessionId));
  await worker.close();
});

it("leaves out names that a shell would not take as they are", async () => {
  const names = ["a$(touch x)", "b c", "d;e", "`f`", "-g", "h'", "good-1.x_y"];
  const target = await serve((router) =>
    router.service(DlqService, { stats: () => ({ queues: names.map((queue) => ({ queue })) }) }),
  );
  const { stdout } = await runDlq(["complete", "--", "ls", ""], { target });
  expect(stdout).toBe("good-1.x_y\t\n");
});

async function sendOne(target: string, queue: string): Promise<void> {
  const client = connectTo(target);
  await client.dlq.sendToDlq(sendRequest(queue));
  client.close();
}

it.skipIf(spawnSync("bash", ["--version"]).error !== undefined)("works in bash", () => {
  const script = `
    source <(dlq completion bash)
    complete -p dlq
    COMP_WORDS=(dlq ls --state = quar) COMP_CWORD=4
    _dlq
    echo "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = runIn("bash", ["-c", script]);
  expect({ stdout, stderr }).toEqual({
    stdout: "complete -o default -F _dlq dlq\nquarantined\n",
    stderr: "",
  });
});

it.each(["zsh", "fish"])("prints a script for %s", (shell) => {
  const { stdout, status } = runIn("dlq", ["completion", shell]);
  expect(status).toBe(0);
  expect(stdout).toContain("dlq");
  const file = join(folder, `script.${shell}`);
  writeFileSync(file, stdout);
  const checked = runIn(shell, ["-n", file]);
  if (checked.error === undefined) expect(checked).toMatchObject({ status: 0, stderr: "" });
});

it("refuses other shells", () => {
  const { status, stderr } = runIn("dlq", ["completion", "csh"]);
  expect({ status, stderr }).toEqual({
    status: 2,
    stderr: expect.stringContaining("bash, zsh, fish"),
  });
});
