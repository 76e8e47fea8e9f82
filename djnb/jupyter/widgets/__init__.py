"""The widgets, and the pictures that they paint. Imported when the first of them is shown."""
