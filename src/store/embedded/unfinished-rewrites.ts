import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes what a rewrite left that was killed; Redis does not. Call it only while no redis-server uses the folder. */
export async function removeUnfinishedRewrites(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (/^temp-rewriteaof-(?:bg-)?\d+\.aof$/.test(name)) await rm(join(dataDir, name));
  }
}
