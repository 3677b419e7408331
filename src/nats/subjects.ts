import { EVENTS_MISSED } from "../codec/cloud-event.ts";
import type { DlqEvent, EventType } from "../core/event.ts";

/** The first tokens of subjects. */
export interface SubjectPrefixes {
  /** Of all events but those below. */
  readonly events: string;
  /** Of events about messages that execute an action. */
  readonly actionEvents: string;
}

/** `PREFIX.QUEUE.EVENT`; `PREFIX.QUEUE.poison` for moved_to_poison. */
export function subjectOf(
  { queue, type, action }: Pick<DlqEvent, "queue" | "type" | "action">,
  prefixes: SubjectPrefixes,
): string {
  const prefix = action === undefined ? prefixes.events : prefixes.actionEvents;
  return `${prefix}.${queueToken(queue)}.${eventToken(type)}`;
}

/** The subject of a notice that events of a queue are missing. */
export function eventsMissedSubject(queue: string, prefixes: SubjectPrefixes): string {
  return `${prefixes.events}.${queueToken(queue)}.${EVENTS_MISSED}`;
}

/** Subjects of all events, with wildcards. */
export function allSubjects({ events, actionEvents }: SubjectPrefixes): readonly string[] {
  return [...new Set([`${events}.>`, `${actionEvents}.>`])];
}

/** A queue as one token. A dot would begin another token, and queues have no `%`. */
export function queueToken(queue: string): string {
  return queue.replaceAll(".", "%2E");
}

/** The last token of a type's subject. */
export function eventToken(type: EventType): string {
  return type === "moved_to_poison" ? "poison" : type;
}
