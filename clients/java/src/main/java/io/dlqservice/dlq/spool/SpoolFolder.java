package io.dlqservice.dlq.spool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Where spool files are, and what is in there. */
final class SpoolFolder {
  /** A spool file as its folder shows it; when its owner last wrote or touched it. */
  record Listed(Path path, long bytes, long changedAtMs) {}

  /** What a file's name says: when it was made, and the process that has it. */
  record Name(long createdAtMs, long pid) {}

  private static final String SUFFIX = ".spool";
  private static final Pattern NAME = Pattern.compile("(\\d{13})-(\\d{1,18})-[0-9a-f]{16}\\.spool");
  private static final int RANDOM_BYTES = 8;
  private static final SecureRandom RANDOM = new SecureRandom();

  private SpoolFolder() {}

  /**
   * Folders of a service, the best first.
   *
   * @param given the client's option, or null
   */
  static List<Path> candidates(Path given, String service) {
    Map<String, String> environment = System.getenv();
    List<Path> roots = new ArrayList<>();
    if (given != null) roots.add(given);
    String named = environment.getOrDefault("DLQ_SPOOL_DIR", "");
    if (!named.isEmpty()) roots.add(Path.of(named));
    platformFolder(environment).ifPresent(roots::add);
    return roots.stream().map(root -> root.resolve(folderName(service))).distinct().toList();
  }

  private static Optional<Path> platformFolder(Map<String, String> environment) {
    if (isWindows()) return place(environment.get("LOCALAPPDATA"), "");
    String home = environment.getOrDefault("HOME", System.getProperty("user.home", ""));
    if (system().startsWith("mac")) return place(home, "Library/Application Support");
    String state = environment.getOrDefault("XDG_STATE_HOME", "");
    return state.isEmpty() ? place(home, ".local/state") : place(state, "");
  }

  static boolean isWindows() {
    return system().startsWith("windows");
  }

  private static String system() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
  }

  private static Optional<Path> place(String root, String below) {
    if (root == null || root.isEmpty() || root.equals("?")) return Optional.empty();
    return Optional.of(Path.of(root, below, "dlq", "spool"));
  }

  /** Nothing of a name may lead out of the folder, on any file system. */
  static String folderName(String service) {
    if (service.isEmpty()) return "default";
    if (service.equals(".") || service.equals("..")) return "_";
    byte[] bytes = service.getBytes(StandardCharsets.UTF_8);
    return new String(bytes, StandardCharsets.ISO_8859_1).replaceAll("[^A-Za-z0-9._-]", "_");
  }

  /** The first folder that can be written, made where it is not there. */
  static Path firstWritable(List<Path> folders) throws IOException {
    IOException failure = new IOException("no folder is known for it");
    for (Path folder : folders) {
      try {
        Files.createDirectories(folder, ownerOnly("rwx------"));
        if (Files.isWritable(folder)) return folder;
        failure = new IOException(folder + " can't be written");
      } catch (IOException | UnsupportedOperationException notThere) {
        failure = new IOException(folder + " can't be made: " + notThere, notThere);
      }
    }
    throw failure;
  }

  static FileAttribute<?>[] ownerOnly(String permissions) {
    boolean isPosix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    if (!isPosix) return new FileAttribute<?>[0];
    return new FileAttribute<?>[] {
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
    };
  }

  /** Spool files in a folder, oldest first; none where there is no folder. */
  static List<Listed> list(Path folder) {
    List<Listed> files = new ArrayList<>();
    try (Stream<Path> paths = Files.list(folder)) {
      for (Path path : paths.sorted().toList()) {
        if (path.getFileName().toString().endsWith(SUFFIX)) listed(path).ifPresent(files::add);
      }
    } catch (IOException | RuntimeException noFolder) {
      return files;
    }
    return files;
  }

  private static Optional<Listed> listed(Path path) {
    try {
      BasicFileAttributes found = Files.readAttributes(path, BasicFileAttributes.class);
      return Optional.of(new Listed(path, found.size(), found.lastModifiedTime().toMillis()));
    } catch (IOException removedMeanwhile) {
      return Optional.empty();
    }
  }

  /** The wall clock first, so that names sort by age. */
  static String newFileName(long createdAtMs) {
    byte[] random = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(random);
    long pid = ProcessHandle.current().pid();
    // Of no locale: some have digits of their own, by which nobody would know the file.
    return String.format(
        Locale.ROOT, "%013d-%d-%s%s", createdAtMs, pid, HexFormat.of().formatHex(random), SUFFIX);
  }

  /** Empty for files of somebody else. */
  static Optional<Name> nameOf(Path path) {
    Matcher parts = NAME.matcher(path.getFileName().toString());
    if (!parts.matches()) return Optional.empty();
    return Optional.of(new Name(Long.parseLong(parts.group(1)), Long.parseLong(parts.group(2))));
  }
}
