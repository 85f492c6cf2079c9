"""Reading other tools' status pages into our own files, with a report of everything that could not come along."""
