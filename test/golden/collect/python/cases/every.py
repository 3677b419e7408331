def every(prefix, library, act, reasons):
    """A case for each of the ways that one thing fails."""
    return {
        f"{prefix}: {what}": (library, reason, lambda what=what: act(what))
        for what, reason in reasons.items()
    }
