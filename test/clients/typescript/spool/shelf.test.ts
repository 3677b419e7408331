// Letters in spool files: what damage, a thief and a full disk do to them.

import { open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { RecordScanner } from "../../../../clients/typescript/src/spool/framing.ts";
import { ownerOf } from "../../../../clients/typescript/src/spool/owner.ts";
import { Shelf } from "../../../../clients/typescript/src/spool/shelf.ts";
import { SpoolFile } from "../../../../clients/typescript/src/spool/spool-file.ts";
import { newFileName } from "../../../../clients/typescript/src/spool/spool-folder.ts";
import {
  type SendToDlqRequest,
  SendToDlqRequestSchema,
} from "../../../../gen/dlq/v1/dlq_service_pb.ts";
import { newFolder, spoolFiles } from "./spool-support.ts";

const request = (requestId: string, text = "x"): SendToDlqRequest =>
  create(SendToDlqRequestSchema, {
    requestId,
    queue: "q",
    payload: { body: { case: "text", value: text } },
  });

interface TestShelf {
  readonly shelf: Shelf;
  /** The folder of the service. */
  readonly folder: string;
  readonly told: readonly string[];
}

function shelfIn(folder: string, over: { maxBytes?: number; sync?: boolean } = {}): TestShelf {
  const told: string[] = [];
  const shelf = new Shelf({
    purpose: { target: "127.0.0.1:1", service: "" },
    folders: [join(folder, "default")],
    maxBytes: 1_000_000,
    sync: false,
    tell: (words) => told.push(words),
    ...over,
  });
  onTestFinished(async () => void (await shelf.release()));
  return { shelf, folder: join(folder, "default"), told };
}

/** Request ids of all that waits, by store. */
async function waiting(shelf: Shelf): Promise<(string | undefined)[][]> {
  const stores = shelf.stores.map((store) => store.read(-1, 1_000, 1_000_000));
  return (await Promise.all(stores)).map((letters) =>
    letters.map((letter) => letter.request?.requestId),
  );
}

/** What another process has left: renamed, as whoever adopts it does. */
async function leftBy(
  folder: string,
  requests: readonly SendToDlqRequest[],
  spoil: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Promise<string> {
  const { shelf } = shelfIn(folder);
  await shelf.append(requests);
  const [path = ""] = shelf.paths;
  await shelf.release();
  await writeFile(path, spoil(await readFile(path)));
  const mine = join(folder, "default", newFileName(0));
  await rename(path, mine);
  return mine;
}

describe("a shelf", () => {
  it.each([false, true])("makes its file with the first letter (sync: %s)", async (sync) => {
    const root = await newFolder();
    const { shelf, folder } = shelfIn(root, { sync });
    expect(await spoolFiles(root)).toEqual([]);
    expect(await shelf.append([request("a"), request("b")])).toEqual(["disk", "disk"]);
    const [name = ""] = await spoolFiles(root);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(await waiting(shelf)).toEqual([["a", "b"], []]);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])("has the name of its file on the disk, too (sync: %s)", async (sync, times) => {
    const root = await newFolder();
    const handle = await open(root);
    const toDisk = vi.spyOn(Object.getPrototypeOf(handle), "sync");
    onTestFinished(() => toDisk.mockRestore());
    await handle.close();
    const { shelf } = shelfIn(root, { sync });
    await shelf.append([request("a")]);
    await shelf.append([request("b")]);
    expect(toDisk).toHaveBeenCalledTimes(times);
  });

  it("removes it with the last one", async () => {
    const root = await newFolder();
    const { shelf } = shelfIn(root);
    await shelf.append([request("a"), request("b")]);
    const [file] = shelf.stores;
    if (file === undefined) throw new Error("no file");
    const [a, b] = await file.read(-1, 2, 1_000);
    await shelf.finish(file, [a?.position ?? 0]);
    expect(await waiting(shelf)).toEqual([["b"], []]);
    await shelf.finish(file, [b?.position ?? 0]);
    expect(await spoolFiles(root)).toEqual([]);
    expect(await shelf.append([request("c")])).toEqual(["disk"]);
    expect(await waiting(shelf)).toEqual([["c"], []]);
  });

  it("knows what is done in a file that it adopts", async () => {
    const root = await newFolder();
    const first = shelfIn(root);
    await first.shelf.append([request("a"), request("b"), request("c")]);
    const [file] = first.shelf.stores;
    if (file === undefined) throw new Error("no file");
    const [, b] = await file.read(-1, 3, 1_000);
    await first.shelf.finish(file, [b?.position ?? 0]);
    const [path = ""] = first.shelf.paths;
    const { shelf } = shelfIn(root);
    await shelf.adopt(path);
    expect(await waiting(shelf)).toEqual([["a", "c"], []]);
  });

  it("has files in the order of their age, whatever folder they are in", async () => {
    const root = await newFolder();
    const { shelf } = shelfIn(join(root, "own"));
    for (const [folder, ageAtMs] of [["z", 1] as const, ["a", 2] as const]) {
      const left = await leftBy(join(root, folder), [request(`${ageAtMs}`)]);
      const path = join(root, folder, "default", newFileName(ageAtMs));
      await rename(left, path);
      await shelf.adopt(path);
    }
    expect(await waiting(shelf)).toEqual([["1"], ["2"], []]);
  });

  it("says in a file that it adopts whose it is now", async () => {
    const root = await newFolder();
    const path = await leftBy(root, [request("a")]);
    const { shelf } = shelfIn(root);
    const before = (await stat(path)).size;
    await shelf.adopt(path);
    const scanner = new RecordScanner(0);
    const [added] = scanner.push((await readFile(path)).subarray(before));
    expect(ownerOf(added)).toMatchObject({ pid: BigInt(process.pid), target: "127.0.0.1:1" });
  });

  it("makes nothing of a file that somebody has taken from it", async () => {
    const root = await newFolder();
    const path = await leftBy(root, [request("a")]);
    await rename(path, join(root, "default", newFileName(1)));
    const { shelf } = shelfIn(root);
    await expect(shelf.adopt(path)).rejects.toThrow("ENOENT");
    expect(await spoolFiles(root)).toHaveLength(1);
  });

  it("passes over what is damaged, and tells how much", async () => {
    const root = await newFolder();
    const requests = ["aaaa", "bbbb", "cccc"].map((id) => request(id));
    const path = await leftBy(root, requests, (bytes) => {
      bytes[bytes.indexOf("bbbb")] = 0;
      return bytes;
    });
    const { shelf, told } = shelfIn(root);
    await shelf.adopt(path);
    expect(await waiting(shelf)).toEqual([["aaaa", "cccc"], []]);
    expect(told.join()).toMatch(/passed over \d+ damaged bytes of /);
  });

  it("gives no letter that was damaged after it was written", async () => {
    const root = await newFolder();
    const { shelf } = shelfIn(root);
    await shelf.append([request("aaaa"), request("bbbb", "whole")]);
    const [path = ""] = shelf.paths;
    const bytes = await readFile(path);
    bytes[bytes.indexOf("aaaa")] = 0x62;
    await writeFile(path, bytes);
    expect(await waiting(shelf)).toEqual([[undefined, "bbbb"], []]);
    await writeFile(path, bytes.subarray(0, bytes.indexOf("whole")));
    expect(await waiting(shelf)).toEqual([[undefined, undefined], []]);
  });

  it("says nothing of a record that its writer did not live to finish", async () => {
    const root = await newFolder();
    const requests = ["a", "b"].map((id) => request(id));
    const path = await leftBy(root, requests, (bytes) => bytes.subarray(0, -3));
    const { shelf, told } = shelfIn(root);
    await shelf.adopt(path);
    expect(await waiting(shelf)).toEqual([["a"], []]);
    expect(told).toEqual([]);
  });

  it("that was slow writes again what somebody may have adopted before it was there", async () => {
    const root = await newFolder();
    const slow = shelfIn(root);
    await slow.shelf.append([request("a")]);
    const adopted = join(slow.folder, newFileName(0));
    await rename(slow.shelf.paths[0] ?? "", adopted);
    const other = shelfIn(root);
    await other.shelf.adopt(adopted);
    expect(await slow.shelf.append([request("b")])).toEqual(["disk"]);
    expect(await waiting(slow.shelf)).toEqual([["b"], []]);
    expect(await waiting(other.shelf)).toEqual([["a"], []]);
    expect(await spoolFiles(root)).toHaveLength(2);
  });

  it("lets go of a file that somebody has adopted, without a letter, too", async () => {
    const root = await newFolder();
    const slow = shelfIn(root);
    await slow.shelf.append([request("a")]);
    await rename(slow.shelf.paths[0] ?? "", join(slow.folder, newFileName(0)));
    await slow.shelf.touch();
    expect(await waiting(slow.shelf)).toEqual([[]]);
    expect(await spoolFiles(root)).toHaveLength(1);
  });

  it("leaves to others only what it still has", async () => {
    const root = await newFolder();
    const slow = shelfIn(root);
    await slow.shelf.append([request("a")]);
    const adopted = join(slow.folder, newFileName(0));
    await rename(slow.shelf.paths[0] ?? "", adopted);
    await slow.shelf.release();
    expect((await stat(adopted)).mtimeMs).toBeGreaterThan(0);
  });

  it("lets go of a file that the system no longer knows", async () => {
    const root = await newFolder();
    const { shelf } = shelfIn(root);
    await shelf.append([request("a")]);
    const [file] = shelf.stores;
    if (!(file instanceof SpoolFile)) throw new Error("no file");
    await file.close();
    await shelf.touch();
    expect(shelf.paths).toEqual([]);
  });

  it("takes no more than its bound, files of others included", async () => {
    const root = await newFolder();
    const maxBytes = 1_000;
    const others = shelfIn(root, { maxBytes });
    const large = "x".repeat(500);
    expect(await others.shelf.append([request("a", large)])).toEqual(["disk"]);
    const { shelf } = shelfIn(root, { maxBytes });
    const mixed = [request("b", large), request("c"), request("d", large)];
    expect(await shelf.append(mixed)).toEqual(["full", "disk", "full"]);
    expect(await waiting(shelf)).toEqual([["c"], []]);
  });

  it("takes none that is longer than a record, which is no question of room", async () => {
    const { shelf } = shelfIn(await newFolder());
    const mixed = [request("a", "x".repeat(8 * 1024 ** 2)), request("b")];
    expect(await shelf.append(mixed)).toEqual(["too-long", "disk"]);
  });

  it("keeps letters in memory where no file can be made, within the bound, and says so once", async () => {
    const root = await newFolder();
    await writeFile(join(root, "default"), "a file where the folder should be");
    const { shelf, told } = shelfIn(root, { maxBytes: 1_000 });
    expect(await shelf.append([request("a")])).toEqual(["memory"]);
    expect(await shelf.append([request("b"), request("c", "x".repeat(1_000))])).toEqual([
      "memory",
      "full",
    ]);
    expect(await waiting(shelf)).toEqual([["a", "b"]]);
    expect(told).toEqual([expect.stringMatching(/memory only.*(EEXIST|ENOTDIR)/)]);
    expect((await shelf.release()).map(({ requestId }) => requestId)).toEqual(["a", "b"]);
  });

  it("leaves no file behind that could not be written", async () => {
    const root = await newFolder();
    const { shelf } = shelfIn(root);
    const append = vi.spyOn(SpoolFile.prototype, "append");
    onTestFinished(() => append.mockRestore());
    append.mockRejectedValueOnce(new Error("ENOSPC"));
    expect(await shelf.append([request("a")])).toEqual(["memory"]);
    expect(await waiting(shelf)).toEqual([["a"]]);
    expect(await spoolFiles(root)).toEqual([]);
  });

  it("gives up on a file system where even new files lose their names", async () => {
    const root = await newFolder();
    const { shelf } = shelfIn(root);
    const hasItsName = vi.spyOn(SpoolFile.prototype, "hasItsName").mockResolvedValue(false);
    onTestFinished(() => hasItsName.mockRestore());
    expect(await shelf.append([request("a")])).toEqual(["memory"]);
    expect(hasItsName.mock.calls.length).toBeLessThan(5);
  });
});
