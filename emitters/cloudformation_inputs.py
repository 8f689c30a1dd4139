"""The parameters of a template: what each takes, the conditions behind them, and what may not be empty.

They are Strings. A list is comma-separated text: a list type would make one empty element of an empty list. A flag
becomes a Condition, a value that may be empty another one, and what may not be empty a Rule that stops the stack.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from attrs import frozen
from troposphere import AWSHelperFn, Equals, Not, Or, Parameter, Ref, Template

from ecsiam.emitters.takes import LONGEST_VALUE, literal
from ecsiam.errors import EmitError, Fault, show
from ecsiam.model import arn_forms
from ecsiam.model.each import Each, Rule, nested
from ecsiam.model.form import Form
from ecsiam.model.names import camel_case
from ecsiam.model.parameter import Demand, Variable
from ecsiam.model.stack import Stack

Json = dict[str, object]


@frozen
class Sort:
    """One kind of a list parameter, which CloudFormation can't tell apart: a parameter of its own, with its form."""

    id: str
    form: Form
    what: str


_SECRETS = "complete ARNs of Secrets Manager secrets, without JSON key and version"
_BUCKETS = Sort("S3BucketArns", arn_forms.PLAIN_BUCKET_ARN, "ARNs of buckets, each with all its objects")
SORTS: dict[Rule, Sort] = {
    "secret": Sort("SecretsManagerArns", arn_forms.SECRETS_MANAGER_ARN, _SECRETS),
    "parameter": Sort("SsmParameterArns", arn_forms.SSM_PARAMETER_ARN, "ARNs of SSM parameters"),
    "bucket": _BUCKETS,
    "object": _BUCKETS,
    "log_group": Sort("", arn_forms.PLAIN_LOG_GROUP_ARN, "ARNs of log groups, without `:*`"),
}


@frozen
class Input:
    """A parameter of the template: its id, and the variable of the stack that it is (a sort of)."""

    id: str
    variable: Variable
    sort: Sort | None = None

    @property
    def form(self) -> Form:
        """The form of a text, of a list's element."""
        form = self.sort.form if self.sort else self.variable.form
        if form is None:
            raise EmitError(f"the values of `{self.variable.id}` have no form")
        return form

    @property
    def pattern(self) -> str:
        """The pattern of a value, of a list's element: one that CloudFormation leaves as it is."""
        pattern = literal(self.form.pattern)
        return rf"\*|{pattern}" if self.variable.star else pattern

    @property
    def what(self) -> str:
        plain = literal(self.form.pattern) == self.form.pattern
        return self.form.what if plain else f"{self.form.what}, in which no `{{` stands for itself"

    def takes(self, value: str) -> bool:
        """Whether CloudFormation would take a value, of a list an element of it."""
        return len(value) <= self.form.most and re.fullmatch(self.pattern, value, re.ASCII) is not None


def inputs_of(stack: Stack) -> Iterator[Input]:
    """The parameters that the template of a stack may have."""
    rules: dict[str, list[Rule]] = {}
    for each in eaches(stack):
        rules.setdefault(each.parameter, []).append(each.rule)
    for variable in stack.deployment.variables.values():
        sorts = {s.id: s for r in rules.get(variable.id, ()) if (s := SORTS.get(r))}
        if not sorts:
            yield Input(camel_case(variable.id), variable)
        for sort in sorts.values():
            yield Input(sort.id or camel_case(variable.id), variable, sort)


def eaches(stack: Stack) -> Iterator[Each]:
    """The list parameters in the resources of a stack, each where it stands."""
    for role in stack.roles.values():
        for policy in role.policies.values():
            for statement in policy.document.statements:
                yield from nested(() if statement.resources is None else statement.resources.items)


def declare(template: Template, inputs: tuple[Input, ...]) -> None:
    """The parameters and conditions that something asks for: a flag that was bound leaves others without a use."""
    text = template.to_json() if inputs else ""
    declared: list[Input] = []
    for one in inputs:
        condition = _condition(one)
        asked = f'"{condition[0]}"' in text
        if asked:
            template.add_condition(*condition)
        if asked or f'"{one.id}"' in text or f"${{{one.id}}}" in text:
            template.add_parameter(_parameter(one))
            declared.append(one)
    if declared:
        template.set_metadata({"AWS::CloudFormation::Interface": _interface(declared)})


