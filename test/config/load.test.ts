import { describe, expect, test } from "vitest";
import { ALL_SETTINGS } from "../../src/config/given-values.ts";
import { describeSource } from "../../src/config/source.ts";
import { loadErrors, loadOk } from "./load-support.ts";

describe("precedence", () => {
  const yaml = "redis_timeout: 3s\n";
  const env = { DLQ_REDIS_TIMEOUT: "4s" };
  const argv = ["--redis-timeout", "5s"];

  test.each([
    ["a flag over everything", { argv, env, yaml }, 5_000, "--redis-timeout"],
    ["the environment over the file", { env, yaml }, 4_000, "DLQ_REDIS_TIMEOUT"],
    ["the file over the default", { yaml }, 3_000, "dlq.yaml:1"],
  ])("%s", (_, given, expected, source) => {
    const config = loadOk(given);
    expect(config.redisTimeoutMs).toBe(expected);
    const origin = config.origins.settings.get("redis-timeout");
    expect(origin && describeSource(origin)).toBe(source);
  });

  test("the default applies without any value", () => {
    const config = loadOk({});
    expect(config.redisTimeoutMs).toBe(2_000);
    expect(config.listenGrpc).toEqual({ host: "127.0.0.1", port: 50_051 });
    expect(config.redisUrl).toBeUndefined();
    expect(config.nodeId).toBe("host-42");
    expect(config.warnings).toEqual([]);
  });

  test("an empty variable and a key without a value count as absent", () => {
    const config = loadOk({ env: { DLQ_REDIS_TIMEOUT: "" }, yaml: "redis_timeout:\nnode_id: ~\n" });
    expect(config.redisTimeoutMs).toBe(2_000);
    expect(config.nodeId).toBe("host-42");
  });

  test("an overridden value is not checked", () => {
    expect(loadOk({ argv, yaml: "redis_timeout: nonsense\n" }).redisTimeoutMs).toBe(5_000);
  });

  test("DLQ_CONFIG names the file, and --config is stronger", () => {
    const files = { a: "log_level: warn\n", b: "log_level: error\n" };
    expect(loadOk({ env: { DLQ_CONFIG: "a" }, files }).logLevel).toBe("warn");
    expect(loadOk({ env: { DLQ_CONFIG: "a" }, argv: ["--config=b"], files }).logLevel).toBe(
      "error",
    );
  });
});

describe("flags", () => {
  test.each([
    [["--insecure-listen"], true],
    [["--insecure-listen=yes"], true],
    [["--insecure-listen", "--no-insecure-listen"], false],
    [["--insecure-listen=false"], false],
  ])("%j", (argv, expected) => {
    expect(loadOk({ argv }).insecureListen).toBe(expected);
  });

  test("the last of several wins", () => {
    expect(loadOk({ argv: ["--log-level", "warn", "--log-level=debug"] }).logLevel).toBe("debug");
  });

  test("a missing value is not taken from the next flag", () => {
    expect(loadErrors({ argv: ["--ttl", "--insecure-listen"] })).toEqual([
      expect.stringMatching(/^--ttl: has no value; allowed: .*; for example --ttl=7d$/),
    ]);
  });

  test("a negative number is a value", () => {
    expect(loadErrors({ argv: ["--max-retries", "-1"] })).toEqual([
      'max-retries (--max-retries): "-1" is too small; allowed: a whole number from 0 to 1000',
    ]);
  });
});

