"""What `emit` does with the configs of a file: one after the other, so that what was written takes no room."""

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from attrs import evolve

from ecsiam import builder
from ecsiam.artifact import Artifact, Written, diff_folders, write_folders
from ecsiam.config.many import ConfigFile, Named
from ecsiam.errors import MOST_FAULTS, TOO_MANY, EmitError, Fault, refuse
from ecsiam.looks.words import count, few
from ecsiam.model.stack import Stack
from ecsiam.targets import TargetName, emit

MOST_NOTES = 100  # of several configs


class Emitting:
    """The configs of a file for one target; `all_` says that they are all that the file has.

    Each is built and emitted when its turn comes. Where one is refused, so are all, with what is wrong with the others.
    """

    def __init__(self, file: ConfigFile, target: TargetName, *, all_: bool) -> None:
        self.file = file
        self.target: TargetName = target
        self.all = all_
        self.names = {one.name for one in file.configs}
        self.handed = 0  # documents for other sides, of what was emitted so far
        self.said: dict[str, list[str]] = {}  # notes, and whose they are

    def document(self) -> str:
        """All of it as one document, by service and environment."""
        texts = [(one, str(artifact)) for one, artifact in self._artifacts()]
        if not self.file.several:
            return texts[0][1]
        by_service: dict[str, list[str]] = {}
        for one, text in texts:
            by_service.setdefault(one.service, []).append(f'"{one.environment}": {deeper(deeper(text))}')
        services = [
            f'"{name}": {{\n    {("," + chr(10) + "    ").join(members)}\n  }}' for name, members in by_service.items()
        ]
        return "{\n  " + ",\n  ".join(services) + "\n}\n"

    def write(self, directory: str, *, force: bool) -> Written:
        """Write it below a directory, all or nothing."""
        return write_folders(directory, self._folders(), force=force, kept=self._kept)

    def diff(self, directory: str) -> str:
        """What `write` would change."""
        return diff_folders(directory, self._folders(), kept=self._kept)

    def gone(self, written: Written) -> dict[str, int]:
        """The folders of configs that there are no more, with how many files were removed."""
        there = {*self.file.all}
        folders = (_folder(name) for name in written.removed if self.file.several)
        return dict(Counter(folder for folder in folders if folder not in there))

    def _folders(self) -> Iterator[tuple[str, Artifact]]:
        for one, artifact in self._artifacts():
            yield (one.name if self.file.several else "", artifact)

    def _kept(self, name: str) -> bool:
        """Whether a file that an earlier run wrote stays: where a choice was made, all that is not of it does."""
        return not self.all and self.file.several and _folder(name) not in self.names

    def _artifacts(self) -> Iterator[tuple[Named, Artifact]]:
        found: dict[Fault, list[str]] = {}  # what is wrong, and with which
        for one in self.file.configs:
            stack = builder.build(one.config)
            try:
                artifact = emit(stack, self.target)
            except EmitError as e:
                for fault in e.faults:
                    found.setdefault(fault, []).append(one.name)
                if len(found) > MOST_FAULTS:
                    break
                continue
            if not found:
                self._count(artifact)
                self._note(one, stack)
                yield one, artifact
        faults = [self._of(fault, who) for fault, who in found.items()]
        refuse(EmitError, faults if len(faults) <= MOST_FAULTS else [*faults[:MOST_FAULTS], TOO_MANY])

    def _of(self, fault: Fault, who: list[str]) -> Fault:
        """A fault with whose it is, where the file has several."""
        names = few(f"`{name}`" for name in who)
        return evolve(fault, message=f"{names}: {fault.message}") if self.file.several else fault

    def _count(self, artifact: Artifact) -> None:
        """Count what is handed over, by itself or in the folder of a service."""
        self.handed += sum(1 for path in artifact.files if PurePosixPath(path).match("companions/[0-9]*/*.json"))

    def _note(self, one: Named, stack: Stack) -> None:
        if self.target == "iam" and (defaults := stack.deployment.defaults):  # all of it is bound: they have taken it
            stack = builder.build(one.config.bind(defaults))
        for note in stack.notes:
            self.said.setdefault(str(note), []).append(one.name)

    def notes(self) -> Iterator[str]:
        """What is right but worth knowing, each once; of several configs with whose it is."""
        several = len(self.file.configs) > 1
        for note, who in list(self.said.items())[:MOST_NOTES]:
            yield f"{few(who)}: {note}" if several else note
        if len(self.said) > MOST_NOTES:
            yield f"and {count(len(self.said) - MOST_NOTES, 'note')} more: look at fewer with `--service`"


def _folder(name: str) -> str:
    return "/".join(name.split("/")[:2])


def deeper(text: str) -> str:
    """A document that stands in another."""
    return "\n  ".join(text.removesuffix("\n").split("\n"))
