"""History on SQLAlchemy: SQLite in one file, or any PostgreSQL by URL."""

from lineman.monitor.store.engine import FAILURES, HistoryError, HistoryUnavailable, reason
from lineman.monitor.store.history import History

__all__ = ["FAILURES", "History", "HistoryError", "HistoryUnavailable", "reason"]
