// A process that sends. Its argument is a SpoolProcessCommand as JSON. It prints the status of each
// send, and runs until it is killed or its input ends.

import {
  createDlqClient,
  type DlqClientOptions,
} from "../../../../clients/typescript/src/index.ts";

export interface SpoolProcessCommand {
  readonly options: DlqClientOptions;
  readonly queue: string;
  readonly payloads: readonly string[];
}

const command: SpoolProcessCommand = JSON.parse(process.argv[2] ?? "");
const dlq = createDlqClient(command.options);
const error = new Error("it broke");
const sends = command.payloads.map((payload) => dlq.send(command.queue, payload, error));
for (const { status, ...rest } of await Promise.all(sends)) {
  console.log(status, "durable" in rest ? rest.durable : "");
}
console.log("done");
process.stdin.resume();
