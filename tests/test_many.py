"""Files of several services and environments: how the layers are put together, and where faults lie."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import Config, ConfigError, build, load_config, load_configs
from ecsiam.cli.chosen import bound
from ecsiam.config.load import config_of
from ecsiam.config.many import configs_of
from ecsiam.keys.source import parse_source
from ecsiam.model.bounds import LARGEST, MOST_CONFIGS, MOST_VALUES

from .effort import cost, many
from .strategies import Kwargs
from .test_config_schema import WHOLE
from .written import KEYS, from_yaml

ROOT = Path(__file__).resolve().parents[1]
SHOP = ROOT / "examples" / "shop.yaml"
QUEUE = "arn:aws:sqs:eu-west-2:123456789012:jobs"


def read(text: str, name: str = "app.yaml") -> tuple[Config, ...]:
    return tuple(one.config for one in configs_of(parse_source(text, name)).configs)


def named(text: str, *choice: tuple[str, ...]) -> list[str]:
    return [one.name for one in configs_of(parse_source(text, "app.yaml"), *choice).configs]


def faults(text: str, *choice: tuple[str, ...]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configs_of(parse_source(text, "app.yaml"), *choice)
    return [str(fault).removeprefix("app.yaml:") for fault in caught.value.faults]


# ---------------------------------------------------------------- merging is writing it out

ARN = "arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-0a1b2c3d4e5f6071"
SAID: Mapping[str, list[Any]] = {
    "aws_region": ["eu-west-2", "eu-west-1"],
    "account_id": ["123456789012", "012345678901"],
    "enable_efs_access": [True, False, {"parameter": "efs"}],
    "efs_arn": [f"{ARN}8", f"{ARN}9", {"parameter": "efs_arn", "default": f"{ARN}7"}, ""],
    "secrets_arns": [[], ["arn:aws:secretsmanager:eu-west-2:123456789012:secret:a-{environment}-AbCdEf"]],
    "aws_regions": [["eu-west-3"], ["eu-central-1", "eu-west-3"], []],
    "max_session_duration": [3600, 7200],
    "tags": [{"Team": "a"}, {"Team": "b", "Tier": "x"}, {"Tier": None}, {}, {"Team": None, "Cost": "{environment}"}],
    "role_names": [{"task": "t"}, {"execution": "e", "task": None}],
    "quotas": [{"role_trust_policy_length": 2048}, {"role_trust_policy_length": None}],
    "parameters": [{"team": {"default": "a"}}, {"team": {"form": "[a-c]", "description": None}}, {"other": {}}],
    "task_statements": [[{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}], []],
    "path": ["/a/", "/{project_name}/", "wrong"],
}
WITH_SENSE = st.fixed_dictionaries({}, optional={key: st.sampled_from([None, *of]) for key, of in SAID.items()})


def file_of(layers: list[Kwargs]) -> Kwargs:
    """One service in one environment, of four layers."""
    return {
        "defaults": layers[0],
        "environments": {"dev": layers[1]},
        "services": {"a": {**layers[2], "environments": {"dev": layers[3]}}},
    }


@settings(max_examples=many(200))
@given(st.lists(WITH_SENSE, min_size=4, max_size=4))
def test_a_file_of_layers_is_the_config_that_they_come_to(layers: list[Kwargs]) -> None:
    by_hand = written_out(*layers) | {"project_name": "a", "environment": "dev"}
    found, expected = (outcome(json.dumps(data)) for data in (file_of(layers), by_hand))
    assert unnamed(found) == expected
    if isinstance(found, list):
        for message in (one for one in found if one.endswith(WHOSE)):
            assert any(message not in outcome(json.dumps(file_of(less))) for less in without_one(layers)), message
    if isinstance(found, tuple) and isinstance(expected, tuple):
        assert found[0].model_fields_set == expected[0].model_fields_set
        assert build(found[0]) == build(expected[0])


@settings(max_examples=many(30))
@given(st.lists(WITH_SENSE, min_size=4, max_size=4))
def test_the_schema_takes_what_is_taken(layers: list[Kwargs]) -> None:
    """It looks at each layer by itself, so it also refuses what all who inherit it have otherwise."""
    file = file_of([{key: one for key, one in layer.items() if one != "wrong"} for layer in layers])
    if isinstance(outcome(json.dumps(file)), tuple):
        assert WHOLE.is_valid(file)


ANY = st.recursive(
    st.sampled_from([None, "a", "b", [], ["c"], {"parameter": "p"}]),
    lambda inner: st.dictionaries(st.sampled_from(["x", "y", "z"]), inner, max_size=3),
    max_leaves=6,
)
LAYER = st.dictionaries(st.sampled_from(["tags", "role_names", "efs_arn", "s3_bucket_arns", "path"]), ANY, max_size=4)


@settings(max_examples=many(200))
@given(st.lists(LAYER, min_size=4, max_size=4))
def test_whatever_the_layers_say_their_config_says_what_it_would_written_out(layers: list[Kwargs]) -> None:
    """Right or wrong: the messages are those of the config that was written by hand."""
    by_hand = written_out(*layers) | {"project_name": "a", "environment": "dev"}
    assert unnamed(outcome(json.dumps(file_of(layers)))) == outcome(json.dumps(by_hand))


def written_out(*layers: Kwargs) -> Kwargs:
    """The rule by itself: a value replaces, a mapping is merged, `None` takes away, a parameter is a value."""
    found = dict(layers[0])
    for layer in layers[1:]:
        for key, value in layer.items():
            strong = mapping(value) if KEYS[key].type is None else None
            found[key] = value if strong is None else over(mapping(found.get(key)) or {}, strong)
    return found


def over(weak: Kwargs, strong: Kwargs) -> Kwargs:
    found = dict(weak)
    for key, value in strong.items():
        under, inner = mapping(found.get(key)), mapping(value)
        if value is None:
            found.pop(key, None)
        else:
            found[key] = value if under is None or inner is None else over(under, inner)
    return found


def mapping(value: object) -> Kwargs | None:
    """A mapping that is no parameter."""
    return cast("Kwargs", value) if isinstance(value, dict) and "parameter" not in value else None


WHOSE = ", for `a/dev`"  # is said of what a stronger layer has a part in


def unnamed(found: tuple[Config, ...] | list[str]) -> tuple[Config, ...] | list[str]:
    """An outcome as one config has it, whose faults needn't say whose they are."""
    return sorted(message.removesuffix(WHOSE) for message in found) if isinstance(found, list) else found


