// The config file of the operator's `dlq`: what it may have, who may read it, and its contexts.

import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { DlqService } from "../../../gen/dlq/v1/dlq_service_pb.ts";
import { homeFolder, runDlq, serve } from "./run-dlq.ts";

describe("the config file", () => {
  it.each([
    ["{", "is invalid"],
    ['{"contexts": {"a": {"adress": "x"}}}', 'context "a" has the unknown field "adress"'],
    ['{"contexts": {"a": {"target": 1}}}', 'target of context "a" is no text'],
    ['{"context": "a"}', '"context" is unknown; there are current and contexts'],
    ["[]", "the file is no JSON object"],
  ])("%s is refused", async (content, message) => {
    const folder = homeFolder();
    const file = join(folder, "dlq/config.json");
    mkdirSync(dirname(file));
    writeFileSync(file, content);
    const { code, stderr } = await runDlq(["queues"], { env: { XDG_CONFIG_HOME: folder } });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
    expect(stderr).toContain(file);
  });

  it("is not written through a link", async () => {
    const home = homeFolder();
    const set = (name: string) => runDlq(["context", "set", name, "--target", "x:1"], { home });
    await set("first");
    const file = join(home, ".config/dlq/config.json");
    const victim = join(home, "victim");
    writeFileSync(victim, "precious");
    symlinkSync(victim, `${file}.${process.pid}`);
    expect(await set("second")).toMatchObject({ code: 0 });
    expect(readFileSync(victim, "utf8")).toBe("precious");
    expect(readFileSync(file, "utf8")).toContain("second");
  });

  it("has a warning if others can read its tokens", async () => {
    const home = homeFolder();
    const target = await serve((router) => router.service(DlqService, { stats: () => ({}) }));
    const set = ["context", "set", "a", "--target", target];
    await runDlq([...set, "--token", "secret"], { home });
    const file = join(home, ".config/dlq/config.json");
    expect((await runDlq(["queues"], { home })).stderr).not.toContain("Others can read");
    chmodSync(file, 0o640);
    const { code, stderr } = await runDlq(["queues"], { home });
    expect(code).toBe(0);
    expect(stderr).toContain(`Others can read the tokens in ${file}: chmod 600 ${file}\n`);
    await runDlq(set, { home });
    chmodSync(file, 0o644); // no tokens
    expect((await runDlq(["queues"], { home })).stderr).not.toContain("Others can read");
  });

  it("names the context of the address on a terminal", async () => {
    const home = homeFolder();
    const target = await serve((router) => router.service(DlqService, { stats: () => ({}) }));
    await runDlq(["context", "set", "moon", "--target", target], { home });
    const errors = async (columns?: number, ...more: string[]) =>
      (
        await runDlq(["queues", ...more], {
          home,
          ...(columns && { columns, env: { NO_COLOR: "1" } }),
        })
      ).stderr;
    expect(await errors(80)).toContain(`context moon: ${target}\n`);
    expect(await errors(80, "--target", `http://${target}`)).not.toContain("moon");
    expect(await errors(80, "-o", "json")).not.toContain("moon");
    expect(await errors()).not.toContain("moon");
  });

  it("loses a context that is removed", async () => {
    const home = homeFolder();
    for (const name of ["one", "two"])
      await runDlq(["context", "set", name, "--target", "x:1"], { home });
    expect(await runDlq(["context", "remove", "one"], { home })).toMatchObject({
      ...{ code: 0, stderr: "Context one is removed. It was in force; now there is none.\n" },
    });
    const file = join(home, ".config/dlq/config.json");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({
      contexts: { two: { target: "x:1" } },
    });
    expect((await runDlq(["context", "remove", "one"], { home })).code).toBe(2);
    const two = await runDlq(["context", "remove", "two"], { home });
    expect(two.stderr).toBe("Context two is removed.\n");
  });

  it("has no context that was not set", async () => {
    const home = homeFolder();
    const { code, stderr } = await runDlq(["context", "use", "moon"], { home });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('there is no context "moon"; there are none'),
    });
    expect(await runDlq(["context", "set", "moon"], { home })).toMatchObject({ code: 2 });
  });
});
