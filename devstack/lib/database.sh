# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A private database server below the state directory, on loopback.
# Sourced by stack.sh and unstack.sh after common.sh.
#
#     database_up mariadb|postgresql    start it; sets DATABASE_URL
#     database_down                     stop what database_up started

# A port that nothing listens on, below the kernel's ephemeral ones.
_database_free_port() {
    local port
    for _ in $(seq 100); do
        port=$((20000 + RANDOM % 12000))
        (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || {
            echo "$port"
            return 0
        }
    done
    return 1
}

_database_start() {
    local dir=$1
    shift
    setsid "$@" </dev/null >>"$dir/log" 2>&1 &
    sleep 0.5
    remember "$dir/server.pid" $!
}

# _database_wait DIR COMMAND...: until the command works.
_database_wait() {
    local dir=$1 end=$((SECONDS + 60))
    shift
    STEP_LOG=$dir/log
    until "$@" >/dev/null 2>&1; do
        running "$dir/server.pid" >/dev/null || return 1
        [ $SECONDS -lt $end ] || return 1
        sleep 0.3
    done
}

_mariadb_up() {
    local dir=$STATE/mariadb port password user
    user=$(id -un)
    # Its temporary tables: another server that starts removes those in /tmp.
    mkdir -p "$dir/tmp"
    if [ ! -e "$dir/port" ]; then
        chmod 700 "$dir"
        run_logged mariadb-install mariadb-install-db --no-defaults \
            --datadir="$dir/data" --tmpdir="$dir/tmp" --skip-test-db \
            --user="$user" \
            --auth-root-authentication-method=socket
        (umask 077 && head -c 18 /dev/urandom | base64 | tr -d '+/=' \
            >"$dir/password")
        _database_free_port >"$dir/port"
    fi
    port=$(cat "$dir/port")
    password=$(cat "$dir/password")
    running "$dir/server.pid" >/dev/null ||
        _database_start "$dir" mariadbd --no-defaults \
            --datadir="$dir/data" --tmpdir="$dir/tmp" --socket="$dir/socket" \
            --pid-file="$dir/own.pid" --user="$user" --port="$port" \
            --bind-address=127.0.0.1 --max-connections=500 \
            --innodb-buffer-pool-size=64M --performance-schema=OFF
    _database_wait "$dir" mariadb-admin --no-defaults \
        --socket="$dir/socket" ping
    mariadb --no-defaults --socket="$dir/socket" <<SQL
CREATE DATABASE IF NOT EXISTS nova_lite CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS nova@'%' IDENTIFIED BY '$password';
CREATE USER IF NOT EXISTS nova@localhost IDENTIFIED BY '$password';
GRANT ALL ON nova_lite.* TO nova@'%';
GRANT ALL ON nova_lite.* TO nova@localhost;
SQL
    DATABASE_URL="mysql+pymysql://nova:$password@127.0.0.1:$port/nova_lite"
    DATABASE_URL+="?charset=utf8mb4"
}


_postgresql_up() {
    local dir=$STATE/postgresql port password bin
    bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin | sort -V | tail -n 1)
    if [ ! -e "$dir/port" ]; then
        mkdir -p "$dir/data"
        chown -R postgres: "$dir"
        chmod 700 "$dir"
        (umask 077 && head -c 18 /dev/urandom | base64 | tr -d '+/=' \
            >"$dir/password")
        chown postgres: "$dir/password"
        cd / # the postgres user cannot enter root's directories
        run_logged postgresql-initdb setpriv --reuid=postgres \
            --regid=postgres --init-groups -- "$bin/initdb" \
            --pgdata="$dir/data" --username=nova --auth=scram-sha-256 \
            --pwfile="$dir/password" --encoding=UTF8 --locale=C.UTF-8
        cd "$REPO"
        _database_free_port >"$dir/port"
    fi
    port=$(cat "$dir/port")
    password=$(cat "$dir/password")
    cd /
    running "$dir/server.pid" >/dev/null ||
        _database_start "$dir" setpriv --reuid=postgres --regid=postgres \
            --init-groups -- "$bin/postgres" -D "$dir/data" \
            -k "$dir/data" -p "$port" -c listen_addresses=127.0.0.1 \
            -c max_connections=300
    _database_wait "$dir" "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"
    if ! PGPASSWORD=$password "$bin/psql" -qAt -h 127.0.0.1 -p "$port" \
        -U nova postgres -c "SELECT datname FROM pg_database" |
        grep -qx nova_lite; then
        PGPASSWORD=$password "$bin/createdb" -h 127.0.0.1 -p "$port" \
            -U nova nova_lite
    fi
    cd "$REPO"
    DATABASE_URL="postgresql+psycopg://nova:$password@127.0.0.1:$port"
    DATABASE_URL+="/nova_lite"
}

database_up() {
    case $1 in
        sqlite) DATABASE_URL= ;;
        mariadb) _mariadb_up ;;
        postgresql) _postgresql_up ;;
    esac
}

database_down() {
    stop_remembered "$STATE/mariadb/server.pid" TERM 30
    # SIGTERM would wait until every client has gone.
    stop_remembered "$STATE/postgresql/server.pid" INT 30
}
