package io.dlqservice.dlq.internal.spool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
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

/** The folders of spool files, and their names. */
final class SpoolFolder {
  /** A file in a spool folder; {@code changedAtMs} is the last write or touch of its owner. */
  record Listed(Path path, long bytes, long changedAtMs, boolean isOwn) {}

  /** The parts of a file name: when it was made, and the process that holds it. */
  record Name(long createdAtMs, long pid) {}

  private static final String SUFFIX = ".spool";
  private static final Pattern NAME = Pattern.compile("(\\d{13})-(\\d{1,18})-[0-9a-f]{16}\\.spool");
  private static final int RANDOM_BYTES = 8;
  private static final int OTHERS_WRITE = 0b000_010_010;
  private static final Path SELF = Path.of("/proc/self");
  private static final SecureRandom RANDOM = new SecureRandom();

  private SpoolFolder() {}

  /**
   * The possible folders of a service, the best first.
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

  /** Replaces what could lead out of the folder, on any file system. */
  static String folderName(String service) {
    if (service.isEmpty()) return "default";
    if (service.equals(".") || service.equals("..")) return "_";
    byte[] bytes = service.getBytes(StandardCharsets.UTF_8);
    return new String(bytes, StandardCharsets.ISO_8859_1).replaceAll("[^A-Za-z0-9._-]", "_");
  }

  /** Returns the first writable folder, and makes it if necessary. */
  static Path firstWritable(List<Path> folders) throws IOException {
    IOException failure = new IOException("no folder is configured, and the platform has none");
    for (Path folder : folders) {
      try {
        Files.createDirectories(folder, ownerOnly("rwx------"));
        if (Files.isWritable(folder)) return folder;
        failure = new IOException(folder + " is not writable");
      } catch (IOException | UnsupportedOperationException failed) {
        failure = new IOException("cannot make " + folder + ": " + failed, failed);
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

  /** Returns the spool files, oldest first; none without a folder. */
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
      BasicFileAttributes found =
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      long changedAtMs = found.lastModifiedTime().toMillis();
      boolean isOwn = found.isRegularFile() && isOwn(path);
      return Optional.of(new Listed(path, found.size(), changedAtMs, isOwn));
    } catch (IOException removed) {
      return Optional.empty();
    }
  }

  /**
   * Whether a file belongs to this user and others can't write to it. On Windows each user has a
   * folder of their own, and without /proc the user is unknown.
   */
  private static boolean isOwn(Path path) throws IOException {
    if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) return true;
    int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    Object user = Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS);
    boolean isOfUser = !Files.exists(SELF) || user.equals(Files.getAttribute(SELF, "unix:uid"));
    return isOfUser && (mode & OTHERS_WRITE) == 0;
  }

  /** The time comes first, so that names sort by age. */
  static String newFileName(long createdAtMs) {
    byte[] random = new byte[RANDOM_BYTES];
    RANDOM.nextBytes(random);
    long pid = ProcessHandle.current().pid();
    // ROOT, because some locales have digits of their own
    return String.format(
        Locale.ROOT, "%013d-%d-%s%s", createdAtMs, pid, HexFormat.of().formatHex(random), SUFFIX);
  }

  /** Empty for other files. */
  static Optional<Name> nameOf(Path path) {
    Matcher parts = NAME.matcher(path.getFileName().toString());
    if (!parts.matches()) return Optional.empty();
    return Optional.of(new Name(Long.parseLong(parts.group(1)), Long.parseLong(parts.group(2))));
  }
}
