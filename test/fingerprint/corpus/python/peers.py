import os


def port(name):
    return int(os.environ[f"PORT_{name}"])
