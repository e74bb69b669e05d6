# SPDX-License-Identifier: Apache-2.0
"""The microversions, a line each, and how a request names one.

Read by the dispatcher for each request and by the tables of schemas, views
and methods at import. A version is a ``Version`` pair, so 2.9 < 2.10.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from nova_lite import exception

HISTORY: Mapping[str, str] = {
    "2.1": "The first version with strict checks of input.",
    "2.2": "Key pairs have a type; create is 201 and delete is 204.",
    "2.3": "More extended attributes of servers for administrators.",
    "2.4": "Fixed addresses tell whether they are reserved.",
    "2.5": "Everybody may filter servers by IPv6 address.",
    "2.6": "remote-consoles instead of the get-console actions.",
    "2.7": "Access can be given to private flavors only.",
    "2.8": "The mks console protocol.",
    "2.9": "Servers show whether they are locked.",
    "2.10": "Administrators may work on the key pairs of a user.",
    "2.11": "Services can be forced down.",
    "2.12": "Virtual interfaces show their network.",
    "2.13": "Server groups show project and user.",
    "2.14": "Evacuate without onSharedStorage and adminPass.",
    "2.15": "Soft affinity policies for server groups.",
    "2.16": "Servers show the status of their host.",
    "2.17": "The trigger_crash_dump action.",
    "2.18": "The project id in the URL is optional.",
    "2.19": "Servers have a description.",
    "2.20": "Volumes can be attached to shelved servers.",
    "2.21": "Actions of deleted servers can be read.",
    "2.22": "A live migration can be forced to complete.",
    "2.23": "Migrations of one server; their type and links.",
    "2.24": "A running live migration can be aborted.",
    "2.25": "Live migration finds out about block migration by itself.",
    "2.26": "Server tags.",
    "2.27": "The OpenStack-API-Version header.",
    "2.28": "cpu_info of a hypervisor is an object.",
    "2.29": "Evacuate checks the host, unless forced.",
    "2.30": "Live migration checks the host, unless forced.",
    "2.31": "Console tokens of every type can be shown.",
    "2.32": "Device tags at create.",
    "2.33": "Hypervisors come in pages.",
    "2.34": "Live migration checks asynchronously.",
    "2.35": "Key pairs come in pages.",
    "2.36": "The proxies to network, image and volume are gone.",
    "2.37": "networks is required at create: auto, none or a list.",
    "2.38": "An unknown status filter is an error.",
    "2.39": "The image metadata proxy is gone.",
    "2.40": "Usage comes in pages.",
    "2.41": "Aggregates have a uuid.",
    "2.42": "Device tags are back.",
    "2.43": "os-hosts is gone.",
    "2.44": "The fixed and floating address actions are gone.",
    "2.45": "createImage and createBackup answer with a body.",
    "2.46": "X-OpenStack-Request-ID in each answer.",
    "2.47": "The flavor is shown inside the server.",
    "2.48": "Diagnostics have one form for all hypervisors.",
    "2.49": "Tags at attach.",
    "2.50": "Quota classes show server groups, no network items.",
    "2.51": "Owners see the events of actions; volume-extended event.",
    "2.52": "Tags at create.",
    "2.53": "Services and hypervisors are known by uuid.",
    "2.54": "Rebuild can change the key pair.",
    "2.55": "Flavors have a description and can be updated.",
    "2.56": "Cold migration to a chosen host.",
    "2.57": "Personality files are gone; rebuild takes user_data.",
    "2.58": "Instance actions come in pages.",
    "2.59": "Migrations come in pages and have a uuid.",
    "2.60": "Volumes attached to several servers.",
    "2.61": "Flavors show their extra specs.",
    "2.62": "Events of actions show the host.",
    "2.63": "Trusted image certificates.",
    "2.64": "Server groups have one policy and rules.",
    "2.65": "Queued live migrations can be aborted.",
    "2.66": "changes-before.",
    "2.67": "Volume types of block devices.",
    "2.68": "Forced live migration and evacuate are gone.",
    "2.69": "Partial answers while a cell is down.",
    "2.70": "Tags are shown for volumes and interfaces.",
    "2.71": "A server shows its server groups.",
    "2.72": "Ports with resource requests.",
    "2.73": "A lock has a reason; filter by locked.",
    "2.74": "Host and hypervisor_hostname at create.",
    "2.75": "Unknown parameters are errors; one view of servers.",
    "2.76": "The power-update event.",
    "2.77": "Unshelve to an availability zone.",
    "2.78": "The NUMA topology of a server.",
    "2.79": "delete_on_termination at attach.",
    "2.80": "Migrations of a user or project.",
    "2.81": "Images can be cached on an aggregate's hosts.",
    "2.82": "The accelerator-request-bound event.",
    "2.83": "More server filters for everybody.",
    "2.84": "Events of actions show details.",
    "2.85": "delete_on_termination can be changed.",
    "2.86": "Extra specs are checked.",
    "2.87": "Servers that boot from a volume can be rescued.",
    "2.88": "Hypervisors without usage; statistics and uptime gone.",
    "2.89": "Volume attachments show their own id.",
    "2.90": "A host name at create, update and rebuild.",
    "2.91": "Unshelve to a host.",
    "2.92": "Key pairs are imported only; '@' and '.' in names.",
    "2.93": "Rebuild of servers that boot from a volume.",
    "2.94": "The host name may be fully qualified.",
    "2.95": "An evacuated server ends up stopped.",
    "2.96": "Servers show the zone that they are pinned to.",
}


class Version(NamedTuple):
    """A microversion; compares by number."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


@functools.cache
def parse(text: str) -> Version:
    """The version of ``2.N``. Raises: InvalidAPIVersionString."""
    if not re.fullmatch(r"[1-9][0-9]{0,5}\.(0|[1-9][0-9]{0,5})", text):
        raise exception.InvalidAPIVersionString(version=text)
    major, minor = text.split(".")
    return Version(int(major), int(minor))


MIN = parse(next(iter(HISTORY)))
MAX = parse(next(reversed(list(HISTORY))))

HEADER = "OpenStack-API-Version"
LEGACY_HEADER = "X-OpenStack-Nova-API-Version"
SERVICE = "compute"


def requested(headers: Mapping[str, str]) -> Version:
    """The version that the headers of a request ask for.

    Without a header: the oldest. The new header may list several services;
    only the part for compute counts.
    Raises: InvalidAPIVersionString, InvalidGlobalAPIVersion.
    """
    text = _from_headers(headers)
    if text is None:
        return MIN
    if text == "latest":
        return MAX
    version = _parse_uncached(text)
    if not MIN <= version <= MAX:
        raise exception.InvalidGlobalAPIVersion(
            version=text, minimum=MIN, maximum=MAX
        )
    return version


def _parse_uncached(text: str) -> Version:
    # What users send must not fill the cache of what the tables name.
    return parse.__wrapped__(text)


def _from_headers(headers: Mapping[str, str]) -> str | None:
    for part in headers.get(HEADER, "").split(","):
        words = part.split()
        if words and words[0].lower() == SERVICE:
            return words[1] if len(words) == 2 else part.strip()
    legacy = headers.get(LEGACY_HEADER)
    return None if legacy is None else legacy.strip()
