# SPDX-License-Identifier: Apache-2.0
"""What a user installs: the wheel, in an environment without the tree.

The wheel is made from the sdist, so both are complete. The libraries are
those of the environment that runs the tests, by links.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
_SCRIPTS = sorted(_PROJECT["scripts"])
_OURS = ("nova_lite", "__editable__")


def _run(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None
) -> str:
    clean = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**clean, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{command}:\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the sdist and the wheel."""
    directory = tmp_path_factory.mktemp("packaging")
    source = directory / "source"
    skipped = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in ("nova_lite", "etc", "doc"):
        shutil.copytree(_ROOT / name, source / name, ignore=skipped)
    for name in ("pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(_ROOT / name, source)
    if (_ROOT / "setup.cfg").exists():
        shutil.copy(_ROOT / "setup.cfg", source)
    build = (sys.executable, "-m", "build", "--no-isolation")
    _run(*build, "--outdir", directory, source, cwd=directory)
    return directory


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    (found,) = built.glob("nova_lite-*-py3-none-any.whl")
    return found


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel installed."""
    made = tmp_path_factory.mktemp("installed") / "venv"
    _run(sys.executable, "-m", "venv", "--without-pip", made, cwd=_ROOT)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    site = made / "lib" / version / "site-packages"
    libraries = {sysconfig.get_path(name) for name in ("purelib", "platlib")}
    for directory in sorted(libraries):
        for path in Path(directory).iterdir():
            if not path.name.startswith((*_OURS, "__pycache__")):
                (site / path.name).symlink_to(path)
    pip = (sys.executable, "-m", "pip", "--python", made / "bin" / "python")
    _run(
        *pip,
        *("--disable-pip-version-check", "install", "--no-deps"),
        *("--no-index", wheel),
        cwd=made,
    )
    return made


def _files_of(package: Path) -> set[str]:
    return {
        str(path.relative_to(_ROOT))
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_has_every_file_of_the_package(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert _files_of(_ROOT / "nova_lite") <= names
    assert not {name for name in names if name.startswith(("tests/", "etc/"))}


def test_the_sdist_has_what_the_wheel_is_made_of(built: Path) -> None:
    (path,) = built.glob("nova_lite-*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert _files_of(_ROOT / "nova_lite") <= names
    assert {"LICENSE", "README.md", "etc/nova_lite/nova_lite.conf.sample"} <= (
        names
    )


def test_metadata_stands_in_one_place() -> None:
    other = _ROOT / "setup.cfg"
    text = other.read_text() if other.exists() else ""
    assert "[metadata]" not in text
    assert "[options" not in text
    assert not (_ROOT / "setup.py").exists()


@pytest.mark.parametrize("script", _SCRIPTS)
def test_every_command_runs(
    script: str, environment: Path, tmp_path: Path
) -> None:
    path = environment / "bin" / script
    assert "usage: " in _run(path, "--help", cwd=tmp_path)
    version = _run(path, "--version", cwd=tmp_path)
    assert version.strip().endswith(_PROJECT["version"])


def test_nothing_is_taken_from_the_tree(
    environment: Path, tmp_path: Path
) -> None:
    found = _run(
        environment / "bin" / "python",
        "-c",
        "import nova_lite; print(nova_lite.__file__)",
        cwd=tmp_path,
    )
    assert Path(found.strip()).is_relative_to(environment)


def test_the_entry_points_load(environment: Path, tmp_path: Path) -> None:
    # The libvirt driver needs a library of its extra, as others may.
    script = """
import importlib.metadata as metadata
from nova_lite import conf
from oslo_config import cfg
conf.register_opts(cfg.CONF)
cfg.CONF([], default_config_files=[], default_config_dirs=[])
for point in metadata.distribution("nova-lite").entry_points:
    if point.group.startswith(("nova_lite.", "oslo.")):
        if point.name != "libvirt":
            point.load()
        print(point.group, point.name)
"""
    found = _run(environment / "bin" / "python", "-c", script, cwd=tmp_path)
    assert {line for line in found.splitlines() if "nova_lite." in line} == {
        f"{group} {name}"
        for group, points in _PROJECT["entry-points"].items()
        for name in points
        if group.startswith("nova_lite.")
    }


def test_the_schema_is_made_from_the_wheel(
    environment: Path, tmp_path: Path
) -> None:
    # The sample, too, is one that a daemon can read.
    manage = (
        environment / "bin" / "nova-lite-manage",
        "--config-file",
        environment / "share" / "nova-lite" / "nova_lite.conf.sample",
        "--config-file",
        tmp_path / "own.conf",
    )
    (tmp_path / "own.conf").write_text(
        f"[DEFAULT]\nstate_path = {tmp_path}\nuse_stderr = false\n"
    )
    assert "no schema" in _run(*manage, "db", "version", cwd=tmp_path)
    _run(*manage, "db", "sync", cwd=tmp_path)
    assert "no schema" not in _run(*manage, "db", "version", cwd=tmp_path)
    assert (tmp_path / "nova-lite.sqlite").stat().st_size > 0


def test_samples_and_units_are_installed(environment: Path) -> None:
    shared = environment / "share" / "nova-lite"
    for name in (
        "nova_lite.conf.sample",
        "policy.yaml.sample",
        "rabbitmq-classic.conf",
        "rabbitmq-quorum.conf",
    ):
        kept = (_ROOT / "etc" / "nova_lite" / name).read_text()
        assert (shared / name).read_text() == kept
    units = {path.name for path in (_ROOT / "etc" / "systemd").iterdir()}
    assert {path.name for path in (shared / "systemd").iterdir()} == units


def test_the_documents_are_installed(environment: Path) -> None:
    shared = environment / "share" / "doc" / "nova-lite"
    installed = {
        str(path.relative_to(shared)) for path in shared.rglob("*.md")
    }
    kept = [*(_ROOT / "doc").rglob("*.md"), _ROOT / "README.md"]
    assert installed == {
        *(str(path.relative_to(_ROOT)) for path in kept),
        "CHANGELOG.md",
    }
