import { cutUtf8 } from "../../../core/utf8.ts";
import type { JobAction, JobStep, JobStepResult } from "../../contract.ts";
import type { StoreContext } from "../context.ts";
import { packEdit } from "../edits.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { pack } from "../packed/layout.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { packRetention } from "../retention.ts";
import { CALLER_BYTES } from "./timeline.ts";

const { ACTION, ACT, LIMIT } = CONSTANTS;

const ACTIONS: Readonly<Record<JobAction, number>> = {
  retry: ACTION.RETRY,
  edit: ACTION.EDIT,
  quarantine: ACTION.QUARANTINE,
  discard: ACTION.DISCARD,
  purge: ACTION.PURGE,
  move: ACTION.MOVE,
};

const RESULTS: Readonly<Record<number, JobStepResult>> = {
  [ACT.DONE]: "DONE",
  [ACT.CHANGED]: "CHANGED",
  [ACT.TAKEN]: "TAKEN",
  [ACT.BEHIND]: "BEHIND",
};

export async function runAct(
  { run, bodies, outboxMaxBytes, deliverySettingsOf, historyChangedAtMs }: StoreContext,
  queue: string,
  {
    number,
    createdMs,
    action,
    before,
    after,
    items,
    caller,
    note,
    target = "",
    retention,
    slice,
  }: JobStep,
): Promise<JobStepResult> {
  const header = {
    action: ACTIONS[action],
    created: createdMs,
    historyChanged: historyChangedAtMs(),
    outboxMaxBytes,
    job: String(number),
    before: before ?? "",
    after,
    caller: cutUtf8(caller, CALLER_BYTES),
    note: cutUtf8(note, LIMIT.NOTE_BYTES),
    target,
    retention: packRetention(retention),
    slice: slice === undefined ? "" : String(slice),
    deliverySettings: deliverySettingsOf(queue),
  };
  const packed = items.map(({ id, version, write }) => {
    const edits = write === undefined ? [] : [packEdit(write, bodies)];
    return { item: pack(id, LAYOUTS.jobItem.of({ version }), ...edits) };
  });
  const reply = (await run("act", queue, header, packed)) as number;
  return RESULTS[reply] as JobStepResult;
}
