"""The command line: the edge where text, exit codes and the clock come in."""
