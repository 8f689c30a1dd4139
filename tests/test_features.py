"""The house: everything about a feature is in its room, and adding one is that file and its lines in the table."""

import json
import os
import pkgutil
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import ecsiam
from ecsiam import Config, features
from ecsiam.features.table import FEATURES, POLICIES, PROFILES, ROLES, FeatureKeys
from ecsiam.keys.keys import Keys
from ecsiam.keys.records import record_of

KEYS = Config.keys()
# The keys of an entry, not of a room.
RECORDS = {record for key in KEYS.values() if (record := record_of(key.kind)) is not None}
ROOT = Path(__file__).resolve().parents[1]

# What a developer writes for a feature that there is none of: the file, and the lines in the table.
ROOM = '''"""enable_queue_access: the task sends messages."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from ecsiam.errors import Fault
from ecsiam.features.feature import Feature, Part
from ecsiam.features.project import Project, allow
from ecsiam.keys.key import Key
from ecsiam.keys.keys import Keys, check
from ecsiam.keys.kinds import Flag, ListOf, OfForm
from ecsiam.keys.values import known, resources
from ecsiam.model.form import Form
from ecsiam.model.parameter import Parameter
from ecsiam.model.intent import Note
from ecsiam.model.statement import Origin, Statement

_FLAG = "enable_queue_access"
_PAGE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html"
_KEY = Form(
    "queue_key_arn",
    "arn:aws:kms:[a-z0-9-]+:[0-9]{12}:key/[0-9a-f-]+",
    "the ARN of a queue's key",
    ("arn:aws:kms:eu-west-2:123456789012:key/0a1b2c3d-1234",),
    ("alias/orders",),
    service="kms",
    hints=(("alias/.*", "is an alias", "Write its key's ARN."),),
    bare=(("alias/.*", "is an alias", "Write the ARN of its key."),),
)


class QueueKeys(Keys):
    """The queues that the task sends to."""

    heading = "Queues"

    enable_queue_access: Annotated[
        bool | Parameter, Key("The task sends messages.", Flag(), ("task",), needs=("queue_names",))
    ] = False
    queue_names: Annotated[
        Sequence[str],
        Key(
            "The queues of this account.",
            ListOf(OfForm(Form("queue", "[A-Za-z0-9_-]+", "a queue's name", ("orders",), ("a b",), most=80))),
            ("task",),
            flag=_FLAG,
            closed=True,
        ),
    ] = ()
    queue_key_arns: Annotated[
        Sequence[str] | Parameter,
        Key("The keys of the queues.", ListOf(OfForm(_KEY)), ("task",), flag=_FLAG, default="none"),
    ] = ()

    @check()
    def _twice(self) -> Iterator[Fault]:
        for i, name in enumerate(self.queue_names):
            if name and name in self.queue_names[:i]:
                yield Fault(f"`{name}` stands twice", ("queue_names", i), "Name each queue once.")


def _needs(keys: QueueKeys, project: Project) -> Iterator[Statement]:
    queues = [arn for name in keys.queue_names for arn in project.arns("sqs", name)]
    yield allow(["sqs:SendMessage"], queues, Origin("queue", "send messages", _PAGE, _FLAG))
    if keys.queue_key_arns:
        yield allow(
            ["kms:GenerateDataKey"],
            resources(keys.queue_key_arns),
            Origin("queue", "encrypt them", _PAGE, _FLAG),
        )


def _queue(keys: QueueKeys, project: Project) -> Iterator[Part]:
    yield from _needs(keys, project)
    yield Note("queue-key", "a queue under a customer key needs that key too", (_FLAG,))


QUEUE = Feature("queue", "task", _FLAG, QueueKeys, _queue, ("kms:GenerateDataKey", "sqs:SendMessage"), _needs)
'''
LINES = (
    ("    registry,\n", "    queue,\n    registry,\n"),
    ("    efs.EfsKeys,\n", "    queue.QueueKeys,\n    efs.EfsKeys,\n"),
    ("    efs.EFS,\n", "    efs.EFS,\n    queue.QUEUE,\n"),
)
ASKED = """
import json
from ecsiam import Config, ConfigError, Parameter, Stack, build, emit, prove
from ecsiam.config.describe import config_page, config_schema, module, starter

home = {"account_id": "123456789012", "aws_region": "eu-west-2"}
names = {"project_name": "memos", "environment": "dev", "policy_names": {"queue": "q"}}
config = Config(**names, **home, enable_queue_access=True, queue_names=["orders"])
stack = build(config)
assert Stack.from_dict(stack.to_dict()) == stack
def refused(make):
    try:
        make()
    except ConfigError as e:
        return [str(f) for f in e.faults]
def faults(**given):
    return refused(lambda: Config(**names, **given))

# A form of the room's own may be a parameter's.
key = "arn:aws:kms:eu-west-2:123456789012:key/0a1b2c3d-1234"
on = {"enable_queue_access": True, "queue_names": ["orders"]}
left = build(Config(**names, **home, **on, queue_key_arns=Parameter("keys")))
read = Stack.from_dict(json.loads(json.dumps(left.to_dict())))
assert read == left
written = {t: str(emit(read, t)) for t in ("terraform", "cloudformation")}
print(json.dumps({
    "policy": str(stack.roles["task"].policies["queue"].name),
    "notes": [n.rule for n in stack.notes],
    "answers": {id: str(a) for id, a in prove(stack).items()},
    "off": [p for r in build(Config(**names, **home)).roles.values() for p in r.policies],
    "emitted": {t: str(emit(stack, t)).count("sqs:SendMessage") for t in ("terraform", "cloudformation", "iam")},
    "schema": "queue_names" in config_schema()["properties"],
    "page": "## Queues" in config_page(),
    "starter": "enable_queue_access: false" in starter(),
    "needed": faults(enable_queue_access=True),
    "left": {id: str(a) for id, a in prove(left, only=["works", "home", "flags"]).items()},
    "bound": key in str(read.bind({"keys": [key]}).roles["task"].policies["queue"].document),
    "kept": refused(lambda: read.bind({"keys": ["alias/orders"]})),
    "patterns": {t: w.count("the ARN of a queue's key") for t, w in written.items()},
    "twice": faults(enable_queue_access=True, queue_names=["a", "a"]),
}))
"""


