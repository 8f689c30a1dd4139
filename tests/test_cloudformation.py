"""CloudFormation's linter and two servers that create stacks read the template, and say of it what the model says."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, cast

import pytest
from attrs import evolve
from cfnlint.config import ConfigMixIn
from cfnlint.decode.decode import decode_str
from cfnlint.runner import Runner
from moto.utilities.utils import PARTITION_NAMES

from ecsiam import Config, EmitError, Stack, build, emit
from ecsiam.config.describe import module
from ecsiam.config.load import config_of
from ecsiam.emitters.takes import literal, too_much
from ecsiam.features.table import ROLES
from ecsiam.keys.source import parse_source
from ecsiam.model.arn_forms import BUCKET_ARN
from ecsiam.model.by_id import ById
from ecsiam.model.form import Form
from ecsiam.model.names import camel_case
from ecsiam.model.oidc_forms import GITHUB_AUDIENCE
from ecsiam.model.planned import planned
from ecsiam.model.policy import Policy
from ecsiam.model.role import RolePolicy
from ecsiam.model.statement import ELEMENTS, Statement
from ecsiam.model.text import ACCOUNT_ID, AWS_REGION, PARTITION, Text
from ecsiam.targets import TargetName

from . import meaning, strategies
from .aws import roles
from .aws.servers import Server
from .batch import batch
from .cases import CASES, REFUSED, stack_of
from .every_form import FORMS
from .meaning import HERE, Made
from .strategies import Kwargs

STACKS = [case for case in CASES if (case, "cloudformation") not in REFUSED]
SIZE_LIMIT = 51_200  # bytes that create-stack takes directly
CONFIGS = 40
SERVED = 15  # of them through the servers


def template_of(stack: Stack) -> dict[str, Any]:
    template: dict[str, Any] = json.loads(str(emit(stack, "cloudformation")))
    return template


@cache
def generated() -> list[Stack]:
    """Stacks of configs that Hypothesis chose; raw statements would be refused for what they say, not for how."""
    return [build(Config(**config)) for config in batch(strategies.emittable(raw=False), CONFIGS)]


# ---------------------------------------------------------------- the linter


@cache
def linter() -> Any:
    """cfn-lint as its command line runs it, and as `cfnlint.api.lint` does, but with its rules read once."""
    return Runner(ConfigMixIn(regions=[HERE["aws_region"]]))


# The linter's schema of principals knows the roots and roles of three partitions alone, written out or by Fn::Sub.
NEWER_PARTITIONS = re.compile(r"arn:aws-(eusc|iso[a-z-]*):iam:")


def findings(template: str) -> dict[str, list[str]]:
    """What the linter finds, by the rule's id."""
    decoded, faults = decode_str(template)
    found: dict[str, list[str]] = {}
    for match in [*faults, *linter().validate_template(decoded)]:
        if match.rule.id not in ("E3530", "W1031") or not NEWER_PARTITIONS.search(template):
            found.setdefault(match.rule.id, []).append(str(match))
    return found


@pytest.mark.parametrize("case", STACKS)
def test_the_linter_finds_nothing(case: str) -> None:
    found = findings(str(emit(stack_of(case), "cloudformation")))
    if case == "statements":  # `${AWS::Region}` stands there as plain text, which the linter takes for a slip
        assert len(found.pop("E1029")) == 1
    assert found == {}


def test_the_linter_finds_nothing_in_what_any_config_gives() -> None:
    for stack in generated():
        template = str(emit(stack, "cloudformation"))
        assert findings(template) == {}, template


@pytest.mark.parametrize(("name", "value", "rule"), [("Descripton", "a role", "E3002"), ("Path", ["/"], "E3012")])
def test_the_linter_finds_what_is_wrong(name: str, value: object, rule: str) -> None:
    template = template_of(stack_of("memos"))
    template["Resources"]["TaskRole"]["Properties"][name] = value
    assert findings(json.dumps(template)).keys() == {rule}


