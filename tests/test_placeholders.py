"""Placeholders in the texts of a config: what stands for them, and what can't."""

import re
from collections.abc import Mapping
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecsiam import Config, ConfigError, Parameter, Stack, Statement, build, emit
from ecsiam.errors import show_path
from ecsiam.keys.kinds import PLACED, TEMPLATE
from ecsiam.keys.placeholders import Misplaced, Placeholder, fill, leads_out
from ecsiam.keys.source import parse_source
from ecsiam.model import forms
from ecsiam.model.home import HOME_FORMS
from ecsiam.model.pattern import Pattern
from ecsiam.model.text import Template, Text

from .cases import ROOT
from .effort import many

HOME = {"account_id": "123456789012", "aws_region": "eu-west-2", "partition": "aws"}
SERVICE = {"project_name": "memos", "environment": "dev"}
BUCKET = "arn:{partition}:s3:::{project_name}-{environment}-uploads/*"


def config(**given: object) -> Config:
    found: dict[str, Any] = {**SERVICE, **given}
    return Config(**found)


def faults(**given: object) -> list[str]:
    with pytest.raises(ConfigError) as e:
        config(**given)
    return [f"{show_path(f.path)}: {f.message}. {f.remedy}" for f in e.value.faults]


# ---------------------------------------------------------------- what stands for them


def test_templates_that_read_alike_stand_each_for_its_own() -> None:
    """Two environments of one file, with a part that deployment fills in."""
    team = {"team": {"form": "[a-z]+"}}
    arns = ["arn:aws:sqs:eu-west-2:123456789012:{environment}-{team}", "arn:aws:s3:::{environment}-{team}"]
    for environment in ("dev", "prod"):
        access = [{"arns": [arn], "access": [verb]} for arn, verb in zip(arns, ("send", "read"), strict=True)]
        stack = build(config(**HOME, environment=environment, parameters=team, task_access=access))
        said = [str(t) for p in stack.roles["task"].policies.values() for s in p.document.statements for t in s.texts()]
        named = {text.rsplit(":", 1)[1] for text in said if "{team}" in text}
        assert named
        assert {name.split("-")[0] for name in named} == {environment}


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("a-{environment}", "a-dev"),
        ("{project_name}", "memos"),
        ("{{environment}}", "{environment}"),
        ("{{{environment}}}", "{dev}"),
        ("}}{{", "}{"),
        ("${aws:username}", "${aws:username}"),
        ("${aws:PrincipalTag/x, 'a'}", "${aws:PrincipalTag/x, 'a'}"),
        ("${*}${?}${$}", "${*}${?}${$}"),
        ("$${{environment}}", "$${environment}"),
        ("${{environment}}", "${environment}"),
        ("${aws:username}-{environment}", "${aws:username}-dev"),
        ("no brace at all", "no brace at all"),
    ],
)
def test_what_a_text_means(written: str, means: str) -> None:
    raw = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    condition = {"StringEquals": {"aws:PrincipalTag/a": written}}
    [statement] = config(task_statements=[{**raw, "Condition": condition}]).task_statements
    assert isinstance(statement, Statement)
    assert [str(v) for v in statement.conditions[0].values] == [means]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "{enviroment}",
            "there is no placeholder `{enviroment}`. Did you mean `{environment}`? A brace is written twice.",
        ),
        ("{env}", "there is no placeholder `{env}`. Did you mean `{environment}`? A brace is written twice."),
        ("{}", "there is no placeholder `{}`."),
        ("{Environment}", "there is no placeholder `{Environment}`. Did you mean `{environment}`?"),
        ("{environment.x}", "there is no placeholder `{environment.x}`."),
        ("${environment}", "`${environment}` is a placeholder behind a dollar, which IAM takes for a variable"),
        ("${account_id}x", "`${account_id}` is a placeholder behind a dollar"),
        ("a{", "a `{` that stands alone. Write `{{` for the character itself."),
        ("a}", "a `}` that stands alone. Write `}}` for the character itself."),
        ("{a{b}", "a `{` that stands alone"),
    ],
)
def test_what_no_text_means(written: str, message: str) -> None:
    [fault] = faults(tags={"Team": written})
    assert fault.startswith(f"$.tags.Team: {message}")
    raw = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [f"arn:aws:s3:::b/{written}"]}
    [fault] = faults(task_statements=[raw])
    assert fault.startswith(f"$.task_statements[0].Resource[0]: {message}")


