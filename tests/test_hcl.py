"""What the reader makes of HCL's expressions is what Terraform makes of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from ecsiam.readers.terraform.files import Files
from ecsiam.readers.terraform.module import Module
from ecsiam.readers.terraform.run import Run
from ecsiam.readers.values import plain

from .terraform.rig import VERSIONS, Rig

SHAPES = Path(__file__).parent / "readers" / "shapes"


def evaluated(directory: Path) -> dict[str, Any]:
    """The outputs of a root without anything unknown, as the reader evaluates them."""
    files = Files(directory)
    module = Module(Run(files, str(directory)), files.configuration(str(directory)))
    return {name: plain(module.output(name)) for name in module.configuration.outputs}


def test_expressions_come_out_as_terraform_makes_them(terraform: Rig, tmp_path: Path) -> None:
    source = (SHAPES / "expressions.tf").read_text(encoding="utf-8")
    work = terraform.fresh(VERSIONS[-1])
    work.write({"main.tf": source})
    work.run("apply", "-json", "-auto-approve")
    (tmp_path / "main.tf").write_text(source, encoding="utf-8")
    theirs, ours = work.outputs()["all"], evaluated(tmp_path)["all"]
    differing = {k: (v, ours.get(k)) for k, v in theirs.items() if not same(v, ours.get(k))}
    assert differing == {}
    assert theirs.keys() == ours.keys()


def same(theirs: Any, ours: Any) -> bool:
    """Whether two values are the same; a text that is JSON's may be written otherwise."""
    if theirs == ours and isinstance(theirs, bool) == isinstance(ours, bool):
        return True
    if isinstance(theirs, str) and isinstance(ours, str) and theirs[:1] in "{[":
        return bool(json.loads(theirs) == json.loads(ours))
    return False


@pytest.mark.parametrize("expression", ["1 +", "[1", '"a', "{ a = }", "a b", "<<EOT\nx", '"${', '"%{ if true }"'])
def test_what_is_no_hcl_is_refused_with_its_line(expression: str) -> None:
    from ecsiam.errors import ReadError
    from ecsiam.readers.hcl.syntax import parse_body

    with pytest.raises(ReadError, match=r"^x\.tf:2: .*(not HCL|has no end)"):
        parse_body(f"\na = {expression}", "x.tf")
