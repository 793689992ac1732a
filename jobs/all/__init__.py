"""All jobs, one module each. `jobs.registry` finds them by their files.

A module has `JOB`, the record of the job, and `run(context)`, which does it. It is imported for a
list of the jobs, too, so what is heavy it imports inside its functions.
"""
