"""Heliograph: one incident, written once, told right to everyone."""

__version__ = "0.1.0"
