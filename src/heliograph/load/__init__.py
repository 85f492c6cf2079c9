"""Reads a site's files into the authored model, strictly, and tells all that is wrong with them at once."""

from heliograph.load.site import load_configuration, load_site, load_site_with_warnings, read_site

__all__ = ["load_configuration", "load_site", "load_site_with_warnings", "read_site"]
