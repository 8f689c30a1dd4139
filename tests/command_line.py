"""The command line, run: `said` in this process, `run` as `python -m ecsiam`, with real streams, signals and locale."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import NamedTuple

import pytest

from ecsiam.cli import main


class Said(NamedTuple):
    code: int | str | None
    out: str
    err: str


def said(*arguments: str, stdin: bytes = b"") -> Said:
    """What the command line says in this process."""
    streams = [io.TextIOWrapper(io.BytesIO(given), encoding="utf-8", write_through=True) for given in (stdin, b"", b"")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["ecsiam", *arguments])
        patch.setattr(sys, "excepthook", sys.excepthook)  # typer sets its own
        for name, stream in zip(("stdin", "stdout", "stderr"), streams, strict=True):
            patch.setattr(sys, name, stream)
        heeded = signal.getsignal(signal.SIGINT)
        try:
            with pytest.raises(SystemExit) as exit_:
                main()
        finally:
            signal.signal(signal.SIGINT, heeded)
    _, out, err = (stream.buffer for stream in streams)
    assert isinstance(out, io.BytesIO)
    assert isinstance(err, io.BytesIO)
    return Said(exit_.value.code or 0, out.getvalue().decode(), err.getvalue().decode())


def run(*arguments: str | bytes, shell: str = "", stdin: bytes = b"", env: Mapping[str, str] | None = None) -> Said:
    """What `python -m ecsiam` says; `shell` is a script that runs it as `"$@"`."""
    command: list[str | bytes] = [sys.executable, "-m", "ecsiam", *arguments]
    if shell:
        command = ["bash", "-o", "pipefail", "-c", shell, "bash", *command]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_", "LANG"))}
    all_ = {**clean, **(env or {})}
    done = subprocess.run(command, input=stdin, capture_output=True, check=False, env=all_, timeout=120)
    return Said(done.returncode, done.stdout.decode(), done.stderr.decode())
