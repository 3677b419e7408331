import {
  decodeGroupDescription,
  decodeGroupNote,
  encodeGroupNote,
  type GroupNote,
} from "../../codec/group.ts";
import { DamagedMessage } from "../../core/damaged-message.ts";
import { invalidField, unknownGroup } from "../../core/errors.ts";
import { type FingerprintParts, withoutQuotes } from "../../core/fingerprint/fingerprint.ts";
import type { QueuePattern } from "../../core/queue-pattern.ts";
import { redactionOf } from "../../core/redaction/redaction.ts";
import type { QueueSettings } from "../../core/settings.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../core/time-units.ts";
import type {
  GroupChange,
  GroupDetails,
  MessageDetails,
  Store,
  TrendTimes,
} from "../../store/contract.ts";
import { ContentView } from "../messages/content-view.ts";
import type { DecisionLog } from "../observer.ts";
import { groupIdOf } from "./group-id.ts";
import { GroupList, pageOf } from "./group-list.ts";
import { mayQuoteHidden } from "./hidden-groups.ts";
import type { GroupState, MergedGroup } from "./merged-group.ts";

export type { ArchiveEnd, GroupStatus } from "../../store/contract.ts";
export type { GroupState } from "./merged-group.ts";

export type GroupOrder = "STORED" | "LAST_FAILURE" | "FAILURES";

export interface ListGroupsCommand {
  queues: QueuePattern;
  /** Empty: all but archived ones. */
  states: readonly GroupState[];
  /** Only groups with a failure in this time before now; undefined: all. */
  sinceMs: number | undefined;
  order: GroupOrder;
  pageSize: number;
  /** Undefined: from the start. */
  after: GroupPlace | undefined;
}

/** A place in an order of groups. */
export interface GroupPlace {
  /** By what groups are ordered. */
  rank: number;
  digest: string;
}

/** A group as operators see it. */
export interface GroupView extends Omit<MergedGroup, "parts"> {
  /** Undefined: its description was lost. */
  description: FingerprintParts | undefined;
  note: GroupNote | undefined;
  /** A URL; empty: none. */
  link: string;
  /** Failures in equal parts of time, oldest first. */
  trend: readonly number[];
  /** How long a part is. */
  trendStepMs: number;
}

export interface GroupsPage {
  groups: readonly GroupView[];
  /** Where the next page begins; undefined: there is none. */
  next: GroupPlace | undefined;
  total: number;
  /** Messages whose groups found no place. */
  otherCount: number;
}

/** Shows operators groups of messages whose failures are alike. Rejects with a DlqError. */
export interface GroupAdmin {
  list(command: ListGroupsCommand): Promise<GroupsPage>;
  /** @param id the first digits of a digest, at least 6 */
  get(
    id: string,
    sinceMs: number | undefined,
  ): Promise<{ group: GroupView; latest: LatestMessage | undefined }>;
  update(id: string, change: UpdateGroupCommand): Promise<GroupView>;
}

/** What to set of a group. */
export interface UpdateGroupCommand extends Omit<GroupChange, "note"> {
  note: GroupNote;
}

/** What its queue hides is hidden in the view. */
export interface LatestMessage {
  details: MessageDetails;
  view: ContentView;
}

interface GroupAdminParts {
  store: Pick<Store, "groups" | "messageReads">;
  settingsOf(queue: string): QueueSettings;
  log: DecisionLog;
}

const STEP_MS = { FIVE_MINUTES: 5 * MINUTE_MS, HOUR: HOUR_MS };
const TREND_PARTS = 24;