@settings(max_examples=many(300))
@given(st.lists(st.sampled_from(["{", "}", "{{", "}}", "$", "{x}", "{X}", "${x y}", "a", "\0", "\n"]), max_size=8))
def test_the_schema_finds_the_placeholders_that_are_read(parts: list[str]) -> None:
    written = "".join(parts)
    read, otherwise = (fill(written, {"x": Placeholder(Text.of(value), value)}) for value in ("y", "z"))
    pattern = cast("Any", TEMPLATE)["then"]["pattern"].removesuffix("$") + r"\Z"
    if isinstance(read, Misplaced):
        # Which names there are, no schema can see.
        assert not re.search(pattern, written) or re.search("behind a dollar|no placeholder", read.fault.message)
    else:
        assert re.search(pattern, written)
        assert (re.search(PLACED, written) is not None) == (read != otherwise)


def test_actions_and_the_keys_of_conditions_hold_none() -> None:
    """Put in there, they would be another action or key; left, a Deny would never hold."""
    raw = {"Effect": "Deny", "Action": ["s3:GetObject", "s3:Get{environment}"], "Resource": "*"}
    [fault] = faults(task_statements=[raw])
    assert fault.startswith("$.task_statements[0].Action[1]: `s3:Get{environment}` holds the placeholder")
    condition = {"StringEquals": {"s3:ExistingObjectTag/{environment}-lock": "{environment}"}}
    [fault] = faults(task_statements=[{**raw, "Action": "s3:*", "Condition": condition}])
    assert fault.startswith("$.task_statements[0].Condition.StringEquals: `s3:ExistingObjectTag/{environment}-lock`")
    assert "a key of a condition takes none" in fault


def test_forms_and_checks_are_read_of_what_was_put_in() -> None:
    [fault] = faults(enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::{project_name}/"])
    assert "`arn:aws:s3:::memos/` names no object" in fault
    open_ = faults(environment=Parameter("env"), s3_bucket_arns=["arn:aws:s3:::Memos-{environment}"])
    assert open_[0].startswith("$.s3_bucket_arns[0]: `arn:aws:s3:::Memos-{environment}` has a")
    [fault] = faults(efs_arn="arn:aws-cn:elasticfilesystem:{aws_region}:{account_id}:file-system/fs-01234567", **HOME)
    assert "is not in partition" in fault


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (
            "arn:aws:elasticfilesystem:{aws_region}:{account_id}:filesystem/x",
            "`arn:aws:elasticfilesystem:{aws_region}:{account_id}:filesystem/x` is not",
        ),
        (
            "arn:aws-cn:elasticfilesystem:{aws_region}:{account_id}:file-system/fs-01234567",
            "`arn:aws-cn:elasticfilesystem:{aws_region}:{account_id}:file-system/fs-01234567`: region `{aws_region}` "
            "is not in partition `aws-cn`",
        ),
        (
            "arn:aws:{environment}:eu-west-2:{account_id}:file-system/fs-01234567",
            "`arn:aws:{environment}:eu-west-2:{account_id}:file-system/fs-01234567` is an ARN of service "
            "`{environment}`",
        ),
        (" {account_id}", "` {account_id}` begins or ends with white space"),
    ],
)
def test_a_message_shows_what_was_written_and_no_sample_of_it(written: str, message: str) -> None:
    [fault] = faults(environment=Parameter("env"), efs_arn=written)
    assert fault.startswith(f"$.efs_arn: {message}")


def test_what_shapes_what_is_made_has_to_be_known() -> None:
    assert config(path="/{environment}/").path == "/dev/"
    [fault] = faults(path="/{account_id}/")
    assert fault.startswith("$.path: `/{account_id}/` is known only at deployment")
    [fault] = faults(
        efs_arn={
            "parameter": "efs",
            "default": "arn:aws:elasticfilesystem:eu-west-2:{account_id}:file-system/fs-01234567",
        }
    )
    assert fault.startswith("$.efs_arn.default: ")
    [fault] = faults(accept=[{"invariant": "home", "why": "a {b}", "resources": ["arn:aws:s3:::{account_id}"]}])
    assert fault.startswith("$.accept[0].resources[0]: ")
    accepted = config(accept=[{"invariant": "home", "why": "a {b}", "resources": ["arn:aws:s3:::{environment}"]}])
    assert build(accepted).intent.accepted[0].resources == ("arn:aws:s3:::dev",)


def test_a_brace_at_the_beginning_of_a_value_of_yaml_has_to_be_quoted() -> None:
    for line in (
        "tags: {Team: {environment}-x}",
        "tags:\n  Team: {environment}-x",
        "github_tags:\n  - {environment}-x",
    ):
        with pytest.raises(ConfigError, match="Put a text that begins with a brace in quotes"):
            parse_source(f"project_name: a\nenvironment: b\n{line}\n", "x.yaml")
    [fault] = faults(tags={"Team": {"environment": None}})
    assert fault.endswith(
        'Put it in quotes, `"{environment}"`: YAML takes a text that begins with a brace for a mapping.'
    )


