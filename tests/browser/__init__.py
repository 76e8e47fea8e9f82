"""Tests in a real browser; a package, so that the browser and the servers end before the next folder's tests."""
