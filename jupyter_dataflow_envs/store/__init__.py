"""The database: rows ↔ domain objects. Functions take the connection of an open transaction; services open those."""
