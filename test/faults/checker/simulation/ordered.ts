// Changes that break the order of a key, while each message on its own stays legal.

import { orderOf } from "../../history/guarded-facts.ts";
import { type Success, successes } from "./again.ts";
import { back, Lines, type Mutation, type Of } from "./mutate.ts";

const LATER_MS = 500;
/** The next message of the key was delivered within this time after the outcome. */
const SOON_MS = 300;

/** Swaps the ids of two messages of a key, so the later one is delivered first. */
export const cameLater: Mutation = (run, random) => {
  const lines = new Lines(run);
  const pairs = [...deliveriesByOrder(lines).values()].flatMap((delivered) =>
    delivered.slice(1).flatMap((second, at) => {
      const first = delivered[at] as Of<"delivered">;
      return first.source === second.source ? [] : [[first.id, second.id] as const];
    }),
  );
  if (pairs.length === 0) return undefined;
  const [a, b] = random.pick(pairs);
  const other: Readonly<Record<string, string>> = { [a]: b, [b]: a };
  for (const [place, line] of lines.lines.entries()) {
    if ("id" in line && other[line.id] !== undefined) {
      lines.lines[place] = { ...line, id: other[line.id] as string };
    }
  }
  return back(lines);
};

/** Moves an outcome behind the delivery of the next message of its key. */
export const outcomeLater: Mutation = changeOutcome((call) => ({
  ...call,
  at: call.at + LATER_MS,
}));

/** Changes a success to quarantine, though the next message of the key did not wait. */
export const notHeld: Mutation = changeOutcome((call) =>
  call.e === "acking"
    ? {
        ...call,
        outcomes: call.outcomes.map((said) => ({ ...said, outcome: "quarantined" as const })),
      }
    : { ...call, results: call.results.map((one) => ({ ...one, state: "QUARANTINED" })) },
);

function changeOutcome(
  by: (call: Of<"acking"> | Of<"acked">) => Of<"acking"> | Of<"acked">,
): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const byOrder = deliveriesByOrder(lines);
    const first = random.shuffled(successes(lines)).find((one) => isFollowed(one, byOrder));
    if (first === undefined) return undefined;
    const { owner, calls } = first;
    lines.replace(
      calls.map(({ place }) => place),
      owner,
      calls.map(({ call }) => by(call)),
    );
    return back(lines);
  };
}

/** Reports whether another message of its key was delivered soon after its outcome. */
function isFollowed(
  { delivered: { source }, calls }: Success,
  byOrder: ReadonlyMap<string, readonly Of<"delivered">[]>,
): boolean {
  const ackedAt = calls[0]?.call.at ?? 0;
  const others = byOrder.get(orderOf(source) ?? "") ?? [];
  return others.some(
    (one) => one.source !== source && one.at > ackedAt && one.at < ackedAt + SOON_MS,
  );
}

/** Ordering key -> its deliveries, in order. */
function deliveriesByOrder(lines: Lines): Map<string, Of<"delivered">[]> {
  const byOrder = new Map<string, Of<"delivered">[]>();
  for (const line of lines.lines) {
    const order = line.e === "delivered" ? orderOf(line.source) : undefined;
    if (line.e !== "delivered" || order === undefined) continue;
    byOrder.set(order, [...(byOrder.get(order) ?? []), line]);
  }
  for (const delivered of byOrder.values()) delivered.sort((a, b) => a.expires - b.expires);
  return byOrder;
}