@pytest.mark.parametrize("case", STACKS)
def test_a_template_is_small_enough_for_a_direct_create_stack(case: str) -> None:
    """With half of it to spare, for the roles that most services have."""
    stack = stack_of(case)
    most = SIZE_LIMIT if any(ROLES[role].aside for role in stack.roles) else SIZE_LIMIT / 2
    assert len(str(emit(stack, "cloudformation")).encode()) < most


@pytest.mark.parametrize("case", STACKS)
def test_ids_are_camel_case(case: str) -> None:
    stack = stack_of(case)
    template = template_of(stack)
    of_type: dict[str, set[str]] = {}
    for id_, resource in template["Resources"].items():
        of_type.setdefault(resource["Type"], set()).add(id_)
    assert of_type["AWS::IAM::Role"] == {camel_case(f"{role}_role") for role in stack.roles}
    policies = {camel_case(f"{p.id}_policy") for role in planned(stack).roles.values() for p in role.own_managed}
    assert of_type.get("AWS::IAM::ManagedPolicy", set()) == policies
    profiles = {camel_case(f"{role.id}_profile") for role in stack.roles.values() if role.profile}
    assert of_type.get("AWS::IAM::InstanceProfile", set()) == profiles
    providers = {camel_case(f"{role}_oidc_provider") for role in stack.providers}
    assert of_type.get("AWS::IAM::OIDCProvider", set()) == providers
    if not any(ROLES[role].aside for role in stack.roles):
        assert of_type["AWS::IAM::Role"] <= {"ExecutionRole", "TaskRole", "GithubActionsRole"}
    assert all(re.fullmatch("([A-Z][a-z0-9]+)+", id_) for id_ in [*template["Resources"], *template["Outputs"]])


# ---------------------------------------------------------------- the order

# As people write them. What isn't in a row keeps the order of the model, which the goldens show.
SECTIONS = (
    *("AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Conditions", "Resources"),
    "Outputs",
)
IN_ORDER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Properties", ("Type", "Condition", "Properties")),
    ("RoleName", ("RoleName", "Path", "Description", "AssumeRolePolicyDocument")),
    ("PolicyDocument", ("PolicyName", "PolicyDocument")),
    ("Statement", ("Version", "Id", "Statement")),
    ("Effect", ELEMENTS),
    ("Assertions", ("RuleCondition", "Assertions")),
)


