"""An entry of a list that is a mapping with keys of its own."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import jsonschema
import pytest

from ecsiam import ConfigError, Parameter
from ecsiam.errors import Fault, show_path
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import TEMPLATE, Choice, Flag, ListOf, OfForm
from ecsiam.keys.parameters import given_arns, parameter_faults, variables
from ecsiam.keys.records import NOT_GIVEN, RecordOf, schema_of
from ecsiam.model import arn_forms

QUEUE = "arn:aws:kms:eu-west-2:123456789012:key/1"


class Door(Keys):
    key_arns: Annotated[
        Sequence[str] | Parameter, Key("The keys.", ListOf(OfForm(arn_forms.KEY_ARN)), same_account=True)
    ]
    access: Annotated[Sequence[str], Key("What for.", ListOf(Choice(("open", "lock"))))] = ("open",)

    @check("key_arns", "access")
    def _one(self) -> Iterator[Fault]:
        if len(self.access) > 1:
            yield Fault("one way alone", ("access",))


class House(Keys):
    enable_doors: Annotated[bool, Key("Doors.", Flag())] = False
    doors: Annotated[Sequence[Door], Key("The doors.", ListOf(RecordOf(Door)), flag="enable_doors")] = ()


def faults(**given: object) -> list[str]:
    with pytest.raises(ConfigError) as e:
        House.model_validate(given)
    return [f"{show_path(f.path)}: {f.message}" for f in e.value.faults]


def test_a_record_has_its_fields_and_defaults() -> None:
    house = House.model_validate({"doors": [{"key_arns": [QUEUE]}]})
    assert house.doors == (Door(key_arns=(QUEUE,)),)
    assert house.doors[0].access == ("open",)
    assert House.model_validate({"doors": [Door(key_arns=[QUEUE])]}) == house


def test_every_fault_of_every_record_has_its_place() -> None:
    doors: list[object] = [
        {"key_arns": ["x"], "acess": ["open"]},
        "no",
        {"access": None},
        {"key_arns": [QUEUE], "access": ["open", "lock"]},
    ]
    assert faults(doors=doors) == [
        "$.doors[0].key_arns[0]: `x` is not an ARN",
        "$.doors[0].acess: unknown key `acess`",
        "$.doors[1]: expected a mapping with `key_arns`, `access`, not `no`",
        "$.doors[2]: `key_arns` is missing",
        "$.doors[3].access: one way alone",
    ]


def test_what_a_record_leaves_to_deployment_is_found() -> None:
    house = House.model_validate({"enable_doors": True, "doors": [{"key_arns": {"parameter": "mine"}}]})
    [(path, variable)] = variables(house)
    assert (path, variable.id, variable.form) == (("doors", 0, "key_arns"), "mine", arn_forms.KEY_ARN)
    off = House.model_validate({"doors": [{"key_arns": {"parameter": "mine"}}]})
    assert not list(variables(off))
    twice = {"parameter": "mine", "default": [QUEUE]}
    both = House.model_validate(
        {"enable_doors": True, "doors": [{"key_arns": twice}, {"key_arns": {"parameter": "mine"}}]}
    )
    [fault] = parameter_faults(both)
    assert fault.message == "parameter `mine` serves `doors[0].key_arns` and `doors[1].key_arns`, which differ"


def test_the_arns_of_records_are_among_those_given() -> None:
    house = House.model_validate({"doors": [{"key_arns": [QUEUE]}]})
    assert not list(given_arns(house.placed()))
    [given] = given_arns(house.placed(), unused=True)
    assert (given.path, str(given.arn), given.same_account) == (("doors", 0, "key_arns", 0), QUEUE, True)


def test_the_schema_of_a_record_takes_what_is_read() -> None:
    schema = {**schema_of(House), "$defs": {"not_given": NOT_GIVEN, "template": TEMPLATE}}
    good = {"doors": [{"key_arns": [QUEUE]}, {"key_arns": {"parameter": "mine"}, "access": ["lock"]}]}
    jsonschema.validate(good, schema)
    wrong: list[object] = [{}, "x", {"key_arns": [QUEUE], "x": 1}]
    for bad in ({"doors": [one]} for one in wrong):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, schema)
