"""Writing source files: what `new`, `update`, `note` and the importers share. No command line, no clock."""
