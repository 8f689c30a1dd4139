"""`init --module`: each key is a parameter, or the file says why it is none."""

import re
from pathlib import Path

import pytest

import ecsiam
from ecsiam.config import Config, load_config
from ecsiam.config.describe import module, starter
from ecsiam.features.table import ROOMS_ASIDE
from ecsiam.model.parameter import Parameter

from .strategies import KEYS_ASIDE

KEYS = Config.keys()
DOCS = Path(__file__).resolve().parent.parent / "docs/module.md"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    path = tmp_path_factory.mktemp("module") / "ecsiam.yaml"
    path.write_text(module(), encoding="utf-8")
    return load_config(path)


@pytest.mark.parametrize("name", KEYS)
def test_each_key_is_a_parameter_or_the_file_says_why_not(name: str, config: Config) -> None:
    parameter = isinstance(getattr(config, name), Parameter)
    reasons = " ".join(line.strip("#- ") for line in module().split("\n\n")[-1].splitlines())
    assert parameter == (KEYS[name].stays == "")
    assert (f"`{name}`" in reasons) != parameter
    if parameter:
        assert KEYS[name].type is not None
        assert getattr(config, name).name == name
    else:
        assert KEYS[name].stays in reasons
        assert name in KEYS_ASIDE or re.search(rf"`{name}`", DOCS.read_text(encoding="utf-8"))


def test_a_secret_under_a_customer_key_starts(config: Config) -> None:
    secret = "arn:aws:secretsmanager:eu-west-2:123456789012:secret:db-AbCdEf"
    key = "arn:aws:kms:eu-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"
    values = {"enable_secrets_access": True, "secrets_arns": [secret], "secrets_kms_key_arns": [key]}
    home = {"account_id": "123456789012", "aws_region": "eu-west-2"}
    bound = ecsiam.build(config).bind(
        {**config.deployment.defaults, "project_name": "a", "environment": "b", **home, **values}
    )
    policy = bound.roles["execution"].policies["execution_secrets"].document
    assert [key] in [[str(i) for i in s.resources.items] for s in policy.statements if s.resources]


@pytest.mark.parametrize("target", ["terraform", "cloudformation"])
def test_both_targets_take_all_of_them(target: str, config: Config) -> None:
    ecsiam.emit(ecsiam.build(config), target)  # type: ignore[arg-type]


def test_the_starter_file_offers_what_the_profile_has() -> None:
    """Each key once, but for those of another profile, and under the heading that it belongs to."""
    aside = {room.heading for room in ROOMS_ASIDE}
    headings = {heading: names for heading, names in Config.headings() if heading not in aside}
    parts = re.split(r"^# ---- (.*)$", starter(), flags=re.MULTILINE)[1:]
    found = {
        h: re.findall(r"^(?:# )?(\w+):(?: |$)", text, re.MULTILINE)
        for h, text in zip(parts[::2], parts[1::2], strict=True)
    }
    assert [*found] == [*headings]
    for heading, names in headings.items():
        offered = [name for name in found[heading] if name in KEYS]
        assert offered == [name for name in names if not KEYS[name].profile], heading
    assert "enable_autoscaling" not in starter()
    assert all(page in starter() for page in ("docs/task.md", "docs/roles.md", "docs/config.md"))
    assert not [name for room in ROOMS_ASIDE for name in room.__annotations__ if name in starter()]