def _condition(one: Input) -> tuple[str, AWSHelperFn]:
    """The condition that a parameter stands behind: that a flag is on, or that a value is given, as it may have to."""
    if one.variable.type == "flag":
        return f"{one.id}IsOn", Equals(Ref(one.id), "true")
    return f"{one.id}IsGiven", Not(Equals(Ref(one.id), ""))


def unfit_defaults(inputs: tuple[Input, ...]) -> Iterator[Fault]:
    """Defaults that the parameter itself would not take."""
    remedy = "Leave it out for this target."
    for variable in dict.fromkeys(i.variable for i in inputs if isinstance(i.variable.default, str | tuple)):
        default = cast("str | tuple[str, ...]", variable.default)
        first, *more = (i for i in inputs if i.variable == variable)
        if more and default:
            yield Fault(f"the default of `{variable.id}` can't be told apart", (), remedy)
            continue
        elements = default if isinstance(default, tuple) else (default,) if default else ()
        for element in elements:
            if not first.takes(element):
                what = f"`{show(element)}` in the default of `{variable.id}`"
                yield Fault(f"{what} is not {first.what}", (), remedy)
        if isinstance(default, tuple) and (length := len(",".join(default))) > LONGEST_VALUE:
            yield Fault(
                f"the default of `{variable.id}` has {length} characters, at most {LONGEST_VALUE} are taken", (), remedy
            )


def _parameter(one: Input) -> Parameter:
    variable = one.variable
    said: dict[str, Any] = {"Type": "String", "Description": _description(one), **_default(variable)}
    match variable.type:
        case "flag":
            said["AllowedValues"] = ["true", "false"]
        case "number":
            said |= {"Type": "Number", "MinValue": variable.bounds[0], "MaxValue": variable.bounds[1]}
        case "text":
            pattern = one.pattern
            said |= {"AllowedPattern": f"({pattern})?" if variable.empty else pattern, "MaxLength": one.form.most}
            said["ConstraintDescription"] = f"must be {one.what}"
        case "list":
            pattern = one.pattern
            said |= {"AllowedPattern": f"(({pattern})(,({pattern}))*)?", "MaxLength": LONGEST_VALUE}
            said["ConstraintDescription"] = f"must be a list with commas and no spaces, each item {one.what}"
    return Parameter(one.id, **said)


def _default(variable: Variable) -> Json:
    match variable.default:
        case None:
            return {}
        case bool() as default:
            return {"Default": str(default).lower()}
        case tuple() as default:
            return {"Default": ",".join(default)}
        case default:
            return {"Default": default}


def _description(one: Input) -> str:
    many = " Comma-separated." if one.variable.type == "list" else ""
    sort = f" Here only {one.sort.what}." if one.sort else ""
    return f"{one.variable.description}{sort}{many}"


def _interface(inputs: Sequence[Input]) -> dict[str, object]:
    groups = {"Features": [i for i in inputs if i.variable.type == "flag"]}
    groups["Values"] = [i for i in inputs if i.variable.type != "flag"]
    return {
        "ParameterGroups": [
            {"Label": {"default": label}, "Parameters": [i.id for i in of]} for label, of in groups.items() if of
        ],
        "ParameterLabels": {i.id: {"default": (i.sort.id if i.sort else "") or i.variable.id} for i in inputs},
    }


def rule(demand: Demand, inputs: tuple[Input, ...]) -> dict[str, object]:
    """Only Ref and rule functions are allowed here."""
    ids = [i.id for i in inputs if i.variable.id in demand.parameters]
    given = [Not(Equals(Ref(id_), "")) for id_ in ids]
    flag = camel_case(demand.flag)
    why, remedy = (f"{flag} is true", f", or set {flag} to false") if flag else (f"`{demand.by}` is on", "")
    assertion = {
        "Assert": Or(*given) if len(given) > 1 else given[0],
        "AssertDescription": f"{why} and {_listed(ids)} empty: set {'one of them' if given[1:] else 'it'}{remedy}",
    }
    return {**({"RuleCondition": Equals(Ref(flag), "true")} if flag else {}), "Assertions": [assertion]}


def _listed(ids: list[str]) -> str:
    return f"{' and '.join(ids)} {'are' if len(ids) > 1 else 'is'}"
