"""Shows each reader's site on this machine while it is being written. Not a web server for anyone else."""
