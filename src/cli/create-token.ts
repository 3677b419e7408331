import { createHash, randomBytes } from "node:crypto";
import { formatToken, TOKEN_NAME, TOKEN_NAME_ALLOWED } from "../config/token.ts";
import type { CliIo } from "./io.ts";

/** 256 bits cannot be guessed, so that a fast hash protects them. */
const TOKEN_BYTES = 32;

/** The prefix lets scanners find tokens that were published by mistake. */
const PREFIX = "dlq_";

/**
 * Creates a token. Writes the line for the tokens file to stdout and the token itself to stderr, so
 * that the output can be appended to the file. Returns the problem of a wrong name.
 */
export function createToken(io: CliIo, name: string): string | undefined {
  if (!TOKEN_NAME.test(name)) return `is not a name of a caller: ${TOKEN_NAME_ALLOWED}`;
  const token = `${PREFIX}${randomBytes(TOKEN_BYTES).toString("base64url")}`;
  const sha256 = createHash("sha256").update(token).digest("hex");
  io.stderr.write(`dlq-server: the token of ${name}; it is shown only now:\n${token}\n`);
  io.stdout.write(`${formatToken({ name, secret: { sha256 } })}\n`);
  return undefined;
}
