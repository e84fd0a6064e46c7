"""Device, system and browser from a browser's user-agent text, where the format has nothing better (ua-parser's rules)."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

_TABLETS = ("ipad", "tablet", "pad;", "kindle", "playbook", "silk/")
_TELEVISIONS = ("smart-tv", "smarttv", "hbbtv", "appletv", "googletv", "bravia")
_DESKTOPS = frozenset({"Windows", "Mac OS X", "Linux", "Ubuntu", "Chrome OS", "Fedora", "Debian"})


class Agent(NamedTuple):
    """What a user-agent text tells; None where it tells nothing."""

    device_type: str | None
    os: str | None
    browser: str | None


@lru_cache(maxsize=20_000)
def read_agent(text: str | None) -> Agent:
    """Device type, system and browser of a user-agent text. A crawler is device type `other`."""
    if not text:
        return Agent(None, None, None)
    from ua_parser import parse

    found = parse(text[:2_000])
    system = found.os.family if found.os else None
    brand = found.device.brand if found.device else None
    return Agent(_kind(text.lower(), system, brand), system, found.user_agent.family if found.user_agent else None)


def _kind(text: str, system: str | None, brand: str | None) -> str | None:
    if brand == "Spider":
        return "other"
    if any(word in text for word in _TELEVISIONS):
        return "tv"
    if any(word in text for word in _TABLETS) or (system == "Android" and "mobile" not in text):
        return "tablet"
    if "mobile" in text or system in ("iOS", "Android", "HarmonyOS"):
        return "mobile"
    return "desktop" if system in _DESKTOPS else None
