"""What `ecsiam prove` says of what is accepted: text, JSON, exit codes and notes; and which invariants it asks."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ecsiam.model.accept import Accept

from .command_line import Said, said
from .written import as_data, to_yaml

CONFIG = """\
project_name: memos
environment: dev
account_id: "123456789012"
aws_region: eu-west-2
task_statements:
  - {Effect: Allow, Action: ["iam:CreateUser", "sts:AssumeRole"], Resource: "arn:aws:iam::123456789012:*"}
"""
USERS = Accept("no-escalation", "it creates the users of the shop", "task", "iam:CreateUser")
ROLES = Accept("no-escalation", "it changes into roles of the shop", "task", "sts:*", until=date(2090, 3, 31))
SAYS = "no-escalation  no role can come to more than it was given"


Prove = Callable[..., Said]


@pytest.fixture
def prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prove:
    """`ecsiam prove` of a config that accepts something."""
    monkeypatch.chdir(tmp_path)

    def proved(*accepts: Accept, asked: tuple[str, ...] = ("--only", "no-escalation"), more: str = "") -> Said:
        Path("ecsiam.yaml").write_text(CONFIG + more + to_yaml({"accept": as_data(accepts)}))
        return said("prove", *asked)

    return proved


def test_what_is_accepted_is_said_with_why_and_until_when_and_is_fine(prove: Prove) -> None:
    assert prove(USERS, ROLES) == (
        0,
        f"accepted   {SAYS}\n"
        "    it creates the users of the shop\n"
        "    it changes into roles of the shop (until 2090-03-31)\n"
        "0 hold, 1 accepted, 0 failed, 0 undecided\n",
        "",
    )


def test_what_is_accepted_in_part_fails_and_both_are_said(prove: Prove) -> None:
    code, out, err = prove(USERS)
    assert (code, err) == (1, "")
    first, fact, *requests, accepted, counts = out.splitlines()
    assert (first, fact[:33]) == (f"FAILS      {SAYS}", "    the task role may do this: ob")
    assert len(requests) == 1
    assert accepted == "    accepted: it creates the users of the shop"
    assert counts == "0 hold, 1 failed, 0 undecided"
    assert "iam:CreateUser" not in out
    assert "sts:AssumeRole" in out


def test_what_has_expired_fails_again_and_is_noted(prove: Prove) -> None:
    ended = Accept(ROLES.invariant, ROLES.why, ROLES.role, ROLES.actions, until=date(2020, 1, 1))
    code, _, err = prove(USERS, ended)
    assert code == 1
    assert err == (
        "note: what is accepted of `no-escalation` for the task role has expired on 2020-01-01 (it changes into roles "
        "of the shop) @ $.accept[1]. Take it out, or say until when it is meant.\n"
    )


def test_what_covers_nothing_is_noted_and_changes_no_exit_code(prove: Prove) -> None:
    code, _, err = prove(USERS, ROLES, Accept("no-escalation", "x", "execution"), Accept("home", "of what isn't asked"))
    assert code == 0
    assert [line.split(" is not needed: ")[1] for line in err.splitlines()] == [
        "nothing that is known to fail is covered by it (x) @ $.accept[2]. Take it out."
    ]
    assert prove(Accept("home", "abroad"), asked=("--only", "home")) == (
        0,
        *prove(asked=("--only", "home"))[1:2],
        "note: what is accepted of `home` is not needed: it holds (abroad) @ $.accept[0]. Take it out.\n",
    )


def test_it_is_carried_by_json(prove: Prove) -> None:
    asked = ("--only", "no-escalation", "--format", "json")
    code, out, _ = prove(USERS, ROLES, asked=asked)
    data: Any = json.loads(out)
    one = data["invariants"]["no-escalation"]
    assert (code, data["counts"]) == (0, {"holds": 0, "accepted": 1, "fails": 0, "undecided": 0})
    assert (one["answer"], [a["why"] for a in one["accepted"]]) == ("fails", [USERS.why, ROLES.why])
    assert one["accepted"][1] == {
        "invariant": "no-escalation",
        "why": "it changes into roles of the shop",
        "role": "task",
        "actions": ["sts:*"],
        "resources": [],
        "until": "2090-03-31",
    }
    code, out, _ = prove(USERS, asked=asked)
    data = json.loads(out)
    one = data["invariants"]["no-escalation"]
    assert (code, data["counts"]) == (1, {"holds": 0, "accepted": 0, "fails": 1, "undecided": 0})
    assert one["accepted"] == []
    assert [[a["why"] for a in also["accepted"]] for also in one["also"] if also["accepted"]] == [[USERS.why]]


def test_undecided_counts_beside_what_is_accepted(prove: Prove) -> None:
    boundary = "permissions_boundary_arn: arn:aws:iam::123456789012:policy/limit\n"
    code, out, _ = prove(USERS, ROLES, asked=("--only", "no-escalation", "--only", "works"), more=boundary)
    assert code == 3
    assert out.splitlines()[-1] == "0 hold, 1 accepted, 0 failed, 1 undecided"


# ---------------------------------------------------------------- which are asked


def test_only_and_skip_choose(prove: Prove) -> None:
    def listed(*asked: str) -> list[str]:
        return [
            line.split()[1] for line in prove(asked=asked).out.splitlines() if line.startswith(("holds ", "FAILS "))
        ]

    assert listed("--only", "home", "--only", "trust") == ["trust", "home"]
    assert listed("--only", "home", "--only", "trust", "--skip", "trust") == ["home"]
    assert "home" not in listed("--skip", "home")
    assert prove(asked=("--skip", "no-escalation", "--skip", "neighbours")).code == 0


@pytest.mark.parametrize(
    ("asked", "errors"),
    [
        (("--only", "hom"), ["there is no invariant `hom`. Did you mean `home`?"]),
        (
            ("--only", "worx", "--skip", "limit", "no.yaml"),
            [
                "there is no invariant `worx`. Did you mean `works`?",
                "there is no invariant `limit`. Did you mean `limits`?",
            ],
        ),
        (("--only", "home", "--skip", "home"), ["no invariant is left to prove. Skip fewer, or name others."]),
    ],
)
def test_an_unknown_id_is_a_fault_of_usage(prove: Prove, asked: tuple[str, ...], errors: list[str]) -> None:
    assert prove(asked=asked) == (2, "", "".join(f"error: {error}\n" for error in errors))


def test_an_id_that_no_terminal_shows_is_escaped(prove: Prove) -> None:
    assert "\x1b" not in prove(asked=("--only", "\x1b[2J")).err
