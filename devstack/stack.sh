#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# nova-lite on this machine, from a clone to a running server.
# Running it again takes up what is there. devstack/unstack.sh undoes it.

set -Eeuo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
. "$REPO/devstack/lib/packages.sh"
. "$REPO/devstack/lib/venv.sh"
. "$REPO/devstack/lib/database.sh"
. "$REPO/devstack/lib/libvirt.sh"
. "$REPO/devstack/lib/network.sh"

trap 'on_error $?' ERR

DRIVER=libvirt
COMPUTES=1
DB=sqlite
STATE=$(default_state)
DEMO=yes
API_PORT=${NOVA_LITE_API_PORT:-8774}
METADATA_PORT=${NOVA_LITE_METADATA_PORT:-8775}
VIRT_TYPE=${NOVA_LITE_VIRT_TYPE:-auto}
IMAGE=nova-lite-linux
KEY=demo
SERVER=demo

usage() {
    cat <<TEXT
usage: devstack/stack.sh [options]

  --driver libvirt|fake   hypervisor: QEMU by libvirt, or none at all (libvirt)
  --computes N            compute daemons, with a host name each; more than
                          one goes with the fake driver (1)
  --db KIND               sqlite, mariadb or postgresql (sqlite)
  --state DIR             what the stack keeps: settings, logs, database,
                          images, disks ($STATE)
  --virt-type TYPE        kvm, qemu or auto: kvm where the processor and
                          /dev/kvm offer it ($VIRT_TYPE)
  --api-port PORT         TCP port of the API on 127.0.0.1 ($API_PORT)
  --metadata-port PORT    TCP port of guests' metadata there ($METADATA_PORT)
  --no-demo               start no server and make no key pair
TEXT
}

parse_arguments() {
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help) usage; exit 0 ;;
            --no-demo) DEMO=no; shift; continue ;;
            --driver | --computes | --db | --state | --virt-type | \
                --api-port | --metadata-port)
                [ $# -ge 2 ] || die "$1 needs a value" ;;
            *) usage >&2; die "unknown option $1" ;;
        esac
        case $1 in
            --driver) DRIVER=$2 ;;
            --computes) COMPUTES=$2 ;;
            --db) DB=$2 ;;
            --state) STATE=$2 ;;
            --virt-type) VIRT_TYPE=$2 ;;
            --api-port) API_PORT=$2 ;;
            --metadata-port) METADATA_PORT=$2 ;;
        esac
        shift 2
    done
    check_arguments
}

check_arguments() {
    [[ $DRIVER =~ ^(libvirt|fake)$ ]] || die "--driver is libvirt or fake"
    [[ $DB =~ ^(sqlite|mariadb|postgresql)$ ]] ||
        die "--db is sqlite, mariadb or postgresql"
    [[ $VIRT_TYPE =~ ^(auto|kvm|qemu)$ ]] ||
        die "--virt-type is auto, kvm or qemu"
    [[ $COMPUTES =~ ^[1-9][0-9]{0,2}$ ]] || die "--computes is 1 to 999"
    [[ $API_PORT =~ ^[1-9][0-9]{0,4}$ ]] || die "--api-port is a TCP port"
    [[ $METADATA_PORT =~ ^[1-9][0-9]{0,4}$ ]] ||
        die "--metadata-port is a TCP port"
    [ "$DRIVER" = fake ] || [ "$COMPUTES" -eq 1 ] ||
        die "one libvirt makes one compute host: give --driver fake" \
            "with --computes $COMPUTES"
    STATE=$(realpath -m "$STATE")
}

make_state() {
    mkdir -p "$STATE/logs" "$STATE/instances"
    chmod 755 "$STATE"
    # Whoever sets NOVA_LITE_STATE says by it which stack is meant.
    if [ -z "${NOVA_LITE_STATE:-}" ]; then
        mkdir -p "$REPO/.state"
        echo "$STATE" >"$REPO/.state/current"
    fi
    export NOVA_LITE_STATE=$STATE
}

build_guest() {
    GUEST=$STATE/guest/$IMAGE.qcow2
    mkdir -p "$STATE/guest"
    if [ "$DRIVER" = fake ]; then
        # The fake driver looks at no byte of it.
        GUEST=$STATE/guest/$IMAGE.raw
        [ -e "$GUEST" ] || truncate -s 1M "$GUEST"
        say "the fake driver boots nothing: an empty image will do"
        return 0
    fi
    run_logged guest-image "$REPO/devstack/guest/build-linux.sh" "$GUEST"
}

