// The agent of the TypeScript client: does what lines of JSON on its input say, and answers in such.

import { createInterface } from "node:readline";
import { DlqClientError } from "../../../../clients/typescript/src/index.ts";
import type { JsonMap } from "../../json.ts";
import { Session } from "./session.ts";

const tell = (message: JsonMap) => void process.stdout.write(`${JSON.stringify(message)}\n`);
const session = new Session(tell);

async function answer(line: string): Promise<void> {
  const { id, op, ...fields } = JSON.parse(line) as JsonMap;
  try {
    tell({ id, result: await session.run(String(op), fields) });
  } catch (error) {
    const words = error instanceof DlqClientError ? `${error.kind}: ${error.message}` : error;
    tell({ id, error: String(words) });
  }
}

// What a failure leaves behind goes on failing after its promise told us.
process.on("uncaughtException", (error) => console.error(error));
process.on("unhandledRejection", (error) => console.error(error));

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => void answer(line));
lines.once("close", () => process.exit(0));
