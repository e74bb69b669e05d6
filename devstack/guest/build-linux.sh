#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Build the Linux demo guest: a small qcow2 disk that boots by BIOS from its
# own disk and needs 128 MiB of memory. README.md tells what it does.
#
# Usage: build-linux.sh [--work DIR] [--force] OUTPUT.qcow2
#
# Needs the packages of packages.txt, and apt for the guest's own parts
# (fetched and unpacked under --work, never installed). The result is kept
# there by a checksum of the inputs: building again takes no time.
# Neither loop devices nor mounts are used.

set -Eeuo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=${XDG_CACHE_HOME:-$HOME/.cache}/nova-lite/guest
mbr=/usr/lib/syslinux/mbr/mbr.bin
force=no
output=

# The disk, in MiB: boot record, FAT with the kernel, ext4 with the data.
fat_start=1
fat_size=24
data_start=$((fat_start + fat_size))
data_size=6
disk_size=$((data_start + data_size))
fixed_time=1700000000

die() {
    echo "build-linux: $*" >&2
    exit 1
}

step() {
    printf 'build-linux: [%3ds] %s\n' "$SECONDS" "$*" >&2
}

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            --work) work=${2:?--work needs a directory}; shift ;;
            --force) force=yes ;;
            -*) die "unknown option $1" ;;
            *) [ -z "$output" ] || die "one output only"; output=$1 ;;
        esac
        shift
    done
    [ -n "$output" ] ||
        die "usage: build-linux.sh [--work DIR] [--force] OUTPUT.qcow2"
}

