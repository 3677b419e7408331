// The help of the operator's `dlq`.

import { describe, expect, it } from "vitest";
import { runDlq } from "./run-dlq.ts";

describe("help", () => {
  it.each([
    ...[
      "queues",
      "groups",
      "group",
      "ls",
      "show",
      "count",
      "explain",
      "workers",
      "stats",
      "top",
      "send",
      "retry",
      "undelete",
      "deleted",
    ],
    ...[
      "work",
      "take-back",
      "quiet",
      "queue pause",
      "queue resume",
      "queue set",
      "queue delete",
      "breakers list",
      "breakers reset",
      "rules test",
      "policy simulate",
      "doctor",
    ],
    ...["move", "edit", "quarantine", "discard", "purge"],
    ...["jobs list", "jobs show", "jobs watch", "jobs pause", "jobs resume", "jobs cancel"],
    ...["context list", "context use", "context set", "completion"],
  ])("of %s has a usage and an example of it", async (name) => {
    const { code, stdout } = await runDlq([...name.split(" "), "--help"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: dlq ${name}`);
    expect(stdout).toMatch(
      new RegExp(`Examples:\\n {2}# .+\\n {2}.*dlq ${name.replace(/ list$/, "")}`),
    );
  });

  it("names arguments alike: one queue, or several", async () => {
    const usageOf = async (name: string) => {
      const { stdout } = await runDlq([name, "--help"]);
      return { name, usage: stdout.split("\n")[0], text: stdout.replaceAll(/\s+/g, " ") };
    };
    for (const { usage, text } of await Promise.all(["ls", "count", "groups"].map(usageOf))) {
      expect(usage).toMatch(/ \[queue\]$/);
      expect(text).toContain(
        "QUEUE is a queue, or a pattern in which * stands for any characters;",
      );
    }
    const several = ["queues", "stats", "top", "workers"];
    for (const { usage, text } of await Promise.all(several.map(usageOf))) {
      expect(usage).toMatch(/ \[queues...\]$/);
      expect(text).toContain(
        "QUEUES are queues, or patterns in which * stands for any characters;",
      );
    }
  });

  it("of the program lists commands, examples and exit codes", async () => {
    const { stdout } = await runDlq(["--help"]);
    for (const text of ["Look:", "Act:", "  queues ", "  work ", "Examples:", "Exit codes:"]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toMatch(/^ {2}3 +not found: a message, group, session, queue or job$/m);
    expect(stdout).not.toContain("Commands:");
    expect(stdout).not.toMatch(/^ {2}serve /m);
    // Each summary is on one line.
    const commands = stdout.slice(stdout.indexOf("Look:"), stdout.indexOf("Examples:"));
    expect(commands.split("\n").filter((line) => /^ {4}/.test(line))).toEqual([]);
    const long = stdout.split("\n").filter((line) => line.length > 110);
    expect(long).toEqual([]);
    expect((await runDlq(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});
