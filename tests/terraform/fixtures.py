"""terraform, set up once for all tests that ask for it."""

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from .rig import Rig, terraform_path


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The real terraform with the stand-in provider."""
    if terraform_path() is None:
        pytest.skip("not installed: terraform")
    missing = [package for package in ("grpc", "msgpack", "tf") if find_spec(package) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    rig = Rig(tmp_path_factory.mktemp("terraform"))
    yield rig
    rig.close()
