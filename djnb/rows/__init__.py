"""
Rows in and out: fetch, frames, insert, delete. Nothing here prints, prompts or displays.
"""
