"""The HTTP clients of the standard library."""

import http.client
import json
import urllib.request

from ports import HOST, url


def by_urllib(peer="http", path="/", timeout=5):
    return json.load(urllib.request.urlopen(url(peer, path), timeout=timeout))


PYTHON = "python"
CASES = {
    "urllib: refused": (PYTHON, "NETWORK_ERROR", lambda: by_urllib("closed")),
    "urllib: hung up": (PYTHON, "NETWORK_ERROR", lambda: by_urllib(path="/close")),
    "urllib: too slow": (PYTHON, "TIMEOUT", lambda: by_urllib(path="/hang", timeout=0.05)),
    "urllib: a body that was cut": (PYTHON, "NETWORK_ERROR", lambda: by_urllib(path="/cut")),
    "urllib: another protocol": (PYTHON, "NETWORK_ERROR", lambda: by_urllib("foreign")),
    "urllib: 500": (PYTHON, "WEBHOOK_FAILED", lambda: by_urllib(path="/status/500")),
    "urllib: half a JSON": (PYTHON, "VALIDATION_FAILED", lambda: by_urllib(path="/half-json")),
    "http.client: not connected": (
        PYTHON,
        "EXECUTION_FAILED",
        lambda: http.client.HTTPConnection(HOST).getresponse(),
    ),
}
