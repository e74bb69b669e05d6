# SPDX-License-Identifier: Apache-2.0
"""Command-line pieces that nova-lite-manage and nova-lite-status share."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import warnings
from collections.abc import Callable
from typing import TypeAlias

from nova_lite import exception, version

# oslo.service imports eventlet, which warns; no command runs under it. Here,
# since this module is imported before any that does so.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")

# argparse gives the class of add_subparsers() only this name.
Groups: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser(program: str, text: str) -> argparse.ArgumentParser:
    """A parser with the options that every command has."""
    made = argparse.ArgumentParser(prog=program, description=text)
    made.add_argument(
        "--version", action="version", version=f"{program} {version.string()}"
    )
    made.add_argument("--config-file", action="append", default=[])
    made.add_argument("--config-dir", action="append", default=[])
    return made


def group(groups: Groups, name: str, text: str) -> Groups:
    """Add a group of commands."""
    made = groups.add_parser(name, help=text, description=text)
    return made.add_subparsers(metavar="COMMAND", required=True)


def command(
    commands: Groups,
    name: str,
    run: Callable[[argparse.Namespace], int | None],
    text: str,
) -> argparse.ArgumentParser:
    """Add one command; ``run`` gets the parsed arguments."""
    made = commands.add_parser(name, help=text, description=text)
    made.set_defaults(run=run)
    return made


def configure(arguments: argparse.Namespace) -> None:
    """Read the configuration files that were named, or the default ones."""
    from nova_lite import config

    args = []
    for name in arguments.config_file:
        args += ["--config-file", name]
    for name in arguments.config_dir:
        args += ["--config-dir", name]
    config.parse_args(args)


def add_password(made: argparse.ArgumentParser) -> None:
    """Let a command take a password; see read_password."""
    made.add_argument(
        "--password-stdin",
        action="store_true",
        help="read the password from the first line of standard input",
    )


def read_password(arguments: argparse.Namespace, variable: str) -> str:
    """A password from stdin, from the environment or from the terminal.

    Never from the command line, which every user of the host can read.
    Raises: InvalidInput when it is empty.
    """
    if arguments.password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    elif variable in os.environ:
        password = os.environ[variable]
    elif sys.stdin.isatty():
        password = getpass.getpass()
    else:
        raise exception.InvalidInput(
            reason=f"give a password by {variable} or --password-stdin."
        )
    if not password:
        raise exception.InvalidInput(reason="the password is empty.")
    return password
