// Explains why the system refused to use the data folder, and what to do.

const ADVICE: Readonly<Record<string, (folder: string) => string>> = {
  ENOSPC: (folder) =>
    `the disk of ${folder} is full: free space there (df -h and df -i show what is left)`,
  EDQUOT: (folder) => `the disk quota for ${folder} is used up: free space there, or raise it`,
  EROFS: (folder) =>
    `the disk of ${folder} is read-only: mount it so that it can be written (after an error of the ` +
    "disk the system makes it read-only: see dmesg)",
  EIO: (folder) => `the disk of ${folder} fails (EIO): see dmesg`,
  EMFILE: () => "no file descriptors are left: raise the limit of open files (ulimit -n)",
  ENFILE: () => "the system has no file descriptors left: raise fs.file-max",
  EAGAIN: () => "the system has no processes left: raise the limit of processes (ulimit -u)",
  ENOMEM: () => "the system has no memory left: stop other programs, or add memory",
};

/** Returns the cause and what to do; undefined: the system refused nothing. `folder` is how to call it. */
export function systemAdvice(error: unknown, folder: string): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined ? undefined : ADVICE[code]?.(folder);
}