describe("unknown names", () => {
  test.each([
    [
      { argv: ["--redis-timout", "5s"] },
      "--redis-timout: unknown flag; did you mean --redis-timeout?",
    ],
    [{ argv: ["--redis_url=x"] }, "--redis_url: unknown flag; did you mean --redis-url?"],
    [
      { argv: ["--listen", "0.0.0.0:50051"] },
      "--listen: unknown flag; did you mean --listen-grpc or --listen-http?",
    ],
    [{ argv: ["--redis"] }, "--redis: unknown flag; dlq-server help lists all settings"],
    [{ argv: ["--ttls"] }, "--ttls: unknown flag; did you mean --ttl?"],
    [
      { yaml: "listen: localhost:50051" },
      "listen (dlq.yaml:1): unknown key; did you mean listen_grpc, listen_http or insecure_listen?",
    ],
    [{ argv: ["--frobnicate"] }, "--frobnicate: unknown flag; dlq-server help lists all settings"],
    [{ argv: ["-x"] }, "-x: unknown flag; dlq-server help lists all settings"],
    [{ argv: ["--no-redis-url"] }, "--no-redis-url: unknown flag; did you mean --redis-url?"],
    [{ env: { DLQ_REDISURL: "x" } }, "DLQ_REDISURL: unknown variable; did you mean DLQ_REDIS_URL?"],
    [
      { yaml: "\nredis-timeout: 5s" },
      "redis-timeout (dlq.yaml:2): unknown key; did you mean redis_timeout?",
    ],
    [
      { yaml: "ttl: 5s" },
      'ttl (dlq.yaml:1): unknown key; put it below "defaults:" or below "queues:" and a queue\'s name',
    ],
    [{ yaml: "queus: {}" }, "queus (dlq.yaml:1): unknown key; did you mean queues?"],
    [
      { argv: ["--journal-max-entries", "5"] },
      "--journal-max-entries: unknown flag; it was removed; outbox-max bounds the outbox by bytes",
    ],
    [
      { env: { DLQ_JOURNAL_MAX_ENTRIES: "5" } },
      "DLQ_JOURNAL_MAX_ENTRIES: unknown variable; it was removed; outbox-max bounds the outbox by bytes",
    ],
    [
      { yaml: "journal_max_entries: 5" },
      "journal_max_entries (dlq.yaml:1): unknown key; it was removed; outbox-max bounds the outbox by bytes",
    ],
    [
      { yaml: "defaults:\n  ttl_acton: discard" },
      "defaults.ttl_acton (dlq.yaml:2): unknown key; did you mean ttl_action?",
    ],
    [
      { yaml: "queues:\n  q:\n    max_retry: 1" },
      "queues.q.max_retry (dlq.yaml:3): unknown key; did you mean max_retries?",
    ],
    [
      { yaml: "defaults:\n  retry_policy: { initial: 5s }" },
      "defaults.retry_policy.initial (dlq.yaml:2): unknown key; did you mean initial_delay?",
    ],
    [
      { yaml: "defaults:\n  retry_policies:\n    TIMEOUTS: network" },
      "defaults.retry_policies.TIMEOUTS (dlq.yaml:3): unknown key; did you mean TIMEOUT?",
    ],
  ])("%j", (given, expected) => {
    expect(loadErrors(given)).toEqual([expected]);
  });

  test.each([
    ...["DLQ_SETUP", "DLQ_GRPCURL", "DLQ_PYTHON", "DLQ_GO", "DLQ_OLDEST_NODE", "DLQ_TEST_ANYTHING"],
    ...["DLQ_SPOOL_DIR", "DLQ_SERVER_COMMAND", "DLQ_TARGET", "DLQ_SERVICE", "DLQX", "OTHER"],
    ...["DLQ_TOKEN", "DLQ_TLS_CA", "DLQ_CONTEXT"],
  ])("%s is ignored", (name) => {
    expect(loadErrors({ env: { [name]: "x" } })).toEqual([]);
  });

  const service = {
    DLQ_SERVICE_HOST: "10.0.0.1",
    DLQ_SERVICE_PORT: "50051",
    DLQ_SERVICE_PORT_GRPC: "50051",
    DLQ_PORT: "tcp://10.0.0.1:50051",
    DLQ_PORT_50051_TCP: "tcp://10.0.0.1:50051",
    DLQ_PORT_50051_TCP_ADDR: "10.0.0.1",
    DLQ_HTTP_SERVICE_HOST: "10.0.0.2",
    DLQ_HTTP_PORT_8080_TCP_PROTO: "tcp",
  };

  test("variables of a Kubernetes Service named dlq are ignored, only in Kubernetes", () => {
    const env = { ...service, KUBERNETES_SERVICE_HOST: "10.0.0.3" };
    expect(loadErrors({ env })).toEqual([]);
    expect(loadErrors({ env: service })).toHaveLength(Object.keys(service).length);
  });

  test("no setting has the form of such a variable", () => {
    const names = ALL_SETTINGS.map((s) => s.name);
    expect(names.filter((name) => /(^|-)(service-host|service-port|port)(-|$)/.test(name))).toEqual(
      [],
    );
  });
});

