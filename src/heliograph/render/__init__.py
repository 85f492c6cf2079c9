"""From what a reader may see to the bytes it gets. Nothing in here can reach a label or an authored file."""
