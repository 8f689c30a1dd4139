"""Scripts of the repository that steps call, and targets of Makefiles: what of them is followed, and at which lines."""

from pathlib import Path

import pytest

from ecsiam.readers.found import FoundJob
from ecsiam.readers.github.workflows import read_workflow

from .test_workflows import HEAD, JOB, LOGIN

UPDATE = "aws ecs update-service --cluster c --service "
SAFE = "#!/bin/bash\nset -euo pipefail\n"
Uses = list[tuple[str, int | None, str]]


def uses(top: Path, steps: str, files: dict[str, str], more: str = "") -> Uses:
    """The services that steps roll over, each with its file and line."""
    for name, content in {**files, ".github/workflows/a.yml": f"on: push\n{HEAD}{more}{JOB}{LOGIN}{steps}"}.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(content)
    (root,) = read_workflow(str(top / ".github/workflows/a.yml"))
    (job,) = (one for one in root.found if isinstance(one, FoundJob))
    found = [use for login in job.logins for use in login.uses if use.step == "update"]
    return [(str(Path(use.place.file).relative_to(top)), use.place.line, str(use.of("service")[0])) for use in found]


HERE = "ci/deploy.sh"
CALLS: dict[str, tuple[str, dict[str, str], Uses]] = {
    "by its path": ("./ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}web\n"}, [(HERE, 3, "web")]),
    "by a shell": ("bash ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}web\n"}, [(HERE, 3, "web")]),
    "by a shell that stops": ("bash -euo pipefail ci/deploy.sh", {HERE: f"{UPDATE}web\n"}, [(HERE, 1, "web")]),
    "one that goes on": ("./ci/deploy.sh", {HERE: f"{UPDATE}web\n"}, []),
    "in the workspace": ("$GITHUB_WORKSPACE/ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}web\n"}, [(HERE, 3, "web")]),
    "by an expression": ("${{ github.workspace }}/ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}web\n"}, [(HERE, 3, "web")]),
    "from a directory": ("cd ci && ./deploy.sh", {HERE: f"{SAFE}{UPDATE}web\n"}, [(HERE, 3, "web")]),
    "from somewhere": ("cd $DIR && ./deploy.sh", {"deploy.sh": f"{SAFE}{UPDATE}web\n"}, []),
    "with words": ("./ci/deploy.sh web", {HERE: f'{SAFE}{UPDATE}"$1"\n'}, [(HERE, 3, "web")]),
    "with variables": ("S=web ./ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}$S\n"}, [(HERE, 3, "web")]),
    "with one that is exported": ("export S=web; ./ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}$S\n"}, [(HERE, 3, "web")]),
    "with one that is not": ("S=web; ./ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}$S\n"}, [(HERE, 3, "{$S}")]),
    "with a word or another": ("./ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}${{1:-web}}\n"}, [(HERE, 3, "web")]),
    "with a word, not another": ("./ci/deploy.sh a", {HERE: f"{SAFE}{UPDATE}${{1:-b}}\n"}, [(HERE, 3, "a")]),
    "with a word that has to be": ("./ci/deploy.sh a", {HERE: f"{SAFE}S=${{1:?x}}\n{UPDATE}$S\n"}, [(HERE, 4, "a")]),
    "with a variable or else": ("./ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}${{S:-b}}\n"}, [(HERE, 3, "{$S}")]),
    "as a part of the script": (". ci/deploy.sh; " + UPDATE + "$S", {HERE: "S=web\n"},
                                [(".github/workflows/a.yml", 10, "web")]),
    "a part that isn't here": (". ci/deploy.sh; " + UPDATE + "web", {}, []),
    "a part that logs in": (". ci/deploy.sh; " + UPDATE + "web", {HERE: "export AWS_PROFILE=x\n"}, []),
    "one that calls one": ("ci/a.sh", {"ci/a.sh": f"{SAFE}./ci/deploy.sh web\n", HERE: f"{SAFE}{UPDATE}$1\n"},
                           [(HERE, 3, "web")]),
    "one that calls itself": ("ci/deploy.sh", {HERE: f"{SAFE}./ci/deploy.sh\n{UPDATE}web\n"}, [(HERE, 4, "web")]),
    "where it may fail": ("ci/deploy.sh || true", {HERE: f"{SAFE}{UPDATE}web\n"}, []),
    "in a condition": ("ci/deploy.sh", {HERE: f"{SAFE}if x; then\n{UPDATE}a\nfi\n{UPDATE}b\n"}, [(HERE, 6, "b")]),
    "in a case": ("ci/deploy.sh", {HERE: f"{SAFE}case $1 in\na) {UPDATE}a ;;\nesac\n{UPDATE}b\n"}, [(HERE, 6, "b")]),
    "in a function": ("ci/deploy.sh", {HERE: f"{SAFE}f() {{\n  {UPDATE}$1\n}}\ng() {{ {UPDATE}x; }}\n{UPDATE}b\n"},
                      [(HERE, 7, "b")]),
    "as somebody else": ("ci/deploy.sh", {HERE: f"{SAFE}export AWS_ACCESS_KEY_ID=$KEY\n{UPDATE}web\n"}, []),
    "outside": ("../deploy.sh", {HERE: "x"}, []),
    "by an absolute path": ("/ci/deploy.sh", {HERE: f"{SAFE}{UPDATE}web\n"}, []),
    "a program": ("deploy.sh", {"deploy.sh": f"{SAFE}{UPDATE}web\n"}, []),
    "a target": ("make deploy", {"Makefile": f"deploy:\n\t{UPDATE}web\n"}, [("Makefile", 2, "web")]),
    "a target with others": (
        "make deploy",
        {"Makefile": f"all:\n\t{UPDATE}x\nroll:\n\t@{UPDATE}a\n.PHONY: deploy\ndeploy: roll\n\t{UPDATE}b\n"},
        [("Makefile", 4, "a"), ("Makefile", 7, "b")],
    ),
    "on several lines": ("make deploy", {"Makefile": "deploy:\n\taws ecs update-service \\\n\t\t--service web\n"},
                         [("Makefile", 2, "web")]),
    "with variables of make": ("make deploy", {"Makefile": f"S = $(P)-web\nP := shop\ndeploy:\n\t{UPDATE}$(S)\n"},
                               [("Makefile", 4, "{$P}-web")]),
    "with those of the command": ("make deploy S=api", {"Makefile": f"S ?= web\ndeploy:\n\t{UPDATE}${{S}}\n"},
                                  [("Makefile", 3, "api")]),
    "with those of a function": ("make deploy", {"Makefile": f"S = $(shell x)\ndeploy:\n\t{UPDATE}$(S)\n"},
                                 [("Makefile", 3, "{${?make}}")]),
    "with those of the shell": ("make deploy", {"Makefile": f"deploy:\n\tS=web; {UPDATE}$$S\n"},
                                [("Makefile", 2, "web")]),
    "a line that may fail": ("make deploy", {"Makefile": f"deploy:\n\t-{UPDATE}a && \\\n\t{UPDATE}b\n\t{UPDATE}c\n"},
                             [("Makefile", 4, "c")]),
    "a variable of a target": ("make deploy", {"Makefile": f"S=a\ndeploy: S=b\ndeploy:\n\t{UPDATE}$(S)\n"}, []),
    "a condition of make": ("make deploy", {"Makefile": f"ifdef X\nS=a\nendif\ndeploy:\n\t{UPDATE}$(S)\n"}, []),
    "a target that isn't there": ("make deploy", {"Makefile": f"other:\n\t{UPDATE}web\n"}, []),
    "another file": ("make -C ci deploy", {"Makefile": f"deploy:\n\t{UPDATE}web\n"}, []),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_a_script_is_followed_where_it_is_plain(name: str, tmp_path: Path) -> None:
    call, files, found = CALLS[name]
    assert uses(tmp_path, f"      - run: |\n          {call}\n", files) == found