choose_virt_type() {
    [ "$VIRT_TYPE" = auto ] || return 0
    # /dev/kvm alone proves nothing: some machines have one that cannot run
    # Linux. Without these processor flags it is such a one, or none.
    if [ -e /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then
        VIRT_TYPE=kvm
    else
        VIRT_TYPE=qemu
        say "no usable KVM here (no vmx or svm in /proc/cpuinfo): guests are" \
            "emulated, virt_type=qemu"
        say "to use KVM nevertheless: --virt-type kvm"
    fi
}

start_hypervisor() {
    if [ "$DRIVER" = fake ]; then
        say "the fake driver needs none"
        return 0
    fi
    choose_virt_type
    libvirt_up
    setpriv --reuid=libvirt-qemu --regid=kvm --clear-groups \
        test -x "$STATE/instances" ||
        die "QEMU's user libvirt-qemu cannot enter $STATE/instances:" \
            "make its parent directories searchable (chmod o+x)," \
            "or give another --state"
    bridge_up
    say "libvirt $(virsh -q -c qemu:///system version --daemon |
        sed -n 's/^Running against daemon: //p') with virt_type=$VIRT_TYPE"
}

write_configuration() {
    local new=$STATE/nova_lite.conf.new
    (
        umask 077
        {
            echo "# Written by devstack/stack.sh at each run."
            echo "[DEFAULT]"
            echo "state_path = $STATE"
            echo "compute_driver = $DRIVER"
            echo "periodic_fuzzy_delay = 5"
            echo
            echo "[api]"
            echo "listen = 127.0.0.1"
            echo "port = $API_PORT"
            if [ "$DRIVER" = libvirt ]; then
                echo "embedded_services = identity,image,network"
                echo "metadata_port = $METADATA_PORT"
                printf '\n[netd]\nbridge_mappings = public:%s\n' "$BRIDGE"
            fi
            [ -z "$DATABASE_URL" ] ||
                printf '\n[database]\nconnection = %s\n' "$DATABASE_URL"
            # Guests that only pretend cost nothing, and load generators
            # make them by the hundred.
            if [ "$DRIVER" = fake ]; then
                printf '\n[quota]\ninstances = -1\ncores = -1\nram = -1\n'
            else
                printf '\n[libvirt]\nvirt_type = %s\n' "$VIRT_TYPE"
            fi
        } >"$new"
    )
    CHANGED=yes
    if cmp -s "$new" "$STATE/nova_lite.conf" &&
        [ "$(cat "$STATE/computes" 2>/dev/null)" = "$COMPUTES" ]; then
        CHANGED=no
    fi
    mv "$new" "$STATE/nova_lite.conf"
    echo "$COMPUTES" >"$STATE/computes"
    say "$STATE/nova_lite.conf"
}

start_daemons() {
    local pid_file=$STATE/nova-lite-all.pid log=$STATE/logs/nova-lite-all.log
    STEP_LOG=$log
    if [ $CHANGED = yes ] && running "$pid_file" >/dev/null; then
        say "the configuration changed: starting the daemons again"
        stop_remembered "$pid_file" TERM 90
    fi
    if running "$pid_file" >/dev/null; then
        say "nova-lite-all runs already (pid $(running "$pid_file"))"
    else
        (: <"/dev/tcp/127.0.0.1/$API_PORT") 2>/dev/null &&
            die "port $API_PORT of 127.0.0.1 is taken by another program:" \
                "stop it, or give --api-port"
        [ ! -e "$log" ] || mv "$log" "$log.1"
        setsid "$PYTHON_VENV/bin/nova-lite-all" \
            --config-file "$STATE/nova_lite.conf" --computes "$COMPUTES" \
            </dev/null >"$log" 2>&1 9>&- &
        remember "$pid_file" $!
    fi
    say "log: $log"
    wait_for_daemons "$pid_file" "$log"
}

# Until the API is well and every compute host is known to it.
wait_for_daemons() {
    local pid_file=$1 log=$2 end=$((SECONDS + 180)) known=
    until grep -q 'ready: the API is at' "$log"; do
        running "$pid_file" >/dev/null ||
            { say "nova-lite-all ended while it started"; return 1; }
        [ "$(grep -c '| api ended' "$log")" -lt 4 ] ||
            { say "nova-lite-api ends again and again"; return 1; }
        [ $SECONDS -lt $end ] ||
            { say "the API was not ready within 180 s"; return 1; }
        sleep 0.3
    done
    . "$REPO/devstack/openrc"
    until known=$(openstack hypervisor list -f value -c ID 2>"$log.client" |
        wc -l) && [ "$known" -ge "$COMPUTES" ]; do
        if [ $SECONDS -ge $end ]; then
            say "$known of $COMPUTES compute hosts reported"
            tail -n 1 "$log.client" >&2
            return 1
        fi
        sleep 1
    done
    say "the API is at http://127.0.0.1:$API_PORT, compute hosts: $known"
}

make_resources() {
    local format=qcow2
    [ "$DRIVER" = libvirt ] || format=raw
    if openstack image show "$IMAGE" -f value -c status 2>/dev/null |
        grep -qx active; then
        say "image $IMAGE is there"
    else
        say "uploading image $IMAGE"
        openstack image create --public --disk-format $format \
            --container-format bare --file "$GUEST" "$IMAGE" -f value -c id \
            >/dev/null
    fi
    "$PYTHON_VENV/bin/nova-lite-manage" \
        --config-file "$STATE/nova_lite.conf" flavor defaults |
        sed 's/^/      /'
    [ $DEMO = yes ] || return 0
    make_key
    [ "$DRIVER" = fake ] || make_networks
}

