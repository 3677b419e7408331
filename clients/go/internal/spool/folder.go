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

// candidateFolders returns the folders to try for a service, the best first, without duplicates.
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
	home, _ := os.UserHomeDir() // a container may have none
	switch runtime.GOOS {
	case "windows":
		return join(os.Getenv("LOCALAPPDATA"), "dlq", "spool")
	case "darwin":
		return join(home, "Library", "Application Support", "dlq", "spool")
	}
	if state := os.Getenv("XDG_STATE_HOME"); state != "" {
		return join(state, "dlq", "spool")
	}
	return join(home, ".local", "state", "dlq", "spool")
}

// join returns "" for an empty root.
func join(root string, names ...string) string {
	if root == "" {
		return ""
	}
	return filepath.Join(append([]string{root}, names...)...)
}

var unsafeBytes = regexp.MustCompile(`[^A-Za-z0-9._-]`)

// folderName returns the folder of a service. The name can't lead out of the root on any file system.
func folderName(service string) string {
	switch service {
	case "":
		return "default"
	case ".", "..":
		return "_"
	}
	name := []byte(service)
	for i, b := range name {
		if b >= 0x80 || unsafeBytes.Match([]byte{b}) {
			name[i] = '_'
		}
	}
	return string(name)
}

var errNoFolder = errors.New("no folder is configured, and the platform has none")

// firstWritable creates and returns the first folder that can be created.
func firstWritable(folders []string) (string, error) {
	failure := errNoFolder
	for _, folder := range folders {
		if failure = os.MkdirAll(folder, 0o700); failure == nil {
			return folder, nil
		}
	}
	return "", failure
}

// listedFile is a spool file in a folder listing.
type listedFile struct {
	path      string
	size      int64
	changedAt time.Time
	isOwn     bool // see isOwn
	nameParts
}

// nameParts are the parts of a file name.
type nameParts struct {
	millis int64 // when the file was created
	pid    int64 // of the owner
}

// listFolder returns the spool files of a folder, oldest first. It returns none if the folder does not exist.
func listFolder(folder string) []listedFile {
	entries, err := os.ReadDir(folder) // sorted by name, so by age
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
			filepath.Join(folder, entry.Name()), info.Size(), info.ModTime(), isOwn(info), parts,
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

// syncFolder writes the names of new files to disk.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // folders can't be opened
	}
	handle, err := os.Open(folder)
	if err != nil {
		return err
	}
	defer func() { _ = handle.Close() }()
	return handle.Sync()
}
