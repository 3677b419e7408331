import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

export interface SpoolFiles {
  readonly names: readonly string[];
  readonly bytes: number;
}

/** @param folder of the spools of all services */
export async function spoolFiles(folder: string): Promise<SpoolFiles> {
  const all = await readdir(folder, { recursive: true }).catch(() => [] as string[]);
  const names = all.filter((name) => name.endsWith(".spool"));
  let bytes = 0;
  for (const name of names) {
    // One may be renamed or removed meanwhile.
    bytes += await stat(join(folder, name)).then(
      ({ size }) => size,
      () => 0,
    );
  }
  return { names, bytes };
}

/** `MILLIS-PID-RANDOM.spool` */
export function isOf(pid: number, name: string): boolean {
  return name.split("/").at(-1)?.split("-")[1] === String(pid);
}
