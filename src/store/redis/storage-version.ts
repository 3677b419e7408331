import { UPGRADES } from "./upgrades/all.ts";
import type { Upgrade } from "./upgrades/upgrade.ts";

/** Version of what keys.ts and packed/layouts.ts describe. */
export const STORAGE_VERSION = 4;

/** The layout that a server can serve, and the upgrades of older ones. */
export interface Layout {
  readonly version: number;
  /** In order; each from one version to the next. */
  readonly upgrades: readonly Upgrade[];
}

export const LAYOUT: Layout = { version: STORAGE_VERSION, upgrades: UPGRADES };

/** The store cannot be used: its message says why, and what to do. */
export class StoreRefused extends Error {
  override readonly name = "StoreRefused";
}

/** The data cannot be served yet: its message says what the server waits for. */
export class LayoutWait extends Error {
  override readonly name = "LayoutWait";
}

/** The content of the version's key: data of one layout, or an upgrade that has begun and not ended. */
export interface StoredLayout {
  readonly from: number;
  /** The same as `from`, unless an upgrade has begun. */
  readonly to: number;
}

export const writeStoredLayout = ({ from, to }: StoredLayout): string =>
  from === to ? String(to) : `${from}>${to}`;

/** Undefined: it is not a layout. Servers of versions without upgrades read no number in an upgrade. */
export function readStoredLayout(text: string): StoredLayout | undefined {
  const found = /^([1-9]\d{0,8})(?:>([1-9]\d{0,8}))?$/.exec(text);
  if (!found) return undefined;
  const from = Number(found[1]);
  return { from, to: found[2] === undefined ? from : Number(found[2]) };
}

/** Written by a server that is about to upgrade: servers of older layouts end. */
export interface Announcement {
  readonly to: number;
  readonly nodeId: string;
}

export const writeAnnouncement = ({ to, nodeId }: Announcement): string => `${to} ${nodeId}`;

export function readAnnouncement(text: string): Announcement {
  const [to, ...name] = text.split(" ");
  return { to: Number(to), nodeId: name.join(" ") };
}
