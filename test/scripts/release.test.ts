// The sources of a release. `npm run release -- VERSION --dry-run` builds, checks and installs its artifacts.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  CLIENTS,
  changesOf,
  withAbsoluteLinks,
  withRelease,
  withVersion,
} from "../../scripts/release/tree.mjs";

const ROOT = resolve(import.meta.dirname, "../..");
const RELEASE = { version: "77.8.9", date: "2026-12-01" };

describe("the version of a release", () => {
  const changes = changesOf(RELEASE);

  it("is in each manifest, lockfile and README that has one", () => {
    const manifests = ["typescript/package.json", "python/pyproject.toml", "rust/Cargo.toml"];
    for (const path of [...manifests, "java/pom.xml", "java/bom/pom.xml"]) {
      expect(changes.get(`clients/${path}`), path).toContain(RELEASE.version);
    }
    expect([...changes.keys()]).toEqual(
      expect.arrayContaining([
        ...["package.json", "package-lock.json", "clients/rust/Cargo.lock"],
        ...["clients/python/src/dlq/__init__.py", "clients/go/dlqotel/go.mod"],
        ...["clients/go/README.md", "clients/java/README.md", "clients/typescript/README.md"],
        "clients/java/spring-boot-starter/pom.xml",
      ]),
    );
  });

  it("replaces the version of this project everywhere, and no other version", () => {
    const { version: present } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    for (const [path, text] of changes) {
      const before = readFileSync(join(ROOT, path), "utf8");
      if (path.endsWith("CHANGELOG.md")) continue;
      expect(text.replaceAll(RELEASE.version, present), path).toBe(before);
      expect(withVersion(text, RELEASE.version, present), path).toBe(before);
    }
    const readmes = CLIENTS.map((name) => changes.get(`clients/${name}/README.md`) ?? "");
    expect(readmes.filter((text) => text.includes(present))).toEqual([]);
  });
});

it("a release candidate's version is replaced like any other", () => {
  const line = "npm install path/to/dlq-service/dlq-client-1.0.0.tgz";
  const candidate = withVersion(line, "1.0.0", "1.1.0-rc.1");
  expect(candidate).toBe("npm install path/to/dlq-service/dlq-client-1.1.0-rc.1.tgz");
  expect(withVersion(candidate, "1.1.0", "9.9.9")).toBe(candidate);
  expect(withVersion(candidate, "1.1.0-rc.1", "1.1.0")).toBe(line.replace("1.0.0", "1.1.0"));
});

describe("a changelog", () => {
  it("of each client gets a section for the release", () => {
    const changes = changesOf(RELEASE);
    for (const name of ["CHANGELOG.md", ...CLIENTS.map((name) => `clients/${name}/CHANGELOG.md`)]) {
      expect(changes.get(name), name).toContain("\n## [77.8.9] - 2026-12-01\n");
    }
  });

  it("keeps an empty section for what comes next", () => {
    const text = "# Changes\n\n## [Unreleased]\n\n- A.\n\n## [1.0.0] - 2026-01-01\n\n- B.\n";
    expect(withRelease(text, RELEASE)).toBe(
      "# Changes\n\n## [Unreleased]\n\n## [77.8.9] - 2026-12-01\n\n- A.\n\n## [1.0.0] - 2026-01-01\n\n- B.\n",
    );
  });

  it("without news can't be released", () => {
    const text = "# Changes\n\n## [Unreleased]\n\n## [1.0.0] - 2026-01-01\n\n- B.\n";
    expect(withRelease(text, RELEASE)).toBeUndefined();
  });

  it("that has the release stays as it is", () => {
    const text = "# Changes\n\n## [Unreleased]\n\n## [77.8.9] - 2026-12-01\n\n- A.\n";
    expect(withRelease(text, RELEASE)).toBe(text);
  });
});

describe("the README of a package", () => {
  it("has absolute links to files of the release, and keeps the others", () => {
    const text = "[a](../../README.md), [b](CHANGELOG.md#x), [c](#options), [d](https://x.example)";
    expect(withAbsoluteLinks(text, "clients/go", "1.2.3")).toBe(
      "[a](https://github.com/dlq-service/dlq/blob/v1.2.3/README.md), " +
        "[b](https://github.com/dlq-service/dlq/blob/v1.2.3/clients/go/CHANGELOG.md#x), " +
        "[c](#options), [d](https://x.example)",
    );
  });

  it.each(CLIENTS)("of %s has no relative link", (name) => {
    const readme = readFileSync(join(ROOT, `clients/${name}/README.md`), "utf8");
    const links = withAbsoluteLinks(readme, `clients/${name}`, "1.2.3").match(/\]\([^)]*\)/g) ?? [];
    expect(links.length).toBeGreaterThan(5);
    expect(links.filter((link) => !/^\]\((?:#|https:\/\/)/.test(link))).toEqual([]);
  });
});
