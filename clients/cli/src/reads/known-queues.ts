import { CliError, EXIT } from "../errors.ts";
import type { Run } from "../run.ts";
import { nearestName } from "../values/nearest.ts";

const NAME = /^[A-Za-z0-9._-]{1,128}$/;

/** Names that are compared with a wrong one: the service's limit of one call. */
const COMPARED = 1_000;

/**
 * Checks that queues exist, or have settings. Patterns are not checked.
 *
 * @param hint what to do if one does not
 * @throws {CliError} for a queue that does not: with the name that was probably meant
 */
export async function requireQueues(
  run: Run,
  names: readonly string[],
  hint = "`dlq queues` lists queues",
): Promise<void> {
  for (const name of names) {
    const question = await questionOf(run, name);
    if (question === undefined) continue;
    const text = `there is no queue ${name}${question}`;
    throw new CliError(EXIT.notFound, text, hint);
  }
}

/** A queue may get its first message later. Returns what to say then; empty for a known queue. */
export async function waitingNote(run: Run, name: string): Promise<string> {
  const question = await questionOf(run, name);
  if (question === undefined) return "";
  return `Nothing has come into ${name} yet${question || "."} Waits for its first message.`;
}

/** Returns `; did you mean mails?`, or an empty text if no name is near; undefined for a known queue, and for what is no name. */
async function questionOf(run: Run, name: string): Promise<string | undefined> {
  if (!NAME.test(name)) return undefined;
  const { queue } = await run.admin.getQueue({ queue: name }, run.call);
  if (queue?.exists === true || (queue?.etag ?? "") !== "") return undefined;
  const others = await run.admin.listQueues({ pageSize: COMPARED }, run.call);
  const nearest = nearestName(
    name,
    others.queues.map((other) => other.name),
  );
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}
