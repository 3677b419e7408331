import { type DescField, type DescMessage, type MessageShape, toJson } from "@bufbuild/protobuf";
import { type Duration, durationMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { type Queue, QueueConfigSchema } from "../../../../gen/dlq/v1/queue_pb.ts";
import { SETTING_FIELDS, type SettingField, valueAt } from "../queue/fields.ts";
import { shortName } from "../values/enum-names.ts";
import type { Column } from "./table.ts";
import { instant } from "./times.ts";

/** A setting of a queue before and after a change. */
export interface SettingRow {
  readonly path: string;
  /** In force. */
  readonly before: string;
  readonly now: string;
  /** Whether it is set for this queue now; else it is from the configuration or the defaults. */
  readonly isOwn: boolean;
}

export const SETTING_COLUMNS: readonly Column<SettingRow>[] = [
  { title: "SETTING", text: ({ path }) => path },
  { title: "BEFORE", text: ({ before }) => before, least: 8 },
  {
    title: "NOW",
    text: ({ now }) => now,
    least: 8,
    paint: ({ before, now }, style) => (before === now ? (text) => text : style.strong),
  },
  { title: "FROM", text: ({ isOwn }) => (isOwn ? "queue" : "next level") },
];

/** Returns a row for each value below the given paths that is in force before or now. */
export function settingRows(
  paths: readonly string[],
  before: Queue | undefined,
  now: Queue | undefined,
): SettingRow[] {
  const fields = paths.flatMap((path) => {
    const field = SETTING_FIELDS.get(path);
    if (field === undefined) return [];
    return field.parts.length === 0
      ? field
      : field.parts.flatMap((part) => SETTING_FIELDS.get(part) ?? []);
  });
  const rows = fields.map((field) => ({
    path: field.path,
    before: textAt(before, field),
    now: textAt(now, field),
    isOwn: valueAt(now?.config, field) !== undefined,
  }));
  // Nothing is known of parts that nobody has set.
  return rows.filter(
    (row) => row.before !== UNSET || row.now !== UNSET || paths.includes(row.path),
  );
}

const UNSET = "-";

function textAt(queue: Queue | undefined, field: SettingField): string {
  const value = valueAt(queue?.effectiveConfig, field);
  return value === undefined ? UNSET : textOf(value, field);
}

function textOf(value: unknown, { outer, field }: SettingField): string {
  switch (field.fieldKind) {
    case "scalar":
      return String(value);
    case "enum":
      return shortName(field.enum, value as number).toLowerCase();
    case "list":
      if (field.listKind === "message") return jsonText(value, outer, field);
      return (value as unknown[]).map((one) => itemText(one, field)).join(", ");
    case "message":
      if (field.message.typeName === "google.protobuf.Duration")
        return exactText(durationMs(value as Duration));
      if (field.message.typeName === "google.protobuf.Timestamp")
        return instant(value as Timestamp);
      return jsonText(value, outer, field);
    case "map":
      return jsonText(value, outer, field);
  }
}

function itemText(item: unknown, field: DescField & { fieldKind: "list" }): string {
  return field.listKind === "enum"
    ? shortName(field.enum, item as number).toLowerCase()
    : String(item);
}

/** Returns a field in the JSON of protobuf. */
function jsonText(value: unknown, outer: DescField, field: DescField): string {
  const parent: DescMessage = field === outer ? QueueConfigSchema : field.parent;
  const holder = { $typeName: parent.typeName, [field.localName]: value };
  const json = toJson(parent, holder as unknown as MessageShape<DescMessage>);
  return JSON.stringify((json as Record<string, unknown>)[field.jsonName]);
}

const UNITS: readonly (readonly [ms: number, unit: string])[] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "m"],
  [1_000, "s"],
  [1, "ms"],
];

/** Returns all of a duration, such as `1d12h`, as `--set` reads it. */
function exactText(ms: number): string {
  let left = ms;
  let text = "";
  for (const [unitMs, unit] of UNITS) {
    const count = Math.floor(left / unitMs);
    if (count > 0) text += `${count}${unit}`;
    left -= count * unitMs;
  }
  return text || "0";
}
