"""The real terraform, with a provider of our own (provider.py) in the place of hashicorp/aws, and no network.

rig = Rig(tmp_path)
work = rig.workspace({"main.tf.json": document})
work.validate(); work.plan(); work.apply(); work.outputs()

rig.evaluate({"greeting": "Hello, ${upper(\"you\")}"}) == {"greeting": "Hello, YOU"}
"""

import json
import platform
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # it needs packages that a test may have to do without
    from .provider import Served

VERSIONS = ("5.99.1", "6.69.1")  # of hashicorp/aws, that the provider can stand for
REGION = "eu-west-2"
TIMEOUT = 120.0  # seconds for one command; none takes more than a few, on a busy machine either


class TerraformError(Exception):
    """terraform refused: `messages` are its errors, each as summary and detail, warnings left out."""

    def __init__(self, command: str, messages: Iterable[str]) -> None:
        self.command = command
        self.messages = tuple(messages)
        super().__init__("\n".join((f"terraform {command}", *self.messages)))


def terraform_path() -> str | None:
    """Where terraform is, if it is."""
    return shutil.which("terraform")


def said(diagnostics: Iterable[Mapping[str, Any]], severity: str) -> list[str]:
    """The diagnostics of one severity, `error` or `warning`, as texts."""
    return [
        ": ".join(filter(None, (each["summary"], each.get("detail"))))
        for each in diagnostics
        if each["severity"] == severity
    ]


def actions(plan: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What a plan does: address -> `("create",)`, `("delete", "create")` for a replacement, and so on; no-ops too."""
    return {each["address"]: tuple(each["change"]["actions"]) for each in plan["resource_changes"]}


class Terraform:
    """A working directory of terraform, and its commands."""

    def __init__(self, binary: str, directory: Path, environment: dict[str, str]) -> None:
        self.binary = binary
        self.directory = directory
        self.environment = environment

    def write(self, files: Mapping[str, Any]) -> None:
        """Add or replace files: text as it is, all else as JSON."""
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content, indent=2)
            (self.directory / name).parent.mkdir(parents=True, exist_ok=True)
            (self.directory / name).write_text(text, encoding="utf-8")

    def init(self) -> None:
        """Get the provider; its lock file comes with it."""
        self.run("init", "-json", "-backend=false")

    def validate(self) -> dict[str, Any]:
        """terraform's own verdict on the configuration, warnings and all; it raises only for errors."""
        verdict: dict[str, Any] = json.loads(self.run("validate", "-json"))
        return verdict

    def plan(self, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The plan, as `terraform show -json` has it."""
        self.run("plan", "-json", "-out=tfplan", *self.given(variables))
        plan: dict[str, Any] = json.loads(self.run("show", "-json", "tfplan"))
        return plan

    def apply(self, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Make everything so; the state that results, as `terraform show -json` has it."""
        self.run("apply", "-json", "-auto-approve", *self.given(variables))
        state: dict[str, Any] = json.loads(self.run("show", "-json"))
        return state

    def outputs(self) -> dict[str, Any]:
        """The values of the outputs after apply, sensitive ones too."""
        return {name: output["value"] for name, output in json.loads(self.run("output", "-json")).items()}

    def given(self, variables: Mapping[str, Any] | None) -> list[str]:
        """Variables by way of a file: as JSON they keep their types."""
        self.write({"given.tfvars.json": variables or {}})
        return ["-input=false", "-var-file=given.tfvars.json"]

    def run(self, command: str, *arguments: str) -> str:
        """What a command prints."""
        try:
            done = subprocess.run(
                [self.binary, command, "-no-color", *arguments],
                cwd=self.directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=TIMEOUT,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TerraformError(command, [f"no end after {TIMEOUT:g} s"]) from error
        if done.returncode:
            messages = said(diagnostics(done.stdout), "error") or [(done.stderr or done.stdout).strip()]
            raise TerraformError(command, messages)
        return done.stdout


def diagnostics(output: str) -> Iterator[Mapping[str, Any]]:
    """The diagnostics in what a command prints with -json: validate one document, all others a message a line."""
    if output.startswith("{\n"):
        yield from json.loads(output)["diagnostics"]
        return
    for line in output.split("\n"):  # splitlines would also split within a text
        if line.startswith("{"):
            message = json.loads(line)
            if message.get("type") == "diagnostic":
                yield message["diagnostic"]


class Rig:
    """Makes working directories under one directory, in each of which terraform finds a version of our provider."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.made = 0
        self.servers: dict[tuple[str, str], Served] = {}
        for version in VERSIONS:
            mirror(root / version, version)

    def workspace(self, files: Mapping[str, Any], *, version: str = VERSIONS[-1], region: str = REGION) -> Terraform:
        """A new directory with these files, initialised; where no `provider` block names a region, it is this one."""
        if (version, region) not in self.servers:
            from .provider import Served

            self.servers[version, region] = Served(version, region)
        work = self.fresh(version)
        work.write(files)
        work.init()
        work.environment["TF_REATTACH_PROVIDERS"] = self.servers[version, region].reattach()
        return work

    def evaluate(self, local_values: Mapping[str, Any], variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What terraform makes of the expressions in a `locals` block, without a provider and so without resources."""
        work = self.fresh(VERSIONS[-1])
        output = {"value": {name: f"${{local.{name}}}" for name in local_values}, "sensitive": True}
        work.write({"main.tf.json": {"locals": local_values, "output": {"all": output}}})
        if variables:
            work.write({"variables.tf.json": {"variable": {name: {"type": "any"} for name in variables}}})
        work.run("apply", "-json", "-auto-approve", *work.given(variables))
        values: dict[str, Any] = work.outputs()["all"]
        return values

    def fresh(self, version: str) -> Terraform:
        """An empty directory. The environment is made anew: no credentials or settings of whoever runs the tests."""
        self.made += 1
        directory = self.root / f"work-{self.made}"
        directory.mkdir()
        return Terraform(
            terraform_path() or "terraform",
            directory,
            {
                "CHECKPOINT_DISABLE": "1",  # or it asks whether there is a newer one
                "HOME": str(self.root),
                "TF_CLI_CONFIG_FILE": str(self.root / version / "terraform.rc"),
                "TF_IN_AUTOMATION": "1",
            },
        )

    def close(self) -> None:
        """Stop the servers."""
        for server in self.servers.values():
            server.stop()


def mirror(directory: Path, version: str) -> None:
    """A place where init finds one version of the provider, and settings of terraform that know no other place.

    init checks constraints and writes the lock file. What it finds never runs: other commands speak to a server.
    """
    machine = {"aarch64": "arm64", "x86_64": "amd64"}.get(platform.machine(), platform.machine())
    target = f"{platform.system().lower()}_{machine}"
    program = (
        directory / "registry.terraform.io/hashicorp/aws" / version / target / f"terraform-provider-aws_v{version}"
    )
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    program.chmod(0o755)
    settings = f'provider_installation {{\n  filesystem_mirror {{\n    path = "{directory}"\n  }}\n}}\n'
    (directory / "terraform.rc").write_text(settings, encoding="utf-8")
