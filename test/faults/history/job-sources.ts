// The sources of messages of batch jobs: `ts-operator-1-17.m4.scheduled`. The mark says which jobs select the message.

/** What a message does until a job acts on it. */
export const JOB_STATES = {
  /** Due in the far future. */
  scheduled: "waits",
  /** Sent into quarantine. */
  quarantined: "is in quarantine",
  /** Due while jobs run, so that a worker may have it first. */
  soon: "is due soon",
} as const;

export type JobMessageState = keyof typeof JOB_STATES;

/** The mark of messages that no job selects. */
export const UNSELECTED = "m0";

export function jobSource(name: string, mark: string, state: JobMessageState): string {
  return `${name}.${mark}.${state}`;
}

/** Undefined: the message is not one of batch jobs. */
export function jobFacts(
  source: string,
): { readonly mark: string; readonly state: JobMessageState } | undefined {
  const [, mark, state] = /\.(m\d+)\.(scheduled|quarantined|soon)$/.exec(source) ?? [];
  if (mark === undefined || state === undefined) return undefined;
  return { mark, state: state as JobMessageState };
}
