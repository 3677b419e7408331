def every(prefix, library, act, reasons):
    """Returns a case for each way in which one action fails."""
    return {
        f"{prefix}: {what}": (library, reason, lambda what=what: act(what))
        for what, reason in reasons.items()
    }
