# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# The virtual environment of a clone, for stack.sh and for the tests.
# Sourced after common.sh.

# make_venv EXTRAS: make .venv and install nova-lite with these extras; what
# is installed already for this pyproject.toml is left alone.
make_venv() {
    local extras=$1 python stamp wanted
    python=${PYTHON:-python3}
    "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        die "Python 3.11 or later is needed; $python is" \
            "$("$python" --version 2>&1). Set PYTHON to another"
    stamp=$PYTHON_VENV/.installed-${extras//,/-}
    wanted=$(sha256sum <"$REPO/pyproject.toml")
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
        say "$PYTHON_VENV is up to date"
        return 0
    fi
    [ -x "$PYTHON_VENV/bin/python" ] ||
        run_logged venv "$python" -m venv "$PYTHON_VENV"
    # Two stacks of one clone may start at once.
    run_logged pip-install flock "$PYTHON_VENV/.stack-lock" \
        "$PYTHON_VENV/bin/python" -m pip install \
        --disable-pip-version-check -e "$REPO[$extras]"
    echo "$wanted" >"$stamp"
}
