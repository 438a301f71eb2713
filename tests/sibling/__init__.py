"""A second operation of the vendor, judged from its document alone."""
