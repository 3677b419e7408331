import { expect, test } from "vitest";
import { parseTokensFile } from "../../src/config/token.ts";
import { loadErrors } from "./load-support.ts";

const HASH = "0f".repeat(32);
const secret = { sha256: HASH };

test("a line has a name, a hash, and maybe the time at which the token expires", () => {
  const text = `# callers\n\norders:sha256:${HASH.toUpperCase()}\r\n  ops:sha256:${HASH}  expires=2030-01-31T07:00:00+01:00 \n`;
  expect(parseTokensFile(text)).toEqual({
    ok: [
      { name: "orders", secret },
      { name: "ops", secret, expireAtMs: Date.UTC(2030, 0, 31, 6) },
    ],
  });
});

test.each([
  ["", "has no token"],
  ["# nothing yet\n", "has no token"],
  [`a:sha256:${HASH}\nhunter2-hunter2-hunter2`, "line 2 has a token instead of its hash"],
  ["a:hunter2-hunter2-hunter2", "line 1 has a token instead of its hash; dlq token"],
  ["a:sha256:hunter2", "line 1 has a hash that is not 64 hexadecimal digits"],
  [`a:sha256:${HASH} until=hunter2`, "line 1 has something after the hash"],
  [`a:sha256:${HASH} expires=2030-01-31T06:00:00Z x`, "line 1 has something after the hash"],
  [`a:sha256:${HASH} expires=2030-02-31T06:00:00Z`, "line 1 has an expires that does not exist"],
  [`a:sha256:${HASH}\n`.repeat(1_001), "has more than 1000 tokens"],
])("%j is refused without its content", (text, problem) => {
  const parsed = parseTokensFile(text);
  expect(parsed).toEqual({ problem: expect.stringContaining(problem) });
  expect(JSON.stringify(parsed)).not.toContain("hunter2");
});

test("a wrong file is an error of the configuration", () => {
  const files = { tokens: "a:sha256:0f" };
  expect(loadErrors({ argv: ["--tokens-file=tokens"], files })).toEqual([
    "tokens-file (--tokens-file): tokens: line 1 has a hash that is not 64 hexadecimal digits; write one token on a line",
  ]);
});
