"""Figures of Weir's runs: reads what a run leaves in its folder, writes PNG files into `figures` beside it."""
