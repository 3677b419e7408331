import fc from "fast-check";
import { retentionOf } from "../../../src/core/retention.ts";
import { type ActKind, act, canAct } from "../life/act.ts";
import { QUEUE } from "../real/names.ts";
import { recent } from "./choices.ts";
import { step } from "./play.ts";
import { hexOf, same } from "./results.ts";

/** A batch job acts on messages, and its server repeats the step. */
export const actStep = () =>
  fc
    .record({
      kind: fc.constantFrom<ActKind>("retry", "quarantine", "discard"),
      backs: fc.array(fc.nat(8), { minLength: 1, maxLength: 3 }),
      number: fc.nat(1_000_000),
    })
    .map((args) =>
      step("Act", args, async (play, rig, { kind, backs, number }) => {
        const { life } = play;
        const chosen = new Set(backs.map((back) => recent(play.ids, back)));
        const { jobs, messageReads } = rig.store;
        const { messages } = await messageReads.states(QUEUE, {
          ...{ newestFirst: false, after: undefined },
        });
        const items = messages.filter(({ id }) => {
          const message = life.messages.get(hexOf(id));
          return chosen.has(hexOf(id)) && message !== undefined && canAct(kind, message);
        });
        const job = {
          createdMs: 0,
          ...{ number, action: kind, before: undefined, items, caller: "ann", note: "j" },
          ...{ after: Buffer.from(play.fresh("act")), retention: retentionOf(rig.settings) },
        };
        same("acted", await jobs.act(QUEUE, job), "DONE");
        same("acted again", await jobs.act(QUEUE, job), "DONE");
        await jobs.forgetProgress(QUEUE, number);
        for (const { id } of items) {
          const message = life.messages.get(hexOf(id));
          if (message !== undefined) act(life, kind, message);
        }
      }),
    );
