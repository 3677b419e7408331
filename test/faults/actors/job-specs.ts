// What batch jobs of the suite do, and to which messages.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BatchJobSpecSchema } from "../../../gen/dlq/v1/batch_job_pb.ts";
import { TransformTarget } from "../../../gen/dlq/v1/rule_pb.ts";
import type { JobAction } from "../history/event.ts";
import { JOB_TARGET } from "../rig/queues.ts";
import { EDIT } from "./payloads.ts";

type Action = NonNullable<MessageInitShape<typeof BatchJobSpecSchema>["action"]>;

export function actionOf(action: JobAction): Action {
  switch (action) {
    case "edit": {
      const mergePatch = { case: "mergePatch", value: JSON.stringify(EDIT) } as const;
      const transforms = [{ target: TransformTarget.PAYLOAD, patch: mergePatch }];
      return { case: "edit", value: { transforms } };
    }
    case "move":
      return { case: "move", value: { queue: JOB_TARGET } };
    default:
      return { case: action, value: {} };
  }
}

/** Selects the messages with a mark. */
export function filterOf(mark: string): string {
  return `message.source_id.contains(".${mark}.")`;
}
