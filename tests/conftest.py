"""What the tests share: terraform and the servers, each started once; the profiles; the way to renew goldens."""

import pytest

from .aws.fixtures import ministack, ministack_open, moto_server
from .effort import register_profiles
from .terraform.fixtures import terraform

__all__ = ["ministack", "ministack_open", "moto_server", "pytest_addoption", "terraform"]

register_profiles()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens/ anew; read the difference")
