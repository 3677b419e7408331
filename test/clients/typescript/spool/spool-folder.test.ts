// Where spool files are looked for, and which one is an orphan.

import { appendFile, mkdir, readdir, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { takeOrphans } from "../../../../clients/typescript/src/spool/adopter.ts";
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

const purpose = { target: "127.0.0.1:50051", service: "shop" };
const own = ownIdentity();

afterEach(() => vi.unstubAllEnvs());

describe("the folder", () => {
  it("is the client's, else the environment's, else the platform's", () => {
    vi.stubEnv("DLQ_SPOOL_DIR", "/env");
    vi.stubEnv("XDG_STATE_HOME", "/state");
    const platform = process.platform === "linux" ? ["/state/dlq/spool/shop"] : [];
    expect(candidateFolders("/own", "shop")).toEqual(
      expect.arrayContaining(["/own/shop", "/env/shop", ...platform]),
    );
    expect(candidateFolders(undefined, "shop")[0]).toBe("/env/shop");
  });

  it("is looked at once, however often it is named", () => {
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
  ])("of the service %j is %j", (service, name) => {
    expect(folderName(service)).toBe(name);
  });
});

/** A file with an Owner of another kind, as it is right after its owner wrote it. */
async function fileOf(
  folder: string,
  over: Partial<ProcessIdentity>,
  ofPurpose = purpose,
): Promise<string> {
  const path = join(folder, newFileName(Date.now()));
  await writeFile(path, fileStart(ofPurpose, { ...own, ...over }, Date.now()));
  return path;
}

const take = (folder: string) => takeOrphans([folder], purpose, own, []);
const MINUTE_MS = 60_000;

describe("an orphan", () => {
  it("is a file whose process has died, and of those who try only one gets it", async () => {
    const folder = await newFolder();
    const url = `http://127.0.0.1:${await freePort()}`;
    const options = { url, service: "shop", timeoutMs: 50, spool: { folder } };
    const child = await startProcess({ options, queue: "q", payloads: ["a"] });
    const forIt = { target: url.slice("http://".length), service: "shop" };
    const attempt = () => takeOrphans([join(folder, "shop")], forIt, own, []);
    expect(await attempt()).toEqual([]);
    await child.kill9();
    const taken = await Promise.all(Array.from({ length: 8 }, attempt));
    expect(taken.flat().map((path) => path.slice(0, -5))).toHaveLength(1);
    expect(await attempt()).toEqual([]); // we have it, and live
    expect((await spoolFiles(folder, "shop"))[0]).toContain(`-${process.pid}-`);
  });

  it("is one of another process that had the same id", async () => {
    const folder = await newFolder();
    await fileOf(folder, { processStart: 1n });
    expect(await take(folder)).toHaveLength(1);
  });

  it("is none where a process of the same id has adopted it", async () => {
    const folder = await newFolder();
    const path = await fileOf(folder, { processStart: 1n });
    await appendFile(path, ownerRecord(purpose, own, Date.now()));
    expect(await take(folder)).toEqual([]);
  });

  it.each<[string, Partial<ProcessIdentity>]>([
    ["another machine", { host: "elsewhere", pid: 999_999_999n }],
    ["an earlier start of the machine", { bootId: "another", pid: 999_999_999n }],
    ["another container", { pidNamespace: "pid:[1]", pid: 999_999_999n }],
    ["this process, when it no longer moves", {}],
  ])("of %s is known by its age alone", async (_, over) => {
    const folder = await newFolder();
    const path = await fileOf(folder, over);
    expect(await take(folder)).toEqual([]);
    const then = (Date.now() - 2 * MINUTE_MS - 1) / 1_000;
    await utimes(path, then, then);
    expect(await take(folder)).toHaveLength(1);
  });

  it("keeps its age in its name", async () => {
    const folder = await newFolder();
    const path = await fileOf(folder, {});
    const old = join(folder, "1700000000000-1-0123456789abcdef.spool");
    await rename(path, old);
    await utimes(old, 0, 0);
    const [taken = ""] = await take(folder);
    expect(taken).toMatch(/\/1700000000000-\d+-[0-9a-f]{16}\.spool$/);
    expect(taken).not.toBe(old);
  });

  it("that somebody has taken has an owner, before that one has read it", async () => {
    const folder = await newFolder();
    await utimes(await fileOf(folder, {}), 0, 0);
    expect(await take(folder)).toHaveLength(1);
    expect(await take(folder)).toEqual([]);
  });

  it("is left alone where it is for another server or service, or of another format", async () => {
    const folder = await newFolder();
    const paths = [
      await fileOf(folder, {}, { ...purpose, target: "127.0.0.1:50052" }),
      await fileOf(folder, {}, { ...purpose, service: "shop_" }),
      join(folder, newFileName(0)),
      join(folder, newFileName(1)),
      join(folder, "notes.spool"),
    ];
    await writeFile(paths[2] ?? "", `DLQ-SPOOL 2\n${"x".repeat(100)}`);
    await writeFile(paths[3] ?? "", `DLQ-SPOOL 1\n${"x".repeat(100)}`);
    await writeFile(paths[4] ?? "", "x".repeat(100));
    for (const path of paths) await utimes(path, 0, 0);
    const before = await readdir(folder);
    expect(await take(folder)).toEqual([]);
    expect(await readdir(folder)).toEqual(before);
  });

  it("without a record is removed: nobody was told that it keeps something", async () => {
    const folder = await newFolder();
    const path = join(folder, newFileName(0));
    await writeFile(path, "DLQ-SPO");
    expect(await take(folder)).toEqual([]);
    expect(await readdir(folder)).toHaveLength(1);
    await utimes(path, 0, 0);
    expect(await take(folder)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it("may not be there at all", async () => {
    const folder = await newFolder();
    expect(await take(join(folder, "nowhere"))).toEqual([]);
    await mkdir(join(folder, "x.spool"));
    expect(await take(folder)).toEqual([]);
  });
});
