import type { QueuesPage } from "../../app/commands.ts";
import { QUEUE_NAME } from "../../core/settings.ts";
import { WIRE_LIMITS } from "./limits.ts";
import { UNKNOWN_TOKEN } from "./page-token.ts";
import type { Violations } from "./violations.ts";

/** A page token is the last name of the page before, so that any server can read it. */
export const writeToken = (name: string | undefined): string =>
  name === undefined ? "" : Buffer.from(name).toString("base64url");

/** Reads which page of queues a request wants. */
export function readPage(
  v: Violations,
  request: { pageSize: number; pageToken: string },
  defaultSize: number,
): QueuesPage {
  const pageSize = readPageSize(v, request.pageSize, defaultSize);
  const after = Buffer.from(request.pageToken, "base64url").toString();
  if (request.pageToken !== "" && !QUEUE_NAME.test(after)) {
    v.add("page_token", UNKNOWN_TOKEN);
  }
  return { pageSize, after };
}

/** 0 stands for the default. */
export function readPageSize(v: Violations, size: number, defaultSize: number): number {
  if (size > WIRE_LIMITS.items) {
    v.add("page_size", `is ${size}; at most ${WIRE_LIMITS.items} are allowed`);
  }
  return size === 0 ? defaultSize : size;
}
