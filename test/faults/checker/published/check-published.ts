import type { EventType } from "../../../../src/core/event.ts";
import type { Happened, PublishedEvidence, Trimming } from "../../history/published.ts";
import type { Findings } from "../findings.ts";
import { changeOf, covers, EVENTS_MISSED, type Notice, Notices } from "./notices.ts";

/** Clocks of the conductor and the store may differ by this after rounding. */
const CLOCK_MS = 1_000;
/** A group may be in several partitions; only the first of them has an event. */
const OPTIONAL: ReadonlySet<EventType> = new Set(["group_opened", "group_regressed"]);

/** Reports whether a change always has this event. */
export const isRequired = ({ type }: Happened): boolean => !OPTIONAL.has(type);

/** Where the first copies of a queue are, in the order of what happened. */
interface Place {
  readonly at: number;
  readonly id: string;
}

/** Compares the stream with what happened: nothing is missing without a notice, invented, changed, or out of order. */
export function checkPublished(
  { happened, published, trimmings }: PublishedEvidence,
  findings: Findings,
): void {
  const places = new Map(happened.map(({ id }, at) => [id, at]));
  const bodies = new Map<string, string>();
  const notices = new Notices();
  const lastOfQueue = new Map<string, Place>();
  const versions = new Map<string, number>();
  const unknown: { readonly id: string; readonly queue: string; readonly body: string }[] = [];
  for (const { subject, body } of published) {
    const event = JSON.parse(body) as Readonly<Record<string, unknown>>;
    notices.take(event);
    if (event.event_type === EVENTS_MISSED) continue;
    const id = String(event.event_id);
    const before = bodies.get(id);
    if (before !== undefined) {
      if (before !== body) findings.broken("event-same", `${id} is ${before} and ${body}`);
      continue;
    }
    bodies.set(id, body);
    const at = places.get(id);
    const own = at === undefined ? undefined : happened[at];
    if (own === undefined && findings.allowsRollbacks) {
      unknown.push({ id, queue: String(event.queue_name), body });
      continue;
    }
    if (at === undefined || own === undefined || !isOf(own, subject, event)) {
      findings.broken("event-real", `${subject} has ${body}, which did not happen`);
      continue;
    }
    const last = lastOfQueue.get(own.queue);
    if (last !== undefined && last.at > at) {
      findings.broken("event-order", `${id} of ${own.queue} came behind ${last.id}`);
    }
    lastOfQueue.set(own.queue, { at, id });
    checkVersion(own, versions, findings);
  }
  for (const event of happened) {
    if (
      !isRequired(event) ||
      bodies.has(event.id) ||
      notices.announce("missed", event.queue, event)
    )
      continue;
    const { id, type, queue, message } = event;
    findings.broken("event-there", `${type} ${id} of ${queue} ${message} was not published`);
  }
  for (const { id, queue, body } of unknown) {
    const change = changeOf(id);
    if (change !== undefined && notices.announce("undone", queue, change)) continue;
    findings.broken("event-real", `${body} did not happen, and no notice says that it is undone`);
  }
  for (const notice of notices.all) checkNotice(notice, happened, trimmings, findings);
}

function isOf(
  { type, queue, message, version }: Happened,
  subject: string,
  event: Readonly<Record<string, unknown>>,
): boolean {
  const token = type === "moved_to_poison" ? "poison" : type;
  return (
    subject === `dlq.${queue.replaceAll(".", "%2E")}.${token}` &&
    event.event_type === type &&
    event.queue_name === queue &&
    (event.message_id ?? "") === message &&
    (event.version ?? version) === version
  );
}

/** Consumers may go by it instead of the id. */
function checkVersion(
  { id, queue, message, version }: Happened,
  versions: Map<string, number>,
  findings: Findings,
): void {
  if (message === "" || version === 0) return;
  const name = `${queue} ${message}`;
  const before = versions.get(name) ?? 0;
  if (version < before) {
    findings.broken("event-versions", `${id} has version ${version} behind ${before} of ${name}`);
  }
  versions.set(name, version);
}

function checkNotice(
  notice: Notice,
  happened: readonly Happened[],
  trimmings: readonly Trimming[],
  findings: Findings,
): void {
  const { kind, queue, from, count } = notice;
  if (kind === "undone") {
    if (findings.allowsRollbacks) return;
    findings.broken("gap-real", `${count} events of ${queue} are undone without a rollback`);
    return;
  }
  const covered = happened.filter((event) => covers(notice, event));
  const isExplained = (event: Happened) =>
    trimmings.some(({ from, to }) => event.at >= from - CLOCK_MS && event.at <= to + CLOCK_MS);
  if (covered.length > 0 && covered.every(isExplained)) return;
  findings.broken("gap-real", `${queue} misses ${count} changes from ${from} on without a cause`);
}
