# SPDX-License-Identifier: Apache-2.0
"""Asks a real Keystone, as the user who asks us.

Called by api/openstack/auth.py in nova-lite-api. Its options are those of
keystonemiddleware, [keystone_authtoken].
"""

from __future__ import annotations

from urllib.parse import quote

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite.context import RequestContext
from nova_lite.rest.session import Service, Sessions

LOG = logging.getLogger(__name__)
CONF = cfg.CONF

# Nobody is to wait long for a question that may go without an answer.
_TIMEOUT_S = 5


class Projects:
    """What Keystone says of projects; one per process, for all threads."""

    def __init__(self) -> None:
        options = CONF.keystone_authtoken
        self._sessions = Sessions(
            Service(
                kind="identity",
                version="/v3",
                proxy="openstack.identity.v3._proxy",
                group="keystone_authtoken",
                endpoint_override=None,
                region_name=options.region_name,
                valid_interfaces=[options.interface, "public"],
                retries=0,
                timeout_s=_TIMEOUT_S,
                cafile=options.cafile,
                insecure=options.insecure,
            )
        )

    def exists(self, context: RequestContext, project_id: str) -> bool:
        """False when Keystone says so; whatever else it says, True.

        A user who may not look, and a Keystone that does not answer, keep
        nobody from their work.
        """
        path = "/projects/" + quote(project_id, safe="")
        try:
            answer = self._sessions.proxy(context).get(path)
        except Exception as error:
            LOG.warning("Project %s was not checked: %s", project_id, error)
            return True
        return bool(answer.status_code != 404)
