"""The project's secret: what new customers' IDs are drawn with where a key is personal, so that nobody can try numbers on an ID.

It lies in `.huaxiang/identity/secret`, made at the first build, or in the environment variable HUAXIANG_IDENTITY_SECRET, for projects that
several machines build. Customers keep their IDs without it; new ones would be given others than before.
"""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from huaxiang.errors import StorageError

VARIABLE = "HUAXIANG_IDENTITY_SECRET"
FILE = Path(".huaxiang") / "identity" / "secret"
_SHORTEST = 16
_WRITTEN = re.compile(r"[0-9a-f]{64}\n?")


def project_secret(folder: Path) -> bytes:
    """The secret of a project; made where there is none. Raises StorageError for one that is damaged or too short."""
    given = os.environ.get(VARIABLE)
    if given is not None:
        if len(given) < _SHORTEST:
            raise StorageError(
                f"{VARIABLE} is shorter than {_SHORTEST} characters; give a long random text, or unset it",
                f"环境变量 {VARIABLE} 少于 {_SHORTEST} 个字符；请设为较长的随机文本，或取消该变量",
            )
        return given.encode()
    path = folder / FILE
    if not path.exists():
        keep_secret(folder, secrets.token_hex(32))
    text = path.read_text("utf-8", errors="replace")
    if not _WRITTEN.fullmatch(text):
        raise StorageError(
            f"{FILE.as_posix()} is damaged: it must hold 64 hexadecimal digits; take it from a backup, or remove it: new customers' IDs "
            "are then drawn with another, those of today stay",
            f"{FILE.as_posix()} 已损坏，应为 64 位十六进制数字；请从备份恢复，或删除它：新客户的 ID 将用新密钥生成，现有的不变",
        )
    return bytes.fromhex(text.strip())


def keep_secret(folder: Path, text: str) -> None:
    """Write the secret (64 hexadecimal digits) of a project that has none; one that is there stays. The file appears whole, and is readable
    by its owner alone.
    """
    path = folder / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            os.link(draft, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink(missing_ok=True)
