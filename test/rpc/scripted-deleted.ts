import type {
  DeletedAdmin,
  ListedDeletedPage,
  Undeleted,
} from "../../src/app/messages/deleted-admin.ts";

/** A scripted DeletedAdmin that records its calls. */
export class ScriptedDeleted implements DeletedAdmin {
  page: ListedDeletedPage = { messages: [], total: 0, next: undefined };
  undeleted: Undeleted = { count: 0, refused: [], next: undefined };
  readonly asked: object[] = [];

  async list(...[queue, range, after, pageSize]: Parameters<DeletedAdmin["list"]>) {
    this.asked.push({ queue, ...range, after, pageSize });
    return this.page;
  }

  async undelete(command: Parameters<DeletedAdmin["undelete"]>[0]) {
    this.asked.push(command);
    return this.undeleted;
  }
}
