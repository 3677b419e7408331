import { DiscardPolicy, type StreamConfig } from "@nats-io/jetstream";
import type { EventType } from "../core/event.ts";
import { allSubjects, eventsMissedSubject, eventToken, type SubjectPrefixes } from "./subjects.ts";

/** The largest events have less. */
const EVENT_MAX_BYTES = 16 * 1024;

export type StreamFacts = Pick<
  StreamConfig,
  | "name"
  | "subjects"
  | "discard"
  | "discard_new_per_subject"
  | "max_msgs"
  | "max_bytes"
  | "max_msgs_per_subject"
  | "max_msg_size"
  | "no_ack"
>;

/** Returns how a stream may lose or refuse events, each with what to do. Empty: in no way but by its age. */
export function streamProblems(config: StreamFacts): readonly string[] {
  const { name, discard, max_msgs, max_bytes, max_msg_size } = config;
  const edit = `nats stream edit ${name}`;
  const isOld = discard !== DiscardPolicy.New;
  const problems: string[] = [];
  if (isOld && (max_msgs > 0 || max_bytes > 0))
    problems.push(`a full stream removes its oldest events; run ${edit} --discard new`);
  if (config.max_msgs_per_subject > 0 && (isOld || !config.discard_new_per_subject))
    problems.push(
      `it keeps ${config.max_msgs_per_subject} events of a subject and removes older ones; run ${edit} --max-msgs-per-subject=-1`,
    );
  if (config.no_ack === true)
    problems.push(`it confirms no event, so none counts as published; run ${edit} --ack`);
  if (max_msg_size > 0 && max_msg_size < EVENT_MAX_BYTES)
    problems.push(
      `it refuses events of more than ${max_msg_size} bytes, and those behind them wait; run ${edit} --max-msg-size=-1`,
    );
  return problems;
}

/** Returns which subjects a stream does not take, and the command that adds them. Undefined: it takes all. */
export function missingSubjects(
  { name, subjects = [] }: Pick<StreamFacts, "name" | "subjects">,
  prefixes: SubjectPrefixes,
  types: readonly EventType[] | undefined,
): string | undefined {
  const isTaken = (subject: string) => subjects.some((one) => covers(one, subject));
  const missing = allSubjects(prefixes).filter((all) => {
    const prefix = all.slice(0, -1);
    if (isTaken(`${prefix}*.*`)) return false;
    const wanted = types?.map((type) => `${prefix}*.${eventToken(type)}`) ?? [];
    if (prefix === `${prefixes.events}.`) wanted.push(eventsMissedSubject("*", prefixes));
    return types === undefined || !wanted.every(isTaken);
  });
  if (missing.length === 0) return undefined;
  // The command replaces all subjects; those of a stream must not overlap.
  const kept = subjects.filter((one) => !missing.some((all) => covers(all, one)));
  const ours = missing.map((all) => `"${all}"`).join(" and ");
  return `stream ${name} does not take ${ours}: nats stream edit ${name} --subjects '${[...missing, ...kept].join(",")}'`;
}

/** Reports whether all subjects of one pattern are of another. */
export function covers(pattern: string, other: string): boolean {
  const [tokens, others] = [pattern.split("."), other.split(".")];
  const end = tokens.indexOf(">");
  if (end < 0 && tokens.length !== others.length) return false;
  if (end >= 0 && others.length <= end) return false;
  return tokens
    .slice(0, end < 0 ? undefined : end)
    .every((token, at) => others[at] !== ">" && (token === "*" || token === others[at]));
}
