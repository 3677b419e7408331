import { UPGRADES } from "./upgrades/all.ts";
import type { Upgrade } from "./upgrades/upgrade.ts";

/** Version of what keys.ts and lua/lib/state.lua describe. */
export const LAYOUT_VERSION = 3;

/** What a server can serve, and how it makes older data such. */
export interface Layout {
  readonly version: number;
  /** In order, each from one version to the next. */
  readonly upgrades: readonly Upgrade[];
}

export const LAYOUT: Layout = { version: LAYOUT_VERSION, upgrades: UPGRADES };

/** Redis as it has to be, or words about what is wrong with it. */
export class LayoutError extends Error {
  override readonly name = "LayoutError";
}

/** The data can't be served yet, and will be by itself; in words, what is waited for. */
export class LayoutWait extends Error {
  override readonly name = "LayoutWait";
}

/** What the version's key says: data of one layout, or an upgrade that has begun and not ended. */
export interface StoredLayout {
  readonly from: number;
  /** The same as `from`, unless an upgrade has begun. */
  readonly to: number;
}

export const writeStoredLayout = ({ from, to }: StoredLayout): string =>
  from === to ? String(to) : `${from}>${to}`;

/** Undefined: it is none, whatever it is. Servers that know of no upgrades see no number in one. */
export function readStoredLayout(text: string): StoredLayout | undefined {
  const found = /^([1-9]\d{0,8})(?:>([1-9]\d{0,8}))?$/.exec(text);
  if (!found) return undefined;
  const from = Number(found[1]);
  return { from, to: found[2] === undefined ? from : Number(found[2]) };
}

/** Told by a server that is about to upgrade: others of older layouts end. */
export interface Announcement {
  readonly to: number;
  readonly nodeId: string;
}

export const writeAnnouncement = ({ to, nodeId }: Announcement): string => `${to} ${nodeId}`;

export function readAnnouncement(text: string): Announcement {
  const [to, ...name] = text.split(" ");
  return { to: Number(to), nodeId: name.join(" ") };
}
