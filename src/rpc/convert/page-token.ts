import { createHash } from "node:crypto";
import type { Violations } from "./violations.ts";

/** What a page token goes with: an answer to another query is refused. */
export interface Query {
  values: readonly unknown[];
  /** For people: "queue, filter or order". */
  names: string;
}

const unknownToken = (field: string) =>
  `is not a ${field === "page_token" ? "next_page_token" : field} of an earlier response; leave it out to start at the beginning`;

export const UNKNOWN_TOKEN = unknownToken("page_token");

/** Packs a place and a hash of the query, so that any server can read it. The parts have no slashes. */
export function writePageToken(query: Query, parts: readonly (string | number)[]): string {
  return Buffer.from([hashOf(query), ...parts].join("/")).toString("base64url");
}

/**
 * Reads a place, or reports a violation. Undefined: there is no token, or it is wrong.
 *
 * @param parse returns undefined for parts that no token has
 * @param field its name in the request
 */
export function readPageToken<Place>(
  v: Violations,
  pageToken: string,
  query: Query,
  parse: (parts: readonly string[]) => Place | undefined,
  field = "page_token",
): Place | undefined {
  if (pageToken === "") return undefined;
  const [hash, ...parts] = Buffer.from(pageToken, "base64url").toString().split("/");
  const place = parse(parts);
  if (place === undefined) v.add(field, unknownToken(field));
  else if (hash !== hashOf(query)) {
    v.add(field, `is of a call with another ${query.names}; repeat these as well`);
  }
  return place;
}

const hashOf = ({ values }: Query): string =>
  createHash("sha256").update(JSON.stringify(values)).digest("hex").slice(0, 16);
