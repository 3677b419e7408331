import fc from "fast-check";
import { undelete } from "../life/undelete.ts";
import { QUEUE } from "../real/names.ts";
import { recent } from "./choices.ts";
import { step } from "./play.ts";
import { bytesOf, hexOf, same } from "./results.ts";

const NO_REQUEST = new Uint8Array();

/** An operator brings messages back: those that ended last, and any others. */
export const undeleteStep = () =>
  fc
    .record({
      backs: fc.array(fc.nat(6), { minLength: 1, maxLength: 2 }),
      others: fc.array(fc.nat(12), { maxLength: 1 }),
      toRetry: fc.boolean(),
    })
    .map((args) =>
      step("Undelete", args, async (play, rig, { backs, others, toRetry }) => {
        const { life } = play;
        const ended = [...life.deleted.keys()];
        const chosen = [
          ...backs.map((back) => recent(ended, back)),
          ...others.map((back) => recent(play.ids, back)),
        ].filter((id) => id !== undefined);
        const ids = [...new Set(chosen)];
        if (ids.length === 0) return;
        const which = { ids: ids.map(bytesOf) };
        const how = { toRetry, caller: undefined, settings: rig.settings };
        const { count, refused } = await rig.store.deleted.undelete(QUEUE, NO_REQUEST, which, how);
        const seen = refused.map(({ id, refusal }) => ({ id: hexOf(id), refusal }));
        same("undeleted", { count, refused: seen }, undelete(life, ids, toRetry));
      }),
    );
