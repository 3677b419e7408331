// The outage for some seconds. It also fails for a client that does not number its sends.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { tableRows } from "../docs/markdown.ts";

const MAIN = resolve(import.meta.dirname, "main.ts");

async function outage(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code: child.exitCode, stdout, stderr };
}

test("nothing is lost or doubled while the service is unavailable, whichever process is killed", async () => {
  const { code, stdout, stderr } = await outage("--minutes", "0.1", "--rate", "60");
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: "" });
  const rows = new Map(
    tableRows(stdout, "what").map(([name = "", ...cells]) => [
      name,
      cells.map((cell) => Number(cell.replaceAll(",", ""))),
    ]),
  );
  for (const name of ["`spooled`", "stored and not answered as the server died"]) {
    expect(Math.min(...(rows.get(name) ?? [0]))).toBeGreaterThan(0);
  }
}, 1_200_000);

test("wrong options are refused, and nothing runs", async () => {
  expect(await outage("--minutes", "0")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("--minutes takes a number from 0.1 to 1440, not 0."),
  });
  expect((await outage("--help")).stdout).toContain("npm run outage -- --minutes 0.2");
});
