import type { HistoryEvent } from "../../history/event.ts";
import { back, Lines, type Mutation, type Of } from "./mutate.ts";
import { STREAM_MS } from "./simulation.ts";

/**
 * Delivers a finished message again half a second later, to the same worker, during its lease. The counters are adjusted,
 * so only the rules for deliveries can find it.
 * @param queue of the second delivery; default: the same
 * @param received what remains of the first outcome; `nothing`: it was not sent
 */
export function comesAgain(
  received: "no answer" | "nothing",
  stream: "same" | "next",
  queue?: string,
): Mutation {
  return (run, random) => {
    const lines = new Lines(run);
    const first = random.shuffled(successes(lines)).find(({ delivered }) => {
      const sinceOpened = delivered.at % STREAM_MS;
      return stream === "same" || sinceOpened > STREAM_MS - AGAIN_MS;
    });
    if (first === undefined) return undefined;
    const { delivered, owner, calls } = first;
    const again = (instant: number) => instant + AGAIN_MS;
    const token = `${delivered.token}-again`;
    const at = again(delivered.at);
    const added: HistoryEvent[] = [
      {
        ...delivered,
        queue: queue ?? delivered.queue,
        at,
        token,
        number: delivered.number + 1,
        expires: again(delivered.expires),
        stream: stream === "same" ? delivered.stream : nextOf(delivered.stream),
      },
      ...calls.map(({ call }) => calledAgain(call, token)),
    ];
    const dropped = calls.flatMap(({ place, call }) =>
      call.e === "acked" || received === "nothing" ? [place] : [],
    );
    lines.replace(dropped, owner, added);
    lines.countDelivery(queue ?? delivered.queue);
    return back(lines);
  };
}

const AGAIN_MS = 500;

function nextOf(stream: string): string {
  return stream.replace(/\d+$/, (number) => String(Number(number) + 1));
}

type Call = Of<"acking"> | Of<"acked">;

/** Returns the call for the second delivery. */
function calledAgain(call: Call, token: string): Call {
  const [at, request] = [call.at + AGAIN_MS, `${call.request}-again`];
  if (call.e === "acked") return { ...call, at, request };
  return { ...call, at, request, outcomes: call.outcomes.map((said) => ({ ...said, token })) };
}

export interface Success {
  readonly delivered: Of<"delivered">;
  readonly owner: string;
  /** The request and the answer of its outcome, which had one try. */
  readonly calls: readonly { readonly place: number; readonly call: Call }[];
}

/** Returns deliveries whose success was applied at the first try. */
export function successes(lines: Lines): Success[] {
  const byRequest = Map.groupBy(
    [...lines.lines.entries()].flatMap(([place, call]) =>
      call.e === "acking" || call.e === "acked" ? [{ place, call }] : [],
    ),
    ({ call }) => call.request,
  );
  const byToken = new Map(
    [...byRequest.values()].flatMap((calls) => {
      const [asked, answered] = calls;
      if (calls.length !== 2 || asked?.call.e !== "acking" || answered?.call.e !== "acked")
        return [];
      const isDone = answered.call.results[0]?.state === "SUCCEEDED";
      return isDone ? [[asked.call.outcomes[0]?.token, calls] as const] : [];
    }),
  );
  return [...lines.lines.entries()].flatMap(([place, delivered]) => {
    const calls = delivered.e === "delivered" ? byToken.get(delivered.token) : undefined;
    if (delivered.e !== "delivered" || calls === undefined) return [];
    return [{ delivered, owner: lines.owners[place] as string, calls }];
  });
}
