import type { Explanation } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { escaped } from "./escape.ts";
import type { Printer } from "./printer.ts";
import { wrapped } from "./wrap.ts";

/** Returns reasons as a list, the one to act on first. */
export function explanationLines(explanations: readonly Explanation[], print: Printer): string[] {
  const times = print.times();
  return explanations.flatMap(({ text, until }) => {
    const end = until === undefined ? "" : ` [until ${times.both(until)}]`;
    const [first = "", ...rest] = wrapped(escaped(`${text}${end}`), print.width, 2);
    return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
  });
}
