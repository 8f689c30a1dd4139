"""Roles on a server: create them from a template or from files, read one back as data, act with its permissions."""

from __future__ import annotations

import ast
import json
import uuid
from pathlib import Path
from typing import Any

from .servers import Credentials, Server

Document = dict[str, Any]


def read_role(iam: Any, name: str) -> dict[str, Any]:
    """All that IAM knows of a role and that a template can say, in one shape whichever way the role was made."""
    role = iam.get_role(RoleName=name)["Role"]
    inline = pages(iam, "list_role_policies", "PolicyNames", name)
    attached = pages(iam, "list_attached_role_policies", "AttachedPolicies", name)
    tags = pages(iam, "list_role_tags", "Tags", name)
    return {
        "RoleName": role["RoleName"],
        "Path": role["Path"],
        "AssumeRolePolicyDocument": document(role["AssumeRolePolicyDocument"]),
        "InlinePolicies": {
            policy: document(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
            for policy in inline
        },
        "AttachedPolicyArns": sorted(policy["PolicyArn"] for policy in attached),
        "AttachedDocuments": {arn: of_managed(iam, arn) for arn in sorted(p["PolicyArn"] for p in attached)},
        "PermissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "MaxSessionDuration": role["MaxSessionDuration"],
        # CloudFormation adds tags of its own, in a namespace that nobody else may write.
        "Tags": {tag["Key"]: tag["Value"] for tag in tags if not tag["Key"].startswith("aws:")},
        "Description": role.get("Description", ""),  # IAM leaves an empty one out
        "InstanceProfiles": [
            {"InstanceProfileName": profile["InstanceProfileName"], "Path": profile["Path"]}
            for profile in pages(iam, "list_instance_profiles_for_role", "InstanceProfiles", name)
        ],
    }


def of_managed(iam: Any, arn: str) -> Document:
    """What a managed policy says; nothing of one that isn't there, nor of AWS's own, which not every server has."""
    if ":iam::aws:" in arn:
        return {}
    try:
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    except iam.exceptions.NoSuchEntityException:
        return {}
    return document(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def pages(iam: Any, operation: str, key: str, role: str) -> list[Any]:
    """Everything that an operation lists of a role, not only its first page."""
    return [item for page in iam.get_paginator(operation).paginate(RoleName=role) for item in page[key]]


def document(given: str | Document) -> Document:
    """A policy document as data.

    boto3 decodes what IAM encodes, and leaves alone what is no JSON: the inline policies of a stack's role in moto,
    which prints them as Python prints a dict. Python reads them back without a loss.
    """
    if isinstance(given, str):
        printed: Document = ast.literal_eval(given)
        return printed
    return given


def create_role_from_files(iam: Any, folder: Path) -> list[str]:
    """Create every role of a folder, and return their names.

    `roles/<role name>/` holds `create-role.json` (the API's own arguments), `attached-policies.json` (ARNs),
    `policies/<policy name>.json`, and `managed-policies/<policy name>.json`, to be created (the API's arguments again),
    and where EC2 takes the role, what makes its instance profile.
    """
    names: list[str] = []
    for role in sorted(path for path in (folder / "roles").iterdir() if path.is_dir()):
        made = iam.create_role(**json.loads((role / "create-role.json").read_text(encoding="utf-8")))
        name: str = made["Role"]["RoleName"]
        for policy in sorted((role / "managed-policies").glob("*.json")):
            iam.create_policy(**json.loads(policy.read_text(encoding="utf-8")))
        for arn in json.loads((role / "attached-policies.json").read_text(encoding="utf-8")):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in sorted((role / "policies").glob("*.json")):
            text = policy.read_text(encoding="utf-8")
            iam.put_role_policy(RoleName=name, PolicyName=policy.stem, PolicyDocument=text)
        if (role / "create-instance-profile.json").exists():
            for operation in ("create_instance_profile", "add_role_to_instance_profile"):
                text = (role / f"{operation.replace('_', '-')}.json").read_text(encoding="utf-8")
                getattr(iam, operation)(**json.loads(text))
        names.append(name)
    return names


def create_stack(server: Server, template: Document, **parameters: str) -> dict[str, str]:
    """Create a stack, wait until it is complete, and return its outputs."""
    cloudformation = server.client("cloudformation")
    name = unused("stack")
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=json.dumps(template),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    waiter = cloudformation.get_waiter("stack_create_complete")
    waiter.wait(StackName=name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 200})
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def caller(server: Server) -> tuple[str, Credentials]:
    """A new user's ARN and key; by its own policy it may assume any role, so that only a role's trust can refuse it.

    The account root will not do for this: ministack lets root assume a role that trusts only a service.
    """
    iam = server.client("iam")
    name = unused("caller")
    arn: str = iam.create_user(UserName=name)["User"]["Arn"]
    may_assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    iam.put_user_policy(UserName=name, PolicyName="assume", PolicyDocument=policy_text(may_assume))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return arn, Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def assume(server: Server, role_arn: str, credentials: Credentials) -> Credentials:
    """The credentials of a new session of the role."""
    sts = server.client("sts", credentials)
    session = sts.assume_role(RoleArn=role_arn, RoleSessionName="test")["Credentials"]
    return Credentials(session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])


def assume_with_policies(server: Server, documents: dict[str, Document]) -> Credentials:
    """Act with these permission documents: credentials of a new role that has them inline and trusts a caller of ours.

    A task role trusts ECS alone and must stay so; its permissions are tried out on a role made for the test.
    """
    arn, key = caller(server)
    trust = {"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"}
    iam = server.client("iam")
    role = iam.create_role(RoleName=unused("role"), AssumeRolePolicyDocument=policy_text(trust))["Role"]
    for name, permissions in documents.items():
        iam.put_role_policy(RoleName=role["RoleName"], PolicyName=name, PolicyDocument=json.dumps(permissions))
    return assume(server, role["Arn"], key)


def policy_text(*statements: Document) -> str:
    """A policy document as the API takes it."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def unused(prefix: str) -> str:
    """A name that no other test has: the servers live as long as the session."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"
