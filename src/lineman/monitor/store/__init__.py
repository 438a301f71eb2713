"""History on SQLAlchemy: SQLite in one file, or any PostgreSQL by URL."""

from lineman.monitor.store.engine import HistoryError
from lineman.monitor.store.history import History

__all__ = ["History", "HistoryError"]
