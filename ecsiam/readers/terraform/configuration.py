"""Terraform roots in HCL and JSON syntax, evaluated without Terraform: nothing is run, fetched or written.

What only a deployment or AWS knows stays unknown, and equal to itself. A value that isn't understood is a gap.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from attrs import evolve

from ecsiam.errors import Fault, ReadError
from ecsiam.readers.found import TERRAFORM, Gap, Place, Root, Value
from ecsiam.readers.given import Given
from ecsiam.readers.hcl.evaluator import value_of
from ecsiam.readers.hcl.scope import Budget, Spent
from ecsiam.readers.hcl.syntax import parse_expression
from ecsiam.readers.hcl.tree import Block, Name, address_of
from ecsiam.readers.terraform.files import SUFFIXES, Files, directories
from ecsiam.readers.terraform.given import Nothing, values_in
from ecsiam.readers.terraform.module import MISSING, Called, Module
from ecsiam.readers.terraform.roots import TYPES, WITH_KEYS, root_of
from ecsiam.readers.terraform.run import Run
from ecsiam.readers.terraform.types import TerraformResource
from ecsiam.readers.values import Failed


def read_terraform(
    directory: str | Path,
    within: Path | None = None,
    values: Given | None = None,
) -> Iterator[Root]:
    """Every Terraform root at and below a directory. Raises ReadError, after the others, for those that can't be read.

    A directory that another one calls as a module is read with it, and is no root. Files are read `within` a directory
    only: the directory itself if none is given. `values` are for the variables of roots that have them, as `-var` and
    `-var-file` take them.
    """
    top = str(directory)
    files = Files(within or Path(top))
    faults: list[Fault] = []
    found = list(directories(top))
    calls: dict[str, set[str]] = {}
    for one in found:
        try:
            calls[os.path.normpath(one)] = _calls(one, files)
        except ReadError as e:
            faults += e.faults
    called = {one for of in calls.values() for one in of}
    files.roots = tuple(one for one in found if os.path.normpath(one) in calls.keys() - called)
    read: set[str] = set()
    # Those that only call each other come last, since nothing that is a root calls them.
    for one in sorted(found, key=lambda directory: os.path.normpath(directory) in called):
        here = os.path.normpath(one)
        if here in calls and here not in read:
            _reach(here, calls, read)
            try:
                root = read_root(one, files, values)
                yield root
                read.update(os.path.normpath(Path(f).parent) for f in root.files if f.endswith(SUFFIXES))
            except ReadError as e:
                faults += e.faults
    if faults:
        raise ReadError(*faults)


def _reach(directory: str, calls: dict[str, set[str]], read: set[str]) -> None:
    """Put a directory and all that it calls, and these call, into `read`."""
    waiting = [directory]
    while waiting:
        here = waiting.pop()
        if here not in read:
            read.add(here)
            waiting += calls.get(here, ())


def _calls(directory: str, files: Files) -> set[str]:
    """The directories that the modules of one call."""
    found: set[str] = set()
    for block in files.configuration(directory).modules.values():
        argument = block.body.arguments.get("source")
        source = getattr(argument.value, "value", None) if argument else None
        if isinstance(source, str) and source.startswith("."):
            found.add(os.path.normpath(Path(directory) / source))
    return found - {os.path.normpath(directory)}


def read_root(directory: str, files: Files, given: Given | None = None) -> Root:
    """One Terraform root. Raises ReadError for a file that is no Terraform."""
    run = Run(files, directory, lambda other: _own(other, files, Run(files, other)))
    configuration = files.configuration(directory)
    values = _own(directory, files, run)
    if given is not None:
        values |= given.of_files(configuration.variables)
        run.used |= dict.fromkeys(given.files)
        typed = given.of(configuration.variables)
        values |= {name: _as_written(value, configuration.variables[name]) for name, value in typed.items()}
    module = Module(run, configuration, given=lambda name: values.get(name, MISSING))
    resources: list[TerraformResource] = []
    keys: list[TerraformResource] = []
    gaps: list[Gap] = []
    place = Place(run.root)
    moved: tuple[tuple[str, str], ...] = ()
    try:
        module.set_providers()
        for one in module.resources(TYPES | WITH_KEYS):
            home = one.module.home(one.block)
            handed = one.type == "aws_iam_policy" and one.block.labels in one.module.configuration.handed
            made = TerraformResource(
                one.type, one.address, one.place, one.values(), one.attribute, home, one.unsure, handed
            )
            (resources if one.type in TYPES else keys).append(made)
        found = root_of(directory, TERRAFORM, resources, keys, tuple(run.used))
        moved = tuple(_moves(module))
    except Spent:
        run.budget = Budget(0)
        gaps.append(Gap(place, "it takes too many steps to evaluate; what is missing may be anything", of_all=True))
        found = root_of(directory, TERRAFORM, [], [], tuple(run.used))
    return evolve(found, gaps=tuple(dict.fromkeys((*gaps, *run.gaps, *found.gaps))), moved=moved)


def _moves(module: Module) -> Iterator[tuple[str, str]]:
    """What `moved` blocks say, in a module and those it calls: the address that was, and the one that is.

    Of an `import` block the one that was is empty: it takes what is there.
    """
    for block in module.configuration.moved:
        was, now = (address_of(a.value) if (a := block.body.arguments.get(end)) else "" for end in ("from", "to"))
        if now and (was or block.type == "import"):
            yield f"{module.address}{was}" if was else "", f"{module.address}{now}"
    for name in module.configuration.modules:
        for called in module.each(module.instances("module", name)):
            if isinstance(called, Called) and called.module is not None:
                yield from _moves(called.module)


def _own(directory: str, files: Files, run: Run) -> dict[str, Value]:
    """The values of the files that Terraform reads by itself."""
    names = sorted(p.name for p in Path(directory).iterdir())
    own: list[str] = [n for n in ("terraform.tfvars", "terraform.tfvars.json") if n in names]
    own += [n for n in names if n.endswith((".auto.tfvars", ".auto.tfvars.json"))]
    found: dict[str, Value] = {}
    for path in (os.path.normpath(Path(directory) / name) for name in own):
        found.update(values_in(files, path))
        run.used[path] = None
    return found


def _as_written(value: str, variable: Block) -> Value:
    """What `-var` makes of a value: a text, or for another type an expression. Raises ReadError for what is none."""
    kind = variable.body.arguments.get("type")
    if kind is None or (isinstance(kind.value, Name) and kind.value.name == "string"):
        return value
    try:
        return value_of(parse_expression(value, "the value that was given", 1), Nothing())
    except Failed as e:
        raise ReadError(Fault(f"the value of `{variable.labels[0]}`: {e}")) from None