def without_one(layers: list[Kwargs]) -> Iterator[list[Kwargs]]:
    """The layers without a key of a stronger one, in it or in all of them."""
    for i, layer in enumerate(layers[1:], 1):
        for key in layer:
            less = [{k: v for k, v in one.items() if k != key} for one in layers]
            yield less
            yield [less[i] if j == i else one for j, one in enumerate(layers)]


def outcome(text: str) -> tuple[Config, ...] | list[str]:
    try:
        return read(text, "app.json")
    except ConfigError as e:
        return sorted(f.message for f in e.faults)


@settings(max_examples=many(60))
@given(WITH_SENSE)
def test_a_file_of_one_config_has_that_one(layer: Kwargs) -> None:
    data = {**layer, "project_name": "a", "environment": "dev"}
    found = outcome(json.dumps(data))
    try:
        expected: object = (config_of(parse_source(json.dumps(data), "app.json")),)
    except ConfigError as e:
        expected = sorted(f.message for f in e.faults)
    assert found == expected


def test_a_file_that_is_read_from_its_path(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("project_name: a\nenvironment: dev\n")
    assert load_configs(tmp_path / "one.yaml") == (load_config(tmp_path / "one.yaml"),)
    with pytest.raises(ConfigError, match=r"this file holds several configs, and `load_config` reads one. Read"):
        load_config(SHOP)


# ---------------------------------------------------------------- what an account has one of

HOME = "account_id: '123456789012'"
OPEN = "environments: {c: , b-c: }\nservices:\n  a-b: {only: [c]}\n  a: {only: [b-c]}\n"
CALLED = "IAM compares names without regard to case: set `role_names` in one of them."
POLICY = "IAM compares names without regard to case: set `policy_names` in one of them."
PROVIDER = "An account has one for each URL: let one of them make it."
UPLOADS = "enable_s3_access: true, s3_bucket_arns: ['arn:aws:s3:::shop-uploads']"
GITHUB_MADE = "enable_github_oidc: true, github_repo: a/b, create_oidc_provider: true"
ONE_ACCOUNT: Mapping[str, tuple[str, list[str]]] = {
    "words that come out alike, in an account that is open": (
        OPEN,
        [
            "4: `a-b/c` (line 3) and `a/b-c` would each make the roles `a-b-c-execution-role`, `a-b-c-task-role` "
            f"@ $.services.a. {CALLED}"
        ],
    ),
    "in one that is known": (
        f"defaults: {{{HOME}}}\n{OPEN}",
        [
            "5: `a-b/c` (line 4) and `a/b-c` would each make the roles `a-b-c-execution-role`, `a-b-c-task-role` "
            f"@ $.services.a. {CALLED}"
        ],
    ),
    "in two": (
        f"environments: {{c: {{{HOME}}}, b-c: }}\n{OPEN.partition(chr(10))[2]}",
        [],
    ),
    "a name in the defaults": (
        f"defaults:\n  {HOME}\n  role_names: {{task: t}}\nenvironments: {{dev: , prod: }}\nservices: {{a: , b: }}\n",
        [f"3: `a/dev` and 3 more would each make the role `t` @ $.defaults.role_names.task. {CALLED}"],
    ),
    "of one service, whose environments may be accounts": (
        "defaults: {role_names: {task: t}}\nenvironments: {dev: , prod: }\nservices: {a: }\n",
        [],
    ),
    "names that differ in case": (
        f"environments:\n  dev: {{{HOME}}}\n"
        "services:\n  a: {role_names: {task: T}}\n  b: {role_names: {task: t}}\n",
        [f"5: `a/dev` (line 4) and `b/dev` would each make the role `t` @ $.services.b.role_names.task. {CALLED}"],
    ),
    "inline policies, which are their role's": (
        f"environments:\n  dev: {{{HOME}, policy_names: {{s3: uploads}}, {UPLOADS}}}\nservices: {{a: , b: }}\n",
        [],
    ),
    "managed ones": (
        f"environments:\n  dev: {{{HOME}, policies: managed, policy_names: {{s3: uploads}}, {UPLOADS}}}\n"
        "services: {a: , b: }\n",
        [
            "2: `a/dev` and `b/dev` would each make the managed policy `uploads` "
            f"@ $.environments.dev.policy_names.s3. {POLICY}"
        ],
    ),
    "managed ones that only one makes": (
        f"environments:\n  dev: {{{HOME}, policies: managed, policy_names: {{s3: uploads}}}}\n"
        f"services:\n  a: {{{UPLOADS}}}\n  b:\n",
        [],
    ),
    "a provider": (
        f"environments: {{dev: {{{HOME}}}, prod: }}\nservices:\n  a: {{{GITHUB_MADE}}}\n  b: {{{GITHUB_MADE}}}\n",
        [
            f"4: `a/{of}` (line 3) and `b/{of}` would each make the OIDC provider "
            f"`https://token.actions.githubusercontent.com` @ $.services.b.create_oidc_provider. {PROVIDER}"
            for of in ("dev", "prod")
        ],
    ),
    "a provider in each account": (
        f"environments: {{dev: {{{HOME}}}, prod: }}\nservices:\n  a: {{{GITHUB_MADE}}}\n  b:\n",
        [],
    ),
}


@pytest.mark.parametrize("case", ONE_ACCOUNT)
def test_what_an_account_has_one_of_two_services_do_not_make(case: str) -> None:
    text, expected = ONE_ACCOUNT[case]
    if expected:
        assert faults(text) == expected
    else:
        assert len(read(text)) > 1


def test_of_those_that_were_not_chosen_nothing_is_asked() -> None:
    assert named(OPEN, ("a",)) == ["a/b-c"]


def test_names_are_compared_again_once_more_is_known() -> None:
    text = (
        "defaults: {parameters: {team: {form: '[a-z]+'}}}\nenvironments: {dev: }\n"
        "services:\n  a: {role_names: {task: 'x-{team}'}}\n  b: {role_names: {task: x-ops}}\n"
    )
    file = configs_of(parse_source(text, "app.yaml"))
    assert len(bound(file, {"team": "data"}).configs) == 2
    with pytest.raises(ConfigError, match=r"^`a/dev` and `b/dev` would each make the role `x-ops`\."):
        bound(file, {"team": "ops"})


# ---------------------------------------------------------------- which configs there are


WHICH = {
    "services in environments, both in the order of the file": (
        "environments: {prod: , dev: }\nservices: {b: , a: }",
        ["b/prod", "b/dev", "a/prod", "a/dev"],
    ),
    "where a service runs": (
        "environments: {dev: , prod: }\nservices: {a: {only: [prod]}, b: {only: ~}, c: {only: }}",
        ["a/prod", "b/dev", "b/prod", "c/dev", "c/prod"],
    ),
    "one service in several environments": (
        "defaults: {project_name: memos}\nenvironments: {dev: , prod: }",
        ["memos/dev", "memos/prod"],
    ),
    "which one may call otherwise": (
        "defaults: {project_name: memos}\nenvironments: {dev: , prod: {project_name: memo}}",
        ["memos/dev", "memo/prod"],
    ),
    "several services in one environment": ("defaults: {environment: dev}\nservices: {a: , b: }", ["a/dev", "b/dev"]),
    "or in one of their own": (
        "defaults: {environment: dev}\nservices: {a: , b: {environment: prod}}",
        ["a/dev", "b/prod"],
    ),
    "or in several of their own": (
        "services: {a: {environments: {dev: , prod: }}, b: {environment: test}}",
        ["a/dev", "a/prod", "b/test"],
    ),
    "an empty section of a service says nothing": (
        "environments: {dev: }\nservices: {a: {environments: }}",
        ["a/dev"],
    ),
}


@pytest.mark.parametrize("what", WHICH)
def test_which_configs_a_file_has(what: str) -> None:
    text, expected = WHICH[what]
    assert named(text) == expected
    assert [f"{c.project_name}/{c.environment}" for c in read(text)] == expected


FILE = "environments: {dev: , prod: }\nservices: {shop: , jobs: {only: [prod]}}\n"


def test_which_of_them_are_chosen() -> None:
    assert named(FILE, ("shop",)) == ["shop/dev", "shop/prod"]
    assert named(FILE, ("jobs", "shop"), ("prod",)) == ["shop/prod", "jobs/prod"]
    assert named(FILE, (), ("dev",)) == ["shop/dev"]
    one = "project_name: memos\nenvironment: dev\n"
    assert named(one, ("memos",), ("dev",)) == ["memos/dev"]
    assert faults(FILE, ("shp",), ("x",)) == [
        "`app.yaml` has no service `shp`. Did you mean `shop`?",
        "`app.yaml` has no environment `x`. There are `dev`, `prod`.",
    ]
    assert faults(one, ("memo",)) == ["`app.yaml` has no service `memo`. Did you mean `memos`?"]
    (left,) = faults(FILE, ("jobs",), ("dev",))
    assert left == " `jobs` and `dev` don't go together. There is `jobs/prod`."


def test_a_choice_reads_no_other() -> None:
    text = "environments: {dev: , prod: {path: x}}\nservices: {a: , b: {tags: 1}}"
    assert named(text, ("a",), ("dev",)) == ["a/dev"]
    assert len(faults(text)) == 2


# ---------------------------------------------------------------- what is wrong, and where


WRONG = """\
defaults:
  enable_s3_access: true
  account_id: "111111111111"
  tags:
    Team: "[x]"
environments:
  dev:
  prod:
    account_id: "222222222222"
    max_session_duration: 1
services:
  a:
    s3_bucket_arns: [arn:aws:s3:::memos]
    permissions_boundary_arn: arn:aws:iam::111111111111:policy/b
  b:
    s3_bucket_arns: [arn:aws:s3:::memos]
    environments:
      prod:
        s3_bucket_arns: ~
"""


def test_a_fault_has_the_line_on_which_it_was_written_and_stands_once() -> None:
    boundary = "`arn:aws:iam::111111111111:policy/b` is of account `111111111111`, the roles are of `222222222222`"
    assert faults(WRONG) == [
        "5: `[x]` is not a tag value of letters, digits, spaces and `_.:/=+@-` @ $.defaults.tags.Team. "
        "Write it like `1234`.",
        "10: expected a whole number of seconds from 3600 to 43200, not `1` @ $.environments.prod.max_session_duration",
        f"14: {boundary}, for `a/prod` @ $.services.a.permissions_boundary_arn. "
        "It has to be in the account of the roles.",
        "19: `enable_s3_access` is on and `s3_bucket_arns` is not given, for `b/prod` @ $.defaults.enable_s3_access. "
        "Write `s3_bucket_arns`, or turn the flag off.",
    ]


PLACES = {
    # where the strongest part of a contradiction stands
    "in the environment": (
        "defaults: {permissions_boundary_arn: 'arn:aws:iam::111111111111:policy/b'}\n"
        "environments:\n  dev:\n  prod:\n    account_id: '222222222222'\nservices:\n  a:\n  b:\n",
        ["5"],
    ),
    "in one service only": (
        "defaults: {permissions_boundary_arn: 'arn:aws:iam::111111111111:policy/b'}\n"
        "environments:\n  dev:\nservices:\n  a:\n  b:\n    account_id: '222222222222'\n",
        ["7"],
    ),
    "in a key that the message does not name": (
        "defaults:\n  aws_region: eu-west-2\nenvironments:\n  dev:\nservices:\n  a:\n  b:\n    partition: aws-cn\n",
        ["8"],
    ),
    "all have it": ("defaults:\n  enable_efs_access: true\nenvironments:\n  dev:\nservices:\n  a:\n  b:\n", ["2"]),
    "two services each their own": (
        "environments:\n  dev:\nservices:\n  a:\n    path: x\n  b:\n    path: x\n",
        ["5", "7"],
    ),
    "a list replaces": (
        "defaults:\n  aws_regions:\n    - x\nenvironments:\n  dev:\nservices:\n  a:\n    aws_regions: [eu-west-1]\n"
        "  b:\n",
        ["3"],
    ),
    "an empty value takes away": (
        "defaults:\n  enable_secrets_access: true\n  secrets_arns: [/x]\nenvironments:\n  dev:\n    secrets_arns: []\n"
        "  prod:\n    secrets_arns: ~\nservices:\n  a:\n",
        ["6", "8"],
    ),
    "a part of a mapping": (
        "defaults:\n  tags:\n    A: '[x]'\n    B: b\nenvironments:\n  dev:\n    tags:\n      B: '[y]'\n"
        "services:\n  a:\n    tags:\n      A: a\n",
        ["8"],
    ),
}


@pytest.mark.parametrize("what", PLACES)
def test_the_line_is_that_of_the_strongest_part(what: str) -> None:
    text, lines = PLACES[what]
    assert sorted({fault.partition(":")[0] for fault in faults(text)}, key=int) == lines


def test_whose_it_is_is_said_where_not_all_have_it() -> None:
    text, _ = PLACES["in the environment"]
    (fault,) = faults(text)
    assert ", for `a/prod`, `b/prod` @ $.defaults.permissions_boundary_arn" in fault
    text, _ = PLACES["all have it"]
    (fault,) = faults(text)
    assert ", for" not in fault
    # Nor where all who inherit the value have it through one thing that a stronger layer says.
    (fault,) = faults("defaults: {enable_efs_access: true}\nenvironments: {dev: {efs_arn: ~}}\nservices: {a: }\n")
    assert fault.startswith("1: `enable_efs_access` is on and `efs_arn` is not given @")
    lone = f"defaults: {{enable_efs_access: true, efs_arn: '{ARN}8'}}\nenvironments:\n  dev:\n    efs_arn: ~\n"
    (fault,) = faults(f"{lone}services: {{a: }}\n")
    assert fault.startswith("4: `enable_efs_access` is on and `efs_arn` is not given @")
    (fault,) = faults(f"{lone}  prod:\nservices: {{a: }}\n")
    assert fault.startswith("4: `enable_efs_access` is on and `efs_arn` is not given, for `a/dev` @")


PLACED = """\
defaults:
  aws_region: eu-west-2
  enable_s3_access: true
  s3_bucket_arns: ["arn:aws:s3:::{project_name}{environment}/"]
  tags: {Team: "{account_id}[x]"}
  role_names: {task: "x+{environment}!"}
  permissions_boundary_arn: arn:aws:iam::444444444444:policy/{environment}
environments:
  dev: {account_id: "222222222222"}
  prod: {account_id: "333333333333"}
services:
  a:
  memos:
    environments:
      prod: {role_names: {task: x}}
"""


def test_a_fault_in_a_text_with_placeholders_stands_once_as_it_was_written() -> None:
    boundary = "`arn:aws:iam::444444444444:policy/{}` is of account `444444444444`, the roles are of `{}`"
    of = "@ $.defaults.permissions_boundary_arn. It has to be in the account of the roles."
    assert faults(PLACED) == [
        "4: `arn:aws:s3:::{project_name}{environment}/` names no object @ $.defaults.s3_bucket_arns[0]. "
        "Write `/*` for every object of the bucket.",
        "5: `{account_id}[x]` is not a tag value of letters, digits, spaces and `_.:/=+@-` @ $.defaults.tags.Team. "
        "Write it like `1234`.",
        "6: `x+{environment}!` is not a role name of letters, digits and `_+=,.@-` @ $.defaults.role_names.task. "
        "Write it like `memos-dev-task`.",
        # What the environments say beside it has a part in these, each its own.
        f"9: {boundary.format('dev', '222222222222')}, for `a/dev`, `memos/dev` {of}",
        f"10: {boundary.format('prod', '333333333333')}, for `a/prod`, `memos/prod` {of}",
    ]


def test_how_long_a_name_comes_out_is_said_once() -> None:
    name = f"{'l' * 40}-{{project_name}}-{{environment}}"
    names = f"defaults: {{role_names: {{task: '{name}'}}}}"
    (fault,) = faults(f"{names}\nenvironments: {{dev: , prod: }}\nservices: {{a: , {'b' * 20}: }}\n")
    assert fault.startswith(f"1: `{name}` has 65 characters, at most 64 are taken, for `{'b' * 20}/dev`, ")


def test_what_is_said_to_one_alone_has_its_own_values() -> None:
    (fault,) = [f for f in faults(PLACED, ("a",), ("dev",)) if f.startswith("4:")]
    assert "`arn:aws:s3:::adev/` names no object" in fault


REFUSED: dict[str, tuple[str, list[str]]] = {
    "a key beside the sections": (
        "environments: {dev: }\nservices: {a: }\ntags: {}\nproject_name: a\nservice: {}\n",
        [
            "3: `tags` stands beside `environments`, `services` @ $.tags. Put it under `defaults:`.",
            "4: `project_name` stands beside `environments`, `services` @ $.project_name. "
            "Leave it out: each key of `services` is one.",
            "5: unknown key `service` @ $.service. Did you mean `services`?",
        ],
    ),
    "a name beside a section that does not give it": (
        "services: {a: {environment: dev}}\nenvironment: dev\n",
        ["2: `environment` stands beside `services` @ $.environment. Put it under `defaults:`."],
    ),
    "defaults of nothing": (
        "defaults: {path: /}\n",
        [
            "1: `defaults` is there, and neither `services` nor `environments` @ $.defaults. "
            "Name them, or write the keys without `defaults:` where the file is one config."
        ],
    ),
    "empty sections": (
        "services:\nenvironments: []\n",
        [
            "1: `services` is empty @ $.services. Write the name of each service on a line below it, with a colon.",
            "2: `environments` is empty @ $.environments. "
            "Write the name of each environment on a line below it, with a colon.",
        ],
    ),
    "sections that are none": (
        "services: [a]\ndefaults: x\n",
        [
            "1: expected a mapping, not a list @ $.services. "
            "Write the name of each service on a line below it, with a colon.",
            "2: expected a mapping, not `x` @ $.defaults. Write `key: value` lines below it.",
        ],
    ),
    "names in layers": (
        "defaults: {project_name: a, environment: b}\nenvironments:\n  dev: {environment: x}\n"
        "services:\n  a: {project_name: b}\n  b:\n    environments:\n      dev: {environment: x}\n",
        [
            f"{line}: `{key}` can't stand here @ $.{path}.{key}. Leave it out: each key of `{section}` is one."
            for line, path, key, section in (
                (1, "defaults", "project_name", "services"),
                (1, "defaults", "environment", "environments"),
                (3, "environments.dev", "environment", "environments"),
                (5, "services.a", "project_name", "services"),
                (8, "services.b.environments.dev", "environment", "environments"),
            )
        ],
    ),
    "unknown keys": (
        "defaults: {efs_ar: x}\nenvironments:\n  dev: {only: [dev]}\nservices:\n  a: {onl: [dev]}\n",
        [
            "1: unknown key `efs_ar` @ $.defaults.efs_ar. Did you mean `efs_arn`?",
            "3: unknown key `only` @ $.environments.dev.only. See `ecsiam schema`.",
            "5: unknown key `onl` @ $.services.a.onl. Did you mean `only`?",
        ],
    ),
    "environments that there are none of": (
        "environments: {dev: , prod: }\nservices:\n  a:\n    only: [pord]\n  b:\n    environments: {dve: }\n"
        "  c:\n    only: [dev]\n    environments: {prod: }\n",
        [
            "4: there is no environment `pord` @ $.services.a.only[0]. Did you mean `prod`?",
            "6: there is no environment `dve` @ $.services.b.environments.dve. Did you mean `dev`?",
            "9: `c` doesn't run in `prod` @ $.services.c.environments.prod. Add it to `only`, or leave this out.",
        ],
    ),
    "only without environments": (
        "services:\n  a: {only: [dev], environment: dev}\n",
        [
            "2: `only` chooses among `environments`, and the file has none @ $.services.a.only. "
            "Name the environments there, each with what all services have in it."
        ],
    ),
    "no environment": (
        "services: {a: , b: }\n",
        [
            "1: no environment is given @ $.services. "
            "Name the environments under `environments:`, or write `environment:` under `defaults:`."
        ],
    ),
    "no environment for one": (
        "services:\n  a: {environment: dev}\n  b:\n",
        [
            "3: no environment is given @ $.services.b. "
            "Name the environments under `environments:`, or write `environment:` under `defaults:`."
        ],
    ),
    "no service": (
        "environments: {dev: , prod: }\n",
        [
            "1: `project_name` is missing @ $.environments. "
            "Write `project_name:` under `defaults:`, or name the services under `services:`."
        ],
    ),
    "a name left to deployment": (
        "defaults: {project_name: {parameter: project_name}}\nenvironments: {dev: , prod: }\n",
        [
            "1: `project_name` can't be a parameter in a file of several configs @ $.defaults.project_name. "
            "Write it out: the configs of a file are told apart by it."
        ],
    ),
    "names that are none": (
        "environments:\n  dev:\nservices:\n  a b:\n",
        [
            "4: `a b` is not a name of letters, digits, `_`, `.` and `-` (what role names and log groups share) @ "
            "$.services.a b. Write it like `memos`."
        ],
    ),
    "names that differ in case only": (
        "environments: {dev: }\nservices:\n  a:\n  A:\n",
        ["4: services `a` and `A` differ only in case @ $.services.A. IAM's names and folders don't tell them apart."],
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_with_the_sections_is_said(what: str) -> None:
    text, expected = REFUSED[what]
    assert faults(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in REFUSED.values()])
def test_the_schema_refuses_it_too_or_a_name_has_to_be_looked_up(text: str) -> None:

    looked_up = ("there is no environment", "doesn't run in", "differ only in case", "no environment is given")
    named_by = ("is missing", "stands beside")
    try:
        configs_of(parse_source(text, "app.yaml"))
    except ConfigError as e:
        across = [f for f in e.faults if any(word in f.message for word in (*looked_up, *named_by))]
        if len(across) < len(e.faults):
            assert not WHOLE.is_valid(from_yaml(text))


def test_all_faults_of_all_services_at_once_up_to_a_bound() -> None:
    text = "environments: {dev: }\nservices:\n" + "".join(f"  s{i}: {{path: x, tags: 1}}\n" for i in range(2000))
    found = faults(text)
    assert len(found) == 101
    assert "too many faults to go on" in found[-1]


# ---------------------------------------------------------------- how much is read


def shops(services: int) -> str:
    each = "    enable_efs_access: true\n    efs_arn: {}\n    tags: {{A: b}}\n"
    each += "    environments: {{prod: {{tags: {{A: ~}}}}}}\n"
    arn = "arn:aws:elasticfilesystem:eu-west-2:123456789012:file-system/fs-0a1b2c3d4e5f60718"
    body = "".join(f"  s{i}:\n{each.format(arn)}" for i in range(services))
    return f"defaults: {{aws_region: eu-west-2}}\nenvironments: {{dev: , prod: }}\nservices:\n{body}"


def test_two_thousand_services_are_read_in_linear_time() -> None:
    text = shops(2000)
    assert len(text) > LARGEST
    found: list[int] = []
    few = cost(lambda: found.append(len(read(shops(200)))))
    many_ = cost(lambda: found.append(len(read(text))))
    assert found == [400, 4000]
    assert many_ < 16 * few


HOSTILE: dict[str, tuple[str, str]] = {
    "a service as large as a file may not be": (
        f"services:\n  a:\n    environment: dev\n    path: {'x' * 2 * LARGEST}\n",
        "app.yaml: larger than 320 KiB",
    ),
    "values of one service": (f"services:\n  a: [{'x,' * 2 * MOST_VALUES}]\n", "more than 25,000 keys and values"),
    "more configs than are meant": (
        "environments:\n"
        + "".join(f"  e{i}:\n" for i in range(200))
        + "services:\n"
        + "  s{}:\n" * 0
        + "".join(f"  s{i}:\n" for i in range(200)),
        f"more than {MOST_CONFIGS:,} configs",
    ),
    "what all inherit": (
        "defaults:\n  secrets_arns:\n"
        + "    - x\n" * 15_000
        + "environments: {dev: }\nservices:\n"
        + "".join(f"  s{i}:\n" for i in range(500)),
        "more than 2,000,000 keys and values in all configs, with what they inherit",
    ),
    "a config that its layers make too large": (
        "defaults:\n  secrets_arns:\n"
        + "    - x\n" * 9_000
        + "environments:\n  dev:\n    s3_bucket_arns:\n"
        + "      - x\n" * 9_000
        + "services:\n  s:\n    task_statements:\n"
        + "      - x\n" * 5_000,
        "has more than 20,000 keys and values",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", ["app.yaml", "app.json"])
def test_more_than_is_meant_is_refused_at_once(what: str, name: str) -> None:
    text, said = HOSTILE[what]
    if name == "app.json":
        text = json.dumps(from_yaml(text))
        said = said.replace("app.yaml", "app.json")
    found: list[str] = []

    def act() -> None:
        with pytest.raises(ConfigError) as caught:
            configs_of(parse_source(text, name))
        found.extend(map(str, caught.value.faults))

    assert cost(act) < 20
    assert any(said in fault for fault in found), found[:3]


def test_a_file_of_one_config_is_bounded_as_ever() -> None:
    text = f"project_name: a\npath: {'x' * LARGEST}\nservices:\n"
    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        parse_source(text, "app.yaml")


# ---------------------------------------------------------------- the example


def of_shop() -> Iterator[Config]:
    yield from load_configs(SHOP)


def test_the_example_says_what_it_seems_to() -> None:
    dev, prod, reports = of_shop()
    assert [f"{c.project_name}/{c.environment}" for c in (dev, prod, reports)] == [
        "shop/dev",
        "shop/prod",
        "reports/prod",
    ]
    assert (dev.enable_ecs_exec, prod.enable_ecs_exec) == (True, False)
    assert (dev.tags, prod.tags) == ({"Team": "shop"}, {"Team": "shop", "Tier": "gold"})
    assert (dev.s3_bucket_arns, prod.s3_bucket_arns) == (
        ("arn:aws:s3:::shop-dev-uploads",),
        ("arn:aws:s3:::shop-prod-uploads",),
    )
    assert {c.source for c in (dev, prod, reports)} == {"shop.yaml"}
    for config in of_shop():
        assert build(config).roles
