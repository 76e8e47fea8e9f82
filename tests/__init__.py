"""The tests of djnb."""