describe("errors", () => {
  test("have setting, source, problem and allowed values", () => {
    expect(loadErrors({ env: { DLQ_REDIS_TIMEOUT: "5" } })).toEqual([
      'redis-timeout (DLQ_REDIS_TIMEOUT): "5" has no unit of time; allowed: a number with a unit, such as 250ms, 30s, 5m, 24h or 7d, from 10ms to 1m',
    ]);
  });

  test("are reported together from every source", () => {
    const errors = loadErrors({
      argv: ["--payload-max", "4MiB", "--frobnicate", "stray", "word"],
      env: { DLQ_LOG_LEVEL: "loud", DLQ_NOPE: "1" },
      yaml: [
        "listen_http: 80",
        "max_queues: [1, 2]",
        "nope: 1",
        "defaults: { ttl: 5 }",
        "queues:",
        "  'bad name': {}",
        "  q: { lease_duration: 13h }",
      ].join("\n"),
    });
    const about = errors.map((e) => e.split(/[ :]/)[0]).sort();
    expect(about).toEqual(
      [
        "--frobnicate",
        "DLQ_NOPE",
        "arguments",
        "defaults.ttl",
        "listen-http",
        "log-level",
        "max-queues",
        "nope",
        "payload-max",
        "queues",
        "queues.q.lease_duration",
      ].sort(),
    );
  });

  test.each([
    [
      "a missing file",
      { argv: ["--config", "gone.yaml"] },
      /^config \(--config\): "gone.yaml" cannot be read: ENOENT/,
    ],
    ["broken YAML", { yaml: "a: [1\nb: 2" }, /^config \(dlq.yaml:\d\): not valid YAML/],
    [
      "a key twice",
      { yaml: "log_level: info\nlog_level: warn" },
      /^config \(dlq.yaml:2\): not valid YAML: .*unique/,
    ],
    ["no mapping", { yaml: "- a\n- b" }, /^config \(dlq.yaml:1\): is not a mapping/],
    [
      "a mapping for a value",
      { yaml: "log_level: { a: b }" },
      /^log-level \(dlq.yaml:1\): is neither a plain value/,
    ],
    [
      "a queue that is no mapping",
      { yaml: "queues:\n  q: 5" },
      /^queues.q \(dlq.yaml:2\): is not a mapping/,
    ],
  ])("%s", (_, given, expected) => {
    expect(loadErrors(given)).toEqual([expect.stringMatching(expected)]);
  });

  test("an alias that contains itself is an error", () => {
    expect(loadErrors({ yaml: "queues: &a\n  q: *a\n" })).toContainEqual(
      expect.stringContaining("contains itself"),
    );
  });

  test.each([
    [{ argv: ["--redis-url", "http://user:hunter2@h"] }, "redis-url"],
    [{ env: { DLQ_TOKENS: "0123456789abcdef,hunter2 !" } }, "tokens"],
    [{ yaml: "redis_sentinel_password: [hunter2]" }, "redis-sentinel-password"],
  ])("never show a secret: %#", (given, setting) => {
    const text = loadErrors(given).join("\n");
    expect(text).toContain(setting);
    expect(text).not.toContain("hunter2");
  });
});

