"""The client's log, which costs no message: a handler or filter of the program that raises does not
reach what runs here."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


class _Quiet(_Adapter):
    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        try:
            super().log(level, msg, *args, stacklevel=2, **options)
        except Exception:  # there is nobody left to tell
            pass


log: _Quiet = _Quiet(logging.getLogger("dlq"), {})
