"""What is wrong with a site as a whole, beyond the form of its files. Who may read what is always the gate's answer."""

from heliograph.check.consistency import check

__all__ = ["check"]
