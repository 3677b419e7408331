// The text at the end of a run: a table of results, and commands to try next.

import type { Ledger } from "./ledger.ts";
import { INSTALL_CLI, watchCommand } from "./nats.ts";
import type { Addresses } from "./server.ts";
import { SERVICES } from "./services.ts";
import { seconds } from "./view.ts";

const WIDTHS = [10, 19, 8, 10, 9];

export function summaryOf(ledger: Ledger, elapsedMs: number): string {
  const { total, tried, atOnce, lost } = ledger;
  const rows = SERVICES.map(({ name }) => {
    const { sent, recovered, attempts, quarantined } = ledger.row(name);
    const reasons = ledger.reasons(name);
    const others = reasons.length > 1 ? ` +${reasons.length - 1}` : "";
    const why = quarantined === 0 ? [] : ledger.quarantineReasons(name);
    const end = [quarantined, ...why].join(" ");
    return cells([name, `${reasons[0] ?? "-"}${others}`, sent, recovered, attempts], end);
  });
  const { sent, recovered, attempts, quarantined } = total;
  const open = total.waiting + total.inFlight;
  return `
${tried} orders in ${seconds(elapsedMs)}: ${atOnce} succeeded at once, ${sent} became dead letters. Of these
${recovered} recovered, ${quarantined} are in quarantine, ${open} are undecided; ${lost} orders were lost.

${cells(["queue", "reason", "messages", "recovered", "attempts"], "quarantined")}
${rows.join("\n")}
${cells(["all", "", sent, recovered, attempts], String(quarantined))}
`;
}

/** How to see the events while they come. */
export function watchAdvice(natsUrl: string): string {
  return `Watch the events in a second terminal; --subjects-only shows one line for each.
All events, hundreds of them:
  ${watchCommand(natsUrl)}
Only coupons: four orders fail, are retried, fail again, and are quarantined:
  ${watchCommand(natsUrl, "dlq.coupons.>")}
Without the nats command, install it by
  ${INSTALL_CLI}
`;
}

/** The events of a run by type, with the subject where it is another word. */
export function eventsOf(counts: ReadonlyMap<string, number>): string {
  const parts = [...counts].map(([type, count]) => {
    return `${count} ${type}${type === "moved_to_poison" ? " (dlq.*.poison)" : ""}`;
  });
  return `\n${wrapped(`events: ${parts.join(", ")}`)}\n`;
}

/** @param missing ids of the messages that have no event of their arrival or none of their end */
export function completenessOf(messages: number, missing: readonly string[]): string {
  if (missing.length === 0)
    return `Each of the ${messages} messages has its message_added and its end.\n`;
  const shown = missing.slice(0, SHOWN_IDS).join(", ");
  return `${missing.length} of ${messages} messages have no message_added or no end: ${shown}\n`;
}

const SHOWN_IDS = 3;
const LINE_WIDTH = 79;

/** Breaks a text after commas. */
function wrapped(text: string): string {
  const lines = [""];
  for (const word of text.split(/(?<=, )/)) {
    const line = `${lines.at(-1)}${word}`;
    if (line.trimEnd().length <= LINE_WIDTH) lines[lines.length - 1] = line;
    else lines.push(word);
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}

function cells(values: readonly (string | number)[], last: string): string {
  const padded = values.map((value, i) => {
    const width = WIDTHS[i] ?? 0;
    return i < 2 ? String(value).padEnd(width) : String(value).padStart(width);
  });
  return `${padded.join("")}  ${last}`;
}

const FILES = `The code is short, like yours would be:
  examples/demo/shop.ts          the producer and the worker
  examples/demo/dlq.yaml         the retry policies and the breaker
  clients/typescript/README.md   the client: features and guarantees
  README.md                      the service: a tour of five minutes
`;

const NATS = `  npm run demo -- --nats         publishes its events to NATS and counts them
`;

/** For a run whose server has ended. @param usedNats whether its events were published */
export function nextSteps(usedNats: boolean): string {
  return `
What next?
  npm run demo -- --keep         keeps everything running at the end and prints
                                 commands to inspect and retry messages
${usedNats ? "" : NATS}  npm start                      runs the service, on localhost:50051

${FILES}`;
}

/** For --keep, while everything runs. The shop's bug is fixed by then, so its messages can recover. */
export function nextWhileKept(
  { grpc, http }: Addresses,
  ledger: Ledger,
  natsUrl: string | undefined,
): string {
  const call = (method: string, request: object) =>
    `  grpcurl -plaintext -d '${JSON.stringify(request)}' \\\n    ${grpc} dlq.v1.DlqService/${method}`;
  const { quarantined } = ledger.row("coupons");
  const retry = { queue: "coupons", filter: {}, expectedCount: quarantined };
  return `
Everything still runs: server, shop, worker. Try in a second terminal:

What is in the queues, and why nothing is delivered:
${call("Stats", {})}

The bug in coupons is fixed now: retry its ${quarantined} messages, and watch them
recover here:
${call("Retry", retry)}

Every method also works over HTTP, without grpcurl:
  curl -H 'content-type: application/json' -d '{"queues":["coupons"]}' \\
    http://${http}/dlq.v1.DlqService/Stats
  curl -s http://${http}/metrics | grep '^dlq_messages_total'

${natsUrl === undefined ? "" : watchAdvice(natsUrl)}
${FILES}
Ctrl-C ends it.
`;
}
