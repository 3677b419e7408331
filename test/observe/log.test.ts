import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { createLogger, type Logger, type LogSettings, recordLog } from "../../src/observe/log.ts";

const settings: LogSettings = { logLevel: "info", logFormat: "json", nodeId: "node-1" };

function capture(change: Partial<LogSettings> = {}, isTerminal = false) {
  const lines: string[] = [];
  const stream = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ ...settings, ...change }, { stream, isTerminal, colours: false });
  return { log, lines, text: () => lines.join("") };
}

function one(write: (log: Logger) => void): unknown {
  const { log, lines } = capture();
  write(log);
  expect(lines).toHaveLength(1);
  return JSON.parse(lines[0] ?? "");
}

describe("JSON", () => {
  test("has level name, ISO time, node and the caller's fields", () => {
    expect(one((log) => log.warn({ queue: "q", attempt: 2 }, "rescheduled"))).toEqual({
      level: "warn",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      node: "node-1",
      queue: "q",
      attempt: 2,
      msg: "rescheduled",
    });
  });

  test("leaves out empty values, at any depth", () => {
    const empty = { note: "", by: undefined, code: null, failure: { type: "", message: "" } };
    expect(
      one((log) => log.info({ ...empty, held: 0, joined: false, in: { a: "", b: 1 } }, "m")),
    ).toEqual({
      level: "info",
      time: expect.any(String),
      node: "node-1",
      held: 0,
      joined: false,
      in: { b: 1 },
      msg: "m",
    });
  });

  test("lines below the level are not written", () => {
    const { log, lines } = capture({ logLevel: "warn" });
    log.info("no");
    log.error("yes");
    expect(lines).toHaveLength(1);
  });

  test.each(["fatal", "debug"])("records are written at level %s", (logLevel) => {
    const { log, lines } = capture({ logLevel });
    recordLog(log).info({ caller: "ops" }, "redacted content shown");
    expect(JSON.parse(lines.join(""))).toMatchObject({ level: "info", caller: "ops" });
  });
});

describe("secrets", () => {
  test.each([
    ["token"],
    ["tokens"],
    ["leaseToken"],
    ["lease_token"],
    ["Authorization"],
    ["payload"],
    ["redisPassword"],
    ["api-key"],
    ["apikey"],
    ["accountKey"],
    ["sig"],
    ["proxy-authorization"],
    ["set-cookie"],
    ["passwd"],
    ["db_pwd"],
    ["jwt"],
  ])("the value of %s is hidden, at any depth, in lines and in children", (key) => {
    const line = JSON.stringify([
      one((log) => log.info({ [key]: "hunter2" }, "m")),
      one((log) => log.info({ a: { b: [{ [key]: ["hunter2"] }] } }, "m")),
      one((log) =>
        log
          .child({ [key]: "hunter2" })
          .child({ a: 1 })
          .info("m"),
      ),
      one((log) =>
        log
          .child({ a: 1 })
          .child({ [key]: "hunter2" })
          .info("m"),
      ),
    ]);
    expect(line).not.toContain("hunter2");
    expect(line.match(/\[hidden\]/g)).toHaveLength(4);
  });

  test.each(["payloadBytes", "tokenCount", "queue", "id"])("%s is shown", (key) => {
    expect(one((log) => log.info({ [key]: 7 }, "m"))).toMatchObject({ [key]: 7 });
  });

  test("secrets in texts are hidden: fields, errors and messages", () => {
    const text = "redis://u:hunter2@h failed";
    const shown = "redis://[hidden]@h failed";
    expect(one((log) => log.info({ text, in: [text], err: new Error(text) }, text))).toMatchObject({
      text: shown,
      in: [shown],
      err: { message: shown },
      msg: shown,
    });
    const lines = [
      one((log) => log.warn(text)),
      one((log) => log.error(new Error(text))),
      one((log) => log.info("got %s", text)),
    ];
    expect(JSON.stringify(lines)).not.toContain("hunter2");
  });

  test("bytes are counted, not printed", () => {
    expect(one((log) => log.info({ data: Buffer.from("hunter2") }, "m"))).toMatchObject({
      data: "[7 bytes]",
    });
  });

  test("extra fields of an error are dropped; message, code and causes are kept", () => {
    const cause = new Error("connect ECONNREFUSED redis://u:hunter2@h");
    const error = Object.assign(new TypeError("call failed", { cause }), {
      code: "ECONNREFUSED",
      command: { name: "evalsha", args: ["hunter2", Buffer.from("hunter2")] },
    });
    for (const write of [
      (l: Logger) => l.error({ err: error }, "m"),
      (l: Logger) => l.error(error),
    ]) {
      const line = one(write);
      expect(line).toMatchObject({
        err: {
          type: "TypeError",
          message: "call failed",
          code: "ECONNREFUSED",
          stack: expect.stringContaining("log.test.ts"),
          cause: { message: "connect ECONNREFUSED redis://[hidden]@h" },
        },
      });
      expect(JSON.stringify(line)).not.toContain("hunter2");
    }
  });

  test("the caller's object is not changed, and cycles end", () => {
    const object: Record<string, unknown> = { token: "t", big: 10n };
    object.self = object;
    expect(one((log) => log.info(object, "m"))).toMatchObject({ big: "10", token: "[hidden]" });
    expect(object.token).toBe("t");
  });
});

