// Builds the packages of each client from the sources of a release, and checks them: npm and Cargo by a dry run, PyPI's by Twine,
// Go's by vet of the packed modules, Maven's by the names of their files. Nothing is published.

import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goPath } from "../setup/go-tools.mjs";
import { envWithFirst, ROOT, RUNTIME } from "../setup/places.mjs";
import { ensurePython, pip } from "../setup/python.mjs";
import { withCargo } from "../setup/rust.mjs";
import { run, SetupError } from "../setup/step.mjs";

/**
 * @typedef {{
 *   tree: string, out: string, version: string,
 *   env: NodeJS.ProcessEnv,
 * }} Build `tree`: sources of the release; `out`: folder of one client's artifacts, which exists
 * @typedef {{ build: (build: Build) => void, publish: (out: string, version: string) => string, test: string[] }} Client
 *   `publish`: what publishes it; `test`: arguments of `npm test` that install it in an empty project and run its README
 */

/** Twine and its dependencies, which only a release needs. */
const TWINE = join(RUNTIME, "twine");
const TWINE_REQUIREMENTS = join(ROOT, "scripts/release/python-requirements.txt");

/** @type {Readonly<Record<string, Client>>} */
export const ARTIFACTS = {
  typescript: {
    test: ["test/clients/typescript/package.test.ts"],
    publish: publishNpm,
    build: (build) => buildNpm(build, "clients/typescript"),
  },
  cli: {
    test: ["test/clients/cli-package.test.ts"],
    publish: publishNpm,
    build: (build) => buildNpm(build, "clients/cli"),
  },
  python: {
    test: ["test/clients/python-client.test.ts", "-t", "test_package.py"],
    publish: (out) => `PYTHONPATH=.runtime/twine .runtime/venv/bin/python -m twine upload ${out}/*`,
    build({ tree, out }) {
      const python = ensurePython();
      const cwd = join(tree, "clients/python");
      run(python, ["-m", "build", "--no-isolation", "--outdir", out], { cwd });
      pip(["install", "--upgrade", "--target", TWINE, "-r", TWINE_REQUIREMENTS]);
      const files = [only(out, ".whl"), only(out, ".tar.gz")].map((name) => join(out, name));
      const env = { ...process.env, PYTHONPATH: TWINE };
      run(python, ["-m", "twine", "check", "--strict", ...files], { env });
    },
  },
  rust: {
    test: ["test/clients/rust-package.test.ts"],
    publish: () => "(cd clients/rust && cargo publish --locked)",
    build({ tree, out, version }) {
      const env = { ...withCargo(process.env), CARGO_TARGET_DIR: join(RUNTIME, "release/cargo") };
      const cwd = join(tree, "clients/rust");
      const options = ["--locked", "--allow-dirty", "--quiet"]; // the tree is no repository
      run("cargo", ["publish", "--dry-run", ...options], { cwd, env });
      run("cargo", ["package", "--no-verify", ...options], { cwd, env });
      const crate = `dlq-client-${version}.crate`;
      copyFileSync(join(env.CARGO_TARGET_DIR, "package", crate), join(out, crate));
    },
  },
  java: {
    test: ["test/clients/java-package.test.ts"],
    publish: (out) =>
      `sign each file in ${out} with gpg, and upload the folder to Maven Central as a bundle`,
    build({ tree, out, version }) {
      for (const folder of ["", "bom", "testing", "spring-boot-starter"]) {
        const cwd = join(tree, "clients/java", folder);
        const target = `-DaltDeploymentRepository=release::file:${out}`;
        run("mvn", ["-q", "-B", "-P", "release", "-DskipTests", target, "deploy"], { cwd });
      }
      for (const name of ["dlq-client", "dlq-client-testing", "dlq-spring-boot-starter"]) {
        const folder = join(out, "io/dlqservice", name, version);
        for (const end of [".pom", ".jar", "-sources.jar", "-javadoc.jar"]) {
          only(folder, `${name}-${version}${end}`);
        }
      }
    },
  },
  go: {
    test: ["test/clients/go.test.ts", "-t", "the modules, installed"],
    publish: (_, version) =>
      `git tag clients/go/v${version} && git tag clients/go/dlqotel/v${version} && git push --tags`,
    build({ tree, out, version }) {
      const go = goPath().DLQ_GO ?? "go";
      const env = { ...envWithFirst(go), GOFLAGS: "-modcacherw" };
      run(go, ["run", ".", out, `v${version}`], { cwd: join(tree, "clients/go/release"), env });
      const proxy = run(go, ["env", "GOPROXY"], { env }).trim();
      const cwd = join(RUNTIME, "release/go");
      mkdirSync(cwd, { recursive: true });
      writeFileSync(join(cwd, "go.mod"), "module release.example/vet\n\ngo 1.24.0\n");
      const released = {
        ...env,
        GOPROXY: `file://${out},${proxy}`,
        GONOSUMDB: "github.com/dlq-service",
        GOMODCACHE: join(cwd, "modules"), // without what an earlier run made of this version
      };
      for (const module of MODULES) {
        run(go, ["get", "-t", `${module}@v${version}`], { cwd, env: released });
        run(go, ["vet", `${module}/...`], { cwd, env: released });
      }
    },
  },
};

/** @param {Build} build @param {string} folder of the package */
function buildNpm({ tree, out, env }, folder) {
  const cwd = join(tree, folder);
  run("npm", ["pack", "--pack-destination", out], { cwd, env });
  run("npm", ["publish", "--dry-run", join(out, only(out, ".tgz"))], { cwd: out, env });
}

/** @param {string} out @param {string} version */
function publishNpm(out, version) {
  return `npm publish ${version.includes("-") ? "--tag next " : ""}${out}/*.tgz`;
}

const MODULES = ["", "/dlqotel"].map((name) => `github.com/dlq-service/dlq/clients/go${name}`);

/**
 * @param {string} folder
 * @param {string} end
 * @returns {string} the file whose name ends like this
 * @throws {SetupError} if there is none, or more than one
 */
function only(folder, end) {
  const names = readdirSync(folder).filter((name) => name.endsWith(end));
  if (names.length === 1) return names[0] ?? "";
  throw new SetupError(`${folder} must have one file *${end}, and has ${names.length}`);
}
