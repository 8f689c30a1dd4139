"""What a permissions boundary in sight takes away, what of it is not known, and remedies that help once written."""

import json
from pathlib import Path
from typing import Any

import pytest

from ecsiam.findings import check
from ecsiam.readers.reader import read

TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}
READ = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": {"Ref": "Db"}}


def policy(*statements: object) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def template(*granted: object, key: bool = False, **more: object) -> dict[str, Any]:
    """A task that reads a secret, and an execution role with some statements and properties."""
    properties: dict[str, Any] = {"AssumeRolePolicyDocument": TRUST, **more}
    if granted:
        properties["Policies"] = [{"PolicyName": "own", "PolicyDocument": policy(*granted)}]
    container = {"Name": "c", "Image": "nginx", "Secrets": [{"Name": "DB", "ValueFrom": {"Ref": "Db"}}]}
    role = {"Fn::GetAtt": ["Execution", "Arn"]}
    task = {"ExecutionRoleArn": role, "RequiresCompatibilities": ["FARGATE"], "ContainerDefinitions": [container]}
    return {
        "Resources": {
            "Key": {"Type": "AWS::KMS::Key"},
            "Db": {"Type": "AWS::SecretsManager::Secret", "Properties": {"KmsKeyId": {"Ref": "Key"}} if key else {}},
            "Execution": {"Type": "AWS::IAM::Role", "Properties": properties},
            "Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        }
    }


def boundary(*statements: object) -> dict[str, Any]:
    properties = {"ManagedPolicyName": "limits", "PolicyDocument": policy(*statements)}
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}


def said(at: Path, made: dict[str, Any]) -> list[str]:
    at.mkdir(parents=True, exist_ok=True)
    (at / "t.json").write_text(json.dumps(made, indent=1), encoding="utf-8")
    found = check(read(at, root=at))
    return [f"{one.rule}: {one.fact}" for one in found.findings] + [f"?: {one.fact}" for one in found.undecided]


