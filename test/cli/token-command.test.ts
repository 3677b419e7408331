import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { bearerTokens, parseTokensFile } from "../../src/config/token.ts";
import { cli } from "./cli-support.ts";

test("dlq-server token prints a token once, and the line of its hash", async () => {
  const { code, stdout, stderr, served } = await cli(["token", "orders"]);
  expect({ code, served }).toEqual({ code: 0, served: [] });
  const token = stderr.trim().split("\n").at(-1) ?? "";
  expect(bearerTokens.parse(token)).toHaveProperty("ok");
  expect(stdout).not.toContain(token);
  const sha256 = createHash("sha256").update(token).digest("hex");
  expect(parseTokensFile(stdout)).toEqual({ ok: [{ name: "orders", secret: { sha256 } }] });
  expect((await cli(["token", "orders"])).stdout).not.toBe(stdout);
});

test.each([
  [["token"], 'name: "" is not a name of a caller: 1 to 64 letters, digits and . _ -'],
  [["token", "a:b"], 'name: "a:b" is not a name of a caller: 1 to 64 letters, digits and . _ -'],
  [["token", "a", "b"], 'arguments: "b" is not expected here'],
  [["token", "a", "--expires", "30d"], 'arguments: "--expires" is not expected here'],
  [["token", "--frob", "a"], 'arguments: "--frob" is not expected here'],
])("%j", async (argv, problem) => {
  const { code, stdout, stderr } = await cli(argv);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toBe(`dlq-server: one error\n  ${problem}\n`);
});
