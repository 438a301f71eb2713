"""The tables of history. Instants are milliseconds since the epoch; details are JSON text.

``location`` says which place looked; one monitor writes one location. What all locations decide together stands under
the location ``*``.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

VERSIONS = Table(
    "schema_version", METADATA, Column("version", Integer, primary_key=True), Column("applied", BigInteger)
)

WRITERS = Table(
    "writers",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("changes", BigInteger, nullable=False),
)
"""PostgreSQL only: who decides for a location counts up first, and holds the row until it is written."""

SLOTS = Table(
    "slots",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("canary", String(64), primary_key=True),
    Column("lap", Integer, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("interval", BigInteger, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("reason", Text, nullable=False),
)
Index("slots_by_time", SLOTS.c.canary, SLOTS.c.last)

RESULTS = Table(
    "results",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("location", String(64), nullable=False),
    Column("canary", String(64), nullable=False),
    Column("lap", Integer, nullable=False),
    Column("slot", BigInteger, nullable=False),
    Column("interval", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("cause", String(16), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("after_retry", Boolean, nullable=False),
    Column("maintenance", Boolean, nullable=False),
    Column("message", Text, nullable=False),
    Column("details", Text, nullable=False),
)
Index("results_by_slot", RESULTS.c.canary, RESULTS.c.slot)

TRACKS = Table(
    "tracks",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("canary", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("bad", Integer, nullable=False),
    Column("bad_since", BigInteger),
    Column("good", Integer, nullable=False),
    Column("good_since", BigInteger),
    Column("incident", String(160)),
)

INCIDENTS = Table(
    "incidents",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("id", String(160), primary_key=True),
    Column("canary", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("matter", Text, nullable=False),
    Column("cause", String(16), nullable=False),
    Column("summary", Text, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("confirmed", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("last_bad", BigInteger, nullable=False),
    Column("flaps", Integer, nullable=False),
    Column("planned", Boolean, nullable=False),
)
Index("incidents_by_canary", INCIDENTS.c.canary, INCIDENTS.c.opened)

TOLD = Table(
    "told",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("matter", Text, primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("standing", String(16), nullable=False),
    Column("incident", String(160), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
)

DRIFT = Table(
    "drift",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("canary", String(64), primary_key=True),
    Column("fingerprint", String(160), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    Column("sightings", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("location", String(64), nullable=False),
    Column("key", String(32), nullable=False, unique=True),
    Column("channel", String(64), nullable=False),
    Column("matter", Text, nullable=False),
    Column("event", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("next_try", BigInteger, nullable=False, default=0),
    Column("error", Text, nullable=False, default=""),
    Column("settled", BigInteger),
    Column("dropped", Boolean, nullable=False, default=False),
    Column("claimed_by", String(64), nullable=False, default=""),
    Column("claimed_until", BigInteger, nullable=False, default=0),
    Column("receivers", Text, nullable=False, server_default="{}"),
)
"""``receivers``: of a channel with several, those that are done with the notice: JSON, from a receiver's id to nothing
where it arrived, or to why it was given up."""
Index("outbox_unsettled", OUTBOX.c.settled, OUTBOX.c.channel)

CONFIGURATIONS = Table(
    "configurations",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("configuration", String(64), primary_key=True),
    Column("canaries", Text, nullable=False),
    Column("channels", Text, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("held_by", String(64), nullable=False, server_default=""),
    Column("held_until", BigInteger, nullable=False, server_default="0"),
)
"""Which canaries and channels (JSON lists) each configuration that uses the history has, and when it was seen last:
what is in no other one's either was taken out. ``held_by``: the monitor that runs with it."""

SUMS = Table(
    "sums",
    METADATA,
    Column("location", String(64), primary_key=True),
    Column("canary", String(64), primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("up", BigInteger, nullable=False),
    Column("down", BigInteger, nullable=False),
    Column("unknown", BigInteger, nullable=False),
    Column("maintenance", BigInteger, nullable=False),
    Column("degraded", BigInteger, nullable=False),
    Column("probes", Integer, nullable=False),
    Column("retried", Integer, nullable=False),
    Column("latency_median", Float),
    Column("latency_95", Float),
    Column("latency_99", Float),
)
