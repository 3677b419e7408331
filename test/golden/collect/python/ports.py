"""Ports of the peers on 127.0.0.1."""

import os

HOST = "127.0.0.1"


def port(peer):
    return int(os.environ[f"GOLDEN_{peer.upper()}"])


def url(peer, path="/"):
    return f"http://{HOST}:{port(peer)}{path}"
