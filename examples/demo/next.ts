// What to look at next, with commands that can be pasted.

import type { Ledger } from "./ledger.ts";

const FILES = `The code is short, and is what yours would look like:
  examples/demo/shop.ts          the producer's catch block, and the worker
  examples/demo/dlq.yaml         the retry policies
  clients/typescript/README.md   the client: all it does and promises
  README.md                      the service: a tour of five minutes
`;

/** After a run whose server has ended. */
export const NEXT = `
What next?
  npm run demo -- --keep         keeps it running at the end, with commands to
                                 look into it and to put messages back
  npm start                      runs the service by itself, on localhost:50051

${FILES}`;

export interface Addresses {
  readonly grpc: string;
  readonly http: string;
}

/** While everything still runs. The bug is fixed, so the messages that it quarantined can recover. */
export function nextWhileKept({ grpc, http }: Addresses, ledger: Ledger): string {
  const call = (method: string, request: object) =>
    `  grpcurl -plaintext -d '${JSON.stringify(request)}' \\\n    ${grpc} dlq.v1.DlqService/${method}`;
  const { quarantined } = ledger.row("coupons");
  const retry = { queue: "coupons", filter: {}, expectedCount: quarantined };
  return `
Everything still runs: server, shop, worker. Try in a second terminal:

What is in the queues, and why nothing moves:
${call("Stats", {})}

The bug in coupons is fixed now: retry its ${quarantined} messages, and watch them
recover here:
${call("Retry", retry)}

Without grpcurl, over HTTP, and so with any method:
  curl -H 'content-type: application/json' -d '{"queues":["coupons"]}' \\
    http://${http}/dlq.v1.DlqService/Stats
  curl -s http://${http}/metrics | grep '^dlq_messages_total'

${FILES}
Ctrl-C ends it.
`;
}
