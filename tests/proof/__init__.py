"""The suite is tested itself: every seeded fault is found, and no honest service is accused."""
