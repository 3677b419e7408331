import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { parseTokensFile } from "../../src/config/token.ts";
import { loadErrors } from "./load-support.ts";

const HASH = "0f".repeat(32);
const OTHER = "1e".repeat(32);
const secret = { sha256: HASH };

test("a line has a name, a hash, and maybe the time at which the token expires", () => {
  const text = `# callers\n\norders:sha256:${HASH.toUpperCase()}\r\n  ops:sha256:${OTHER}  expires=2030-01-31T07:00:00+01:00 \n`;
  expect(parseTokensFile(text)).toEqual({
    ok: [
      { name: "orders", secret },
      { name: "ops", secret: { sha256: OTHER }, expireAtMs: Date.UTC(2030, 0, 31, 6) },
    ],
  });
});

test.each([
  ["", "has no token"],
  ["# nothing yet\n", "has no token"],
  [`a:sha256:${HASH}`, "has no newline at its end, so it may be cut; end its last line with one"],
  [`a:sha256:${HASH}\nb:sha256:${OTHER} `, "has no newline at its end"],
  [`a:sha256:${HASH}\nhunter2-hunter2-hunter2\n`, "line 2 has a token instead of its hash"],
  ["bob:notahash\n", "line 1 is not NAME:sha256:HEX; dlq-server token makes such a line"],
  ["garbage line\n", "line 1 is not NAME:sha256:HEX; dlq-server token makes such a line"],
  ["a:hunter2-hunter2-hunter2\n", "line 1 has a token instead of its hash; dlq-server token"],
  ["a:sha256:hunter2\n", "line 1 has a hash that is not 64 hexadecimal digits"],
  [`a:sha256:${HASH} until=hunter2\n`, "line 1 has something after the hash"],
  [`a:sha256:${HASH} expires=2030-01-31T06:00:00Z x\n`, "line 1 has something after the hash"],
  [`a:sha256:${HASH} expires=2030-02-31T06:00:00Z\n`, "line 1 has an expires that does not exist"],
])("%j is refused without its content", (text, problem) => {
  const parsed = parseTokensFile(text);
  expect(parsed).toEqual({ problem: expect.stringContaining(problem) });
  expect(JSON.stringify(parsed)).not.toContain("hunter2");
});

test("the same hash twice is refused with its lines, also under another name or expiry", () => {
  const text = `a:sha256:${HASH} expires=2030-01-31T06:00:00Z\n\nc:sha256:${OTHER}\nb:sha256:${HASH.toUpperCase()}\n`;
  expect(parseTokensFile(text)).toEqual({
    problem: "has the same hash in lines 1 and 4; remove one of them",
  });
});

test("a token of the settings is refused in the file", () => {
  const token = "hunter2-hunter2-hunter2";
  const hash = createHash("sha256").update(token).digest("hex");
  const files = { tokens: `a:sha256:${OTHER}\nb:sha256:${hash} expires=2030-01-31T06:00:00Z\n` };
  for (const given of [token, `a:${token}`, `a:sha256:${hash}`]) {
    expect(loadErrors({ argv: ["--tokens-file=tokens", `--tokens=${given}`], files })).toEqual([
      "tokens-file (--tokens-file): tokens: line 2 has the hash of a token of the setting tokens; write one token on a line",
    ]);
  }
});

test("a name may have several tokens, so that one can replace the other", () => {
  const text = `a:sha256:${HASH}\na:sha256:${OTHER}\n`;
  expect(parseTokensFile(text)).toMatchObject({ ok: [{ name: "a" }, { name: "a" }] });
});

test("no part of a file is a file, except whole lines", () => {
  const text = `orders:sha256:${HASH} expires=2030-01-31T06:00:00Z\nops:sha256:${OTHER}\n`;
  const accepted = [...text].flatMap((_, length) =>
    "ok" in parseTokensFile(text.slice(0, length)) ? [text.slice(0, length)] : [],
  );
  expect(accepted).toEqual([text.slice(0, text.indexOf("\n") + 1)]);
});

test("a wrong file is an error of the configuration", () => {
  const files = { tokens: "a:sha256:0f\n" };
  expect(loadErrors({ argv: ["--tokens-file=tokens"], files })).toEqual([
    "tokens-file (--tokens-file): tokens: line 1 has a hash that is not 64 hexadecimal digits; write one token on a line",
  ]);
});
