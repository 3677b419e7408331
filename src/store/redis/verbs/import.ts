import { QUARANTINE_REASONS, REASONS } from "../../../core/reason.ts";
import { cutUtf8 } from "../../../core/utf8.ts";
import type { Imported, ImportHow, ImportItem, ImportSettings } from "../../contract.ts";
import type { StoreContext } from "../context.ts";
import { digest } from "../digest.ts";
import { CONSTANTS } from "../packed/constants.ts";
import { pack } from "../packed/layout.ts";
import { LAYOUTS } from "../packed/layouts.ts";
import { untilReplicated } from "../replication.ts";
import { namesByNumber } from "../states.ts";
import { packFailures } from "./details.ts";
import { CALLER_BYTES, packTimeline } from "./timeline.ts";

/** Items and bytes of one script: it blocks Redis for a few milliseconds at most. */
const ITEMS = 100;
const BYTES = 4 * 1024 * 1024;

const NOTHING = new Uint8Array();
const { STATE, PLACE, FLAG } = CONSTANTS;
const OUTCOMES: readonly Imported[] = namesByNumber(CONSTANTS.IMPORT);

/** As Moves.storeImported. */
export async function runImport(
  context: StoreContext,
  queue: string,
  items: readonly ImportItem[],
  settings: ImportSettings,
  how: ImportHow,
): Promise<Imported[]> {
  const results: Imported[] = [];
  while (results.length < items.length) {
    const part = firstPart(items.slice(results.length, results.length + ITEMS));
    results.push(...(await importPart(context, queue, part, settings, how)));
  }
  if (!how.dryRun) await untilReplicated(context.replication);
  return results;
}

/** As many as fit into one script, at least one. */
function firstPart(items: readonly ImportItem[]): readonly ImportItem[] {
  let bytes = 0;
  const end = items.findIndex(({ envelope, edits }, index) => {
    bytes += envelope.length + (edits?.record.length ?? 0);
    return index > 0 && bytes > BYTES;
  });
  return end < 0 ? items : items.slice(0, end);
}

async function importPart(
  { run, bodies, groupDescriptions, outboxMaxBytes, ...context }: StoreContext,
  queue: string,
  items: readonly ImportItem[],
  { maxMessages, maxBytes }: ImportSettings,
  { importId, caller = "", dryRun }: ImportHow,
): Promise<Imported[]> {
  const header = {
    ...{ maxMessages, maxBytes, outboxMaxBytes, dryRun: dryRun ? 1 : 0 },
    historyChanged: context.historyChangedAtMs(),
    import: digest(importId, 16),
    caller: cutUtf8(caller, CALLER_BYTES),
    deliverySettings: context.deliverySettingsOf(queue),
  };
  const packed = items.map((item) => {
    const envelope = bodies.pack(item.envelope, item.payloadBytes);
    const { edits } = item;
    const record = edits === undefined ? NOTHING : bodies.pack(edits.record, edits.payloadBytes);
    return {
      facts: LAYOUTS.importItem.pack({
        id: item.id,
        key: Buffer.from(item.limiterKey),
        order: Buffer.from(item.orderingKey),
        eventFields: item.eventFields ?? NOTHING,
        from: Buffer.from(item.from),
        group: groupDescriptions.pack(queue, item.group),
      }),
      state: packState(item),
      envelope,
      history: packFailures(item.laterFailures),
      edits: record,
      timeline: packTimeline(item.events),
    };
  });
  const reply = (await run("import", queue, header, packed)) as Buffer;
  return items.map(({ group }, index) => {
    const outcome = OUTCOMES[reply[index] ?? 0];
    if (outcome === undefined)
      throw new Error("the store answered an import with an unknown outcome");
    if (outcome === "IMPORTED" && !dryRun) groupDescriptions.stored(queue, group);
    return outcome;
  });
}

/** The state that the script begins with. It sets what follows from the other parts: keys, group, marks, further flags. */
function packState(item: ImportItem): Buffer {
  const { quarantineReason, attempts, priority, roundStartedAtMs = 0, lastDelayMs, moves } = item;
  const hasExtra = priority !== 0 || roundStartedAtMs > 0 || lastDelayMs > 0 || moves > 0;
  const state = LAYOUTS.state.of({
    state: quarantineReason === undefined ? STATE.SCHEDULED : STATE.QUARANTINED,
    place: item.isolated && quarantineReason === undefined ? PLACE.ISOLATED : PLACE.DUE,
    flags: (item.poisoned ? FLAG.POISONED : 0) + (hasExtra ? FLAG.EXTRA : 0),
    reason: REASONS[item.reason],
    qreason: quarantineReason === undefined ? 0 : QUARANTINE_REASONS[quarantineReason],
    ...{ version: 0, attempts, expiries: item.leaseExpiries, releases: item.releases },
    ...{ unknown: item.unknownOutcomes, failures: item.failureCount, delivery: item.deliveries },
    size: item.envelope.length + (item.edits?.record.length ?? 0),
    ...{ due: item.dueAtMs, expire: item.expireAtMs ?? 0, ttl: Math.ceil(item.ttlMs / 1_000) },
    ...{ since: 0, lease: 0, holder: NOTHING, source: digest(item.sourceId, 8) },
    retry: item.retrySettings,
  });
  if (!hasExtra) return pack(state);
  const extra = LAYOUTS.stateExtra.of({
    ...{ priority, key: NOTHING, order: NOTHING, round: roundStartedAtMs, lastDelay: lastDelayMs },
    ...{ hops: moves, move: NOTHING },
  });
  return pack(state, extra);
}
