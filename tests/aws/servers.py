"""Servers that answer as AWS does, run as programs of their own on the loopback interface.

moto keeps what CloudFormation and IAM are told and hands it back; ministack, started with `auth`, also enforces the
policies. Neither refuses all that AWS refuses: a test against them shows what was built and what it permits, not that
AWS would take it.
"""

from __future__ import annotations

import http
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from unittest import mock

ACCOUNT = "123456789012"
REGION = "eu-central-1"  # not the region that the servers fall back to, so that a wrong one shows
STARTING = 120.0  # seconds that a server may take until it answers
ATTEMPTS = 3

# Runs a module as `python -m` does, and ends the process group once our end of stdin closes: no server outlives its
# tests, not even tests that were killed.
RUN_WHILE_WATCHED = """
import os, runpy, signal, sys, threading
def watch():
    sys.stdin.read()
    os.killpg(0, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
runpy.run_module(sys.argv.pop(), run_name="__main__", alter_sys=True)
"""


@dataclass(frozen=True)
class Credentials:
    """What a request is signed with; a role's session has a token, a user's key has none."""

    access_key: str
    secret_key: str
    token: str | None = None


ROOT = Credentials("test", "test")  # ministack's account root; moto does not look


@dataclass(frozen=True)
class Server:
    """A running server, and the way to speak to it."""

    url: str

    def client(self, service: str, credentials: Credentials | None = None) -> Any:
        """A boto3 client, the account root's unless told, that reads neither the environment nor ~/.aws."""
        import boto3
        from botocore.config import Config

        signer = credentials or ROOT
        # A client reads the environment while it is made, and not later.
        with mock.patch.dict(os.environ, bare_environment(os.devnull), clear=True):
            session: Any = boto3.Session()
            return session.client(
                service,
                endpoint_url=self.url,
                region_name=REGION,
                aws_access_key_id=signer.access_key,
                aws_secret_access_key=signer.secret_key,
                aws_session_token=signer.token,
                config=Config(
                    connect_timeout=20,
                    read_timeout=60,
                    retries={"total_max_attempts": 1},
                    s3={"addressing_style": "path"},  # a bucket's name in the host would need DNS
                ),
            )


class NotStartedError(Exception):
    """A server did not come up; the message ends with what it printed."""


def moto() -> AbstractContextManager[Server]:
    """moto, with the policies that AWS manages, which it leaves out unless asked.

    Of a template's role it drops ManagedPolicyArns; a list keeps a hole where AWS::NoValue stood; it checks neither
    Rules nor what a parameter may be; an update leaves the role's policies as they were.
    """
    settings = {"MOTO_ACCOUNT_ID": ACCOUNT, "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    return running("moto.server", "MOTO_PORT", settings, healthy="/moto-api/data.json")


def ministack(*, auth: bool) -> AbstractContextManager[Server]:
    """ministack; with `auth` it verifies signatures and enforces policies.

    Of a template's role it drops PermissionsBoundary. In Conditions it knows Ref of a parameter and Fn::Select; of a
    pseudo parameter, Fn::Join or Fn::Sub it says that they equal nothing. A name that nothing defines becomes its own
    text. It does not expand policy variables, and a `&` or `<` in a description or a tag makes its answer unreadable.
    It asks about a log group without the `:*` that its ARN ends with in a policy, and never about iam:PassRole.
    """
    settings = {
        "AUTH": str(auth).lower(),
        "BIND_HOST": "127.0.0.1",
        "DOCKER_HOST": f"unix://{os.devnull}/none",  # it removes containers that it takes for its own
        "IOT_MTLS_ENABLED": "0",  # one more port, and a fixed one
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
    }
    return running("ministack", "GATEWAY_PORT", settings, healthy="/_ministack/ready")


@contextmanager
def running(module: str, port_variable: str, settings: dict[str, str], healthy: str) -> Generator[Server, None, None]:
    """The server that `module` is when run, told its port by a variable; answering on entry, gone on exit."""
    with tempfile.TemporaryDirectory() as home:
        log = Path(home, "log")
        for _ in range(ATTEMPTS):  # between choosing a port and binding it another program may take it
            port = free_port()
            environment = bare_environment(home) | settings | {port_variable: str(port)}
            with log.open("wb") as output, started(module, environment, output) as process:
                if answers(process, port, healthy):
                    yield Server(f"http://127.0.0.1:{port}")
                    return
        raise NotStartedError(f"{module} did not start: it printed\n{log.read_text(errors='replace')}")


@contextmanager
def started(
    module: str, environment: dict[str, str], output: BinaryIO
) -> Generator[subprocess.Popen[bytes], None, None]:
    """A process group of its own that runs `module`, killed on exit: it holds nothing worth an orderly end."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN_WHILE_WATCHED, module],
        env=environment,
        cwd=environment["HOME"],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def answers(process: subprocess.Popen[bytes], port: int, path: str) -> bool:
    """Whether the process answers in time; no as soon as it has ended."""
    deadline = time.monotonic() + STARTING
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            with closing(connection):
                connection.request("GET", path)
                if connection.getresponse().status == http.HTTPStatus.OK:
                    return True
        time.sleep(0.02)
    return False


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def bare_environment(home: str) -> dict[str, str]:
    """What Python needs of our environment, and nothing of AWS, of proxies or of a server's settings."""
    kept = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH")
    nothing = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    written = dict.fromkeys(("HOME", "TMPDIR", "STATE_DIR"), home)  # the last is ministack's
    return {name: os.environ[name] for name in kept if name in os.environ} | nothing | written
