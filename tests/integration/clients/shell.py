# SPDX-License-Identifier: Apache-2.0
"""Commands of the stock clients' shells, run in one warm process each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_MAIN = Path(__file__).with_name("warm_shell.py")


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    words: tuple[str, ...]
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it printed with ``-f json``."""
        return json.loads(self.out)

    def __str__(self) -> str:
        return f"{' '.join(self.words)}: {self.status}\n{self.out}{self.err}"


def environment(user: Mapping[str, str]) -> dict[str, str]:
    """The variables of a process that is nobody but this user."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("OS_")
    }
    # A proxy of the machine is not for loopback; a wide screen cuts nothing.
    return {**plain, "NO_PROXY": "*", "COLUMNS": "400", **user}


class Shell:
    """One user's shell of one client."""

    def __init__(self, program: str, user: Mapping[str, str]) -> None:
        """``program``: openstack or nova. ``user``: the OS_ variables."""
        self.program = program
        self._environment = environment(user)
        self._process: subprocess.Popen[str] | None = None

    def run(self, *words: str) -> Done:
        """Run a command in the warm process, which the first one starts."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", str(_MAIN), self.program],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(words) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, f"{self.program} ended at {words}"
        return Done(words, *json.loads(answer))

    def run_once(self, *words: str) -> Done:
        """The same in a process of its own, as a user does."""
        program = Path(sys.executable).with_name(self.program)
        done = subprocess.run(
            [str(program), *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Done(words, done.returncode, done.stdout, done.stderr)

    def close(self) -> None:
        """End the warm process."""
        if self._process is not None:
            # The end of its input is the end of its work.
            self._process.communicate(timeout=60)
            self._process = None