def objects(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        yield cast("dict[str, object]", value)
    if isinstance(value, dict | list):
        inside = cast("dict[str, object]", value).values() if isinstance(value, dict) else cast("list[object]", value)
        for one in inside:
            yield from objects(one)


def assert_in_order(template: dict[str, Any]) -> None:
    assert [*template] == [section for section in SECTIONS if section in template]
    seen: set[str] = set()
    for one in objects({key: template[key] for key in ("Rules", "Resources") if key in template}):
        mark, order = next(((m, o) for m, o in IN_ORDER if m in one), ("", ()))
        seen.add(mark)
        assert [key for key in one if key in order] == [key for key in order if key in one]
    assert seen >= {"Properties", "RoleName", "Statement", "Effect"}
    for parameter in template.get("Parameters", {}).values():
        first = [key for key in ("Type", "Description", "Default") if key in parameter]
        assert [*parameter][: len(first)] == first
    for output in template["Outputs"].values():
        assert [*output] == [key for key in ("Description", "Condition", "Value") if key in output]


@pytest.mark.parametrize("case", STACKS)
def test_a_template_is_in_the_order_in_which_people_write(case: str) -> None:
    assert_in_order(template_of(stack_of(case)))


def test_a_template_of_any_config_is_in_that_order_however_the_config_was_written() -> None:
    for config in batch(strategies.emittable(raw=False), CONFIGS):
        template = template_of(build(Config(**config)))
        assert_in_order(template)
        turned = template_of(build(Config(**dict(reversed(config.items())))))
        assert json.dumps(turned) == json.dumps(template)


# ---------------------------------------------------------------- servers


@dataclass(frozen=True)
class Store(Server):
    """A server that keeps of a stack's role all but one thing. Its clients are made once: that takes longest."""

    without: Literal["managed_policy_arns", "permissions_boundary"] = "managed_policy_arns"

    def client(self, service: str, credentials: Any = None) -> Any:
        return _client(self.url, service, credentials)

    def keeps(self, role: Made) -> Made:
        match self.without:
            case "managed_policy_arns":
                return evolve(role, managed_policy_arns=frozenset(), own={})
            case "permissions_boundary":
                return evolve(role, permissions_boundary=None)


@cache
def _client(url: str, service: str, credentials: Any) -> Any:
    return Server(url).client(service, credentials)


@pytest.fixture(scope="module", params=["moto_server", "ministack_open"])
def store(request: pytest.FixtureRequest) -> Store:
    """moto, which drops ManagedPolicyArns, or ministack, which drops PermissionsBoundary: together they keep all."""
    url = request.getfixturevalue(request.param).url
    found = Store(url, "managed_policy_arns" if request.param == "moto_server" else "permissions_boundary")
    for path, name in (("/boundaries/", "ecs"), ("/teams/notes/", "shared")):  # that the cases name
        anything = roles.policy_text({"Effect": "Allow", "Action": "*", "Resource": "*"})
        found.client("iam").create_policy(PolicyName=name, Path=path, PolicyDocument=anything)
    return found


def renamed(stack: Stack) -> Stack:
    """The stack with names that no other test has: the servers live on."""
    mark = roles.unused("p")
    return evolve(
        stack,
        roles=[
            evolve(
                role,
                name=roles.unused(role.id),
                policies=[evolve(p, name=f"{mark}-{p.id}") if p.managed else p for p in role.policies.values()],
            )
            for role in stack.roles.values()
        ],
    )


def create_and_compare(store: Store, stack: Stack) -> None:
    stack = renamed(stack)
    if store.without == "permissions_boundary":  # ministack knows no OIDC provider, moto passes it over
        stack = evolve(stack, providers=())
    where = {**HERE, **stack.deployment.home.known}
    expected = meaning.of_stack(stack, where)
    outputs = roles.create_stack(store, template_of(stack))
    iam = store.client("iam")
    made = {name: meaning.of_server(roles.read_role(iam, name), role.own)[name] for name, role in expected.items()}
    assert made == {name: store.keeps(role) for name, role in expected.items()}
    # The account is the server's own, whatever the config calls it.
    handed_on = meaning.outputs_of_stack(stack, where | {"account_id": HERE["account_id"], "partition": "aws"})
    assert outputs == {camel_case(name): value for name, value in handed_on.items() if value}


@pytest.mark.parametrize("case", STACKS)
def test_roles_of_a_created_stack_are_the_models(store: Store, case: str) -> None:
    create_and_compare(store, stack_of(case))


def test_roles_of_any_configs_stack_are_the_models(store: Store) -> None:
    moto = store.without == "managed_policy_arns"  # which knows not all partitions
    stacks = [s for s in generated() if not moto or {**HERE, **s.deployment.home.known}["partition"] in PARTITION_NAMES]
    assert len(stacks) > SERVED
    for stack in stacks[:SERVED]:
        # moto knows not all of the partitions that a boundary may be of.
        boundaries = [str(role.permissions_boundary) for role in stack.roles.values()]
        strange = not all(boundary.startswith(("None", "arn:aws:")) for boundary in boundaries)
        kept = [evolve(role, permissions_boundary=None) if strange else role for role in stack.roles.values()]
        create_and_compare(store, evolve(stack, roles=kept))


def with_resources(*resources: Text) -> Stack:
    """Two roles, of which the task's may read some things."""
    stack = stack_of("minimal")
    reads = RolePolicy("s3", "reads", Policy(Statement("Allow", "s3:GetObject", list(resources))))
    made = [evolve(role, policies=[reads] if role.id == "task" else ()) for role in stack.roles.values()]
    return evolve(stack, roles=made)


def test_text_with_an_iam_variable_is_joined_and_other_text_substituted(store: Store) -> None:
    texts = [
        Text.of("arn:", PARTITION, ":s3:::b-", ACCOUNT_ID, "/${aws:username}/", AWS_REGION),
        Text.of("arn:", PARTITION, ":s3:::b-", ACCOUNT_ID, "/$", AWS_REGION),
        Text.of("arn:", PARTITION, ":s3:::b-", ACCOUNT_ID, "/${!x}/${AWS::Region}"),
        Text.of("arn:", PARTITION, ":s3:::b-", ACCOUNT_ID, "/{x}/*"),
        Text.of("arn:aws:s3:::b/${aws:username}/${AWS::Partition}"),
    ]
    stack = with_resources(*texts)
    policies = template_of(stack)["Resources"]["TaskRole"]["Properties"]["Policies"]
    *written, plain = policies[0]["PolicyDocument"]["Statement"][0]["Resource"]
    assert [list(text) for text in written] == [["Fn::Join"], ["Fn::Join"], ["Fn::Join"], ["Fn::Sub"]]
    assert plain == "arn:aws:s3:::b/${aws:username}/${AWS::Partition}"
    create_and_compare(store, stack)


# ---------------------------------------------------------------- refusals


def test_what_cloudformation_would_take_for_its_own_is_refused_all_at_once() -> None:
    found = Text.of("arn:aws:s3:::b/{{resolve:ssm:x}}")
    joined = Text.of("arn:aws:s3:::{{resolve:ssm:", AWS_REGION, "}}")
    stack = with_resources(found, joined)
    tagged = [evolve(role, tags={"a": "{{resolve:ssm:y}}"}) for role in stack.roles.values() if role.id == "task"]
    with pytest.raises(EmitError) as caught:
        emit(evolve(stack, roles=tagged), "cloudformation")
    where = "@ $.roles.task. Leave it out, or emit for another target."
    assert str(caught.value).splitlines() == [
        f"CloudFormation would look up the reference in `arn:aws:s3:::b/{{{{resolve:ssm:x}}}}` {where}",
        f"CloudFormation would look up the reference in `arn:aws:s3:::{{{{resolve:ssm:{{aws_region}}}}}}` {where}",
        f"CloudFormation would look up the reference in `{{{{resolve:ssm:y}}}}` {where}",
    ]


@pytest.mark.parametrize("target", ["cloudformation", "terraform", "iam"])
def test_an_empty_tag_of_a_provider_is_refused_where_it_is_not_taken(target: TargetName) -> None:
    """IAM takes one on any resource, and CloudFormation only on roles.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-iam-oidcprovider-tag.html
    """
    keys: Kwargs = {"enable_github_oidc": True, "github_repo": "octo-org/memos", "tags": {"Team": "", "Tier": "x"}}
    keys |= {"account_id": "123456789012", "aws_region": "eu-west-2", "partition": "aws"}
    keys |= {"project_name": "memos", "environment": "dev"}
    assert emit(build(Config(**keys)), target).files
    stack = build(Config(**keys, create_oidc_provider=True))
    if target != "cloudformation":
        assert emit(stack, target).files
        return
    with pytest.raises(EmitError) as caught:
        emit(stack, target)
    assert [str(fault) for fault in caught.value.faults] == [
        "CloudFormation takes no empty value of a provider's tag, and that of `Team` is @ $.providers.github_actions. "
        "Give it a value, or emit for another target."
    ]


def test_a_name_that_is_none_is_refused() -> None:
    stack = stack_of("minimal")
    made = [evolve(role, name="a b") for role in stack.roles.values() if role.id == "task"]
    with pytest.raises(EmitError) as caught:
        emit(evolve(stack, roles=made), "cloudformation")
    assert str(caught.value) == "CloudFormation does not take the role `a b`: a b is not a valid iam name"


# ---------------------------------------------------------------- limits, and values at deployment

REFERENCE = "{{resolve:ssm:/x:1}}"


def everything_open(**more: object) -> Stack:
    return build(config_of(parse_source(module(), "module.yaml"))).bind(more)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_no_pattern_takes_a_dynamic_reference_anywhere(form: Form) -> None:
    """Put into each value that the form takes, at each place and in each place's stead."""
    pattern = re.compile(literal(form.pattern), re.ASCII)
    for good in form.good:
        if "{" not in good:
            assert pattern.fullmatch(good)
        for i in range(len(good) + 1):
            for j in range(i, len(good) + 1):
                assert not pattern.fullmatch(f"{good[:i]}{REFERENCE}{good[j:]}")
                assert not pattern.fullmatch(f"{good[:i]}{{{{resolve:{good[j:]}")


def test_a_brace_is_left_only_in_a_variable_of_iam() -> None:
    """No class of characters holds one, so that no two of them can stand side by side."""
    for form in FORMS.values():
        pattern = literal(form.pattern)
        assert not any(re.fullmatch(c, "{") for c in re.findall(r"\[(?:[^\]\\]|\\.)*\]", pattern))
        assert pattern.count(r"\{") == pattern.count(r"\$\{")
    assert BUCKET_ARN.good[-1].count("${") == 1
    assert re.fullmatch(literal(BUCKET_ARN.pattern), BUCKET_ARN.good[-1])


@pytest.mark.parametrize("default", [REFERENCE, f"x{REFERENCE}y", "{{resolve:secretsmanager:a}}"])
def test_a_default_that_is_a_dynamic_reference_is_refused(default: str) -> None:
    stack = everything_open()
    audience = evolve(stack.deployment.variables["github_repo"], form=GITHUB_AUDIENCE, default=default)
    others = [v for v in stack.deployment.variables.values() if v.id != audience.id]
    stack = evolve(stack, deployment=evolve(stack.deployment, variables=ById([*others, audience])))
    with pytest.raises(EmitError, match=r"in the default of `github_repo` is not .*no `\{` stands for itself"):
        emit(stack, "cloudformation")


def described(description: str) -> Stack:
    stack = everything_open()
    first, *others = stack.deployment.variables.values()
    return evolve(
        stack, deployment=evolve(stack.deployment, variables=ById([evolve(first, description=description), *others]))
    )


@pytest.mark.parametrize(("length", "taken"), [(4000, True), (4001, False)])
def test_a_description_of_a_parameter_has_a_longest(length: int, taken: bool) -> None:
    stack = described("x" * length)
    if taken:
        emit(stack, "cloudformation")
        return
    with pytest.raises(EmitError) as caught:
        emit(stack, "cloudformation")
    name = camel_case(next(iter(stack.deployment.variables)))
    fault = f"`Description` of the parameter `{name}` has 4,001 characters, CloudFormation takes 4,000. Write less."
    assert str(caught.value) == fault


# Each of CloudFormation's limits, and a template at it and one over it.
PARTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "200 parameters": lambda n: {"Parameters": {f"P{i}": {} for i in range(200 + n)}},
    "500 resources": lambda n: {"Resources": {f"R{i}": {} for i in range(500 + n)}},
    "200 outputs": lambda n: {"Outputs": {f"O{i}": {} for i in range(200 + n)}},
    "names": lambda n: {"Resources": {"R" * (255 + n): {}}},
    "the description, in bytes": lambda n: {"Description": "é" * 511 + "xx" + "x" * n},
    "of an output": lambda n: {"Outputs": {"O": {"Description": "x" * (1024 + n)}}},
    "of a parameter": lambda n: {"Parameters": {"P": {"Description": "x" * (4000 + n)}}},
    "of a constraint": lambda n: {"Parameters": {"P": {"ConstraintDescription": "x" * (4000 + n)}}},
    "a default": lambda n: {"Parameters": {"P": {"Default": "x" * (4096 + n)}}},
    "the whole": lambda n: {"Metadata": "x" * (1_000_000 - len(json.dumps({"Metadata": ""}, indent=2)) + n)},
}


@pytest.mark.parametrize("part", PARTS)
def test_what_is_over_a_limit_is_refused_and_what_is_at_it_is_not(part: str) -> None:
    assert not list(too_much(PARTS[part](0)))
    assert len(list(too_much(PARTS[part](1)))) == 1
