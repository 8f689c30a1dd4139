"""Every pattern means the same to each engine that reads it: a full match, of the whole text and nothing else.

Python, JSON Schema (in Python and in ECMAScript itself), Terraform's RE2 and CloudFormation's Java. Terraform's and
CloudFormation's patterns are taken from what the emitters write, of parameters of every form.
"""

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]

import ecsiam
from ecsiam import Policy, Principal, Role, Stack, Statement
from ecsiam.config import Config
from ecsiam.emitters.hcl import escape
from ecsiam.features.table import ROOMS_ASIDE
from ecsiam.keys.kinds import OfForm
from ecsiam.model.by_id import ById
from ecsiam.model.deployment import Deployment
from ecsiam.model.each import Each
from ecsiam.model.form import Form
from ecsiam.model.names import camel_case
from ecsiam.model.parameter import Parameter, Type, Variable
from ecsiam.model.role import RolePolicy
from ecsiam.model.text import Ref, Text

from .every_form import FORMS
from .terraform.rig import Rig

Json = Any


@frozen
class Sample:
    """A text or a list, and whether a parameter of the form (which may be empty, or not) takes it."""

    form: Form
    value: str | tuple[str, ...]
    good: bool
    empty: bool = False

    @property
    def id(self) -> str:
        """The parameter that is asked."""
        kind = "list" if isinstance(self.value, tuple) else "maybe" if self.empty else "text"
        return f"{kind}_of_{self.form.name}"


def samples() -> Iterator[Sample]:
    for form in FORMS.values():
        for value in (*form.good, *form.bad):
            yield Sample(form, value, value in form.good)
            yield Sample(form, value, value in form.good or not value, empty=True)
        yield Sample(form, "", good=True, empty=True)
        yield Sample(form, (), good=True)
        yield Sample(form, form.good, good=True)
        for bad in filter(None, form.bad):
            yield Sample(form, (bad,), good=False)
            yield Sample(form, (*form.good, bad), good=False)


SAMPLES = tuple(samples())
TEXTS = tuple(s for s in SAMPLES if isinstance(s.value, str) and not s.empty)


def wrong(found: Mapping[Sample, bool]) -> list[Sample]:
    """The samples that an engine takes for something else; it has to have seen them all."""
    assert found
    return [sample for sample, taken in found.items() if taken != sample.good]


def test_every_form_has_samples_of_both_kinds() -> None:
    assert [form.name for form in FORMS.values() if not (form.good and form.bad)] == []


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_pattern_is_ascii_without_look_around_and_anchors(form: Form) -> None:
    assert form.pattern.isascii()
    bare = re.sub(r"\\.|\[(?:\\.|[^]\\])*\]", "", form.pattern)  # without escapes and classes
    assert not re.search(r"\(\?|[$^]|[*+?}][+?]", bare)
    assert set(re.findall(r"\\[A-Za-z]", form.pattern)) <= {"\\s"}


def test_python() -> None:
    assert wrong({s: s.form.matches(str(s.value)) for s in TEXTS}) == []


# ---------------------------------------------------------------- JSON Schema


def _ecma(_: object, pattern: str, value: Json, __: object) -> Iterator[ValidationError]:
    """`pattern` as ECMAScript has it, where `$` is the very end: in Python it also stands before a last line break."""
    assert pattern.endswith(")$")
    if isinstance(value, str) and not re.search(f"{pattern[:-1]}\\Z", value, re.ASCII):
        yield ValidationError("it does not match")


Validator: Any = extend(Draft202012Validator, {"pattern": _ecma})  # type: ignore[no-untyped-call]


def test_json_schema() -> None:
    assert wrong({s: bool(Validator(OfForm(s.form, literal=True).schema()).is_valid(s.value)) for s in TEXTS}) == []


def test_json_schema_in_ecmascript() -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("not installed: node")
    schemas = [OfForm(s.form, literal=True).schema() for s in TEXTS]
    asked = [[schema["pattern"], schema["maxLength"], s.value] for schema, s in zip(schemas, TEXTS, strict=True)]
    script = (
        "const asked = JSON.parse(require('fs').readFileSync(0, 'utf8'));"
        "console.log(JSON.stringify(asked.map(([p, most, v]) => new RegExp(p, 'u').test(v) && v.length <= most)))"
    )
    answers: list[bool] = json.loads(_run([node, "-e", script], json.dumps(asked)))
    assert wrong(dict(zip(TEXTS, answers, strict=True))) == []


def _run(command: list[str], given: str) -> str:
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---------------------------------------------------------------- what the emitters write


def stack_of(variables: list[Variable]) -> Stack:
    """A role that asks for each of them: a template declares no other ones."""
    tasks = Principal("Service", "ecs-tasks.amazonaws.com")
    trust = Policy(Statement("Allow", "sts:AssumeRole", principals=tasks))
    asked = [
        Each(v.id, "all") if v.type == "list" else Text.of("arn:aws:s3:::b/", Ref(v.id, parameter=True))
        for v in variables
    ]
    policy = Policy(Statement("Allow", "s3:GetObject", asked))
    role = Role("task", "task", trust, [RolePolicy("all", "all", policy)])
    return Stack([role], deployment=Deployment(variables=ById(variables)))


@pytest.fixture(scope="module")
def stack() -> Stack:
    """Parameters of every form: a text, one that may be empty, and a list."""
    types: dict[str, tuple[Type, bool]] = {"text": ("text", False), "maybe": ("text", True), "list": ("list", True)}
    return stack_of(
        [
            Variable(f"{kind}_of_{form.name}", type_, form, empty=empty)
            for form in FORMS.values()
            for kind, (type_, empty) in types.items()
        ]
    )


