import fc from "fast-check";
import type { RetryCommand } from "../../../src/app/commands.ts";
import { DlqError } from "../../../src/core/errors.ts";
import type { MessageFilter } from "../../../src/core/message.ts";
import { matching, retry, retryMatching } from "../life/retry.ts";
import { QUEUE } from "../real/names.ts";
import type { Rig } from "../real/rig.ts";
import { loss, recent } from "./choices.ts";
import { type Play, step } from "./play.ts";
import { bytesOf, LOST, resultOf, same } from "./results.ts";

const MISSING = `${"0".repeat(12)}7${"0".repeat(3)}8${"0".repeat(15)}`;

type Call = { request: string } & ({ ids: string[] } | { filter: MessageFilter; expected: number });

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
      fc.record({ filter: fc.constantFrom(...FILTERS), off: fc.constantFrom(0, 0, 0, 1, -1) }),
    ),
    lost: loss(),
    again: fc.boolean(),
  });

export const retryStep = () =>
  retryArgs().map((args) =>
    step("Retry", args, async (play, rig, { request: asked, by, lost, again }) => {
      const request = asked ? play.fresh("retry") : "";
      const call: Call =
        "backs" in by
          ? { request, ids: by.backs.map((back) => recent(play.ids, back) ?? MISSING) }
          : {
              ...{ request, filter: by.filter },
              expected: Math.max(0, matching(play.life, by.filter).length + by.off),
            };
      await retryOnce(play, rig, call, lost);
      if (lost && again) await retryOnce(play, rig, call);
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
  const seen = await resultOf(rig.wire, () => rig.server(false).retry(command(call))).catch(
    mismatched,
  );
  if (lost === "request") return;
  const expected =
    "ids" in call
      ? retry(life, call.request, call.ids)
      : retryMatching(life, call.request, call.filter, call.expected);
  if (seen !== LOST) same("retried", seen, expected);
}

function command(call: Call): RetryCommand {
  const by =
    "ids" in call
      ? { ids: call.ids.map(bytesOf) }
      : { filter: call.filter, expectedCount: call.expected };
  return { requestId: call.request, queue: QUEUE, by };
}

/** Nothing was changed: as the model says it. */
function mismatched(error: unknown): undefined {
  if (error instanceof DlqError && error.kind === "PRECONDITION") return undefined;
  throw error;
}