def test_scripts_run_where_the_workflow_says(tmp_path: Path) -> None:
    files = {HERE: f"{SAFE}{UPDATE}web\n"}
    call = "      - run: ./deploy.sh\n"
    assert uses(tmp_path, call, files) == []
    assert uses(tmp_path, f"{call}        working-directory: ci\n", files) == [(HERE, 3, "web")]
    assert uses(tmp_path, call, files, "defaults: {run: {working-directory: ci}}\n") == [(HERE, 3, "web")]


@pytest.mark.parametrize("given", ["{repository: acme/other}", "{path: src}"])
def test_of_another_repository_nothing_is_known(given: str, tmp_path: Path) -> None:
    steps = f"      - {{uses: actions/checkout@v4, with: {given}}}\n      - run: ./ci/deploy.sh\n"
    assert uses(tmp_path, steps, {HERE: f"{SAFE}{UPDATE}web\n"}) == []


def test_an_action_calls_the_script_beside_it(tmp_path: Path) -> None:
    action = "runs: {using: composite, steps: [{shell: bash, run: '${{ github.action_path }}/x.sh'}]}\n"
    files = {"act/action.yml": action, "act/x.sh": f"{SAFE}{UPDATE}web\n"}
    assert uses(tmp_path, "      - uses: ./act\n", files) == [("act/x.sh", 3, "web")]


def test_no_link_is_followed_out_of_the_repository(tmp_path: Path) -> None:
    outside, top = tmp_path / "x.sh", tmp_path / "top"
    outside.write_text(f"{SAFE}{UPDATE}web\n")
    (top / "ci").mkdir(parents=True)
    (top / HERE).symlink_to(outside)
    assert uses(top, "      - run: ./ci/deploy.sh\n", {}) == []


def test_scripts_that_call_many_end(tmp_path: Path) -> None:
    files = {f"s{i}.sh": SAFE + "".join(f"./s{j}.sh\n" * 20 for j in range(6)) for i in range(6)}
    assert uses(tmp_path, "      - run: ./s0.sh\n", files) == []


def test_more_jobs_than_anybody_reads_are_a_gap(tmp_path: Path) -> None:
    matrix = f"{{matrix: {{a: {list(range(60))}}}}}"
    jobs = "".join(f"  j{i}: {{uses: ./.github/workflows/b.yml, strategy: {matrix}}}\n" for i in range(60))
    folder = tmp_path / ".github/workflows"
    folder.mkdir(parents=True)
    (folder / "a.yml").write_text(f"on: push\n{HEAD}jobs:\n{jobs}")
    (folder / "b.yml").write_text(f"on: workflow_call\n{HEAD}{JOB}{LOGIN}")
    (root,) = read_workflow(str(folder / "a.yml"))
    assert not root.found
    assert "more than 5,000 jobs" in root.gaps[0].why
