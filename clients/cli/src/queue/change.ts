import { create } from "@bufbuild/protobuf";
import { UpdateQueueResponseSchema } from "../../../../gen/dlq/v1/dlq_admin_service_pb.ts";
import { type Queue, QueueSchema } from "../../../../gen/dlq/v1/queue_pb.ts";
import { SETTING_COLUMNS, settingRows } from "../output/setting-rows.ts";
import type { Run } from "../run.ts";
import type { SettingChange } from "./fields.ts";

/** Returns a queue with its settings. One without messages and own settings has those that it would get. */
export async function readQueue(run: Run, name: string): Promise<Queue> {
  const { queue } = await run.admin.getQueue({ queue: name }, run.call);
  return queue ?? create(QueueSchema, { name });
}

/** Changes a queue unless somebody else has changed it since it was read as `before`. Returns how it is now. */
export async function changeQueue(run: Run, before: Queue, change: SettingChange): Promise<Queue> {
  const { name, etag } = before;
  const { queue } = await run.admin.updateQueue(
    { queue: { name, etag, config: change.config }, updateMask: { paths: [...change.paths] } },
    run.call,
  );
  return queue ?? before;
}

/** Prints the settings that were to change: before, and now. */
export function printChange(
  { print }: Run,
  before: Queue,
  now: Queue,
  { paths }: SettingChange,
): void {
  if (!print.isTable)
    print.message(UpdateQueueResponseSchema, create(UpdateQueueResponseSchema, { queue: now }));
  else print.table(SETTING_COLUMNS, settingRows(paths, before, now));
}
