# SPDX-License-Identifier: Apache-2.0
"""The main program of a process in which a client's shell is kept warm.

A client needs longer to import its modules than to ask a question. So this
process imports them once, and then runs one command after another, each in a
fresh shell object, as its own main program does. A command is a line of JSON
on standard input (its words); the answer is a line of JSON (exit status,
standard output, standard error). ``shell.py`` is the other end.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
from collections.abc import Callable, Sequence

Run = Callable[[Sequence[str]], object]


def _openstack(words: Sequence[str]) -> object:
    from openstackclient.shell import OpenStackShell
    from osc_lib.clientmanager import ClientCache, ClientManager

    # The class keeps each service's client, with its version and token.
    for one in vars(ClientManager).values():
        if isinstance(one, ClientCache):
            one._handle = None
    return OpenStackShell().run(list(words))


def _nova(words: Sequence[str]) -> object:
    from novaclient.shell import OpenStackComputeShell

    try:
        return OpenStackComputeShell().main(list(words))
    except Exception as error:
        # As the program's own last line does.
        print(f"ERROR ({type(error).__name__}): {error}", file=sys.stderr)
        return 1


RUNS: dict[str, Run] = {"openstack": _openstack, "nova": _nova}


def _run(run: Run, words: Sequence[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    # What one command has set up for its log is not for the next.
    logging.getLogger().handlers.clear()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = run(words)
        except SystemExit as end:
            status = end.code
    if isinstance(status, str):
        err.write(status)
    known = status if isinstance(status, int) else int(status is not None)
    return known, out.getvalue(), err.getvalue()


def main() -> None:
    """Answer until standard input ends."""
    run = RUNS[sys.argv[1]]
    answers, asked = sys.stdout, sys.stdin
    # Nobody is there to answer a command that asks back.
    sys.stdin = io.StringIO()
    for line in asked:
        status, out, err = _run(run, json.loads(line))
        answers.write(json.dumps([status, out, err]) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
