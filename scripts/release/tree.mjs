// The sources of a release: one version everywhere, changelogs that name it, and READMEs whose links work on a registry.

import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, posix } from "node:path";
import { ROOT } from "../setup/places.mjs";
import { run, SetupError } from "../setup/step.mjs";

/** @typedef {{ version: string, date: string }} Release `date`: YYYY-MM-DD */

const REPOSITORY = "https://github.com/dlq-service/dlq";
export const CLIENTS = ["typescript", "cli", "python", "go", "java", "rust"];

/** Files that may have the version of this project. */
const NAMES = [
  ...["package.json", "package-lock.json", "pyproject.toml", "__init__.py", "Cargo.toml"],
  ...["Cargo.lock", "go.mod", "pom.xml", "README.md"],
];
/** Regular expressions of what precedes the version. */
const PLACES = [
  '"name": "dlq-(?:service|client|cli)",\\s*"version": "',
  '"dlq-client": "',
  'name = "dlq-client"\\nversion = "',
  '^__version__ = "',
  "<artifactId>dlq-[\\w-]+</artifactId>\\s*<version>",
  "/dlq-(?:client|cli)-(?=[\\w.-]+\\.tgz)",
  "dlq-service/dlq/clients/go[@ ]v",
  '/dlq-proxy" v',
];

/** @param {string} text @param {string} from the present version @param {string} to */
export function withVersion(text, from, to) {
  const escaped = from.replaceAll(".", String.raw`\.`);
  const place = new RegExp(`(${PLACES.join("|")})${escaped}(?![\\d-])`, "gm");
  return text.replace(place, `$1${to}`);
}

/**
 * Moves the entries of `Unreleased` to a section of the release. A text that has that section stays as it is.
 * @param {string} text of a changelog
 * @param {Release} release
 * @returns {string | undefined} undefined: there is no entry
 */
export function withRelease(text, { version, date }) {
  if (text.includes(`\n## [${version}]`)) return text;
  const named = text.replace(/\n## \[Unreleased\]\n(?=\s*[^\s#]|\s*### )/, (heading) =>
    [heading, `\n## [${version}] - ${date}\n`].join(""),
  );
  return named === text ? undefined : named;
}

/**
 * Makes relative links absolute: a registry shows a README without its neighbors.
 * @param {string} text of a README
 * @param {string} folder of the README, from the root of the project
 * @param {string} version whose tag the links name
 */
export function withAbsoluteLinks(text, folder, version) {
  return text.replace(/\]\((?!https?:|#|mailto:)([^)\s]+)\)/g, (_, target) => {
    const path = posix.join(folder, target);
    return `](${REPOSITORY}/blob/v${version}/${path})`;
  });
}

/**
 * Returns the files that a release changes, with their new text.
 * @param {Release} release
 * @returns {Map<string, string>} path from the root -> text
 * @throws {SetupError} if a changelog has no entry
 */
export function changesOf(release) {
  const { version: present } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const changes = new Map();
  for (const path of trackedFiles()) {
    if (!NAMES.includes(basename(path))) continue;
    const text = readFileSync(join(ROOT, path), "utf8");
    const changed = withVersion(text, present, release.version);
    if (changed !== text) changes.set(path, changed);
  }
  for (const path of ["CHANGELOG.md", ...CLIENTS.map((name) => `clients/${name}/CHANGELOG.md`)]) {
    const changed = withRelease(readFileSync(join(ROOT, path), "utf8"), release);
    if (changed === undefined) {
      throw new SetupError(
        `${path} has no entry below "## [Unreleased]"; add one, such as "- No changes."`,
      );
    }
    changes.set(path, changed);
  }
  return changes;
}

/**
 * Copies the project into an empty folder, with these changes, and makes the links of the clients' READMEs absolute. Installed
 * packages and tools are links.
 * @param {string} folder
 * @param {ReadonlyMap<string, string>} changes
 * @param {string} version
 */
export function writeTree(folder, changes, version) {
  for (const path of trackedFiles()) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(ROOT, path), join(folder, path));
  }
  for (const [path, text] of changes) writeFileSync(join(folder, path), text);
  for (const name of CLIENTS) {
    const readme = join(folder, "clients", name, "README.md");
    const text = readFileSync(readme, "utf8");
    writeFileSync(readme, withAbsoluteLinks(text, `clients/${name}`, version));
  }
  for (const name of ["node_modules", ".runtime"])
    symlinkSync(join(ROOT, name), join(folder, name));
}

function trackedFiles() {
  return run("git", ["ls-files", "-z"], { cwd: ROOT }).split("\0").filter(Boolean);
}
