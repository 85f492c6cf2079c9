"""From a built tree to a host: a pure plan of what differs, then one way to carry it out for each kind of host."""
