// Groups of alike failures, against a real server.

import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { merged, sparkline } from "../../../clients/cli/src/output/sparkline.ts";
import { GroupState } from "../../../gen/dlq/v1/group_pb.ts";
import { Reason } from "../../../gen/dlq/v1/state_pb.ts";
import { connectTo, type TestClient } from "../../support/grpc.ts";
import { sendRequest } from "../../support/send-requests.ts";
import { startTestServer, type TestServer } from "../../support/server.ts";
import { jsonLines, runDlq } from "./run-dlq.ts";

let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startTestServer();
  client = connectTo(server.grpcAddress);
  const send = (queue: string, type: string, message: string) =>
    client.dlq.sendToDlq(
      sendRequest(queue, { failure: { reason: Reason.POISON_MESSAGE, type, message } }),
    );
  await send("orders", "ValidationError", "order 17: total must be a number");
  await send("orders", "ValidationError", "order 18: total must be a number");
  await send("invoices", "ValidationError", "order 19: total must be a number");
  await send("invoices", "KeyError", "\u001b[31mno customer");
}, 180_000);
afterAll(async () => {
  client?.close();
  await server?.stop();
});

const dlq = (...args: string[]) => runDlq(args, { target: server.grpcAddress });
const idOf = async (type: string) =>
  (await client.admin.listGroups({})).groups.find((one) => one.failureType === type)?.id ?? "";

