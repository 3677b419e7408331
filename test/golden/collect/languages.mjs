/**
 * How to set up and run each language in its folder. A program prints a line of JSON for each failure: name, library, type,
 * message, grpc_code, http_status, reason.
 *
 * @type {Record<string, { version: string[], setUp: string[][], run: string[] }>}
 */
export const LANGUAGES = {
  javascript: {
    version: ["node", "-p", "'node ' + process.version.slice(1)"],
    setUp: [["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]],
    run: ["node", "--no-warnings", "main.mjs"],
  },
  python: {
    version: [
      ".venv/bin/python",
      "-c",
      "import platform; print('CPython', platform.python_version())",
    ],
    setUp: [
      ["python3", "-m", "venv", ".venv"],
      [".venv/bin/pip", "-q", "install", "--disable-pip-version-check", "-r", "requirements.txt"],
    ],
    run: [".venv/bin/python", "main.py"],
  },
  go: {
    version: ["sh", "-c", "go version | cut -d' ' -f3 | sed 's/^go/go /'"],
    setUp: [["go", "build", "-o", "build/golden", "."]],
    run: ["build/golden"],
  },
  java: {
    version: ["sh", "-c", "java -version 2>&1 | head -1 | sed -E 's/.*\"(.*)\".*/java \\1/'"],
    setUp: [
      // The collector of the blind set uses the client.
      ["mvn", "-q", "-B", "-f", "../../../../clients/java/pom.xml", "install", "-DskipTests"],
      [
        "mvn",
        "-q",
        "-B",
        "compile",
        "dependency:copy-dependencies",
        "-DoutputDirectory=target/lib",
      ],
    ],
    run: ["java", "-cp", "target/classes:target/lib/*", "golden.Main"],
  },
  rust: {
    version: ["sh", "-c", "rustc --version | cut -d' ' -f1,2"],
    setUp: [["cargo", "build", "--quiet", "--locked"]],
    run: ["target/debug/golden"],
  },
};