# ---------------------------------------------------------------- declared parameters


def test_a_declared_parameter_stands_in_texts() -> None:
    one = config(
        parameters={"team": {"form": "[a-z]+", "description": "who"}, "unused": {"default": "x"}},
        tags={"Team": "{team}"},
        enable_s3_access=True,
        s3_bucket_arns=["arn:aws:s3:::{team}-{environment}"],
    )
    [variable] = build(one).deployment.variables.values()
    assert (variable.id, variable.type, variable.description, variable.empty) == ("team", "text", "who", False)
    bound = build(one).bind({"team": "ops"})
    assert "arn:aws:s3:::ops-dev" in str(bound.roles["task"].policies["s3"].document)
    for wrong in ("", "Ops", "a/b", "a*", "ops\n"):
        with pytest.raises(ConfigError):
            one.bind({"team": wrong})


def test_the_default_form_of_a_declared_parameter_can_leave_no_place() -> None:
    placed = [*HOME_FORMS.values(), forms.PROJECT, forms.ENVIRONMENT, forms.TEXT]
    assert not any(
        leads_out(Pattern(f.pattern.replace("?:", "")).characters) for f in placed if f is not forms.PARTITION
    )
    for form in placed:
        assert not any(form.matches(sample) for sample in ("a/b", "a:b", "*", "a*", "a?", "$a", "${a}", ""))


@pytest.mark.parametrize("form", ["[a-z/]+", "[a-z]+(:[a-z]+)?", "[a-z*]+", "x[*]", "a[$]b", "[ -?]+"])
def test_a_form_that_may_leave_its_place_is_refused_inside_a_text(form: str) -> None:
    declared = {"parameters": {"x": {"form": form}}}
    [fault] = faults(**declared, tags={"Team": "{x}"})
    assert fault.startswith("$.tags.Team: a value of `x` may hold `")


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ({"form": "[^a]"}, "$.parameters.x.form: `[^` in a pattern"),
        ({"form": "(?i)a"}, "$.parameters.x.form: `(?` in a pattern"),
        ({"form": r"\d+"}, "$.parameters.x.form: `\\d` in a pattern"),
        ({"form": "^a$"}, "$.parameters.x.form: a pattern with `^` or `$`"),
        ({"form": "("}, "$.parameters.x.form: `(` is no pattern"),
        ({"form": "a.c"}, "$.parameters.x.form: a pattern with `.`"),
        ({"form": "a+?"}, "$.parameters.x.form: a pattern with min repeat"),
        ({"form": "a{300}"}, "$.parameters.x.form: a pattern that repeats more than 256 times"),
        ({"form": "a" * 201}, "$.parameters.x.form: the pattern has 201 characters"),
        ({"form": "()"}, "$.parameters.x.form: no text is of the pattern"),
        ({"form": 3}, "$.parameters.x.form: expected a pattern, not `3`"),
        ({"form": "[a-z]+", "default": "A"}, "$.parameters.x.default: `A` is not a text of the form `[a-z]+`"),
        ({"default": "a/b"}, "$.parameters.x.default: `a/b` is not a text of letters"),
        ({"from": "[a-z]+"}, "$.parameters.x.from: unknown key `from`"),
        ("[a-z]+", "$.parameters.x: expected a mapping"),
    ],
)
def test_what_no_parameter_is_declared_as(declared: object, message: str) -> None:
    [fault] = faults(parameters={"x": declared}, tags={"Team": "{x}"})
    assert fault.startswith(message)


def test_a_declared_parameter_has_a_name_of_its_own() -> None:
    for name in ("environment", "account_id"):
        [fault] = faults(parameters={name: {}})
        assert fault.startswith(f"$.parameters.{name}: ")
    [fault] = faults(parameters={"x": {}}, tags={"a": "{x}"}, enable_efs_access=True, efs_arn={"parameter": "x"})
    assert "parameter `x` serves" in fault


# ---------------------------------------------------------------- laws


def written_out() -> dict[str, Any]:
    """The example with everything in it, in Python's values."""
    return dict(parse_source((ROOT / "examples" / "everything.yaml").read_bytes(), "everything.yaml").data)


def with_placeholders(value: object, known: Mapping[str, str]) -> object:
    match value:
        case str():
            doubled = value
            for name, text in known.items():
                doubled = re.sub(rf"(?<![A-Za-z0-9]){re.escape(text)}(?![A-Za-z0-9])", f"{{{name}}}", doubled)
            return doubled if doubled != value else value  # a flag is one by its source text
        case list():
            return [with_placeholders(one, known) for one in cast("list[object]", value)]
        case _:
            return value


