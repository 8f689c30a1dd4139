"""The servers, each started once for all tests that ask for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib.util import find_spec

import pytest

from . import servers


@pytest.fixture(scope="session")
def moto_server() -> Iterator[servers.Server]:
    """moto: CloudFormation and IAM as a store; nothing is enforced."""
    need("boto3", "moto", "flask")  # flask: the package's server extra
    yield from serving(servers.moto())


@pytest.fixture(scope="session")
def ministack() -> Iterator[servers.Server]:
    """ministack that enforces policies."""
    need("boto3", "ministack")
    yield from serving(servers.ministack(auth=True))


@pytest.fixture(scope="session")
def ministack_open() -> Iterator[servers.Server]:
    """ministack that lets everybody do everything."""
    need("boto3", "ministack")
    yield from serving(servers.ministack(auth=False))


def need(*packages: str) -> None:
    """Skip, saying why, where a package is not installed; one that is there and does not start is a failure."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def serving(server: AbstractContextManager[servers.Server]) -> Iterator[servers.Server]:
    """A fixture's one yield, inside the server's life."""
    with server as running:
        yield running