def test_terraform(terraform: Rig, stack: Stack) -> None:
    variables = json.loads(ecsiam.emit(stack, "terraform").files["variables.tf.json"])["variable"]
    asked: dict[str, list[Sample]] = {}
    for sample in SAMPLES:
        asked.setdefault(sample.id, []).append(sample)
    expressions: dict[str, Json] = {}
    for id_, some in asked.items():
        condition = variables[id_]["validation"][0]["condition"]
        values = [escape(s.value) if isinstance(s.value, str) else [*map(escape, s.value)] for s in some]
        expressions[f"given_{id_}"] = values
        expressions[id_] = [condition.replace(f"var.{id_}", f"local.given_{id_}[{i}]") for i in range(len(some))]
    found = terraform.evaluate(expressions)
    assert wrong({s: taken for id_, some in asked.items() for s, taken in zip(some, found[id_], strict=True)}) == []


JAVA = """
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Scanner;
import java.util.regex.Pattern;

class Matches {
    static String text(String coded) {
        return new String(Base64.getDecoder().decode(coded.substring(1)), StandardCharsets.UTF_8);
    }

    public static void main(String[] arguments) {
        Scanner lines = new Scanner(System.in);
        while (lines.hasNextLine()) {
            String[] asked = lines.nextLine().split(" ");
            System.out.println(Pattern.matches(text(asked[0]), text(asked[1])));
        }
    }
}
"""


def java(asked: list[tuple[str, str]], directory: Path) -> list[bool]:
    """What Java says of each pattern and text."""
    program = shutil.which("java")
    if program is None:
        pytest.skip("not installed: java")
    source = directory / "Matches.java"
    source.write_text(JAVA, encoding="utf-8")
    lines = (" ".join(f".{base64.b64encode(t.encode()).decode()}" for t in pair) for pair in asked)
    answers = _run([program, str(source)], "\n".join(lines)).split()
    assert len(answers) == len(asked)
    return [answer == "true" for answer in answers]


def parameters_of(stack: Stack) -> Json:
    """What templates have for each of the parameters; one takes 200."""
    variables = list(stack.deployment.variables.values())
    found: Json = {}
    for i in range(0, len(variables), 150):
        template = ecsiam.emit(stack_of(variables[i : i + 150]), "cloudformation").document
        found |= json.loads(template)["Parameters"]
    return found


def test_cloudformation(stack: Stack, tmp_path: Path) -> None:
    parameters = parameters_of(stack)
    asked = [s for s in SAMPLES if isinstance(s.value, str) or s.form in LISTED]
    texts = [s.value if isinstance(s.value, str) else ",".join(s.value) for s in asked]
    of = [parameters[camel_case(s.id)] for s in asked]
    answers = java([(p["AllowedPattern"], text) for p, text in zip(of, texts, strict=True)], tmp_path)
    fits = [len(text) <= p["MaxLength"] for p, text in zip(of, texts, strict=True)]
    taken = [answer and fit for answer, fit in zip(answers, fits, strict=True)]
    assert wrong(dict(zip(asked, taken, strict=True))) == []


COMMAS = ("{},", ",{}", "{},,{}", "{}, {}", " {}", "{} ", "{}\n", "{},{}\n")


def test_a_list_of_cloudformation_has_no_empty_element_and_no_space(stack: Stack, tmp_path: Path) -> None:
    parameters = parameters_of(stack)
    asked = [
        (parameters[camel_case(f"list_of_{form.name}")]["AllowedPattern"], written.replace("{}", form.good[0]))
        for form in LISTED
        for written in (*COMMAS, "{},{}")
    ]
    answers = java(asked, tmp_path)
    assert [pair for pair, taken in zip(asked, answers, strict=True) if taken] == [
        pair for i, pair in enumerate(asked) if i % (len(COMMAS) + 1) == len(COMMAS)
    ]


# The forms of the lists that a template has, told apart by kind.
LISTED = tuple(
    FORMS[name]
    for name in (
        *("secrets_manager_arn", "ssm_parameter_arn", "plain_bucket_arn", "plain_log_group_arn", "key_arn"),
        *("repository_arn", "family", "service_arn", "cluster_arn"),
    )
)


@pytest.mark.parametrize("form", LISTED, ids=lambda form: form.name)
def test_no_element_of_a_list_of_cloudformation_holds_a_comma(form: Form) -> None:
    for value in form.good:
        for i in range(len(value) + 1):
            assert not form.matches(f"{value[:i]},{value[i:]}"), value


def test_these_are_the_lists_that_a_template_has() -> None:
    aside = {name for room in ROOMS_ASIDE for name in room.__annotations__} | {"enable_autoscaling"}
    lists = [name for name, key in Config.keys().items() if key.type in ("flag", "list") and name not in aside]
    keys: dict[str, Any] = {name: Parameter(name) for name in (*lists, "efs_arn", "github_repo")}
    keys |= {"account_id": "123456789012", "aws_region": "eu-west-2"}
    stack = ecsiam.build(Config(project_name="memos", environment="dev", **keys))
    template = json.loads(ecsiam.emit(stack, "cloudformation").document)
    patterns = {p["AllowedPattern"] for p in template["Parameters"].values() if p.get("MaxLength") == 4096}
    assert patterns == {f"(({form.pattern})(,({form.pattern}))*)?" for form in LISTED}
