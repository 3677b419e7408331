def every(prefix, library, act, reasons):
    """Returns a case for each way in which one action fails."""
    return {
        f"{prefix}: {what}": (library, reason, lambda what=what: act(what))
        for what, reason in reasons.items()
    }


def limit_of(path):
    """A limit in seconds: a server that answers may do so late on a busy machine."""
    return 0.3 if "/hang" in path else 5
