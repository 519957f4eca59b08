"""Puts the daemon into the wheel, if the wheel is built in the repository, for Linux on x86-64, and Go is there.

The daemon is static, so the wheel may say that it runs with every C library: glibc and musl.
"""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

TAG = "py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.musllinux_1_1_x86_64"


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        repository = pathlib.Path(self.root).parent.parent
        if version != "standard" or sys.platform != "linux" or platform.machine() != "x86_64":
            return
        if not (repository / "server" / "cmd" / "disrust").is_dir() or shutil.which("go") is None:
            self.app.display_warning("The wheel carries no daemon: that takes the whole repository, and Go.")
            return
        self.folder = tempfile.mkdtemp()
        binary = os.path.join(self.folder, "disrust")
        subprocess.run(
            ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary, "./server/cmd/disrust"],
            cwd=repository,
            env={**os.environ, "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": "amd64", "GOFLAGS": "-buildvcs=auto"},
            check=True,
        )
        build_data["force_include"][binary] = "disrust/bin/disrust"
        build_data["pure_python"] = False
        build_data["tag"] = TAG

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)
