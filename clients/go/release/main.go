// Release packs the modules of the Go client into a module proxy for `GOPROXY=file://FOLDER`.
//
//	go -C path/to/clients/go/release run . FOLDER VERSION
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"
)

// modules are the folders of the modules, which share a version.
var modules = []string{"..", "../dlqotel"}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: release FOLDER VERSION, where VERSION is like v1.2.3")
		os.Exit(2)
	}
	for _, folder := range modules {
		if err := pack(os.Args[1], folder, os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

// pack writes a version of a module: its description, its go.mod, and its archive.
func pack(proxy, folder, number string) error {
	definition, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil {
		return err
	}
	version := module.Version{Path: modfile.ModulePath(definition), Version: number}
	escaped, err := module.EscapePath(version.Path)
	if err != nil {
		return err
	}
	target := filepath.Join(proxy, filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": number, "Time": time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	for name, content := range map[string][]byte{
		"list": []byte(number + "\n"), number + ".info": info, number + ".mod": definition,
	} {
		if err := os.WriteFile(filepath.Join(target, name), content, 0o644); err != nil {
			return err
		}
	}
	archive, err := os.Create(filepath.Join(target, number+".zip"))
	if err != nil {
		return err
	}
	err = modzip.CreateFromDir(archive, version, folder)
	return errors.Join(err, archive.Close())
}