describe("pretty", () => {
  test("is one line with the fields after the message", () => {
    const { log, text } = capture({ logFormat: "pretty" });
    log.info({ queue: "q", n: 2, why: "not found", list: [1] }, "hello there");
    expect(text()).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} INFO {2}hello there queue=q n=2 why="not found" list=\[1\]\n$/,
    );
  });

  test("puts stacks, with causes, on indented lines", () => {
    const { log, text } = capture({ logFormat: "pretty" });
    log.error({ err: new Error("outer", { cause: new Error("inner") }) }, "m");
    const [head, ...stack] = text().trimEnd().split("\n");
    expect(head).toMatch(/ERROR m$/);
    expect(stack[0]).toBe("    Error: outer");
    expect(stack).toContain("    caused by");
    expect(stack).toContain("    Error: inner");
  });

  test.each([
    ["auto on a terminal", "auto", true, true],
    ["auto elsewhere", "auto", false, false],
    ["json on a terminal", "json", true, false],
  ] as const)("%s", (_, logFormat, isTerminal, pretty) => {
    const { log, text } = capture({ logFormat }, isTerminal);
    log.info("m");
    expect(text().startsWith("{")).toBe(!pretty);
  });
});

describe.each(["json", "pretty"] as const)("%s", (logFormat) => {
  test.each([
    ...["0", "1b", "7f", "85", "9b", "ad", "61c", "200b", "200f", "2028", "2029", "202e"],
    ...["2060", "2066", "feff", "fff9", "e0041"],
  ])("U+%s neither breaks the line nor reaches the terminal", (code) => {
    const unsafe = String.fromCodePoint(Number.parseInt(code, 16));
    const { log, text } = capture({ logFormat });
    const value = `a${unsafe}b`;
    const err = Object.assign(new Error(value), { stack: value });
    log.child({ child: value }).info({ a: value, [value]: "key", c: { in: [value] }, err }, value);
    const lines = text().trimEnd().split("\n");
    expect(lines).toHaveLength(logFormat === "json" ? 1 : 2);
    expect(text()).not.toContain(unsafe);
    if (logFormat === "json") {
      expect(JSON.parse(text())).toMatchObject({ a: value, msg: value, [value]: "key" });
    }
  });

  test("text of any language is shown as it is", () => {
    const { log, text } = capture({ logFormat });
    const words = "é ß 日本語 עברית عربى 👍 — …";
    log.info({ words }, words);
    expect(text().split(words)).toHaveLength(3);
  });
});

test("lines reach stdout, and a closed pipe does not prevent the exit", async () => {
  const module = path.join(import.meta.dirname, "../../src/observe/log.ts");
  const program = `
    import { createLogger } from ${JSON.stringify(module)};
    const log = createLogger({ logLevel: "info", logFormat: "json", nodeId: "n" });
    log.info("first");
    process.stdin.on("end", () => {
      for (let i = 0; i < 100; i++) log.info("into the void");
      process.exit(7);
    }).resume();
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const [chunk] = await once(child.stdout, "data");
  expect(JSON.parse(String(chunk))).toMatchObject({ msg: "first" });
  child.stdout.destroy();
  await once(child.stdout, "close");
  child.stdin.end();
  expect(await exit).toEqual([7, null]);
});
