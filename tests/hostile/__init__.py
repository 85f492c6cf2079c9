"""What hostile or hasty hands may write: tables and generators; the tests that use them stand one folder up."""