make_key() {
    local file=$STATE/$KEY.pem
    if [ -s "$file" ] && openstack keypair show $KEY >/dev/null 2>&1; then
        say "key pair $KEY is there: $file"
        return 0
    fi
    openstack keypair delete $KEY >/dev/null 2>&1 || true
    [ -s "$file" ] || ssh-keygen -q -t ed25519 -N '' -C $KEY -f "$file"
    openstack keypair create --public-key "$file.pub" $KEY >/dev/null
    say "key pair $KEY: $file"
}

boot_demo() {
    local status end
    status=$(server_status)
    if [ "$status" = ERROR ]; then
        say "server $SERVER of an earlier run is in ERROR: made anew"
        openstack server delete --wait $SERVER
        status=
    fi
    if [ -z "$status" ]; then
        local network=(--no-network)
        [ "$DRIVER" = fake ] || network=(--network $NETWORK)
        openstack server create --flavor m1.nano --image $IMAGE \
            --key-name $KEY "${network[@]}" $SERVER -f value -c id >/dev/null
        say "server $SERVER was accepted"
    fi
    end=$((SECONDS + 180))
    until status=$(server_status) && [ "$status" = ACTIVE ]; do
        if [ "$status" = ERROR ]; then
            say "server $SERVER is in ERROR:"
            openstack server show $SERVER -f value -c fault
            return 1
        fi
        [ $SECONDS -lt $end ] ||
            { say "server $SERVER is $status after 180 s"; return 1; }
        sleep 0.5
    done
    say "server $SERVER is ACTIVE"
}

server_status() {
    openstack server show $SERVER -f value -c status 2>/dev/null || true
}

# The guest needs some seconds to boot when it is emulated.
show_console() {
    local text='' end=$((SECONDS + 120))
    until text=$(openstack console log show $SERVER 2>/dev/null) &&
        { [ "$DRIVER" = fake ] || [[ $text == *'nova-lite-guest: ready'* ]]; }
    do
        [ $SECONDS -lt $end ] ||
            { say "no ready line on the console within 120 s"; return 1; }
        sleep 1
    done
    say "the end of its console log:"
    printf '%s\n' "$text" | tr -d '\r' | tail -n 12 | sed 's/^/        /'
}

# As its user would: by its floating IP and the key of its key pair.
ask_by_ssh() {
    local address text end=$((SECONDS + 60))
    address=$(floating_ip $SERVER)
    local ssh=(ssh -i "$STATE/$KEY.pem" -o BatchMode=yes
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null
        -o LogLevel=ERROR -o ConnectTimeout=5 "root@$address")
    until text=$("${ssh[@]}" 'hostname; uptime' 2>"$STATE/logs/ssh.log"); do
        [ $SECONDS -lt $end ] || {
            STEP_LOG=$STATE/logs/ssh.log
            say "no answer by ssh at $address within 60 s"
            return 1
        }
        sleep 1
    done
    say "${ssh[*]:0:3} root@$address 'hostname; uptime'"
    printf '%s\n' "$text" | sed 's/^/        /'
}

# What a load generator needs to know of this stack.
write_target() {
    (cd "$REPO" &&
        "$PYTHON_VENV/bin/python" -m bench.target write \
            "$STATE" "$API_PORT" "$IMAGE")
    say "for load generators: $STATE/target.json"
}

tell_what_next() {
    local network=--no-network
    [ "$DRIVER" = fake ] || network="--network $NETWORK"
    cat <<TEXT

nova-lite runs. Try:
    . $REPO/devstack/openrc
    openstack server list
    openstack server create --flavor m1.nano --image $IMAGE $network two
    openstack console log show $SERVER
    openstack compute service list
    $PYTHON_VENV/bin/nova-lite-status --config-file $STATE/nova_lite.conf doctor
    tail -f $STATE/logs/nova-lite-all.log
To stop it: devstack/unstack.sh; to remove everything: --purge
TEXT
}

openstack() {
    "$PYTHON_VENV/bin/openstack" "$@"
}

main() {
    parse_arguments "$@"
    need_root
    STEP_TOTAL=8
    [ $DEMO = yes ] && STEP_TOTAL=10
    [ $DEMO = yes ] && [ "$DRIVER" = libvirt ] && STEP_TOTAL=11
    make_state

    step "system packages"
    mapfile -t wanted < <(packages "$DRIVER" "$DB")
    install_packages "${wanted[@]}"
    step "Python environment"
    if [ "$DRIVER" = fake ]; then
        make_venv client
    else
        make_venv libvirt,client
    fi
    step "guest image"
    build_guest
    step "hypervisor"
    start_hypervisor
    step "database ($DB)"
    database_up "$DB"
    step "configuration"
    write_configuration
    step "daemons"
    start_daemons
    step "image and flavors"
    make_resources
    write_target
    if [ $DEMO = yes ]; then
        step "server $SERVER"
        boot_demo
        step "console of $SERVER"
        show_console
        if [ "$DRIVER" = libvirt ]; then
            step "ssh to $SERVER"
            ask_by_ssh
        fi
    fi
    tell_what_next
}

main "$@"
