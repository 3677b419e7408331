// The agent of the TypeScript client. It reads commands as lines of JSON and answers in the same form. With
// `slow-worker TARGET QUEUE` it is only a worker.

import { createInterface } from "node:readline";
import { DlqClientError } from "../../../../clients/typescript/src/index.ts";
import type { JsonMap } from "../../json.ts";
import { Session } from "./session.ts";
import { runSlowWorker } from "./slow-worker.ts";

const [word, target = "", queue = ""] = process.argv.slice(2);
if (word === "slow-worker") await runSlowWorker(target, queue);
else serve();

function serve(): void {
  const emit = (message: JsonMap) => void process.stdout.write(`${JSON.stringify(message)}\n`);
  const session = new Session(emit);

  async function answer(line: string): Promise<void> {
    const { id, op, ...fields } = JSON.parse(line) as JsonMap;
    try {
      emit({ id, result: await session.run(String(op), fields) });
    } catch (error) {
      const text = error instanceof DlqClientError ? `${error.kind}: ${error.message}` : error;
      emit({ id, error: String(text) });
    }
  }

  // Some golden failures fail again after their promise was rejected.
  process.on("uncaughtException", (error) => console.error(error));
  process.on("unhandledRejection", (error) => console.error(error));

  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => void answer(line));
  lines.once("close", () => process.exit(0));
}
