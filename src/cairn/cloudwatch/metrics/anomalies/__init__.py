"""Anomaly detection: the band in which values of a metric are expected, and the detectors that say how."""
