"""What huaxiang.yaml says of single sign-on, its secret, and the provider that follows from it."""

from __future__ import annotations

import importlib.util
import logging
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from huaxiang.app.oidc.provider import Provider
from huaxiang.errors import Issue, ProjectInvalid, Said
from huaxiang.spec.loader import PROJECT_FILE, load_settings
from huaxiang.spec.login import oidc_faults
from huaxiang.spec.yaml_nodes import read_document

if TYPE_CHECKING:
    from huaxiang.spec.login import OidcSpec

EXTRA = 'pip install "huaxiang[oidc]"'
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setup:
    """Settings that can work, with the client secret (None: a public client), which is in no message and no `repr`."""

    spec: OidcSpec
    secret: str | None = field(repr=False)

    def title(self, language: str) -> str:
        """What stands on the button."""
        given = self.spec.title
        if given is None:
            return "Single sign-on" if language == "en" else "单点登录"
        return given if isinstance(given, str) else given.en if language == "en" else given.zh


def read_setup(folder: Path) -> Setup | None:
    """Read `oidc` of huaxiang.yaml; None where there is none.

    Raises OSError when the file can't be read, ProjectInvalid for its faults, when the extra is missing, and when the secret is not where
    it is said to be.
    """
    spec = load_settings(folder).oidc
    if spec is None:
        return None
    faults = [(path, "PRJ004", message) for path, message in oidc_faults(spec)]
    if importlib.util.find_spec("joserfc") is None:
        missing = Said(
            f"single sign-on needs the package joserfc; install it with: {EXTRA}",
            f"单点登录需要软件包 joserfc；安装命令：{EXTRA}",
        )
        faults.append(((), "PRJ005", missing))
    secret, fault = _secret(spec.client_secret, folder)
    if fault is not None:
        faults.append((("client_secret",), "PRJ006", fault))
    if faults:
        document, _ = read_document((folder / PROJECT_FILE).read_bytes(), PROJECT_FILE)
        raise ProjectInvalid([Issue(document.place(("oidc", *path)), code, said) for path, code, said in faults])
    return Setup(spec, secret)


def _secret(written: str | None, folder: Path) -> tuple[str | None, Said | None]:
    """The secret, or why there is none."""
    if written is None:
        return None, None
    kind, _, where = written.partition(":")
    if kind == "env":
        found = os.environ.get(where, "").strip()
        lacks = Said(
            f"the environment variable {where} is not set; it must hold the client secret",
            f"环境变量 {where} 没有设置；它应存放客户端密钥",
        )
        return (found, None) if found else (None, lacks)
    try:
        found = (folder / where).read_text("utf-8").strip()
    except (OSError, UnicodeError) as error:
        return None, Said(
            f"the file {where}, which must hold the client secret, can't be read ({type(error).__name__})",
            f"存放客户端密钥的文件 {where} 无法读取（{type(error).__name__}）",
        )
    lacks = Said(
        f"the file {where} is empty; it must hold the client secret", f"文件 {where} 是空的；它应存放客户端密钥"
    )
    return (found, None) if found else (None, lacks)


class SingleSignOn:
    """Single sign-on of a project as it is set up now; read anew when huaxiang.yaml changes, or the file that holds the secret."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._changed: tuple[int, ...] | None = None
        self._watched: Path | None = None
        self._provider: Provider | None = None
        self._setup: Setup | None = None
        self.refresh(first=True)

    @property
    def setup(self) -> Setup | None:
        """The settings; None where single sign-on is not set up."""
        return self._setup

    @property
    def provider(self) -> Provider | None:
        """The provider; None where single sign-on is not set up."""
        return self._provider

    def refresh(self, *, first: bool = False) -> None:
        """Take over what the file says. One with faults leaves what was, and they are logged; at first they are raised."""
        try:
            changed = self._state()
            if changed == self._changed:
                return
            self._changed = changed
            self._watched = self._secret_file()
            self._changed = self._state()
            setup = read_setup(self._folder)
        except (OSError, ProjectInvalid) as error:
            if first:
                raise
            if isinstance(error, ProjectInvalid):
                log.warning("single sign-on stays as it was: %s", error)
            else:
                self._changed = None  # perhaps it is being replaced: look again
            return
        if setup != self._setup:
            self._setup = setup
            self._provider = Provider(setup.spec, setup.secret) if setup is not None else None

    def _state(self) -> tuple[int, ...]:
        """What changes when the settings do. Raises OSError."""
        found = [(self._folder / PROJECT_FILE).stat().st_mtime_ns]
        if self._watched is not None:
            try:
                told = self._watched.stat()
                found += [told.st_mtime_ns, told.st_size]
            except OSError:  # not there: it may come
                found.append(-1)
        return tuple(found)

    def _secret_file(self) -> Path | None:
        """The file that is said to hold the secret. Raises OSError, ProjectInvalid."""
        spec = load_settings(self._folder).oidc
        kind, _, where = (spec.client_secret or "" if spec is not None else "").partition(":")
        return self._folder / where if kind == "file" else None
