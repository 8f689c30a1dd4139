"""What the tests share: terraform, the servers, and the way to renew goldens."""

import pytest

from .aws.conftest import ministack, ministack_open, moto_server
from .terraform.conftest import terraform

__all__ = ["ministack", "ministack_open", "moto_server", "pytest_addoption", "terraform"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="write tests/goldens/ anew; read the difference")
