import fc from "fast-check";
import type { RetryCommand, RetryOutcome } from "../../../src/app/commands.ts";
import { DlqError } from "../../../src/core/errors.ts";
import type { MessageFilter } from "../../../src/core/message.ts";
import type { RetryCursor } from "../../../src/core/retry-selection.ts";
import { matching, retry, retryMatching } from "../life/retry.ts";
import { QUEUE } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import { loss, recent } from "./choices.ts";
import { advance, type Play, step } from "./play.ts";
import { bytesOf, LOST, resultOf, same } from "./results.ts";

const MISSING = `${"0".repeat(12)}7${"0".repeat(3)}8${"0".repeat(15)}`;

type Call = { request: string } & (
  | { ids: string[] }
  | { filter: MessageFilter; expected: number; pageSize: number }
);

const ONE_PAGE = 1_000;

const FILTERS: readonly MessageFilter[] = [
  { states: [], reasons: [], quarantineReasons: [] },
  { states: ["SCHEDULED", "QUARANTINED"], reasons: [], quarantineReasons: [] },
  { states: ["SCHEDULED"], reasons: ["TIMEOUT"], quarantineReasons: [] },
  { states: [], reasons: [], quarantineReasons: ["CRASH_LOOP", "TTL_EXPIRED", "POISON"] },
  { states: [], reasons: ["EXECUTION_FAILED", "UNKNOWN_ERROR"], quarantineReasons: [] },
];

const retryArgs = () =>
  fc.record({
    request: fc.boolean(),
    by: fc.oneof(
      fc.record({ backs: fc.array(fc.nat(12), { minLength: 1, maxLength: 3 }) }),
      fc.record({
        filter: fc.constantFrom(...FILTERS),
        off: fc.constantFrom(0, 0, 0, 1, -1),
        pageSize: fc.constantFrom(ONE_PAGE, 1, 2),
      }),
    ),
    lost: loss(),
    again: fc.boolean(),
  });

export const retryStep = () =>
  retryArgs().map((args) =>
    step("Retry", args, async (play, rig, { request: asked, by, lost, again }) => {
      const isOneCall = "backs" in by || by.pageSize === ONE_PAGE;
      const request = asked && isOneCall ? play.fresh("retry") : "";
      // Two such retries in one millisecond are one: the second finds messages that the first has changed.
      if (!isOneCall) await advance(play, rig, 1);
      const call: Call =
        "backs" in by
          ? { request, ids: by.backs.map((back) => recent(play.ids, back) ?? MISSING) }
          : {
              ...{ request, filter: by.filter, pageSize: by.pageSize },
              expected: Math.max(0, matching(play.life, by.filter).length + by.off),
            };
      await retryOnce(play, rig, call, isOneCall ? lost : undefined);
      if (isOneCall && lost && again) await retryOnce(play, rig, call);
      if (request === "") return;
      play.past.push(async () => {
        if (play.isCertain("retry", request)) await retryOnce(play, rig, call);
      });
    }),
  );

/** One call, as an operator makes it; and what the model says of it. */
async function retryOnce(play: Play, rig: Rig, call: Call, lost?: "request" | "reply") {
  const { life } = play;
  if (lost) rig.wire.lose("ids" in call ? "retry" : "retryMatching", lost);
  const seen = await resultOf(rig.wire, () => retryPages(rig, command(call))).catch(mismatched);
  if (lost === "request") return;
  const expected =
    "ids" in call
      ? retry(life, call.request, call.ids)
      : retryMatching(life, call.request, call.filter, call.expected);
  if (seen !== LOST) same("retried", seen, expected);
}

/** One call, or as many as the filter needs. */
async function retryPages(rig: Rig, first: RetryCommand): Promise<RetryOutcome> {
  let from: RetryCursor | undefined;
  let retriedCount = 0;
  const refused: RetryOutcome["refused"][number][] = [];
  do {
    const by = { ...first.by, from };
    const { rest, ...page } = await rig.server(false).retry({ ...first, by });
    retriedCount += page.retriedCount;
    refused.push(...page.refused);
    from = rest;
  } while (from !== undefined);
  return { retriedCount, refused };
}

function command(call: Call): RetryCommand {
  const by =
    "ids" in call
      ? { ids: call.ids.map(bytesOf) }
      : { filter: call.filter, expectedCount: call.expected, pageSize: call.pageSize };
  return { requestId: call.request, queue: QUEUE, by };
}

/** Nothing was changed: as the model says it. */
function mismatched(error: unknown): undefined {
  if (error instanceof DlqError && error.kind === "PRECONDITION") return undefined;
  throw error;
}
