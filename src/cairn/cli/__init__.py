"""The command line: one command a file."""

from cairn.cli.app import main

__all__ = ["main"]
