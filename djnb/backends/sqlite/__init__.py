"""SQLite: all schemas in one file, foreign keys across them, a connection for each thread."""
