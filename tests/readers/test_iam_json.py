"""IAM's JSON is read in every spelling of the AWS CLI and boto3, and what we wrote or a server has is read back."""

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import ecsiam
from ecsiam.errors import ReadError
from ecsiam.model.text import Ref, Text
from ecsiam.readers import loading
from ecsiam.readers.reading import Reading

from ..aws import roles
from ..aws.fixtures import need, serving
from ..aws.servers import ACCOUNT, REGION, Server, moto
from ..cases import CASES, REFUSED, bound, known, stack_of
from ..meaning import of_server, of_stack
from .read_back import as_read, plain

Files = Mapping[str, object]
ARN = f"arn:aws:iam::{ACCOUNT}"
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::memos/*"}
SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}


def document(*statements: object) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(service: str = "ecs-tasks") -> dict[str, object]:
    return document(
        {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )


def output(name: str = "api", **more: object) -> dict[str, Any]:
    """A role as AWS prints it."""
    about: dict[str, object] = {"Path": "/", "RoleName": name, "RoleId": "AROAEXAMPLE", "Arn": f"{ARN}:role/{name}"}
    return {**about, "CreateDate": "2026-01-01T00:00:00Z", "AssumeRolePolicyDocument": trust(), **more}


def detail(name: str = "api", **more: object) -> dict[str, Any]:
    """A role as a dump of the account has it."""
    lists: dict[str, object] = {"RolePolicyList": [], "AttachedManagedPolicies": [], "InstanceProfileList": []}
    return output(name, **{**lists, **more})


def managed(name: str = "shared", *, default: object = None, version: str = "v2") -> dict[str, Any]:
    versions = [
        {"Document": document(SEND), "VersionId": "v1", "IsDefaultVersion": False},
        {"Document": default or document(READ), "VersionId": version, "IsDefaultVersion": True},
    ]
    about = {"PolicyName": name, "Arn": f"{ARN}:policy/{name}", "Path": "/", "DefaultVersionId": version}
    return {**about, "PolicyVersionList": versions}


def attached(*names: str) -> list[dict[str, str]]:
    return [{"PolicyName": name, "PolicyArn": f"{ARN}:policy/{name}"} for name in names]


def dump(*found: dict[str, Any], policies: tuple[object, ...] = (), **more: object) -> dict[str, object]:
    return {
        "UserDetailList": [],
        "GroupDetailList": [],
        "RoleDetailList": list(found),
        "Policies": list(policies),
        **more,
    }


def reading(at: Path, files: Files) -> Reading:
    for name, content in files.items():
        path = at / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2), encoding="utf-8")
    return ecsiam.read(at)


def shown(found: Reading) -> dict[str, str]:
    """Each role with its policies and the actions that they grant, and in brackets what of it is not known."""
    made: dict[str, str] = {}
    for one in found.roles.values():
        actions = [
            f"{policy.name}: {', '.join(a.pattern for s in policy.document.statements for a in s.actions.items)}"
            for policy in one.role.policies.values()
        ]
        actions += [str(arn) for arn in (*one.role.managed_policy_arns, *one.unread)]
        made[one.address] = "; ".join([*actions, *(f"({gap.why})" for gap in one.gaps)])
    return made


INLINE = {"RoleName": "api", "PolicyName": "read", "PolicyDocument": document(READ)}
NOT_SAID = "(which {} policies it has is not said here: `aws iam get-account-authorization-details` prints them all)"
API = f"{ACCOUNT}/api"

# What stands in the files, and the roles that they have.
READ_AS: dict[str, tuple[Files, dict[str, str]]] = {
    "a dump": (
        {"d.json": dump(detail(RolePolicyList=[{"PolicyName": "p", "PolicyDocument": document(READ)}]))},
        {API: "p: s3:GetObject"},
    ),
    "documents that are percent-encoded": (
        {
            "d.json": dump(
                detail(
                    AssumeRolePolicyDocument=quote(json.dumps(trust())),
                    RolePolicyList=[{"PolicyName": "p", "PolicyDocument": quote("\n " + json.dumps(document(READ)))}],
                )
            )
        },
        {API: "p: s3:GetObject"},
    ),
    "documents as text": (
        {"d.json": dump(detail(RolePolicyList=[{"PolicyName": "p", "PolicyDocument": json.dumps(document(READ))}]))},
        {API: "p: s3:GetObject"},
    ),
    "the default version of a managed policy": (
        {"d.json": dump(detail(AttachedManagedPolicies=attached("shared")), policies=(managed(),))},
        {API: "shared: s3:GetObject"},
    ),
    "a managed policy on another page": (
        {
            "1.json": dump(detail(AttachedManagedPolicies=attached("shared")), IsTruncated=True, Marker="m"),
            "2.json": dump(policies=(managed(),), IsTruncated=False),
        },
        {API: "shared: s3:GetObject"},
    ),
    "pages in one file, one after the other": (
        {"d.json": "\n".join(json.dumps(dump(detail(n), IsTruncated=n == "a", Marker="m")) for n in "ab")},
        {f"{ACCOUNT}/a": "", f"{ACCOUNT}/b": ""},
    ),
    "pages as a list": ({"d.json": [dump(detail(n)) for n in "ab"]}, {f"{ACCOUNT}/a": "", f"{ACCOUNT}/b": ""}),
    "one name in two accounts": (
        {"d.json": dump(detail(), detail(Arn="arn:aws:iam::444455556666:role/api"))},
        {API: "", "444455556666/api": ""},
    ),
    "what AWS prints as YAML": (
        {"d.yaml": "RoleDetailList:\n- RoleName: api\n  AssumeRolePolicyDocument:\n    Statement: []\n"},
        {"api": ""},
    ),
    "a policy that is not in the dump": (
        {"d.json": dump(detail(AttachedManagedPolicies=attached("shared")))},
        {API: f"{ARN}:policy/shared"},
    ),
    "users and groups": (
        {
            "d.json": {**dump(detail()), "UserDetailList": [{"UserName": "u", "UserPolicyList": [INLINE]}]},
            "u.json": {"UserName": "u", "PolicyName": "p", "PolicyDocument": document(READ)},
            "g.json": {"GroupName": "g", "PolicyName": "p", "PolicyDocument": document(READ)},
        },
        {API: ""},
    ),
    "get-role": ({"r.json": {"Role": output()}}, {API: NOT_SAID.format("inline and attached")}),
    "list-roles": (
        {"r.json": {"Roles": [output()], "IsTruncated": False}},
        {API: NOT_SAID.format("inline and attached")},
    ),
    "get-role and what of it there is": (
        {
            "role.json": {"Role": output()},
            "inline.json": INLINE,
            "names.json": {"PolicyNames": ["read"]},
            "attached.json": {"AttachedPolicies": attached("shared")},
            "policy.json": {"Policy": {k: v for k, v in managed().items() if k != "PolicyVersionList"}},
            "version.json": {"PolicyVersion": managed()["PolicyVersionList"][1]},
        },
        {API: "read: s3:GetObject; shared: s3:GetObject"},
    ),
    "an inline policy that is named and not here": (
        {
            "role.json": {"Role": output()},
            "names.json": {"PolicyNames": ["read", "write"]},
            "inline.json": INLINE,
            "attached.json": {"AttachedPolicies": []},
        },
        {API: "read: s3:GetObject; (its inline policies `write` are not here)"},
    ),
    "whose a file is, by its name": (
        {
            "api.json": {"Role": output()},
            "api-task.json": {"Role": output("api-task")},
            "api-attached.json": {"AttachedPolicies": []},
            "api-names.json": {"PolicyNames": []},
            "api-task-attached.json": {"AttachedPolicies": []},
            "api-task-names.json": {"PolicyNames": []},
        },
        {API: "", f"{ACCOUNT}/api-task": ""},
    ),
    "a dump beside get-role": (
        {"a.json": {"Role": output()}, "b.json": dump(detail(AttachedManagedPolicies=attached("x")))},
        {API: f"{ARN}:policy/x"},
    ),
    "create-role": (
        {"r.json": {"RoleName": "api", "AssumeRolePolicyDocument": json.dumps(trust()), "Tags": []}},
        {"api": ""},
    ),
    "create-role with a document as an object, and its policies": (
        {
            "r.json": {"RoleName": "api", "AssumeRolePolicyDocument": trust()},
            "put.json": INLINE,
            "attach.json": {"RoleName": "api", "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
        },
        {"api": "read: s3:GetObject; arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"},
    ),
    "create-role as YAML": (
        {"r.yaml": f"RoleName: api\nAssumeRolePolicyDocument: '{json.dumps(trust())}'\n"},
        {"api": ""},
    ),
    "a skeleton": (
        {
            "new/r.json": {
                "Path": "",
                "RoleName": "",
                "AssumeRolePolicyDocument": "",
                "MaxSessionDuration": 0,
                "PermissionsBoundary": "",
                "Tags": [{"Key": "", "Value": ""}],
            }
        },
        {"new": "(its trust policy is not here)"},
    ),
    "a policy by itself": (
        {"app/read.json": document(READ)},
        {"app/read": "read: s3:GetObject; (its trust policy is not here)"},
    ),
    "a trust by itself": ({"trust.json": trust()}, {"trust": ""}),
    "policies of other things": (
        {
            "queue.json": document({**SEND, "Principal": "*"}),
            "ecr.json": document({**SEND, "Principal": "*", "Action": "ecr:*"}),
        },
        {},
    ),
}


@pytest.mark.parametrize("case", READ_AS)
def test_every_spelling(tmp_path: Path, case: str) -> None:
    files, expected = READ_AS[case]
    found = reading(tmp_path, files)
    assert shown(found) == expected
    assert found.gaps == ()


# What of the files is not understood, and where.
GAPS: dict[str, tuple[Files, list[str]]] = {
    "a page that is not here": (
        {"1.json": dump(detail(), IsTruncated=True, Marker="m")},
        [f"1.json:29: a page of account {ACCOUNT} that follows is not here, with its roles and policies"],
    ),
    "the CLI's own pages": (
        {"1.json": {"Roles": [], "NextToken": "x"}},
        ["1.json:3: a page that follows is not here, with its roles and policies"],
    ),
    "whose policies these are": (
        {"a.json": {"Roles": [output("x"), output("y")]}, "b.json": {"AttachedPolicies": []}},
        ["b.json:1: of which role these attached policies are is not said: put its name into the file's"],
    ),
    "of what this is a version": (
        {"v.json": {"PolicyVersion": {"Document": document(READ), "VersionId": "v1", "IsDefaultVersion": True}}},
        ["v.json:2: of which policy this is a version is not said: put its name into the file's"],
    ),
    "which of two accounts": (
        {"d.json": dump(detail(), detail(Arn="arn:aws:iam::444455556666:role/api")), "x/p.json": INLINE},
        ["p.json:1: which of 2 roles `api` is meant is not said"],
    ),
    "a file that is cut off": (
        {"a.json": dump(detail()), "d.json": json.dumps(dump(detail()), indent=1)[:-30]},
        ["d.json:25: the file can't be read: not JSON: expected `:`"],
    ),
    "a key that stands twice": (
        {"a.json": trust(), "p.json": '{"Version": "2012-10-17",\n"Statement": [],\n"Statement": []}'},
        ["p.json:3: the file can't be read: not JSON: the key `Statement` stands twice in one object"],
    ),
}


@pytest.mark.parametrize("case", GAPS)
def test_what_is_not_understood_is_said(tmp_path: Path, case: str) -> None:
    files, expected = GAPS[case]
    assert [str(gap).rpartition("/")[2] for gap in reading(tmp_path, files).gaps] == expected


def test_a_role_that_two_files_tell_differently_is_read_in_part(tmp_path: Path) -> None:
    other = detail(AttachedManagedPolicies=attached("x"))
    found = reading(tmp_path, {"a.json": dump(detail()), "b.json": dump(other), "c.json": dump(detail())})
    (role,) = found.roles.values()
    assert [gap.why.rpartition("/")[2] for gap in role.gaps] == ["a.json:5 too, and not the same"]


def test_a_statement_has_its_line(tmp_path: Path) -> None:
    found = reading(
        tmp_path, {"p.json": document(READ, SEND), "one.json": {"Version": "2012-10-17", "Statement": READ}}
    )
    lines = {one.address: [place.line for place in one.places[one.address]] for one in found.roles.values()}
    assert lines == {"p": [4, 9], "one": [3]}


def test_what_is_put_in_later_is_a_symbol(tmp_path: Path) -> None:
    marked = {**READ, "Resource": "arn:aws:s3:::${BUCKET}/${aws:username}/<PREFIX>*"}
    (role,) = reading(tmp_path, {"p.json": document(marked)}).roles.values()
    (statement,) = role.role.policies["p"].document.statements
    assert statement.resources is not None
    (resource,) = statement.resources.items
    assert resource == Text.of("arn:aws:s3:::", Ref("BUCKET"), "/${aws:username}/", Ref("PREFIX"), "*")


# ---------------------------------------------------------------- broken


def nested(levels: int) -> str:
    return '{"Statement": ' + "[" * levels + "]" * levels + "}"


BROKEN: dict[str, tuple[bytes, str]] = {
    "empty": (b"", ""),
    "not JSON": (b'{"Statement": [}', "not JSON: expected a value"),
    "cut off": (b'{"Statement": [{"Effect": "All', "not JSON: a text without an end"),
    "deep": (nested(100).encode(), "nested more than 60 deep"),
    "very deep": (nested(200_000).encode(), "nested more than 60 deep"),
    "large and deep": ((" " * loading.LINED + nested(900)).encode(), "nested more than 60 deep"),
    "large and very deep": ((" " * loading.LINED + nested(200_000)).encode(), "nested too deep"),
    "large and cut off": ((" " * loading.LINED + '{"Statement": [').encode(), "not JSON: expecting value"),
    "large, with a key twice": (
        (" " * loading.LINED + '{"Statement": 1, "Statement": 2}').encode(),
        "the key `Statement` stands twice",
    ),
    "Latin-1": ('{"Statement": "é"}'.encode("latin-1"), "it is not UTF-8"),
    "UTF-16 without a mark": (b'{"Statement": "' + "é".encode("utf-16-le") + b'"}', "it is not UTF-8"),
    "not a number": (b'{"Statement": NaN}', "not JSON: expected a value"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_broken_is_refused_at_once(tmp_path: Path, case: str) -> None:
    content, expected = BROKEN[case]
    path = tmp_path / "p.json"
    path.write_bytes(content)
    began = time.process_time()
    if expected:
        with pytest.raises(ReadError, match=f"p.json.*{expected}"):
            ecsiam.read(path)
    else:
        assert not ecsiam.read(path).roles
    assert time.process_time() - began < 5


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_what_powershell_writes_is_read(encoding: str, tmp_path: Path) -> None:
    (tmp_path / "d.json").write_text(json.dumps(dump(detail())), encoding=encoding)
    assert set(shown(ecsiam.read(tmp_path))) == {API}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
BROKEN_YAML = {
    "aliases of aliases": (f"{BOMB}Statement: []\n", "more than 200,000 keys and values"),
    "an alias of nothing": ("Statement: *a\n", "stands for nothing"),
    "a key twice": ("Statement: []\nStatement: []\n", "duplicate key `Statement`"),
    "a list as a key": ("? [a]\n: b\nStatement: []\n", "a key is not a text"),
    "not YAML": ("Statement: [\n", "expected"),
    "large": ("Statement: []\n" + "#" * loading.LARGEST_YAML, "larger than 1,024 KiB"),
}


@pytest.mark.parametrize("case", BROKEN_YAML)
def test_yaml_that_is_broken_is_refused(tmp_path: Path, case: str) -> None:
    content, expected = BROKEN_YAML[case]
    path = tmp_path / "p.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ReadError, match=f"p.yaml.*{expected}"):
        ecsiam.read(path)


# ---------------------------------------------------------------- read back


@pytest.mark.parametrize("case", [case for case in CASES if (case, "iam") not in REFUSED])
def test_what_was_written_of_a_config_is_read_back(tmp_path: Path, case: str) -> None:
    stack = stack_of(case)
    here = known(stack)
    ecsiam.emit(bound(stack), "iam").write(tmp_path)
    found = as_read(ecsiam.read(tmp_path), here)
    assert found == {name: plain(one) for name, one in of_stack(bound(stack), here).items()}


def test_two_folders_of_ours_are_two_roots(tmp_path: Path) -> None:
    for folder, case in (("one", "everything"), ("two", "everything")):
        ecsiam.emit(bound(stack_of(case)), "iam").write(tmp_path / folder)
    found = ecsiam.read(tmp_path)
    assert {one.root for one in found.roles.values()} == {str(tmp_path / "one"), str(tmp_path / "two")}
    assert not any(one.gaps for one in found.roles.values())
    assert found.unattached == ()


@pytest.fixture
def empty_server() -> Iterator[Server]:
    """A server of its own: a dump holds all that the account has, also what another test left half made."""
    need("boto3", "moto", "flask")
    yield from serving(moto())


def test_what_a_server_has_is_read_back(tmp_path: Path, empty_server: Server) -> None:
    iam = empty_server.client("iam")
    stack = bound(stack_of("everything"))
    ecsiam.emit(stack, "iam").write(tmp_path / "made")
    names = roles.create_role_from_files(iam, tmp_path / "made")
    pages = iam.get_paginator("get_account_authorization_details").paginate(
        Filter=["Role", "LocalManagedPolicy"], PaginationConfig={"PageSize": 2}
    )
    for i, page in enumerate(pages):
        (tmp_path / f"page{i}.json").write_text(json.dumps(page, default=str), encoding="utf-8")
    (tmp_path / "made").rename(tmp_path.parent / f"{tmp_path.name}-made")
    found = as_read(ecsiam.read(tmp_path), {"partition": "aws", "account_id": ACCOUNT, "aws_region": REGION})
    expected = {name: plain(made) for one in names for name, made in of_server(roles.read_role(iam, one)).items()}
    assert {name: one for name, one in found.items() if name in names} == expected


def test_a_dump_of_thousands_of_roles_takes_seconds(tmp_path: Path) -> None:
    """What a role names is looked up: twice as many take twice as long."""

    def seconds(n: int) -> float:
        found = [
            detail(
                f"role-{i}",
                AttachedManagedPolicies=attached(*(f"policy-{(i + k) % (n // 2)}" for k in range(3))),
            )
            for i in range(n)
        ]
        (tmp_path / "d.json").write_text(
            json.dumps(dump(*found, policies=tuple(managed(f"policy-{i}") for i in range(n // 2)))), encoding="utf-8"
        )
        began = time.process_time()
        assert len(ecsiam.read(tmp_path).roles) == n
        return time.process_time() - began

    seconds(10)
    assert seconds(2000) < 5 * seconds(500) + 1


@pytest.mark.parametrize("folder", ["", "roles/web"])
def test_a_trust_and_the_policies_beside_it_are_a_role(folder: str, tmp_path: Path) -> None:
    """Called as its folder is. One trust with documents that merely lie about is not: it may be of several roles."""
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    here = tmp_path / "web" if not folder else tmp_path / folder
    for name, statement in (
        ("trust-policy.json", trust),
        ("policies/a.json", allow),
        ("policies/b.json", allow),
        ("more/c.json", allow),
    ):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    roles = {role.name: role for role in ecsiam.read(tmp_path).roles.values()}
    assert len(roles) == 2
    assert roles["web"].whole
    assert set(roles["web"].role.policies) == {"a", "b"}


@pytest.mark.parametrize("name", ["trust.json", "trust-policy.json", "assume-role-policy.json"])
def test_a_trust_and_the_one_policy_beside_it_are_a_role(name: str, tmp_path: Path) -> None:
    """Several may be several roles'. What was asked for may be called anything."""
    for folder in ("web", "jobs"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text(json.dumps(trust()))
        (tmp_path / folder / "policy.json").write_text(json.dumps(document(READ)))
    (tmp_path / "jobs" / "more.json").write_text(json.dumps(document(READ)))
    roles = {role.name: role for role in ecsiam.read(tmp_path).roles.values()}
    assert (len(roles), roles["web"].whole, set(roles["web"].role.policies)) == (4, True, {"policy"})
    (alone,) = ecsiam.read(tmp_path / "web").roles.values()
    assert (alone.whole, alone.role.name.literal, set(alone.role.policies)) == (True, None, {"policy"})


def test_a_role_has_its_own_arn_whatever_is_attached_to_it(tmp_path: Path) -> None:
    attached = [{"PolicyName": "x", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    role: dict[str, object] = {
        "RoleName": "web",
        "Arn": f"{ARN}:role/web",
        "AssumeRolePolicyDocument": trust(),
        "RolePolicyList": [],
    }
    (tmp_path / "a.json").write_text(json.dumps({"RoleDetailList": [{**role, "AttachedManagedPolicies": attached}]}))
    (found,) = ecsiam.read(tmp_path).roles.values()
    assert str(found.arn) == f"{ARN}:role/web"


STRANGE: list[object] = [7, 1.5, True, "x", {}, {"a": None}, [7], [None], [[]], ["x"], [{}]]


@pytest.mark.parametrize("strange", STRANGE, ids=repr)
@pytest.mark.parametrize("key", ["RolePolicyList", "AttachedManagedPolicies", "PolicyDocument", "Statement"])
def test_what_is_of_another_kind_leaves_the_role_read_in_part(key: str, strange: object, tmp_path: Path) -> None:
    policy: dict[str, object] = {"PolicyName": "x", "PolicyDocument": document(READ)}
    if key == "PolicyDocument":
        policy[key] = strange
    elif key == "Statement":
        policy["PolicyDocument"] = {"Version": "2012-10-17", key: strange}
    role: dict[str, object] = {"RoleName": "web", "AssumeRolePolicyDocument": trust(), "RolePolicyList": [policy]}
    if key in ("RolePolicyList", "AttachedManagedPolicies"):
        role[key] = strange
    (tmp_path / "a.json").write_text(json.dumps({"RoleDetailList": [role]}))
    (found,) = ecsiam.read(tmp_path).roles.values()
    assert not found.whole


def test_what_is_no_role_may_hide_one(tmp_path: Path) -> None:
    role: dict[str, object] = {"RoleName": "web", "AssumeRolePolicyDocument": trust(), "RolePolicyList": []}
    (tmp_path / "a.json").write_text(json.dumps({"RoleDetailList": [role, 7]}))
    assert [gap.of_all for gap in ecsiam.read(tmp_path).gaps] == [True]
