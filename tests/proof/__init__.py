"""The proof of separation: worlds that differ only in what a reader may not read give that reader the same bytes."""