def test_a_feature_is_one_file_and_its_lines_in_the_table(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "ecsiam", tmp_path / "ecsiam", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ecsiam/features/queue.py").write_text(ROOM)
    table = tmp_path / "ecsiam/features/table.py"
    text = table.read_text()
    for line, lines in LINES:
        text = text.replace(line, lines, 1)
    table.write_text(text)

    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", ASKED]
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    said: dict[str, Any] = json.loads(found.stdout)
    assert said["policy"] == "q"
    assert "queue-key" in said["notes"]
    assert all(answer.startswith("holds") for answer in said["answers"].values())
    assert "queue" not in said["off"]
    assert set(said["emitted"].values()) == {1}
    assert said["schema"]
    assert said["page"]
    assert said["starter"]
    assert said["needed"] == [
        "`enable_queue_access` is on and `queue_names` is not given @ $.enable_queue_access. "
        "Write `queue_names`, or turn the flag off."
    ]
    assert set(said["left"].values()) == {"holds"}
    assert said["bound"]
    assert said["kept"] == ["`alias/orders` is an alias @ $.keys[0]. Write the ARN of its key."]
    assert said["patterns"] == {"terraform": 1, "cloudformation": 1}
    assert said["twice"] == ["`a` stands twice @ $.queue_names[1]. Name each queue once."]


def rooms() -> dict[str, type[Keys]]:
    """Every class of keys that stands in a room."""
    modules = [import_module(found.name) for found in pkgutil.walk_packages(features.__path__, "ecsiam.features.")]
    found = (value for module in modules for value in vars(module).values() if isinstance(value, type))
    return {
        room.__name__: room
        for room in found
        if issubclass(room, Keys) and room not in (Keys, FeatureKeys) and not any(issubclass(r, room) for r in RECORDS)
    }


def test_the_configs_keys_are_those_of_the_rooms() -> None:
    assert len(rooms()) >= 12
    assert {name for name, room in rooms().items() if not issubclass(Config, room)} == set()
    own = {key: name for name, room in rooms().items() for key in room.__annotations__ if key in KEYS}
    assert own.keys() == KEYS.keys()
    every = [key for room in rooms().values() for key in room.__annotations__ if key in KEYS]
    assert sorted(every) == sorted(own), "each in one room"


def test_a_features_keys_are_the_configs() -> None:
    for profile in PROFILES.values():
        for feature in profile.features:
            assert issubclass(FeatureKeys, feature.keys), feature.policy
            assert feature.role in ROLES
            flags = {"", *(f for f, key in KEYS.items() if key.type == "flag")}
            assert feature.flag in flags
    assert [f.policy for f in FEATURES] == [policy for policy in POLICIES if policy != "autoscaling"]


@pytest.mark.parametrize("room", sorted(rooms()))
def test_a_room_of_keys_has_a_heading_and_reads_its_own_keys(room: str) -> None:
    keys = rooms()[room]
    if keys.__annotations__.keys() & KEYS.keys():  # one that only joins others stands under theirs
        assert vars(keys)["heading"], "its own, not that of a class it reads"
    assert keys.__doc__
    needed = {"project_name": "memos", "environment": "dev"}
    made = {name: value for name, value in needed.items() if name in keys.model_fields}
    assert set(keys.model_validate(made).keys()) == set(keys.model_fields)
    with pytest.raises(ecsiam.ConfigError, match="unknown key `nonsense`"):
        keys.model_validate({**made, "nonsense": 1})