export function createGroupAdmin({ store, settingsOf, log }: GroupAdminParts): GroupAdmin {
  const list = new GroupList(store.groups);

  async function find(id: string): Promise<{ nowMs: number; group: MergedGroup }> {
    const { nowMs, groups } = await list.all();
    const [group, other] = groups.filter(({ digest }) => digest.startsWith(id));
    if (group === undefined) throw unknownGroup(id);
    if (other !== undefined) {
      throw invalidField("id", `several groups begin with ${id}; give more digits`);
    }
    return { nowMs, group };
  }

  async function view(
    groups: readonly MergedGroup[],
    nowMs: number,
    sinceMs = DAY_MS,
  ): Promise<GroupView[]> {
    const trend = trendOf(nowMs, sinceMs);
    const detailsOf = await store.groups.details(
      groups.flatMap((group) => group.parts),
      trend,
    );
    return groups.map(({ parts, ...group }) => {
      const details = parts.flatMap((part) => detailsOf.get(part) ?? []);
      const described = describe(details, trend);
      const { description } = described;
      if (description === undefined || !mayQuoteHidden(parts, settingsOf)) {
        return { ...group, ...described };
      }
      return { ...group, ...described, description: withoutQuotes(description) };
    });
  }

  async function viewOne(group: MergedGroup, nowMs: number, sinceMs?: number): Promise<GroupView> {
    const [shown] = await view([group], nowMs, sinceMs);
    if (shown === undefined) throw unknownGroup(group.digest);
    return shown;
  }

  return {
    async list({ queues, states, sinceMs, order, pageSize, after }) {
      const { nowMs, groups, otherCount } = await list.all();
      const oldestMs = sinceMs === undefined ? 0 : nowMs - sinceMs;
      const asked = new Set(states);
      const rank = RANKS[order];
      const { page, hasMore, total } = await pageOf(groups, {
        ...{ queues, pageSize },
        matches: ({ state, lastFailureAtMs }) =>
          (asked.size === 0 ? state !== "ARCHIVED" : asked.has(state)) &&
          lastFailureAtMs >= oldestMs,
        isBehind: (group) => after === undefined || isBehind(rank(group), group.digest, after),
        compare: (a, b) => rank(b) - rank(a) || (a.digest < b.digest ? -1 : 1),
      });
      const last = hasMore ? page.at(-1) : undefined;
      return {
        groups: await view(page, nowMs, sinceMs),
        next: last && { rank: rank(last), digest: last.digest },
        ...{ total, otherCount },
      };
    },

    async get(id, sinceMs) {
      const { nowMs, group: found } = await find(id);
      const { queue, id: messageId } = found.latest();
      const [group, [details]] = await Promise.all([
        viewOne(found, nowMs, sinceMs),
        store.messageReads.listed(queue, [messageId], true),
      ]);
      if (details === undefined || details instanceof DamagedMessage) {
        return { group, latest: undefined };
      }
      const view = new ContentView(redactionOf(settingsOf(queue).redact), details);
      // Who reads the view meets damage again.
      await view.prepare().catch(() => {});
      return { group, latest: { details, view } };
    },

    async update(id, { note, ...change }) {
      const { nowMs, group: found } = await find(id);
      const { digest } = found;
      const { status, archiveEnd } = change;
      if (archiveEnd?.untilAtMs !== undefined && archiveEnd.untilAtMs <= nowMs) {
        throw invalidField(
          "archived_until_time",
          `is not in the future: it is ${new Date(nowMs).toISOString()} by the clock of the store`,
        );
      }
      if ((await store.groups.set(digest, { ...change, note: encodeGroupNote(note) })) === 0) {
        throw unknownGroup(id);
      }
      log.info({ group: groupIdOf(digest), status, caller: note.caller }, "group updated by hand");
      const changed = await find(digest);
      return viewOne(changed.group, changed.nowMs);
    },
  };
}

const RANKS: Record<GroupOrder, (group: MergedGroup) => number> = {
  STORED: ({ storedCount }) => storedCount,
  LAST_FAILURE: ({ lastFailureAtMs }) => lastFailureAtMs,
  FAILURES: ({ failureCount }) => failureCount,
};

function isBehind(rank: number, digest: string, after: GroupPlace): boolean {
  return rank < after.rank || (rank === after.rank && digest > after.digest);
}

/** The times of a trend that ends now, at most 24. */
function trendOf(nowMs: number, sinceMs: number): TrendTimes {
  const size = sinceMs <= TREND_PARTS * STEP_MS.FIVE_MINUTES ? "FIVE_MINUTES" : "HOUR";
  const count = Math.min(TREND_PARTS, Math.ceil(sinceMs / STEP_MS[size]));
  return { size, count, nowMs };
}

/** What the partitions say of one group; the first that has them has its description, note and link. */
function describe(details: readonly GroupDetails[], { size, count }: TrendTimes) {
  const description = details.find((one) => one.description.length > 0)?.description;
  const note = details.find((one) => one.note.length > 0)?.note;
  const link = details.find((one) => one.link !== "")?.link ?? "";
  const trend = Array.from({ length: count }, (_, index) =>
    details.reduce((sum, one) => sum + (one.trend[index] ?? 0), 0),
  );
  return {
    description: description && decodeGroupDescription(description),
    note: note && decodeGroupNote(note),
    ...{ link, trend },
    trendStepMs: STEP_MS[size],
  };
}
