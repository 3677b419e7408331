import { describe, expect, test } from "vitest";
import { natsUrl, readNatsUrl } from "../../src/config/nats-url.ts";
import { DEFAULT_EVENT_TYPES } from "../../src/core/event.ts";
import { loadErrors, loadOk } from "./load-support.ts";

describe("nats-url", () => {
  test.each([
    ["nats://h", { servers: ["h:4222"], requiresTls: false }],
    [" nats://a:1 , tls://[::1]:2,", { servers: ["a:1", "[::1]:2"], requiresTls: true }],
    ["nats://u:p%40%2C@h", { servers: ["h:4222"], requiresTls: false, user: "u", password: "p@," }],
    ["nats://t0ken@h/", { servers: ["h:4222"], requiresTls: false, token: "t0ken" }],
    [
      "nats://u:p@a,nats://b,nats://u:p@c",
      { servers: ["a:4222", "b:4222", "c:4222"], requiresTls: false, user: "u", password: "p" },
    ],
  ])("%s", (text, expected) => {
    expect(readNatsUrl(text)).toEqual({ ok: expected });
  });

  test.each([
    ["", /no server/],
    ["h:4222", /not a URL/],
    ["http://h", /scheme http/],
    ["ws://h", /scheme ws/],
    ["nats://", /not a URL|no host/],
    ["nats://h/stream", /something after the host and port/],
    ["nats://:s3cret@h", /password without a user/],
    ["nats://u:s3cret@a,nats://u:other@b", /different credentials/],
    ["nats://u:s3cret%@h", /% that begins no escape/],
    ["nats://u:***@h", /placeholder/],
    ["nats://***@h", /placeholder/],
  ])("%s is refused, without its secrets", (text, why) => {
    const parsed = natsUrl.parse(text);
    expect(parsed).toEqual({ problem: expect.stringMatching(why) });
    expect(JSON.stringify(parsed)).not.toContain("s3cret");
  });

  test.each([
    ["nats://a,tls://b:1", "nats://a,tls://b:1"],
    ["nats://u:s3cret@a,nats://b", "nats://u:***@a,nats://b"],
    ["nats://s3cret@a, nats://s3cret@b:1", "nats://***@a, nats://***@b:1"],
    ["nats://u:s3@cr:et@a", "nats://u:***@a"],
  ])("%s is printed as %s", (text, printed) => {
    expect(natsUrl.hide?.(text)).toBe(printed);
  });
});

describe("settings", () => {
  test("publish nothing by default", () => {
    const config = loadOk({});
    expect(config.natsUrl).toBeUndefined();
    expect(config.natsEvents).toEqual(DEFAULT_EVENT_TYPES);
    expect(config.natsEvents).not.toContain("delivered");
    expect(config.natsBacklogMaxBytes).toBe(256 * 1024 * 1024);
  });

  test("name the types of events", () => {
    const argv = ["--nats-url=nats://h", "--nats-events=delivered,moved_to_poison"];
    expect(loadOk({ argv }).natsEvents).toEqual(["delivered", "moved_to_poison"]);
    expect(loadErrors({ argv: ["--nats-url=nats://h", "--nats-events=poison"] })).toEqual([
      expect.stringMatching(
        /number 1, "poison", is not a known choice \(did you mean moved_to_poison\?\); allowed: types of events:/,
      ),
    ]);
  });

  test.each([
    "nats-credentials-file",
    "nats-nkey-file",
    "nats-tls-ca",
    "nats-tls-cert",
    "nats-tls-key",
  ])("%s must name a file that can be read", (name) => {
    const errors = loadErrors({ argv: ["--nats-url=tls://h", `--${name}=x.pem`] });
    expect(errors.join("\n")).toMatch(new RegExp(`^${name}.*x.pem cannot be read`, "m"));
  });

  const files = { "f.pem": "" };
  test.each([
    [["--nats-stream=DLQ"], /^nats-stream.*no effect without nats-url/],
    [["--nats-tls-ca=f.pem"], /^nats-tls-ca.*no effect without nats-url/],
    [["--nats-url=tls://h", "--nats-tls-cert=f.pem"], /^nats-tls-cert.*set nats-tls-key too/],
    [
      ["--nats-url=nats://h", "--nats-nkey-file=f.pem", "--nats-credentials-file=f.pem"],
      /^nats-credentials-file.*nats-nkey-file is set too; use only one/,
    ],
    [
      ["--nats-url=nats://u:p@h", "--nats-credentials-file=f.pem"],
      /^nats-credentials-file.*nats-url has credentials too; use only one/,
    ],
    [
      ["--nats-url=nats://token@h", "--nats-nkey-file=f.pem"],
      /^nats-nkey-file.*nats-url has credentials too; use only one/,
    ],
    [
      ["--nats-url=nats://h", "--nats-action-prefix=dlq.actions"],
      /^nats-action-prefix.*dlq.actions and nats-prefix dlq are one below the other/,
    ],
    [
      ["--nats-url=nats://h", "--nats-prefix=a.*"],
      /^nats-prefix.*allowed: 1 to 64 letters, digits/,
    ],
    [
      ["--nats-url=nats://h", "--nats-stream=a.b"],
      /^nats-stream.*allowed: 1 to 128 letters, digits/,
    ],
  ])("%j are refused", (argv, expected) => {
    expect(loadErrors({ argv, files })).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    [["--nats-url=nats://h", "--nats-prefix=dlq", "--nats-action-prefix=dlq"]],
    // Printed configuration has them.
    [["--nats-prefix=dlq", "--nats-backlog-max=1GiB"]],
    [["--nats-url=nats://h", "--nats-tls-ca=f.pem"]],
    [["--nats-url=nats://h", "--nats-nkey-file=f.pem"]],
  ])("%j are valid", (argv) => {
    expect(loadErrors({ argv, files })).toEqual([]);
  });

  test("files with secrets that every user can read give a warning", () => {
    const argv = ["--nats-url=nats://h", "--nats-nkey-file=f.pem"];
    expect(loadOk({ argv, files, publicFiles: ["f.pem"] }).warnings).toEqual([
      expect.stringContaining("Every user of the machine can read f.pem"),
    ]);
  });
});
