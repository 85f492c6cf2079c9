"""Mail and chat as they leave: planned once, kept in a ledger, handed over at most once or reported as ambiguous."""
