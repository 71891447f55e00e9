"""Terraform on a running Cairn, for the tests of what it manages.

Runs where `terraform` is on the PATH and finds its AWS provider, in a mirror on this machine or in the registry. Each
command starts the provider, which takes seconds of processor time: where Terraform's state has the answer, read that.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.running import Cairn

REGION = "eu-north-1"
MIRRORS = ("usr/local/share/terraform/plugins", "opt/*")
"""Where machines keep providers, from their root."""
SPARE_COLLECTING = {"GOGC": "off", "GOMEMLIMIT": "1GiB"}
"""Half of the processor time of a command went into collecting the garbage of the provider's schema."""
COMMAND_S = 240


class Terraform:
    """A configuration, its state, and the commands on them."""

    def __init__(self, folder: Path, cairn: Cairn) -> None:
        self._folder = folder
        self._binary = shutil.which("terraform") or pytest.skip("there is no terraform here")
        self._environment = cairn.environment(
            AWS_DEFAULT_REGION=REGION,
            AWS_REGION=REGION,
            CHECKPOINT_DISABLE="1",
            TF_CLI_CONFIG_FILE=self._mirrors(),
            **SPARE_COLLECTING,
        )
        self.write("")
        done = self._run("init")
        if done.returncode != 0:
            pytest.skip(f"terraform finds no AWS provider: {done.stderr[-300:]}")

    def _mirrors(self) -> str:
        """The path of a configuration that names where this machine keeps providers, if it does."""
        found = [
            registry.parent
            for mirror in MIRRORS
            for registry in Path("/").glob(f"{mirror}/registry.terraform.io")
            if (registry / "hashicorp" / "aws").is_dir()
        ]
        path = self._folder / "terraform.rc"
        mirrors = "".join(f'filesystem_mirror {{ path = "{each}" }}\n' for each in found[:1])
        path.write_text(f"provider_installation {{\n{mirrors or 'direct {}'}\n}}\n")
        return str(path)

    def write(self, resources: str) -> None:
        (self._folder / "main.tf").write_text(
            """
            terraform {
              required_providers { aws = { source = "hashicorp/aws" } }
            }
            provider "aws" {
              s3_use_path_style           = true
              skip_metadata_api_check     = true
              skip_region_validation      = true
              skip_credentials_validation = true
            }
            """
            + resources
        )

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._binary, *arguments, "-no-color"],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
        )

    def run(self, *arguments: str) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, f"terraform {arguments[0]}: {done.stdout[-2000:]} {done.stderr[-3000:]}"
        return done.stdout

    def apply(self) -> str:
        return self.run("apply", "-auto-approve", "-input=false")

    def destroy(self) -> None:
        self.run("destroy", "-auto-approve", "-input=false")

    def must_not_drift(self) -> None:
        done = self._run("plan", "-detailed-exitcode", "-input=false")
        assert done.returncode == 0, f"terraform plans changes: {done.stdout[-3000:]} {done.stderr[-2000:]}"

    def must_import(self, resources: str, known_by: dict[str, str]) -> None:
        """Forget these resources and take them in again, which finds nothing to change.

        Args:
            resources: what was applied.
            known_by: what to import them by, for each address.
        """
        self.run("state", "rm", *known_by)
        imports = "".join(f'import {{\n  to = {to}\n  id = "{name}"\n}}\n' for to, name in known_by.items())
        self.write(resources + imports)
        assert f"{len(known_by)} imported, 0 added, 0 changed, 0 destroyed" in self.apply()
        self.write(resources)

    def attributes(self, resource: str) -> dict[str, Any]:
        """What Terraform has read of a resource, by its address."""
        state = json.loads((self._folder / "terraform.tfstate").read_text())
        [found] = [each for each in state["resources"] if f"{each['type']}.{each['name']}" == resource]
        attributes: dict[str, Any] = found["instances"][0]["attributes"]
        return attributes
