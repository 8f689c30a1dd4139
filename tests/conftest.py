"""What the tests share: terraform, the servers, and the way to renew goldens."""

import pytest
from hypothesis import settings

from .aws.conftest import ministack, ministack_open, moto_server
from .terraform.conftest import terraform

__all__ = ["ministack", "ministack_open", "moto_server", "pytest_addoption", "terraform"]


# For CI, `--hypothesis-profile thorough`: three times the examples of every law, the same ones for the same code.
settings.register_profile("thorough", max_examples=300, deadline=None, derandomize=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens/ anew; read the difference")
