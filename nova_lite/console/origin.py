# SPDX-License-Identifier: Apache-2.0
"""Which web pages may open a console: the page's origin is compared.

A browser tells by whose page a websocket is opened. Without this, any page
that a user visits could open a console whose URL it has learned.
"""

from __future__ import annotations

from collections.abc import Collection
from urllib import parse

# What a page of each scheme may be to the scheme of the console's URL.
_PAGES = {
    "http": ("http",),
    "https": ("https",),
    "ws": ("ws", "http"),
    "wss": ("wss", "https"),
}


def is_allowed(
    origin: str | None, host: str | None, allowed: Collection[str]
) -> bool:
    """Whether the page's host is the one asked, or one of ``allowed``.

    ``origin`` and ``host`` are the headers. Without an Origin it is no
    browser, and nobody's page.
    """
    if origin is None:
        return True
    page = _hostname(origin)
    return page is not None and (
        page in allowed or page == _hostname(f"//{host}")
    )


def scheme_fits(
    origin: str | None, forwarded_proto: str | None, access_url: str
) -> bool:
    """Whether the page is as safe as the console's own URL says.

    ``forwarded_proto``: what a proxy in front says of its client.
    """
    if origin is None:
        return True
    scheme = forwarded_proto or parse.urlsplit(origin).scheme
    return scheme in _PAGES.get(parse.urlsplit(access_url).scheme, ())


def _hostname(url: str) -> str | None:
    try:
        return parse.urlsplit(url).hostname
    except ValueError:  # half of an IPv6 address
        return None
