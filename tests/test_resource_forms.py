"""The forms of resources: what AWS documents and what its own managed policies name is known, or is listed here."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, cast

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from ecsiam.analysis.leaf import resource_pattern
from ecsiam.analysis.strings import example
from ecsiam.reference.actions import action, actions, evaluated_on, excepting, matching, services
from ecsiam.reference.corrections import ADDED, OPERATIONS

MOTO = cast("dict[str, Any]", json.loads(aws_managed_policies_data))
AT = "us-east-1:111122223333"

# ---------------------------------------------------------------- what AWS's pages say

# An action and ARNs that its page, or the service's guide, shows for it.
DOCUMENTED: dict[str, tuple[str, ...]] = {
    "apigateway:GET": (
        "apigateway:us-east-1::/apis",
        "apigateway:us-east-1::/apis/x",
        "apigateway:us-east-1::/account",
    ),
    "apigateway:POST": ("apigateway:us-east-1::/apis", "apigateway:us-east-1::/restapis"),
    "aps:RemoteWrite": (f"aps:{AT}:workspace/w",),
    "bedrock:InvokeModel": ("bedrock:us-east-1::foundation-model/m", f"bedrock:{AT}:inference-profile/p"),
    "cloudformation:CreateChangeSet": (
        "cloudformation:us-east-1:aws:transform/Serverless-2016-10-31",
        f"cloudformation:{AT}:stack/x/*",
    ),
    "codeconnections:UseConnection": (f"codeconnections:{AT}:connection/x", f"codestar-connections:{AT}:connection/x"),
    "codestar-connections:UseConnection": (f"codeconnections:{AT}:connection/x",),
    "dynamodb:Query": (f"dynamodb:{AT}:table/t", f"dynamodb:{AT}:table/t/index/i"),
    "ecr:BatchGetImage": (f"ecr:{AT}:repository/a/b",),
    "ecs:ExecuteCommand": (f"ecs:{AT}:cluster/c", f"ecs:{AT}:task/c/t"),
    "ecs:RunTask": (f"ecs:{AT}:task-definition/f:1", f"ecs:{AT}:task-definition/f:*"),
    "ecs:UpdateTaskProtection": (f"ecs:{AT}:task/c/*",),
    "elasticache:Connect": (f"elasticache:{AT}:replicationgroup:g", f"elasticache:{AT}:serverlesscache:s"),
    "elasticloadbalancing:AddTags": (
        f"elasticloadbalancing:{AT}:targetgroup/x/y",
        f"elasticloadbalancing:{AT}:listener/app/x/y/z",
        f"elasticloadbalancing:{AT}:loadbalancer/app/x/y",
    ),
    "es:ESHttpGet": (f"es:{AT}:domain/d/*",),
    "events:PutRule": (f"events:{AT}:rule/r", f"events:{AT}:rule/b/r"),
    "execute-api:Invoke": (
        f"execute-api:{AT}:a1/prod/$connect",
        f"execute-api:{AT}:a1/prod/sendmessage",
        f"execute-api:{AT}:a1/prod/GET/x",
        f"execute-api:{AT}:a1/$default/GET/",
    ),
    "execute-api:ManageConnections": (f"execute-api:{AT}:a1/prod/POST/@connections/x",),
    "glue:DeleteTableVersion": (f"glue:{AT}:tableVersion/d/t/v", f"glue:{AT}:table/d/t"),
    "kms:CreateAlias": (f"kms:{AT}:alias/x", f"kms:{AT}:key/x"),
    "lambda:InvokeFunction": (f"lambda:{AT}:function:f", f"lambda:{AT}:function:f:alias"),
    "rds-db:connect": (f"rds-db:{AT}:dbuser:db-x/u",),
    "s3:GetObject": ("s3:::b/k", f"s3:{AT}:accesspoint/n/object/k"),
    "s3express:CreateSession": (f"s3express:{AT}:bucket/b--use1-az4--x-s3",),
    "sns:Publish": (f"sns:{AT}:t", f"sns:{AT}:endpoint/GCM/x/y"),
    "states:SendTaskFailure": (f"states:{AT}:stateMachine:m", f"states:{AT}:activity:a"),
    "ssm:StartSession": (f"ecs:{AT}:task/c/t", "ssm:us-east-1::document/x", f"ec2:{AT}:instance/i-1"),
    "ssmmessages:OpenDataChannel": (f"ssm:{AT}:session/x", ""),
    "states:DescribeExecution": (f"states:{AT}:execution:m:e", f"states:{AT}:express:m:e:i"),
    "vpc-lattice-svcs:Invoke": (f"vpc-lattice:{AT}:service/i/x",),
}


@pytest.mark.parametrize(("id", "arn"), [(id, arn) for id, arns in DOCUMENTED.items() for arn in arns])
def test_what_a_page_shows_is_a_form_that_is_evaluated(id: str, arn: str) -> None:
    known = action(id)
    assert known
    assert any(_meets(form, f"arn:aws:{arn}") if arn else form == "*" for form in evaluated_on(known))


@pytest.mark.parametrize(
    ("id", "arn"),
    [
        ("kms:Decrypt", f"kms:{AT}:alias/x"),
        ("s3:GetObject", "s3:::b"),
        ("s3:ListBucket", "s3:::b/k"),
        ("secretsmanager:GetSecretValue", f"secretsmanager:{AT}:secret:db-AbCdEf:password::"),
        ("execute-api:Invoke", f"execute-api:{AT}:a1/prod"),
    ],
)
def test_what_no_page_shows_is_none(id: str, arn: str) -> None:
    known = action(id)
    assert known
    assert not any(_meets(form, f"arn:aws:{arn}") for form in evaluated_on(known))


def test_every_added_form_adds_something_and_says_why() -> None:
    for row in ADDED:
        touched = [a for p in row.actions for a in matching(p)]
        assert touched, row
        assert all(p == p.lower() for p in row.actions)
        assert row.page.startswith("https://")
        assert re.fullmatch(r".{20,}[^.]", row.why), row.why
        for arn in row.arns:
            assert any(arn not in {t.arn for t in a.resources} for a in touched), arn
            assert all(arn in evaluated_on(a) for a in touched), arn


def test_an_operation_that_is_no_action_leads_to_one() -> None:
    for operation, asked in OPERATIONS.items():
        assert action(operation) is None, operation
        assert operation == operation.lower()
        assert action(asked), asked


# ---------------------------------------------------------------- what AWS's own policies name

_SLIP = "another spelling of a form that the pages have"
_RETIRED = "a service, or a form, that AWS no longer documents"
_UNTYPED = "AWS evaluates none of the actions beside it on such a resource"
_CUT = "a form that the pages have, cut short or with a colon or slash too many"
# ARNs in Allows of AWS's policies that are of no form that we know, and why none is to be added for them.
UNEXPLAINED: dict[str, str] = {
    "arn:*:kms:*:::*": _CUT,
    "arn:aws:appflow:*:*:connector-profile/*": _SLIP,
    "arn:aws:autoscaling:*:*:scalingPolicy:*:resource/dynamodb/table/*": _SLIP,
    "arn:aws:aps:*:*:/workspaces": _CUT,
    "arn:aws:bedrock-agentcore:*:*:credential-provider/*": _SLIP,
    "arn:aws:cloudwatch:*:*:iotfleethub*": _SLIP,
    "arn:aws:config:*:*::config-rule/*": _CUT,
    "arn:aws:devops-guru:*:*:/channels": _CUT,
    "arn:aws:ec2:*:*:vpc-endpoint:*": _SLIP,
    "arn:aws:grafana:*:*:/workspaces": _CUT,
    "arn:aws:logs:*:*:/aws-glue/*": _CUT,
    "arn:aws:logs:*:*:/aws/lambda/AmazonSecurityLake*": _CUT,
    "arn:aws:organizations::*:": _CUT,
    "arn:aws:profile:*:*:/domains/amazon-connect-*": _CUT,
    "arn:aws:profile:*:*:/templates*": _CUT,
    "arn:aws:quicksight:*:*:vpcconnection/*": _SLIP,
    "arn:aws:redshift-serverless:*:*:snapshotcopyconfiguration/*": _SLIP,
    "arn:aws:robomaker:*:*:/createSimulationApplication": _RETIRED,
    "arn:aws:sagemaker:*:*:Canvas*": _CUT,
    "arn:aws:sagemaker:*:*:canvas*": _CUT,
    "arn:aws:sagemaker:*:*:endpointconfig/*": _SLIP,
    "arn:aws:secretsmanager:*:*:sqlworkbench!*": _CUT,
    "arn:aws:states:*:*:statemachine:*sagemaker*": _SLIP,
    "arn:aws:waf-regional:*:*:changetoken/*": _RETIRED,
    "arn:aws:waf:*:*:changetoken/*": _RETIRED,
    "arn:aws:waf::*:changetoken/*": _RETIRED,
    "arn:aws:apigateway:*::/tags": _CUT,
    "arn:aws:applicationinsights:*:*:application/resource-group/sms-app-*": _UNTYPED,
    "arn:aws:backup:*:*:recovery-point:*": _UNTYPED,
    "arn:aws:cloudformation:*:*:type/hook/AWS-ControlTower*": _UNTYPED,
    "arn:aws:codebuild:*:*:build/*": _UNTYPED,
    "arn:aws:codebuild:*:*:build/sagemaker-*": _UNTYPED,
    "arn:aws:migrationhub-strategy:*:*:*": _UNTYPED,
    "arn:aws:pricingplanmanager::*:subscription:*": _UNTYPED,
    **{
        f"arn:aws:apigateway:*::/v2/apis{more}": _SLIP
        for more in ("", "/*", "/*/integrations", "/*/integrations/*", "/*/routes", "/*/routes/*")
    },
    **{
        f"arn:aws:cloudformation:*:*:stack/ams-detective-controls-{more}": _CUT
        for more in ("config-recorder", "config-rules-cdk", "infrastructure-cdk")
    },
}


def test_aws_own_policies_name_no_kind_of_resource_that_is_unknown() -> None:
    found = {arn for arn, granted in _named() if not _is_of_a_type(arn) and not any(map(_unknown, granted))}
    assert found - {*UNEXPLAINED} == set(), "look the form up, and add it to ADDED or to UNEXPLAINED"
    assert {*UNEXPLAINED} - found == set(), "it is known now"


def _named() -> Iterator[tuple[str, list[str]]]:
    """The ARNs of Allows whose service is written out, each with the actions beside it."""
    for policy in MOTO.values():
        for s in _list(policy["Document"]["Statement"]):
            if s["Effect"] == "Allow" and "Action" in s and "Resource" in s:
                for arn in _list(s["Resource"]):
                    parts = arn.split(":", 5)
                    if len(parts) == 6 and "${" not in arn and not set("*?").intersection(parts[2]):
                        yield arn, _list(s["Action"])


def _list(value: Any) -> list[Any]:
    return [*value] if isinstance(value, list) else [value]


@cache
def _unknown(pattern: str) -> bool:
    return not matching(pattern)


@cache
def _is_of_a_type(arn: str) -> bool:
    forms = _forms().get(arn.split(":")[2], ())
    filled = arn.replace("*", "x").replace("?", "x")  # most are of a form at first sight
    plain = (form for form in forms if not excepting(form))
    if any(all(map(fnmatchcase, filled.split(":", 5), form.split(":", 5))) for form in plain):
        return True
    return any(_meets(form, arn) for form in forms)


@cache
def _forms() -> dict[str, tuple[str, ...]]:
    """Every form that some action is evaluated on, by the service in it."""
    found: dict[str, dict[str, None]] = {}
    for service in services():
        for known in actions(service).values():
            for arn in evaluated_on(known):
                if arn != "*":
                    found.setdefault(arn.split(":")[2], {})[arn] = None
    return {service: tuple(arns) for service, arns in found.items()}


def _meets(form: str, arn: str) -> bool:
    """Whether an ARN pattern of a policy has something in common with a form."""
    if form == "*":
        return False
    none = frozenset(resource_pattern((other,)) for other in excepting(form))
    clauses = (frozenset({resource_pattern((form,))}), frozenset({resource_pattern((arn,))}))
    return example(clauses, none) is not None
