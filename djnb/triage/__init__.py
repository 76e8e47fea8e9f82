"""
Triage: looking through the jobs of a table and mending them, as what a person sees and may do.

A `Board` holds what is chosen, asks the job table for what there is to see, and does what is asked for; whoever draws
it adds nothing but pictures. It asks a job table by its public methods alone.
"""

from djnb.triage.board import Board as Board
