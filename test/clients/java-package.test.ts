// The artifact as a new user gets it: built, installed into the local repository, and the programs of
// the README compiled and run in an empty project; only the address is the test's.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fence } from "../docs/markdown.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

const PACKAGE = resolve(import.meta.dirname, "../../clients/java");
const DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.9.0";
const SET_UP_MS = 300_000;
const run = promisify(execFile);

let folder: string;
let server: TestServer;
let classPath: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), "dlq-java-"));
  const readme = await readFile(join(PACKAGE, "README.md"), "utf8");
  await maven(PACKAGE, "-Ddlq.build=target/package", "-DskipTests", "install");
  await writeFile(join(folder, "pom.xml"), consumerOf(fence(readme, "xml dependency")));
  const sources = join(folder, "src/main/java");
  await mkdir(sources, { recursive: true });
  for (const [name, info] of [
    ["Producer", "java producer"],
    ["Consumer", "java worker"],
  ] as const) {
    const program = fence(readme, info).replace("127.0.0.1:50051", server.grpcAddress);
    await writeFile(join(sources, `${name}.java`), program);
  }
  const list = join(folder, "classpath");
  await maven(folder, "compile", `${DEPENDENCY}:build-classpath`, `-Dmdep.outputFile=${list}`);
  classPath = `${join(folder, "target/classes")}:${await readFile(list, "utf8")}`;
}, SET_UP_MS);

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

it("sends from the README's catch block, and works on it", { timeout: 60_000 }, async () => {
  const env = { ...process.env, DLQ_SPOOL_DIR: join(folder, "spool") };
  const { stdout } = await run("java", ["-cp", classPath, "Producer"], { env });
  expect(stdout).toMatch(/^Stored\[status=SENT, id=.+, reason=REASON_NETWORK_ERROR,/);
  const worker = spawn("java", ["-cp", classPath, "Consumer"], { env });
  const lines = createInterface({ input: worker.stdout });
  const [line] = await once(lines, "line");
  expect(line).toBe('attempt 1 {"id":"order-42","amount":100}');
  worker.kill("SIGTERM");
  await once(worker, "exit");
});

function maven(cwd: string, ...args: string[]): Promise<unknown> {
  return run("mvn", ["-q", "-B", ...args], { cwd });
}

function consumerOf(dependency: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shop</groupId>
  <artifactId>shop</artifactId>
  <version>1</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <dependencies>${dependency}</dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-compiler-plugin</artifactId>
        <version>3.14.1</version>
      </plugin>
    </plugins>
  </build>
</project>
`;
}