check_tools() {
    local tool missing=()
    for tool in apt-get dpkg ldd busybox cpio zstd mformat mcopy syslinux \
        mke2fs qemu-img flock; do
        command -v $tool >/dev/null || missing+=("$tool")
    done
    [ -e $mbr ] || missing+=("$mbr")
    [ ${#missing[@]} -eq 0 ] || die "missing: ${missing[*]}; install with:" \
        "apt-get install $(tr '\n' ' ' <"$here/packages.txt")"
    [ "$(dpkg --print-architecture)" = amd64 ] ||
        die "the guest is made of amd64 packages; this machine is another"
}

# Name of the inputs: what decides the image, except the archive's versions.
inputs_key() {
    local busybox
    busybox=$(readlink -f "$(command -v busybox)")
    {
        (cd "$here" && find build-linux.sh syslinux.cfg rootfs -type f \
            -printf '%m %p\n' | sort &&
            find build-linux.sh syslinux.cfg rootfs -type f -print0 |
            sort -z | xargs -0 sha256sum)
        sha256sum <"$busybox"
        sha256sum <$mbr
    } | sha256sum | cut -c 1-16
}

apt() {
    apt-get -q -o APT::Sandbox::User=root "$@"
}

# Print the package of the newest kernel for virtual machines.
kernel_package() {
    apt-cache depends linux-image-cloud-amd64 2>/dev/null |
        sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

fetch_one() {
    local package=$1 file
    # From an empty directory: apt names no file that is there already.
    file=$(cd "$stage" && apt download --print-uris "$package" |
        awk '{ print $2 }') || return 1
    [ -n "$file" ] || return 1
    [ -s "$file" ] || apt download "$package" >fetch.log 2>&1 || return 1
    dpkg -x "$file" "$tree"
}

fetch_packages() {
    local kernel package
    mkdir -p "$work/debs"
    cd "$work/debs"
    if [ -z "$(kernel_package)" ]; then
        step "refreshing the package lists"
        apt update >/dev/null || die "apt-get update failed"
    fi
    kernel=$(kernel_package)
    [ -n "$kernel" ] ||
        die "the archive has no linux-image-cloud-amd64 (is it Debian 12?)"
    for package in "$kernel" dropbear-bin libtomcrypt1 libtommath1 \
        qemu-guest-agent; do
        step "fetching $package"
        fetch_one "$package" && continue
        step "refreshing the package lists"
        apt update >/dev/null || die "apt-get update failed"
        fetch_one "$package" || die "cannot fetch $package:" \
            "$(tail -n 3 fetch.log 2>/dev/null)"
    done
}

copy_busybox() {
    local path
    cp "$(readlink -f "$(command -v busybox)")" "$root/bin/busybox"
    "$root/bin/busybox" true 2>/dev/null || die "busybox does not run"
    for path in $("$root/bin/busybox" --list-full); do
        [ "$path" != bin/busybox ] || continue
        mkdir -p "$root/$(dirname "$path")"
        ln -s /bin/busybox "$root/$path"
    done
    [ -L "$root/sbin/getty" ] && [ -L "$root/sbin/init" ] ||
        die "busybox has no getty or init: install busybox-static"
}

copy_drivers() {
    local name file
    mkdir -p "$root/lib/modules"
    while read -r name; do
        file=$(find "$tree/lib/modules" -name "$name.ko" -print -quit)
        [ -n "$file" ] || die "the kernel package has no driver $name"
        cp "$file" "$root/lib/modules/"
    done <"$here/rootfs/etc/modules"
}

# Copy programs and the libraries that the loader names for them.
copy_programs() {
    local libs=usr/lib/x86_64-linux-gnu program line file
    mkdir -p "$root/lib/x86_64-linux-gnu" "$root/lib64"
    for program in usr/sbin/dropbear usr/bin/dropbearkey usr/sbin/qemu-ga; do
        cp "$tree/$program" "$root/$program"
        LD_LIBRARY_PATH=$tree/$libs ldd "$tree/$program" >"$stage/ldd" ||
            die "ldd $program failed"
        ! grep 'not found' "$stage/ldd" >&2 || die "$program lacks libraries"
        while read -r line; do
            case $line in
                *' => '*) file=${line#* => } ;;
                /lib64/*) cp -L "${line%% *}" "$root/lib64/"; continue ;;
                *) continue ;;
            esac
            cp -L "${file%% *}" "$root/lib/x86_64-linux-gnu/"
        done <"$stage/ldd"
    done
}

make_initrd() {
    step "making the initial file system"
    mkdir -p "$root"/{bin,sbin,usr/bin,usr/sbin,proc,sys,dev,run,tmp,data,root}
    copy_busybox
    copy_drivers
    copy_programs
    # Our own files win over applets of the same name.
    cp -a --remove-destination "$here/rootfs/." "$root/"
    chmod 700 "$root/root"
    chmod 600 "$root/etc/shadow"
    chmod 1777 "$root/tmp"
    find "$root" -exec touch -h -d "@$fixed_time" {} +
    (cd "$root" && find . | LC_ALL=C sort |
        cpio --quiet -o -H newc -R 0:0 --reproducible) |
        zstd -q -19 -T1 >"$stage/initrd"
}

# A 32-bit little-endian number as printf escapes.
le32() {
    printf '\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) \
        $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# partition ACTIVE TYPE START_MIB SIZE_MIB, as one entry of the boot record.
# Its cylinders are out of range: loaders then use the sector numbers.
partition() {
    printf '%b' "\\x$1\\xfe\\xff\\xff\\x$2\\xfe\\xff\\xff" \
        "$(le32 $(($3 * 2048)))" "$(le32 $(($4 * 2048)))"
}

make_disk() {
    local disk=$stage/disk.raw fat data=$stage/data.raw
    fat=$disk@@${fat_start}M
    step "making the disk"
    truncate -s "${disk_size}M" "$disk"
    dd if=$mbr of="$disk" conv=notrunc status=none
    { partition 80 0e $fat_start $fat_size
      partition 00 83 $data_start $data_size; } |
        dd of="$disk" bs=1 seek=446 conv=notrunc status=none
    printf '\x55\xaa' | dd of="$disk" bs=1 seek=510 conv=notrunc status=none

    mformat -i "$fat" -T $((fat_size * 2048)) -h 64 -s 32 -c 4 \
        -H $((fat_start * 2048)) -N 6e6c6974 -v NOVALITE ::
    mcopy -m -i "$fat" "$here/syslinux.cfg" ::/syslinux.cfg
    mcopy -m -i "$fat" "$tree"/boot/vmlinuz-* ::/vmlinuz
    mcopy -m -i "$fat" "$stage/initrd" ::/initrd
    syslinux --install --offset $((fat_start * 1024 * 1024)) "$disk"

    truncate -s "${data_size}M" "$data"
    E2FSPROGS_FAKE_TIME=$fixed_time mke2fs -q -F -t ext4 -b 1024 -m 0 \
        -L nova-lite-data -U 6e6f7661-6c69-4e65-8000-000000000001 \
        -E hash_seed=6e6f7661-6c69-4e65-8000-000000000002,root_owner=0:0 \
        "$data"
    dd if="$data" of="$disk" bs=1M seek=$data_start conv=notrunc status=none
}

build() {
    local stage tree root
    stage=$(mktemp -d "$work/stage.XXXXXX")
    # shellcheck disable=SC2064  # the value of now is wanted
    trap "rm -rf '$stage'" EXIT
    trap 'die "line $LINENO failed: $BASH_COMMAND"' ERR
    tree=$stage/tree
    root=$stage/root
    mkdir "$tree" "$root"
    (fetch_packages)
    make_initrd
    make_disk
    step "compressing"
    qemu-img convert -c -f raw -O qcow2 "$stage/disk.raw" "$stage/disk.qcow2"
    chmod 644 "$stage/disk.qcow2"
    rm -f "$work"/linux-*.qcow2     # of older inputs; users have copies
    mv "$stage/disk.qcow2" "$1"
    trap - ERR
}

# Put the built image in place, by renaming: a reader never sees half of it.
deliver() {
    local part
    mkdir -p "$(dirname "$output")"
    ! cmp -s "$1" "$output" || return 0
    part=$(mktemp "$output.XXXXXX")
    cp --reflink=auto "$1" "$part" && chmod 644 "$part" &&
        mv "$part" "$output"
}

parse_arguments "$@"
check_tools
mkdir -p "$work" || die "cannot make the work directory $work"
output=$(readlink -m "$output")
work=$(readlink -f "$work")
exec 9>"$work/lock"
flock -n 9 || { step "waiting for another build"; flock 9; }
built=$work/linux-$(inputs_key).qcow2
if [ $force = yes ] || [ ! -s "$built" ]; then
    build "$built"
    step "built $(stat -c %s "$built") bytes"
fi
deliver "$built"
