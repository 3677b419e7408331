import type {
  GroupAdmin,
  GroupsPage,
  GroupView,
  LatestMessage,
  ListGroupsCommand,
} from "../../src/app/groups/group-admin.ts";

export const GROUP: GroupView = {
  digest: "01f3a8c2d4e5b6970819aabbccddeeff",
  state: "OPEN",
  changedAtMs: undefined,
  regressedAtMs: undefined,
  archive: undefined,
  isReopened: false,
  firstFailureAtMs: 1_000,
  lastFailureAtMs: 5_000,
  failureCount: 7,
  stored: [
    { queue: "orders", count: 2 },
    { queue: "invoices", count: 3 },
  ],
  storedCount: 5,
  latest: () => ({ id: new Uint8Array(16).fill(7), queue: "orders" }),
  description: { reason: "TIMEOUT", type: "ReadTimeout", message: "no answer", frame: "" },
  note: undefined,
  link: "",
  trend: [0, 4, 3],
  trendStepMs: 300_000,
};

/** Gives scripted answers, and records the commands. */
export class ScriptedGroups implements GroupAdmin {
  page: GroupsPage = { groups: [], next: undefined, total: 0, otherCount: 0 };
  group: GroupView = GROUP;
  latest: LatestMessage | undefined;
  readonly commands: (ListGroupsCommand | readonly unknown[])[] = [];

  async list(command: ListGroupsCommand): Promise<GroupsPage> {
    this.commands.push(command);
    return this.page;
  }

  async get(...asked: Parameters<GroupAdmin["get"]>) {
    this.commands.push(asked);
    return { group: this.group, latest: this.latest };
  }

  async update(...asked: Parameters<GroupAdmin["update"]>): Promise<GroupView> {
    this.commands.push(asked);
    return this.group;
  }
}
