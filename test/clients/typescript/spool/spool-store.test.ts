// Messages in spool files: damage, files that another process takes, and disks without room.

import { open, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { RecordScanner } from "../../../../clients/typescript/src/spool/framing.ts";
import { parseOwner } from "../../../../clients/typescript/src/spool/owner.ts";
import { SpoolFile } from "../../../../clients/typescript/src/spool/spool-file.ts";
import { newFileName } from "../../../../clients/typescript/src/spool/spool-folder.ts";
import { SpoolStore } from "../../../../clients/typescript/src/spool/spool-store.ts";
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

interface TestStore {
  readonly store: SpoolStore;
  /** The folder of the service. */
  readonly folder: string;
}

function storeIn(folder: string, over: { maxBytes?: number; sync?: boolean } = {}): TestStore {
  const store = new SpoolStore({
    scope: { target: "127.0.0.1:1", service: "" },
    folders: [join(folder, "default")],
    maxBytes: 1_000_000,
    sync: false,
    ...over,
  });
  onTestFinished(async () => void (await store.release()));
  return { store, folder: join(folder, "default") };
}

/** Returns the lines that were logged so far. */
function logged(): () => unknown[] {
  const log = vi.spyOn(console, "error").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  return () => log.mock.calls.map(([line]) => line);
}

/** Returns the request ids of all waiting messages, by source. */
async function waiting(store: SpoolStore): Promise<(string | undefined)[][]> {
  const sources = store.sources.map((source) => source.read(-1, 1_000, 1_000_000));
  return (await Promise.all(sources)).map((messages) =>
    messages.map((message) => message.request?.requestId),
  );
}

/** Creates a file that another process left, renamed as for a recovery. */
async function orphanIn(
  folder: string,
  requests: readonly SendToDlqRequest[],
  damage: (bytes: Buffer) => Buffer = (bytes) => bytes,
): Promise<string> {
  const { store } = storeIn(folder);
  await store.append(requests);
  const [path = ""] = store.paths;
  await store.release();
  await writeFile(path, damage(await readFile(path)));
  const renamed = join(folder, "default", newFileName(0));
  await rename(path, renamed);
  return renamed;
}

describe("a spool store", () => {
  it.each([false, true])("creates its file with the first message (sync: %s)", async (sync) => {
    const root = await newFolder();
    const { store, folder } = storeIn(root, { sync });
    expect(await spoolFiles(root)).toEqual([]);
    expect(await store.append([request("a"), request("b")])).toEqual(["disk", "disk"]);
    const [name = ""] = await spoolFiles(root);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    expect(await waiting(store)).toEqual([["a", "b"], []]);
  });

  it.each([
    [true, 1],
    [false, 0],
  ])("syncs the folder for a new file if sync is set (sync: %s)", async (sync, times) => {
    const root = await newFolder();
    const handle = await open(root);
    const syncs = vi.spyOn(Object.getPrototypeOf(handle), "sync");
    onTestFinished(() => syncs.mockRestore());
    await handle.close();
    const { store } = storeIn(root, { sync });
    await store.append([request("a")]);
    await store.append([request("b")]);
    expect(syncs).toHaveBeenCalledTimes(times);
  });

  it("removes its file with the last message", async () => {
    const root = await newFolder();
    const { store } = storeIn(root);
    await store.append([request("a"), request("b")]);
    const [file] = store.sources;
    if (file === undefined) throw new Error("no file");
    const [a, b] = await file.read(-1, 2, 1_000);
    await store.markDone(file, [a?.position ?? 0]);
    expect(await waiting(store)).toEqual([["b"], []]);
    await store.markDone(file, [b?.position ?? 0]);
    expect(await spoolFiles(root)).toEqual([]);
    expect(await store.append([request("c")])).toEqual(["disk"]);
    expect(await waiting(store)).toEqual([["c"], []]);
  });

  it("does not send the done messages of a recovered file", async () => {
    const root = await newFolder();
    const first = storeIn(root);
    await first.store.append([request("a"), request("b"), request("c")]);
    const [file] = first.store.sources;
    if (file === undefined) throw new Error("no file");
    const [, b] = await file.read(-1, 3, 1_000);
    await first.store.markDone(file, [b?.position ?? 0]);
    const [path = ""] = first.store.paths;
    const { store } = storeIn(root);
    await store.recover(path);
    expect(await waiting(store)).toEqual([["a", "c"], []]);
  });

  it("orders files of all folders by age", async () => {
    const root = await newFolder();
    const { store } = storeIn(join(root, "own"));
    for (const [folder, createdAtMs] of [["z", 1] as const, ["a", 2] as const]) {
      const orphan = await orphanIn(join(root, folder), [request(`${createdAtMs}`)]);
      const path = join(root, folder, "default", newFileName(createdAtMs));
      await rename(orphan, path);
      await store.recover(path);
    }
    expect(await waiting(store)).toEqual([["1"], ["2"], []]);
  });

  it("appends an Owner to a recovered file", async () => {
    const root = await newFolder();
    const path = await orphanIn(root, [request("a")]);
    const { store } = storeIn(root);
    const before = (await stat(path)).size;
    await store.recover(path);
    const scanner = new RecordScanner(0);
    const [added] = scanner.push((await readFile(path)).subarray(before));
    expect(parseOwner(added)).toMatchObject({ pid: BigInt(process.pid), target: "127.0.0.1:1" });
  });

  it("does not make a file longer with each recovery", async () => {
    const root = await newFolder();
    const path = await orphanIn(root, [request("a")]);
    const sizes: number[] = [];
    for (let n = 0; n < 5; n++) {
      const { store } = storeIn(root);
      await store.recover(path);
      sizes.push((await stat(path)).size);
      expect(await waiting(store)).toEqual([["a"], []]);
      await store.release();
    }
    // The time of an Owner takes more or fewer bytes.
    expect(Math.max(...sizes) - Math.min(...sizes), `${sizes}`).toBeLessThan(10);
  });

  it("fails to recover a file that another process has taken", async () => {
    const root = await newFolder();
    const path = await orphanIn(root, [request("a")]);
    await rename(path, join(root, "default", newFileName(1)));
    const { store } = storeIn(root);
    await expect(store.recover(path)).rejects.toThrow("ENOENT");
    expect(await spoolFiles(root)).toHaveLength(1);
  });

  it("skips damaged bytes of a recovered file, and logs how many", async () => {
    const lines = logged();
    const root = await newFolder();
    const requests = ["aaaa", "bbbb", "cccc"].map((id) => request(id));
    const path = await orphanIn(root, requests, (bytes) => {
      bytes[bytes.indexOf("bbbb")] = 0;
      return bytes;
    });
    const { store } = storeIn(root);
    await store.recover(path);
    expect(await waiting(store)).toEqual([["aaaa", "cccc"], []]);
    expect(lines()).toEqual([
      expect.stringMatching(/skipped \d+ damaged bytes in spool file \d{13}-\d+-\w+\.spool$/),
    ]);
  });

  it("does not return a message that was damaged after the write", async () => {
    const root = await newFolder();
    const { store } = storeIn(root);
    await store.append([request("aaaa"), request("bbbb", "whole")]);
    const [path = ""] = store.paths;
    const bytes = await readFile(path);
    bytes[bytes.indexOf("aaaa")] = 0x62;
    await writeFile(path, bytes);
    expect(await waiting(store)).toEqual([[undefined, "bbbb"], []]);
    await writeFile(path, bytes.subarray(0, bytes.indexOf("whole")));
    expect(await waiting(store)).toEqual([[undefined, undefined], []]);
  });

  it("ignores a record that was cut off at the end of a file, without a log line", async () => {
    const lines = logged();
    const root = await newFolder();
    const requests = ["a", "b"].map((id) => request(id));
    const path = await orphanIn(root, requests, (bytes) => bytes.subarray(0, -3));
    const { store } = storeIn(root);
    await store.recover(path);
    expect(await waiting(store)).toEqual([["a"], []]);
    expect(lines()).toEqual([]);
  });

  it("writes a message again if another process took the file before the write", async () => {
    const root = await newFolder();
    const slow = storeIn(root);
    await slow.store.append([request("a")]);
    const taken = join(slow.folder, newFileName(0));
    await rename(slow.store.paths[0] ?? "", taken);
    const other = storeIn(root);
    await other.store.recover(taken);
    expect(await slow.store.append([request("b")])).toEqual(["disk"]);
    expect(await waiting(slow.store)).toEqual([["b"], []]);
    expect(await waiting(other.store)).toEqual([["a"], []]);
    expect(await spoolFiles(root)).toHaveLength(2);
  });

  it("touch closes a file that another process has taken", async () => {
    const root = await newFolder();
    const slow = storeIn(root);
    await slow.store.append([request("a")]);
    await rename(slow.store.paths[0] ?? "", join(slow.folder, newFileName(0)));
    await slow.store.touch();
    expect(await waiting(slow.store)).toEqual([[]]);
    expect(await spoolFiles(root)).toHaveLength(1);
  });

  it("release does not touch a file that another process has taken", async () => {
    const root = await newFolder();
    const slow = storeIn(root);
    await slow.store.append([request("a")]);
    const taken = join(slow.folder, newFileName(0));
    await rename(slow.store.paths[0] ?? "", taken);
    await slow.store.release();
    expect((await stat(taken)).mtimeMs).toBeGreaterThan(0);
  });

  it("touch drops a file with a stale handle", async () => {
    const root = await newFolder();
    const { store } = storeIn(root);
    await store.append([request("a")]);
    const [file] = store.sources;
    if (!(file instanceof SpoolFile)) throw new Error("no file");
    await file.close();
    await store.touch();
    expect(store.paths).toEqual([]);
  });

  it("refuses messages beyond maxBytes, files of others included", async () => {
    const root = await newFolder();
    const maxBytes = 1_000;
    const others = storeIn(root, { maxBytes });
    const large = "x".repeat(500);
    expect(await others.store.append([request("a", large)])).toEqual(["disk"]);
    const { store } = storeIn(root, { maxBytes });
    const mixed = [request("b", large), request("c"), request("d", large)];
    expect(await store.append(mixed)).toEqual(["full", "disk", "full"]);
    expect(await waiting(store)).toEqual([["c"], []]);
  });

  it("refuses a message longer than a record as too long, not as full", async () => {
    const { store } = storeIn(await newFolder());
    const mixed = [request("a", "x".repeat(8 * 1024 ** 2)), request("b")];
    expect(await store.append(mixed)).toEqual(["too-long", "disk"]);
  });

  it("keeps messages in memory within maxBytes if no folder can be written, and logs it once", async () => {
    const lines = logged();
    const root = await newFolder();
    await writeFile(join(root, "default"), "a file where the folder should be");
    const { store } = storeIn(root, { maxBytes: 1_000 });
    expect(await store.append([request("a")])).toEqual(["memory"]);
    expect(await store.append([request("b"), request("c", "x".repeat(1_000))])).toEqual([
      "memory",
      "full",
    ]);
    expect(await waiting(store)).toEqual([["a", "b"]]);
    expect(lines()).toEqual([
      expect.stringMatching(
        /cannot write a spool folder \(.*(EEXIST|ENOTDIR).*\); keeping messages in memory, which are/,
      ),
    ]);
    expect((await store.release()).map(({ requestId }) => requestId)).toEqual(["a", "b"]);
  });

  it("removes a file whose first write failed", async () => {
    logged();
    const root = await newFolder();
    const { store } = storeIn(root);
    const append = vi.spyOn(SpoolFile.prototype, "append");
    onTestFinished(() => append.mockRestore());
    append.mockRejectedValueOnce(new Error("ENOSPC"));
    expect(await store.append([request("a")])).toEqual(["memory"]);
    expect(await waiting(store)).toEqual([["a"]]);
    expect(await spoolFiles(root)).toEqual([]);
  });

  it("falls back to memory on a file system where new files lose their names", async () => {
    logged();
    const root = await newFolder();
    const { store } = storeIn(root);
    const isStillOwned = vi.spyOn(SpoolFile.prototype, "isStillOwned").mockResolvedValue(false);
    onTestFinished(() => isStillOwned.mockRestore());
    expect(await store.append([request("a")])).toEqual(["memory"]);
    expect(isStillOwned.mock.calls.length).toBeLessThan(5);
  });
});
