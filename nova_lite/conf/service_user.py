# SPDX-License-Identifier: Apache-2.0
"""[service_user]: the daemons' own account at the identity service.

A context that came over the bus has no token; what a daemon does then at
another service it does with this account.
"""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("service_user", title="The daemons' own account")

OPTS = [
    cfg.StrOpt(
        "auth_type",
        default="password",
        choices=["password", "v3applicationcredential"],
        help="What the account shows: a password, or an application "
        "credential.",
    ),
    cfg.URIOpt(
        "auth_url",
        schemes=["http", "https"],
        help="URL of the identity service. Empty means that the daemons have "
        "no account: a compute then cannot download images.",
    ),
    cfg.StrOpt("username", default="nova-lite", help="Name of the account."),
    cfg.StrOpt(
        "user_domain_id",
        default="default",
        help="Domain of the account.",
    ),
    cfg.StrOpt("password", secret=True, help="Password of the account."),
    cfg.StrOpt(
        "project_name",
        default="service",
        help="Project in which the account has the service role.",
    ),
    cfg.StrOpt(
        "project_domain_id",
        default="default",
        help="Domain of that project.",
    ),
    cfg.StrOpt(
        "application_credential_id",
        help="Id of the application credential.",
    ),
    cfg.StrOpt(
        "application_credential_secret",
        secret=True,
        help="Secret of the application credential.",
    ),
    cfg.StrOpt(
        "cafile",
        help="PEM file of the certificate authorities that sign the identity "
        "service's certificate. Empty means those of the system.",
    ),
    cfg.BoolOpt(
        "insecure",
        default=False,
        help="Do not verify the identity service's TLS certificate.",
    ),
]