def everything(**changed: Any) -> tuple[Config, Config]:
    """The example as it is, and with placeholders wherever one of the names stands; some keys changed in both."""
    plain = written_out()
    known = {name: str(plain[name]) for name in ("account_id", "aws_region", "environment", "project_name")}
    texts: dict[str, Any] = {n: with_placeholders(value, known) for n, value in plain.items() if n not in known}
    assert sum(str(texts).count(f"{{{name}}}") for name in known) > 20
    placed: dict[str, Any] = {**texts, **known, **changed}
    return Config(**plain), Config(**placed)


def test_what_the_config_knows_is_put_in() -> None:
    plain, placed = everything()
    assert build(placed).roles == build(plain).roles


def test_what_is_known_only_at_deployment_is_a_reference() -> None:
    plain, placed = everything(
        environment=Parameter("env"), account_id=None, aws_region=None, project_name=Parameter("p")
    )
    values = {"env": str(plain.environment), "p": str(plain.project_name)}
    values |= {"account_id": str(plain.account_id), "aws_region": str(plain.aws_region)}
    bound = build(placed).bind(values)
    assert bound == build(placed.bind(values))
    assert bound.roles == build(plain).roles
    some = {"account_id": str(plain.account_id)}
    assert build(placed).bind(some) == build(placed.bind(some))
    assert Stack.from_dict(build(placed).to_dict()) == build(placed)
    assert "{environment}" not in str(emit(build(placed), "terraform")).replace("{environment} ", "")


def test_both_ways_to_bind_find_the_same_faults_in_a_text() -> None:
    one = config(environment=Parameter("env"), enable_s3_access=True, s3_bucket_arns=["arn:aws:s3:::b-{environment}"])
    seen: list[str] = []
    for bind in (build(one).bind, one.bind):
        with pytest.raises(ConfigError) as e:
            bind({"env": "Prod"})
        seen.append(str(e.value))
    assert seen[0] == seen[1]
    assert "has a capital letter in the bucket's name @ $.s3_bucket_arns[0]" in seen[0]


def test_raw_statements_keep_their_order() -> None:
    raw = {
        "Effect": "Allow",
        "Action": ["s3:PutObject"],
        "Resource": ["arn:aws:s3:::z/{account_id}", "arn:aws:s3:::a/{account_id}", "arn:aws:s3:::z/{account_id}"],
    }
    open_ = build(config(task_statements=[raw]))
    bound = open_.bind({"account_id": "123456789012"})
    [statement] = bound.roles["task"].policies["task_statements"].document.statements
    assert [str(r).rsplit(":", 1)[1] for r in statement.resources.items] == [  # type: ignore[union-attr]
        "z/123456789012",
        "a/123456789012",
        "z/123456789012",
    ]


@given(st.text(st.sampled_from("ab{}$ "), max_size=12))
def test_a_doubled_brace_is_a_brace(text: str) -> None:
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert fill(doubled, {}) == text
    assert not isinstance(fill(doubled, {}), Template)


# ---------------------------------------------------------------- patterns

PIECES = st.sampled_from(["a", "[a-c]", "[a-c-]", r"\.", "-", "(a|bc)", "(ab)", "[0-9]"])
REPEATS = st.sampled_from(["", "?", "*", "+", "{2}", "{1,3}", "{2,}"])


@st.composite
def patterns(draw: st.DrawFn, depth: int = 1) -> str:
    inner = PIECES if depth == 0 else PIECES | patterns(depth - 1).map(lambda p: f"({p})")
    sequences = st.lists(st.tuples(inner, REPEATS).map("".join), min_size=1, max_size=3).map("".join)
    return "|".join(draw(st.lists(sequences, min_size=1, max_size=2)))


@given(patterns().filter(lambda p: len(p) <= 40), st.text(st.sampled_from("abc.-01"), max_size=5))
@settings(max_examples=many(100))
def test_a_pattern_matches_as_python_has_it(pattern: str, value: str) -> None:
    one = Pattern(pattern)
    assert one.matches(value) == (re.fullmatch(pattern, value) is not None)
    assert one.matches(one.sample)
    assert not one.matches(value) or set(value) <= one.characters


def test_a_pattern_is_matched_in_bounded_time() -> None:
    """Each of these keeps `re` busy for longer than the universe has been there."""
    for pattern in ("(a+)+b", "(a|a)*b", "(a*)*(a*)*b", "(([a-z])+.?)*0".replace(".?", "[.]?")):
        assert not Pattern(pattern).matches("a" * 255)
