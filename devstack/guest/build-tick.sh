#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Build the tick guest (see tick.S) as a raw disk of 1 MiB.
#
# Usage: build-tick.sh OUTPUT.raw
# Needs: binutils

set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

die() {
    echo "build-tick: $*" >&2
    exit 1
}

[ $# -eq 1 ] || die "usage: build-tick.sh OUTPUT.raw"
output=$1
for tool in as ld truncate; do
    command -v "$tool" >/dev/null || die "$tool is missing: install binutils"
done
mkdir -p "$(dirname "$output")"
work=$(mktemp -d "$output.XXXXXX") || die "cannot write beside $output"
trap 'rm -rf "$work"' EXIT

as --32 -o "$work/tick.o" "$here/tick.S" || die "tick.S does not assemble"
ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o "$work/tick.raw" \
    "$work/tick.o" || die "tick.o does not link"
[ "$(stat -c %s "$work/tick.raw")" -eq 512 ] ||
    die "the boot sector must have 512 bytes"
truncate -s 1M "$work/tick.raw"
chmod 644 "$work/tick.raw"
# Renaming keeps the disk of a guest that runs from the old file intact.
cmp -s "$work/tick.raw" "$output" || mv "$work/tick.raw" "$output"
