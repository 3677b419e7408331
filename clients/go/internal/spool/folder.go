package spool

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"time"
)

// candidateFolders of a service, the best first, each once.
func candidateFolders(given, service string) []string {
	var folders []string
	for _, root := range []string{given, os.Getenv("DLQ_SPOOL_DIR"), platformFolder()} {
		if root == "" {
			continue
		}
		if folder := filepath.Join(root, folderName(service)); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	return folders
}

func platformFolder() string {
	home, _ := os.UserHomeDir() // in a container there may be none
	switch runtime.GOOS {
	case "windows":
		return joined(os.Getenv("LOCALAPPDATA"), "dlq", "spool")
	case "darwin":
		return joined(home, "Library", "Application Support", "dlq", "spool")
	}
	if state := os.Getenv("XDG_STATE_HOME"); state != "" {
		return joined(state, "dlq", "spool")
	}
	return joined(home, ".local", "state", "dlq", "spool")
}

func joined(root string, names ...string) string {
	if root == "" {
		return ""
	}
	return filepath.Join(append([]string{root}, names...)...)
}

var unsafeBytes = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// folderName: nothing of a service's name may lead out of the folder, on any file system.
func folderName(service string) string {
	switch service {
	case "":
		return "default"
	case ".", "..":
		return "_"
	}
	name := []byte(service)
	for at, b := range name {
		if b >= 0x80 || unsafeBytes.Match([]byte{b}) {
			name[at] = '_'
		}
	}
	return string(name)
}

// firstWritable makes folders where they are not there.
func firstWritable(folders []string) (string, error) {
	failure := errors.New("no folder is known for it")
	for _, folder := range folders {
		if failure = os.MkdirAll(folder, 0o700); failure == nil {
			return folder, nil
		}
	}
	return "", failure
}

// listedFile is a spool file as its folder shows it.
type listedFile struct {
	path      string
	size      int64
	changedAt time.Time
	nameParts
}

// nameParts are what a name says: when the file was made, in ms, and who has it.
type nameParts struct {
	millis int64
	pid    int64
}

// listFolder gives the spool files, oldest first; none where there is no folder.
func listFolder(folder string) []listedFile {
	entries, err := os.ReadDir(folder) // by name, which is by age
	if err != nil {
		return nil
	}
	var files []listedFile
	for _, entry := range entries {
		parts, ok := partsOf(entry.Name())
		if !ok {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			continue // removed meanwhile
		}
		files = append(files, listedFile{
			filepath.Join(folder, entry.Name()), info.Size(), info.ModTime(), parts,
		})
	}
	return files
}

var namePattern = regexp.MustCompile(`^(\d{13})-(\d+)-[0-9a-f]{16}\.spool$`)

func partsOf(name string) (parts nameParts, ok bool) {
	found := namePattern.FindStringSubmatch(name)
	if found == nil {
		return parts, false
	}
	millis, _ := strconv.ParseInt(found[1], 10, 64)
	pid, err := strconv.ParseInt(found[2], 10, 64)
	return nameParts{millis, pid}, err == nil
}

func newFileName(millis int64) string {
	random := make([]byte, 8)
	_, _ = rand.Read(random) // never fails
	return fmt.Sprintf("%013d-%d-%s.spool", millis, os.Getpid(), hex.EncodeToString(random))
}

// syncFolder has a new file's name on the disk, too.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // it has no handle of a folder
	}
	handle, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Close() }()
	return handle.Sync()
}
