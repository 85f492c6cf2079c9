"""Looks into everything a site depends on, from the operator's file to strangers' view of its pages; mends nothing."""
