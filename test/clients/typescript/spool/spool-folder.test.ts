// The folders of spool files, and which files are orphans.

import { appendFile, mkdir, readdir, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { claimOrphans } from "../../../../clients/typescript/src/spool/orphan-recovery.ts";
import { fileStart, ownerRecord } from "../../../../clients/typescript/src/spool/owner.ts";
import {
  ownIdentity,
  type ProcessIdentity,
} from "../../../../clients/typescript/src/spool/process-identity.ts";
import {
  candidateFolders,
  folderName,
  newFileName,
} from "../../../../clients/typescript/src/spool/spool-folder.ts";
import { freePort } from "../client.ts";
import { newFolder, spoolFiles, startProcess } from "./spool-support.ts";

const scope = { target: "127.0.0.1:50051", service: "shop" };
const own = ownIdentity();

afterEach(() => vi.unstubAllEnvs());

describe("the spool folder", () => {
  it("is that of the options, else of DLQ_SPOOL_DIR, else of the platform", () => {
    vi.stubEnv("DLQ_SPOOL_DIR", "/env");
    vi.stubEnv("XDG_STATE_HOME", "/state");
    const platform = process.platform === "linux" ? ["/state/dlq/spool/shop"] : [];
    expect(candidateFolders("/own", "shop")).toEqual(
      expect.arrayContaining(["/own/shop", "/env/shop", ...platform]),
    );
    expect(candidateFolders(undefined, "shop")[0]).toBe("/env/shop");
  });

  it("is tried once, although two settings name it", () => {
    vi.stubEnv("DLQ_SPOOL_DIR", "/own");
    expect(candidateFolders("/own", "shop").filter((path) => path === "/own/shop")).toHaveLength(1);
  });

  it.each([
    ["", "default"],
    [".", "_"],
    ["..", "_"],
    ["../shop", ".._shop"],
    ["shop.v2-a_b", "shop.v2-a_b"],
    ["größe", "gr____e"],
  ])("of service %j is %j", (service, name) => {
    expect(folderName(service)).toBe(name);
  });
});

/** Creates a file with a changed Owner, as its owner has just written it. */
async function fileOf(
  folder: string,
  over: Partial<ProcessIdentity>,
  ofScope = scope,
): Promise<string> {
  const path = join(folder, newFileName(Date.now()));
  await writeFile(path, fileStart(ofScope, { ...own, ...over }, Date.now()));
  return path;
}

const claim = (folder: string) => claimOrphans([folder], scope, own, []);
const MINUTE_MS = 60_000;

describe("an orphan", () => {
  it("is a file whose process has died, and one of several clients claims it", async () => {
    const folder = await newFolder();
    const url = `http://127.0.0.1:${await freePort()}`;
    const options = { url, service: "shop", timeoutMs: 50, spool: { folder } };
    const child = await startProcess({ options, queue: "q", payloads: ["a"] });
    const itsScope = { target: url.slice("http://".length), service: "shop" };
    const attempt = () => claimOrphans([join(folder, "shop")], itsScope, own, []);
    expect(await attempt()).toEqual([]);
    await child.kill9();
    const claimed = await Promise.all(Array.from({ length: 8 }, attempt));
    expect(claimed.flat().map((path) => path.slice(0, -5))).toHaveLength(1);
    expect(await attempt()).toEqual([]); // this process has it and runs
    expect((await spoolFiles(folder, "shop"))[0]).toContain(`-${process.pid}-`);
  });

  it("is a file of an earlier process with the same process id", async () => {
    const folder = await newFolder();
    await fileOf(folder, { processStart: 1n });
    expect(await claim(folder)).toHaveLength(1);
  });

  it("is not a file that a running process with the same process id has recovered", async () => {
    const folder = await newFolder();
    const path = await fileOf(folder, { processStart: 1n });
    await appendFile(path, ownerRecord(scope, own, Date.now()));
    expect(await claim(folder)).toEqual([]);
  });

  it.each<[string, Partial<ProcessIdentity>]>([
    ["another machine", { host: "elsewhere", pid: 999_999_999n }],
    ["an earlier start of the machine", { bootId: "another", pid: 999_999_999n }],
    ["another container", { pidNamespace: "pid:[1]", pid: 999_999_999n }],
    ["this process, if it hangs", {}],
  ])("of %s is detected only 120 s after its last touch", async (_, over) => {
    const folder = await newFolder();
    const path = await fileOf(folder, over);
    expect(await claim(folder)).toEqual([]);
    const oldS = (Date.now() - 2 * MINUTE_MS - 1) / 1_000;
    await utimes(path, oldS, oldS);
    expect(await claim(folder)).toHaveLength(1);
  });

  it("keeps its creation time in its new name", async () => {
    const folder = await newFolder();
    const path = await fileOf(folder, {});
    const old = join(folder, "1700000000000-1-0123456789abcdef.spool");
    await rename(path, old);
    await utimes(old, 0, 0);
    const [claimed = ""] = await claim(folder);
    expect(claimed).toMatch(/\/1700000000000-\d+-[0-9a-f]{16}\.spool$/);
    expect(claimed).not.toBe(old);
  });

  it("is not claimed again before its new owner has read it", async () => {
    const folder = await newFolder();
    await utimes(await fileOf(folder, {}), 0, 0);
    expect(await claim(folder)).toHaveLength(1);
    expect(await claim(folder)).toEqual([]);
  });

  it("is not claimed if it has another target, service or format", async () => {
    const folder = await newFolder();
    const paths = [
      await fileOf(folder, {}, { ...scope, target: "127.0.0.1:50052" }),
      await fileOf(folder, {}, { ...scope, service: "shop_" }),
      join(folder, newFileName(0)),
      join(folder, newFileName(1)),
      join(folder, "notes.spool"),
    ];
    await writeFile(paths[2] ?? "", `DLQ-SPOOL 2\n${"x".repeat(100)}`);
    await writeFile(paths[3] ?? "", `DLQ-SPOOL 1\n${"x".repeat(100)}`);
    await writeFile(paths[4] ?? "", "x".repeat(100));
    for (const path of paths) await utimes(path, 0, 0);
    const before = await readdir(folder);
    expect(await claim(folder)).toEqual([]);
    expect(await readdir(folder)).toEqual(before);
  });

  it("without a record is removed after 120 s", async () => {
    const folder = await newFolder();
    const path = join(folder, newFileName(0));
    await writeFile(path, "DLQ-SPO");
    expect(await claim(folder)).toEqual([]);
    expect(await readdir(folder)).toHaveLength(1);
    await utimes(path, 0, 0);
    expect(await claim(folder)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("is not found in a missing folder, nor as a folder", async () => {
    const folder = await newFolder();
    expect(await claim(join(folder, "nowhere"))).toEqual([]);
    await mkdir(join(folder, "x.spool"));
    expect(await claim(folder)).toEqual([]);
  });
});
