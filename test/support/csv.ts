// Tables as CSV (RFC 4180): reports write them, and tests of the documents read them.

const FIELD = /("(?:[^"]|"")*"|[^,\n]*)(,|\n)/g;

export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map((field) => quoted(String(field))).join(",")}\n`).join("");
}

function quoted(field: string): string {
  return /[",\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** Reads what {@link csvOf} has written. */
export function readCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, field = "", end] of text.matchAll(FIELD)) {
    const isQuoted = field.startsWith('"');
    rows.at(-1)?.push(isQuoted ? field.slice(1, -1).replaceAll('""', '"') : field);
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}
