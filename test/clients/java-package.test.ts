// Installs the Java artifacts into the local repository, then compiles and runs the programs of the README
// and the examples in empty projects. Only the server's address is changed.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fence } from "../docs/markdown.ts";
import { connectTo } from "../support/grpc.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const PACKAGE = resolve(import.meta.dirname, "../../clients/java");
const DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0";
const BUILD = "-Ddlq.build=target/package";
const DEADLINE_MS = 590_000;
const run = promisify(execFile);

let folder: string;
let server: TestServer;
let readme: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), "dlq-java-"));
  readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  await maven(PACKAGE, BUILD, "-DskipTests", "install");
}, DEADLINE_MS);

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

it("the README's programs send a message and process it", { timeout: DEADLINE_MS }, async () => {
  const classPath = await compile("shop", clientOf(readme), {
    Producer: fence(readme, "java producer"),
    Consumer: fence(readme, "java worker"),
    Wrapped: inClass(
      "Wrapped",
      "DlqClient dlq, Bank bank, Order order",
      fence(readme, "java dead-letter"),
      "record Order(int id) {} record Receipt(int id) {} interface Bank { Receipt charge(Order order); }",
    ),
    Followed: inClass(
      "Followed",
      "",
      `${fence(readme, "java callbacks")}
      SendOptions now = SendOptions.builder().sourceId("order-7").delay(Duration.ZERO).build();
      dlq.worker("followed").start(delivery -> {});
      dlq.send("followed", "order", null, now);
      Thread.currentThread().join();`,
    ).replace("static void run()", "public static void main(String[] args)"),
    Measured: inClass("Measured", "DlqClient dlq", fence(readme, "java measure")),
    Batches: inClass(
      "Batches",
      "DlqClient dlq",
      fence(readme, "java batch"),
      "static void insertRows(List<Delivery> rows) {} static void takeOrder(Delivery order) {}",
    ),
    Webhooks: inClass(
      "Webhooks",
      "DlqClient dlq, HttpRequest request",
      fence(readme, "java webhook"),
    ),
  });
  expect(await outputOf(classPath, "Producer")).toMatch(
    /^Stored\[status=SENT, id=.+, reason=NETWORK_ERROR,/,
  );
  expect(await firstLineOf(classPath, "Followed")).toBe("order-7 is processed");
  expect(await firstLineOf(classPath, "Consumer")).toMatch(
    /^attempt 1 \{"id":"order-\d+","amount":100\}$/,
  );
});

it("the README's test runs against the fake", { timeout: DEADLINE_MS }, async () => {
  await maven(join(PACKAGE, "bom"), BUILD, "install");
  await maven(join(PACKAGE, "testing"), "-P", "checks", BUILD, "install", "javadoc:javadoc");
  const classPath = await compile(
    "tested",
    clientOf(readme) + fence(readme, "xml testing").replace("<scope>test</scope>", ""),
    {
      Tested: inClass("Tested", "", fence(readme, "java testing")).replace(
        "static void run()",
        "public static void main(String[] args)",
      ),
    },
  );
  expect(await outputOf(classPath, "Tested")).toBe("order-42\n");
});

it("the examples run", { timeout: DEADLINE_MS }, async () => {
  const admin = connectTo(server.grpcAddress);
  const soon = { initialDelay: { seconds: 0n, nanos: 100_000_000 } };
  await admin.admin.updateQueue({
    queue: { name: "orders-examples", config: { retryPolicy: soon } },
  });
  admin.close();
  const example = (name: string) => readFile(join(PACKAGE, `examples/${name}.java`), "utf8");
  const classPath = await compile("examples", clientOf(readme), {
    OrderProducer: await example("OrderProducer"),
    OrderWorker: await example("OrderWorker"),
  });
  expect(await outputOf(classPath, "OrderProducer")).toBe("SENT\n");
  expect(await firstLineOf(classPath, "OrderWorker")).toBe('attempt 1 {"id":17,"amount":100}');
});

it("the README's application runs on Spring Boot 3 and 4", { timeout: DEADLINE_MS }, async () => {
  for (const part of ["bom", "testing"]) await maven(join(PACKAGE, part), BUILD, "install");
  const starter = join(PACKAGE, "spring-boot-starter");
  await maven(starter, "-P", "checks", BUILD, "install", "javadoc:javadoc"); // and its tests
  const shop = fence(readme, "java spring");
  expect(await firstLineOfShop("spring3", "3.5.6", shop)).toBe("attempt 1 of order-43");
  // Boot 3 and 4 have different versions of Jackson, which convert the payloads, and other health indicators.
  for (const [name, version, module, indicator] of [
    ["renamed3", "3.5.6", "spring-boot-actuator", "actuate.health.HealthIndicator"],
    ["renamed4", "4.0.0", "spring-boot-health", "health.contributor.HealthIndicator"],
  ] as const) {
    const renamed = shop
      .replace(
        "record Order(String id",
        `@org.springframework.beans.factory.annotation.Autowired org.springframework.boot.${indicator} dlqHealthIndicator;
         record Order(@com.fasterxml.jackson.annotation.JsonProperty("ref") String id`,
      )
      .replace(
        '"attempt "',
        'dlqHealthIndicator.health().getStatus() + " " + delivery.payload().text() + " attempt "',
      );
    const line = await firstLineOfShop(`spring-${name}`, version, renamed, bootModule(module));
    expect(line).toBe('UP {"ref":"order-43","amount":5} attempt 1 of order-43');
  }
});

/** Runs the application with a version of Spring Boot. @returns its first line */
async function firstLineOfShop(
  name: string,
  version: string,
  shop: string,
  more = "",
): Promise<string> {
  const dependencies = fence(readme, "xml starter") + bootModule("spring-boot-starter-json") + more;
  const classPath = await compile(name, dependencies, { Shop: shop }, springBoot(version));
  return firstLineOf(classPath, "Shop", [
    `--dlq.target=${server.grpcAddress}`,
    "--spring.main.banner-mode=off",
    "--logging.level.root=off",
  ]);
}

const bootModule = (name: string) => `<dependency>
  <groupId>org.springframework.boot</groupId>
  <artifactId>${name}</artifactId>
</dependency>`;

const springBoot = (version: string) => `<dependencyManagement>
  <dependencies>
    <dependency>
      <groupId>org.springframework.boot</groupId>
      <artifactId>spring-boot-dependencies</artifactId>
      <version>${version}</version>
      <type>pom</type>
      <scope>import</scope>
    </dependency>
  </dependencies>
</dependencyManagement>`;

const clientOf = (text: string) => fence(text, "xml dependency");

/** Puts statements of the README into a class, with types and variables that they use. */
function inClass(name: string, parameters: string, lines: string, types = ""): string {
  return `import io.dlqservice.dlq.*;
import io.dlqservice.dlq.http.HttpDeadLetters;
${lines.includes("FakeServer") ? "import io.dlqservice.dlq.testing.FakeServer;" : ""}
import java.net.http.*;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.*;
import java.util.*;
class ${name} { ${types} static void run(${parameters}) throws Exception {\n${lines}\n} }`;
}

/** Compiles programs in an empty project. @returns its class path */
async function compile(
  name: string,
  dependencies: string,
  programs: Readonly<Record<string, string>>,
  management = "",
): Promise<string> {
  const project = join(folder, name);
  const sources = join(project, "src/main/java");
  await mkdir(sources, { recursive: true });
  await writeFile(join(project, "pom.xml"), projectOf(name, management, dependencies));
  for (const [program, text] of Object.entries(programs)) {
    // Each project has its own queue: an earlier program may still hold a message.
    const here = text
      .replaceAll("localhost:50051", server.grpcAddress)
      .replaceAll('"orders"', `"orders-${name}"`);
    await writeFile(join(sources, `${program}.java`), here);
  }
  const list = join(project, "classpath");
  await maven(project, "compile", `${DEPENDENCY}:build-classpath`, `-Dmdep.outputFile=${list}`);
  return `${join(project, "target/classes")}:${await readFile(list, "utf8")}`;
}

const environment = () => ({ ...process.env, DLQ_SPOOL_DIR: join(folder, "spool") });

async function outputOf(classPath: string, program: string): Promise<string> {
  const { stdout } = await run("java", ["-cp", classPath, program], { env: environment() });
  return stdout;
}

/** Runs a program until its first line, then ends it. */
async function firstLineOf(
  classPath: string,
  program: string,
  args: readonly string[] = [],
): Promise<string> {
  const name = program === "Shop" ? "shop.Shop" : program;
  const child = spawn("java", ["-cp", classPath, name, ...args], { env: environment() });
  children.push(child);
  let errors = "";
  child.stderr.on("data", (data) => (errors += data));
  const ended = once(child, "exit");
  const line = once(createInterface({ input: child.stdout }), "line");
  const first = await Promise.race([line, ended.then(() => [errors])]);
  child.kill("SIGTERM");
  await ended;
  return String(first[0]);
}

function maven(cwd: string, ...args: string[]): Promise<unknown> {
  return run("mvn", ["-q", "-B", ...args], { cwd, maxBuffer: 2 ** 24 });
}

function projectOf(name: string, management: string, dependencies: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId>
  <artifactId>${name}</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  ${management}
  <dependencies>${dependencies}</dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.14.1</version>
        <configuration><parameters>true</parameters></configuration>
      </plugin>
    </plugins>
  </build>
</project>
`;
}
