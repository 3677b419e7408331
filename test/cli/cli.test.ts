import { describe, expect, test, vi } from "vitest";
import { processIo } from "../../clients/cli/src/io.ts";
import { createProgram } from "../../clients/cli/src/program.ts";
import { COMMANDS, OPERATOR_COMMANDS } from "../../src/cli/commands.ts";
import { ALL_SETTINGS } from "../../src/config/given-values.ts";
import { describeFallback, flagOf } from "../../src/config/setting.ts";
import { cli } from "./cli-support.ts";

const ESCAPE = "\u001b[";

describe("serve", () => {
  test.each([
    [["serve"]],
    [[]],
    [["--log-level", "warn", "serve"]],
    [["serve", "--log-level=warn"]],
  ])("%j runs the server", async (argv) => {
    const { code, served, stdout, stderr } = await cli(argv);
    expect({ code, stdout, stderr, servers: served.length }).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
      servers: 1,
    });
    expect(served[0]?.logLevel).toBe(argv.length > 1 ? "warn" : "info");
  });

  test("a server that fails exits with 1 and says why, with a stack only at level debug", async () => {
    const serve = () => Promise.reject(new Error("port 50051 is taken"));
    const quiet = await cli([], { serve });
    expect(quiet).toMatchObject({
      code: 1,
      stdout: "",
      stderr: "dlq-server: port 50051 is taken\n",
    });
    const verbose = await cli(["--log-level=debug"], { serve });
    expect(verbose.stderr).toContain("cli.test.ts");
  });

  test("a wrong configuration exits with 2, lists all errors on stderr and starts nothing", async () => {
    const run = await cli(["--ttl", "5", "--payload-max=9MiB"]);
    expect(run).toMatchObject({ code: 2, stdout: "", served: [] });
    expect(run.stderr).toMatch(/^dlq-server: 2 errors\n {2}payload-max .*\n {2}ttl .*\n$/);
  });
});

describe("usage", () => {
  test.each([
    [["serv"], 'command: "serv" is unknown; did you mean serve?'],
    [["xyzzy"], 'command: "xyzzy" is unknown; dlq-server help lists the commands'],
    [["serve", "now"], 'arguments: "now" is not expected here'],
    [
      ["serve", "--json"],
      "--json: is not a flag of dlq-server serve; it is a flag of dlq-server config and dlq-server outbox",
    ],
    [
      ["help", "me"],
      'help: "me" is not a command; commands: serve, config, outbox, backup, restore, token, help, version',
    ],
  ])("%j", async (argv, expected) => {
    const { code, stderr, served } = await cli(argv);
    expect({ code, stderr, served }).toEqual({
      code: 2,
      stderr: `dlq-server: one error\n  ${expected}\n`,
      served: [],
    });
  });

  test.each([[["version"]], [["--version"]], [["-V"]]])("%j", async (argv) => {
    expect(await cli(argv)).toMatchObject({ code: 0, stdout: "dlq-server 1.2.3\n", served: [] });
  });
});

describe("a command of the operator's program", () => {
  const program = createProgram(processIo(), vi.fn());
  const names = program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());

  test("is each of that program, except those that both have", () => {
    const own = Object.keys(COMMANDS);
    expect(names.filter((name) => !own.includes(name)).toSorted()).toEqual(
      [...OPERATOR_COMMANDS].toSorted(),
    );
  });

  test.each([...OPERATOR_COMMANDS])("%s is an error that names that program", async (name) => {
    const { code, stderr, served } = await cli([name, "orders"]);
    expect({ code, stderr, served }).toEqual({
      code: 2,
      stderr: `dlq-server: one error\n  command: "${name}" is unknown; it is a command of dlq, the operator's command line (clients/cli)\n`,
      served: [],
    });
  });
});

describe("help", () => {
  test.each([
    [["help"]],
    [["--help"]],
    [["-h"]],
    [["serve", "--help"]],
    [["help", "serve"]],
    [["config", "-h"]],
  ])("%j lists every setting with its default", async (argv) => {
    const { code, stdout, served } = await cli(argv);
    expect({ code, served }).toEqual({ code: 0, served: [] });
    const text = stdout.replaceAll(/\s+/g, " ");
    for (const setting of ALL_SETTINGS) {
      expect(text).toContain(`${flagOf(setting)} `);
      expect(text).toContain(`${setting.doc} [${describeFallback(setting)}]`);
    }
  });

  test("ignores wrong flags", async () => {
    expect(await cli(["--frobnicate", "--help"])).toMatchObject({ code: 0, stderr: "" });
  });

  test("general help has commands, groups and examples", async () => {
    const { stdout } = await cli(["help"]);
    expect(stdout).toMatch(/^Usage: dlq-server \[COMMAND\] \[FLAGS\]$/m);
    expect(stdout).toMatch(/^ {2}config +Print the configuration in force/m);
    expect(stdout).toMatch(/^Listening\n {2}--listen-grpc HOST:PORT +Address of gRPC/m);
    expect(stdout).toMatch(/^Examples$/m);
    expect(stdout).toContain("Exit codes: 0 success; 1 failed while running; 2 wrong");
  });

  test("a command's help has its own flags", async () => {
    expect((await cli(["help", "config"])).stdout).toMatch(/^ {2}--json +Print JSON/m);
    expect((await cli(["help", "version"])).stdout).not.toContain("--redis-url");
  });

  test.each([[60], [80], [110]])("fits into %d columns", async (columns) => {
    const { stdout } = await cli(["help"], { terminal: { columns }, env: { NO_COLOR: "1" } });
    const lines = stdout.split("\n");
    // Examples are not wrapped, so that they can be copied.
    const long = lines.filter((l) => l.length > columns && !/^ {2}(dlq-server|DLQ_)/.test(l));
    expect(long).toEqual([]);
    expect(Math.max(...lines.map((l) => l.length))).toBeGreaterThan(columns - 20);
  });

  test("has colours on a terminal only, and not with NO_COLOR", async () => {
    const terminal = { columns: 80 };
    expect((await cli(["help"], { terminal })).stdout).toContain(ESCAPE);
    expect((await cli(["help"])).stdout).not.toContain(ESCAPE);
    expect((await cli(["help"], { terminal, env: { NO_COLOR: "1" } })).stdout).not.toContain(
      ESCAPE,
    );
    expect((await cli(["nope"], { terminal })).stderr).toContain(ESCAPE);
  });
});
