"""The client's log. A log handler or filter of the program that raises has no effect on the client."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Adapter = logging.LoggerAdapter[logging.Logger]
else:
    _Adapter = logging.LoggerAdapter


class _SafeLogger(_Adapter):
    def log(self, level: int, msg: object, *args: object, **options: Any) -> None:
        try:
            super().log(level, msg, *args, stacklevel=2, **options)
        except Exception:  # it can't be reported anywhere
            pass


log: _SafeLogger = _SafeLogger(logging.getLogger("dlq"), {})