WIDE, NARROW = ({"Effect": "Allow", "Action": f"{service}:*", "Resource": "*"} for service in ("secretsmanager", "s3"))
DENIED = {"Effect": "Deny", "Action": "secretsmanager:Get*", "Resource": "*"}
BOUNDARIES = {
    "it allows that": ((WIDE,), ""),
    "it allows something else": ((NARROW,), "it is granted, and its permissions boundary does not allow it"),
    "it denies that": ((WIDE, DENIED), "it is denied"),
}
NAMED = ({"Ref": "Limits"}, {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/limits"})


@pytest.mark.parametrize("named", NAMED, ids=["by reference", "by ARN"])
@pytest.mark.parametrize("case", BOUNDARIES)
def test_a_boundary_bounds_what_a_role_may(case: str, named: object, tmp_path: Path) -> None:
    statements, expected = BOUNDARIES[case]
    made = template(READ, PermissionsBoundary=named)
    made["Resources"]["Limits"] = boundary(*statements)
    found = said(tmp_path, made)
    assert [one.rpartition(": ")[2] for one in found] == ([expected] if expected else [])
    # A role of a policy called `boundary` has none by that.
    made = template(READ)
    made["Resources"]["Execution"]["Properties"]["Policies"][0]["PolicyName"] = "boundary"
    assert said(tmp_path / "b", made) == []


def test_a_boundary_that_is_not_in_sight_is_said_once(tmp_path: Path) -> None:
    arn = "arn:aws:iam::111122223333:policy/org"
    made = template(READ, PermissionsBoundary=arn)
    made["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["Secrets"] *= 2
    fact = "?: whether the permissions boundary of `Execution` allows what it is granted is not known"
    assert said(tmp_path, made) == [fact]
    assert [one.partition(": ")[0] for one in said(tmp_path, template(PermissionsBoundary=arn))] == ["missing", "?"]


def test_what_the_policy_of_a_resource_gives_may_be_beyond_a_boundary(tmp_path: Path) -> None:
    made = template(PermissionsBoundary={"Ref": "Limits"})
    allowed = {**READ, "Resource": "*", "Principal": {"AWS": {"Fn::GetAtt": ["Execution", "Arn"]}}}
    properties = {"SecretId": {"Ref": "Db"}, "ResourcePolicy": policy(allowed)}
    made["Resources"] |= {
        "Limits": boundary(NARROW),
        "Own": {"Type": "AWS::SecretsManager::ResourcePolicy", "Properties": properties},
    }
    (found,) = said(tmp_path, made)
    assert found.startswith("?: ECS reads")


def written(remedy: str) -> list[dict[str, Any]]:
    """The statements that a remedy says."""
    found: list[dict[str, Any]] = json.loads(f"[{remedy.partition(':')[2]}]")
    return found


@pytest.mark.parametrize("key", [False, True], ids=["AWS's key", "a key of its own"])
@pytest.mark.parametrize("granted", [(), (NARROW,), (READ,)], ids=["nothing", "something else", "the secret alone"])
@pytest.mark.parametrize("bounded", [False, True], ids=["free", "within a boundary"])
def test_what_a_remedy_says_helps(granted: tuple[object, ...], key: bool, bounded: bool, tmp_path: Path) -> None:
    """Written into the template as it is said, nothing is missing any more."""
    made = template(*granted, NARROW, key=key, **({"PermissionsBoundary": {"Ref": "Limits"}} if bounded else {}))
    if bounded:
        made["Resources"]["Limits"] = boundary(NARROW)
    for left in (2, 1, 0):
        said(tmp_path, made)
        missing = [one for one in check(read(tmp_path, root=tmp_path)).findings if one.rule == "missing"]
        assert left or not missing, [f"{one.fact}: {one.remedy}" for one in missing]
        for one in missing:
            of_boundary = one.remedy.startswith("Allow it in the boundary too:")
            resource = made["Resources"]["Limits" if of_boundary else "Execution"]["Properties"]
            document = (resource if of_boundary else resource["Policies"][0])["PolicyDocument"]
            document["Statement"] += written(one.remedy)


def test_a_remedy_names_resources_as_their_template_does(tmp_path: Path) -> None:
    said(tmp_path, template(key=True))
    (one,) = check(read(tmp_path, root=tmp_path)).findings
    secret, decrypt = written(one.remedy)
    assert secret == {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue"], "Resource": [{"Ref": "Db"}]}
    assert decrypt["Resource"] == [{"Fn::GetAtt": ["Key", "Arn"]}]
    assert decrypt["Condition"] == {
        "StringEquals": {"kms:ViaService": {"Fn::Sub": "secretsmanager.${AWS::Region}.amazonaws.com"}}
    }


def test_what_another_template_makes_has_no_name_in_a_remedy(tmp_path: Path) -> None:
    made = template(key=True)
    role = made["Resources"].pop("Execution")
    made["Resources"]["Task"]["Properties"]["ExecutionRoleArn"] = {"Fn::ImportValue": "execution"}
    exported = {"Value": {"Fn::GetAtt": ["Execution", "Arn"]}, "Export": {"Name": "execution"}}
    (tmp_path / "roles.json").write_text(json.dumps({"Resources": {"Execution": role}, "Outputs": {"Arn": exported}}))
    said(tmp_path, made)
    (one,) = check(read(tmp_path, root=tmp_path)).findings
    for statement in written(one.remedy):
        (resource,) = statement["Resource"]
        assert set(resource) == {"Fn::Sub"}
        assert "{Db" in resource["Fn::Sub"] or "{Key" in resource["Fn::Sub"]
        assert "${Db" not in resource["Fn::Sub"]
        assert "${Key" not in resource["Fn::Sub"]


# ---------------------------------------------------------------- conditions that are not known

SOME = {"Fn::If": ["Prod", READ, {"Ref": "AWS::NoValue"}]}
OTHERS = {**READ, "Resource": {"Fn::If": ["Prod", "arn:aws:secretsmanager:*:*:secret:a", {"Ref": "Db"}]}}
NEITHER = {**READ, "Resource": {"Fn::If": ["Prod", *(f"arn:aws:secretsmanager:*:*:secret:{name}" for name in "ab")]}}
BESIDE = {**READ, "Resource": [{"Ref": "Db"}, {"Fn::If": ["Prod", "arn:aws:secretsmanager:*:*:secret:a", "*"]}]}
ENTRY = {"Fn::If": ["Prod", {"Name": "DB", "ValueFrom": {"Ref": "Db"}}, {"Ref": "AWS::NoValue"}]}
EITHER = {"Name": "DB", "ValueFrom": {"Fn::If": ["Prod", {"Ref": "Db"}, "/dev/db"]}}
PARAMETER = {"Effect": "Allow", "Action": "ssm:GetParameters", "Resource": "*"}


@pytest.mark.parametrize(
    ("statements", "secrets", "expected"),
    [
        ((SOME,), None, "?"),
        ((OTHERS,), None, "?"),
        ((NEITHER,), None, "missing"),
        ((BESIDE,), None, ""),
        ((READ,), [ENTRY], ""),
        ((), [ENTRY], "missing"),
        ((READ,), {"Fn::If": ["Prod", [ENTRY], {"Ref": "AWS::NoValue"}]}, ""),
        ((), {"Fn::If": ["Prod", [ENTRY], [{"Name": "X", "ValueFrom": "x"}]]}, "missing missing"),
        ((READ,), [EITHER], "missing"),
        ((READ, PARAMETER), [EITHER], ""),
        ((PARAMETER,), [EITHER], "missing"),
    ],
)
def test_what_hangs_on_a_condition(
    statements: tuple[object, ...], secrets: object, expected: str, tmp_path: Path
) -> None:
    """A need is taken as there, a grant may be: only what no branch gives is missing, and nothing else is found."""
    made = template(*statements)
    made |= {"Parameters": {"Env": {"Type": "String"}}, "Conditions": {"Prod": {"Fn::Equals": [{"Ref": "Env"}, "p"]}}}
    if secrets is not None:
        made["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["Secrets"] = secrets
    assert " ".join(one.partition(":")[0] for one in said(tmp_path, made)) == expected


def test_an_image_that_a_parameter_names_may_be_of_ecr(tmp_path: Path) -> None:
    pull = {"Effect": "Allow", "Action": ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"], "Resource": "*"}
    made = template(READ, pull)
    assert [one.partition(":")[0] for one in said(tmp_path, made)] == ["idle"]
    made["Parameters"] = {"Image": {"Type": "String"}}
    made["Resources"]["Task"]["Properties"]["ContainerDefinitions"][0]["Image"] = {"Ref": "Image"}
    assert said(tmp_path, made) == []
