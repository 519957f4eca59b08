package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
)

// installed is where the package puts what. The daemon comes first; the other files lie in this folder
// or, for those with a path, from here.
var installed = []struct {
	from, to string
	mode     fs.FileMode
}{
	{"", "/usr/bin/disrust", 0o755},
	{"disrust@.service", "/usr/lib/systemd/system/disrust@.service", 0o644},
	{"disrust@.socket", "/usr/lib/systemd/system/disrust@.socket", 0o644},
	{"disrust.1", "/usr/share/man/man1/disrust.1", 0o644},
	{"completions/disrust.bash", "/usr/share/bash-completion/completions/disrust", 0o644},
	{"completions/_disrust", "/usr/share/zsh/vendor-completions/_disrust", 0o644},
	{"completions/disrust.fish", "/usr/share/fish/vendor_completions.d/disrust.fish", 0o644},
	{"../../LICENSE", "/usr/share/doc/disrust/copyright", 0o644},
}

// pack writes the package of a daemon into dir, and returns its path. here is this folder. The package
// has no scripts: systemd sees new units by itself, and which models to serve is the user's decision.
func pack(b binary, here, dir string) (path string, err error) {
	at := b.at
	if at.IsZero() {
		at = time.Unix(0, 0).UTC()
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name:            "disrust",
		Arch:            b.arch,
		Version:         b.debian(),
		VersionSchema:   "none",
		Section:         "net",
		Priority:        "optional",
		Maintainer:      "disrust",
		Homepage:        "https://github.com/disrust/disrust",
		Description:     "inference server for models from files\nServes models of LightGBM, XGBoost and CatBoost and in ONNX on TCP ports\nand Unix sockets.",
		DisableGlobbing: true,
		MTime:           at,
		Overridables: nfpm.Overridables{
			Suggests: []string{"systemd (>= 253)"},
			Deb:      nfpm.Deb{Compression: "xz"},
		},
	})
	for _, f := range installed {
		from := b.path
		if f.from != "" {
			from = filepath.Join(here, f.from)
		}
		info.Contents = append(info.Contents, &files.Content{
			Source: from, Destination: f.to, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: f.mode, MTime: at},
		})
	}
	info.Contents = append(info.Contents, &files.Content{
		Destination: "/var/lib/disrust", Type: files.TypeDir, FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: 0o755, MTime: at},
	})
	if err := nfpm.PrepareForPackager(info, "deb"); err != nil {
		return "", err
	}
	path = filepath.Join(dir, deb.Default.ConventionalFileName(info))
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	if err := deb.Default.Package(info, f); err != nil {
		f.Close()
		return "", err
	}
	return path, f.Close()
}
