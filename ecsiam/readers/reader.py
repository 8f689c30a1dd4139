"""`read`: whatever stands at some paths, found by content, each format by its own reader."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from attrs import evolve

from ecsiam.errors import Fault, ReadError, refuse, show
from ecsiam.readers.assemble import assemble
from ecsiam.readers.cloudformation.assemblies import is_of_assembly
from ecsiam.readers.cloudformation.templates import is_template, read_cloudformation
from ecsiam.readers.found import Gap, Place, Root
from ecsiam.readers.github.workflows import Workflows, is_action, is_workflow
from ecsiam.readers.given import Given
from ecsiam.readers.iam.files import IamJson, is_iam
from ecsiam.readers.loading import load
from ecsiam.readers.reading import Reading
from ecsiam.readers.task_definition import Tasks, is_task
from ecsiam.readers.terraform.configuration import read_terraform
from ecsiam.readers.terraform.files import SUFFIXES
from ecsiam.readers.terraform.given import given_by
from ecsiam.readers.terraform.plans import is_terraform_json, read_terraform_json
from ecsiam.readers.walk import File, files

HEAD = 64 * 1024
_PARAMETERS = ".params.json"  # what `copilot package` writes beside a template


def read(
    *paths: str | Path,
    root: str | Path | None = None,
    values: Mapping[str, str] | None = None,
    var_files: Sequence[str | Path] = (),
) -> Reading:
    """What stands at some paths: roles and tasks, with their places. Nothing outside `root` is read, and nothing run.

    `root` is by default the repository that encloses the first path, else the path itself. A file of a directory that
    can't be read is a gap, if another one can. `values` are for variables of Terraform's roots and parameters of
    templates, by name, and `var_files` have more of them, as `-var-file` or `--parameters` takes them. A `Given`
    is told which of them were taken, and may have more.

    Raises ReadError for a path that is not there, for files that can't be read, with all of them, and for a value that
    nothing takes.
    """
    given = [Path(path) for path in paths or (".",)]
    missing = [path for path in given if not path.exists()]
    if missing:
        raise ReadError(*(Fault(f"there is no `{path}`", (), "Check the path.") for path in missing))
    refuse(ReadError, [_alone(path) for path in given if path.is_file() and path.name.endswith(SUFFIXES)])
    within = Path(root) if root is not None else _repository(given[0])
    told = values if isinstance(values, Given) else given_by(values or {}, var_files)
    found: list[Root] = []
    faults: list[Fault] = []
    for path in given:
        for read_some in (_terraform(path, within, told), _files(path, within, told, found)):
            try:
                found.extend(read_some)
            except ReadError as e:
                faults += e.faults
    if faults and (not found or any(path.is_file() for path in given)):
        raise ReadError(*faults)
    if told is not values:
        remedy = "Name one that a root or template declares."
        says = "nothing has a variable or parameter"
        untaken = [Fault(f"{says} `{show(name)}`", (), remedy) for name in told.untaken]
        refuse(ReadError, [*untaken, *told.idle_files()])
    reading = assemble(found, ", ".join(map(str, given)))
    return evolve(reading, gaps=(*map(_gap, faults), *reading.gaps))


def _alone(path: Path) -> Fault:
    remedy = f"Name its folder: `{show(str(path.parent))}`."
    return Fault("the files of a folder are one Terraform configuration, and are read together", (), remedy, str(path))


def _gap(fault: Fault) -> Gap:
    return Gap(Place(fault.file, fault.line), f"the file can't be read: {fault.message}", of_all=True)


def _repository(path: Path) -> Path:
    """The directory of the repository around a path; without one, the path or the directory it is in."""
    here = path if path.is_dir() else path.parent
    for directory in (here.resolve(), *here.resolve().parents):
        if (directory / ".git").exists():
            return directory
    return here


def _terraform(path: Path, within: Path, values: Given) -> Iterator[Root]:
    if path.is_dir():
        yield from read_terraform(path, within, values)


def _walked(path: Path, within: Path, faults: list[Fault]) -> Iterator[File]:
    """The files of a path; what can't be read goes to `faults`, and the others are read."""
    try:
        yield from files(path, within)
    except ReadError as e:
        faults += e.faults


def _files(path: Path, within: Path, values: Given, known: list[Root]) -> Iterator[Root]:
    """What stands in files by themselves, and not as a part of what is `known`.

    Raises ReadError, after the others, for those that can't be read.
    """
    parts = {os.path.normpath(file) for root in known for file in root.files}
    tasks, roles, workflows = Tasks(), IamJson(), Workflows(within=within)
    templates: dict[str, bytes] = {}
    faults: list[Fault] = []
    for file in _walked(path, within, faults):
        try:
            head = file.content[:HEAD].decode("utf-8", errors="replace")
            action = is_action(file)
            if action or is_workflow(file, anywhere=path.is_file()):
                workflows.add(file, action=action)
            elif is_terraform_json(file.name, head):
                yield from read_terraform_json({file.name: file.content})
            elif is_template(file.name, head) or file.name.endswith(_PARAMETERS) or is_of_assembly(file.name, head):
                templates[file.name] = file.content
            elif file.name.endswith(".jsonnet"):
                if b"containerDefinitions" in file.content:
                    remedy = "Render it: `ecspresso render taskdef`."
                    faults.append(Fault("it is written in Jsonnet, which isn't evaluated", (), remedy, file.name))
            elif os.path.normpath(file.name) not in parts and (is_task(file) or is_iam(file)):
                found = load(file)
                if not tasks.add(file, found):
                    roles.add(file, found)
        except ReadError as e:
            faults += e.faults
    yield from tasks.roots(str(path))
    yield from roles.roots(str(path))
    yield from workflows.roots()
    try:
        yield from read_cloudformation(templates, values)
    except ReadError as e:
        faults += e.faults
    if faults:
        raise ReadError(*faults)
