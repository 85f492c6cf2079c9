"""From artifacts to a whole tree on disk: staged, checked, swapped; never half of one."""
