"""What `emit --together` does with the configs of a file: environment after environment, each in one place."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from attrs import evolve

from ecsiam.artifact import Artifact, Written
from ecsiam.builder import build
from ecsiam.cli.emitting import Emitting, deeper
from ecsiam.config.many import ConfigFile
from ecsiam.emitters.placing import placement_of
from ecsiam.emitters.together import PLACES
from ecsiam.errors import EmitError, Fault, refuse
from ecsiam.looks.words import few
from ecsiam.targets import TargetName, emit_together, placement


class Together(Emitting):
    """The services of each environment side by side, in a folder of its own where the file has sections.

    `directory` is where they are written: of CloudFormation a service stays in the template that it is in there.
    """

    def __init__(self, file: ConfigFile, target: TargetName, directory: str | None, *, all_: bool) -> None:
        super().__init__(file, target, all_=all_)
        self.directory = directory
        self.environments = {one.environment for one in file.configs}
        self.moved: list[str] = []

    def document(self) -> str:
        """All of it as one document, by environment."""
        texts = [(folder, str(artifact)) for folder, artifact in self._folders()]
        if not self.file.several:
            return texts[0][1]
        return "{\n  " + ",\n  ".join(f'"{folder}": {deeper(text)}' for folder, text in texts) + "\n}\n"

    def gone(self, written: Written) -> dict[str, int]:
        """The folders of environments that there are no more, with how many files were removed."""
        there = {name.split("/")[1] for name in self.file.all}
        folders = (_folder(name) for name in written.removed if self.file.several)
        return dict(Counter(folder for folder in folders if folder not in there))

    def notes(self) -> Iterator[str]:
        """What is worth knowing, and which services are no longer in the template in which they were."""
        yield from super().notes()
        if self.moved:
            yield (
                f"{few(self.moved)}: no longer in the template of before, which has no room for it. "
                "Update that stack first: both can't have its roles"
            )

    def _kept(self, name: str) -> bool:
        return not self.all and self.file.several and _folder(name) not in self.environments

    def _folders(self) -> Iterator[tuple[str, Artifact]]:
        faults: list[Fault] = []
        for environment in dict.fromkeys(one.environment for one in self.file.configs):
            folder = environment if self.file.several else ""
            try:
                artifact = self._artifact(environment, folder)
            except EmitError as e:
                said = f"`{environment}`: " if self.file.several else ""
                faults += [f if f.file else evolve(f, message=f"{said}{f.message}") for f in e.faults]
                continue
            if not faults:
                yield folder, artifact
        refuse(EmitError, faults)

    def _artifact(self, environment: str, folder: str) -> Artifact:
        of = [one for one in self.file.configs if one.environment == environment]
        stacks = [build(one.config) for one in of]
        before: Mapping[str, int] = {}
        if self.target == "cloudformation" and self.directory is not None:
            before = placement(Path(self.directory) / folder)
        artifact = emit_together(stacks, self.target, before=before)
        self._count(artifact)
        if before:
            after = placement_of(json.loads(artifact.files[PLACES]))
            self.moved += [f"{n}/{environment}" for n, at in after.items() if before.get(n, at) != at]
        for one, stack in zip(of, stacks, strict=True):
            self._note(one, stack)
        return artifact


def _folder(name: str) -> str:
    return name.partition("/")[0]
