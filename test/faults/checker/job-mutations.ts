// Single changes of what batch jobs did, counted and said.

import type { Acted, OperatorAction } from "../history/event.ts";
import { jobFacts, UNSELECTED } from "../history/job-sources.ts";
import {
  back,
  change,
  drop,
  Lines,
  type Mutation,
  type Named,
  type Of,
  repeatedAs,
} from "./simulation/mutate.ts";

const ofAction =
  (...actions: readonly OperatorAction[]) =>
  ({ action }: Acted) =>
    actions.includes(action);
const seen = (over: (line: Of<"job-seen">) => Partial<Of<"job-seen">>) => change("job-seen", over);
const isNoted = ({ note }: Acted) => note !== "";

/** A job acts on a message that it does not select. */
const outside: Mutation = (run, random) => {
  const lines = new Lines(run);
  const [other] = lines.pick("kept", random, ({ source }) => jobFacts(source)?.mark === UNSELECTED);
  const [at] = lines.pick("acted", random);
  if (other === undefined || at === undefined) return undefined;
  const { id, queue } = lines.lines[other] as Of<"kept">;
  lines.lines[at] = { ...(lines.lines[at] as Acted), id, queue };
  return back(lines);
};

/** A job leaves a message out, and does not count it. */
const leftOut: Mutation = (run, random) => {
  const lines = new Lines(run);
  const [at] = lines.pick(
    "acted",
    random,
    (act) => ofAction("edit", "quarantine")(act) && isSure(lines, act),
  );
  if (at === undefined) return undefined;
  const { note } = lines.lines[at] as Acted;
  lines.lines.splice(at, 1);
  lines.owners.splice(at, 1);
  const place = lines.lines.findIndex(
    (line) => line.e === "job-seen" && note.endsWith(`: ${line.request}`),
  );
  const job = lines.lines[place] as Of<"job-seen">;
  lines.lines[place] = { ...job, selected: job.selected - 1, done: job.done - 1 };
  return back(lines);
};

/** Whether no worker may have had the message before, and no refusal explains that it is left out. */
function isSure({ lines }: Lines, { id, note }: Acted): boolean {
  const sent = lines.find((line) => line.e === "sent" && line.id === id) as Of<"sent"> | undefined;
  const job = lines.find((line) => line.e === "job-seen" && note.endsWith(`: ${line.request}`));
  const { passed, left } = job as Of<"job-seen">;
  return sent !== undefined && jobFacts(sent.request)?.state !== "soon" && passed + left === 0;
}

/** A job acts on a message that a worker got since the job was created. */
const afterDelivery: Mutation = (run, random) => {
  const lines = new Lines(run);
  const all = lines.lines.flatMap((line) => {
    if (line.e !== "delivered") return [];
    const { id, queue, source, number } = line;
    return lines.lines.flatMap((job) => {
      if (job.e !== "creating" || job.mark !== jobFacts(source)?.mark) return [];
      const created = lines.lines.find(
        (one) => one.e === "created" && one.request === job.request,
      ) as Of<"created">;
      if (created.createdAt > line.at) return [];
      const note = `${created.job}: ${job.request}`;
      const { action } = job;
      return { e: "acted", at: line.at + 100, id, queue, to: queue, action, note, number } as const;
    });
  });
  if (all.length === 0) return undefined;
  const [kept] = lines.pick("kept", random);
  lines.lines.push(random.pick(all));
  lines.owners.push(lines.owners[kept ?? 0] as string);
  return back(lines);
};

/** Drops the edit of a message that a worker got later. */
const editUndone: Mutation = (run, random) => {
  const { lines } = new Lines(run);
  const delivered = new Set(lines.flatMap((line) => (line.e === "delivered" ? [line.id] : [])));
  const isSeen = ({ id, action }: Acted) => action === "edit" && delivered.has(id);
  return drop("acted", isSeen)(run, random);
};

/** Stores a message that a job removed. */
const storedAgain: Mutation = (run, random) => {
  const lines = new Lines(run);
  const undeleted = lines.lines.flatMap((line) =>
    line.e === "acted" && line.action === "undelete" ? [line.id] : [],
  );
  const [at] = lines.pick(
    "acted",
    random,
    (act) => ofAction("discard", "purge")(act) && !undeleted.includes(act.id),
  );
  const [kept] = lines.pick("kept", random);
  if (at === undefined || kept === undefined) return undefined;
  const { id, queue } = lines.lines[at] as Acted;
  const sent = lines.lines.find((line) => line.e === "sent" && line.id === id) as Of<"sent">;
  lines.lines.push({
    ...{ e: "kept", id, queue, source: sent.request, state: "SCHEDULED", attempts: 0, number: 0 },
  });
  lines.owners.push(lines.owners[kept] as string);
  return back(lines);
};

export const JOB_MUTATIONS: Readonly<Record<string, Named>> = {
  "acted on twice": [repeatedAs("acted", ({ at }) => ({ at: at + 1 })), "job-once"],
  "an action that is not in the outbox": [drop("acted"), "job-counts"],
  "acted on outside the selection": [outside, "job-selected"],
  "acted on after a delivery": [afterDelivery, "job-selected"],
  "an action of another job": [
    change("acted", () => ({ note: "j-99: another" }), isNoted),
    "job-selected",
  ],
  "another action": [
    change("acted", ({ action }) => ({ action: action === "purge" ? "discard" : "purge" })),
    "job-selected",
  ],
  "acted on before the job": [change("acted", ({ at }) => ({ at: at - 2_000 })), "job-selected"],
  "created before its messages": [
    change("created", ({ createdAt }) => ({ createdAt: createdAt - 2_000 })),
    "job-selected",
  ],
  "another job of the same request": [repeatedAs("created", () => ({ job: "j-99" })), "job-once"],
  "left out of its selection": [leftOut, "job-complete"],
  "one more done": [seen(({ done }) => ({ done: done + 1 })), "job-counts"],
  "one less done": [seen(({ done }) => ({ done: done - 1 })), "job-counts"],
  "one more selected": [seen(({ selected }) => ({ selected: selected + 1 })), "job-counts"],
  "one more left": [seen(({ left }) => ({ left: left + 1 })), "job-counts"],
  "one more refused": [seen(({ refused }) => ({ refused: refused + 1 })), "job-counts"],
  "a job that does not end": [seen(() => ({ state: "RUNNING" })), "job-ends"],
  "a job that is gone": [seen(() => ({ state: "GONE" })), "job-ends"],
  "drop job-seen": [drop("job-seen"), "job-ends"],
  "drop creating": [drop("creating"), "history-whole"],
  "drop created": [drop("created"), "job-selected"],
  "removed, but stored": [storedAgain, "stays-ended"],
  "a retry that did not happen": [drop("acted", ofAction("retry")), "not-early", "stays-ended"],
  "a move that did not happen": [drop("acted", ofAction("move")), "in-place"],
  "an edit that did not happen": [editUndone, "edited-whole"],
  "a removal that did not happen": [
    drop("acted", ofAction("discard", "purge")),
    "not-lost",
    "job-selected",
  ],
  "an Undelete that did not happen": [drop("acted", ofAction("undelete")), "stays-ended"],
  "an Undelete of what was there": [
    change("acted", () => ({ action: "undelete", note: "" }), ofAction("edit", "quarantine")),
    "job-selected",
  ],
  "a quarantine that did not happen": [
    drop("acted", ofAction("quarantine")),
    "quarantine-earned",
    "job-counts",
  ],
};