describe("groups", () => {
  it("lists what fails alike, the most messages first", async () => {
    const { code, stdout } = await dlq("groups", "--since", "1h");
    expect(code).toBe(0);
    const [titles, first, second] = stdout.trimEnd().split("\n");
    expect(titles).toMatch(/^GROUP +MESSAGES +TREND +LAST +STATE +REASON +FAILURE +QUEUES$/);
    expect(first).toMatch(
      /^[0-9a-f]{8} +3 +·*█ .*OPEN +POISON_MESSAGE +ValidationError: .+ orders, invoices$/,
    );
    expect(second).toMatch(/ 1 .*KeyError: .+ customer +invoices$/);
    expect(stdout).not.toContain("\u001b");
  });

  it.each([
    [80, "ValidationError: order <num>: total…"],
    [120, "ValidationError: order <num>: total must…"],
    [200, "ValidationError: order <num>: total must be a number"],
  ])("shows much of a failure in %d columns", async (columns, text) => {
    const run = { target: server.grpcAddress, columns, env: { NO_COLOR: "1" } };
    const { stdout } = await runDlq(["groups"], run);
    const shown = stdout.split("\n")[1] ?? "";
    expect(shown).toContain(text.slice(0, -1));
    expect(shown.length).toBeLessThanOrEqual(columns);
  });

  it("prints answers of the service as JSON", async () => {
    const { stdout } = await dlq("groups", "orders", "-o", "jsonl");
    expect(jsonLines(stdout)).toMatchObject([{ storedCount: "2", failureType: "ValidationError" }]);
    const { stdout: whole } = await dlq("groups", "-o", "json");
    expect(JSON.parse(whole)).toMatchObject({ totalCount: "2" });
  });

  it("says if there are none, or more than it lists", async () => {
    expect(await dlq("groups", "nowhere*")).toMatchObject({
      code: 0,
      stderr: "No group matches.\n",
    });
    const { stderr } = await dlq("groups", "-n", "1");
    expect(stderr).toBe("1 more: give a larger --limit.\n");
  });

  it("says how many archived ones are not shown, in a table", async () => {
    const { group } = await client.admin.updateGroup({
      ...{ id: await idOf("KeyError"), state: GroupState.ARCHIVED },
    });
    const archived = "1 archived group is not shown: --state archived lists it.\n";
    expect((await dlq("groups")).stderr).toBe(archived);
    expect((await dlq("groups", "--state", "archived")).stderr).toBe("");
    expect((await dlq("groups", "-o", "json")).stderr).toBe("");
    await client.admin.updateGroup({ id: group?.id ?? "", state: GroupState.OPEN });
  });

  it("says which columns a narrow terminal has no room for", async () => {
    const run = { target: server.grpcAddress, columns: 80, env: { NO_COLOR: "1" } };
    const { stdout, stderr } = await runDlq(["groups"], run);
    expect(stderr).toBe("Not shown in 80 columns: TREND, REASON, QUEUES.\n");
    expect(stdout).toMatch(/^GROUP .* STATE +FAILURE/);
    const wider = await runDlq(["groups"], { ...run, columns: 100 });
    expect(wider.stderr).toBe("Not shown in 100 columns: TREND, QUEUES.\n");
    expect((await runDlq(["groups"], { ...run, columns: 120 })).stderr).toBe("");
  });

  it.each([
    [["--state", "broken"], /"broken" is none of open, resolved, regressed, archived/],
    [["--sort", "best"], /"best" is none of stored, last_failure, failures/],
    [["--since", "yesterday"], /"yesterday" is no duration/],
  ])("refuses %j", async (args, problem) => {
    const { code, stderr } = await dlq("groups", ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(problem);
  });

  it("lead to their messages, by the first six digits too", async () => {
    const id = await idOf("KeyError");
    for (const given of [id, id.slice(0, 6), id.slice(0, 8).toUpperCase()]) {
      const { stdout } = await dlq("ls", "--group", given, "-o", "jsonl");
      expect(jsonLines(stdout)).toHaveLength(1);
      expect((await dlq("count", "--group", given)).stdout).toBe("MESSAGES\n       1\n");
    }
  });

  it.each(["01f3", "KeyError", "01f3a8c2d4e5b6970", ""])("are not named by %j", async (id) => {
    for (const command of ["ls", "count"]) {
      expect(await dlq(command, "--group", id)).toEqual({
        ...{ code: 2, stdout: "" },
        stderr: `dlq: "${id}" is no id of a group\n  give its first six or more digits; \`dlq groups\` lists groups\n`,
      });
    }
  });

  it("of which there is none are not found", async () => {
    expect((await dlq("ls", "--group", "01ffffff")).code).toBe(3);
  });
});

describe("group", () => {
  it("shows why it is one, its trend, its queues and its latest message", async () => {
    const id = await idOf("ValidationError");
    const { code, stdout } = await dlq("group", id.slice(0, 7), "--payload");
    expect(code).toBe(0);
    expect(stdout.split("\n")[0]).toMatch(new RegExp(`^${id}  ValidationError: `));
    const narrow = await runDlq(["group", id], { target: server.grpcAddress, columns: 50 });
    const lines = stripVTControlCharacters(narrow.stdout).split("\n");
    expect(lines.slice(0, 2)).toEqual([
      ...[`${id}  ValidationError: order <num>:`, "                  total must be a number"],
    ]);
    for (const line of [
      /^state +OPEN$/m,
      /^why a group +same reason POISON_MESSAGE, type ValidationError and message/m,
      /^messages +3$/m,
      /^trend +·+█ {2}3 in 24 x 1h$/m,
      /^queues +orders 2\n +invoices 1$/m,
      /^LATEST MESSAGE$/m,
      /^group +[0-9a-f]{16}$/m,
    ])
      expect(stdout).toMatch(line);
  });

  it("is resolved with a note, opened again, and archived", async () => {
    const id = await idOf("KeyError");
    const resolved = await dlq("group", id, "--resolve", "--note", "fixed in 2.1");
    expect(resolved).toMatchObject({ code: 0, stdout: `${id} is RESOLVED.\n` });
    expect((await dlq("group", id)).stdout).toMatch(/^note +fixed in 2.1$/m);
    expect((await dlq("groups", "-s", "resolved")).stdout).toContain(id.slice(0, 8));
    await dlq("group", id, "--archive");
    expect((await dlq("groups")).stdout).not.toContain(id.slice(0, 8));
    const opened = await dlq("group", id, "--open", "-o", "json");
    expect(JSON.parse(opened.stdout)).toMatchObject({ group: { state: "GROUP_STATE_OPEN" } });
  });

  it("refuses what names none, two states, and a note alone", async () => {
    expect((await dlq("group", "01ffffffff")).code).toBe(3);
    expect((await dlq("group", "g-17")).code).toBe(2);
    expect((await dlq("group", "01ffff", "--open", "--archive")).stderr).toContain(
      "give one of --resolve, --archive and --open",
    );
    expect((await dlq("group", "01ffff", "--note", "x")).code).toBe(2);
  });
});

describe("a trend", () => {
  it.each<[number[], string]>([
    [[], ""],
    [[0, 0], "··"],
    [[0, 1, 1_000], "·▁█"],
    [[5, 10], "▄█"],
  ])("of %j is %j", (counts, bars) => {
    expect(sparkline(counts.map(BigInt))).toBe(bars);
  });

  it("is shortened from its end", () => {
    expect(merged([1n, 2n, 3n, 4n, 5n], 2)).toEqual([3n, 12n]);
    expect(merged([1n, 2n], 12)).toEqual([1n, 2n]);
  });
});