describe("contradictions", () => {
  const files = { "c.pem": "cert", "k.pem": "key", t: `ops:sha256:${"0f".repeat(32)}\n` };
  test.each([
    [
      "open without credentials",
      { argv: ["--listen-grpc=0.0.0.0:1"] },
      /^listen-grpc.*no credentials; set DLQ_TOKENS or tokens-file, or --insecure-listen/,
    ],
    [
      "open HTTP without credentials",
      { argv: ["--listen-http=[::]:1"] },
      /^listen-http.*no credentials/,
    ],
    [
      "both on one address",
      { argv: ["--listen-http=127.0.0.1:50051"] },
      /^listen-http.*same address/,
    ],
    [
      "a certificate without a key",
      { argv: ["--tls-cert=c.pem"], files },
      /^tls-cert.*set tls-key/,
    ],
    ["a key without a certificate", { argv: ["--tls-key=k.pem"], files }, /^tls-key.*set tls-cert/],
    [
      "a certificate that is not there",
      { argv: ["--tls-cert=x.pem", "--tls-key=k.pem"], files },
      /^tls-cert.*x.pem cannot be read/,
    ],
    [
      "a tokens file that is not there",
      { argv: ["--tokens-file=x"], files },
      /^tokens-file.*x: ENOENT/,
    ],
    [
      "metrics for tokens without tokens",
      { argv: ["--metrics-access=token"] },
      /^metrics-access.*no tokens; set DLQ_TOKENS or tokens-file/,
    ],
    [
      "a certificate for Redis without TLS",
      { argv: ["--redis-url=redis://h", "--redis-tls-ca=c.pem"], files },
      /^redis-tls-ca.*no effect without TLS; use redis-url with rediss, or redis-tls/,
    ],
    [
      "a certificate for Redis without a key",
      { argv: ["--redis-url=rediss://h", "--redis-tls-cert=c.pem"], files },
      /^redis-tls-cert.*set redis-tls-key too/,
    ],
    [
      "TLS of Sentinels beside a URL",
      { argv: ["--redis-url=rediss://h", "--redis-tls"] },
      /^redis-tls .*no effect without redis-sentinels; use redis-url with rediss/,
    ],
    [
      "URL and Sentinels",
      { argv: ["--redis-url=redis://h", "--redis-sentinels=h:1", "--redis-sentinel-name=m"] },
      /^redis-sentinels.*redis-url is set too/,
    ],
    [
      "Sentinels without a name",
      { argv: ["--redis-sentinels=h:1"] },
      /^redis-sentinels.*set redis-sentinel-name/,
    ],
    [
      "a name without Sentinels",
      { argv: ["--redis-sentinel-name=m"] },
      /^redis-sentinel-name.*no effect/,
    ],
    [
      "a password beside the URL",
      { argv: ["--redis-url=redis://h", "--redis-password=p"] },
      /^redis-password.*redis-url instead/,
    ],
  ])("%s", (_, given, expected) => {
    expect(loadErrors(given)).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    [
      "open with tokens",
      { argv: ["--listen-grpc=0.0.0.0:1"], env: { DLQ_TOKENS: "0123456789abcdef" } },
    ],
    ["open with a tokens file", { argv: ["--listen-grpc=0.0.0.0:1", "--tokens-file=t"], files }],
    ["open on purpose", { argv: ["--listen-grpc=0.0.0.0:1", "--insecure-listen"] }],
    ["HTTP off", { argv: ["--listen-http=off"] }],
    ["two free ports", { argv: ["--listen-http=127.0.0.1:0", "--listen-grpc=127.0.0.1:0"] }],
    ["TLS", { argv: ["--tls-cert=c.pem", "--tls-key=k.pem"], files }],
    ["TLS of Redis", { argv: ["--redis-url=rediss://h", "--redis-tls-ca=c.pem"], files }],
    [
      "Sentinels",
      { argv: ["--redis-sentinels=a:1,b:1", "--redis-sentinel-name=m", "--redis-password=p"] },
    ],
  ])("%s is valid", (_, given) => {
    expect(loadErrors(given)).toEqual([]);
  });
});

describe("warnings", () => {
  test.each([
    ["a token in the YAML file", { yaml: "tokens: [0123456789abcdef]" }, "dlq.yaml"],
    ["a key", { argv: ["--tls-cert=c.pem", "--tls-key=k.pem"] }, "k.pem"],
  ])("%s that every user can read", (_, given, file) => {
    const files = { "c.pem": "", "k.pem": "" };
    const publicFiles = ["dlq.yaml", "c.pem", "k.pem"];
    const warnings = (env = {}) => loadOk({ ...given, files, publicFiles, env }).warnings;
    expect(warnings()).toEqual([
      `Every user of the machine can read ${file}, which has a secret. Forbid that with chmod 640.`,
    ]);
    const kubernetes = { KUBERNETES_SERVICE_HOST: "h", DLQ_REDIS_URL: "redis://h" };
    expect(warnings(kubernetes)).toEqual([]);
  });

  test("a file without a secret may be public", () => {
    const given = { yaml: "log_level: warn", publicFiles: ["dlq.yaml"] };
    expect(loadOk(given).warnings).toEqual([]);
  });

  const kubernetes = { KUBERNETES_SERVICE_HOST: "10.0.0.1" };
  test("an embedded store in Kubernetes", () => {
    expect(loadOk({ env: kubernetes }).warnings).toEqual([
      expect.stringContaining("Two replicas would be two separate DLQs"),
    ]);
  });

  test("none in Kubernetes with an external Redis", () => {
    expect(loadOk({ env: { ...kubernetes, DLQ_REDIS_URL: "redis://h" } }).warnings).toEqual([]);
    const argv = ["--redis-sentinels=h:1", "--redis-sentinel-name=m"];
    expect(loadOk({ env: kubernetes, argv }).warnings).toEqual([]);
  });

  test.each([
    [{ argv: ["--listen-grpc=0.0.0.0:1", "--insecure-listen"] }, /without credentials/],
    [{ argv: ["--listen-grpc=0.0.0.0:1", "--tokens=0123456789abcdef"] }, /plain text/],
  ])("%j", (given, expected) => {
    expect(loadOk(given).warnings).toEqual([expect.stringMatching(expected)]);
  });
});
