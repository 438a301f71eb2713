"""What results mean: incidents, alerts, several locations, notices. Pure, but for the words."""
