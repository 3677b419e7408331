import type { MessageInitShape } from "@bufbuild/protobuf";
import type { BatchJobSpec, BatchJobSpecSchema } from "../../../../gen/dlq/v1/batch_job_pb.ts";

/** What a job does, as the contract has it. */
export type ActionInit = NonNullable<MessageInitShape<typeof BatchJobSpecSchema>["action"]>;

type ActionName = NonNullable<BatchJobSpec["action"]["case"]>;

/** How an action is named in sentences. */
export interface ActionWords {
  /** After a number of messages: `3 messages moved`. */
  readonly done: string;
  /** What --yes does, and with a capital the question: `move them`. */
  readonly request: string;
  /** How it ends without a yes: `nothing was moved`. */
  readonly refusal: string;
  /** Whether messages whose outcome is unknown may run twice by it. */
  readonly mayRunTwice: boolean;
}

const ACTIONS: Readonly<Record<ActionName, ActionWords>> = {
  retry: {
    ...{ done: "made due now", request: "make them due now" },
    ...{ refusal: "nothing was retried", mayRunTwice: true },
  },
  edit: wordsOf("edit", "edited"),
  quarantine: wordsOf("quarantine", "quarantined"),
  discard: wordsOf("discard", "discarded"),
  purge: wordsOf("purge", "purged"),
  move: wordsOf("move", "moved"),
};

const PURGE_NOW: ActionWords = {
  ...ACTIONS.purge,
  request: "purge them, which cannot be undone",
};

/** For a job of a newer server. */
const UNKNOWN: ActionWords = {
  ...{ done: "acted on", request: "act on them" },
  ...{ refusal: "nothing was changed", mayRunTwice: false },
};

function wordsOf(verb: string, done: string): ActionWords {
  return { done, request: `${verb} them`, refusal: `nothing was ${done}`, mayRunTwice: false };
}

/** Returns the words for an action. */
export function actionWords(action: ActionInit | undefined): ActionWords {
  if (action?.case === "purge" && action.value.now === true) return PURGE_NOW;
  return action?.case === undefined ? UNKNOWN : ACTIONS[action.case];
}
