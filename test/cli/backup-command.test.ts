import { expect, test } from "vitest";
import { cli } from "./cli-support.ts";

const TIME = "2026-01-31T18:00:00.000Z";

test("backs up the data folder of the configuration, and says what it wrote", async () => {
  const asked: string[] = [];
  const backUp = async ({ dataDir }: { dataDir: string }, folder: string) => {
    asked.push(dataDir, folder);
    return { time: TIME, bytes: 12 };
  };
  const run = await cli(["backup", "/b", "--data-dir", "/d"], { backUp });
  expect(run).toMatchObject({ code: 0, stdout: `backup in /b: 12 bytes, of ${TIME}\n` });
  expect(asked).toEqual(["/d", "/b"]);
});

test("restores into the data folder of the configuration", async () => {
  const restore = async () => ({ time: TIME, bytes: 12 });
  const run = await cli(["restore", "--data-dir", "/d", "/b"], { restore });
  expect(run).toMatchObject({ code: 0, stdout: `restored into /d: 12 bytes, of ${TIME}\n` });
});

test("a failure has its reason, and wrong arguments a hint", async () => {
  const backUp = () => Promise.reject(new Error("The backup folder /b has files."));
  expect(await cli(["backup", "/b"], { backUp })).toMatchObject({
    ...{ code: 1, stderr: "dlq-server: The backup folder /b has files.\n" },
  });
  expect(await cli(["restore"])).toMatchObject({
    ...{ code: 2, stderr: expect.stringContaining("dlq-server restore FOLDER") },
  });
  expect(await cli(["backup", "/b", "/c"])).toMatchObject({ code: 2 });
});

test.each(["backup", "restore"])("the help of %s has the settings that it uses", async (name) => {
  const { stdout } = await cli([name, "--help"]);
  const flags = stdout.split("\n").flatMap((line) => /^ {2}(--[a-z-]+)/.exec(line)?.[1] ?? []);
  expect(flags).toEqual(["--config", "--data-dir"]);
});
