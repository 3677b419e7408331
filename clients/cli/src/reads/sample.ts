import { MessageView } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { escaped } from "../output/escape.ts";
import { failureText } from "../output/failure.ts";
import { countText } from "../output/numbers.ts";
import { cutTo } from "../output/width.ts";
import type { Run } from "../run.ts";
import { reasonName, stateName } from "../values/enum-names.ts";

/** Messages of a sample. */
const SHOWN = 3;

/**
 * Returns a few of the messages that a command acts on, the oldest first, as lines for `confirm`.
 *
 * @param queue a queue or a pattern
 * @param filter an expression of CEL. Empty: all messages
 * @param count how many messages there are
 */
export async function sampleLines(
  run: Run,
  { queue, filter, count }: { queue: string; filter: string; count: bigint },
): Promise<string[]> {
  if (count === 0n) return [];
  const { messages } = await run.admin.listMessages(
    { queue, filter, pageSize: SHOWN, view: MessageView.BASIC },
    run.call,
  );
  const lines = messages.map(({ message, state }) => {
    const parts = [stateName(state), reasonName(message?.reason ?? 0)];
    const text = failureText(message?.failure);
    return `  ${message?.id}  ${[...parts, escaped(text)].filter((part) => part !== "").join("  ")}`;
  });
  const rest = count - BigInt(messages.length);
  const width = run.print.width ?? Infinity;
  return [
    ...lines.map((line) => cutTo(line, width)),
    ...(rest > 0n ? [`  and ${countText(rest)} more`] : []),
  ];
}
