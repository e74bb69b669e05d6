# SPDX-License-Identifier: Apache-2.0
"""Checks of the identity service: the daemons' accounts, the catalogue.

Each account logs in once, as its daemon does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from oslo_config import cfg

from nova_lite import exception
from nova_lite.doctor.finding import Finding, fault, ok, warning

TIMEOUT_S = 10
# Whoever has one of these may ask Keystone about the tokens of others.
_CHECKERS = {"admin", "service"}
_WANTED = {
    "image": "servers cannot be booted",
    "compute": "clients do not find this service",
}


# Gives keystoneauth's plugin of an account, and a session to use it with.
Load = Callable[[], tuple[Any, Any]]


def check_token_account(load: Load) -> list[Finding]:
    """The account of [keystone_authtoken], and what the catalogue has."""
    section = "keystone_authtoken"
    access, findings = _log_in(section, load)
    if access is None:
        return findings
    if not _CHECKERS & set(access.role_names):
        findings.append(
            fault(
                section,
                f"{access.username} has neither of the roles admin and "
                "service, so Keystone will not tell it whose a token is",
                f"openstack role add --user {access.username} --project "
                f"{access.project_name} service",
            )
        )
    return findings + _check_catalog(access)


def check_service_user(load: Load) -> list[Finding]:
    """The account of [service_user], with which computes get images."""
    section = "service_user"
    access, findings = _log_in(section, load)
    if access is not None and "admin" not in access.role_names:
        findings.append(
            warning(
                section,
                f"{access.username} is no admin: Glance does not give it the "
                "private images of other projects",
                f"openstack role add --user {access.username} --project "
                f"{access.project_name} admin",
            )
        )
    return findings


def service_user() -> tuple[Any, Any]:
    """The account of [service_user]. Raises: ServiceUnavailable."""
    from nova_lite.rest import session

    return session.account(), session.account_session(TIMEOUT_S)


def token_account(files: Sequence[str]) -> tuple[Any, Any]:
    """The account of [keystone_authtoken].

    Read by a parser of our own from ``files``: the options are
    keystonemiddleware's, which a command has no other use for.
    """
    from keystoneauth1 import loading

    conf = cfg.ConfigOpts()
    group = "keystone_authtoken"
    loading.register_auth_conf_options(conf, group)
    loading.register_session_conf_options(conf, group)
    args = [word for name in files for word in ("--config-file", name)]
    conf(args, project="nova_lite", prog="nova-lite-status")
    plugin = loading.load_auth_from_conf_options(conf, group)
    if plugin is None:
        raise exception.ServiceUnavailable(
            reason=f"[{group}] has no auth_type"
        )
    session = loading.load_session_from_conf_options(
        conf, group, timeout=TIMEOUT_S
    )
    return plugin, session


def _log_in(section: str, load: Load) -> tuple[Any, list[Finding]]:
    from keystoneauth1 import exceptions as ks_exc

    try:
        plugin, session = load()
        access = plugin.get_access(session)
    except ks_exc.Unauthorized:
        text = "Keystone refuses the account"
        fix = f"correct user, password and project in [{section}]"
    except (ks_exc.ClientException, exception.NovaLiteException) as error:
        text = str(error)
        fix = f"is Keystone up, and is auth_url in [{section}] right?"
    else:
        roles = ", ".join(sorted(access.role_names))
        text = f"{access.username} logs in, with roles {roles}"
        return access, [ok(section, text)]
    return None, [fault(section, text, fix)]


def _check_catalog(access: Any) -> list[Finding]:
    found = access.service_catalog.get_endpoints()
    return [
        warning(
            "catalogue",
            f"no endpoint of type {kind}: {harm}",
            f"openstack endpoint create --region REGION {kind} public URL",
        )
        for kind, harm in _WANTED.items()
        if not found.get(kind)
    ]
